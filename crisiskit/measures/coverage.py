"""Coverage: demand by hour of the week against the hours of service, and what an added shift would have reached.

Demand is contacts of known local time; rows that cover a period cannot have one, and are left out and counted.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import dimensions
from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.cascade import recorded
from crisiskit.measures.intervals import wilson
from crisiskit.measures.outcomes import BOUNDS, shares
from crisiskit.measures.request import AGGREGATE, Request, Why, ask, count
from crisiskit.measures.service_hours import DAY, RIGHT, ServiceHours, hour_of_week, inside, read

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["ServiceHours", "added_shift", "best_shifts", "coverage", "covered", "inside", "read"]

HOURS = 168
"""Hours in a week."""

RECORDED = ("contacts", "received_local")
NO_HOUR = "hour not recorded"
COLUMNS = ("weekday", "hour", "demand", "in_service", "covered", "share_covered", "low", "high", "hour_not_recorded",
           "reasons")
"""Columns of the clock of demand, after those that it is grouped by."""

WHY: Why = [AGGREGATE, ("contacts missing", _.contacts.isnull()), (NO_HOUR, _.received_local.isnull())]


def covered(request: Request) -> pd.DataFrame:
    """Contacts within the hours / contacts of known local time; bounds put every unknown time outside, or inside."""
    return _answer(request, _count(request))


def _count(request: Request, shift: ServiceHours | None = None) -> pd.DataFrame:
    """Count contacts by group, hour of the week and reason, those within the hours and those that a shift adds."""
    table, hours = request.rows(), request.variant["hours"]
    if hours is None and min(recorded(request, RECORDED).values()) > 0:
        raise UserError(f"measure 'coverage' needs the hours of service: hours='...'; {RIGHT}")
    within = ibis.null("boolean") if hours is None else inside(table, read(hours))
    table = table.mutate(hour_of_week=hour_of_week(table), inside=within)
    sums = {"part": _.contacts.sum(where=_.inside), "total": _.contacts.sum()}
    if shift is not None:
        sums["added"] = _.contacts.sum(where=~_.inside & inside(table, shift))
    return count(request, table, WHY, sums, also=["hour_of_week"], recorded=RECORDED)


def _answer(request: Request, cells: pd.DataFrame, extras: Sequence[str] = ()) -> pd.DataFrame:
    """Turn the cells into the share covered by group; `extras` are sums to keep."""
    groups = tally(request, cells, WHY, ("part", "total", *extras)).assign(unknown=_unknown(cells))
    groups = shares(groups, groups["part"], groups["total"], groups["unknown"], request.variant["confidence"])
    return finish(request, groups, extras=[*BOUNDS, *extras])


def _unknown(cells: pd.DataFrame) -> pd.Series:
    """Contacts, by group, whose time of day is not recorded."""
    place = [label for label, _condition in WHY].index(NO_HOUR)
    return cells["_contacts"].where(cells["_why"] == place, 0).groupby(cells["_group"]).sum()


def coverage(tables: Any, hours: str | Mapping[str, str] | ServiceHours, by: str | Sequence[str] = (),
             where: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Set the demand of each hour of the week against the hours of service: 168 rows per group, Monday 00:00 first.

    Columns: *by, `weekday`, `hour`, `demand` [contacts], `in_service` (share of the hour that is open), `covered`
    [contacts within the hours], then of the whole group `share_covered` with its Wilson limits `low` and `high`,
    `hour_not_recorded` [contacts that stand in no hour] and `reasons`. An hour without contacts has demand 0; a group
    none of whose contacts has a known time has null. Where the source records no time of day, one row with the reason.
    """
    service = read(hours)
    request = ask(tables, "coverage", by, where, {"hours": service})
    cells = _count(request)
    whole = _answer(request, cells)
    if (whole["rows_used"] == 0).all():
        return whole.reindex(columns=[*request.by, *COLUMNS])
    used = cells[cells["_why"] == -1].groupby(["_group", "hour_of_week"])[["_contacts", "part"]].sum()
    grid = pd.MultiIndex.from_product([range(len(whole)), range(HOURS)], names=["_group", "hour_of_week"])
    demand = used.reindex(grid, fill_value=0).astype("float64").reset_index()
    group, place = (demand[name].to_numpy("int64") for name in ("_group", "hour_of_week"))
    whole = whole.assign(hour_not_recorded=_unknown(cells).to_numpy(), share_covered=whole["value"])
    frame = whole.iloc[group].reset_index(drop=True)
    known = frame["rows_used"] > 0
    frame = frame.assign(weekday=np.array(dimensions.WEEKDAYS)[place // 24], hour=place % 24,
                         in_service=service.open_share[place], demand=demand["_contacts"].where(known),
                         covered=demand["part"].where(known))
    return frame[[*request.by, *COLUMNS]]


def added_shift(tables: Any, hours: str | Mapping[str, str] | ServiceHours,
                shift: str | Mapping[str, str] | ServiceHours, by: str | Sequence[str] = (),
                where: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """Count what a shift added to the present hours would have reached: contacts in it and outside the present ones.

    Columns: *by, `demand`, `covered`, `added` [contacts], `share_covered` now and `share_after`, `value` = added /
    demand with Wilson limits `low` and `high`, `hours_added` (hours of the week that the shift opens; an hour already
    open adds nothing), `reasons`. Demand stays as it was recorded: people who would call because a service is open
    cannot be in it.
    """
    present, more = read(hours), read(shift)
    request = ask(tables, "coverage", by, where, {"hours": present})
    now = _answer(request, _count(request, more), ["added"])
    low, high = wilson(now["added"], now["denominator"], request.variant["confidence"])
    frame = pd.DataFrame({
        "demand": now["denominator"], "covered": now["numerator"], "added": now["added"].where(now["rows_used"] > 0),
        "share_covered": now["value"], "share_after": ratio(now["numerator"] + now["added"], now["denominator"]),
        "value": ratio(now["added"], now["denominator"]), "low": low, "high": high,
        "hours_added": float((more.minutes & ~present.minutes).sum()) / 60, "reasons": now["reasons"],
    })
    return pd.concat([now[list(request.by)], frame], axis=1)


def best_shifts(demand: "ArrayLike", hours: str | Mapping[str, str] | ServiceHours, length_h: int = 8, top: int = 5,
                daily: bool = False) -> pd.DataFrame:
    """Rank the shifts of `length_h` hours by the demand that they would add to the present hours.

    `demand` has 168 values, Monday 00:00 first, as `coverage` gives them for one group. A shift begins on a full hour
    and may run over midnight; with `daily` it is worked on all seven days. In an hour that is open in part, contacts
    are taken to spread evenly over it. Columns: `rank`, `shift` (as `read` takes it), `added` [contacts],
    `share_added` (of all demand), `hours_added`. Equal shifts stand in the order of the week. UserError for a vector
    of another length, with values that are not counts, or a length outside 1 to 24.
    """
    load = np.asarray(demand, float)
    if load.shape != (HOURS,) or not (load >= 0).all():
        raise UserError(f"demand: {HOURS} counts are needed, one per hour of the week from Monday 00:00, all known")
    if length_h != int(length_h) or not 1 <= length_h <= 24:
        raise UserError(f"length_h: {length_h} is not a whole number of hours from 1 to 24")
    closed = 1 - read(hours).open_share
    starts = np.arange(24 if daily else HOURS)
    within = (starts[:, None] + np.arange(int(length_h))) % HOURS
    if daily:
        within = (within[:, :, None] + 24 * np.arange(7)).reshape(len(starts), -1) % HOURS
    added, hours_added = (load * closed)[within].sum(axis=1), closed[within].sum(axis=1)
    best = np.argsort(-added, kind="stable")[:top]
    minutes = int(length_h) * 60
    texts = [_written(start * 60, start * 60 + minutes, "daily" if daily else None) for start in best]
    total = load.sum() if load.sum() > 0 else np.nan
    return pd.DataFrame({"rank": np.arange(1, len(best) + 1), "shift": texts, "added": added[best],
                         "share_added": added[best] / total, "hours_added": hours_added[best]})


def _written(start: int, end: int, days: str | None = None) -> str:
    """Write minutes of the week as a schedule, day by day where one lasts longer than a day."""
    parts = []
    while start < end:
        day, stop = start // DAY, min(end, (start // DAY + 1) * DAY)
        if end - start < DAY:  # short enough for one entry, over midnight or not
            stop = end
        name = days or dimensions.WEEKDAYS[day % 7]
        parts.append(f"{name} {_clock(start - day * DAY)}-{_clock(stop - day * DAY)}")
        start = stop
    return "; ".join(parts)


def _clock(minute: int) -> str:
    """Write a minute of the day; after midnight it is the next day's, and midnight at the end is 24:00."""
    minute = minute if minute <= DAY else minute - DAY
    return f"{minute // 60:02d}:{minute % 60:02d}"
