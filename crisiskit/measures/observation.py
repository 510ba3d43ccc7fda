"""How long a source was watched: its last recorded moment, and what had not been observed for long enough by then.

A step that did not happen within 30 days is a failure only where 30 days were observed.
"""

import datetime as dt
from collections.abc import Sequence

import ibis
import pandas as pd

from crisiskit.errors import UserError
from crisiskit.measures.request import Request

HOUR, DAY = 3600, 86400
"""Seconds; steps are timed in whole seconds."""

MOMENTS = {
    "interventions": ("received_at", "answered_at", "arrived_at", "cleared_at"),
    "follow_ups": ("attempted_at", "reached_at", "completed_at"),
}
"""Moments at which something was seen to happen; `due_at` may lie ahead of all of them."""

DATES = ("occurred_on", "period_start")

STARTS = {"received": "received_at", "cleared": "cleared_at", "due": "due_at"}
"""Where the clock of a step can start: when its contact came in, when that was cleared, or when the step was due."""


def ends(request: Request, tables: Sequence[str] = tuple(MOMENTS)) -> dict[str | None, pd.Timestamp]:
    """Return, for each source, the instant until which it was observed: variant `until`, else the last of `tables`.

    Whether a contact came again is seen only as long as contacts are: a service recorded later adds nothing to that.
    """
    given = _given(request.variant.get("until"))
    found: dict[str | None, pd.Timestamp] = {}
    for name in tables:
        table, moments = request.tables.tables.get(name), MOMENTS[name]
        if table is None:
            continue
        last = {column: table[column].max() for column in moments}
        if name == "interventions":  # a source of dates was observed until the evening of its last day
            last |= {column: table[column].max().cast("string") for column in DATES}
        for row in request.tables.fetch(table.group_by("source").aggregate(**last)).itertuples(index=False):
            source = None if pd.isna(row.source) else row.source
            moments_here = [pd.Timestamp(getattr(row, column)) for column in moments]
            if name == "interventions" and pd.isna(row.received_at):
                moments_here += [evening(getattr(row, column)) for column in DATES]
            known = [moment for moment in (found.get(source), *moments_here) if not pd.isna(moment)]
            if known:
                found[source] = max(known) if given is None else given
    return found


def evening(day: str | None) -> pd.Timestamp:
    """Return the end of a day written as 2025-01-31, as an instant; NaT where there is none."""
    return pd.NaT if pd.isna(day) else pd.Timestamp(day, tz="UTC") + pd.Timedelta(days=1)


def _given(until: str | None) -> pd.Timestamp | None:
    """Read the variant `until` as the end of that day; UserError unless it is a date."""
    if until is None:
        return None
    try:
        return evening(dt.date.fromisoformat(str(until)).isoformat())
    except ValueError:
        raise UserError(f"until: '{until}' is not a date; write it like 2025-01-31") from None


def end_of(table: ibis.Table, until: dict[str | None, pd.Timestamp]) -> ibis.Value:
    """Return the end of observation of a row's source, in seconds since the epoch; null where nothing is timed."""
    cases = [(table.source.isnull() if source is None else table.source == source, int(end.timestamp()))
             for source, end in until.items()]
    return ibis.cases(*cases, else_=ibis.null("int64")) if cases else ibis.null("int64")


def said(until: dict[str | None, pd.Timestamp]) -> str:
    """Say until when was observed, on one line."""
    days = sorted({f"{end:%Y-%m-%d}" for end in until.values()})
    return f"observed until {' to '.join(dict.fromkeys([days[0], days[-1]]))}" if days else ""


def short(start: ibis.Value, end: ibis.Value, seconds: float) -> ibis.Value:
    """Tell whether fewer than `seconds` were observed after `start`; what came of it meanwhile must not decide."""
    return start + int(seconds) > end
