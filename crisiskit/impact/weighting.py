"""Weights that make two groups alike in what is recorded of them, and differences under those weights.

Numbers only: arrays in, frozen results out. Sources: Lunceford and Davidian, Statistics in Medicine 23 (2004) 2937-2960
(weighted means and their sandwich); Austin, Statistics in Medicine 28 (2009) 3083-3107 (standardised differences);
VanderWeele and Ding, Annals of Internal Medicine 167 (2017) 268-274 (E-value).
"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from crisiskit.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

Estimand = Literal["att", "ate", "overlap"]
STEEP, VAGUE = 15.0, 3.0
"""Log odds beyond the first, and less than the second of their standard errors from 0, run off to infinity."""


@dataclass(frozen=True)
class Propensity:
    """How probable it was, for each encounter, to be the programme's: `score` (n,); `design` (n x k) with a constant.

    `names` are the columns of the design, `dropped` those that only repeat earlier ones, `model` is statsmodels' fit.
    """

    score: np.ndarray
    design: np.ndarray
    names: tuple[str, ...]
    dropped: tuple[str, ...]
    model: Any


@dataclass(frozen=True)
class Contrast:
    """Risks (or means) of two groups and their difference and ratio, with limits; NaN where a figure is not defined.

    `size`: Kish's effective number of encounters in each group, (sum w)^2 / sum w^2.
    """

    treated: float
    comparison: float
    difference: float
    se: float
    low: float
    high: float
    p: float
    ratio: float
    ratio_low: float
    ratio_high: float
    clusters: int
    size: tuple[float, float]
    limits: str


def propensity(columns: "pd.DataFrame", treated: np.ndarray) -> Propensity:
    """Logistic regression of `treated` (n, bool) on `columns` (n x k, numbers, one per level or measurement).

    Columns that are sums of earlier ones are left out and named. UserError where a column separates the groups, or the
    fit does not settle, which is the same thing in several columns.
    """
    import statsmodels.api as sm
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning, PerfectSeparationWarning

    for name in columns:
        if holes := int((~np.isfinite(columns[name].to_numpy("float64"))).sum()):
            raise UserError(f"'{name}' has no value in {holes} of {len(columns)} encounters; fill it, or leave it out")
    if treated.all() or not treated.any():
        raise UserError("every encounter is in the same group: there is none to compare with")
    design, kept, dropped = _independent(columns)
    for name, values in zip(kept, design.T[1:], strict=True):
        mine, others = values[treated], values[~treated]
        if mine.min() > others.max() or mine.max() < others.min():
            raise UserError(f"'{name}' tells the two groups apart without exception (perfect separation): no encounter "
                            "of one has a counterpart in the other; leave it out of covariates, or compare others")
    scale = np.r_[1.0, [values.std() or 1.0 for values in design.T[1:]]]
    with warnings.catch_warnings():
        for kind in (ConvergenceWarning, HessianInversionWarning, PerfectSeparationWarning):
            warnings.simplefilter("ignore", kind)
        for text in ("overflow encountered", "divide by zero", "invalid value"):
            warnings.filterwarnings("ignore", text, RuntimeWarning)
        try:
            fit = sm.Logit(treated.astype("float64"), design / scale).fit(disp=0, maxiter=60)
        except np.linalg.LinAlgError as error:
            raise UserError("the covariates separate the two groups perfectly; take fewer of them") from error
    if not fit.mle_retvals["converged"] or not np.isfinite(fit.params).all() or _endless(fit):
        sizes = np.abs(fit.params[1:]) if fit.normalized_cov_params is None else np.nan_to_num(fit.bse[1:], nan=np.inf)
        worst = kept[int(np.argmax(sizes))] if kept else "the constant"
        raise UserError(f"'{worst}' (with the other covariates) tells the two groups apart nearly without exception "
                        "(perfect separation): leave it out of covariates, or compare fewer kinds of encounter")
    return Propensity(np.round(fit.predict(), 12), design, tuple(kept), tuple(dropped), fit)


def _endless(fit: Any) -> bool:
    """Tell whether the log odds of some encounter ran off to infinity: far out, and not known to lie there.

    Coefficients tell nothing of it, for those of powers of one measurement are large and vague where the score is not.
    """
    if fit.normalized_cov_params is None:
        return True
    x = fit.model.exog
    errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", x, fit.cov_params(), x), 0.0))
    far = np.abs(x @ fit.params)
    return bool(((far > STEEP) & ~(far > VAGUE * errors)).any())


def _independent(columns: "pd.DataFrame") -> tuple[np.ndarray, list[str], list[str]]:
    """A constant and the columns that are no sums of those before them; names kept, names dropped."""
    basis: list[np.ndarray] = []
    design, kept, dropped = [], [], []
    for name, values in [("", np.ones(len(columns))), *((n, columns[n].to_numpy("float64")) for n in columns)]:
        rest = values.copy()
        for _twice in range(2):  # once more, for what rounding leaves
            for known in basis:
                rest = rest - known * (known @ rest)
        length = float(np.linalg.norm(rest))
        if length <= 1e-8 * max(float(np.linalg.norm(values)), 1e-300):
            dropped.append(str(name))
            continue
        basis.append(rest / length)
        design.append(values)
        kept.append(str(name))
    return np.column_stack(design), kept[1:], dropped


def weights(score: np.ndarray, treated: np.ndarray, estimand: Estimand = "att") -> np.ndarray:
    """Stabilised inverse-probability weights (n,), with mean 1 in each group.

    `att`: as the programme's encounters are (1; odds e/(1-e) for the others); `ate`: as both together (1/e, 1/(1-e));
    `overlap`: as those that either might have got (1-e, e; Li, Morgan and Zaslavsky 2018).
    """
    raw = _raw(score, treated, estimand)[0]
    return np.where(treated, raw / raw[treated].mean(), raw / raw[~treated].mean())


def _raw(e: np.ndarray, treated: np.ndarray, estimand: str) -> tuple[np.ndarray, np.ndarray]:
    """Weights before they are scaled, and their derivative in the linear predictor of the score."""
    e = np.clip(e, 1e-12, 1 - 1e-12)  # a score that rounds to 0 or 1 lies outside the limits, and must not divide
    if estimand == "att":
        odds = e / (1 - e)
        return np.where(treated, 1.0, odds), np.where(treated, 0.0, odds)
    if estimand == "ate":
        return np.where(treated, 1 / e, 1 / (1 - e)), np.where(treated, -(1 - e) / e, e / (1 - e))
    return np.where(treated, 1 - e, e), np.where(treated, -e * (1 - e), e * (1 - e))


def weighted(
    outcome: np.ndarray, treated: np.ndarray, fit: Propensity | None, estimand: Estimand = "att",
    kept: np.ndarray | None = None, cluster: np.ndarray | None = None, confidence: float = 0.95,
) -> Contrast:  # fmt: skip
    """Hajek's weighted risks of `outcome` (n; 1, 0, NaN where not recorded) and their contrast; fit None: not weighted.

    An outcome with other values, such as minutes, is compared by its means; their ratio is NaN unless both are above 0.
    `kept` (n, bool) marks the encounters inside the overlap limits; the others still count in the fit of the score.
    The standard error is the sandwich of the estimating equations of score and means together (so it knows that the
    score was estimated), summed over `cluster` (n, codes) where given, times G/(G-1), with t quantiles on G-1; without
    clusters every encounter is one. Limits of the ratio are on its logarithm. Where one group has no event or nothing
    else, its Wilson limits for the effective size stand in (Newcombe 1998, method 10), and there is no p value.
    """
    if endless := int(np.isinf(outcome).sum()):
        raise UserError(f"the outcome is infinite in {endless} encounters; a number, or NaN where not recorded")
    used = np.isfinite(outcome) & (np.ones(len(outcome), bool) if kept is None else kept)
    for side, who in ((treated, "the programme's"), (~treated, "the comparison's")):
        if not (used & side).any():
            raise UserError(f"the outcome is recorded in none of {who} encounters: nothing can be compared")
    y, t = np.where(used, outcome, 0.0), treated
    raw, slope = (np.ones(len(y)), np.zeros(len(y))) if fit is None else _raw(fit.score, t, estimand)
    groups = (t & used, ~t & used)
    means = [float((raw * g) @ y / (raw @ g)) for g in groups]
    pulls = np.column_stack([raw * g * (y - m) / (raw @ g) for g, m in zip(groups, means, strict=True)])
    if fit is not None:
        x, e = fit.design, fit.score
        inverse = np.linalg.inv((x * (e * (1 - e))[:, None]).T @ x)
        turn = [(slope * g * (y - m)) @ x / (raw @ g) for g, m in zip(groups, means, strict=True)]
        pulls = pulls + ((t - e)[:, None] * x) @ inverse @ np.column_stack(turn)
    elif not used.all():
        pulls, cluster = pulls[used], None if cluster is None else cluster[used]
    size = tuple(float((raw * g).sum() ** 2 / (raw**2 * g).sum()) for g in groups)
    shares = bool(np.isin(y[used], (0.0, 1.0)).all())
    return contrast((means[0], means[1]), pulls, (size[0], size[1]), cluster, confidence, shares)


def contrast(
    means: tuple[float, float], pulls: np.ndarray, size: tuple[float, float], cluster: np.ndarray | None,
    confidence: float, shares: bool = True,
) -> Contrast:  # fmt: skip
    """Difference and ratio of two risks from the pull of each encounter on each (n x 2), by the delta method.

    Without `shares` they are means of any size, and there are no limits of shares to fall back on.
    """
    from scipy.stats import t as student

    if cluster is not None:
        _, place = np.unique(cluster, return_inverse=True)
        pulls = np.column_stack([np.bincount(place, pull) for pull in pulls.T])
    g = len(pulls)
    covariance = _steady(pulls.T @ pulls * g / (g - 1)) if g > 1 else np.full((2, 2), np.nan)
    (one, nought), step = _steady(np.array(means)).tolist(), np.array([1.0, -1.0])
    difference, se = one - nought, float(np.sqrt(step @ covariance @ step))
    quantile = float(student.ppf((1 + confidence) / 2, max(g - 1, 1)))
    ratio = one / nought if nought > 0 and (shares or one > 0) else float("nan")
    if shares and (min(one, nought) <= 0 or max(one, nought) >= 1):
        low, high = _newcombe((one, nought), size, confidence)
        return Contrast(one, nought, difference, se, low, high, float("nan"), ratio, float("nan"), float("nan"),
                        g, size, "Newcombe on the effective size: a group has no event, or nothing else")  # fmt: skip
    spread = float("nan")
    if np.isfinite(ratio):
        slope = np.array([1 / one, -1 / nought])
        spread = quantile * float(np.sqrt(slope @ covariance @ slope))
    p = 2 * float(student.sf(abs(difference) / se, max(g - 1, 1))) if se > 0 else float("nan")
    return Contrast(one, nought, difference, se, difference - quantile * se, difference + quantile * se, p, ratio,
                    ratio * np.exp(-spread), ratio * np.exp(spread), g, size, f"sandwich, G/(G-1), t({g - 1})")


def _steady(values: np.ndarray) -> np.ndarray:
    """The same to 12 significant digits: the last bits depend on how many threads summed, and no result may."""
    return np.array([float(f"{value:.12g}") for value in values.ravel()]).reshape(values.shape)


def _newcombe(means: tuple[float, float], size: tuple[float, float], confidence: float) -> tuple[float, float]:
    from crisiskit.measures.intervals import wilson

    (p1, p0), (n1, n0) = means, size
    l1, u1 = (float(limit) for limit in wilson(p1 * n1, n1, confidence))
    l0, u0 = (float(limit) for limit in wilson(p0 * n0, n0, confidence))
    return p1 - p0 - np.hypot(p1 - l1, u0 - p0), p1 - p0 + np.hypot(u1 - p1, p0 - l0)


def bounds(outcome: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Lowest and highest weighted risk whatever the outcomes that are not recorded (NaN) were (Manski 1990)."""
    seen = np.isfinite(outcome)
    events, whole = (weight[seen] * outcome[seen]).sum(), weight.sum()
    return float(events / whole), float((events + weight[~seen].sum()) / whole)


