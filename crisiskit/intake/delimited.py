"""Delimited text to a text table: straight through the engine where that is provably exact, line by line elsewhere.

The engine's reader is fast but miscounts lines after a line break inside quotes, swallows lines after a quote that
never closes, and passes over blank lines. So its result is used only where every physical line is one record; any
other file is read by the careful path, which rejects single lines and goes on.
"""

import csv
import re
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import duckdb

from crisiskit.errors import UserError
from crisiskit.intake.careful import ONE_COLUMN, OPEN_LINES, Layout, quoting, read_lines
from crisiskit.intake.encoding import MARK, choose, open_text, same_as_utf8
from crisiskit.intake.fileread import ReadSpec
from crisiskit.intake.prescan import HOLLOW, Scan
from crisiskit.intake.text import Text, held, literal, stored, unique_names, view

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

ENDLESS = 1 << 26  # so many bytes without a line break are no table
HEADER_LINES = 20  # a header that goes on longer has a quote that is not closed


def read_delimited(con: "Backend", spec: ReadSpec, path: Path, name: str, seen: Scan, work: Path) -> Text:
    """Read the delimited file at `path` (called `name` in messages); `seen` is its prescan."""
    if seen.bytes > ENDLESS and not seen.lf + seen.cr:
        raise UserError(f"{name}: {seen.bytes} bytes without a line break: not a table of lines")
    layout = _layout(spec, path, name, seen)
    found = _fast(con, spec, path, layout, seen) or _careful(con, spec, path, name, layout, work)
    empty = () if found.rows_read else ("no rows under the header",)
    delimiter = None if layout.delimiter == ONE_COLUMN else layout.delimiter
    return replace(found, notes=layout.notes + found.notes + empty, encoding=layout.encoding, delimiter=delimiter)


def _layout(spec: ReadSpec, path: Path, name: str, seen: Scan) -> Layout:
    """Find encoding, delimiter and header; Excel's first line `sep=;` names the delimiter and is passed over."""
    encoding, notes = choose(path, spec.encoding, seen, name)
    with open_text(path, encoding) as file:
        head = [line.replace("\0", "") for line in islice(file, spec.header_row + spec.skip_rows + OPEN_LINES)]
    sep = re.fullmatch(r"sep=(.)[\r\n]*", head[0], re.IGNORECASE)
    first = 0 if spec.column_names else spec.header_row - 1
    if sep and not first:
        first = 1
    if first >= len(head):
        raise UserError(f"{name}: has {len(head)} lines, so its header cannot be on line {first + 1}; set header_row")
    while not spec.column_names and not head[first].strip():
        first += 1
        if first == len(head):
            raise UserError(f"{name}: no text from line {spec.header_row} to line {first}; set header_row")
    delimiter = spec.delimiter or (sep[1] if sep else _sniff(head[first:], spec.quote))
    if delimiter == ONE_COLUMN:
        notes.append("no delimiter found: read as one column")
    raw, span = (list(spec.column_names), 0) if spec.column_names else _header(head, first, delimiter, spec.quote, name)
    if first + span > spec.header_row and not spec.column_names:
        notes.append(f"the header ends on line {first + span}")
    if spec.skip_rows:
        notes.append(f"{spec.skip_rows} lines before the first row passed over")
    columns, renamed = unique_names(raw)
    start = first + span + spec.skip_rows
    return Layout(
        encoding, delimiter, spec.quote, columns, start=start, notes=(*notes, *renamed),
        named=max((i for i, cell in enumerate(raw, 1) if cell.strip()), default=0),
        hollow=sum(not line.strip(HOLLOW + "\r\n") for line in head[:start]),
    )


def _sniff(lines: list[str], quote: str) -> str:
    """The delimiter that cuts most lines into as many cells as the header; of equals, the one that makes most cells."""
    best, score = ONE_COLUMN, (0.0, 1)
    for sign in ",;\t|":
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=sign, **quoting(quote)) if row]
        except csv.Error:
            continue
        if widths[0] > 1 and (fit := (widths.count(widths[0]) / len(widths), widths[0])) > score:
            best, score = sign, fit
    return best


def _header(head: list[str], first: int, delimiter: str, quote: str, name: str) -> tuple[list[str], int]:
    """The raw names of the header and the number of physical lines that it spans (names may hold line breaks)."""
    where = f"{name}: the header on line {first + 1}"
    lines = head[first : first + HEADER_LINES]
    reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True, **quoting(quote))
    try:
        raw = next(reader)
    except csv.Error as error:
        raise UserError(f"{where} cannot be read ({error}): {lines[0][:200].rstrip()}") from None
    if any(MARK in cell for cell in raw):
        raise UserError(f"{where} holds bytes that its encoding does not have; set encoding")
    return raw, reader.line_num


def _fast(con: "Backend", spec: ReadSpec, path: Path, layout: Layout, seen: Scan) -> Text | None:
    """The file as a table of the engine, or None unless every line is exactly one record.

    The engine keeps the order of the file, so the physical line is start + 1 + the row's id, and no later step has to
    number rows one after the other. The count proves it: the engine raises at a malformed line, and a quote that
    swallows lines leaves fewer rows than lines.
    """
    if not (
        seen.uniform and not seen.nuls and same_as_utf8(layout.encoding, seen) and not spec.footer
        and layout.delimiter in (ONE_COLUMN, *HOLLOW[1:-1]) and layout.quote in ('"', "")
        and seen.hollow == layout.hollow + seen.tail
    ):
        return None
    cells = [f"c{i}" for i in range(len(layout.columns))]
    types = ", ".join(f"{cell}: 'VARCHAR'" for cell in cells)
    source = (
        f"read_csv({literal(path)}, auto_detect=false, header=false, skip={layout.start}, delim='{layout.delimiter}', "
        f"quote='{layout.quote}', escape='{layout.quote}', strict_mode=true, columns={{{types}}})"
    )
    try:
        text = held(con, f"select * from {source}")
    except (duckdb.InvalidInputException, duckdb.ConversionException):
        return None
    unnamed = "".join(f", count({cell})" for cell in cells[layout.named :])
    rows, *filled = con.raw_sql(f"select count(*){unnamed} from {text}").fetchone()
    if rows != max(0, seen.lines - layout.start - seen.tail):
        con.drop_table(text)
        return None
    columns = _kept(layout, filled)
    table = view(con, text, dict(zip(columns, cells, strict=False)), f"{layout.start + 1} + rowid")
    notes = (f"{seen.tail} empty lines",) if seen.tail else ()
    odd = seen.no_break or (seen.tabs and layout.delimiter != "\t")
    blanks: Literal["none", "spaces", "odd"] = "odd" if odd else "spaces" if seen.spaces else "none"
    return Text(columns, rows, (), notes, table, "csv", blanks=blanks)


def _careful(con: "Backend", spec: ReadSpec, path: Path, name: str, layout: Layout, work: Path) -> Text:
    """The file read line by line into a Parquet file in `work`."""
    sink, tally = read_lines(path, layout, spec.footer, work / f"{path.name}.parquet", name)
    columns = _kept(layout, sink.filled[layout.named :])
    table = stored(con, sink.path, columns)
    return Text(columns, sink.rows + len(tally.rejects), tuple(tally.rejects), tuple(tally.notes()), table, "csv")


def _kept(layout: Layout, filled: list) -> tuple[str, ...]:
    """The columns without those at the end that have neither a name nor a value."""
    return layout.columns[: layout.named + max((i for i, some in enumerate(filled, 1) if some), default=0)]
