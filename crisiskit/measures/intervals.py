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
