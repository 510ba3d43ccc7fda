"""One question to the tables, counted in one pass: rows by group and by why they cannot be used.

A measure names, in order, the conditions under which a row cannot serve it. Every row falls into the first that it
meets or is used, so that rows used and rows left out always add up to the rows of the group.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import dimensions
from crisiskit.measures.definitions import Measure, definition
from crisiskit.measures.tables import Tables, open_tables
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("numerator", "denominator", "value", "low", "high")
LEDGER = ("rows_used", "contacts_used", "rows_left_out", "reasons", "aggregate_share")
"""Columns of every answer, after those that it is grouped by."""

Why = Sequence[tuple[str, ibis.Value]]
AGGREGATE = ("aggregate rows", _.is_aggregate)


@dataclass(frozen=True)
class Request:
    """A measure asked of tables: groups, conditions and the values of its variants, all of them checked."""

    measure: Measure
    tables: Tables
    by: tuple[str, ...]
    where: Mapping[str, tuple]
    variant: Mapping[str, Any]

    def rows(self, table: ibis.Table | None = None, name: str = "interventions",
             also: Sequence[str] = ()) -> ibis.Table:
        """Return the filtered rows with one column per group key; list columns stay lists until `fetch` or `each`.

        `is_aggregate` and `contacts` are always there, so that every family may rely on them.
        """
        table = self.tables.tables[name] if table is None else table
        for key in (*self.by, *also):
            dimensions.check(key, name, table)
        fiscal = self.variant["fiscal"]
        table = dimensions.filtered(table, name, self.where, fiscal)
        lacking = {"is_aggregate": ibis.literal(False), "contacts": ibis.null("int64")}
        fixed = {column: value for column, value in lacking.items() if column not in table.columns}
        keys = {key: dimensions.key(table, key, fiscal) for key in (*self.by, *also) if key in dimensions.DIMENSIONS}
        return table.mutate(**fixed, **keys) if fixed or keys else table

    def is_list(self, name: str) -> bool:
        """Tell whether a dictionary column holds lists, so that a record can stand in several groups."""
        own = dictionary.table(self.variant.get("table") or self.measure.table).columns
        column = own.get(name, dictionary.table("interventions").columns.get(name))  # steps can carry their contact's
        return column is not None and column.type == "list"

    def fetch(self, expression: ibis.Table, also: Sequence[str] = ()) -> "pd.DataFrame":
        """Fetch counts by group; a group whose key is a list becomes one row per distinct value, or one with null."""
        frame = self.tables.fetch(expression)
        for name in (*self.by, *also):
            if self.is_list(name):
                values = [[None] if value is None or len(value) == 0 else list(dict.fromkeys(value))
                          for value in frame[name]]
                frame = frame.assign(**{name: values}).explode(name, ignore_index=True)
        return frame

    @property
    def by_clock(self) -> bool:
        """Tell whether rows that cover a period have no place in the answer."""
        return any(name in dimensions.CLOCK for name in (*self.by, *self.where, self.variant.get("of")))


def ask(tables: Any, name: str, by: str | Sequence[str] = (), where: Mapping[str, Any] | None = None,
        variant: Mapping[str, Any] | None = None) -> Request:
    """Check a question and return it as a request; UserError for a name or value that is not known."""
    item = definition(name)
    keys = (by,) if isinstance(by, str) else tuple(by)
    if len(set(keys)) < len(keys):
        raise UserError(f"by: a name stands twice in '{', '.join(keys)}'")
    for key in keys:
        if key in (*NUMBERS, *LEDGER):
            raise UserError(f"by: '{key}' is a column of the answer, not one to group by")
    several = (list, tuple, set, frozenset)
    conditions = {key: tuple(value) if isinstance(value, several) else (value,) for key, value in (where or {}).items()}
    return Request(item, open_tables(tables), keys, conditions, item.accept(variant or {}))


def each(table: ibis.Table, names: Sequence[str]) -> ibis.Table:
    """Return one row per distinct value of every list column among `names`; a null or empty list gives null."""
    for name in names:
        values = table[name]
        if values.type().is_array():
            empty = values.isnull() | (values.length() == 0)
            one = ibis.ifelse(empty, ibis.array([ibis.null("string")]), values.unique()).unnest()
            table = table.mutate(**{name: one})
    return table


def judged(table: ibis.Table, why: Why) -> ibis.Table:
    """Add `_why`: the position of the first condition that a row meets, -1 for a row that can be used."""
    return table.mutate(_why=_first_met(table, why))


def _first_met(table: ibis.Table, why: Why) -> ibis.Value:
    """The position of the first condition that a row meets, -1 for none.

    The conditions stand bare in the cases, where null counts as not met, so that a later one is evaluated only for the
    rows that got so far.
    """
    cases = [(condition.resolve(table) if hasattr(condition, "resolve") else condition, position)
             for position, (_label, condition) in enumerate(why)]
    return ibis.cases(*cases, else_=-1) if cases else ibis.literal(-1)


def count(request: Request, table: ibis.Table, why: Why, sums: Mapping[str, ibis.Value] | None = None,
          also: Sequence[str] = (), recorded: Sequence[str] = ()) -> "pd.DataFrame":
    """Count the rows of `Request.rows` in one pass: one row per group (by, also) and reason.

    Returns the keys (as the engine gives them), `_group` (number of the combination of `by`, in their order, null
    last), `_why` (index of the reason, -1 for used), `_rows`, `_contacts`, `_contacts_known` (rows that know them),
    `_contacts_aggregate`, `recorded_<column>` (values that are not null), and the named `sums`.
    """
    counted = {
        "_rows": _.count(),
        "_contacts": _.contacts.sum().coalesce(0),
        "_contacts_known": _.contacts.count(),
        "_contacts_aggregate": _.contacts.sum(where=_.is_aggregate).coalesce(0),
    }
    counted |= {f"recorded_{column}": _[column].count() for column in recorded}
    counted |= {name: expression.coalesce(0) for name, expression in (sums or {}).items()}
    keys = list(request.by)
    groups = [*keys, *also, _first_met(table, why).name("_why")]  # no column of its own: a table of all columns less
    cells = request.fetch(table.group_by(groups).aggregate(**counted), also)
    cells = cells.sort_values([*keys, *also, "_why"], na_position="last", ignore_index=True)
    return cells.assign(_group=cells.groupby(keys, dropna=False, sort=False).ngroup() if keys else 0)


def missing(table: ibis.Table, column: str) -> list[tuple[str, ibis.Value]]:
    """Return, as reasons, the kinds in which a column's value can be missing: in-band codes, tokens, or left blank."""
    value = table[column]
    kind = value.type()
    absent = value.isnull()  # an empty list is an answer: asked, and none of them
    reasons: list[tuple[str, ibis.Value]] = []
    for code in dictionary.MISSING:
        tests = [absent & token(table, f"{column}={code}")]
        if kind.is_string() and code in dictionary.KINDS:
            tests.append(value == code)
        if kind.is_array() and code in dictionary.KINDS:
            tests.append((value.length() == 1) & (value[0] == code))
        reasons.append((code.replace("_", " "), ibis.or_(*tests)))
    return [*reasons, ("blank", absent)]


def token(table: ibis.Table, text: str) -> ibis.Value:
    """Tell whether a token of column `missing` starts with `text` (no kind of missing is the beginning of another)."""
    return table.missing.startswith(text) | table.missing.contains(f";{text}")
