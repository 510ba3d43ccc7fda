"""Staffing: the load of each hour of the week, the staff that a target needs for it, and how busy they are.

The load is arrivals per hour x hours of handling. Arrivals are contacts of known local time over the hours that the
data cover; the queue is Erlang C, or Erlang A where patience is known. Answers have 168 rows per group.
"""

import math
from collections.abc import Callable
from functools import lru_cache

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import erlang
from crisiskit.measures.answer import finish, locate, pooled, ratio, tally
from crisiskit.measures.covered_hours import Covered, hour_keys, hours_covered
from crisiskit.measures.dimensions import CLOCK
from crisiskit.measures.intervals import garwood
from crisiskit.measures.request import AGGREGATE, Request, Why, count, each, judged
from crisiskit.measures.rota import scheduled
from crisiskit.measures.waits import reasons, waited

SEVERAL_AT_ONCE = ("chat", "text")
"""Modalities in which one worker serves several people at a time."""

UNCLEAR = ("no staff: chat and text are served several at a time, so one handle time does not hold; give concurrency, "
           "or a condition on modality")

PLACE = ["_weekday", "_hour"]
EXTRAS = ("arrivals_per_hour", "arrivals_low", "arrivals_high", "dispersion", "handle_min", "patience_s", "erlangs",
          "agents", "occupancy", "scheduled", "gap")


def staff_needed(request: Request) -> pd.DataFrame:
    """Staff to schedule in each hour of the week, shrinkage included; at the limits of the arrival rate, low and high.

    `numerator` is the contacts and `denominator` the hours covered; `gap` is scheduled less needed.
    """
    rows, needs, notes = _prepared(request)
    if not rows.empty:
        rows = rows.assign(numerator=rows["contacts"], denominator=rows["hours"], value=rows["staff"])
    return finish(request, rows, notes, extras=EXTRAS, between=CLOCK, needs=needs)


def occupancy(request: Request) -> pd.DataFrame:
    """Offered load over the agents at work: those needed for the target, or those scheduled less shrinkage.

    `numerator` is the load in erlangs, `denominator` the agents (times what each serves at once). Above 1 the queue
    grows without end.
    """
    rows, needs, notes = _prepared(request)
    agents = rows["agents"]
    if request.variant["agents"] == "scheduled":
        agents = rows["scheduled"] * (1 - request.variant["shrinkage"])
        rows["occupancy"] = ratio(rows["erlangs"], agents * request.variant["concurrency"])
    slots = agents * request.variant["concurrency"]
    hourly = rows["handle_min"] / 60
    rows = rows.assign(numerator=rows["erlangs"], denominator=slots, value=ratio(rows["erlangs"], slots),
                       low=ratio(rows["arrivals_low"] * hourly, slots),
                       high=ratio(rows["arrivals_high"] * hourly, slots))
    for index in rows.index[rows["value"] >= 1]:
        notes[index] = "; ".join(part for part in ("unstable: the load is not below the agents", notes[index]) if part)
    return finish(request, rows, notes, extras=EXTRAS, between=CLOCK, needs=needs)


def _prepared(request: Request) -> tuple[pd.DataFrame, list[list[str]], dict[int, str]]:
    """Return 168 rows per group with load, staff and schedule, what they need recorded, and remarks by row."""
    _refuse(request)
    needs = [["received_local", "contacts", *([] if request.variant["handle_min"] else ["duration_min"])]]
    table = hour_keys(waited(request.rows()))
    why: Why = [AGGREGATE, ("time of day missing", table.received_local.isnull()),
                ("contacts missing", table.contacts.isnull())]
    groups = _groups(request, table, why, needs[0])
    if groups["rows_used"].sum() == 0:
        columns = ["weekday", "hour", "contacts", "hours", "staff", *EXTRAS]
        return groups.assign(**dict.fromkeys([*columns, "low", "high", "numerator", "denominator", "value"], np.nan)), \
            needs, {}
    covered = hours_covered(request)
    rows = _arrivals(request, groups, _by_week(request, table, why, groups, covered))
    texts = _remarks(rows, covered, pooled(request, table, ("source", "record_kind", "modality"), groups))
    rows = _with_schedule(request, _with_staff(request, rows), covered, texts)
    return rows, needs, {index: texts[group] for index, group in rows["_group"].items()}


