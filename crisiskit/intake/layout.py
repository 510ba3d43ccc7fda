"""How files are laid out for a first look: their common folder, the sheet, the row of the header, totals at the end."""

import csv
import gzip
import os
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from crisiskit.errors import UserError
from crisiskit.intake import cells
from crisiskit.intake.fileread import FileRead
from crisiskit.intake.read import ReadSpec, read_files

LINES = 40
WHOLE = re.compile(r"(grand |overall |sub ?)?totals?|sum|suma( total)?|total general|gesamt|insgesamt", re.IGNORECASE)
FOOTER = re.compile(r"(grand )?totals?\b|suma total|notes?\b|source:|fuente:|\*", re.IGNORECASE)


@dataclass
class Layout:
    """The folder that the names of files are relative to, the `read` block of the mapping, and the files as read."""

    data: Path
    spec: dict[str, Any]
    reads: list[FileRead]
    titles: str = ""  # what stands above the header
    remark: str = ""  # sheets that are not read


def opened(con: Any, paths: list[Path], work: Path) -> Layout:
    """Read the files; a header that is not in the first row, a sheet and totals at the end are found and declared."""
    folders = [path.absolute().parent for path in paths]
    data = Path(os.path.commonpath(folders))
    spec: dict[str, Any] = {"files": [path.absolute().relative_to(data).as_posix() for path in paths]}
    reads = read_files(con, ReadSpec(files=tuple(spec["files"])), data, work)
    row, titles = header_row(reads[0]), ""
    if row > 1:
        titles = _above(reads[0], row)
        spec["header_row"] = str(row)
        reads = read_files(con, ReadSpec(files=tuple(spec["files"]), header_row=row), data, work)
    remark = ""
    if len(paths) == 1 and any("sheets not read" in note for note in reads[0].notes):
        known = ReadSpec(files=tuple(spec["files"]), header_row=row)
        reads, spec["sheet"], remark = _sheets(con, known, reads, data, work)
    ends = {text for read in reads if (text := _footer(read))}
    if ends:
        spec["footer"] = sorted(
            "^" + re.escape(text).replace("\\ ", " ") + "$" * bool(WHOLE.fullmatch(text)) for text in ends
        )
        sheet = tuple(spec["sheet"]) if isinstance(spec.get("sheet"), list) else spec.get("sheet")
        known = ReadSpec(files=tuple(spec["files"]), header_row=row, sheet=sheet, footer=tuple(spec["footer"]))
        reads = read_files(con, known, data, work)
    return Layout(data, spec, reads, titles, remark)


def _sheets(
    con: Any, spec: ReadSpec, reads: list[FileRead], data: Path, work: Path
) -> tuple[list[FileRead], str | list[str], str]:
    """(the reads, the sheets to declare, what to say) of a workbook of several sheets: those with the header of the
    first are read together, such as one for each month; the others are named and left."""
    first = reads[0]
    try:
        every = read_files(con, spec.model_copy(update={"sheet": "*"}), data, work)
    except UserError as error:
        return reads, _sheet(first), f"ONLY THE SHEET '{_sheet(first)}' IS READ; all together cannot be: {error}"
    header = {cells.fold(name) for name in first.columns}
    alike = [read for read in every if {cells.fold(name) for name in read.columns} == header]
    left = [_sheet(read) for read in every if read not in alike]
    names = [_sheet(read) for read in alike]
    said = f"SHEETS THAT ARE NOT READ, since their header differs: {', '.join(left)}" if left else ""
    if not left:
        return every, "*", f"{len(every)} sheets with one header are read together: {', '.join(names)}"
    return alike, names[0] if len(names) == 1 else names, said


def _sheet(read: FileRead) -> str:
    return read.file.split("#", 1)[1]


def _above(read: FileRead, row: int) -> str:
    """The text of the rows above the header."""
    if read.format != "excel":
        return " ".join(_head(read.origin, read.encoding or "utf-8")[: row - 1]) if read.origin else ""
    frame = read.table.filter(read.table.source_row < row).drop("source_row").execute()
    every = [*read.columns, *(value for line in frame.to_dict("records") for value in line.values())]
    return " ".join(cell for cell in every if isinstance(cell, str))


def header_row(read: FileRead) -> int:
    """The row of the header: the first that is as wide as most rows are and holds words, where the first row is not."""
    if read.format == "excel":
        named = sum(not re.fullmatch(r"column_\d+( \(\d+\))?", name) for name in read.columns)
        if 2 * named > len(read.columns) or len(read.columns) == 1:
            return 1
        frame = read.table.order_by("source_row").limit(LINES).execute()
        rows = [
            (int(row.pop("source_row")), [v for v in row.values() if isinstance(v, str)])
            for row in frame.to_dict("records")
        ]
        return _first_full(rows)
    if read.format != "csv" or read.origin is None or "!" in read.file:
        return 1
    lines = _head(read.origin, read.encoding or "utf-8")
    best = max(
        ",;\t|", key=lambda sign: sum(sorted(len(row) for row in csv.reader(lines, delimiter=sign))[-len(lines) // 2 :])
    )
    rows = [
        (number, [cell for cell in row if cell.strip()])
        for number, row in enumerate(csv.reader(lines, delimiter=best), 1)
    ]
    found = _first_full(rows)
    return found if len(rows[0][1]) < 0.5 * len(rows[found - 1][1]) else 1


def _head(path: Path, encoding: str) -> list[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding=encoding, errors="replace") as file:
        return [line.replace("\0", "") for line in islice(file, LINES)] or [""]


def _first_full(rows: list[tuple[int, list[str]]]) -> int:
    """The number of the first row that has most of the usual number of filled cells, none of them a number."""
    widths = Counter(len(filled) for _, filled in rows if filled)
    usual = max(widths, key=lambda width: (widths[width], width), default=0)
    for number, filled in rows:
        if len(filled) >= max(2, 0.7 * usual) and not any(re.fullmatch(r"[-\d.,:/% ]+", cell) for cell in filled):
            return number
    return 1


def _footer(read: FileRead) -> str | None:
    """The first cell of a last row that holds totals or a note, else None."""
    frame = read.table.order_by(read.table.source_row.desc()).limit(5).drop("source_row").execute()
    for row in reversed(frame.to_dict("records")):
        filled = [value.strip() for value in row.values() if isinstance(value, str) and value.strip()]
        short = len(filled) < 0.7 * len(row) or len(row) < 3
        if filled and (WHOLE.fullmatch(filled[0]) or (short and FOOTER.match(filled[0]))):
            return filled[0]
    return None
