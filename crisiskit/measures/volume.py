"""Volume: contacts, records, what stands on period totals, and the time that contacts take."""

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd

from crisiskit.measures.answer import finish, pooled, ratio, tally
from crisiskit.measures.intervals import garwood, student, wilson
from crisiskit.measures.request import AGGREGATE, Request, Why, count

SYSTEM = ("source", "record_kind")
"""Columns whose values are kinds of record that do not add up unsaid."""


def _counted(request: Request, why: Why, sums: dict[str, ibis.Value],
             also: Sequence[str] = ()) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count the interventions by group, as cells and as groups; rows that cover a period are left out by hour and
    weekday."""
    why = [*([AGGREGATE] if request.by_clock else []), *why]
    recorded = [name for alternative in request.measure.needs for name in alternative]
    cells = count(request, request.rows(), why, sums, also, recorded)
    return cells, tally(request, cells, why, sums)


def _total(request: Request, value: str, why: Why, sums: dict[str, ibis.Value]) -> pd.DataFrame:
    """Answer a count with its exact Poisson interval; sources and kinds of record that were added up are named."""
    open_columns = [name for name in SYSTEM if name not in request.by]
    cells, groups = _counted(request, why, sums, open_columns)
    low, high = garwood(groups[value], request.variant["confidence"])
    groups = groups.assign(numerator=groups[value], denominator=np.nan, value=groups[value], low=low, high=high)
    return finish(request, groups, pooled(request, cells, SYSTEM, groups))


def contacts(request: Request) -> pd.DataFrame:
    """Sum of contacts. A row of 0 contacts counts as a row used; a row whose number is missing is left out."""
    return _total(request, "total", [("contacts missing", ibis._.contacts.isnull())], {"total": ibis._.contacts.sum()})


def records(request: Request) -> pd.DataFrame:
    """Number of rows, whatever they stand for."""
    return _total(request, "rows_used", [], {})


def aggregate_share(request: Request) -> pd.DataFrame:
    """Share of contacts that stand on rows covering a week, a month or more."""
    sums = {"total": ibis._.contacts.sum(), "covered": ibis._.contacts.sum(where=ibis._.is_aggregate)}
    _, groups = _counted(request, [("contacts missing", ibis._.contacts.isnull())], sums)
    low, high = wilson(groups["covered"], groups["total"], request.variant["confidence"])
    value = ratio(groups["covered"], groups["total"])
    groups = groups.assign(numerator=groups["covered"], denominator=groups["total"], value=value, low=low, high=high)
    return finish(request, groups)


def time_per_contact(request: Request) -> pd.DataFrame:
    """Minutes per contact: a ratio of sums over the rows that have both, with the ratio estimator's interval.

    Standard error: sqrt(n / (n - 1) * sum((minutes - ratio * contacts)^2)) / sum(contacts), Cochran (1977) 6.13.
    """
    _ = ibis._
    why = [("minutes missing", _.duration_min.isnull()), ("contacts missing", _.contacts.isnull())]
    size = _.contacts.cast("float64")
    sums = {"minutes": _.duration_min.sum(), "total": _.contacts.sum(), "yy": (_.duration_min * _.duration_min).sum(),
            "xy": (_.duration_min * size).sum(), "xx": (size * size).sum()}
    _cells, groups = _counted(request, why, sums)
    value, n = ratio(groups["minutes"], groups["total"]), groups["rows_used"].astype("float64")
    squares = (groups["yy"] - 2 * value * groups["xy"] + value**2 * groups["xx"]).clip(lower=0)
    error = ratio(np.sqrt(n / (n - 1).where(n > 1) * squares), groups["total"])
    low, high = student(value, error, n, request.variant["confidence"])
    groups = groups.assign(numerator=groups["minutes"], denominator=groups["total"], value=value,
                           low=np.maximum(low, 0), high=high)
    return finish(request, groups)


def responder_minutes(request: Request) -> pd.DataFrame:
    """Minutes of work, summed over units: a total of what was recorded, without an interval."""
    why = [("responder minutes missing", ibis._.responder_min.isnull())]
    _cells, groups = _counted(request, why, {"minutes": ibis._.responder_min.sum()})
    groups = groups.assign(numerator=groups["minutes"], denominator=np.nan, value=groups["minutes"], low=np.nan,
                           high=np.nan)
    return finish(request, groups)