def _refuse(request: Request) -> None:
    """UserError for groups that the answer has already, and for settings that contradict each other."""
    name = request.measure.id
    for key in CLOCK:
        if key in request.by:
            raise UserError(f"measure '{name}' is by hour of the week already; leave '{key}' out of by")
    if request.variant["patience_s"] and request.variant["model"] == "erlang_c":
        raise UserError(f"measure '{name}': in Erlang C nobody leaves; patience_s goes with model=erlang_a")


def _groups(request: Request, table: ibis.Table, why: Why, recorded: list[str]) -> pd.DataFrame:
    """Count each group: handle time as a ratio of sums, patience as time waited per abandonment, chat and text."""
    both = table.duration_min.notnull() & ~table._left
    waits = ~ibis.or_(*[condition.resolve(table) if hasattr(condition, "resolve") else condition
                        for _label, condition in reasons(table)]).fill_null(False)
    sums = {"minutes": _.duration_min.sum(where=both), "handled": _.contacts.sum(where=both),
            "waited": (_._wait / 1e6).sum(where=waits), "left": _._left.sum(where=waits),
            "several": _.modality.isin(SEVERAL_AT_ONCE).sum()}
    groups = tally(request, count(request, table, why, sums, recorded=recorded), why, sums)
    given, patience = request.variant["handle_min"], np.nan
    if request.variant["model"] == "erlang_a":
        patience = request.variant["patience_s"] or ratio(groups["waited"], groups["left"])
    unclear = (groups["several"] > 0) & (request.variant["concurrency"] == 1) & ("modality" not in request.where)
    return groups.assign(handle_min=given or ratio(groups["minutes"], groups["handled"]), patience_s=patience,
                         unclear=unclear).reset_index(drop=True)


def _by_week(request: Request, table: ibis.Table, why: Why, groups: pd.DataFrame, covered: Covered) -> pd.DataFrame:
    """Return contacts and hours covered by group, week and hour of the week; an hour without contacts counts 0.

    A contact in an hour that a clock change skipped stays, with no hour of its own.
    """
    keys = list(request.by)
    used = each(judged(table, why).filter(_._why == -1).select(*keys, "_week", *PLACE, "contacts"), keys)
    counted = used.group_by([*keys, "_week", *PLACE]).aggregate(contacts=_.contacts.sum())
    found = request.tables.fetch(counted)
    found = found.assign(_group=locate(found, groups, keys))[["_group", "_week", *PLACE, "contacts"]]
    shared = list(covered.keys)
    places = groups.loc[groups["rows_used"] > 0, ["_group", *shared]]
    hours = places.merge(covered.grid, on=shared) if shared else places.merge(covered.grid, how="cross")
    weeks = hours.drop(columns=shared).merge(found, on=["_group", "_week", *PLACE], how="outer")
    return weeks.assign(contacts=weeks["contacts"].astype("float64").fillna(0),
                        hours=weeks["_hours"].astype("float64").fillna(0))


def _arrivals(request: Request, groups: pd.DataFrame, weeks: pd.DataFrame) -> pd.DataFrame:
    """Return the arrival rate of each group and hour of the week with quasi-Poisson limits.

    The factor is Pearson's chi-square of the counts by week and hour around each hour's rate, over its degrees of
    freedom, and 1 at least; limits are the factor times Garwood's for the count over the factor.
    Source: McCullagh and Nelder, Generalized Linear Models, 2nd ed. (1989) 4.5, 6.2.
    """
    place = ["_group", *PLACE]
    totals = weeks.groupby(place)[["contacts", "hours"]].sum()
    rate = ratio(totals["contacts"], totals["hours"])
    expected = weeks["hours"] * rate.reindex(pd.MultiIndex.from_frame(weeks[place])).to_numpy()
    squares = ((weeks["contacts"] - expected) ** 2 / expected.where(expected > 0)).groupby(weeks["_group"]).sum()
    cells = (expected > 0).groupby(weeks["_group"]).sum() - (rate > 0).groupby(level="_group").sum()
    spread = ratio(squares, cells.where(cells > 0, 0)).rename("spread")
    rows = totals.join(spread, on="_group").reset_index().merge(groups, on="_group", how="right")
    factor = np.maximum(rows["spread"].fillna(1), 1)
    low, high = garwood(rows["contacts"] / factor, request.variant["confidence"])
    per_hour = {"arrivals_per_hour": rows["contacts"], "arrivals_low": low * factor, "arrivals_high": high * factor}
    rows = rows.assign(dispersion=factor, **{name: ratio(values, rows["hours"]) for name, values in per_hour.items()})
    return rows.rename(columns={"_weekday": "weekday", "_hour": "hour"})


