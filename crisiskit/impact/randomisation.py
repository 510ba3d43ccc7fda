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
from crisiskit.impact import guards, twoway
from crisiskit.impact.block_design import block_t
from crisiskit.impact.inversion import TIE, between, nearest_rejected, reach
from crisiskit.impact.panel import Panel

Engine = Callable[..., tuple[np.ndarray, np.ndarray]]
STATISTICS = ("t", "estimate")
MOST_LISTED = 20_000
"""Assignments up to this many are listed, one by one; where a fit has no closed form, up to a tenth of it."""


@dataclass(frozen=True)
class Dealing:
    """The assignments that are looked at: `orders` (S x N), of which the first is what was; see `twoway.reassigned`.

    `exact`: these are all the distinct assignments there are. `assignments`: how many there are. `engine` estimates
    every deal as `twoway.reassigned` does; None: the closed form of the block design.
    """

    panel: Panel
    model: str
    orders: np.ndarray
    exact: bool
    assignments: int
    smallest_p: float
    engine: Engine | None = None

    def statistics(self, statistic: str = "t", null: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Effects and statistics of every deal, where `null` is taken off the treated cells before dealing.

        NaN where a deal cannot be fitted, or has no standard error.
        """
        if self.engine is None:
            effects, t = block(self.panel, self.orders, self.model, null)
        else:
            effects, errors = self.estimated(self.orders, null)
            t = np.divide(effects, errors, out=np.full(len(effects), nan), where=errors > 0)
        return effects, effects if statistic == "estimate" else t

    def estimated(self, orders: np.ndarray, null: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        """Effects and standard errors of some deals, by the engine (two-way fixed effects where there is none)."""
        engine = self.engine or twoway.reassigned
        return engine(self.panel.outcome, self.panel.status, orders, self.model, self.panel.exposure, null)

    def observed(self) -> tuple[float, float]:
        """Effect and standard error as it was. UserError where there is none."""
        effects, errors = self.estimated(self.orders[:1])
        one = self.panel
        known = guards.known_cells(one.outcome, one.exposure)
        size = guards.spread(one.outcome, known, self.model, one.exposure)
        if not (errors[0] > 1e-9 * abs(effects[0]) and errors[0] > guards.NOISE * size):
            raise _unformed(self)
        return float(effects[0]), float(errors[0])


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


def possible(status: np.ndarray) -> tuple[int, float]:
    """How many distinct assignments of the paths (rows of status) there are, and the smallest p they allow.

    That p is 1 / assignments, and twice that where two groups of equal size could be swapped, which gives the same |t|.
    Where every area has the same path there is one, and p is 1.
    """
    counts = np.unique(status, axis=0, return_counts=True)[1].tolist()
    assignments, left = 1, sum(counts)
    for count in counts:
        assignments, left = assignments * comb(left, count), left - count
    return assignments, (2 if len(counts) == 2 and counts[0] == counts[1] else 1) / assignments


def deal(
    panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144, engine: Engine | None = None
) -> Dealing:
    """Deal the programme's paths out over the panel's areas: all assignments if they can be listed, else `draws`.

    `engine`: what estimates the deals, such as `imputation.reassigned` for staggered starts; two-way fixed effects
    where none is given. An area without a known outcome keeps its own path, for nothing would be seen of another.
    UserError where every area has the same path, so that dealing changes nothing, or where the data hold no answer (see
    `twoway.fit`).
    """
    twoway.refuse(panel.outcome, panel.status, model, panel.exposure)
    seen = np.flatnonzero(guards.known_cells(panel.outcome, panel.exposure).any(axis=1))
    assignments, smallest = possible(panel.status[seen])
    if assignments == 1:
        raise UserError("every area has the same programme at the same time: there is none to compare with")
    labels = np.unique(panel.status[seen], axis=0, return_inverse=True)[1].reshape(-1)
    if engine in (None, twoway.reassigned):
        engine = None if closed(panel, model) else twoway.reassigned
    exact = assignments <= max(MOST_LISTED if engine is None else MOST_LISTED // 10, draws)
    dealt = _listed(labels) if exact else _drawn(len(labels), draws, seed)
    orders = np.tile(np.arange(len(panel.units)), (len(dealt), 1))
    orders[:, seen] = seen[dealt]
    return Dealing(panel, model, orders, exact, assignments, max(smallest, 0 if exact else 1 / len(orders)), engine)


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


def _placed(old: np.ndarray, places: tuple[np.intp, ...], label: int) -> np.ndarray:
    new = old.copy()
    new[list(places)] = label
    return new


def closed(panel: Panel, model: str) -> bool:
    """Tell whether the effect has a closed form: one common path and never-treated areas, no cell missing."""
    paths = np.unique(panel.status, axis=0)
    two = len(paths) == 2 and not paths[0].any() and set(paths[1].tolist()) == {0.0, 1.0}
    fixed = panel.exposure is None or (
        bool((panel.exposure > 0).all()) and (model != "poisson" or bool((np.ptp(panel.exposure, axis=1) == 0).all()))
    )
    return two and fixed and bool(np.isfinite(panel.outcome).all())


def block(panel: Panel, orders: np.ndarray, model: str, null: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Effects and t (S,) of the deals in closed form, where the programme ran at the same times in all its areas.

    Same numbers as `twoway.reassigned`, by matrix products: see `block_design.block_t`.
    """
    on = panel.status[panel.treated][0] > 0
    if model == "poisson":
        y = panel.outcome * np.exp(-null * panel.status)
    else:
        y = twoway.scaled(panel.outcome, model, panel.exposure) - null * panel.status
    in_order = np.hstack([y[:, ~on], y[:, on]])[None]
    dealt = panel.treated[orders].astype("float64")
    effects, t = block_t(in_order, int((~on).sum()), dealt, "poisson" if model == "poisson" else "linear")
    return effects[0], t[0]


def p_value(statistics: np.ndarray) -> float:
    """Share of the statistics that are at least as extreme as the first, NaN among them; the first counts."""
    observed = abs(statistics[0])
    return float((~(np.abs(statistics) < observed - TIE * observed)).mean())


def randomise(
    panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144, null: float = 0.0, statistic: str = "t",
    engine: Engine | None = None, dealing: Dealing | None = None,
) -> Randomisation:  # fmt: skip
    """Test that the programme's effect is `null` (log rate ratio, or difference) in every treated area and period.

    p = (1 + number at least as extreme) / (1 + draws) of seeded draws; the exact share where all assignments are
    listed. `statistic`: "t" or "estimate". `engine`: see `deal`; a `dealing` made before is used as it is. UserError
    where the observed statistic cannot be formed; see `deal` for the others.
    """
    if statistic not in STATISTICS:
        raise ValueError(f"statistic {statistic!r}; one of {STATISTICS}")
    dealt = dealing or deal(panel, model, draws, seed, engine)
    effects, values = dealt.statistics(statistic, null)
    if not np.isfinite(values[0]):
        raise _unformed(dealt)
    return Randomisation(
        statistic, float(effects[0] + null), float(values[0]), p_value(values), len(values) - 1, dealt.exact,
        dealt.assignments, dealt.smallest_p, int((~np.isfinite(values)).sum()), null, values,
    )  # fmt: skip


def _unformed(dealt: Dealing) -> UserError:
    """What is to be said where the observed statistic is none."""
    effect, _ = dealt.estimated(dealt.orders[:1])
    if not np.isfinite(effect[0]):
        return UserError(
            "the effect cannot be told from the effects of areas and periods (perfect separation): the treated areas, "
            "or those they are compared with, have no event before the start or after it"
        )
    one = dealt.panel
    return UserError(
        f"t cannot be formed: its standard error is 0 with {int(one.treated.sum())} treated of {len(one.units)} areas; "
        "more areas to compare with would be needed"
    )


def interval(
    panel: Panel, model: str = "poisson", draws: int = 999, seed: int = 144, confidence: float = 0.95,
    statistic: str = "t", engine: Engine | None = None, dealing: Dealing | None = None,
) -> Interval:  # fmt: skip
    """Effects that the randomisation test does not reject at 1 - confidence, found outward from the estimate.

    The same deals are used for every effect tried. Each end is the nearest effect that is rejected, to within a
    thousandth of a standard error; where a fit has no closed form, the deals' t are interpolated between a few effects,
    which is good to a fiftieth. With too few assignments no effect can be rejected, and both ends are infinite: one
    treated of 36 areas can reach p = 1/36, one of 10 only 1/10. UserError as from `randomise`.
    """
    dealt = dealing or deal(panel, model, draws, seed, engine)
    effect, error = dealt.observed()
    alpha = 1 - confidence + 1e-12
    if dealt.smallest_p > alpha:
        note = f"no {100 * confidence:g} % interval: the smallest p that {dealt.assignments:,} assignments allow is "
        return Interval(-inf, inf, confidence, dealt.smallest_p, note + f"{dealt.smallest_p:.3f}")

    def drawn(null: float) -> np.ndarray:
        return dealt.statistics(statistic, null)[1]

    def kept(null: float) -> bool:
        return p_value(drawn(null)) > alpha

    far = reach(model, error)
    if dealt.engine is None:
        ends = [nearest_rejected(kept, effect, side * error, 1e-3, far) for side in (-1, 1)]
    else:
        ends = [between(drawn, alpha, effect, side * error, far) for side in (-1, 1)]
    note = "" if np.isfinite(ends).all() else "an end is infinite: no effect on that side is rejected"
    return Interval(ends[0], ends[1], confidence, dealt.smallest_p, note)
