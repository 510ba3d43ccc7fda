"""Denominators: residents from `counts`, and the person-years that they spend in the period of the contacts.

A population is a stock at a date or over a period; contacts are a flow. Each calendar year of the contacts' period
takes the population whose period is nearest to it, times the part of the year that the contacts cover.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.errors import UserError
from crisiskit.measures.request import Request
from crisiskit.standard import dictionary

AREA = ("area_level", "area_id")
PERSON = tuple(name for name, column in dictionary.table("interventions").columns.items() if column.group == "person")
"""Columns that describe the person: a rate by or within one of them needs the population of that group."""


@dataclass(frozen=True)
class Window:
    """First and last day of a period, both in it."""

    start: dt.date
    end: dt.date

    @property
    def years(self) -> float:
        """Return the length in years: days of each calendar year over its own number of days."""
        return sum(part for _start, _end, part in self.slices())

    def slices(self) -> list[tuple[dt.date, dt.date, float]]:
        """Split by calendar year: first day, last day, part of that year."""
        found = []
        for year in range(self.start.year, self.end.year + 1):
            first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
            begin, stop = max(first, self.start), min(last, self.end)
            found.append((begin, stop, ((stop - begin).days + 1) / ((last - first).days + 1)))
        return found

    def within(self, other: "Window") -> "Window | None":
        """Return the days that both hold; None where there is none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Window(start, end) if start <= end else None

    def __str__(self) -> str:
        """Write the period as its first and last day."""
        return f"{self.start} to {self.end}"


def calendar_window(name: str, value: Any, first_month: int = 1) -> Window:
    """Return the days of a year, fiscal year (from `first_month`, named after the year in which it ends) or month."""
    if name == "month":
        start = pd.Timestamp(value).date()
        return Window(start, (pd.Timestamp(start) + pd.offsets.MonthEnd(0)).date())
    year = int(value) - (first_month > 1 and name == "fiscal_year")
    month = first_month if name == "fiscal_year" else 1
    start = dt.date(year, month, 1)
    return Window(start, dt.date(year + 1, month, 1) - dt.timedelta(days=1))


def residents(request: Request, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return the population `name` by area and by the person columns asked for.

    Columns: area_level, area_id, *columns, start, end, value. Levels of several variables stand in `counts` as
    `age_band/gender` and `0-4/female`. Rows without a value are left out. Empty where `counts` has no such rows.
    UserError that names them where an area has two populations for one period.
    """
    keys = [*AREA, *columns]
    found = _rows(request, name)
    asked = [sorted(filter(None, (group or "").split("/"))) == sorted(columns) for group in found["group"]]
    found = found[np.array(asked, bool)]
    for column in columns:
        joint = zip(found["group"], found["level"], strict=True)
        found = found.assign(**{column: [_part(group, level, column) for group, level in joint]})
    for column in (*AREA, *columns):
        if column in request.where:
            found = found[found[column].isin(request.where[column])]
    found = found.dropna(subset=["value", "area_id", *columns])
    _refuse_duplicates(found, keys, name)
    return found[[*keys, "start", "end", "value"]].reset_index(drop=True)


def _part(group: str, level: str | None, column: str) -> str | None:
    """Take one variable's level out of the joint levels of several; None where there are fewer than variables."""
    place, levels = group.split("/").index(column), (level or "").split("/")
    return levels[place] if place < len(levels) and levels[place] else None


def summed(people: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Add the population up over the person columns that are not among `columns`.

    An area that lacks one of the levels is left out, so that no part of a population stands for the whole.
    """
    keys = [*AREA, *columns, "start", "end"]
    added = people.groupby(keys, as_index=False, dropna=False).agg(value=("value", "sum"), _levels=("value", "size"))
    return added[added["_levels"] == added["_levels"].max()].drop(columns="_levels")


def _rows(request: Request, name: str) -> pd.DataFrame:
    """Fetch the rows of one count that are not by the hour; a null last day means a count at the first."""
    table = request.tables.tables["counts"]
    wanted = table.filter((table.measure == name) & table.hour.isnull() & table.period_start.notnull())
    frame = request.tables.fetch(wanted.select(*AREA, "group", "level", "period_start", "period_end", "value"))
    start = pd.to_datetime(frame["period_start"])
    end = pd.to_datetime(frame["period_end"]).fillna(start)
    texts = {column: frame[column].astype("object").where(frame[column].notna(), None)
             for column in (*AREA, "group", "level")}
    return frame.assign(start=start, end=end, **texts)


def _refuse_duplicates(found: pd.DataFrame, keys: Sequence[str], name: str) -> None:
    twice = found.duplicated([*keys, "start", "end"], keep=False)
    if twice.any():
        rows = found[twice].drop_duplicates([*keys, "start", "end"]).head(5)
        places = "; ".join(f"{' '.join(str(row[key]) for key in keys)} from {row['start']:%Y-%m-%d}"
                           for _index, row in rows.iterrows())
        raise UserError(f"counts: measure '{name}' stands twice for one area and period ({places}); keep one source of "
                        "it in the evaluation, or name another with population=")


def groups_held(request: Request, name: str) -> list[str]:
    """Return the variables by which `counts` breaks the population down."""
    table = request.tables.tables["counts"]
    frame = request.tables.fetch(table.filter(table.measure == name).select("group").distinct())
    return sorted(frame["group"].dropna())


def person_years(people: pd.DataFrame, window: Window, keys: Sequence[str]) -> pd.DataFrame:
    """Return, per combination of `keys`, the person-years in the window, and the periods of the populations used.

    For each calendar year the nearest population serves: least days between the periods, then nearest middle, then
    the shorter. Columns: *keys, person_years, first and last (days that the populations used stand for).
    """
    parts = []
    for start, end, part in window.slices():
        begin, stop = pd.Timestamp(start), pd.Timestamp(end)
        gaps = pd.concat([people["start"] - stop, begin - people["end"]], axis=1).max(axis=1)
        apart = gaps.clip(lower=pd.Timedelta(0))
        middle = ((people["start"] - begin) + (people["end"] - stop)).abs()
        ranked = people.assign(_apart=apart, _middle=middle, _length=people["end"] - people["start"])
        best = ranked.sort_values(["_apart", "_middle", "_length", "start"]).drop_duplicates(list(keys))
        parts.append(best.assign(person_years=best["value"] * part))
    whole = pd.concat(parts)
    return whole.groupby(list(keys), as_index=False, dropna=False).agg(
        person_years=("person_years", "sum"), first=("start", "min"), last=("end", "max"))


def stand_in(exposure: pd.DataFrame, window: Window) -> str:
    """Say which populations were used where they do not cover the window; empty where they do."""
    if exposure.empty:
        return ""
    first, last = exposure["first"].min().date(), exposure["last"].max().date()
    covered = first <= window.start and window.end <= last
    stock = str(first) if first == last else str(Window(first, last))
    return "" if covered else f"population of {stock} stands for {window}"
