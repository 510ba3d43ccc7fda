"""Turn-aways: people or requests turned away, from totals that the source keeps in `counts`."""

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import steps
from crisiskit.measures.answer import finish, pooled, ratio, tally
from crisiskit.measures.intervals import garwood, wilson
from crisiskit.measures.request import Request, Why, count

UNIT = ("source", "area_id", "area_level", "period_start", "period_end", "hour", "group", "level")
"""Columns of `counts` that say what a number is about; both numbers of a share must be about the same."""

NEEDS = [["turn_aways"]]


def turn_aways(request: Request) -> pd.DataFrame:
    """Number of people or requests turned away, with its exact Poisson interval."""
    table = _totals(request)
    if isinstance(table, str):
        return steps.refused(request, table)
    groups = _counted(request, table, [])
    low, high = garwood(groups["turned"], request.variant["confidence"])
    groups = groups.assign(numerator=groups["turned"], denominator=np.nan, value=groups["turned"], low=low, high=high)
    return finish(request, groups, pooled(request, table, ("source",), groups), needs=NEEDS)


def turn_away_share(request: Request) -> pd.DataFrame:
    """Turn-aways / requests, over the areas and periods for which both are known; a share above 1 has no interval."""
    table = _totals(request)
    if isinstance(table, str):
        return steps.refused(request, table)
    groups = _counted(request, table, [("requests missing", _.requests.isnull())])
    low, high = wilson(groups["turned"], groups["asked"], request.variant["confidence"])
    groups = groups.assign(numerator=groups["turned"], denominator=groups["asked"], low=low, high=high,
                           value=ratio(groups["turned"], groups["asked"]))
    return finish(request, groups, pooled(request, table, ("source",), groups), needs=[["turn_aways", "requests"]])


def _counted(request: Request, table: ibis.Table, why: Why) -> pd.DataFrame:
    why = [("turn_aways missing", _.turn_aways.isnull()), *why]
    sums = {"turned": _.turn_aways.sum(), "asked": _.requests.sum()}
    return tally(request, count(request, table, why, sums, recorded=["turn_aways", "requests"]), why, sums)


def _totals(request: Request) -> ibis.Table | str:
    """Return one row per area and period, with `turn_aways` and `requests`, or why they cannot be added up.

    Requests are the totals of that name, else the `denominator` that the publisher gives beside the turn-aways. Totals
    are taken, else the one breakdown there is; areas of several levels lie inside each other and are never added up.
    """
    held = request.tables.tables["counts"]
    held = _one_breakdown(request, held.filter(held.measure.isin(("turn_aways", "requests"))))
    if "area_level" not in (*request.by, *request.where):
        levels = request.tables.fetch(held.select("area_level").distinct())["area_level"]
        if levels.nunique(dropna=False) > 1:
            names = " or ".join(sorted(levels.dropna()))
            return f"areas of several levels would be counted twice; group by area_level or choose with where: {names}"
    turned, asked = held.measure == "turn_aways", held.measure == "requests"
    wide = held.group_by(list(UNIT)).aggregate(
        turn_aways=held.value.sum(where=turned),
        requests=held.value.sum(where=asked).coalesce(held.denominator.sum(where=turned)))
    return request.rows(wide, "counts")


def _one_breakdown(request: Request, held: ibis.Table) -> ibis.Table:
    """Keep one breakdown of the totals, unless a condition chooses; UserError where there are several to choose."""
    if "group" in (*request.by, *request.where):
        return held
    found = request.tables.fetch(held.filter(held.measure == "turn_aways").select("group").distinct())["group"]
    kinds = list(found.dropna())
    if len(kinds) < len(found) or not kinds:
        return held.filter(held.group.isnull())
    if len(kinds) > 1:
        raise UserError(f"counts break turn_aways down in several ways: choose one with where group = "
                        f"{' or '.join(sorted(kinds))}")
    return held.filter(held.group == kinds[0])
