"""Text tables: unique column names, a writer that streams rows of text to Parquet, and lazy views for the engine."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crisiskit.intake.fileread import Reject

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.duckdb import Backend
    from ibis.expr.types import Table

ROW = "source_row"
BATCH, BATCH_TEXT = 50_000, 1 << 25  # rows, and characters, that are held before they are written


@dataclass(frozen=True)
class Text:
    """The part of a FileRead that the reader of one format finds out; `part` names a sheet within its file."""

    columns: tuple[str, ...]
    rows_read: int
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]
    table: "Table"
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    part: str = ""
    blanks: Literal["none", "spaces", "odd"] = "odd"


def unique_names(raw: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return column names that are stripped, filled, and unique without regard to case, with notes on what was done.

    All bearers of a repeated name get " (1)", " (2)" ...: which of them the user means is then said, not guessed.
    The engine compares names without case, and `source_row` is the lineage column, so both count as repeats.
    """
    names = [" ".join(name.replace("\ufeff", "").split()) or f"column_{i}" for i, name in enumerate(raw, 1)]
    count = Counter(name.lower() for name in names)
    count[ROW] += 1
    taken = {key for key, n in count.items() if n == 1} | {ROW}
    given: dict[str, list[str]] = {}
    out = []
    for name in names:
        key, new, number = name.lower(), name, 0
        while new.lower() in taken and count[key] > 1 or new == name and count[key] > 1:
            number += 1
            new = f"{name} ({number})"
        if new != name:
            given.setdefault(key, []).append(new)
        taken.add(new.lower())
        out.append(new)
    notes = [f"the column name '{key}' is not unique: now {', '.join(map(repr, new))}" for key, new in given.items()]
    return tuple(out), notes


class TextWriter:
    """Streams rows of text to one Parquet file: every column string, an empty cell null, then `source_row`.

    Within a batch, rows given as lines and rows given as cells are put back into the order of their numbers.
    """

    def __init__(self, path: Path, columns: Sequence[str], delimiter: str = ",", quote: str = '"'):
        """Open `path`; `delimiter` and `quote` (one, or none) are those of the lines given to `add_line`."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path, self.rows, self._delimiter, self._quote = path, 0, delimiter, quote or False
        self.filled = [False] * len(columns)
        self._names = list(columns)
        self._schema = pa.schema([*((name, pa.string()) for name in columns), (ROW, pa.int64())])
        self._sink = pq.ParquetWriter(path, self._schema, compression="zstd", compression_level=1)
        self._clear()

    def _clear(self) -> None:
        self._row_numbers: list[int] = []
        self._cells: list[Sequence[str | None]] = []
        self._line_numbers: list[int] = []
        self._lines: list[str] = []
        self._held = 0

    def add(self, number: int, cells: Sequence[str | None]) -> None:
        """Add a row of cells; cells missing on the right are null."""
        self._row_numbers.append(number)
        self._cells.append(cells)
        self._held += sum(map(len, filter(None, cells)))
        if len(self._cells) >= BATCH or self._held >= BATCH_TEXT:
            self._flush()

    def add_line(self, number: int, line: str) -> None:
        """Add a line that is one record, in strict form and with a cell for every column."""
        self._line_numbers.append(number)
        self._lines.append(line)
        self._held += len(line)
        if len(self._lines) >= BATCH or self._held >= BATCH_TEXT:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        parts = [make() for make, some in ((self._from_cells, self._cells), (self._from_lines, self._lines)) if some]
        for table in [pa.concat_tables(parts).sort_by(ROW)] if len(parts) > 1 else parts:
            self._sink.write_table(table)
            self.rows += len(table)
            kept = zip(self.filled, table.columns[:-1], strict=True)
            self.filled = [filled or column.null_count < len(table) for filled, column in kept]
        self._clear()

    def _from_cells(self) -> "pa.Table":
        import pyarrow as pa

        width = len(self._names)
        full = (row if len(row) == width else (*row, *(None,) * (width - len(row))) for row in self._cells)
        columns = [pa.array([cell or None for cell in column], pa.string()) for column in zip(*full, strict=True)]
        return pa.Table.from_arrays([*columns, pa.array(self._row_numbers, pa.int64())], schema=self._schema)

    def _from_lines(self) -> "pa.Table":
        import pyarrow as pa
        from pyarrow import csv

        text = "\n".join([line.rstrip("\r\n") for line in self._lines]).encode()
        table = csv.read_csv(
            BytesIO(text),
            csv.ReadOptions(column_names=self._names, block_size=max(len(text), 1)),
            csv.ParseOptions(delimiter=self._delimiter, quote_char=self._quote, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(self._names, pa.string()), null_values=[""],
                               strings_can_be_null=True),
        )
        return table.append_column(ROW, pa.array(self._line_numbers, pa.int64())).cast(self._schema)

    def __enter__(self) -> "TextWriter":
        return self

    def __exit__(self, *failure: object) -> None:
        try:
            if failure[0] is None:
                self._flush()
        finally:
            self._sink.close()


def view(con: "Backend", source: str, columns: dict[str, str], row: str) -> "Table":
    """A lazy table over the SQL `source`: its columns (an SQL expression each) under new names, and `row`."""
    import ibis

    name = ibis.util.gen_name("crisiskit_text")
    chosen = [f"{expression} as {quoted(new)}" for new, expression in columns.items()]
    con.raw_sql(f"create temp view {name} as select {', '.join([*chosen, f'{row} as {ROW}'])} from {source}")
    return con.table(name)


def held(con: "Backend", query: str) -> str:
    """The name of a working table that holds what `query` gives, in its order; the engine spills it to disk."""
    import ibis

    name = ibis.util.gen_name("crisiskit_held")
    con.raw_sql(f"create temp table {name} as {query}")
    return name


def stored(con: "Backend", path: Path, columns: Iterable[str]) -> "Table":
    """A lazy table over the Parquet file that a TextWriter wrote."""
    return view(con, f"read_parquet({literal(path)})", {name: quoted(name) for name in columns}, ROW)


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(path: Path) -> str:
    """A file's path as an SQL string in which no character is a wildcard."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
    return "'" + plain.replace("'", "''") + "'"
