"""Whether a stretch without any record is a true zero, or a time in which nothing was recorded or sent.

A source that writes no zeros says nothing where there was nothing, and says nothing where nobody counted. The two are
told apart by chance: with the number of events that there are, how probable is it that all lie outside the stretch?
Counts vary more than Poisson, so the chance is that of negative binomials with the spread that the other cells show,
never less than `SPREAD`. Zeros that stand for reports that never came, in crime data: Maltz, Bridging Gaps in Police
Crime Data, Bureau of Justice Statistics (1999), NCJ 176365, which judges runs of zeros by an agency's own counts too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np

TINY = 1e-6
"""A stretch whose silence is less probable than this is not a true zero."""

DOUBTFUL = 1e-4
"""One less probable than this, and no less than TINY, is a zero that a reader should look at."""

SPREAD = 0.1
"""Least variance beyond Poisson, as a share of the squared mean: counts of a place wander by 30 % at least."""

NEAR = 6  # periods beside a stretch by which it is judged as well

MOST, POINTS = 1000.0, 81  # largest spread, and points of the grid up to it, each 12 % above the last

ENOUGH = 2
"""Periods outside a stretch from which a spread can be learnt; with fewer, the stretch itself is one of the counts."""

Expect = Callable[[np.ndarray], np.ndarray]
"""From the mask of the periods that may be learnt from to what every period should hold (T)."""


@dataclass(frozen=True)
class Gap:
    """Neighbouring periods without a row, positions `first` to `last`; what should be there, and the chance of none."""

    first: int
    last: int
    expected: float
    chance: float

    @property
    def missing(self) -> bool:
        """Whether the silence is past chance."""
        return self.chance < TINY


def chance_of_none(events: float, inside: float, outside: float, spread: float) -> float:
    """Probability that none of `events` lies in a stretch, the rest of the time being what it is.

    `inside` and `outside` are the lengths of the stretch and of the rest, in periods of usual size. Counts that are
    negative binomial with variance m + spread m^2 share their sum out as a Dirichlet-multinomial with 1 / spread a
    period, so that P = G(o + n) G(o + i) / (G(o) G(o + i + n)) with o and i the lengths over the spread; with no spread
    it would be the binomial (outside / (inside + outside))^n. The number of events is given, so that a rare outcome is
    not called silent because the events that bound the stretch look frequent. Source: Mosimann, Biometrika 49 (1962)
    65-82.
    """
    if events <= 0 or inside <= 0:
        return 1.0
    i, o = inside / spread, outside / spread
    return exp(min(0.0, lgamma(o + events) + lgamma(o + i) - lgamma(o) - lgamma(o + i + events)))


def spread_of(values: np.ndarray, usual: np.ndarray) -> float:
    """Variance beyond Poisson as a share of the squared mean, SPREAD to MOST: by likelihood or moments, the larger.

    Every count is negative binomial about its mean in `usual`, with a shape in proportion to it, as in
    `chance_of_none`. The likelihood sees bursts (many zeros and a few large counts), the moments see slow swings. The
    likelihood is looked up on a grid, so that the answer is the same everywhere. Moments: Cameron and Trivedi,
    Regression Analysis of Count Data (2013), section 3.3.
    """
    from scipy.special import gammaln

    there = usual > 0
    if there.sum() < 2:
        return SPREAD
    y, mean = values[there], float(usual[there].mean())
    grid = np.geomspace(SPREAD, MOST, POINTS)[:, None]
    size = usual[there] / mean / grid
    once = np.log1p(grid * mean)
    fit = gammaln(y + size) - gammaln(size) - size * once + y * (np.log(grid * mean) - once)
    off = ((y - usual[there]) ** 2 - usual[there]).sum() * len(y) / (len(y) - 1)
    moments = float(off / (usual[there] ** 2).sum())
    return min(MOST, max(float(grid[int(fit.sum(axis=1).argmax()), 0]), moments))


def gaps(has: np.ndarray, values: np.ndarray, expect: Expect, enough: int = ENOUGH) -> tuple[Gap, ...]:
    """Every stretch of periods without a row (`has` False, T), judged; in order of time.

    `values` (T) are the counts, of which those without a row are 0. The longest stretch is judged first, by the periods
    outside it; one that is past chance teaches nothing about the others, which are judged again without it.
    """
    found: dict[int, Gap] = {}
    gone = np.zeros(len(has), bool)
    order = sorted(runs(~has), key=lambda run: (run[0] - run[1], run[0]))
    again = True
    while again:
        again = False
        for first, stop in order:
            use = ~gone
            use[first:stop] = False
            if gone[first] or not has[use].any():
                continue
            found[first] = gap = _gap(first, stop, ~gone, use, values, expect, enough)
            if gap.missing:
                gone[first:stop] = again = True
    return tuple(found[first] for first in sorted(found))


def _gap(
    first: int, stop: int, left: np.ndarray, use: np.ndarray, values: np.ndarray, expect: Expect, enough: int
) -> Gap:
    usual = expect(use)
    typical = float(values[use].mean())
    due = float(np.minimum(usual[first:stop], _beside(values, use, first, stop)).sum())
    if typical <= 0:
        return Gap(first, stop - 1, due, 1.0)
    events, inside, outside = float(values[use].sum()), due / typical, float(use.sum())
    if (chance := chance_of_none(events, inside, outside, SPREAD)) < DOUBTFUL:  # more spread can only raise it
        known = use.sum() >= enough
        seen = values[use] if known else values[left]
        spread = spread_of(seen, usual[use] if known else np.full(len(seen), seen.mean()))
        chance = chance_of_none(events, inside, outside, spread)
    return Gap(first, stop - 1, due, chance)


def _beside(values: np.ndarray, use: np.ndarray, first: int, stop: int) -> float:
    """The mean of the nearest periods, of the side that has fewer: what grows from nothing was truly small before."""
    places = np.flatnonzero(use)
    sides = (places[places < first][-NEAR:], places[places >= stop][:NEAR])
    return min(float(values[side].mean()) for side in sides if len(side))


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of True, as first position and the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def by_season(values: np.ndarray, seasons: np.ndarray) -> Expect:
    """What is usual at the same season of other years, the mean where no other year is there.

    So an outcome that rests every winter is not taken for one that was not recorded. A period that is learnt from is
    held against the other years as well, without its own.
    """

    def expect(use: np.ndarray) -> np.ndarray:
        mean = float(values[use].mean())
        usual = np.full(len(values), mean)
        for place, season in enumerate(seasons):
            same = use & (seasons == season)
            same[place] = False
            if same.any():
                usual[place] = values[same].mean()
        return np.where(use & (usual == 0) & (values > 0), mean, usual)

    return expect


def by_others(values: np.ndarray, others: np.ndarray) -> Expect:
    """One area's usual share of what the other areas have in the same period, but no more than its own mean.

    Seasons and shocks that lower the others lower what is expected; a burst in one of the others raises nothing.
    """

    def expect(use: np.ndarray) -> np.ndarray:
        whole = float(others[use].sum())
        share = float(values[use].sum()) / whole if whole > 0 else 0.0
        return np.minimum(share * others, values[use].mean())

    return expect
