"""The record of a run, `run.json`, written atomically, and the hashes and versions that stand in it."""

import hashlib
import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

NAME = "run.json"


def now() -> str:
    """This instant in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(value: Any) -> str:
    """SHA-256 of plain values; equal values give equal digests whatever the order of their keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def hashes(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """Path under `folder` (with /) to SHA-256, for files and for all files under folders, in order."""
    files = {file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()}
    return {file.relative_to(folder).as_posix(): sha256(file) for file in sorted(files)}


@cache
def code_hash() -> str:
    """Hash of the package's own code and data files: a step made by other code is made again."""
    package = Path(__file__).resolve().parent.parent
    files = [file for file in package.rglob("*") if file.is_file() and file.suffix not in (".pyc", ".ipynb")]
    inside = {file.relative_to(package).as_posix(): sha256(file) for file in files if "_share" not in file.parts}
    return digest(inside)


@cache
def versions() -> dict[str, str]:
    """Version of Python and of every package installed beside the kit, by name."""
    packages = {item.metadata["Name"].lower(): item.version for item in distributions()}
    return {"python": platform.python_version(), **dict(sorted(packages.items()))}


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that the file is the old one or the new one at every moment, never half of it."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def read_json(path: Path) -> Any:
    """Read JSON; None where the file is absent or not whole."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
