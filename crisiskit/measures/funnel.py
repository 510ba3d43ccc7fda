"""Funnel limits: how far areas of a given size would stray from the common figure by chance alone.

A ranking puts the smallest areas at both ends, because small numbers vary most. The funnel shows the noise with the
figure: an area is worth a question when it lies outside the limits for its own size.
Source of the method: Spiegelhalter, Statistics in Medicine 24 (2005) 1185-1202.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from crisiskit.errors import UserError
from crisiskit.measures.intervals import Limits

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

WARNING, ALARM = 0.95, 0.998
"""The two pairs of limits: about two and three standard deviations."""

BANDS = (("95", WARNING), ("998", ALARM))
VERDICTS = ("inside", "above", "below", "far above", "far below")
"""Inside the 95 % limits; outside them; outside the 99.8 % limits."""


@dataclass(frozen=True)
class Dispersion:
    """How much more areas differ than chance would have it: 1 is chance, the variance is that many times larger."""

    factor: float
    areas: int

    @property
    def limits_widen(self) -> bool:
        """Tell whether the factor is above what chance gives by more than two standard errors, sqrt(2 / areas) each."""
        return self.factor > 1 + 2 * np.sqrt(2 / self.areas) if self.areas else False


def proportion_limits(baseline: float, size: "ArrayLike", confidence: float = WARNING, factor: float = 1.0) -> Limits:
    """Limits around a common proportion for areas of `size`, cut at 0 and 1; NaN where size is 0.

    They hold the proportions whose Wilson interval holds the baseline. `factor` multiplies the variance.
    """
    low, high = _normal(baseline, size, baseline * (1 - baseline) * factor, confidence)
    return np.maximum(low, 0), np.minimum(high, 1)


def rate_limits(baseline: float, exposure: "ArrayLike", confidence: float = WARNING, factor: float = 1.0) -> Limits:
    """Limits around a common rate for areas of `exposure`; NaN where exposure is 0.

    Without over-dispersion they are Poisson quantiles, interpolated so that the curve is smooth (Spiegelhalter 2005,
    A.1.1); with a `factor` above 1 they are normal, with the variance multiplied, cut at 0.
    """
    people = np.asarray(exposure, float)
    if factor > 1:
        low, high = _normal(baseline, people, baseline * factor, confidence)
        return np.maximum(low, 0), high
    safe = np.where(people > 0, people, np.nan)
    tail = (1 - confidence) / 2
    return _quantile(baseline * safe, tail) / safe, _quantile(baseline * safe, 1 - tail) / safe


def _normal(baseline: float, size: "ArrayLike", variance: float, confidence: float) -> Limits:
    n = np.asarray(size, float)
    half = ndtri((1 + confidence) / 2) * np.sqrt(variance / np.where(n > 0, n, np.nan))
    return baseline - half, baseline + half


def _quantile(mean: "NDArray[np.float64]", share: float) -> "NDArray[np.float64]":
    """Interpolated Poisson quantile: below the smallest count r with P(X <= r) >= share, by how far it overshoots."""
    from scipy.stats import poisson

    count = poisson.ppf(share, mean)
    overshoot = poisson.cdf(count, mean) - share
    return np.maximum(count - overshoot / poisson.pmf(count, mean), 0)


def dispersion(z: "ArrayLike", tails: float = 0.1) -> Dispersion:
    """Over-dispersion factor: mean of the squared z-scores, the outer `tails` at each end drawn in to their quantile.

    Drawing in (winsorising) keeps a few true outliers from widening the limits that should find them. NaN are left out.
    """
    scores = np.asarray(z, float)
    scores = scores[~np.isnan(scores)]
    if len(scores) == 0:
        return Dispersion(1.0, 0)
    low, high = np.quantile(scores, [tails, 1 - tails])
    return Dispersion(float(np.mean(np.clip(scores, low, high) ** 2)), len(scores))


def scores(value: "ArrayLike", baseline: float, size: "ArrayLike", kind: str) -> "NDArray[np.float64]":
    """Return naive z-scores of proportions or rates around the baseline; NaN where size is 0."""
    n, variance = np.asarray(size, float), baseline * (1 - baseline if kind == "proportion" else 1)
    with np.errstate(invalid="ignore"):
        return (np.asarray(value, float) - baseline) / np.sqrt(variance / np.where(n > 0, n, np.nan))


def kind_of(answer: "pd.DataFrame") -> str:
    """Tell from an answer whether it holds proportions or rates; UserError where it holds neither."""
    unit = str(answer.attrs.get("unit", ""))
    if unit == "share":
        return "proportion"
    if "per" in answer and answer["per"].notna().all():
        return "rate"
    raise UserError("a funnel needs shares, crude rates or indirectly standardised ones, whose value is numerator over "
                    f"denominator; '{answer.attrs.get('measure')}' is a {unit or 'figure of no unit'} of another kind")


def one_key(answer: "pd.DataFrame") -> None:
    """UserError where the rows differ in more than one column, so that there is no common figure of all of them."""
    keys = answer.columns[:answer.columns.get_loc("numerator")]
    several = [key for key in keys if answer[key].nunique(dropna=False) > 1]
    if len(several) > 1:
        raise UserError(f"the answer is by {', '.join(several)}: its rows have no figure in common; keep the rows "
                        "of one value of all but one of them")


def funnel(answer: "pd.DataFrame", overdispersed: bool = False) -> "pd.DataFrame":
    """Return a measure's answer by area with what chance would give: a ranking is not shown without its noise.

    Added columns: `expected` (events at the common figure, which is sum of numerators / sum of denominators of the
    rows that have a value), `baseline`, `low95`, `high95`, `low998`, `high998` in the unit of `value`, `dispersion`
    (the factor by which the variance was widened; 1 unless `overdispersed` and the factor is beyond chance) and
    `verdict` (`VERDICTS`; null where there is no value). The baseline holds the area itself. UserError for an answer by
    several columns, or one that is no share or rate.
    """
    import pandas as pd

    one_key(answer)
    kind, frame = kind_of(answer), answer.copy()
    known = frame["value"].notna() & (frame["denominator"] > 0)
    total = frame.loc[known, "denominator"].sum()
    if total == 0:
        raise UserError("a funnel needs at least one area with a value and a denominator")
    baseline = float(frame.loc[known, "numerator"].sum() / total)
    size = frame["denominator"].where(known).to_numpy("float64")
    raw = (frame["numerator"] / size).to_numpy("float64")
    found = dispersion(scores(raw, baseline, size, kind)) if baseline > 0 else Dispersion(1.0, 0)
    factor = found.factor if overdispersed and found.limits_widen else 1.0
    limits: Callable[..., Limits] = proportion_limits if kind == "proportion" else rate_limits
    scale = frame["per"].to_numpy("float64") if kind == "rate" else 1.0
    frame["expected"], frame["baseline"] = baseline * size, baseline * scale
    codes = np.zeros(len(frame), int)
    for step, (name, confidence) in enumerate(BANDS):
        low, high = limits(baseline, size, confidence, factor)
        frame[f"low{name}"], frame[f"high{name}"] = low * scale, high * scale
        codes = np.where(raw > high, 2 * step + 1, np.where(raw < low, 2 * step + 2, codes))
    frame["dispersion"] = factor
    frame["verdict"] = pd.Series(np.array(VERDICTS, object)[codes], frame.index).where(known, None)
    return frame
