"""Excel workbooks (and ODS) as text tables: what a cell holds, with dates in ISO form."""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from crisiskit.errors import UserError, nearest
from crisiskit.intake.fileread import ReadSpec, Reject
from crisiskit.intake.prescan import CHUNK
from crisiskit.intake.text import Text, TextWriter, stored, unique_names

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend
    from python_calamine import CalamineSheet, CalamineWorkbook

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # how old .xls files and encrypted workbooks begin
_LOCKED = "EncryptedPackage".encode("utf-16-le")


@dataclass(frozen=True)
class _Grid:
    """The rows of a sheet from its first row on; error cells are filled in, for the library gives them as blank."""

    sheet: "CalamineSheet"
    errors: dict[int, list[tuple[int, str]]]

    def rows(self) -> Iterator[tuple[int, list[Any]]]:
        """Yield (sheet row from 1, cells), all of one width."""
        left = self.sheet.start[1] if self.sheet.start else 0
        for number, row in enumerate(self.sheet.iter_rows(), 1):
            for column, text in self.errors.get(number, ()):
                row[column - left] = text
            yield number, row


def read_sheets(con: "Backend", spec: ReadSpec, path: Path, name: str, work: Path) -> list[Text]:
    """Read the sheet or sheets that `spec` names, all of them with "*", or the first one with cells."""
    from python_calamine import SheetTypeEnum

    content = path.read_bytes()
    book = _open(content, name)
    names = [meta.name for meta in book.sheets_metadata if meta.typ == SheetTypeEnum.WorkSheet]
    filled = [each for each in names if book.get_sheet_by_name(each).height]
    if spec.sheet is None or spec.sheet == "*":
        chosen = filled[: 1 if spec.sheet is None else None]
    else:
        chosen = [spec.sheet] if isinstance(spec.sheet, str) else list(spec.sheet)
        for each in chosen:
            if each not in names:
                raise UserError(f"{name}: has no sheet '{each}'{nearest(each, names)} (sheets: {', '.join(names)})")
    if not set(chosen) & set(filled):
        raise UserError(f"{name}: {f'the sheet {spec.sheet!r} is' if chosen else 'its sheets are'} empty")
    left = [each for each in names if each not in chosen]
    note = [f"sheets not read: {', '.join(left)}"] if left and (spec.sheet in (None, "*") or len(chosen) > 1) else []
    if not content.startswith(b"PK"):
        note.append("cells with an error (#DIV/0! and the like) are blank in what is read of this old format")
    found = []
    for i, each in enumerate(chosen):
        grid = _Grid(book.get_sheet_by_name(each), _errors(content, each))
        text = _read(con, spec, grid, f"{name}#{each}", work / f"sheet-{i}.parquet")
        found.append(replace(text, notes=(*text.notes, *note), part=f"#{each}"))
    return found


def _open(content: bytes, name: str) -> "CalamineWorkbook":
    import python_calamine as calamine

    if content.startswith(OLE) and _LOCKED in content:
        raise UserError(f"{name}: the workbook is encrypted; save a copy without a password and read that")
    try:
        return calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    except calamine.PasswordError:
        raise UserError(f"{name}: the workbook is encrypted; save a copy without a password and read that") from None
    except calamine.CalamineError as error:
        raise UserError(f"{name}: cannot be read as a workbook ({error}); fetch it again, or save it as CSV") from None


def _read(con: "Backend", spec: ReadSpec, grid: _Grid, name: str, target: Path) -> Text:
    """One sheet as text; blank rows at its end are no rows, those between are counted in a note."""
    raw, start, notes = _header(spec, grid, name)
    columns, renamed = unique_names(raw)
    last, styles = _survey(grid, start)
    named = max((i for i, cell in enumerate(raw, 1) if cell.strip()), default=0)
    total = re.compile("|".join(f"(?:{pattern})" for pattern in spec.footer) or r"(?!)")
    rejects: list[Reject] = []
    blank = 0
    with TextWriter(target, columns) as sink:
        for number, row in islice(grid.rows(), start, last):
            cells = [_text(value, style) for value, style in zip(row, styles, strict=True)]
            first = next((cell for cell in cells if cell.strip()), "").strip()
            if not first:
                blank += 1
            elif rejects or total.match(first):
                rejects.append(Reject(number, "footer", _line(cells)))
            else:
                sink.add(number, cells)
    kept = columns[: named + max((i for i, some in enumerate(sink.filled[named:], 1) if some), default=0)]
    notes += [*renamed, *([f"{blank} empty rows"] if blank else [])]
    rows = sink.rows + len(rejects)
    notes += [] if rows else ["no rows under the header"]
    return Text(kept, rows, tuple(rejects), tuple(notes), stored(con, target, kept), "excel")


