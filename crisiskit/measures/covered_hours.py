"""The hours that the data cover, by week and hour of the week on the local clock: the denominator of arrival rates.

Whole days from the first to the last with a contact of known time count, hours without a contact included, so that
partial weeks weigh what they are. A clock change drops or repeats an hour. Where contacts are so many that a day
without any cannot be chance, such a day is a hole in the export and is not covered.
"""

from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from crisiskit.measures import dimensions
from crisiskit.measures.request import Request

BUSY = 20
"""Contacts per day with contacts, from which an empty day is a hole: by chance it would come once in 480 million."""


@dataclass(frozen=True)
class Covered:
    """Hours by group key, `_week` (its Monday), `_weekday` and `_hour` in `grid`; the keys that divide it; remarks."""

    grid: pd.DataFrame
    keys: tuple[str, ...]
    notes: tuple[str, ...]


def hour_keys(table: ibis.Table) -> ibis.Table:
    """Add `_week`, `_weekday` (0 is Monday) and `_hour` of the local time of receipt."""
    local = table.received_local
    return table.mutate(_week=local.truncate("W").cast("date"), _weekday=local.day_of_week.index().cast("int64"),
                        _hour=local.hour().cast("int64"))


def hours_covered(request: Request) -> Covered:
    """Count the hours that the data cover, divided as the request's calendar keys and sources are.

    Only conditions on the calendar, the clock and the source narrow it: in an hour in which others came and the
    contacts asked about did not, these were truly none.
    """
    table = request.tables.tables["interventions"]
    fiscal = request.variant["fiscal"]
    table = dimensions.filtered(table, "interventions", _only(request, ("source",)), fiscal)
    table = table.filter(table.received_local.notnull() & ~table.is_aggregate.fill_null(False))
    apart = ["source"] if "source" in request.by else []
    days = request.tables.fetch(
        table.mutate(_day=_.received_local.cast("date")).group_by([*apart, "_day"]).aggregate(
            records=_.count(), zones=_.time_zone.nunique(), zone=_.time_zone.max()))
    keys = tuple(key for key in request.by if key in (*dimensions.DIMENSIONS, "source"))
    if days.empty:
        return Covered(pd.DataFrame(columns=[*keys, "_week", "_weekday", "_hour", "_hours"]), keys, ())
    notes: list[str] = []
    groups = days.groupby("source", dropna=False) if apart else [(None, days)]
    parts = [pd.DataFrame({"received_local": _local_hours(held, notes)}).assign(**dict.fromkeys(apart, source))
             for source, held in groups]
    hours = pd.concat(parts, ignore_index=True)
    hours["period_start"] = hours["received_local"].dt.date
    grid = ibis.memtable(hours.assign(time_precision="hour"))
    grid = dimensions.filtered(grid, "interventions", _only(request, dimensions.DIMENSIONS), fiscal)
    derived = {key: dimensions.key(grid, key, fiscal) for key in keys if key in dimensions.DIMENSIONS}
    grid = hour_keys(grid.mutate(**derived) if derived else grid)
    counted = grid.group_by([*keys, "_week", "_weekday", "_hour"]).aggregate(_hours=_.count())
    return Covered(request.tables.fetch(counted), keys, tuple(dict.fromkeys(notes)))


def _only(request: Request, names: tuple[str, ...]) -> dict[str, tuple]:
    return {name: values for name, values in request.where.items() if name in names}


def _local_hours(days: pd.DataFrame, notes: list[str]) -> pd.DatetimeIndex:
    """Return the local time at which each covered hour begins; what was assumed or left out goes to `notes`."""
    first, last = pd.Timestamp(days["_day"].min()), pd.Timestamp(days["_day"].max())
    zones = days["zone"].dropna().unique()
    ends = pd.DatetimeIndex([first, last + pd.Timedelta(days=1)])
    if len(zones) == 1 and days["zones"].max() == 1:
        ends = ends.tz_localize(zones[0], ambiguous=[True, True], nonexistent="shift_forward")
    else:
        notes.append("no single time zone: clock changes are not in the hours covered")
    local = pd.date_range(ends[0], ends[1], freq="h", inclusive="left").tz_localize(None)
    if days["records"].mean() < BUSY:
        return local
    held = pd.DatetimeIndex(pd.to_datetime(days["_day"])).unique()
    holes = (last - first).days + 1 - len(held)
    if holes:
        notes.append(f"days without any record, not covered {holes}")
    return local[local.normalize().isin(held)]
