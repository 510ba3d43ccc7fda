"""Work: the minutes that officers spend on events, and their hours month by month.

Minutes are those of all units together where the source has them; else the units times the event's clock; else the
event's clock alone, which under-counts calls that several units answered. The answer says on which it rests.
"""

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.clocks import Clock, elapsed
from crisiskit.measures.intervals import ratio_limits
from crisiskit.measures.request import AGGREGATE, Request, Why, count, missing
from crisiskit.standard import dictionary

KEPT = {"minutes as units x one clock": "by_units", "minutes of one clock, other units not known": "by_clock",
        "part of another record, which may hold the same minutes": "parts"}
"""Rows that were used, whose minutes are less sure than those summed over units."""


def officers(text: str, measure: str) -> list[str]:
    """Read the responders that count as officers; UserError with the nearest code for one that is not known."""
    codes = dictionary.table("interventions").columns["responder"].codes
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in codes:
            raise UserError(f"measure '{measure}': officers: there is no responder '{name}'{nearest(name, codes)}")
    return names


def worked(table: ibis.Table) -> ibis.Table:
    """Add `_minutes` of work, and whether they are `_by_units` (units x clock) or `_by_clock` (one clock)."""
    span = elapsed(table, Clock("dispatched_at", "cleared_at")) / 60_000_000
    units = table.units.nullif(0)
    by_times = table.responder_min.isnull() & span.notnull()
    return table.mutate(_minutes=table.responder_min.coalesce(span * units.coalesce(1)),
                        _by_units=by_times & units.notnull(), _by_clock=by_times & units.isnull())


def _no_responder(table: ibis.Table) -> Why:
    """List the kinds in which the responder can be missing."""
    return [(f"responder {label}", condition) for label, condition in missing(table, "responder")]


def _lacking(table: ibis.Table) -> Why:
    """List why a row has no minutes, in the order in which a row is asked."""
    return [("minutes missing", table._minutes.isnull()), ("negative", table._minutes < 0)]


def _sums() -> dict[str, ibis.Value]:
    return {"minutes": _._minutes.sum(), "squares": (_._minutes * _._minutes).sum(), "by_units": _._by_units.sum(),
            "by_clock": _._by_clock.sum(), "parts": _.parent_id.count()}


def _recorded(request: Request) -> list[str]:
    return list(dict.fromkeys(name for alternative in request.measure.needs for name in alternative))


def officer_time(request: Request) -> pd.DataFrame:
    """Officer minutes per event: sum of minutes / events to which officers were sent, over the rows that have both."""
    names = officers(request.variant["officers"], request.measure.id)
    table = worked(request.rows())
    why: Why = [AGGREGATE, *_no_responder(table), ("not an officer", ~table.responder.isin(names)), *_lacking(table)]
    groups = tally(request, count(request, table, why, _sums(), recorded=_recorded(request)), why, _sums())
    events = groups["rows_used"].astype("float64")
    value = ratio(groups["minutes"], events)
    low, high = ratio_limits(value, events, events, groups["squares"], groups["minutes"], events,
                             request.variant["confidence"])
    groups = groups.assign(numerator=groups["minutes"], denominator=events, value=value, low=np.maximum(low, 0),
                           high=high)
    return finish(request, groups, kept=KEPT)


def officer_hours(request: Request) -> pd.DataFrame:
    """Hours of officers by month and responder, and their share of the hours of all responders in the month.

    Rows used are those of the month whose responder and minutes are known, whoever responded: where others worked and
    these officers did not, their hours are 0. Limits: hours as a compound Poisson sum, plus and minus a normal
    quantile times the root of the sum of squares.
    """
    from scipy.special import ndtri

    if "responder" in request.by:
        raise UserError("measure 'officer_hours' is by responder already; leave it out of by")
    names = officers(request.variant["officers"], request.measure.id)
    asked = replace(request, by=(*request.by, *(["month"] if "month" not in request.by else [])))
    table = worked(asked.rows())
    why = [*_no_responder(table), *_lacking(table)]
    cells = count(asked, table, why, _sums(), also=["responder"], recorded=_recorded(asked))
    groups = tally(asked, cells, why, _sums())
    rows = _by_officer(groups, cells, names)
    hours, everyone = rows["minutes"] / 60, rows["of_all"] / 60
    half = ndtri((1 + request.variant["confidence"]) / 2) * np.sqrt(rows["squares"]) / 60
    share = ratio(hours, everyone)
    rows = rows.assign(numerator=hours, denominator=everyone, value=hours, low=np.maximum(hours - half, 0),
                       high=hours + half, share=share)
    return finish(asked, rows, kept=KEPT, extras=("share",), between=["responder"])


def _by_officer(groups: pd.DataFrame, cells: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Repeat each group for each kind of officer met anywhere (for all, if none was), with that kind's own sums.

    `of_all` keeps the minutes of all responders.
    """
    mine = cells[(cells["_why"] == -1) & cells["responder"].isin(names)]
    met = [name for name in names if (mine["responder"] == name).any()] or names
    own = mine.groupby(["_group", "responder"])[list(_sums())].sum()
    own = own.reindex(pd.MultiIndex.from_product([groups["_group"], met], names=["_group", "responder"]), fill_value=0)
    whole = groups.rename(columns={"minutes": "of_all"}).drop(columns=[n for n in _sums() if n != "minutes"])
    return own.reset_index().merge(whole.reset_index(drop=True), on="_group")
