"""Reading files as text tables: all cells text, nothing guessed as missing, every line accounted for."""

from pathlib import Path
from typing import TYPE_CHECKING

from crisiskit.errors import UserError, nearest
from crisiskit.intake.delimited import read_delimited
from crisiskit.intake.fileread import FileRead, ReadSpec, Reject, changed, stamp
from crisiskit.intake.prescan import scan

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

__all__ = ["FileRead", "ReadSpec", "Reject", "read_files"]


def read_files(con: "Backend", spec: ReadSpec, data: Path, work: Path) -> list[FileRead]:
    """Read every file that `spec` names under `data`, in the order of the names; `work` takes unpacked copies.

    Raises UserError for a name that matches nothing, and for a file that is empty, unreadable as a whole, or
    changes while it is read. Single bad lines never fail a file: they are in `rejects`.
    """
    work.mkdir(parents=True, exist_ok=True)
    found = []
    for path in find(spec.files, Path(data)):
        name = path.relative_to(data).as_posix() if path.is_relative_to(data) else str(path)
        before = stamp(path)
        if not before[0]:
            raise UserError(f"{name} is empty (0 bytes)")
        seen = scan(path)
        got = read_delimited(con, spec, path, name, seen, work)
        if stamp(path) != before:
            raise changed(name)
        found.append(FileRead(file=name, bytes=seen.bytes, sha256=seen.sha256, format="csv", encoding=got.encoding,
                              delimiter=got.delimiter, columns=got.columns, rows_read=got.rows_read,
                              rejects=got.rejects, notes=got.notes, table=got.table, origin=path, stamp=before))
    return found


def find(patterns: tuple[str, ...], data: Path) -> list[Path]:
    """The files that paths and globs name under `data`, each once, globs in the order of the names."""
    if not data.is_dir():
        raise UserError(f"the data folder {data} does not exist")
    found: dict[Path, None] = {}
    for pattern in patterns:
        exact = data / pattern
        matches = [exact] if exact.is_file() else sorted(p for p in data.glob(pattern) if p.is_file())
        if not matches:
            here = sorted(p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file())
            shown = ", ".join(here[:20]) + (f" and {len(here) - 20} more" if len(here) > 20 else "")
            raise UserError(f"no file '{pattern}' in {data}{nearest(pattern, here)} There are: {shown or 'no files'}")
        found.update(dict.fromkeys(matches))
    return list(found)
