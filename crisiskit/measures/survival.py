"""Kaplan-Meier on counted times, as pure functions: the share by a time, and quantiles, with log-log limits.

The estimator and Greenwood's standard error are statsmodels'. Source: Kaplan and Meier, JASA 53 (1958) 457-481;
log-log limits: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 2nd ed. (2002) 18.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from crisiskit.measures.intervals import wilson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Estimate:
    """A value and its limits; NaN where it cannot be given."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(np.nan, np.nan, np.nan)


def curve(time: "ArrayLike", event: "ArrayLike", weight: "ArrayLike") -> Any:
    """Return statsmodels' SurvfuncRight of `weight` units that had (`event`) or did not have it by `time`.

    The units are written out one by one: with frequency weights statsmodels gives another standard error (Tsiatis).
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    n = np.asarray(weight, "int64")
    return SurvfuncRight(np.repeat(np.asarray(time, float), n), np.repeat(np.asarray(event, float), n))


def share_by(time: "ArrayLike", event: "ArrayLike", weight: "ArrayLike", when: float,
             confidence: float = 0.95) -> Estimate:
    """Share with the event by `when`: 1 - S(when), with log-log limits.

    Unknown when nobody was watched until `when` and some had no event, for then the curve ends earlier. Where nobody or
    everybody had it the log-log limits do not exist; Wilson's, on the units seen through, stand in. A curve that falls
    to 0 although some left early has no limits.
    """
    times, happened, units = (np.asarray(values, float) for values in (time, event, weight))
    seen = units[((happened == 1) & (times <= when)) | (times >= when)].sum()
    watched, events = units[times >= when].sum(), units[(happened == 1) & (times <= when)].sum()
    if units.sum() == 0:
        return UNKNOWN
    if events == 0 or events == seen == units.sum():
        low, high = wilson(events, seen, confidence)
        return Estimate(float(events / seen), float(low), float(high)) if seen else UNKNOWN
    estimate = curve(times, happened, units)
    place = np.searchsorted(estimate.surv_times, when, side="right") - 1
    staying, error = estimate.surv_prob[place], estimate.surv_prob_se[place]
    if staying <= 0:
        return Estimate(1.0, np.nan, np.nan)
    if watched == 0:
        return UNKNOWN
    spread = ndtri((1 + confidence) / 2) * error / (staying * abs(np.log(staying)))
    return Estimate(1 - staying, 1 - staying ** np.exp(-spread), 1 - staying ** np.exp(spread))


def quantile(estimate: Any, share: float, confidence: float = 0.95) -> Estimate:
    """Time by which `share` of the units had the event, with log-log limits; NaN where the curve does not get there."""
    with np.errstate(divide="ignore", invalid="ignore"):  # where the curve is at 0 it has no limits, and none are used
        low, high = estimate.quantile_ci(share, alpha=1 - confidence, method="cloglog")
    value = float(estimate.quantile(share))
    limits = [float(limit) if np.isfinite(limit) else np.nan for limit in (low, high)]
    return Estimate(value, *limits)
