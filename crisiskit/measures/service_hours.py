"""Service hours: a week's schedule read from text, and whether a contact came within it.

The clock is the local wall clock, and the week begins on Monday at 00:00.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np

from crisiskit.errors import UserError, nearest
from crisiskit.measures.dimensions import WEEKDAYS

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY = 24 * 60
WEEK = 7 * DAY
"""Minutes."""

RIGHT = "write it like 'Mon-Fri 08:00-20:00; Sat 10:00-18:00; Sun closed'"
EVERY_DAY = ("daily", "every day", "all days")
FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

ENTRY = re.compile(r"(?P<days>[^\d]+?)[\s:]+(?P<times>closed|\d.*)", re.IGNORECASE)
SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?")


@dataclass(frozen=True)
class ServiceHours:
    """The hours of a week in which a service is open.

    `spans` are half-open intervals in minutes from Monday 00:00, in order and apart from each other; a span over
    Sunday's midnight is cut there. `text` is the schedule as it was given.
    """

    spans: tuple[tuple[int, int], ...]
    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def minutes(self) -> "NDArray[np.bool_]":
        """One truth value per minute of the week: open or not."""
        week = np.zeros(WEEK, bool)
        for start, end in self.spans:
            week[start:end] = True
        return week

    @property
    def open_share(self) -> "NDArray[np.float64]":
        """Share of each of the 168 hours of the week in which the service is open."""
        return self.minutes.reshape(-1, 60).mean(axis=1)

    @property
    def hours_per_week(self) -> float:
        """Hours of service in a week."""
        return float(self.minutes.sum()) / 60


def read(given: "str | Mapping[str, str] | ServiceHours") -> ServiceHours:
    """Read a schedule: entries of days and times, apart by semicolons or lines, or a mapping of days to times.

    Days are names, lists and ranges (`Mon-Fri`, `Sat, Sun`, `daily`); times are spans (`08:00-12:00, 13:00-17:00`), or
    `closed`. A span that ends before it begins runs over midnight into the next day; `24/7` is always. Days that no
    entry names are closed. UserError that says what would be right.
    """
    if isinstance(given, ServiceHours):
        return given
    text = "; ".join(f"{days} {times}" for days, times in given.items()) if isinstance(given, Mapping) else str(given)
    week, closed, opened = np.zeros(WEEK, bool), set[int](), set[int]()
    for entry in (part.strip() for part in re.split(r"[;\n]", text)):
        if not entry:
            continue
        days, spans = _entry(entry)
        (opened if spans else closed).update(days)
        for start, end in ((day * DAY + start, day * DAY + end) for day in days for start, end in spans):
            week[np.arange(start, end) % WEEK] = True
    if both := sorted(closed & opened):
        raise UserError(f"hours: '{text}' says that {WEEKDAYS[both[0]]} is closed and gives hours for it; keep one")
    if not week.any():
        raise UserError(f"hours: '{text}' holds no hours of service; {RIGHT}")
    edges = np.flatnonzero(np.diff(np.concatenate([[0], week.astype(int), [0]])))
    return ServiceHours(tuple((int(start), int(end)) for start, end in edges.reshape(-1, 2)), text.strip())


def _entry(entry: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Read one entry: its days as numbers, and its spans in minutes of the day (an end past 1440 is the next day)."""
    if entry.replace(" ", "") == "24/7":
        return list(range(7)), [(0, DAY)]
    found = ENTRY.fullmatch(entry)
    if found is None:
        raise UserError(f"hours: '{entry}' is not days and times; {RIGHT}")
    days, times = _days(found["days"], entry), found["times"]
    return days, [] if times.lower() == "closed" else [_span(part, entry) for part in times.split(",")]


def _days(text: str, entry: str) -> list[int]:
    """Read names, lists and ranges of days; a range may run over Sunday."""
    if " ".join(text.lower().split()) in EVERY_DAY:
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        ends = [_day(name, entry) for name in re.split(r"[-–]", part)]
        if len(ends) > 2:
            raise UserError(f"hours: '{part.strip()}' in '{entry}' is no range of days; {RIGHT}")
        days += [(ends[0] + step) % 7 for step in range((ends[-1] - ends[0]) % 7 + 1)]
    return days


def _day(name: str, entry: str) -> int:
    word = name.strip().lower()
    for number, full in enumerate(FULL_NAMES):
        if len(word) >= 3 and full.startswith(word):
            return number
    close = nearest(word, FULL_NAMES) or nearest(word, WEEKDAYS) or f"; {RIGHT}"
    raise UserError(f"hours: '{name.strip()}' in '{entry}' is no day{close}")


def _span(text: str, entry: str) -> tuple[int, int]:
    """Read one span of times in minutes of the day; a span over midnight ends after 1440."""
    found = SPAN.fullmatch(text.strip())
    if found is None:
        raise UserError(f"hours: '{text.strip()}' in '{entry}' is no span of times; write it like 08:00-20:00")
    start, end = (int(found[place]) * 60 + int(found[place + 1] or 0) for place in (1, 3))
    if start >= DAY or end > DAY or int(found[2] or 0) > 59 or int(found[4] or 0) > 59:
        raise UserError(f"hours: '{text.strip()}' in '{entry}' is outside the day, which runs from 00:00 to 24:00")
    if start == end:
        raise UserError(f"hours: '{text.strip()}' in '{entry}' has no length; a whole day is 00:00-24:00")
    return start, end if end > start else end + DAY


def inside(table: ibis.Table, hours: ServiceHours) -> ibis.Value:
    """Tell whether a row's local time of receipt is within the hours; null where the time of day is not known."""
    local = table.received_local
    minute = local.day_of_week.index().cast("int64") * DAY + local.hour().cast("int64") * 60 + local.minute()
    return ibis.or_(*[(minute >= start) & (minute < end) for start, end in hours.spans])


def hour_of_week(table: ibis.Table) -> ibis.Value:
    """Number of the hour of the week, 0 to 167 from Monday 00:00, on the local clock; null where it is not known."""
    local = table.received_local
    return local.day_of_week.index().cast("int64") * 24 + local.hour().cast("int64")
