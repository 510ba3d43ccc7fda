"""The files of one table map as one text table: the columns that the mapping names, each row with its lineage.

Headers may drift from file to file; from here on every column has the name that the mapping uses.
"""

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.operations import Cast, Literal
from ibis.expr.types import Table, Value

from crisiskit.intake import cells
from crisiskit.intake.compile import Headers
from crisiskit.intake.read import FileRead


@ibis.udf.scalar.builtin(name="hash", signature=((dt.Array(dt.string),), dt.uint64))
def row_hash(row):
    """A 64-bit hash of all cells of a row (an engine function)."""


def barrier(con: Any, table: Table, name: str) -> Table:
    """The same rows behind a view, so that what was computed is not computed twice."""
    return con.create_view(name, table, overwrite=True)


def gathered(con: Any, reads: Sequence[FileRead], names: dict[str, bool]) -> list[Table]:
    """Rows of each file under the names of the mapping, trimmed, with source_file, source_row, `_file` and `_hash`.

    `names` are the source columns that the mapping reads, and whether each may be absent from a file (its cells are
    blank then); UserError for another that is absent.
    """
    parts = []
    for number, read in enumerate(reads):
        headers = Headers(read.columns, read.file)
        made: dict[str, Value] = {}
        for column, optional in names.items():
            header = headers.find(column, optional)
            made[column] = ibis.null("string") if header is None else cells.clean(read.table[header], read.blanks)
        parts.append(
            read.table.select(
                **made,
                source_file=ibis.literal(read.file),
                source_row=read.table["source_row"],
                _file=ibis.literal(number, type="int64"),
                _hash=row_hash(ibis.array([read.table[column] for column in read.columns])),
            )
        )
    return parts


def constants(table: Table) -> dict[str, Value]:
    """The columns of a selection that are the same in every row: literals, and columns that the source lacks."""
    return {name: value.to_expr() for name, value in table.op().values.items() if not value.relations}


def is_null(value: Value) -> bool:
    """Whether an expression is the null of some type."""
    node = value.op()
    while isinstance(node, Cast):
        node = node.arg
    return isinstance(node, Literal) and node.value is None


def stored(con: Any, table: Table, name: str, fixed: dict[str, Value]) -> Table:
    """The rows as a working table of the engine, without the columns of `fixed`, which are put back where used.

    Most standard columns are empty in any one source, and the engine would give each of their cells its bytes.
    """
    kept = con.create_table(name, table.drop(*fixed), temp=True)
    return kept.mutate(**fixed).select(*table.columns)


def stored_in_turn(con: Any, table: Table, name: str, fixed: dict[str, Value], view: str, parts: list[Table]) -> Table:
    """The same for several files: `table` rests on the view called `view`, which stands for each of `parts` in turn.

    The mapping is compiled once, and the engine holds the state of one file at a time.
    """
    made = stored(con, table, name, fixed)
    query = con.compile(table.drop(*fixed))
    for part in parts[1:]:
        con.create_view(view, part, overwrite=True)
        con.raw_sql(f"INSERT INTO {name} BY NAME {query}")
    return made
