"""Delimited text to a text table: straight through the engine where that is provably exact, line by line elsewhere.

The engine's reader is fast but miscounts lines after a line break inside quotes, swallows lines after a quote that
never closes, and passes over blank lines. So its result is used only where every physical line is one record; any
other file is read by the careful path, which rejects single lines and goes on.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from crisiskit.errors import UserError
from crisiskit.intake.encoding import MARK, choose, open_text, same_as_utf8
from crisiskit.intake.fileread import ReadSpec, Reject
from crisiskit.intake.prescan import HOLLOW, Scan
from crisiskit.intake.text import TextWriter, Wanted, unique_names, view

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

OPEN_LINES = 200  # a quote that is not closed within so many lines was a slip, not a long cell
ONE_COLUMN = "\x1f"  # stands for the delimiter of a file that has none


@dataclass(frozen=True)
class Layout:
    """How a delimited file is laid out. `start` counts the physical lines before the first record; `named` is the
    number of columns up to the last one with a name (a delimiter at the end of the header makes an unnamed one)."""

    encoding: str
    delimiter: str
    quote: str
    columns: tuple[str, ...]
    named: int
    start: int
    hollow: int
    notes: tuple[str, ...]


@dataclass
class Tally:
    """What the careful path met besides the rows it wrote; blank counts physical lines."""

    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    nuls: int = 0
    nul_lines: list[int] = field(default_factory=list)


def read_delimited(con: "Backend", spec: ReadSpec, path: Path, name: str, seen: Scan, work: Path) -> Wanted:
    """Read the delimited file at `path` (called `name` in messages); `seen` is its prescan."""
    layout = _layout(spec, path, name, seen)
    found = _fast(con, spec, path, layout, seen) or _careful(con, spec, path, layout, work)
    notes = list(layout.notes) + list(found.notes)
    if not found.rows_read:
        notes.append("no rows under the header")
    return Wanted(found.columns, found.rows_read, found.rejects, tuple(notes), found.table, layout.encoding,
                  None if layout.delimiter == ONE_COLUMN else layout.delimiter)


def _layout(spec: ReadSpec, path: Path, name: str, seen: Scan) -> Layout:
    """Find encoding, delimiter and header."""
    encoding, notes = choose(path, spec.encoding, seen, name)
    with open_text(path, encoding) as file:
        head = list(islice(file, spec.header_row + OPEN_LINES))
    first, delimiter = spec.header_row - 1, spec.delimiter
    if first == 0 and (sep := re.fullmatch(r"sep=(.)[\r\n]*", head[0] if head else "", re.IGNORECASE)):
        first, delimiter = 1, delimiter or sep[1]
    if spec.column_names is not None:
        first = first if delimiter and first else 0
    total = sum(1 for _ in head)
    if first >= total:
        raise UserError(f"{name} has {total} lines, so its header cannot be on line {first + 1}; set header_row")
    while first < total and not head[first].strip():
        first += 1
    if first == total:
        raise UserError(f"{name} holds no text in its first {total} lines; set header_row")
    lines = [line.replace("\0", "") for line in head[first:]]
    delimiter = delimiter or _sniff(lines, spec.quote)
    if spec.column_names is not None:
        raw, span = list(spec.column_names), 0
    else:
        raw, span = _header(lines, delimiter, spec.quote, name, first + 1)
    columns, more = unique_names(raw)
    start = first + span + spec.skip_rows
    if spec.skip_rows:
        more.append(f"{spec.skip_rows} lines under the header passed over")
    named = max((i for i, cell in enumerate(raw, 1) if cell.strip()), default=0)
    hollow = sum(not line.strip(HOLLOW + "\r\n") for line in head[:start])
    return Layout(encoding, delimiter, spec.quote, columns, named, start, hollow, (*notes, *more))


def _sniff(lines: list[str], quote: str) -> str:
    """The delimiter that cuts most lines into as many cells as the header, then the one that makes most cells."""
    best, score = ONE_COLUMN, (0.0, 1)
    for sign in ",;\t|":
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=sign, **_quoting(quote)) if row]
        except csv.Error:
            continue
        if widths and widths[0] > 1:
            score, best = max((score, best), ((widths.count(widths[0]) / len(widths), widths[0]), sign))
    return best


def _quoting(quote: str) -> dict:
    """The csv module's arguments for a quote character, or for none."""
    return {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}


def _header(lines: list[str], delimiter: str, quote: str, name: str, number: int) -> tuple[list[str], int]:
    """The raw names of the header and the number of physical lines that it spans."""
    reader = csv.reader(lines[:OPEN_LINES], delimiter=delimiter, strict=True, **_quoting(quote))
    try:
        raw = next(reader)
    except csv.Error as error:
        raise UserError(f"{name}: the header on line {number} cannot be read ({error}): {lines[0][:200]!r}") from None
    if any(MARK in cell for cell in raw):
        raise UserError(f"{name}: the header on line {number} holds bytes foreign to the encoding; set encoding")
    return raw, reader.line_num


