"""Panels with a known effect, like the field's: few areas, small counts, over-dispersed and autocorrelated.

Only arrays, no table: thousands of them are drawn to see how often a test errs. Counts are Poisson around a mean of
area effect x month effect x season x own level, where the own level is gamma with mean 1 and autocorrelation within the
area. Source of the gamma autoregression (exact gamma margins, correlation rho^lag): Lewis, McKenzie and Hugus, "Gamma
processes", Stochastic Models 5 (1989) 1-30, the beta-gamma process.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

SEASON = 0.15  # height of the yearly wave, log scale
MONTHS_NOISE = 0.08  # standard deviation of what a month does to every area, log scale


@dataclass(frozen=True)
class Simulated:
    """Counts of areas (rows, in order of their names) by months, with the truth.

    `outcome`, `status` (1 where the programme runs), `effect` (log rate ratio of the programme in the cell, 0 where it
    does not run) and `expected` (mean without the programme, before the area's own ups and downs) are N x T.
    """

    units: tuple[str, ...]
    starts: tuple[date, ...]
    outcome: np.ndarray
    status: np.ndarray
    effect: np.ndarray
    expected: np.ndarray

    @property
    def true_relative(self) -> float:
        """Events that the programme adds, as a share of those expected where it runs; 0 where it never runs."""
        on = self.status > 0
        without = self.expected[on].sum()
        return float((self.expected[on] * np.expm1(self.effect[on])).sum() / without) if without else 0.0


def panel(
    seed: int, areas: int = 36, months: int = 24, treated: int = 8, effect: float = 0.0, start: int | None = None,
    mean: float = 12.0, spread: float = 0.6, dispersion: float = 0.1, autocorrelation: float = 0.4, stagger: int = 0,
    cohorts: int = 1, growing: float = 0.0, unequal: float = 0.0,
) -> Simulated:  # fmt: skip
    """Draw a panel from the seed; the treated areas are drawn at random.

    `effect`: log rate ratio in the month of the start; `growing` is added for every month since, and every area has its
    own share of it with standard deviation `unequal`. `start`: position of the first treated month (half-way by
    default); with `cohorts` above 1 the treated areas start in that many groups, `stagger` months apart. `mean`: events
    per area and month, which differ between areas with standard deviation `spread` of the logarithm. Variance of a
    count: mu + dispersion x mu^2; correlation of the own level of an area from month to month: `autocorrelation`.
    ValueError for settings that make no panel.
    """
    _refuse(areas, months, treated, dispersion, autocorrelation)
    rng = np.random.default_rng(seed)
    size = mean * np.exp(spread * rng.standard_normal(areas) - spread**2 / 2)
    when = np.arange(months)
    common = MONTHS_NOISE * rng.standard_normal(months) + SEASON * np.cos(2 * np.pi * (when - 6) / 12)
    expected = size[:, None] * np.exp(common)[None, :]
    status, effects = _programme(rng, areas, months, treated, effect, start, stagger, cohorts, growing, unequal)
    own = gamma_levels(rng, areas, months, dispersion, autocorrelation)
    outcome = rng.poisson(expected * own * np.exp(effects)).astype("float64")
    width = len(str(areas))
    return Simulated(
        tuple(f"a{i + 1:0{width}}" for i in range(areas)),
        tuple(date(2020 + m // 12, m % 12 + 1, 1) for m in range(months)),
        outcome, status, effects, expected,
    )  # fmt: skip


def _refuse(areas: int, months: int, treated: int, dispersion: float, autocorrelation: float) -> None:
    if areas < 2 or months < 2 or not 0 <= treated <= areas:
        raise ValueError(f"{treated} treated of {areas} areas in {months} months make no panel")
    if dispersion < 0 or not 0 <= autocorrelation < 1:
        raise ValueError(f"dispersion {dispersion} should be 0 or more, autocorrelation {autocorrelation} from 0 to 1")


def _programme(
    rng: np.random.Generator, areas: int, months: int, treated: int, effect: float, start: int | None, stagger: int,
    cohorts: int, growing: float, unequal: float,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Status and log effect (N x T) of areas drawn at random, dealt to the cohorts in turn."""
    first = months // 2 if start is None else start
    if not 0 < first + (cohorts - 1) * stagger < months or not 0 < first < months:
        raise ValueError(f"starts from month {first}, {cohorts} of them {stagger} apart, leave the {months} months")
    chosen = rng.permutation(areas)[:treated]
    own = unequal * rng.standard_normal(treated)
    begins = first + stagger * (np.arange(treated) % cohorts)
    since = np.arange(months)[None, :] - begins[:, None]
    status, effects = np.zeros((areas, months)), np.zeros((areas, months))
    status[chosen] = since >= 0
    effects[chosen] = np.where(since >= 0, effect + growing * since + own[:, None], 0.0)
    return status, effects


def gamma_levels(
    rng: np.random.Generator, areas: int, months: int, dispersion: float, autocorrelation: float
) -> np.ndarray:
    """Levels (N x T) with mean 1, gamma with variance `dispersion`, correlation `autocorrelation`^lag in a row."""
    if dispersion == 0:
        return np.ones((areas, months))
    shape = 1 / dispersion
    kept = shape * autocorrelation
    share = rng.beta(kept, shape - kept, (areas, months)) if kept > 0 else np.zeros((areas, months))
    fresh = rng.gamma(shape - kept, 1 / shape, (areas, months))
    level = np.empty((areas, months))
    level[:, 0] = rng.gamma(shape, 1 / shape, areas)
    for month in range(1, months):
        level[:, month] = share[:, month] * level[:, month - 1] + fresh[:, month]
    return level
