"""Permutation inference for a synthetic control: the same fit for areas that were never treated.

If the programme did nothing, the treated areas are areas like the others, and the ratio of their error after the start
to that before it is one draw among the donors' (Abadie, Diamond and Hainmueller 2010). Where several areas are treated,
their mean is compared with the means of as many donors (all sets where they can be listed, else a seeded sample).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb, floor
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Estimate
from crisiskit.impact.synthetic_control import NEGLIGIBLE, Pool, Synthetic, of_pool, pool_of

if TYPE_CHECKING:
    import pandas as pd

Ends = tuple[float, float]
Solve = Callable[[Pool], Synthetic]
STATISTICS = ("rmspe", "mean")
SAID = {"rmspe": "error after over error before", "mean": "mean gap after over error before"}
FEWEST_LEFT = 2
"""Donors that must be left to mix when some of them are treated for show."""


@dataclass(frozen=True)
class Placebos:
    """The treated areas' synthetic control beside those of areas that are treated for show.

    `statistic`: what is set against the error before, the error after (`rmspe`) or the size of the mean gap (`mean`).
    `sets` (S) name the areas of each placebo, `gaps` (S x T) are seen less expected, `ratios` (S) their statistics,
    `ratio` that of the treated areas. `floor` is what an error before counts as at least, so that a perfect fit
    has a ratio. `exact`: every set of donors was tried.
    """

    synthetic: Synthetic
    sets: tuple[tuple[str, ...], ...]
    gaps: np.ndarray
    ratios: np.ndarray
    ratio: float
    floor: float
    exact: bool
    statistic: str = "rmspe"

    @property
    def p(self) -> float:
        """Rank of the treated areas' ratio: (1 + placebos at least as large) / (1 + placebos)."""
        return float((1 + (self.ratios >= self.ratio * (1 - 1e-9)).sum()) / (1 + len(self.ratios)))

    @property
    def smallest_p(self) -> float:
        """The smallest p that this many placebos can give."""
        return 1 / (1 + len(self.ratios))

    @property
    def table(self) -> "pd.DataFrame":
        """For the placebo plot: `area`, `treated`, `at`, `gap` and `ratio`, the treated areas first."""
        import pandas as pd

        pool = self.synthetic.pool
        names = [", ".join(pool.areas), *(", ".join(areas) for areas in self.sets)]
        gaps, t = np.vstack([self.synthetic.gap, self.gaps]), len(pool.at)
        return pd.DataFrame({
            "area": np.repeat(np.array(names, object), t), "treated": np.repeat(np.arange(len(names)) == 0, t),
            "at": np.tile(pool.at, len(names)), "gap": gaps.ravel(),
            "ratio": np.repeat([self.ratio, *self.ratios], t),
        })  # fmt: skip

    def bound(self, alpha: float) -> float:
        """The largest error (or mean gap) after the start that is not rejected at `alpha`; maybe infinite."""
        needed = floor(alpha * (1 + len(self.ratios)) - 1 + 1e-9) + 1
        if needed <= 0:
            return float("inf")
        critical = float(np.sort(self.ratios)[::-1][needed - 1])
        return critical * max(float(np.sqrt(self.synthetic.mspe)), self.floor)

    def additive(self, confidence: float = 0.95) -> Ends:
        """The constant differences that are not rejected: NaN where all are rejected, infinite where none can be.

        With `rmspe` an interval need not exist, because gaps that vary much are rejected whatever the difference; with
        `mean` it always does.
        """
        gap, bound = self.synthetic.gap[self.synthetic.pool.after], self.bound(1 - confidence)
        if bound == float("inf"):
            return -bound, bound
        room = bound**2 - (float(gap.var()) if self.statistic == "rmspe" else 0.0)
        if room < 0:
            return float("nan"), float("nan")
        return float(gap.mean() - np.sqrt(room)), float(gap.mean() + np.sqrt(room))

    def relative(self, confidence: float = 0.95) -> Ends:
        """The constant shares that are not rejected; NaN and infinite as in `additive`.

        With x = 1 / (1 + share), the mean of (x seen - expected)^2 must not exceed the bound squared (`rmspe`), or
        |x mean seen - mean expected| the bound (`mean`).
        """
        pool, bound = self.synthetic.pool, self.bound(1 - confidence)
        seen, expected = pool.mean[pool.after], self.synthetic.expected[pool.after]
        if bound == float("inf"):
            return -1.0, bound
        if self.statistic == "mean":
            seen, expected = seen.mean(keepdims=True), expected.mean(keepdims=True)
        a, b, c = float((seen**2).mean()), float((seen * expected).mean()), float((expected**2).mean())
        room = b**2 - a * (c - bound**2)
        if a <= 0 or room < 0 or b + np.sqrt(room) <= 0:
            return float("nan"), float("nan")
        least, most = (b - np.sqrt(room)) / a, (b + np.sqrt(room)) / a
        return 1 / most - 1, 1 / least - 1 if least > 0 else float("inf")


