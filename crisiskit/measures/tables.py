"""The standard tables as the measures see them: every dictionary column is there, in its dictionary type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis

from crisiskit import engine
from crisiskit.errors import UserError
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd
    from ibis.backends import BaseBackend


SMALL_BYTES = 8_000_000
"""Parquet files of no more than this are read by one thread: for a few row groups, others only cost their waking."""

KEPT_CELLS = 100_000
"""Results of more cells than this are not kept."""


@dataclass(frozen=True)
class Tables:
    """Standard tables and the engine that holds them. Only the tables that the source has are in `tables`.

    `known` keeps small results by expression, so that none is asked for twice: for tables that do not change while
    this is used. Without it, every expression is run.
    """

    backend: "BaseBackend"
    tables: Mapping[str, ibis.Table]
    known: "dict[Any, pd.DataFrame] | None" = field(default=None, repr=False, compare=False)

    def fetch(self, expression: ibis.Table) -> "pd.DataFrame":
        """Run an expression where the tables are and bring the (small) result into pandas."""
        if self.known is None:
            return self.backend.to_pandas(expression)
        question = expression.op()
        if question not in self.known:
            result = self.backend.to_pandas(expression)
            if result.size > KEPT_CELLS:
                return result
            self.known[question] = result
        return self.known[question].copy()


def load(folder: str | Path) -> Tables:
    """Open the Parquet files of a standardized folder; any of the three tables may be absent, not all of them."""
    paths = {name: Path(folder) / f"{name}.parquet" for name in dictionary.TABLES}
    sizes = [path.stat().st_size for path in paths.values() if path.is_file()]
    backend = engine.connect(threads=1 if sum(sizes) <= SMALL_BYTES else None)
    found = {name: backend.read_parquet(path) for name, path in paths.items() if path.is_file()}
    if not found:
        raise UserError(f"'{folder}' holds no standard table: expected {' or '.join(p.name for p in paths.values())}")
    return Tables(backend, {name: conform(name, table) for name, table in found.items()})


def open_tables(tables: Any) -> Tables:
    """Return `Tables` for a folder path, a mapping of Ibis tables or pandas frames, or what `load` returned."""
    if isinstance(tables, Tables):
        return tables
    if isinstance(tables, (str, Path)):
        return load(tables)
    if not isinstance(tables, Mapping) or not tables:
        raise UserError("tables must be a folder, or a mapping such as {'interventions': table}")
    for name in tables:
        dictionary.table(name)
    given = {name: table if isinstance(table, ibis.Table) else _memory(table) for name, table in tables.items()}
    backends = [table.get_backend() for name, table in given.items() if isinstance(tables[name], ibis.Table)]
    backend = backends[0] if backends else engine.connect()
    return Tables(backend, {name: conform(name, table) for name, table in given.items()})


def _memory(frame: "pd.DataFrame") -> ibis.Table:
    """Return a pandas frame as an Ibis table: categories become the text they stand for, moments whole microseconds."""
    kinds = {name: "object" for name, kind in frame.dtypes.items() if kind == "category"}
    kinds |= {name: str(kind).replace("[ns", "[us") for name, kind in frame.dtypes.items()
              if str(kind).startswith("datetime64[ns")}
    return ibis.memtable(frame.astype(kinds) if kinds else frame)


def conform(name: str, table: ibis.Table) -> ibis.Table:
    """Give a table every dictionary column in its dictionary type: absent ones are null, other columns stay."""
    schema = dictionary.ibis_schema(name)
    if all(column in table.columns and _same(table[column].type(), kind) for column, kind in schema.items()):
        return table
    columns = {}
    for column, kind in schema.items():
        if column not in table.columns:
            columns[column] = ibis.null(kind)
        else:
            columns[column] = table[column] if _same(table[column].type(), kind) else table[column].cast(kind)
    others = {column: table[column] for column in table.columns if column not in schema}
    return table.select(**columns, **others)


def _same(given: Any, wanted: Any) -> bool:
    """Tell whether a column may stay as it is: the same type but for precision and nullability."""
    if given.is_timestamp() and wanted.is_timestamp():
        return (given.timezone is None) == (wanted.timezone is None)
    return given.copy(nullable=True) == wanted
