"""Text tables: unique column names, and a writer that streams rows of cells to Parquet."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crisiskit.intake.fileread import Reject

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend
    from ibis.expr.types import Table

ROW = "source_row"
BATCH = 50_000


def unique_names(raw: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return column names that are stripped, filled and unique without regard to case, with notes on what was done.

    All bearers of a repeated name get " (1)", " (2)" ...: which of them the user means is then said, not guessed.
    The engine compares names without case, and `source_row` is the lineage column, so both count as repeats.
    """
    names = [" ".join(name.replace("\ufeff", "").split()) for name in raw]
    notes = []
    names = [name or f"column_{i}" for i, name in enumerate(names, 1)]
    count = Counter(name.lower() for name in names)
    repeated = {key for key, n in count.items() if n > 1} | ({ROW} & count.keys())
    taken = {key for key in count if key not in repeated} | {ROW}
    met: Counter[str] = Counter()
    out = []
    for name in names:
        key = name.lower()
        new = name
        while key in repeated and (new == name or new.lower() in taken):
            met[key] += 1
            new = f"{name} ({met[key]})"
        taken.add(new.lower())
        out.append(new)
    for key in sorted(repeated):
        given = [new for name, new in zip(names, out, strict=True) if name.lower() == key]
        what = f"the header has '{key}' {count[key]} times" if count[key] > 1 else f"'{key}' is the name of the lineage"
        notes.append(f"{what}: named {', '.join(map(repr, given))}")
    return tuple(out), notes


class TextWriter:
    """Streams rows of cells to one Parquet file: every column text, an empty cell null, then `source_row`."""

    def __init__(self, path: Path, columns: Sequence[str]):
        """Open `path` for rows of len(columns) cells."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path, self.width, self.rows = path, len(columns), 0
        self.filled = [False] * self.width
        self.schema = pa.schema([*((name, pa.string()) for name in columns), (ROW, pa.int64())])
        self._sink = pq.ParquetWriter(path, self.schema, compression="zstd")
        self._numbers: list[int] = []
        self._cells: list[Sequence[str | None]] = []

    def add(self, number: int, cells: Sequence[str | None]) -> None:
        """Add one row; cells missing on the right are null."""
        self._numbers.append(number)
        self._cells.append(cells)
        if len(self._numbers) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        full = [c if len(c) == self.width else (*c, *(None,) * (self.width - len(c))) for c in self._cells]
        columns = [[cell or None for cell in column] for column in zip(*full, strict=True)] or [[] for _ in self.filled]
        self.filled = [f or any(column) for f, column in zip(self.filled, columns, strict=True)]
        arrays: list[Any] = [*(pa.array(c, pa.string()) for c in columns), pa.array(self._numbers, pa.int64())]
        self._sink.write_table(pa.Table.from_arrays(arrays, schema=self.schema))
        self.rows += len(self._numbers)
        self._numbers, self._cells = [], []

    def __enter__(self) -> "TextWriter":
        return self

    def __exit__(self, *failure: object) -> None:
        if failure[0] is None:
            self._flush()
        self._sink.close()


@dataclass(frozen=True)
class Wanted:
    """The part of a FileRead that a reader of one format finds out."""

    columns: tuple[str, ...]
    rows_read: int
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]
    table: "Table"
    encoding: str | None = None
    delimiter: str | None = None


def view(con: "Backend", source: str, columns: dict[str, str], row: str) -> "Table":
    """A lazy table over the SQL `source`: its columns under new names, blanks null, and `row` as source_row."""
    import ibis

    name = ibis.util.gen_name("crisiskit_text")
    chosen = [f"{quoted(old)} as {quoted(new)}" for old, new in columns.items()]
    con.raw_sql(f"create temp view {name} as select {', '.join([*chosen, f'{row} as {ROW}'])} from {source}")
    return con.table(name)


def quoted(name: str) -> str:
    """`name` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
