"""Outcomes: how records ended, and yes/no flags, as shares of the records where they are recorded, with bounds.

Rows that cover a period are left out: one row cannot say how many contacts ended.
"""

import pandas as pd

from crisiskit.errors import UserError
from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.intervals import wilson
from crisiskit.measures.request import AGGREGATE, Request, Why, count, missing
from crisiskit.standard import dictionary

BOUNDS = ("recorded_share", "bound_low", "bound_high")
UNDECIDED = (*(kind.replace("_", " ") for kind in dictionary.MISSING if kind != "not_applicable"), "blank")
"""Reasons for which a value is missing although it would apply."""


def shares(groups: pd.DataFrame, part: pd.Series, total: pd.Series, unknown: pd.Series,
           confidence: float) -> pd.DataFrame:
    """Add a share's numbers: Wilson limits, the share recorded, and the bounds with every unknown as no, or as yes."""
    low, high = wilson(part, total, confidence)
    whole = total + unknown
    return groups.assign(
        numerator=part, denominator=total, value=ratio(part, total), low=low, high=high,
        recorded_share=ratio(total, whole), bound_low=ratio(part, whole), bound_high=ratio(part + unknown, whole),
    )


def undecided(cells: pd.DataFrame, why: Why, weight: str) -> pd.Series:
    """Add up, by group, the rows or contacts whose value would apply but is missing (so not what is not applicable)."""
    kinds = [place for place, (label, _condition) in enumerate(why) if label in UNDECIDED]
    return (cells[weight] * cells["_why"].isin(kinds)).groupby(cells["_group"]).sum()


def by_value(groups: pd.DataFrame, cells: pd.DataFrame, column: str, weight: str) -> pd.DataFrame:
    """Repeat each group for each of its known values, with the rows or contacts that have it in `part`."""
    used = cells[cells["_why"] == -1]
    parts = used.groupby(["_group", column])[weight].sum().rename("part").reset_index(column)
    return groups.drop(columns=column, errors="ignore").join(parts, how="left").reset_index(drop=True)


def outcome_share(request: Request) -> pd.DataFrame:
    """Share of each outcome among the records whose outcome is known."""
    if "outcome" in request.by:
        raise UserError("measure 'outcome_share' is by outcome already; leave it out of by")
    table = request.rows()
    why = [AGGREGATE, *missing(table, "outcome")]
    cells = count(request, table, why, also=["outcome"], recorded=["outcome"])
    groups = tally(request, cells, why).assign(unknown=undecided(cells, why, "_rows"))
    rows = by_value(groups, cells, "outcome", "_rows")
    rows = shares(rows, rows["part"], rows["rows_used"], rows["unknown"], request.variant["confidence"])
    return finish(request, rows, extras=BOUNDS, between=["outcome"])


def flag_share(request: Request) -> pd.DataFrame:
    """Share of yes among the records with yes or no."""
    column = request.measure.needs[0][0]
    table = request.rows()
    why = [AGGREGATE, *missing(table, column)]
    sums = {"yes": table[column].sum()}
    cells = count(request, table, why, sums, recorded=[column])
    groups, unknown = tally(request, cells, why, sums), undecided(cells, why, "_rows")
    groups = shares(groups, groups["yes"], groups["rows_used"], unknown, request.variant["confidence"])
    return finish(request, groups, extras=BOUNDS)
