"""The careful path of delimited text: line by line, so that a bad line costs itself and no other."""

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from crisiskit.errors import UserError
from crisiskit.intake.encoding import MARK, open_text
from crisiskit.intake.fileread import Reject
from crisiskit.intake.prescan import HOLLOW
from crisiskit.intake.text import TextWriter

OPEN_LINES = 200  # a quote that is not closed within so many lines was a slip, not a long cell
MANY = 1_000_000  # rejects that are kept in memory even where most lines are rejected
BLANK = " \t\r\n"
ONE_COLUMN = "\x1f"  # stands for the delimiter of a file that has none


@dataclass(frozen=True)
class Layout:
    """How a delimited file is laid out.

    `start` counts the physical lines before the first record, `hollow` the empty ones among them. `named` is the number
    of columns up to the last one with a name: a delimiter at the end of the header makes a column without one.
    """

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
    """What the careful path met: physical lines = start + blank + those spanned by rows and rejects."""

    rejects: list[Reject] = field(default_factory=list)
    spanned: int = 0
    blank: int = 0
    nuls: int = 0
    nul_lines: list[int] = field(default_factory=list)

    def notes(self) -> list[str]:
        """In words, what is not in the rejects."""
        found = [f"{self.blank} empty lines"] if self.blank else []
        if self.nuls:
            where = ", ".join(map(str, self.nul_lines))
            found.append(f"{self.nuls} NUL bytes removed, the first on line {where}")
        return found


@dataclass
class _Lines:
    """Numbered physical lines, without NUL characters; lines can be put back."""

    source: Iterator[tuple[int, str]]
    tally: Tally
    waiting: deque[tuple[int, str]] = field(default_factory=deque)

    def pull(self) -> tuple[int, str] | None:
        if self.waiting:
            return self.waiting.popleft()
        line = next(self.source, None)
        if line is not None and "\0" in line[1]:
            self.tally.nuls += line[1].count("\0")
            self.tally.nul_lines += [line[0]] if len(self.tally.nul_lines) < 5 else []
            line = line[0], line[1].replace("\0", "")
        return line


def quoting(quote: str) -> dict:
    """The csv module's arguments for a quote character, or for none."""
    return {"quotechar": quote} if quote else {"quoting": csv.QUOTE_NONE, "quotechar": None}


def read_lines(
    path: Path, layout: Layout, footer: tuple[str, ...], target: Path, name: str
) -> tuple[TextWriter, Tally]:
    """Write the records of the file to the Parquet file `target`; whatever is no record goes to the tally.

    From the first record on whose first non-empty cell matches a regular expression of `footer`, lines are rejects.
    Raises UserError when most of a great many lines do not fit, for then the layout is wrong, not the lines.
    """
    tally, total = Tally(), re.compile("|".join(f"(?:{pattern})" for pattern in footer) or r"(?!)")
    width, strict, hollow = len(layout.columns), _strict(layout), HOLLOW + BLANK + layout.delimiter + layout.quote
    plain = (layout.delimiter + layout.quote).isascii() and not footer
    with (
        open_text(path, layout.encoding) as file,
        TextWriter(target, layout.columns, layout.delimiter, layout.quote) as sink,
    ):
        lines = _Lines(islice(enumerate(file, 1), layout.start, None), tally)
        in_footer = False
        while (line := lines.pull()) is not None:
            number, text = line
            if plain and strict(text) and MARK not in text and text.strip(hollow):
                sink.add_line(number, text)
                tally.spanned += 1
                continue
            if not text.strip(BLANK):
                tally.blank += 1
                continue
            taken, cells, fault = _record(line, lines, layout) if not in_footer else ([line], None, None)
            first = next((cell for cell in cells or () if cell.strip(BLANK)), "").strip()
            in_footer = in_footer or bool(total.match(first))
            if len(tally.rejects) > MANY and len(tally.rejects) > sink.rows:
                one = tally.rejects[0]
                raise UserError(f"{name}: most lines cannot be read (line {one.line}: {one.reason}): check delimiter, "
                                f"quote and header_row; the first is: {one.text[:200]}")
            if fault := "footer" if in_footer else _fault(layout, taken, cells, first, fault):
                whole = "".join(text for _, text in taken).rstrip("\r\n")
                tally.rejects.append(Reject(number, fault, whole.replace(MARK, "\ufffd")))
            else:
                sink.add(number, (cells or [])[:width])
            tally.spanned += len(taken)
    return sink, tally


