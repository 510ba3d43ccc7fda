"""Clocks: intervals between two moments of a record, with percentiles, their intervals, and what was set apart.

An interval is a difference of instants in microseconds since the epoch, so no session's time zone can bend it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import dimensions
from crisiskit.measures.answer import finish, tally
from crisiskit.measures.arrivals import chosen
from crisiskit.measures.definitions import definition
from crisiskit.measures.intervals import order_ranks, student
from crisiskit.measures.order_statistics import order_statistics
from crisiskit.measures.request import AGGREGATE, Request, Why, ask, count, each, judged

DAY_US = 24 * 3600 * 1_000_000


@dataclass(frozen=True)
class Clock:
    """Two moments of a record, and the column of seconds that stands in for them where the source has only that."""

    start: str
    end: str
    seconds: str | None = None


CLOCKS = {
    "answer_time": Clock("received_at", "answered_at", "wait_s"),
    "dispatch_time": Clock("received_at", "dispatched_at"),
    "travel_time": Clock("dispatched_at", "arrived_at"),
    "response_time": Clock("received_at", "arrived_at"),
    "on_scene_time": Clock("arrived_at", "cleared_at"),
    "recording_delay": Clock("received_at", "reported_at"),
    "speed_of_answer": Clock("received_at", "answered_at", "wait_s"),
}
PERCENTILES = {"median": 0.5, "p75": 0.75, "p90": 0.9}


@ibis.udf.scalar.builtin(name="epoch_us")
def _epoch_us(moment: ibis.dtype("timestamp")) -> int:  # type: ignore[valid-type]
    """Microseconds since the epoch, of a wall clock."""


@ibis.udf.scalar.builtin(name="epoch_us")
def _epoch_us_utc(moment: ibis.dtype("timestamp('UTC')")) -> int:  # type: ignore[valid-type]
    """Microseconds since the epoch, of an instant."""


@ibis.udf.scalar.builtin(name="timezone")
def wall(zone: str, moment: ibis.dtype("timestamp('UTC')")) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """Local wall clock of an instant in an IANA zone."""


def elapsed(table: ibis.Table, clock: Clock, zones: Sequence[str] | None = None) -> ibis.Value:
    """Microseconds from start to end; null where either is missing and no column of seconds stands in for them.

    With `zones` (those that the table holds), the difference of wall clocks; a zone that is named once for all rows is
    many times faster than one looked up row by row.
    """
    start, end = table[clock.start], table[clock.end]
    if zones is None:
        passed = _epoch_us_utc(end) - _epoch_us_utc(start)
    else:
        passed = ibis.null("int64")
        for zone in zones:
            here = _epoch_us(wall(zone, end)) - _epoch_us(wall(zone, start))
            passed = ibis.ifelse(table.time_zone == zone, here, passed)
    if clock.seconds is None:
        return passed
    return passed.coalesce((table[clock.seconds] * 1_000_000).round().cast("int64"))


def unanswered(table: ibis.Table) -> ibis.Value:
    """Tell whether a contact ended without an answer: its wait was cut off and is no answer time."""
    gave_up = table.answered.isnull() & table.answered_at.isnull() & (
        (table.abandoned.fill_null(0) > 0) | table.abandoned_at.notnull())
    return (table.answered.fill_null(1) == 0) | gave_up


def _zones(request: Request, table: ibis.Table) -> list[str] | None:
    """Return the time zones of the rows when wall clocks are asked for, else None."""
    if request.variant.get("clock") != "wall":
        return None
    return sorted(request.tables.fetch(table.select("time_zone").distinct())["time_zone"].dropna())


def _why(table: ibis.Table, clock: Clock, wall: bool, within_h: float | None) -> Why:
    """List why a row gives no interval, in the order in which a row is asked."""
    zone = [("time zone missing", table[clock.start].notnull() & table[clock.end].notnull() & table.time_zone.isnull())]
    return [
        AGGREGATE,
        *([("not answered", unanswered(table))] if clock.seconds else []),
        *(zone if wall else []),
        ("start missing", table.elapsed.isnull() & table[clock.start].isnull()),
        ("end missing", table.elapsed.isnull()),
        ("negative", table.elapsed < 0),
        *([(f"over {within_h} h", table.elapsed > int(within_h * 3600 * 1_000_000))] if within_h is not None else []),
    ]


def interval(request: Request) -> pd.DataFrame:
    """Median, p75, p90 and mean of a clock, in minutes. Intervals of zero and over 24 h stay in and are counted."""
    return _statistics(request, (*PERCENTILES, "mean"), 60_000_000)


def speed_of_answer(request: Request) -> pd.DataFrame:
    """Mean, median and p90 of the wait of answered contacts, in seconds."""
    return _statistics(request, ("mean", "median", "p90"), 1_000_000)


def _statistics(request: Request, statistics: Sequence[str], unit: int) -> pd.DataFrame:
    """Compute the statistics of one clock in two passes: counts by group, then the order statistics that they call for.

    The standard error of the mean is s / sqrt(n).
    """
    clock, arrival = CLOCKS[request.measure.id], chosen(request, request.rows())
    request, table = arrival.request, arrival.table
    zones = _zones(request, table)
    table = table.mutate(elapsed=elapsed(table, clock, zones))
    why = _why(table, clock, zones is not None, request.variant.get("within_h"))
    why = [why[0], *arrival.why, *why[1:]]
    sums = {"total": _.elapsed.sum().cast("float64"), "squares": ((_.elapsed / unit) * (_.elapsed / unit)).sum(),
            "zero": (_.elapsed == 0).sum(), "long": (_.elapsed > DAY_US).sum(),
            "broken": (_.elapsed % 1_000_000 != 0).sum()}
    needs = [name for alternative in request.measure.needs for name in alternative]
    groups = tally(request, count(request, table, why, sums, recorded=needs), why, sums)
    n = groups["rows_used"].astype("float64").where(groups["rows_used"] > 0)
    groups = groups.assign(denominator=n, numerator=np.nan)
    total = groups["total"] / unit
    spread = ((groups["squares"] - total**2 / n) / (n - 1).where(n > 1)).clip(lower=0)
    low, high = student(total / n, np.sqrt(spread / n), n, request.variant["confidence"])
    found = _percentiles(request, table, why, groups, [name for name in statistics if name != "mean"])
    parts = [
        groups.assign(statistic=name, numerator=total, value=total / n, low=np.maximum(low, 0), high=high)
        if name == "mean" else
        groups.assign(statistic=name, **{part: values / unit for part, values in found[name].items()})
        for name in statistics
    ]
    rows = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    return finish(request, rows, arrival.note, kept={"zero": "zero", "over 24 h": "long"})


def _percentiles(request: Request, table: ibis.Table, why: Why, groups: pd.DataFrame,
                 names: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """Return value, low and high of every percentile, one number per group, in microseconds.

    Type 7: linear between the order statistics around position (n - 1) * share; limits are order statistics as well.
    """
    n = groups["denominator"].to_numpy()
    positions = {name: (n - 1) * PERCENTILES[name] for name in names}
    ranks = {name: (np.floor(position) + 1, np.ceil(position) + 1,
                    *order_ranks(n, PERCENTILES[name], request.variant["confidence"]))
             for name, position in positions.items()}
    rows = judged(table, why).filter(_._why == -1).select(*request.by, "elapsed")
    wanted = [(n, rank) for four in ranks.values() for rank in four]
    values = order_statistics(request, each(rows, request.by), groups, wanted)
    found = {}
    for name, position in positions.items():
        below, above, low, high = (
            values.reindex(pd.MultiIndex.from_arrays([groups.index, rank])).to_numpy() for rank in ranks[name])
        found[name] = {"value": below + (position % 1) * (above - below), "low": low, "high": high}
    return found


def audit(tables: Any, by: str | Sequence[str] = (), where: Mapping[str, Any] | None = None,
          clock: str = "instant") -> pd.DataFrame:
    """Count, for every clock and group, what is missing or odd; rows that cover a period are left out.

    Columns: *by, clock, label, start, end, n (intervals that are not negative, zero and long ones included),
    start_missing, end_missing_start_present, negative, zero, over_24h, reasons. A clock that the source does not keep
    has nulls and the reason, never zeros.
    """
    request = ask(tables, "response_time", by, where, {"clock": clock})
    if "interventions" not in request.tables.tables:
        raise UserError("these tables hold no interventions, so there is no clock to audit")
    table = request.rows()
    zones = _zones(request, table)
    names = [name for name in CLOCKS if name != "speed_of_answer"]
    moments = list(dict.fromkeys(column for name in names for column in _columns(CLOCKS[name])))
    sums: dict[str, ibis.Value] = {}
    for name in names:
        passed, start = elapsed(table, CLOCKS[name], zones), table[CLOCKS[name].start].notnull()
        sums |= {
            f"{name} n": (passed >= 0).sum(), f"{name} start_missing": (passed.isnull() & ~start).sum(),
            f"{name} end_missing_start_present": (passed.isnull() & start).sum(),
            f"{name} negative": (passed < 0).sum(), f"{name} zero": (passed == 0).sum(),
            f"{name} over_24h": (passed > DAY_US).sum(),
        }
    groups = tally(request, count(request, table, [AGGREGATE], sums, recorded=moments), [AGGREGATE], sums)
    frame = pd.concat([_audited(groups, request.by, name) for name in names], ignore_index=True)
    for key in request.by:
        frame[key] = dimensions.written(key, frame[key])
    return frame


COUNTS = ("n", "start_missing", "end_missing_start_present", "negative", "zero", "over_24h")


def _columns(clock: Clock) -> tuple[str, ...]:
    return (clock.start, clock.end, *((clock.seconds,) if clock.seconds else ()))


def _audited(groups: pd.DataFrame, by: Sequence[str], name: str) -> pd.DataFrame:
    """Return one clock's rows of the audit."""
    clock = CLOCKS[name]
    lacking = [column for column in _columns(clock) if groups[f"recorded_{column}"].sum() == 0]
    stands_in = clock.seconds is not None and clock.seconds not in lacking
    kept = stands_in or (clock.start not in lacking and clock.end not in lacking)
    frame = groups[list(by)].assign(clock=name, label=definition(name).label.partition(",")[0], start=clock.start,
                                    end=clock.end)
    for column in COUNTS:
        frame[column] = groups[f"{name} {column}"].astype("Int64") if kept else pd.array([pd.NA] * len(groups), "Int64")
    missing = ", ".join(column for column in lacking if column != clock.seconds)
    return frame.assign(reasons="" if kept else f"not recorded in this source: {missing}")
