"""Randomisation inference: what would the estimate look like, had the same programme gone to other areas?

The paths of the programme are dealt out anew over the areas, and the effect is estimated each time. p is the share of
deals whose statistic is at least as extreme as the one observed, so it needs no theory of many areas; it supposes that
any area might as well have been the treated one. The statistic is t, with the cluster-robust error of each deal: it
holds its level better than the effect alone where the areas differ in size.
Sources: Fisher, The Design of Experiments (1935); MacKinnon and Webb, Journal of Econometrics 218 (2020) 435-450;
intervals by inverting the test: Rosenbaum, Observational Studies (2002), 2.6.2.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations
from math import comb, inf, nan

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.panel import Panel

STATISTICS = ("t", "estimate")
MOST_LISTED = 20_000
"""Assignments up to this many are listed, one by one; where a fit has no closed form, up to a tenth of it."""

TIE = 1e-7
"""Statistics that differ by less than this share are as extreme as each other."""

FARTHEST = 60.0
"""An end of an interval that lies further than this many standard errors from the estimate is called unbounded."""


@dataclass(frozen=True)
class Dealing:
    """The assignments that are looked at: `orders` (S x N), of which the first is what was; see `twoway.reassigned`.

    `exact`: these are all the distinct assignments there are. `assignments`: how many there are.
    """

    panel: Panel
    model: str
    orders: np.ndarray
    exact: bool
    assignments: int
    closed: bool

    @property
    def smallest_p(self) -> float:
        """The smallest p that could come out: a swap of two groups of equal size gives the same |t|, so it counts."""
        counts = np.unique(self.panel.status, axis=0, return_counts=True)[1]
        mirrored = 2 if len(counts) == 2 and counts[0] == counts[1] else 1
        return max(mirrored / self.assignments, 0.0 if self.exact else 1 / len(self.orders))

    def fits(self, null: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Effects and standard errors of every deal, where `null` is taken off the treated cells before dealing."""
        if self.closed:
            return block(self.panel, self.orders, self.model, null)
        p = self.panel
        return twoway.reassigned(p.outcome, p.status, self.orders, self.model, p.exposure, null)

    def statistics(self, statistic: str = "t", null: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Effects and statistics of every deal; NaN where a deal cannot be fitted."""
        effects, errors = self.fits(null)
        if statistic == "estimate":
            return effects, effects
        return effects, np.divide(effects, errors, out=np.full(len(effects), nan), where=errors > 0)


@dataclass(frozen=True)
class Randomisation:
    """A randomisation test. `p` counts the observed assignment, and those that could not be fitted, as extreme.

    `observed` is the statistic of what was, `distribution` those of all deals, the observed one first. `draws` counts
    the deals beside the observed one.
    """

    statistic: str
    estimate: float
    observed: float
    p: float
    draws: int
    exact: bool
    assignments: int
    smallest_p: float
    not_fitted: int
    null: float = 0.0
    distribution: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False, compare=False)


@dataclass(frozen=True)
class Interval:
    """Effects that the test does not reject; an end is infinite where the test cannot reject on that side."""

    low: float
    high: float
    confidence: float
    smallest_p: float
    note: str = ""


def deal(panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144) -> Dealing:
    """Deal the programme's paths out over the panel's areas: all assignments if they can be listed, else `draws`.

    UserError where every area has the same path, so that dealing changes nothing, or where the data cannot be fitted
    as they are (see `twoway.fit`).
    """
    twoway.fit(panel.outcome, panel.status, model, panel.exposure)
    _, labels, counts = np.unique(panel.status, axis=0, return_inverse=True, return_counts=True)
    if len(counts) < 2:
        raise UserError("every area has the same programme at the same time: there is none to compare with")
    labels = labels.reshape(-1)
    assignments, left = 1, len(labels)
    for count in counts.tolist():
        assignments, left = assignments * comb(left, count), left - count
    closed = _closed(panel, model)
    exact = assignments <= max(MOST_LISTED if closed else MOST_LISTED // 10, draws)
    orders = _listed(labels) if exact else _drawn(len(labels), draws, seed)
    return Dealing(panel, model, orders, exact, assignments, closed)


def _drawn(n: int, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.vstack([np.arange(n), rng.permuted(np.tile(np.arange(n), (draws, 1)), axis=1)])


def _listed(labels: np.ndarray) -> np.ndarray:
    """Every distinct assignment as an order, the one that was first."""
    n = len(labels)
    dealt = [np.full(n, -1)]
    for label in range(labels.max()):
        size = int((labels == label).sum())
        dealt = [_placed(old, free, label) for old in dealt for free in combinations(np.flatnonzero(old < 0), size)]
    named = np.stack(dealt)
    named[named < 0] = labels.max()
    was = (named == labels).all(axis=1)
    named = np.vstack([labels, named[~was]])
    by_label = np.argsort(labels, kind="stable")
    orders = np.empty_like(named)
    np.put_along_axis(orders, np.argsort(named, axis=1, kind="stable"), np.broadcast_to(by_label, named.shape), axis=1)
    return orders


def _placed(old: np.ndarray, places: tuple[int, ...], label: int) -> np.ndarray:
    new = old.copy()
    new[list(places)] = label
    return new


def _closed(panel: Panel, model: str) -> bool:
    """Tell whether the effect has a closed form: one common path and never-treated areas, no cell missing."""
    paths = np.unique(panel.status, axis=0)
    two = len(paths) == 2 and not paths[0].any() and set(paths[1].tolist()) == {0.0, 1.0}
    fixed = panel.exposure is None or (
        bool((panel.exposure > 0).all()) and (model != "poisson" or bool((np.ptp(panel.exposure, axis=1) == 0).all()))
    )
    return two and fixed and bool(np.isfinite(panel.outcome).all())


def block(panel: Panel, orders: np.ndarray, model: str, null: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Effects and standard errors in closed form, where the programme starts (and stops) at once in all its areas.

    Poisson: the effect is the ratio of ratios of totals, and the pull of a treated area its share of the total after
    less its share before. Least squares: the difference of the mean changes. Same numbers as `twoway.reassigned`.
    """
    treated = panel.treated
    on = panel.status[treated][0] > 0
    member = treated[orders].astype("float64")
    if model == "poisson":
        after, before = panel.outcome[:, on].sum(axis=1), panel.outcome[:, ~on].sum(axis=1)
        after = after * np.exp(-null * treated)
        effects, squares = _ratio_of_ratios(member, after, before)
    else:
        y = twoway.scaled(panel.outcome, model, panel.exposure)
        change = y[:, on].mean(axis=1) - y[:, ~on].mean(axis=1) - null * treated
        effects, squares = _difference_of_means(member, change)
    g = len(treated)
    errors = np.sqrt(squares * g / (g - 1))
    return effects, errors


def _ratio_of_ratios(member: np.ndarray, after: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    columns = np.stack([after, before, after**2, after * before, before**2], axis=1)
    inside = member @ columns
    effects, squares = np.zeros(len(member)), np.zeros(len(member))
    for sign, sums in ((1, inside), (-1, columns.sum(axis=0) - inside)):
        a, b = (np.where(total > 0.5e-9 * total.max(), total, nan) for total in (sums[:, 0], sums[:, 1]))
        terms = sums[:, 2] / a**2, sums[:, 4] / b**2
        gap = terms[0] + terms[1] - 2 * sums[:, 3] / (a * b)
        effects = effects + sign * np.log(a / b)
        squares = squares + np.where(gap > 1e-12 * (terms[0] + terms[1]), gap, 0.0 * gap)
    return np.where(np.abs(effects) < 15, effects, nan), squares


def _difference_of_means(member: np.ndarray, change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centred = change - change.mean()
    columns = np.stack([np.ones_like(centred), centred, centred**2], axis=1)
    inside = member @ columns
    effects, squares = np.zeros(len(member)), np.zeros(len(member))
    for sign, sums in ((1, inside), (-1, columns.sum(axis=0) - inside)):
        n, total, square = sums[:, 0], sums[:, 1], sums[:, 2]
        gap = square - total**2 / n
        effects = effects + sign * total / n
        squares = squares + np.where(gap > 1e-12 * square, gap, 0.0) / n**2
    return effects, squares


def p_value(statistics: np.ndarray) -> float:
    """Share of the statistics that are at least as extreme as the first, NaN among them; the first counts."""
    observed = abs(statistics[0])
    return float((~(np.abs(statistics) < observed - TIE * observed)).mean())


def randomise(
    panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144, null: float = 0.0, statistic: str = "t",
    dealing: Dealing | None = None,
) -> Randomisation:  # fmt: skip
    """Test that the programme's effect is `null` (log rate ratio, or difference) in every treated area and period.

    p = (1 + number at least as extreme) / (1 + draws) of seeded draws; the exact share where all assignments are
    listed. `statistic`: "t" or "estimate". A `dealing` made before is used as it is. UserError where the observed
    statistic cannot be formed; see `deal` for the others.
    """
    if statistic not in STATISTICS:
        raise ValueError(f"statistic {statistic!r}; one of {STATISTICS}")
    dealt = dealing or deal(panel, model, draws, seed)
    effects, values = dealt.statistics(statistic, null)
    if not np.isfinite(values[0]):
        raise UserError(
            f"t cannot be formed: the standard error is 0 with {int(panel.treated.sum())} treated of {len(panel.units)} "
            "areas; more areas to compare with would be needed"
        )
    return Randomisation(
        statistic, float(effects[0] + null), float(values[0]), p_value(values), len(values) - 1, dealt.exact,
        dealt.assignments, dealt.smallest_p, int((~np.isfinite(values)).sum()), null, values,
    )  # fmt: skip


def interval(
    panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144, confidence: float = 0.95,
    statistic: str = "t", dealing: Dealing | None = None,
) -> Interval:  # fmt: skip
    """Effects that the randomisation test does not reject at 1 - confidence, found outward from the estimate.

    The same deals are used for every effect tried. Each end is the nearest effect that is rejected, to within a
    thousandth of a standard error (a fiftieth where a fit has no closed form). With too few assignments no effect can
    be rejected, and both ends are infinite: one treated of 36 areas can reach p = 1/36, one of 10 only 1/10.
    """
    dealt = dealing or deal(panel, model, draws, seed)
    alpha = 1 - confidence + 1e-12
    if dealt.smallest_p > alpha:
        note = f"no {100 * confidence:g} % interval: the smallest p that {dealt.assignments:,} assignments allow is "
        return Interval(-inf, inf, confidence, dealt.smallest_p, note + f"{dealt.smallest_p:.3f}")
    fitted = twoway.fit(panel.outcome, panel.status, model, panel.exposure)
    near = 1e-3 if dealt.closed else 0.02

    def kept(null: float) -> bool:
        return p_value(dealt.statistics(statistic, null)[1]) > alpha

    ends = [nearest_rejected(kept, fitted.b, side * fitted.se, near) for side in (-1, 1)]
    note = "" if np.isfinite(ends).all() else "an end is infinite: no effect on that side is rejected"
    return Interval(ends[0], ends[1], confidence, dealt.smallest_p, note)


def nearest_rejected(kept: Callable[[float], bool], start: float, step: float, near: float = 1e-3) -> float:
    """The nearest effect from `start` in the direction of `step` (a standard error, signed) that is not kept.

    The distance grows by half until an effect is rejected, then the gap is halved down to `near` steps; the rejected
    side is returned. Infinite where nothing is rejected within `FARTHEST` steps.
    """
    inside, outside = 0.0, 2.0
    while kept(start + outside * step):
        inside, outside = outside, outside * 1.5
        if outside > FARTHEST:
            return inf if step > 0 else -inf
    while outside - inside > near:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(start + middle * step) else (inside, middle)
    return start + outside * step
