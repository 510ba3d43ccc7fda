"""Complete regular series: the answer of a measure by period, with the periods in which nothing stands.

The engine answers only the periods in which there is a row. A model of time needs every period, and has to know which
are truly empty, which the data do not cover whole, and over which nothing is known at all.
"""

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError, nearest
from crisiskit.measures.dimensions import FISCAL_START
from crisiskit.measures.intervals import garwood

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

STEPS = ("day", "week", "month", "fiscal_year")
GAP_DAYS = 7
"""The shortest run of empty days that can be a gap: closed weekends and long holidays are shorter."""
GAP_CHANCE = 0.001
"""A run of empty periods is a gap where so long a run would come by chance less often than this in the whole series."""

Period = tuple[str, "pd.Timestamp", "pd.Timestamp"]


@dataclass(frozen=True)
class Series:
    """Contacts by period, one row per period in order and without holes.

    Columns of `frame`: `period` (label), `first_day`, `last_day`, `days` (of the period), `contacts`, `low`, `high`
    (exact Poisson), `incomplete` (the data begin or end within it), `gap` (nothing is known; contacts are null).
    `undated` contacts are dated less finely than the step and stand in no period.
    """

    step: str
    frame: "pd.DataFrame"
    undated: int

    @property
    def whole(self) -> "pd.DataFrame":
        """The periods that are covered whole and of which something is known: the only ones to compare or to fit."""
        return self.frame[~(self.frame["incomplete"] | self.frame["gap"])]


def series(tables: Any, step: str = "month", where: "Mapping[str, Any] | None" = None, fiscal: str = "calendar",
           confidence: float = 0.95) -> Series:
    """Ask the measure `contacts` by `step` and complete the answer over the days that the rows cover.

    Rows that cover a period count where their period is at most as long as the step, so a month's total stands in a
    monthly series and in no daily one. UserError for a step that is not known, or where no row has a date.
    """
    from crisiskit.measures import measure
    from crisiskit.measures.request import ask

    _check(step)
    request = ask(tables, "contacts", (), where, {"fiscal": fiscal, "confidence": confidence})
    if "interventions" not in request.tables.tables:
        raise UserError("there is no series: these tables hold no interventions")
    rows = request.rows()
    ends = rows.aggregate(first=rows.period_start.min(), last=rows.period_end.coalesce(rows.period_start).max(),
                          days=rows.period_start.nunique())
    first, last, days = request.tables.fetch(ends).iloc[0]
    if not days:
        raise UserError("there is no series: no record that meets the conditions has a date")
    span = (_day(first), _day(last))
    answered = measure(request.tables, "contacts", by=step, where=where, fiscal=fiscal)
    return complete(answered, step, span, fiscal, slack(span, int(days)), confidence)


def complete(answered: "pd.DataFrame", step: str, span: tuple[date, date], fiscal: str = "calendar",
             slack: int = 0, confidence: float = 0.95) -> Series:
    """Complete an answer of `contacts` by `step` over the days of `span`.

    A period without a row is zero, unless the run of such periods is too long to be chance (see `gaps`); one whose rows
    all lack the number of contacts is a gap as well. A period that begins before the span or ends after it, by more
    than `slack` days, is incomplete.
    """
    import pandas as pd

    _check(step)
    frame = pd.DataFrame(periods(step, span, fiscal), columns=["period", "first_day", "last_day"])
    frame["days"] = (frame["last_day"] - frame["first_day"]).dt.days + 1
    dated = answered.dropna(subset=step)
    known = dict(zip(dated[step].astype(str), dated["value"].astype("float64"), strict=True))
    contacts = frame["period"].map(known).astype("float64")
    unknown = frame["period"].isin(known) & contacts.isna()  # rows stand there, and none knows its number of contacts
    margin = timedelta(days=slack)
    frame["incomplete"] = (frame["first_day"] + margin < pd.Timestamp(span[0])) | (
        frame["last_day"] - margin > pd.Timestamp(span[1]))
    frame["gap"] = unknown | gaps(contacts.fillna(0), frame["days"])
    contacts = contacts.fillna(0).where(~frame["gap"])
    low, high = garwood(contacts, confidence)
    frame = frame.assign(contacts=contacts, low=low, high=high)
    columns = ["period", "first_day", "last_day", "days", "contacts", "low", "high", "incomplete", "gap"]
    return Series(step, frame[columns], int(answered["value"].sum() - contacts.sum()))


def gaps(contacts: "pd.Series", days: "pd.Series") -> "pd.Series":
    """Mark the runs of empty periods that are too long to be chance: nothing was recorded, or the file is not whole.

    With m contacts a day over the other periods, a run of d days is empty with probability exp(-m d), and can begin at
    each of the periods; runs shorter than a week are never gaps, as many services close at weekends.
    """
    empty = contacts == 0
    runs = (empty != empty.shift()).cumsum()
    lengths = days.groupby(runs).transform("sum")
    rate = contacts.sum() / max(int(days[~empty].sum()), 1)
    chance = len(contacts) * (-rate * lengths).map(math.exp)
    return empty & (lengths >= GAP_DAYS) & (chance < GAP_CHANCE)


def slack(span: tuple[date, date], days: int) -> int:
    """Days without a record that are usual where records stand on `days` days of the span: 0 for a daily service."""
    return math.ceil(((span[1] - span[0]).days + 1) / max(days, 1)) - 1


def periods(step: str, span: tuple[date, date], fiscal: str = "calendar") -> list[Period]:
    """Label, first and last day of every period from that of the first day of `span` to that of its last."""
    import pandas as pd

    first, last = (pd.Timestamp(day) for day in span)
    if step == "fiscal_year":
        shift = pd.DateOffset(months=(13 - FISCAL_START[fiscal]) % 12)
        years = range((first + shift).year, (last + shift).year + 1)
        starts = [pd.Timestamp(year, 1, 1) - shift for year in years]
        ends = [start + pd.DateOffset(years=1, days=-1) for start in starts]
        return [(str(year), start, end) for year, start, end in zip(years, starts, ends, strict=True)]
    code, label = {"day": ("D", "%Y-%m-%d"), "week": ("W-SUN", "%G-W%V"), "month": ("M", "%Y-%m")}[step]
    return [(period.start_time.strftime(label), period.start_time, period.end_time.normalize())
            for period in pd.period_range(first, last, freq=code)]


def _day(moment: Any) -> date:
    import pandas as pd

    return pd.Timestamp(moment).date()


def _check(step: str) -> None:
    if step not in STEPS:
        right = nearest(step, STEPS) or f" (one of {', '.join(STEPS)})"
        raise UserError(f"step: '{step}' is not known{right}")
