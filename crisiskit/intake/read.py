"""Reading files as text tables: all cells text, nothing guessed as missing, every line accounted for."""

import errno
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from crisiskit.errors import UserError, nearest
from crisiskit.intake.archives import Source, digest, unpack
from crisiskit.intake.delimited import read_delimited
from crisiskit.intake.fileread import FileRead, ReadSpec, Reject, changed, stamp
from crisiskit.intake.others import read_jsonl, read_parquet, read_query
from crisiskit.intake.prescan import scan
from crisiskit.intake.sheets import OLE, read_sheets
from crisiskit.intake.text import Text

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

__all__ = ["FileRead", "ReadSpec", "Reject", "read_files"]

_BOOKS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")
_CONTROL = bytes({*range(1, 32)} - set(b"\t\n\v\f\r\x1a\x1b"))
_WEB = (b"<!doctype html", b"<html", b"<table", b"<head", b"<?xml")


def read_files(con: "Backend", spec: ReadSpec, data: Path, work: Path) -> list[FileRead]:
    """Read every file (or the query) that `spec` names; `work` takes unpacked copies and rows read line by line.

    The tables are lazy and read from the files, or from `work`, which must outlive them. Raises UserError for a name
    that matches nothing, and for a file that is empty, unreadable as a whole, or changes while it is read. Single bad
    lines never fail a file: they are in its `rejects`.
    """
    data, work = Path(data), Path(work)
    work.mkdir(parents=True, exist_ok=True)
    if spec.format == "sql" or spec.query:
        return [read_query(con, spec, data, Path(mkdtemp(dir=work)))]
    found: list[FileRead] = []
    for path, members in find(spec.files, data):
        name = path.relative_to(data).as_posix() if path.is_relative_to(data) else str(path)
        try:
            found += _read_file(con, spec, path, name, members, work)
        except OSError as error:
            where = f"no room left in {work}" if error.errno == errno.ENOSPC else error.strerror or str(error)
            raise UserError(f"{name}: cannot be read: {where}") from error
    return found


def find(patterns: tuple[str, ...], data: Path) -> list[tuple[Path, str | None]]:
    """The files that paths and globs name under `data`, each once, with the glob over its members after "!"."""
    if not data.is_dir():
        raise UserError(f"the data folder {data} does not exist")
    found: dict[tuple[Path, str | None], None] = {}
    for pattern in patterns:
        outer, _, members = (pattern, "", "") if (data / pattern).is_file() else pattern.partition("!")
        try:
            matches = sorted(p for p in data.glob(outer) if p.is_file())
        except (ValueError, NotImplementedError):  # an absolute path, or what is no glob
            matches = []
        if (data / outer).is_file():
            matches = [data / outer]
        if not matches:
            here = sorted(p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file())
            near = nearest(outer, here) or nearest(Path(outer).name, [Path(each).name for each in here])
            shown = ", ".join(here[:20]) + (f" and {len(here) - 20} more" if len(here) > 20 else "")
            raise UserError(f"no file '{outer}' in {data}{near or '.'} There are: {shown or 'no files'}")
        found.update(dict.fromkeys((match, members or None) for match in matches))
    return list(found)


def _read_file(
    con: "Backend", spec: ReadSpec, path: Path, name: str, members: str | None, work: Path
) -> list[FileRead]:
    """Read one delivered file: all that it holds."""
    before, found = stamp(path), []
    if not before[0]:
        raise UserError(f"{name}: is empty (0 bytes)")
    for source in unpack(path, name, members, Path(mkdtemp(dir=work))):
        hashed, size, texts = _dispatch(con, spec, source, Path(mkdtemp(dir=work)))
        found += [
            FileRead(
                file=source.name + text.part, bytes=source.bytes or size, sha256=source.digest or hashed,
                format=text.format, encoding=text.encoding, delimiter=text.delimiter, columns=text.columns,
                rows_read=text.rows_read, rejects=text.rejects, notes=source.notes + text.notes, table=text.table,
                origin=path, stamp=before, blanks=text.blanks)
            for text in texts
        ]
    if stamp(path) != before:
        raise changed(name)
    return found


def _dispatch(con: "Backend", spec: ReadSpec, source: Source, work: Path) -> tuple[str, int, list[Text]]:
    """Return (SHA-256, size, text tables) of a plain file, read as its content, not its name, says."""
    path, name = source.path, source.name
    kind, note = _kind(path, name, spec.format)
    if kind in ("excel", "parquet"):
        texts = read_sheets(con, spec, path, name, work) if kind == "excel" else [read_parquet(con, path, name)]
        return digest(path), path.stat().st_size, texts
    seen = scan(path)
    text = (read_jsonl if kind == "jsonl" else read_delimited)(con, spec, path, name, seen, work)
    return seen.sha256, seen.bytes, [replace(text, notes=(*note, *text.notes))]


def _kind(path: Path, name: str, declared: str) -> tuple[str, tuple[str, ...]]:
    """The format of a plain file, and a note where its name says otherwise.

    Raises UserError when the content is no table, or not of the declared format.
    """
    with open(path, "rb") as file:
        head = file.read(4096)
    if not head:
        raise UserError(f"{name}: is empty (0 bytes)")
    suffix = next((s.lower() for s in reversed(Path(name).suffixes) if s.lower() != ".gz"), "")
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    found = "csv"
    if head.startswith((b"PK\x03\x04", OLE)):
        found = "excel"
    elif head.startswith(b"PAR1"):
        found = "parquet"
    elif text.lower().startswith(_WEB):
        raise UserError(f"{name}: is a web page or XML by its content; open it in Excel and save it as CSV or .xlsx")
    elif head.startswith(b"%PDF"):
        raise UserError(f"{name}: is a PDF; ask for the table as CSV or .xlsx")
    elif declared == "jsonl" or declared == "auto" and suffix in (".jsonl", ".ndjson", ".json"):
        found = "jsonl"
    if found == "csv" and len(head.translate(None, _CONTROL)) < 0.95 * len(head):
        raise UserError(f"{name}: is neither text nor a workbook, Parquet, gzip or zip file; fetch it again")
    if found == "csv" and suffix in _BOOKS:
        return "csv", (f"called {suffix}, but is text: read as such",)
    if declared not in ("auto", found):
        raise UserError(f"{name}: is declared {declared}, but its content is {found}; set format: {found}")
    return found, ()
