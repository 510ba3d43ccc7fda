"""Standard tables to Parquet: streamed from the engine, the columns that a source lacks written at no cost.

Most standard columns are empty in any one source. The engine would build each of their cells; here a run of nulls is
written as what it is. Numbers and instants are stored as differences, texts by a list of their values.
"""

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ibis.expr.types import Table

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 122_880  # of a row group
KEYS = ("record_id", "follow_up_id", "parent_id", "person_key")  # texts that hardly repeat: a list of them is no gain


def write(con: Any, table: Table, empty: Collection[str], path: Path) -> int:
    """Write `table` to `path` in its order and return the number of rows; columns in `empty` have no value in any row.

    Raises duckdb.Error and OSError as they come (a full disk, for one).
    """
    import pyarrow as pa

    schema = table.schema().to_pyarrow()
    filled = [name for name in table.columns if name not in empty]
    rows = 0
    with _writer(path, schema) as writer:
        for batch in _batches(con, table.select(*filled)):
            there = dict(zip(filled, batch.columns, strict=True))
            columns = [
                there[field.name].cast(field.type) if field.name in there else pa.nulls(len(batch), field.type)
                for field in schema
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=ROWS)
            rows += len(batch)
    return rows


def _writer(path: Path, schema: "pa.Schema") -> Any:
    import pyarrow.types as kind
    from pyarrow.parquet import ParquetWriter

    listed = [f.name for f in schema if kind.is_string(f.type) and f.name not in KEYS]
    steps = [f.name for f in schema if kind.is_integer(f.type) or kind.is_timestamp(f.type)]
    return ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=listed,
        column_encoding=dict.fromkeys(steps, "DELTA_BINARY_PACKED"),
    )


def _batches(con: Any, table: Table) -> Iterator[Any]:
    """The rows in batches; the engine makes the next one while the last is written."""
    reader = con.raw_sql(con.compile(table)).to_arrow_reader(ROWS)
    with ThreadPoolExecutor(1) as side:
        coming = side.submit(next, reader, None)
        while (batch := coming.result()) is not None:
            coming = side.submit(next, reader, None)
            yield batch