def _strict(layout: Layout) -> Callable[[str], object]:
    """A test of whether a line is, in the strict form of RFC 4180, one record with a cell for every column.

    It is a short cut for the many good lines; what does not pass is looked at with more patience.
    """
    sign, cuts = layout.quote or "\n\n", len(layout.columns) - 1
    quote, cut = re.escape(layout.quote), re.escape(layout.delimiter)
    cell = rf"[^{cut}{quote}\r\n]*+"
    if quote:
        cell = rf"(?:{quote}[^{quote}]*+(?:{quote}{quote}[^{quote}]*+)*+{quote}|{cell})"
    whole = re.compile(cell + f"{cut}{cell}" * cuts + r"[\r\n]*").fullmatch
    return lambda text: text.count(layout.delimiter) == cuts if sign not in text else whole(text)


def _fault(
    layout: Layout, taken: list[tuple[int, str]], cells: list[str] | None, first: str, fault: str | None
) -> str | None:
    """Why the record is rejected, or None."""
    if any(MARK in text for _, text in taken):
        return f"a byte that {layout.encoding} does not have"
    if fault is None and not first:
        return "empty row"
    if fault is None and cells is not None and not _fits(cells, layout):
        return f"{len(cells)} fields where the header has {layout.named}"
    return fault


def _fits(cells: list[str] | None, layout: Layout) -> bool:
    """Whether there is a cell for every named column, and no text beyond the last column."""
    beyond = (cells or [])[len(layout.columns) :]
    return cells is not None and len(cells) >= layout.named and not any(cell.strip(BLANK) for cell in beyond)


def _record(
    line: tuple[int, str], lines: _Lines, layout: Layout
) -> tuple[list[tuple[int, str]], list[str] | None, str | None]:
    """Return (its physical lines, cells or None, fault or None) of the record that starts with `line`.

    A record goes on to the next line while a quote is open. Where that leads to a row that cannot be parsed or does
    not fit the header, the first line alone is at fault: the lines after it are put back, to be records of their own.
    """
    taken, quote = [line], layout.quote
    if not quote or quote not in line[1]:
        return taken, line[1].rstrip("\r\n").split(layout.delimiter), None
    cells, fault, used = _parse(taken, lines, layout, spaced=False)
    if f"{layout.delimiter} {quote}" in line[1]:
        other, other_fault, other_used = _parse(taken, lines, layout, spaced=True)
        if not _fits(cells, layout):
            cells, fault, used = other, other_fault, other_used
        elif other is not None and cells is not None and len(other) == len(cells):
            cells = [b if a.startswith(" ") and a.lstrip(" ").startswith(quote) else a
                     for a, b in zip(cells, other, strict=True)]
    if used == 1 and fault and "expected after" in fault:
        bare = re.sub(rf"{re.escape(quote)}[ \t]+(?={re.escape(layout.delimiter)}|[\r\n]|$)", quote, line[1])
        cells, fault, _ = _parse([(line[0], bare)], _Lines(iter(()), lines.tally), layout, spaced=True)
        fault = fault and "text after a closing quote"
    if used > 1 and not _fits(cells, layout) or fault == "unexpected end of data":
        cells, fault, used = None, "unclosed quote", 1
    lines.waiting.extendleft(reversed(taken[used:]))
    return taken[:used], cells, fault


def _parse(
    taken: list[tuple[int, str]], lines: _Lines, layout: Layout, spaced: bool
) -> tuple[list[str] | None, str | None, int]:
    """Parse one record from `taken`, to which more lines are added while a quote is open.

    Return (cells or None, fault or None, lines used). With `spaced`, blanks may stand before an opening quote.
    """
    used = 0

    def text() -> Iterator[str]:
        nonlocal used
        while used < OPEN_LINES:
            if used == len(taken):
                if (following := lines.pull()) is None:
                    return
                taken.append(following)
            used += 1
            yield taken[used - 1][1]

    reader = csv.reader(
        text(), delimiter=layout.delimiter, strict=True, skipinitialspace=spaced, **quoting(layout.quote))
    try:
        return next(reader), None, used
    except csv.Error as error:
        return None, str(error), used
