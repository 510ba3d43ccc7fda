"""The period that contacts were recorded over, and the parts of it that a question asks for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import ibis
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import dimensions
from crisiskit.measures.population import Window, calendar_window
from crisiskit.measures.request import Request

CALENDAR = ("year", "fiscal_year", "month")
"""Dimensions by which person-time can be divided."""

RECORDING = ("source", "record_kind")
"""Conditions that choose records by who wrote them, and so change the period that they cover."""


@dataclass(frozen=True)
class Bounds:
    """First and last day asked for; None where the records decide."""

    start: dt.date | None
    end: dt.date | None

    def outside(self) -> ibis.Deferred:
        """Tell, of a row of interventions, whether a day of it lies outside."""
        last = _.period_end.coalesce(_.period_start)
        tests = [_.period_start < self.start] * (self.start is not None) + [last > self.end] * (self.end is not None)
        return tests[0] | tests[-1]


def bounds(request: Request) -> Bounds:
    """Read the variants `start` and `end`; UserError for what is no date, or an end before the start."""
    days = {}
    for name in ("start", "end"):
        text = request.variant[name]
        try:
            days[name] = dt.date.fromisoformat(text) if text else None
        except ValueError:
            raise UserError(f"measure '{request.measure.id}': {name} cannot be '{text}'; write it like 2024-05-31") \
                from None
    if days["start"] and days["end"] and days["end"] < days["start"]:
        raise UserError(f"measure '{request.measure.id}': end {days['end']} is before start {days['start']}")
    return Bounds(days["start"], days["end"])


@dataclass(frozen=True)
class Observed:
    """Period of the records (of each source, when grouped by it), cut by the calendar conditions of the question."""

    spans: Mapping[str | None, Window]
    conditions: Sequence[Sequence[tuple[str, Any]]]
    first_month: int
    notes: tuple[str, ...]

    def windows(self, moment: Mapping[str, Any]) -> list[Window]:
        """Return the days of one group, whose source and calendar values are in `moment`; none where one is null."""
        source = moment.get("source")
        span = self.spans.get(source if isinstance(source, str) else None)
        own = [(name, moment[name]) for name in CALENDAR if name in moment]
        if span is None or any(pd.isna(value) for _name, value in own):
            return []
        found = []
        for chosen in product(*self.conditions):
            window: Window | None = span
            for name, value in (*chosen, *own):
                window = window and window.within(calendar_window(name, value, self.first_month))
            if window:
                found.append(window)
        return found


def observed(request: Request) -> Observed:
    """Find the first and last day of the records, whatever they are about: quiet days are person-time too.

    Only conditions on who wrote the records narrow it, and `start` and `end` replace it. Sources whose periods differ
    are named, for their contacts then stand over person-time in which not all of them recorded.
    """
    fiscal, asked = request.variant["fiscal"], bounds(request)
    writers = {name: values for name, values in request.where.items() if name in RECORDING}
    table = dimensions.filtered(request.tables.tables["interventions"], "interventions", writers, fiscal)
    days = request.tables.fetch(table.group_by("source").aggregate(
        first=_.period_start.min(), last=_.period_end.coalesce(_.period_start).max())).dropna(subset=["first"])
    ends = [(source if isinstance(source, str) else None, _day(asked.start or first), _day(asked.end or last))
            for source, first, last in days[["source", "first", "last"]].itertuples(index=False)]
    spans = {source: Window(start, end) for source, start, end in ends if start <= end}
    notes: tuple[str, ...] = ()
    if "source" not in request.by and spans:
        if len(set(map(str, spans.values()))) > 1:
            each = ", ".join(f"{source} {window}" for source, window in sorted(spans.items(), key=str))
            notes = (f"sources cover different periods: {each}",)
        spans = {None: Window(min(w.start for w in spans.values()), max(w.end for w in spans.values()))}
    return Observed(spans, _conditions(request), dimensions.FISCAL_START[fiscal], notes)


def _day(value: dt.date) -> dt.date:
    return pd.Timestamp(value).date()


def _conditions(request: Request) -> list[list[tuple[str, Any]]]:
    """Return the calendar conditions as values of the calendar; their words have been checked with the rows."""
    found: list[list[tuple[str, Any]]] = []
    for name in CALENDAR:
        given = [value for value in dict.fromkeys(request.where.get(name, ())) if value is not None]
        if name == "month":
            found += [[(name, dt.datetime.strptime(str(value), "%Y-%m").date()) for value in given]] if given else []
        elif given:
            found.append([(name, int(value)) for value in given])
    return found
