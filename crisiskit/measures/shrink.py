"""Shrunken rates: each area's rate drawn towards the common one, the more the less the area can tell by itself.

Counts are Poisson given an area's true rate, and true rates follow a gamma distribution, which the areas themselves
tell (empirical Bayes). A small area with an extreme rate is mostly noise and ends near the mean; a large one keeps its
rate. Sources: Clayton and Kaldor, Biometrics 43 (1987) 671-681; Marshall, Applied Statistics 40 (1991) 283-294.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaincinv, gammaln

from crisiskit.errors import UserError, nearest
from crisiskit.measures.funnel import one_key
from crisiskit.measures.intervals import garwood

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

METHODS = ("likelihood", "moments")
LARGEST_SHAPE = 1e6
"""A prior this narrow says that the areas differ by chance alone."""


@dataclass(frozen=True)
class Prior:
    """Gamma distribution of true rates: `mean`, and `shape` (infinite where areas differ by chance alone)."""

    mean: float
    shape: float


@dataclass(frozen=True)
class Shrunk:
    """Rates drawn to the mean with credible limits, and the prior's mean for each area, in events per exposure."""

    value: "NDArray[np.float64]"
    low: "NDArray[np.float64]"
    high: "NDArray[np.float64]"
    towards: "NDArray[np.float64]"


def prior(count: "ArrayLike", exposure: "ArrayLike", method: str = "likelihood") -> Prior:
    """Estimate the distribution of the areas' true rates; UserError without two areas that have exposure.

    `moments` is Marshall's estimator; `likelihood` maximises the negative binomial likelihood of the counts.
    """
    if method not in METHODS:
        raise UserError(f"shrinkage: there is no method '{method}'{nearest(method, METHODS)} (one of {METHODS})")
    k, n = np.asarray(count, float), np.asarray(exposure, float)
    sound = (n > 0) & ~np.isnan(k)
    k, n = k[sound], n[sound]
    if len(k) < 2:
        raise UserError(f"shrinkage needs at least two areas with exposure, not {len(k)}")
    start = _moments(k, n)
    return start if method == "moments" or k.sum() == 0 else _likelihood(k, n, start)


def _moments(k: "NDArray[np.float64]", n: "NDArray[np.float64]") -> Prior:
    mean = k.sum() / n.sum()
    variance = (n * (k / n - mean) ** 2).sum() / n.sum() - mean / n.mean()
    return Prior(float(mean), float(mean**2 / variance) if variance > 0 else np.inf)


def _likelihood(k: "NDArray[np.float64]", n: "NDArray[np.float64]", start: Prior) -> Prior:
    """Maximise over the logarithms of mean and shape; a shape at its upper end is read as no spread at all."""
    from scipy.optimize import minimize

    def loss(point: "NDArray[np.float64]") -> float:
        mean, shape = np.exp(point)
        rate = shape / mean
        terms = gammaln(k + shape) - gammaln(shape) + shape * np.log(rate / (rate + n)) + k * np.log(n / (rate + n))
        return -float(terms.sum())

    ends = (np.log(1e-3), np.log(LARGEST_SHAPE))
    first = np.array([np.log(start.mean), np.clip(np.log(min(start.shape, 1e3)), *ends)])
    found = minimize(loss, first, method="L-BFGS-B", bounds=[(None, None), ends])
    mean, shape = np.exp(found.x)
    return Prior(float(mean), float(shape) if shape < LARGEST_SHAPE / 2 else np.inf)


def shrink(count: "ArrayLike", exposure: "ArrayLike", towards: Prior, confidence: float = 0.95) -> Shrunk:
    """Return the posterior means (shape + count) / (shape / mean + exposure) and equal-tailed credible limits.

    An area without exposure gets the prior. With a prior of no spread every area gets the mean, with the exact Poisson
    limits of the pooled rate. The limits take the prior as known, and so are a little too narrow with few areas.
    """
    k, n = np.broadcast_arrays(np.asarray(count, float), np.asarray(exposure, float))
    k, n = np.where(n > 0, k, 0.0), np.where(n > 0, n, 0.0)
    mean = np.full(k.shape, towards.mean)
    if np.isinf(towards.shape):
        low, high = (limit / n.sum() for limit in garwood(k.sum(), confidence))
        return Shrunk(mean, np.full(k.shape, low), np.full(k.shape, high), mean)
    shape, rate = towards.shape + k, towards.shape / towards.mean + n
    tail = (1 - confidence) / 2
    return Shrunk(shape / rate, gammaincinv(shape, tail) / rate, gammaincinv(shape, 1 - tail) / rate, mean)


def shrink_locally(count: "ArrayLike", exposure: "ArrayLike", beside: Collection[Collection[int]],
                   confidence: float = 0.95) -> Shrunk:
    """Draw each area towards its own neighbourhood: `beside` gives the positions of each area's neighbours.

    The neighbourhood is the area and its neighbours, its prior estimated by moments (Marshall 1991). An area without
    neighbours is drawn to the mean of all.
    """
    k, n = np.asarray(count, float), np.asarray(exposure, float)
    if len(beside) != len(k):
        raise UserError(f"shrinkage: neighbours of {len(beside)} areas for {len(k)} areas")
    everywhere = prior(k, n, "moments")
    columns = []
    for place, around in enumerate(beside):
        members = sorted({place, *around})
        local = prior(k[members], n[members], "moments") if (n[members] > 0).sum() > 1 else everywhere
        if local.mean == 0:
            local = everywhere
        whole = shrink(k[members], n[members], local, confidence)
        at = members.index(place)
        columns.append([whole.value[at], whole.low[at], whole.high[at], whole.towards[at]])
    return Shrunk(*np.array(columns).T)


def shrunken(answer: "pd.DataFrame", neighbours: Mapping[str, Collection[str]] | None = None,
             method: str = "likelihood", confidence: float = 0.95) -> "pd.DataFrame":
    """Return a rate's answer by area with its shrunken rate, its credible limits and what they say.

    Added columns, in the unit of `value`: `shrunk`, `shrunk_low`, `shrunk_high`, `towards` (the mean it was drawn to)
    and `finding`: below or above where the whole credible interval lies on one side of that mean, else not told apart;
    null where the area has no rate. `neighbours` maps each area_id to those beside it.
    """
    if "per" not in answer or answer["per"].isna().any():
        raise UserError("shrinkage needs a crude or indirectly standardised rate by area, not "
                        f"'{answer.attrs.get('measure')}' as it was asked for")
    one_key(answer)
    frame = answer.copy()
    known = frame["value"].notna() & (frame["denominator"] > 0)
    rows = frame[known]
    counts, exposure = rows["numerator"].to_numpy("float64"), rows["denominator"].to_numpy("float64")
    if neighbours is None:
        result = shrink(counts, exposure, prior(counts, exposure, method), confidence)
    else:
        place = {area: number for number, area in enumerate(rows["area_id"])}
        beside = [[place[area] for area in neighbours.get(here, ()) if area in place] for here in rows["area_id"]]
        result = shrink_locally(counts, exposure, beside, confidence)
    scale = rows["per"].to_numpy("float64")
    columns = {"shrunk": result.value, "shrunk_low": result.low, "shrunk_high": result.high, "towards": result.towards}
    for name, values in columns.items():
        frame.loc[known, name] = values * scale
    frame["finding"] = None
    finding = np.select([result.high < result.towards, result.low > result.towards], ["below", "above"],
                        "not told apart")
    frame.loc[known, "finding"] = finding
    return frame
