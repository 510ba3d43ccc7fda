"""The folder of a run: written under a temporary name beside its place, moved there when all of it is done.

`OUT/NAME` is the last good run, `OUT/.NAME.partial-...` one at work or unfinished, `OUT/.NAME.old-...` the previous one
for the moment of the swap. Whatever happens before the swap, the last good run stays as it is.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crisiskit.errors import UserError
from crisiskit.runs import record


@dataclass(frozen=True)
class Workspace:
    """Where one run is written (`partial`) and where it goes (`final`)."""

    partial: Path
    final: Path

    def commit(self) -> None:
        """Swap the finished folder into place; the previous one is removed only after the new one stands there."""
        old = self.final.with_name(f".{self.final.name}.old-{secrets.token_hex(4)}")
        try:
            if self.final.exists():
                self.final.rename(old)
            self.partial.rename(self.final)
        except OSError as error:
            if old.exists() and not self.final.exists():
                old.rename(self.final)
            raise UserError(
                f"{self.final}: the finished run cannot be moved into place ({error.strerror}); close whatever has a "
                f"file of that folder open and run again, nothing will be computed anew"
            ) from error
        shutil.rmtree(old, ignore_errors=True)


def open_workspace(out: Path, name: str) -> Workspace:
    """Prepare the folder for a run, continuing an unfinished one of the same name.

    Raises UserError when another process is at work on it, or when `OUT/NAME` holds something that is no run.
    """
    final = out / name
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob(f".{name}.old-*"):
        if final.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.rename(final)
    if final.exists() and not (final / record.NAME).is_file() and (not final.is_dir() or any(final.iterdir())):
        raise UserError(f"{final} is not the folder of a run and is left alone; choose another --out")
    partials = sorted(out.glob(f".{name}.partial-*"), key=lambda path: path.stat().st_mtime)
    for partial in partials:
        state = record.read_json(partial / record.NAME) or {}
        if _at_work(state):
            raise UserError(f"another run of '{name}' is at work in {out} (process {state['pid']}); wait until it ends")
    for partial in partials[:-1]:
        shutil.rmtree(partial, ignore_errors=True)
    partial = partials[-1] if partials else out / f".{name}.partial-{secrets.token_hex(4)}"
    partial.mkdir(exist_ok=True)
    return Workspace(partial, final)


def _at_work(state: dict[str, Any]) -> bool:
    """Whether the process that wrote a running record still lives; a later process with its number does not count."""
    import psutil

    if state.get("status") != "running" or state.get("pid") == os.getpid():
        return False
    try:
        return psutil.Process(state["pid"]).create_time() <= state["pid_started"] + 1
    except (psutil.Error, KeyError):
        return False


def process_started() -> float:
    """When this process began, in seconds since 1970."""
    import psutil

    return float(psutil.Process().create_time())


def place(source: Path, target: Path) -> None:
    """Put a file at another place without a second copy where the file system can (a hard link), else as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
