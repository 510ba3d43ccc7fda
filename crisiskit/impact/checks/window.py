"""Periods by the calendar: when they end, which of them a stretch of days touches, and the same a year earlier."""

from datetime import date, timedelta

import numpy as np

from crisiskit.days import Span
from crisiskit.impact.panel import Panel

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def next_start(start: date, step: str) -> date:
    """First day of the period after the one that starts on `start`."""
    if step == "week":
        return start + timedelta(days=7)
    month = start.month - 1 + MONTHS[step]
    return date(start.year + month // 12, month % 12 + 1, start.day)


def span(panel: Panel) -> Span:
    """Days from the first of the first period to the last of the last one."""
    return Span.model_validate(
        {"from": panel.starts[0], "to": next_start(panel.starts[-1], panel.step) - timedelta(days=1)}
    )


def touched(panel: Panel, days: Span) -> np.ndarray:
    """Mask of the periods with a day in the stretch."""
    return np.array(
        [start <= days.last and next_start(start, panel.step) > days.first for start in panel.starts], dtype=bool
    )


def number(day: date, origin: date, step: str) -> int:
    """Position of the period that holds the day, counted from the period that holds `origin`."""
    if step == "week":
        return (day - origin).days // 7
    months = 12 * (day.year - origin.year) + day.month - origin.month
    return (months + (origin.month - 1) % MONTHS[step]) // MONTHS[step]


def year_before(whole: Panel) -> list[tuple[int, int]]:
    """Positions of the same period in the year before the programme, and while it ran, in order of time.

    Pairs of which both are in the panel and the earlier one lies before the programme began anywhere: its first year.
    """
    place = {start: at for at, start in enumerate(whole.starts)}
    pairs = []
    for at in np.flatnonzero(~whole.before).tolist():
        start = whole.starts[at]
        earlier = start - timedelta(days=364) if whole.step == "week" else start.replace(year=start.year - 1)
        if earlier in place and whole.before[place[earlier]]:
            pairs.append((place[earlier], at))
    return pairs
