"""The tests of studies whose treated areas all start at once, for thousands of studies at a time.

In a block design the two-way fixed effects have a closed form (for Poisson the ratio of ratios of four totals), so that
studies with their reassignments are matrix products. `twoway.py` gives the same numbers, which is tested.
"""

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError

if TYPE_CHECKING:
    from numpy.random import Generator


def assignments(units: int, treated: int, draws: int, rng: "Generator") -> np.ndarray:
    """Whom the programme could have reached, (S, units) of 0 and 1, the first `treated` units in the first row.

    All assignments where they are no more than draws + 1, else the actual one and `draws` others at random.
    """
    if comb(units, treated) <= draws + 1:
        who = np.array(list(combinations(range(units), treated)))
    else:
        drawn = np.argsort(rng.random((draws, units)), axis=1)[:, :treated]
        who = np.vstack([np.arange(treated)[None], drawn])
    chosen = np.zeros((len(who), units))
    np.put_along_axis(chosen, who, 1.0, axis=1)
    return chosen


def smallest_p(units: int, treated: int, draws: int) -> float:
    """Smallest p of the randomisation test; where half are treated, the mirrored assignment is as extreme."""
    ways = comb(units, treated)
    return 1 / (draws + 1) if ways > draws + 1 else (2 if 2 * treated == units else 1) / ways


def few_t(
    outcome: np.ndarray, before: int, treated: int, model: str = "poisson", chosen: np.ndarray | None = None
) -> np.ndarray:
    """p values (R,) of block studies (R x areas x periods) whose first `treated` areas start at period `before`.

    Share of the rows of `chosen` (the actual assignment is the first) whose |t| is at least the actual one; without
    `chosen`, the clustered t test with G - 1 degrees of freedom. A reassignment whose counts allow no estimate
    counts as more extreme, so that doubt never helps; a study that allows none itself has p NaN.
    """
    if chosen is None:
        from scipy.stats import t

        first = (np.arange(outcome.shape[1]) < treated)[None].astype("float64")
        return 2 * t.sf(np.abs(block_t(outcome, before, first, model)[1][:, 0]), outcome.shape[1] - 1)
    size = np.abs(block_t(outcome, before, chosen, model)[1])
    p = (~(size < size[:, :1] * (1 - 1e-9))).mean(axis=1)
    return np.where(np.isnan(size[:, 0]), np.nan, p)


def block_t(outcome: np.ndarray, before: int, chosen: np.ndarray, model: str) -> tuple[np.ndarray, np.ndarray]:
    """Effects and t statistics (R, S) of two-way fixed effects in a block design, for every assignment of `chosen`.

    poisson: b is the log of the ratio of ratios of totals, and unit i pulls on it by y_after / Y_after - y_before /
    Y_before of its group. log, linear: difference of the groups' mean changes. se^2 = G / (G - 1) sum of squared pulls,
    as in `twoway`. NaN where a total is 0, a logarithm is none, or the error is 0.
    """
    units = chosen.shape[1]
    least = 1e-12  # square of an error that is 0 but for rounding; pulls of a Poisson fit are shares
    with np.errstate(divide="ignore", invalid="ignore"):
        if model == "poisson":
            sums = outcome[:, :, :before].sum(axis=2), outcome[:, :, before:].sum(axis=2)
            b, square = np.zeros((len(outcome), len(chosen))), np.zeros((len(outcome), len(chosen)))
            for sign, group in ((1, chosen), (-1, 1 - chosen)):
                early, late = (part @ group.T for part in sums)
                b += sign * np.log(late / early)
                square += ((sums[1] ** 2) @ group.T / late**2 + (sums[0] ** 2) @ group.T / early**2
                           - 2 * (sums[0] * sums[1]) @ group.T / (early * late))  # fmt: skip
        else:
            values = np.log(outcome) if model == "log" else outcome
            change = values[:, :, before:].mean(axis=2) - values[:, :, :before].mean(axis=2)
            change = change - change.mean(axis=1, keepdims=True)
            least = least * (change**2).mean(axis=1, keepdims=True)
            b, square = np.zeros((len(outcome), len(chosen))), np.zeros((len(outcome), len(chosen)))
            for sign, group in ((1, chosen), (-1, 1 - chosen)):
                n = group.sum(axis=1)
                mean = change @ group.T / n
                b += sign * mean
                square += ((change**2) @ group.T - n * mean**2) / n**2
        square = np.where(square > least, square, np.nan)
        t = b / np.sqrt(square * units / (units - 1))
    sound = np.isfinite(t)
    return np.where(sound, b, np.nan), np.where(sound, t, np.nan)


def segmented_p(series: np.ndarray, before: int, year: int) -> np.ndarray:
    """p values (R,) of the level in a segmented quasi-Poisson of each series (R x periods), the start at `before`.

    Trend and level and, where a year of at least four periods lies before the start, one harmonic of the year. Scale by
    Pearson's chi-square, t test. NaN where the counts before or after are all 0, or the fit does not converge;
    UserError for too few periods. Source: Bernal, Cummins and Gasparrini, International Journal of
    Epidemiology 46 (2017) 348-355.
    """
    import warnings

    from statsmodels.api import GLM, families
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    at = np.arange(series.shape[1])
    columns = [np.ones(len(at)), (at >= before).astype("float64"), at / len(at)]
    if 4 <= year <= before:
        columns += [np.sin(2 * np.pi * at / year), np.cos(2 * np.pi * at / year)]
    design, found = np.column_stack(columns), np.full(len(series), np.nan)
    if before < 2 or len(at) <= design.shape[1]:
        raise UserError(f"{before} periods before the start and {len(at) - before} after it are too few for a trend "
                        "and a level; ask for more months")
    for place, counts in enumerate(series):
        if counts[:before].sum() and counts[before:].sum():
            with warnings.catch_warnings():
                for known in (ConvergenceWarning, PerfectSeparationWarning):
                    warnings.simplefilter("ignore", known)
                fit = GLM(counts, design, family=families.Poisson()).fit(scale="X2", use_t=True)
            found[place] = fit.pvalues[1] if fit.converged else np.nan
    return found