def placebos(
    panel: Panel, fit: np.ndarray | None = None, *, demeaned: bool = False, each: bool = False, draws: int = 999,
    seed: int = 144, statistic: str = "rmspe", solve: Solve | None = None,
) -> Placebos:  # fmt: skip
    """Fit the synthetic control for the treated areas and for every donor, or set of donors, for show.

    Fitted on the outcome, or by `solve`, such as `predictors.solver(...)`. Truly treated areas are never donors. Of
    sets of several donors at most `draws` are tried. Raises UserError as `synthetic_control.pool_of`, and where too few
    donors are left to mix.
    """
    if statistic not in STATISTICS:
        raise ValueError(f"statistic {statistic!r}; one of {STATISTICS}")
    if solve is not None and (demeaned or each):
        raise ValueError("demeaned and each are for a fit on the outcome; solve says how to fit by itself")
    how: Solve = solve or (lambda part: of_pool(part, demeaned=demeaned, each=each))
    pool = pool_of(panel, fit)
    k, j = len(pool.areas), len(pool.donors)
    if j < k + FEWEST_LEFT:
        raise UserError(f"{j} donors for {k} treated areas: placebo areas need at least {k + FEWEST_LEFT}")
    chosen, exact = _sets(j, k, draws, seed)
    pretended = [how(_for_show(pool, picked)) for picked in chosen]
    real = how(pool)
    least = NEGLIGIBLE * float(np.vstack([pool.treated, pool.others]).std())
    if not least:
        raise UserError("the outcome is the same in every area and period: there is nothing to compare")
    names = tuple(tuple(pool.donors[at] for at in picked) for picked in chosen)
    gaps = np.array([one.gap for one in pretended])
    ratios = np.array([_ratio(one, least, statistic) for one in pretended])
    return Placebos(real, names, gaps, ratios, _ratio(real, least, statistic), least, exact, statistic)


def with_placebos(
    panel: Panel, fit: np.ndarray | None = None, *, demeaned: bool = False, each: bool = False, draws: int = 999,
    seed: int = 144, statistic: str = "rmspe", confidence: float = 0.95, solve: Solve | None = None,
) -> Estimate:  # fmt: skip
    """The synthetic control with p and interval from placebo areas; `model` of the result is the `Placebos`.

    The interval of the difference holds the constant differences that the placebos do not reject, that of the relative
    effect the constant shares. Both are infinite where even the smallest p is too large. Raises as `placebos`.
    """
    found = placebos(panel, fit, demeaned=demeaned, each=each, draws=draws, seed=seed, statistic=statistic, solve=solve)
    bare = found.synthetic.estimate
    low, high = found.additive(confidence)
    least, most = found.relative(confidence)
    kind = "areas" if len(found.synthetic.pool.areas) == 1 else "sets of areas"
    how = "all" if found.exact else f"seed {seed}"
    notes = [*bare.notes]
    if found.smallest_p > 1 - confidence + 1e-9:
        notes.append(f"{len(found.sets)} placebos: p cannot fall below {found.smallest_p:.3f}, no interval is bounded")
    else:
        for kind_of, end in (("difference", low), ("share", least)):
            if end != end:
                notes.append(f"the gaps vary too much for a constant {kind_of}: it has no interval (by 'mean' it has)")
    return replace(
        bare, low=low, high=high, p=found.p,
        relative_low=least if bare.relative == bare.relative else float("nan"),
        relative_high=most if bare.relative == bare.relative else float("nan"),
        method=f"{bare.method}; {len(found.sets)} placebo {kind} ({how}), {SAID[statistic]}",
        correction="none: permutation of areas", confidence=confidence, notes=tuple(notes), model=found,
        details={
            **bare.details, "statistic": found.ratio, "smallest_p": found.smallest_p,
            "placebos": float(len(found.sets)),
        },
    )  # fmt: skip


def _sets(j: int, k: int, draws: int, seed: int) -> tuple[list[tuple[int, ...]], bool]:
    """Sets of k of j donors: all where that is one each or at most `draws`, else a seeded sample without repeats."""
    if k == 1 or comb(j, k) <= draws:
        return list(combinations(range(j), k)), True
    rng, drawn = np.random.default_rng(seed), dict[tuple[int, ...], None]()
    while len(drawn) < draws:
        drawn[tuple(sorted(int(at) for at in rng.choice(j, k, replace=False)))] = None
    return list(drawn), False


def _for_show(pool: Pool, picked: tuple[int, ...]) -> Pool:
    """The pool had those donors been treated; the truly treated areas are out of it."""
    left = [at for at in range(len(pool.donors)) if at not in picked]
    return replace(pool, areas=tuple(pool.donors[at] for at in picked), treated=pool.others[list(picked)],
                   donors=tuple(pool.donors[at] for at in left), others=pool.others[left])  # fmt: skip


def _ratio(found: Synthetic, least: float, statistic: str) -> float:
    after = found.rmspe_after if statistic == "rmspe" else abs(float(found.gap[found.pool.after].mean()))
    return after / max(float(np.sqrt(found.mspe)), least)