def _fast(con: "Backend", spec: ReadSpec, path: Path, layout: Layout, seen: Scan) -> Wanted | None:
    """The file as a lazy table of the engine, or None unless every line is exactly one record.

    Rows are numbered as they come, so the physical line is start + row number. One count pass proves it: the engine
    raises at a malformed line, and a quote that swallows lines leaves fewer rows than lines.
    """
    if not (
        seen.uniform and not seen.nuls and same_as_utf8(layout.encoding, seen) and not spec.footer
        and layout.delimiter in (ONE_COLUMN, *HOLLOW[1:-1]) and layout.quote in ('"', "")
        and seen.hollow == layout.hollow + seen.tail and layout.columns
    ):
        return None
    expected = max(0, seen.lines - layout.start - seen.tail)
    cells = [f"c{i}" for i in range(len(layout.columns))]
    types = ", ".join(f"{cell}: 'VARCHAR'" for cell in cells)
    file = re.sub(r"[*?\[]", r"[\g<0>]", str(path)).replace("'", "''")
    source = (
        f"read_csv('{file}', auto_detect=false, header=false, skip={layout.start}, delim='{layout.delimiter}', "
        f"quote='{layout.quote}', escape='{layout.quote}', strict_mode=true, columns={{{types}}})"
    )
    unnamed = "".join(f", count({cell})" for cell in cells[layout.named:])
    try:
        rows, *filled = con.raw_sql(f"select count(*){unnamed} from {source}").fetchone()
    except duckdb.Error:
        return None
    if rows != expected:
        return None
    keep = layout.named + max((i for i, n in enumerate(filled, 1) if n), default=0)
    names = dict(zip(cells, layout.columns[:keep], strict=False))
    table = view(con, source, names, f"{layout.start} + row_number() over ()")
    notes = [f"{seen.tail} empty lines"] if seen.tail else []
    return Wanted(layout.columns[:keep], rows, (), tuple(notes), table)


def _careful(con: "Backend", spec: ReadSpec, path: Path, layout: Layout, work: Path) -> Wanted:
    """The file read line by line into a Parquet file in `work`."""
    tally = Tally()
    target = work / f"{path.name}.{abs(hash(str(path))):x}.parquet"
    with open_text(path, layout.encoding) as file, TextWriter(target, layout.columns) as sink:
        for number, cells in _rows(islice(enumerate(file, 1), layout.start, None), spec, layout, tally):
            sink.add(number, cells)
    keep = layout.named + max((i for i, f in enumerate(sink.filled[layout.named:], 1) if f), default=0)
    table = view(con, f"read_parquet('{str(target).replace(chr(39), chr(39) * 2)}')",
                 {c: c for c in layout.columns[:keep]}, "source_row")
    notes = []
    if tally.blank:
        notes.append(f"{tally.blank} empty lines")
    if tally.nuls:
        notes.append(f"{tally.nuls} NUL bytes removed (first on line {', '.join(map(str, tally.nul_lines))})")
    return Wanted(layout.columns[:keep], sink.rows + len(tally.rejects), tuple(tally.rejects), tuple(notes), table)


def _rows(
    lines: Iterator[tuple[int, str]], spec: ReadSpec, layout: Layout, tally: Tally
) -> Iterator[tuple[int, list[str]]]:
    """Yield (physical line, cells) of each record; whatever is no record goes to `tally`."""
    footers = [re.compile(pattern) for pattern in spec.footer]
    width, in_footer = len(layout.columns), False
    for number, taken, cells, fault in _records(lines, layout, tally):
        text = "".join(taken).rstrip("\r\n")
        if not text.strip():
            tally.blank += 1
            continue
        first = next((cell for cell in cells or [] if cell.strip()), "").strip()
        in_footer = in_footer or any(footer.match(first) for footer in footers)
        if in_footer:
            fault = "footer"
        elif MARK in text:
            fault = f"a byte that {layout.encoding} does not have"
        elif cells is not None and not first:
            fault = "empty row"
        elif cells is not None and (len(cells) < layout.named or any(cell.strip() for cell in cells[width:])):
            fault = f"{len(cells)} fields where the header has {layout.named}"
        if fault:
            tally.rejects.append(Reject(number, fault, text.replace(MARK, "\ufffd")))
        else:
            yield number, cells[:width]


def _records(
    lines: Iterator[tuple[int, str]], layout: Layout, tally: Tally
) -> Iterator[tuple[int, list[str], list[str] | None, str | None]]:
    """Yield (first line, its physical lines, cells or None, fault or None) of each record.

    A record goes on to the next line while a quote is open. Where that leads to a row that cannot be parsed or does
    not fit the header, the first line alone is at fault: the lines after it are read again as records of their own.
    """
    waiting: deque[tuple[int, str]] = deque()
    width, quote = len(layout.columns), layout.quote
    options = {"delimiter": layout.delimiter, "strict": True, **_quoting(quote)}

    def following() -> Iterator[str]:
        while len(taken) < OPEN_LINES and (line := pull()) is not None:
            taken.append(line)
            yield line[1]

    def pull() -> tuple[int, str] | None:
        if waiting:
            return waiting.popleft()
        number, line = next(lines, (0, ""))
        if "\0" in line:
            tally.nuls += line.count("\0")
            tally.nul_lines += [number] if len(tally.nul_lines) < 5 else []
            line = line.replace("\0", "")
        return (number, line) if number else None

    while True:
        taken: list[tuple[int, str]] = []
        if (line := pull()) is None:
            return
        if not quote or quote not in line[1]:
            text = line[1].rstrip("\r\n")
            yield line[0], [line[1]], text.split(layout.delimiter), None
            continue
        waiting.appendleft(line)
        spaced = f"{layout.delimiter} {quote}" in line[1]
        cells, fault = None, None
        try:
            cells = next(csv.reader(following(), skipinitialspace=spaced, **options))
        except csv.Error as error:
            fault = str(error)
        fits = cells is not None and layout.named <= len(cells) and not any(c.strip() for c in cells[width:])
        if len(taken) > 1 and not fits or fault == "unexpected end of data":
            waiting.extendleft(reversed(taken[1:]))
            taken, cells, fault = taken[:1], None, "unclosed quote"
        elif fault and "expected after" in fault:
            fault = "text after a closing quote"
        yield line[0], [text for _, text in taken], cells, fault
