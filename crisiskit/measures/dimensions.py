"""Columns to group by and to filter on: the table's own, and those derived from the calendar and the local clock.

The engine groups by dates and whole numbers; labels (`2024-W05`, `Mon`) are written afterwards, on the small result.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import ibis

from crisiskit.errors import UserError, nearest
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DIMENSIONS = ("year", "month", "week", "day", "weekday", "hour", "fiscal_year")
CLOCK = ("weekday", "hour")
"""Dimensions that a row covering a period cannot have: such rows are left out of every figure by them."""

PRECISIONS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
COARSEST = {"year": "year", "month": "month", "week": "week", "day": "day", "weekday": "day"}
FISCAL_START = {"calendar": 1, "state": 7, "federal": 10}
"""First month of the fiscal year; the year is named after the one in which it ends."""


def check(name: str, table_name: str, table: ibis.Table) -> None:
    """UserError with the nearest name unless `name` is a column of the table or a dimension that it can have."""
    if name == "hour" and "received_local" not in table.columns:
        raise UserError(f"table '{table_name}' has no time of day, so there is no 'hour' in it")
    if name in DIMENSIONS and "period_start" not in table.columns:
        raise UserError(f"table '{table_name}' has no calendar, so there is no '{name}' in it")
    if name not in table.columns and name not in DIMENSIONS:
        close = nearest(name, [*table.columns, *DIMENSIONS])
        raise UserError(f"table '{table_name}' has no column or dimension '{name}'{close}")


def key(table: ibis.Table, name: str, fiscal: str) -> ibis.Value:
    """Return the expression that the engine groups or filters by: a column as it is, or a dimension as date or number.

    A calendar value is known where the row's time precision is at least that fine; without a precision column
    (`counts`), where the first and the last day of the period agree on it. Elsewhere it is null.
    """
    if name not in DIMENSIONS:
        return table[name]
    if name == "hour":
        return table.received_local.hour()
    part = _calendar(name, fiscal)
    start = part(table.period_start)
    if "time_precision" not in table.columns:
        known = start == part(table.period_end.coalesce(table.period_start))
    else:
        coarsest = ("year" if fiscal == "calendar" else "quarter") if name == "fiscal_year" else COARSEST[name]
        fine = PRECISIONS[: PRECISIONS.index(coarsest) + 1]
        known = table.time_precision.isnull() | table.time_precision.isin(fine)
    return ibis.ifelse(known, start, ibis.null(start.type()))


def _calendar(name: str, fiscal: str) -> Callable[[ibis.Value], ibis.Value]:
    shift = (13 - FISCAL_START[fiscal]) % 12
    parts = {
        "year": lambda day: day.year(),
        "month": lambda day: day.truncate("M"),
        "week": lambda day: day.truncate("W"),
        "day": lambda day: day,
        "weekday": lambda day: day.day_of_week.index(),
        "fiscal_year": lambda day: day.year() + (day.month() > 12 - shift).cast("int64"),
    }
    return parts[name]


def written(name: str, values: "pd.Series") -> "pd.Series":
    """Write a dimension's dates and numbers as labels; columns of the table stay as they are."""
    import pandas as pd

    if name in ("month", "day"):
        return pd.to_datetime(values).dt.strftime("%Y-%m" if name == "month" else "%Y-%m-%d")
    if name == "week":
        return pd.to_datetime(values).dt.strftime("%G-W%V")
    if name == "weekday":
        return values.map(dict(enumerate(WEEKDAYS)))
    return values


def filtered(table: ibis.Table, table_name: str, where: Mapping[str, tuple], fiscal: str) -> ibis.Table:
    """Keep the rows that meet every condition: value among those given; null where None is; any value of a list."""
    for name, values in where.items():
        check(name, table_name, table)
        expression = key(table, name, fiscal)
        wanted = [_value(name, value, expression, table_name) for value in values if value is not None]
        if expression.type().is_array():
            meets = ibis.or_(*[expression.contains(value) for value in wanted]) if wanted else ibis.literal(False)
        else:
            meets = expression.isin(wanted) if wanted else ibis.literal(False)
        table = table.filter(meets | expression.isnull() if None in values else meets)
    return table


def _value(name: str, value: Any, expression: ibis.Value, table_name: str) -> Any:
    """Return a condition's value in the column's type; UserError that says what would be right."""
    kind = expression.type()
    if kind.is_timestamp():
        raise UserError(f"where {name}: moments cannot be listed one by one; use day, month, weekday or hour")
    try:
        if name == "month":
            return dt.datetime.strptime(str(value), "%Y-%m").date()
        if name == "week":
            return dt.datetime.strptime(f"{value}-1", "%G-W%V-%u").date()
        if name == "weekday":
            return WEEKDAYS.index(str(value).capitalize()[:3])
        if kind.is_date():
            return dt.date.fromisoformat(str(value))
        if kind.is_boolean():
            return {"true": True, "yes": True, "false": False, "no": False}[str(value).lower()]
        if kind.is_numeric():
            return int(value) if kind.is_integer() else float(value)
    except (ValueError, KeyError, TypeError):
        like = {"month": "2024-05", "week": "2024-W05", "weekday": "Mon"}.get(name, "true or false" * kind.is_boolean())
        example = like or ("2024-05-31" if kind.is_date() else "a number")
        raise UserError(f"where {name}: '{value}' is not right; write it like {example}") from None
    column = dictionary.table(table_name).columns.get(name)
    if column and column.codes and not column.open_codes and value not in (*column.codes, *dictionary.KINDS):
        raise UserError(f"where {name}: there is no code '{value}'{nearest(str(value), column.codes)}")
    return str(value)