def _header(spec: ReadSpec, grid: _Grid, name: str) -> tuple[list[str], int, list[str]]:
    """Return (one raw name per column of the sheet, number of sheet rows before the first record, notes)."""
    notes = [f"{spec.skip_rows} rows before the first record passed over"] if spec.skip_rows else []
    width = grid.sheet.width
    if spec.column_names:
        if len(spec.column_names) < width:
            raise UserError(f"{name}: has {width} columns, but column_names {len(spec.column_names)}")
        return list(spec.column_names), spec.skip_rows, notes
    for number, row in islice(grid.rows(), spec.header_row - 1, None):
        if raw := [_text(value, "") for value in row]:
            if number > spec.header_row and any(map(str.strip, raw)):
                notes.append(f"the header is in row {number}")
            if any(map(str.strip, raw)):
                return raw, number + spec.skip_rows, notes
    last = grid.sheet.end[0] + 1 if grid.sheet.end else 0
    raise UserError(f"{name}: has {last} rows, none with text from row {spec.header_row} on; "
                    "set header_row")


def _survey(grid: _Grid, start: int) -> tuple[int, list[str]]:
    """The last row with a value, and how the dates of each column are written.

    The library gives a date and time at midnight as a date. So a column that has a time of day anywhere is written
    with times throughout, "2024-03-01 00:00:00": a midnight that stands for "time not known" stays to be seen.
    """
    last, styles = start, [""] * grid.sheet.width
    for number, row in islice(grid.rows(), start, None):
        if any(value != "" for value in row):
            last = number
        for i, value in enumerate(row):
            if isinstance(value, datetime):
                styles[i] = "milliseconds" if value.microsecond else styles[i] or "seconds"
    return last, styles


def _text(value: Any, style: str) -> str:
    """A cell as text. Whole numbers have no decimal point; `style` is the precision of the column's clock times."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) and abs(value) < 1e15 else format(Decimal(repr(value)), "f")
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if isinstance(value, time):
        return value.isoformat(style or ("milliseconds" if value.microsecond else "seconds"))
    if isinstance(value, date) and style:
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        return moment.isoformat(" ", style)
    return value.isoformat()


def _line(cells: list[str]) -> str:
    """A row as a line of CSV, for the record of what was left out."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="").writerow(cells)
    return sink.getvalue()


def _errors(content: bytes, sheet: str) -> dict[int, list[tuple[int, str]]]:
    """The error cells (#DIV/0!, #N/A ...) of a sheet of an .xlsx: {row from 1: [(column from 0, text)]}."""
    if not content.startswith(b"PK"):
        return {}
    found: dict[int, list[tuple[int, str]]] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = _part(archive, sheet)
        if part is None or not _mentions(archive, part, b't="e"'):
            return {}
        number = 0
        with archive.open(part) as file:
            for _, node in ElementTree.iterparse(file):
                if node.tag.endswith("}row"):
                    number = int(node.get("r", number + 1))
                    cells = _error_cells(node)
                    if cells:
                        found[number] = cells
                    node.clear()
    return found


def _error_cells(row: ElementTree.Element) -> list[tuple[int, str]]:
    """(column from 0, text) of the error cells in a row's XML; a cell without a reference follows the one before."""
    column, found = -1, []
    for cell in row:
        column += 1
        if letters := re.match(r"[A-Z]+", cell.get("r", "")):
            column = 0
            for letter in letters[0]:
                column = column * 26 + ord(letter) - 64
            column -= 1
        if cell.get("t") == "e":
            found.append((column, next((node.text or "" for node in cell if node.tag.endswith("}v")), "")))
    return found


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The name of the part that holds a sheet's cells as XML, if any does."""
    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except KeyError:
        return None
    key = next(
        (value for node in book.iter() if node.tag.endswith("}sheet") and node.get("name") == sheet
         for attribute, value in node.items() if attribute.endswith("}id")), None)
    target = next((link.get("Target", "") for link in links if link.get("Id") == key), None)
    return target and (target[1:] if target.startswith("/") else f"xl/{target}")


def _mentions(archive: zipfile.ZipFile, part: str, sign: bytes) -> bool:
    """Whether a part's bytes hold `sign`."""
    before = b""
    with archive.open(part) as file:
        while chunk := file.read(CHUNK):
            if sign in before + chunk:
                return True
            before = chunk[-len(sign):]
    return False
