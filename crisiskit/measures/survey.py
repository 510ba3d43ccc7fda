"""Satisfaction and other scores: mean and share of top scores, with the response rate and bounds for those unheard.

Those who answer differ from those who do not, so a score never stands without how many were asked.
"""

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd

from crisiskit.errors import UserError
from crisiskit.measures import steps
from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.intervals import student, wilson
from crisiskit.measures.outcomes import UNDECIDED
from crisiskit.measures.request import AGGREGATE, Request, Why, count, missing

STEP = "survey"
SCORES = {"interventions": "satisfaction", "follow_ups": "score"}
EXTRAS = ("asked", "response_rate", "bound_low", "bound_high")
SCALE = ("instrument", "item")
OUTSIDE = "score outside the scale"
ONLY_ANSWERS = "only surveys that came back are kept, so the response rate is not known"


def satisfaction(request: Request) -> pd.DataFrame:
    """Mean score and share of scores at or above `top`, from contacts or from survey steps.

    `asked` counts those to whom the question applied; the bounds give the unheard among them the lowest, or the highest
    score. Scores of several instruments or items are never added up: a reason says what to choose from.
    """
    if not request.variant["lowest"] < request.variant["top"] <= request.variant["highest"]:
        raise UserError("measure 'satisfaction': top must lie above lowest and not above highest")
    name = request.variant["table"] or _where_recorded(request)
    request = replace(request, variant={**request.variant, "table": name})
    if name not in request.tables.tables:
        return steps.refused(request, f"not recorded in this source: table '{name}'", EXTRAS)
    if name == "interventions":
        table = request.rows()
        return _scores(request, table, [AGGREGATE, *steps.nobody(table, table.satisfaction.isnull())], True)
    request = steps.with_contact(request)
    table, surveys = steps.rows_of(request, STEP), steps.of_kind(request, STEP)
    if not steps.sources_of(request, surveys):
        return steps.refused(request, steps.absent(STEP), EXTRAS)
    unheard = request.tables.fetch(surveys.aggregate(n=surveys.score.isnull().sum()))["n"].iloc[0]
    several = _several(request, table)
    if several:
        return steps.refused(request, several, EXTRAS)
    return _scores(request, table, [("ineligible", table.status == "ineligible")], bool(unheard))


def _where_recorded(request: Request) -> str:
    """Return the first table that holds scores, else the first that there is."""
    held = [name for name in SCORES if name in request.tables.tables]
    for name in held:
        column = request.tables.tables[name][SCORES[name]]
        if request.tables.fetch(column.count().as_table()).iloc[0, 0]:
            return name
    return next(iter(held), "interventions")


def _several(request: Request, table: ibis.Table) -> str:
    """Say which instruments or items stand in one group: a mean over them is a number of nothing. Empty when one."""
    scored = table.filter(table.score.notnull())
    kinds = request.tables.fetch(scored.select(*SCALE).distinct())
    parts = []
    for column in SCALE:
        values = sorted(kinds[column].dropna().astype("str").unique())
        if kinds[column].nunique(dropna=False) > 1 and column not in request.by:
            parts.append(f"{column} = {' or '.join(values)}")
    return f"scores of several scales cannot be pooled; group by or choose one with where: {'; '.join(parts)}" \
        if parts else ""


def _scores(request: Request, table: ibis.Table, why: Why, asked_known: bool) -> pd.DataFrame:
    """Answer both statistics in one pass; the standard error of the mean is s / sqrt(n)."""
    lowest, highest, top = (request.variant[name] for name in ("lowest", "highest", "top"))
    column = SCORES[request.variant["table"]]
    value = table[column]
    why = [*why, *missing(table, column), (OUTSIDE, (value < lowest) | (value > highest))]
    sums = {"total": value.sum(), "squares": (value * value).sum(), "best": (value >= top).cast("int64").sum()}
    cells = count(request, table, why, sums, recorded=[column])
    groups = tally(request, cells, why, sums)
    lost = [place for place, (label, _condition) in enumerate(why)
            if label in (*UNDECIDED, OUTSIDE) and label != "not asked"]
    unheard = (cells["_rows"] * cells["_why"].isin(lost)).groupby(cells["_group"]).sum()
    parts = [_mean(groups, unheard, request), _top_box(groups, unheard, request)]
    rows = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    if not asked_known:
        rows[list(EXTRAS)] = np.nan
    return finish(request, rows, "" if asked_known else ONLY_ANSWERS, extras=EXTRAS, needs=[[column]])


def _mean(groups: pd.DataFrame, unheard: pd.Series, request: Request) -> pd.DataFrame:
    n, lowest, highest = groups["rows_used"].astype("float64"), request.variant["lowest"], request.variant["highest"]
    value, asked = ratio(groups["total"], n), n + unheard
    spread = ((groups["squares"] - n * value**2) / (n - 1).where(n > 1)).clip(lower=0)
    low, high = student(value, np.sqrt(spread / n.where(n > 0)), n, request.variant["confidence"])
    return groups.assign(
        statistic="mean", numerator=groups["total"], denominator=n, value=value, low=np.maximum(low, lowest),
        high=np.minimum(high, highest), asked=asked, response_rate=ratio(n, asked),
        bound_low=ratio(groups["total"] + unheard * lowest, asked),
        bound_high=ratio(groups["total"] + unheard * highest, asked),
    )


def _top_box(groups: pd.DataFrame, unheard: pd.Series, request: Request) -> pd.DataFrame:
    n, best = groups["rows_used"], groups["best"]
    asked = n + unheard
    low, high = wilson(best, n, request.variant["confidence"])
    return groups.assign(
        statistic="top_box", numerator=best, denominator=n, value=ratio(best, n), low=low, high=high, asked=asked,
        response_rate=ratio(n, asked), bound_low=ratio(best, asked), bound_high=ratio(best + unheard, asked),
    )