def standardised(values: np.ndarray, treated: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Standardised mean difference: weighted means' difference over the unweighted pooled standard deviation.

    The scale is sqrt((s1^2 + s0^2) / 2) of the groups before weighting, so that before and after can be compared; for a
    level (0 or 1) s^2 is p (1 - p). 0 where nothing differs, infinite where two constants do.
    """
    w = np.ones(len(values)) if weight is None else weight
    level = bool(np.isin(values, (0.0, 1.0)).all())
    spread = [values[g].var() if level or g.sum() < 2 else values[g].var(ddof=1) for g in (treated, ~treated)]
    gap = float(np.average(values[treated], weights=w[treated]) - np.average(values[~treated], weights=w[~treated]))
    pooled = float(np.sqrt(sum(spread) / 2))
    return gap / pooled if pooled > 0 else 0.0 if abs(gap) < 1e-12 else float(np.sign(gap) * np.inf)


def e_value(ratio: float, low: float = float("nan"), high: float = float("nan")) -> tuple[float, float]:
    """E-values of a risk ratio and of the limit nearer to 1 (1 where the interval holds 1; NaN where not known).

    How strongly something unrecorded would have to go with both the group and the outcome (as risk ratios, beyond the
    covariates) to explain the figure away: RR + sqrt(RR (RR - 1)), of 1/RR where RR is below 1.
    """

    def one(rr: float) -> float:
        rr = 1 / rr if rr < 1 else rr
        return rr + float(np.sqrt(rr * (rr - 1)))

    if not (np.isfinite(ratio) and ratio > 0):
        return float("nan"), float("nan")
    limit = low if ratio >= 1 else high
    if not np.isfinite(limit):
        return one(ratio), float("nan")
    return one(ratio), 1.0 if (limit <= 1) == (ratio >= 1) else one(limit)