def _remarks(rows: pd.DataFrame, covered: Covered, mixed: dict[int, str]) -> dict[int, str]:
    """Say, per group, what was pooled, what the hours covered assume, and why there is no staff."""
    texts = {}
    for _index, row in rows.drop_duplicates("_group").iterrows():
        parts = [mixed.get(int(row["_group"]), ""), *covered.notes]
        parts += ["the spread from week to week is not known"] if np.isnan(row["spread"]) else []
        parts += [UNCLEAR] if row["unclear"] else []
        texts[int(row["_group"])] = "; ".join(part for part in parts if part)
    return texts


def _with_staff(request: Request, rows: pd.DataFrame) -> pd.DataFrame:
    """Add the load, the agents at work that it needs, their occupancy, and the staff at the rate and its limits."""
    at_once, shrinkage = request.variant["concurrency"], request.variant["shrinkage"]
    erlang.with_shrinkage(0, shrinkage)
    known = rows["handle_min"].where(~rows["unclear"])
    agents = {name: [_agents(request, *row) for row in zip(rows[name], known, rows["patience_s"], strict=True)]
              for name in ("arrivals_per_hour", "arrivals_low", "arrivals_high")}
    load = rows["arrivals_per_hour"] * rows["handle_min"] / 60
    rows = rows.assign(erlangs=load, agents=agents["arrivals_per_hour"])
    staff = {name: [np.nan if math.isnan(n) else erlang.with_shrinkage(n, shrinkage) for n in numbers]
             for name, numbers in agents.items()}
    return rows.assign(occupancy=ratio(load, rows["agents"] * at_once), staff=staff["arrivals_per_hour"],
                       low=staff["arrivals_low"], high=staff["arrivals_high"])


def _agents(request: Request, arrivals: float, handle_min: float, patience_s: float) -> float:
    """Return the agents at work that an arrival rate needs; each holds so many places at once. NaN where not known."""
    variant = request.variant
    patience = patience_s if variant["model"] == "erlang_a" else None
    if not all(np.isfinite(number) for number in (arrivals, handle_min, patience or 0)):
        return np.nan
    target = erlang.Target(variant["target_share"], variant["target_s"], patience, variant["max_occupancy"])
    places = _needed(arrivals * handle_min / 60, handle_min * 60, target)
    return math.ceil(places / variant["concurrency"])


_needed: Callable[[float, float, erlang.Target], int] = lru_cache(maxsize=4096)(erlang.agents_needed)
"""Hours with equal arrivals are many, and their answer is the same."""


def _with_schedule(request: Request, rows: pd.DataFrame, covered: Covered, texts: dict[int, str]) -> pd.DataFrame:
    """Add scheduled staff and the gap, where the answer is of the whole service; else say why not."""
    rows = rows.assign(scheduled=np.nan, gap=np.nan)
    if request.by:
        remark = "no schedule: staff_hours are of the whole service, not of its groups"
    else:
        weeks = pd.to_datetime(covered.grid["_week"])
        planned, remark = scheduled(request.tables, weeks.min(), weeks.max() + pd.Timedelta(days=6))
        if planned is not None:
            place = (rows["weekday"] * 24 + rows["hour"]).astype("int64")
            rows["scheduled"] = place.map(planned).astype("float64")
            rows["gap"] = rows["scheduled"] - rows["staff"]
            remark = "the schedule is of the whole service, whatever the conditions" if request.where else ""
    for group in texts:
        texts[group] = "; ".join(part for part in (texts[group], remark) if part)
    return rows
