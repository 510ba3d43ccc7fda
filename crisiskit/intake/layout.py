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

from crisiskit.intake.fileread import FileRead
from crisiskit.intake.read import ReadSpec, read_files

LINES = 40
FOOTER = re.compile(r"(grand )?totals?\b|suma total|notes?\b|source:|fuente:|\*", re.IGNORECASE)


@dataclass
class Layout:
    """The folder that the names of files are relative to, the `read` block of the mapping, and the files as read."""

    data: Path
    spec: dict[str, Any]
    reads: list[FileRead]


def opened(con: Any, paths: list[Path], work: Path) -> Layout:
    """Read the files; a header that is not in the first row, a sheet and totals at the end are found and declared."""
    folders = [path.absolute().parent for path in paths]
    data = Path(os.path.commonpath(folders))
    spec: dict[str, Any] = {"files": [path.absolute().relative_to(data).as_posix() for path in paths]}
    reads = read_files(con, ReadSpec(files=tuple(spec["files"])), data, work)
    row = header_row(reads[0])
    if row > 1:
        spec["header_row"] = str(row)
        reads = read_files(con, ReadSpec(files=tuple(spec["files"]), header_row=row), data, work)
    sheets = {read.file.split("#", 1)[1] for read in reads if read.format == "excel" and "#" in read.file}
    if len(sheets) == 1 and any("sheets not read" in note for read in reads for note in read.notes):
        spec["sheet"] = sheets.pop()
    ends = {text for read in reads if (text := _footer(read))}
    if ends:
        spec["footer"] = sorted("^" + re.escape(text).replace("\\ ", " ") for text in ends)
        known = ReadSpec(
            files=tuple(spec["files"]), header_row=row, sheet=spec.get("sheet"), footer=tuple(spec["footer"])
        )
        reads = read_files(con, known, data, work)
    return Layout(data, spec, reads)


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
        if filled and FOOTER.match(filled[0]) and (len(filled) < 0.7 * len(row) or len(row) < 3):
            return filled[0]
    return None
