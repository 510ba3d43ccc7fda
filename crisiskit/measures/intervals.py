"""Confidence intervals as pure functions on arrays: they take counts, return limits, and know nothing of tables.

Limits that cannot be given (no denominator, too few values) are NaN, never zero.
"""

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammainccinv, gammaincinv, ndtri, stdtrit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Limits = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


def wilson(count: "ArrayLike", total: "ArrayLike", confidence: float = 0.95) -> Limits:
    """Wilson score limits of a proportion `count / total`; NaN where total is 0 or count is outside 0..total.

    Written out because importing statsmodels for it costs seconds; the tests hold it to statsmodels.
    Source: Wilson, JASA 22 (1927) 209-212.
    """
    k, n = np.broadcast_arrays(np.asarray(count, float), np.asarray(total, float))
    sound = (n > 0) & (k >= 0) & (k <= n)
    k, n = np.where(sound, k, np.nan), np.where(sound, n, np.nan)
    z, share = ndtri((1 + confidence) / 2), k / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.where(k == 0, 0.0, centre - half), np.where(k == n, 1.0, centre + half)


def garwood(count: "ArrayLike", confidence: float = 0.95) -> Limits:
    """Exact Poisson limits of a count; divide by the exposure for a rate. The lower limit of 0 is 0.

    Source: Garwood, Biometrika 28 (1936) 437-442; half a chi-square quantile is an inverse incomplete gamma function.
    """
    k = np.asarray(count, float)
    k = np.where(k >= 0, k, np.nan)
    tail = (1 - confidence) / 2
    low = np.where(k == 0, 0.0, gammaincinv(np.where(k > 0, k, np.nan), tail))
    return low, gammainccinv(k + 1, tail)


def byar(count: "ArrayLike", confidence: float = 0.95) -> Limits:
    """Byar's approximate Poisson limits of a count; close to exact from about 10 events.

    The lower limit is NaN where the approximation falls below zero or the count is 0: use `garwood` there.
    Source: Breslow and Day, Statistical Methods in Cancer Research II (IARC 1987) 69.
    """
    k = np.asarray(count, float)
    z = ndtri((1 + confidence) / 2)
    below, above = np.where(k > 0, k, np.nan), k + 1
    low = below * (1 - 1 / (9 * below) - z / (3 * np.sqrt(below))) ** 3
    high = above * (1 - 1 / (9 * above) + z / (3 * np.sqrt(above))) ** 3
    return np.where(low >= 0, low, np.nan), high


def poisson(count: "ArrayLike", confidence: float = 0.95, exact_below: float = 10) -> Limits:
    """Poisson limits of a count as the public-health technical guide has them: exact below 10 events, Byar's above.

    Source: Public Health England, Technical guide: confidence intervals (2018).
    """
    k = np.asarray(count, float)
    few = k < exact_below
    exact, near = garwood(k, confidence), byar(np.where(few, np.nan, k), confidence)
    return np.where(few, exact[0], near[0]), np.where(few, exact[1], near[1])


def difference(value: "ArrayLike", low: "ArrayLike", high: "ArrayLike", other: "ArrayLike", other_low: "ArrayLike",
               other_high: "ArrayLike") -> Limits:
    """Limits of `value - other` from the limits of each, taken as independent; with Wilson limits it is Newcombe's.

    Source: Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10; for other estimates Zou and Donner,
    Statistics in Medicine 27 (2008) 1693-1702.
    """
    a, a0, a1, b, b0, b1 = (np.asarray(x, float) for x in (value, low, high, other, other_low, other_high))
    return a - b - np.sqrt((a - a0) ** 2 + (b1 - b) ** 2), a - b + np.sqrt((a1 - a) ** 2 + (b - b0) ** 2)


