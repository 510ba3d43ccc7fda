"""The study's period: which rows of a standard table lie within it."""

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis

STOCK = "population"  # what `counts` calls a number that is not a flow over its period


def inside(table: "ibis.Table", first: str, last: str) -> "ibis.Table":
    """The rows whose whole period lies between two days (either may be open); tables without a calendar stay whole.

    A population stays whatever its date: it is a stock, and the nearest one is the denominator of the study's contacts.
    """
    if "period_start" not in table.columns:
        return table
    within = []
    if first:
        within.append(table.period_start >= date.fromisoformat(first))
    if last:
        within.append(table.period_end.coalesce(table.period_start) <= date.fromisoformat(last))
    if "measure" not in table.columns:
        return table.filter(*within)
    stock = table.measure == STOCK
    return table.filter(*(stock | part for part in within))
