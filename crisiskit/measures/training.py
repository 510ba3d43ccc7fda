"""Training: hours for each member of staff and the share that is current, from totals kept in `counts`.

Hours and staff must be about the same area, period and part of the staff. Staff is a stock: the same people stand in
every month, so a share of several months rests on the last of them and never adds people up.
"""

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.measures import dimensions
from crisiskit.measures.answer import finish, nothing, pooled, ratio, tally
from crisiskit.measures.intervals import wilson
from crisiskit.measures.request import Request, Why, count

LINE = ("source", "area_id", "area_level", "group", "level")
PERIOD = ("period_start", "period_end")
NUMBERS = ("training_hours", "staff", "staff_trained")
"""Names of the totals in `counts`: hours of training, members of staff, and those whose training is current."""


def training_hours_per_staff(request: Request) -> pd.DataFrame:
    """Hours / members of staff, over the lines and periods that have both: a ratio of sums, without an interval."""
    return _answer(request, "training_hours")


def training_current(request: Request) -> pd.DataFrame:
    """Staff whose training is current / staff, in the last period of each line unless the question is by period."""
    return _answer(request, "staff_trained")


def _answer(request: Request, part: str) -> pd.DataFrame:
    held, refusal = _one_breakdown(request, part)
    if refusal:
        return nothing(request).assign(reasons=refusal)
    table = request.rows(_wide(held), "counts")
    current = part == "staff_trained"
    why: Why = [(f"{name} missing", table[name].isnull()) for name in (part, "staff")]
    why = [*why, ("no staff", _.staff == 0)]
    if current and not any(name in dimensions.DIMENSIONS for name in request.by):
        day = table.period_end.coalesce(table.period_start)
        both = ibis.ifelse(table.staff.notnull() & table.staff_trained.notnull(), day, ibis.null("date"))
        table = table.mutate(_day=day, _last=both.max().over(ibis.window(group_by=list(LINE))))
        why = [*why, ("an earlier period", _._day < _._last)]
    sums = {"part": _[part].sum(), "whole": _.staff.sum(), "above": (_[part] > _.staff).sum()}
    cells = count(request, table, why, sums, recorded=[part, "staff"])
    groups = tally(request, cells, why, sums)
    limits = wilson(groups["part"], groups["whole"], request.variant["confidence"]) if current else (np.nan, np.nan)
    groups = groups.assign(numerator=groups["part"], denominator=groups["whole"], value=ratio(groups["part"],
                           groups["whole"]), low=limits[0], high=limits[1])
    kept = {"more trained than staff": "above"} if current else {}
    mixed = ("source",) if current else ("source", "period_start")
    return finish(request, groups, pooled(request, table, mixed, groups), kept, needs=[[part, "staff"]])


def _one_breakdown(request: Request, part: str) -> tuple[ibis.Table, str]:
    """Keep the totals, else the one breakdown that there is; why nothing can be added up where there are several."""
    counts = request.tables.tables["counts"]
    held = counts.filter(counts.measure.isin([part, "staff"]))
    if any(name in (*request.by, *request.where) for name in ("group", "level")):
        return held, ""
    kinds = request.tables.fetch(held.select("group").distinct())["group"]
    if kinds.isna().any() or kinds.empty:
        return held.filter(held.group.isnull()), ""
    if len(kinds) > 1:
        names = " or ".join(sorted(kinds))
        return held, f"staff are broken down in several ways: choose one with where group = {names}"
    return held, ""


def _wide(held: ibis.Table) -> ibis.Table:
    """One row per line and period, with a column for each of the numbers that stands there."""
    keys: Sequence[str] = [*LINE, *PERIOD]
    return held.group_by(keys).aggregate(**{name: held.value.sum(where=held.measure == name) for name in NUMBERS})