def share_ratio(count: "ArrayLike", total: "ArrayLike", other_count: "ArrayLike", other_total: "ArrayLike",
                confidence: float = 0.95) -> Limits:
    """Log limits of the ratio of two proportions; NaN where either count is 0, for there the logarithm has no error.

    Source: Katz, Baptista, Azen and Pike, Biometrics 34 (1978) 469-474.
    """
    k, n, other, base = np.broadcast_arrays(*(np.asarray(a, float) for a in (count, total, other_count, other_total)))
    sound = (k > 0) & (other > 0)
    k, other = np.where(sound, k, np.nan), np.where(sound, other, np.nan)
    ratio = k / n / (other / base)
    half = ndtri((1 + confidence) / 2) * np.sqrt(1 / k - 1 / n + 1 / other - 1 / base)
    return ratio * np.exp(-half), ratio * np.exp(half)


def rate_ratio(count: "ArrayLike", exposure: "ArrayLike", other_count: "ArrayLike", other_exposure: "ArrayLike",
               confidence: float = 0.95) -> Limits:
    """Exact limits of the ratio of two Poisson rates, given their total count; NaN where there is no event at all.

    Given the total, the first count is binomial; its Clopper-Pearson limits p become p / (1 - p), over the exposures.
    The upper limit is infinite where the other count is 0. Source: Przyborowski and Wilenski, Biometrika 31 (1940).
    """
    from scipy.stats import beta

    k, t, other, base = np.broadcast_arrays(*(np.asarray(a, float) for a in (count, exposure, other_count,
                                                                             other_exposure)))
    sound = (k + other > 0) & (t > 0) & (base > 0)
    k, other = np.where(sound, k, np.nan), np.where(sound, other, np.nan)
    tail = (1 - confidence) / 2
    low = np.where(k == 0, 0.0, beta.ppf(tail, np.where(k > 0, k, np.nan), other + 1))
    high = np.where(other == 0, 1.0, beta.ppf(1 - tail, k + 1, np.where(other > 0, other, np.nan)))
    scale = np.divide(base, t, out=np.full_like(base, np.nan), where=sound)
    with np.errstate(divide="ignore"):
        return scale * low / (1 - low), scale * high / (1 - high)


def order_ranks(n: "ArrayLike", share: "ArrayLike", confidence: float = 0.95) -> Limits:
    """1-based ranks of the order statistics that enclose the `share` quantile of n values; NaN where n is too small.

    Distribution-free: the number of values below the quantile is binomial(n, share), and each tail is at most
    (1 - confidence) / 2. Source: Conover, Practical Nonparametric Statistics, 3rd ed. (1999) 143-148.
    """
    from scipy.stats import binom

    size, p = np.broadcast_arrays(np.asarray(n, float), np.asarray(share, float))
    tail = (1 - confidence) / 2
    low, high = binom.ppf(tail, size, p), binom.ppf(1 - tail, size, p) + 1
    return np.where(low >= 1, low, np.nan), np.where(high <= size, high, np.nan)


def student(mean: "ArrayLike", error: "ArrayLike", n: "ArrayLike", confidence: float = 0.95) -> Limits:
    """Student limits of a mean or ratio with standard error `error` from n values; NaN below two values."""
    size = np.asarray(n, float)
    half = stdtrit(np.where(size > 1, size - 1, np.nan), (1 + confidence) / 2) * np.asarray(error, float)
    return np.asarray(mean, float) - half, np.asarray(mean, float) + half


def ratio_limits(value: "ArrayLike", total: "ArrayLike", n: "ArrayLike", yy: "ArrayLike", xy: "ArrayLike",
                 xx: "ArrayLike", confidence: float = 0.95) -> Limits:
    """Student limits of a ratio of sums `value` = sum(y) / sum(x), with `total` = sum(x), over n rows.

    `yy`, `xy`, `xx` are the sums of y*y, x*y, x*x. Standard error: sqrt(n / (n - 1) * sum((y - value * x)^2)) / sum(x).
    NaN below two rows and where the total is 0. Source: Cochran, Sampling Techniques, 3rd ed. (1977) 6.13.
    """
    ratio, below, size = (np.asarray(a, float) for a in (value, total, n))
    yy, xy, xx = (np.asarray(a, float) for a in (yy, xy, xx))
    squares = np.maximum(yy - 2 * ratio * xy + ratio**2 * xx, 0)
    spread = np.sqrt(size / np.where(size > 1, size - 1, np.nan) * squares)
    return student(ratio, spread / np.where(below != 0, below, np.nan), size, confidence)
