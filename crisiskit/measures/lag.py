"""Reporting lag: how long after the contact the record was written, and how much of the last months is still to come.

A record can only be seen once it is written, so recent contacts are those that were written fast: the share written
late is too small in them, and their number too low. The delay's distribution is therefore estimated backwards in
time from contacts that were old enough for each delay to be seen (product-limit under right truncation).

Sources: Lagakos, Barraj and De Gruttola, Biometrika 75 (1988) 515-523; Brookmeyer and Gail, AIDS Epidemiology: A
Quantitative Approach (1994) chapter 7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
from ibis import _

from crisiskit.measures.clocks import wall
from crisiskit.measures.request import AGGREGATE, Request, Why, ask, count, judged

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.measures.series import Series

STAMPS = ("reported_at", "recorded_on")
LONGEST_DAYS = 365
"""Delays are followed for so many days at most, and for no more than half of the days that the contacts cover."""
ENOUGH = 0.95
"""A period is taken as complete where at least this share of its records is expected to be written."""


@dataclass(frozen=True)
class Delays:
    """Records by day of contact and delay. `frame`: `day`, `lag`, `age` (whole days), `records`.

    The age is that of the contact at the end of its source's data. `last` is the end of all data: the
    latest stamp, or the latest day of contact where stamps end before. `left_out` maps why a row has no delay to the
    number of such rows.
    """

    frame: "pd.DataFrame"
    stamp: str
    last: date
    left_out: Mapping[str, int]

    @property
    def records(self) -> int:
        """Number of records whose delay is known."""
        return int(self.frame["records"].sum())


def recorded_within(request: Request) -> "pd.DataFrame":
    """Share of records that were stamped within `days` calendar days of the contact, of those old enough to tell."""
    from crisiskit.measures.answer import finish, ratio, tally
    from crisiskit.measures.intervals import wilson

    request = _stamped(request)
    days, needs = request.variant["days"], [[request.variant["stamp"], "period_start"]]
    table, why = _lagged(request)
    age = _.end.delta(_.period_start, unit="day")
    why = [*why, (f"less than {days} days old", age < days)]
    sums = {"within": (_.lag <= days).sum()}
    groups = tally(request, count(request, table, why, sums, recorded=needs[0]), why, sums)
    low, high = wilson(groups["within"], groups["rows_used"], request.variant["confidence"])
    groups = groups.assign(numerator=groups["within"], denominator=groups["rows_used"], low=low, high=high,
                           value=ratio(groups["within"], groups["rows_used"]))
    return finish(request, groups, needs=needs)


def delays(tables: Any, where: Mapping[str, Any] | None = None, stamp: str | None = None) -> Delays | None:
    """Count records by day of contact and delay; None where no record has both a day and a stamp.

    `stamp` as in the measure `recorded_within`.
    """
    import pandas as pd

    asked = ask(tables, "recorded_within", (), where, {"stamp": stamp})
    if "interventions" not in asked.tables.tables:
        return None
    request = _stamped(asked)
    table, why = _lagged(request)
    marked = judged(table, why)
    reasons = request.tables.fetch(marked.group_by("_why").aggregate(rows=_.count())).set_index("_why")["rows"]
    used = marked.filter(_._why == -1).mutate(day=_.period_start, age=_.end.delta(_.period_start, unit="day"))
    keys = ["day", "lag", "age"]
    frame = request.tables.fetch(used.group_by(keys).aggregate(records=_.count()).order_by(keys))
    last = request.tables.fetch(table.aggregate(end=_.end.max()))["end"].iloc[0]
    if frame.empty:
        return None
    frame = frame.astype({"lag": "int64", "age": "int64"}).assign(day=pd.to_datetime(frame["day"]))
    left = {label: int(reasons.get(place, 0)) for place, (label, _condition) in enumerate(why)}
    return Delays(frame, request.variant["stamp"], _date(last), {label: rows for label, rows in left.items() if rows})


def distribution(found: Delays, longest: int = LONGEST_DAYS) -> "pd.Series":
    """Share of records written within 0, 1, 2 ... days, of those written within the longest delay that is followed.

    With n(v) records of delay v, and N(v) of delay v or less whose contact is at least v days before the end of the
    data, the share within d days is the product of 1 - n(v) / N(v) over all v above d. Index: days, the last being 1.
    """
    import pandas as pd

    ages = found.frame["age"]
    longest = max(min(longest, int(ages.max()) // 2), 1)
    weights = found.frame["records"].to_numpy()
    kept = (found.frame["lag"] <= longest).to_numpy()
    size = int(ages.max()) + 2
    written = np.bincount(found.frame["lag"][kept], weights[kept], size)
    aged = np.bincount(ages[kept], weights[kept], size)
    younger = np.concatenate([[0], np.cumsum(aged)[:-1]])
    at_risk = np.cumsum(written) - younger
    factor = 1 - np.divide(written, at_risk, out=np.zeros(size), where=at_risk > 0)
    within = np.cumprod(factor[longest:0:-1])[::-1]
    return pd.Series([*within, 1.0], index=pd.RangeIndex(longest + 1, name="days"), name="share")


def expected_completeness(series: "Series", found: Delays, enough: float = ENOUGH) -> "pd.DataFrame":
    """For each period of a series: the share of its records that is expected to be written by the last stamp.

    It is the mean, over the days of the period up to the last stamp, of the share written within the day's age; what is
    written after the longest delay that is followed is not in it. Columns: `period`, `first_day`, `last_day`,
    `contacts`, `incomplete`, `expected_share`, `expected_contacts` (contacts / share), `complete`.
    """
    import pandas as pd

    within, last = distribution(found), pd.Timestamp(found.last)
    shares = []
    for row in series.frame.itertuples():
        ages = (last - pd.date_range(row.first_day, min(row.last_day, last))).days.to_numpy()
        shares.append(float(within.to_numpy()[np.minimum(ages, len(within) - 1)].mean()) if len(ages) else 0.0)
    frame = series.frame[["period", "first_day", "last_day", "contacts", "incomplete"]].assign(expected_share=shares)
    positive = frame["expected_share"].where(frame["expected_share"] > 0)
    return frame.assign(expected_contacts=frame["contacts"] / positive,
                        complete=(frame["expected_share"] >= enough) & ~frame["incomplete"])


def _stamped(request: Request) -> Request:
    """Choose the stamp: the one asked for, else the first that is recorded, else the first."""
    if request.variant["stamp"] is not None:
        return request
    table = request.tables.tables["interventions"]
    known = request.tables.fetch(table.aggregate(**{name: table[name].count() for name in STAMPS})).iloc[0]
    chosen = next((name for name in STAMPS if known[name] > 0), STAMPS[0])
    return replace(request, variant={**request.variant, "stamp": chosen})


def _lagged(request: Request) -> tuple[ibis.Table, Why]:
    """Rows with `lag` (calendar days from contact to stamp), `end` (of the source's data), and why one has none.

    A source's data go on at least to its latest stamp and its latest day of a single contact, whatever the conditions.
    """
    every, stamp = request.tables.tables["interventions"], request.variant["stamp"]
    zones = sorted(request.tables.fetch(every.select("time_zone").distinct())["time_zone"].dropna())
    day = ibis.ifelse(every.is_aggregate, ibis.null("date"), every.period_start)
    ends = every.group_by("source").aggregate(end=ibis.greatest(_stamp_day(every, stamp, zones), day).max())
    table = request.rows()
    last = [(table.source == row.source if isinstance(row.source, str) else table.source.isnull(), _date(row.end))
            for row in request.tables.fetch(ends.filter(_.end.notnull())).itertuples()]
    end = ibis.cases(*last, else_=ibis.null("date")) if last else ibis.null("date")
    table = table.mutate(end=end, stamp_day=_stamp_day(table, stamp, zones))
    table = table.mutate(lag=table.stamp_day.delta(table.period_start, unit="day"))
    zone = [("time zone missing", _.reported_at.notnull() & _.time_zone.isnull())] if stamp == "reported_at" else []
    fine = _.time_precision.isnull() | _.time_precision.isin(("second", "minute", "hour", "day"))
    return table, [AGGREGATE, ("day of contact missing", _.period_start.isnull() | ~fine), *zone,
                   ("stamp missing", _.stamp_day.isnull()), ("stamped before the contact", _.lag < 0)]


def _stamp_day(table: ibis.Table, stamp: str, zones: Sequence[str]) -> ibis.Value:
    """Local day of the stamp; null where it, or the time zone of a moment, is missing."""
    if stamp == "recorded_on":
        return table.recorded_on
    local = [(table.time_zone == zone, wall(zone, table.reported_at).date()) for zone in zones]
    return ibis.cases(*local, else_=ibis.null("date")) if local else ibis.null("date")


def _date(moment: Any) -> date:
    import pandas as pd

    return pd.Timestamp(moment).date()
