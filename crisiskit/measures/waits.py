"""Waits that are cut off: how long until an answer, where some leave before it (Kaplan-Meier).

A contact that leaves has waited at least so long. Counted as answered it shortens the wait; left out, it hides that
the longest waits are those that nobody saw the end of.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.measures.answer import finish, locate, nothing, tally
from crisiskit.measures.clocks import PERCENTILES, Clock, elapsed, unanswered
from crisiskit.measures.request import AGGREGATE, NUMBERS, Request, Why, ask, count, each, judged

if TYPE_CHECKING:
    from statsmodels.duration.survfunc import SurvfuncRight

ANSWERED, ABANDONED = Clock("received_at", "answered_at", "wait_s"), Clock("received_at", "abandoned_at", "wait_s")
CUT = {"abandoned, waits cut off": "cut"}
CURVE = ("time_s", "at_risk", "answered", "abandoned", "survival", "low", "high")


def waited(table: ibis.Table) -> ibis.Table:
    """Add `_left` (ended without an answer), `_answered`, and `_wait` in microseconds until the one or the other."""
    table = table.mutate(_left=unanswered(table))
    table = table.mutate(_answered=~_._left & ((_.answered.fill_null(0) > 0) | _.answered_at.notnull()))
    return table.mutate(_wait=ibis.ifelse(_._left, elapsed(table, ABANDONED), elapsed(table, ANSWERED)))


def reasons(table: ibis.Table) -> Why:
    """List why a row of `waited` gives no wait of one contact, in the order in which a row is asked."""
    several = ibis.or_(*[table[name].fill_null(1) > 1 for name in ("contacts", "offered", "answered", "abandoned")])
    return [
        AGGREGATE,
        ("several contacts in one row", several),
        ("neither answered nor abandoned", ~(table._answered | table._left)),
        ("wait missing", table._wait.isnull()),
        ("negative", table._wait < 0),
    ]


def wait_survival(request: Request) -> pd.DataFrame:
    """Time by which half, three quarters and nine tenths would have an answer, had all stayed: Kaplan-Meier.

    Limits invert the test on the complementary log-log scale with Greenwood's variance; one that lies beyond the last
    answer is null, and so is a percentile that the curve does not reach.
    """
    groups, fits = _fits(request)
    confidence, parts = request.variant["confidence"], []
    for name, share in PERCENTILES.items():
        numbers = [_quantile(fits.get(group), share, confidence) for group in groups["_group"]]
        value, low, high = np.array(numbers).reshape(-1, 3).T
        parts.append(groups.assign(statistic=name, numerator=groups["events"], denominator=groups["rows_used"],
                                   value=value, low=low, high=high))
    rows = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    short = {index: "not reached: the longest waits ended without an answer"
             for index, row in rows.iterrows() if row["rows_used"] > 0 and np.isnan(row["value"])}
    return finish(request, rows, short, kept=CUT)


def curve(tables: Any, by: str | Sequence[str] = (), where: Mapping[str, Any] | None = None,
          **variant: Any) -> pd.DataFrame:
    """Return the curve of those still without an answer, for drawing as steps.

    Columns: *by, `time_s`, `at_risk` (still waiting just before), `answered` and `abandoned` (at that time exactly),
    `survival` (share still without an answer just after), `low` and `high` (pointwise, on the complementary log-log
    scale), and of the whole group `rows_used`, `rows_left_out`, `reasons`. One row per time at which a contact was
    answered, and one at 0; a group without a curve has one row without numbers. `where` and variants are those of
    measure `wait_survival`.
    """
    request = ask(tables, "wait_survival", by, where, variant)
    kept = ["rows_used", "rows_left_out", "reasons"]
    if "interventions" not in request.tables.tables:
        return nothing(request).assign(**dict.fromkeys(CURVE, np.nan))[[*request.by, *CURVE, *kept]]
    groups, fits = _fits(request)
    ledger = finish(request, groups.assign(**dict.fromkeys(NUMBERS, np.nan)), kept=CUT)
    steps = [_steps(fits.get(row), request.variant["confidence"]).assign(_row=row) for row in range(len(ledger))]
    frame = pd.concat(steps, ignore_index=True).join(ledger[[*request.by, *kept]], on="_row")
    return frame[[*request.by, *CURVE, *kept]]


def _fits(request: Request) -> tuple[pd.DataFrame, dict[int, "SurvfuncRight"]]:
    """Return the groups, and the curve of every group that has an answered contact.

    The engine counts contacts by wait, so that what is fetched does not grow with their number.
    """
    table = waited(request.rows())
    why = reasons(table)
    sums = {"events": _._answered.sum(), "cut": _._left.sum()}
    needs = list(dict.fromkeys(name for alternative in request.measure.needs for name in alternative))
    groups = tally(request, count(request, table, why, sums, recorded=needs), why, sums)
    keys = list(request.by)
    used = each(judged(table, why).filter(_._why == -1).select(*keys, "_wait", "_answered"), keys)
    waits = request.tables.fetch(used.group_by([*keys, "_wait", "_answered"]).aggregate(_rows=_.count()))
    waits = waits.assign(_group=locate(waits, groups, keys))
    return groups, {int(group): _fit(held) for group, held in waits.groupby("_group") if held["_answered"].any()}


def _fit(held: pd.DataFrame) -> "SurvfuncRight":
    """Fit one group's curve, in seconds; Greenwood's variance, which statsmodels gives only without weights."""
    from statsmodels.duration.survfunc import SurvfuncRight

    seconds, answered, rows = (held[name].to_numpy("float64") for name in ("_wait", "_answered", "_rows"))
    fit = SurvfuncRight(seconds / 1e6, answered, freq_weights=rows)
    fit.surv_prob = np.round(fit.surv_prob, 12)  # a product of shares that is one half may come a hair beside it
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.cumsum(fit.n_events / (fit.n_risk * (fit.n_risk - fit.n_events)))
        fit.surv_prob_se = np.where(fit.surv_prob > 0, fit.surv_prob * np.sqrt(growth), np.nan)
    return fit


def _quantile(fit: "SurvfuncRight | None", share: float, confidence: float) -> tuple[float, float, float]:
    if fit is None:
        return np.nan, np.nan, np.nan
    with np.errstate(divide="ignore", invalid="ignore"):  # the ends of the curve have no logarithm, and no test
        low, high = fit.quantile_ci(share, alpha=1 - confidence)
    return fit.quantile(share), low, high if np.isfinite(high) else np.nan


def _steps(fit: "SurvfuncRight | None", confidence: float) -> pd.DataFrame:
    """Return one group's curve from (0, 1) on; one row without numbers where there is none."""
    from scipy.special import ndtri

    if fit is None:
        return pd.DataFrame([dict.fromkeys(CURVE, np.nan)])
    share, z = fit.surv_prob, ndtri((1 + confidence) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        bend = np.exp(z * fit.surv_prob_se / (share * np.abs(np.log(share))))
        low, high = share**bend, share ** (1 / bend)
    at = np.searchsorted(np.unique(fit.time), fit.surv_times)
    cut = np.bincount(np.unique(fit.time, return_inverse=True)[1], fit.freq_weights * (1 - fit.status))[at]
    frame = pd.DataFrame({"time_s": fit.surv_times, "at_risk": fit.n_risk, "answered": fit.n_events, "abandoned": cut,
                          "survival": share, "low": low, "high": high})
    start = pd.DataFrame([[0.0, fit.freq_weights.sum(), 0.0, 0.0, 1.0, 1.0, 1.0]], columns=list(CURVE))
    return frame if frame["time_s"].iloc[0] == 0 else pd.concat([start, frame], ignore_index=True)
