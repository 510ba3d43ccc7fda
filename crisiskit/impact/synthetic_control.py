"""Synthetic control: what a weighted mean of the other areas says would have happened.

The weights lie on the simplex (none below 0, sum 1) and make the mean of the donors follow the treated areas before
the start (Abadie, Diamond and Hainmueller 2010). Here they are fitted on the outcome alone, which has one best fit and
no search; `predictors.py` has the version with predictors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import guards
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Assumption, Check, Estimate, Status

if TYPE_CHECKING:
    import pandas as pd

DESIGN = "synthetic_control"
NEGLIGIBLE = 1e-6
"""A weight below this is none; an error before the start below this share of the outcome's spread is none either."""

INSIDE_PASS, INSIDE_FAIL = 0.95, 0.80  # share of the periods before in which the donors lie on both sides
ERROR_PASS, ERROR_FAIL = 0.10, 0.25  # error before the start beyond chance, as a share of the level
LARGEST, FEWEST = 0.9, 2.0  # largest weight, effective number of donors
TITLE = "Do other areas exist that can be mixed into the treated ones?"


@dataclass(frozen=True)
class Pool:
    """What a synthetic control works with: the treated areas' and the donors' outcome (a rate, with an exposure).

    `treated` (k x T) and `others` (J x T); `fit` and `after` are masks of the periods that the weights are fitted on
    and that the effect is taken over; `at` are the positions of the periods in the panel. `noise` is the variance that
    counts by chance alone (Poisson) give the mean of the treated areas.
    """

    areas: tuple[str, ...]
    donors: tuple[str, ...]
    treated: np.ndarray
    others: np.ndarray
    fit: np.ndarray
    after: np.ndarray
    at: np.ndarray
    noise: float
    label: str
    notes: tuple[str, ...] = ()

    @property
    def mean(self) -> np.ndarray:
        """Mean of the treated areas by period."""
        return self.treated.mean(axis=0)


@dataclass(frozen=True)
class Synthetic:
    """A synthetic control: one weight per donor, what was seen and what the mix says (by period), and its notes."""

    pool: Pool
    weights: np.ndarray
    expected: np.ndarray
    method: str
    details: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def gap(self) -> np.ndarray:
        """Seen less expected, by period."""
        return self.pool.mean - self.expected

    @property
    def mspe(self) -> float:
        """Mean squared error over the periods that the weights are fitted on."""
        return float((self.gap[self.pool.fit] ** 2).mean())

    @property
    def rmspe_after(self) -> float:
        """Root of the mean squared gap after the start."""
        return float(np.sqrt((self.gap[self.pool.after] ** 2).mean()))

    @property
    def effective(self) -> float:
        """Effective number of donors, 1 / sum of the squared weights."""
        return float(1 / (self.weights**2).sum())

    @property
    def table(self) -> "pd.DataFrame":
        """Donors (`area`) with their `weight`, largest first; those of no weight are there too."""
        import pandas as pd

        frame = pd.DataFrame({"area": self.pool.donors, "weight": self.weights})
        return frame.sort_values(["weight", "area"], ascending=[False, True], ignore_index=True)

    @property
    def estimate(self) -> Estimate:
        """Mean gap after the start; interval and p are NaN (`placebo_areas.with_placebos` has them)."""
        import pandas as pd

        pool, nan = self.pool, float("nan")
        gap, level = float(self.gap[pool.after].mean()), float(self.expected[pool.after].mean())
        before = float(np.sqrt(self.mspe))
        details = {
            "mspe": self.mspe, "rmspe_before": before, "rmspe_after": self.rmspe_after,
            "ratio": self.rmspe_after / before if before > 0 else float("inf"), "donors": float(len(pool.donors)),
            "effective_donors": self.effective, "largest_weight": float(self.weights.max()), **self.details,
        }  # fmt: skip
        series = pd.DataFrame({"at": pool.at, "observed": pool.mean, "expected": self.expected})
        units = len(pool.areas) + len(pool.donors)
        return Estimate(
            DESIGN, pool.label, "difference", gap, nan, nan, nan, nan, gap / level if level > 0 else nan, nan, nan,
            units * len(pool.at), units, len(pool.areas), 0, self.method, "none: no standard error",
            assumptions=ASSUMPTIONS, notes=(*pool.notes, *self.notes), details=details, series=series, model=self,
        )  # fmt: skip


ASSUMPTIONS = (
    Assumption("a mix of areas that moved like the treated ones before the start would have gone on so", "donor_pool"),
    Assumption("the areas in the mix were not touched by the programme", "spill_over"),
)


def pool_of(panel: Panel, fit: np.ndarray | None = None) -> Pool:
    """The treated areas and the donors of a panel with one start.

    `fit`: mask of the periods that the weights are fitted on; without it, all before the start. Donors with a missing
    period are left out, and so are periods that a treated area lacks; both are noted. Raises UserError where there is
    no common start that lasts, no period on either side, fewer than two donors, or nothing but 0.
    """
    if panel.roll_out != "block":
        raise UserError(
            f"a synthetic control needs one start that lasts; the roll-out is {panel.roll_out}: use the design for "
            "staggered adoption, or a window with one start"
        )
    guards.refuse_endless(panel.outcome)
    rate = panel.outcome if panel.exposure is None else _rate(panel.outcome, panel.exposure)
    on = panel.treated
    kept = np.isfinite(rate[on]).all(axis=0)
    whole = np.isfinite(rate[:, kept]).all(axis=1)
    donors, notes = ~on & whole, []
    if lost := [name for name, out in zip(panel.units, ~on & ~whole, strict=True) if out]:
        notes.append(f"left out of the donors for missing periods: {', '.join(lost)}")
    if not kept.all():
        notes.append(f"{int((~kept).sum())} periods are left out: a treated area has no record of them")
    fitted = (panel.before if fit is None else np.asarray(fit, bool))[kept]
    after = ~panel.before[kept]
    if not fitted.any() or not after.any():
        raise UserError(f"a synthetic control needs periods {'before' if after.any() else 'after'} the start; "
                        "there are none with records of every treated area")  # fmt: skip
    if donors.sum() < 2:
        raise UserError(f"{int(donors.sum())} areas without the programme have records of every period; a synthetic "
                        "control mixes at least 2")  # fmt: skip
    if not rate[on | donors][:, kept].any():
        raise UserError("the outcome is 0 in every area and period: there is nothing to estimate")
    variance = panel.outcome[on] if panel.exposure is None else _rate(rate[on], panel.exposure[on])
    noise = float(np.maximum(variance[:, kept][:, fitted], 0).mean() / on.sum())
    names = np.array(panel.units, object)
    return Pool(tuple(names[on]), tuple(names[donors]), rate[on][:, kept], rate[donors][:, kept], fitted, after,
                np.flatnonzero(kept), noise, panel.label, tuple(notes))  # fmt: skip


def _rate(outcome: np.ndarray, exposure: np.ndarray) -> np.ndarray:
    return np.divide(outcome, exposure, out=np.full(outcome.shape, np.nan), where=exposure > 0)


def simplex_fit(columns: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Weights w >= 0 of sum 1 (J,) that minimise |columns @ w - target|^2; columns (K x J), target (K,).

    Exact: the nearest point of a convex hull to the origin, as one problem of non-negative least squares. With
    D = columns - target, the u >= 0 that minimise |D u|^2 + (1 - sum u)^2 are a multiple of w, because for every w the
    best multiple leaves d / (1 + d), d = |D w|^2, which grows with d. Lawson and Hanson's active set then gives the
    solution in finitely many steps.
    """
    from scipy.optimize import nnls

    apart = columns - target[:, None]
    scale = np.sqrt((apart**2).sum(axis=0)).min()
    apart = apart / (scale if scale > 0 else 1.0)
    right = np.zeros(len(target) + 1)
    right[-1] = 1.0
    found, _ = nnls(np.vstack([apart, np.ones(apart.shape[1])]), right, maxiter=30 * max(apart.shape))
    return found / found.sum()


def is_unique(columns: np.ndarray, target: np.ndarray, weights: np.ndarray) -> bool:
    """Tell whether no other weights fit as well: the donors that touch the solution are linearly independent."""
    apart = columns - target[:, None]
    apart = apart / max(float(np.abs(apart).max()), 1e-300)
    slope = apart.T @ (apart @ weights)
    touching = (slope - slope @ weights <= 1e-9) | (weights > NEGLIGIBLE)
    stacked = np.vstack([apart[:, touching], np.ones(int(touching.sum()))])
    return int(np.linalg.matrix_rank(stacked)) == int(touching.sum())


def outcome_only(
    panel: Panel, fit: np.ndarray | None = None, *, demeaned: bool = False, each: bool = False
) -> Synthetic:
    """The synthetic control by all outcomes before the start.

    `demeaned`: levels may differ, and the mix follows the movement alone (Doudchenko and Imbens 2016; Ferman and Pinto
    2021). `each`: every treated area gets weights of its own, which are averaged; else their mean is fitted. Raises
    UserError as `pool_of` does.
    """
    return of_pool(pool_of(panel, fit), demeaned=demeaned, each=each)


def of_pool(pool: Pool, *, demeaned: bool = False, each: bool = False) -> Synthetic:
    """The same for a pool that is ready."""
    shift = pool.others[:, pool.fit].mean(axis=1) * demeaned
    columns = (pool.others - shift[:, None])[:, pool.fit].T
    targets = pool.treated if each else pool.mean[None]
    levels = targets[:, pool.fit].mean(axis=1) * demeaned
    goals = targets[:, pool.fit] - levels[:, None]
    solved = np.array([simplex_fit(columns, goal) for goal in goals])
    weights = solved.mean(axis=0)
    alone = all(is_unique(columns, goal, found) for goal, found in zip(goals, solved, strict=True))
    expected = weights @ (pool.others - shift[:, None]) + levels.mean()
    notes = () if alone else (
        f"other weights fit as well ({len(pool.donors)} donors, {int(pool.fit.sum())} periods before the start), and "
        "what they expect afterwards may differ",
    )  # fmt: skip
    method = "synthetic control on the outcome" + ", levels apart" * demeaned + ", each area for itself" * each
    return Synthetic(pool, weights, expected, method, {"unique": float(alone)}, notes)


def donor_pool(panel: Panel, fit: np.ndarray | None = None) -> Check:
    """Check `donor_pool`: do the treated areas lie within what the donors can be mixed into?

    Looks at the share of periods before the start in which some donor lies above and some below the treated mean, the
    error before the start beyond counting noise as a share of the level, the effective number of donors and the
    largest weight. "not possible", with the reason, where the panel allows no synthetic control.
    """
    try:
        found = outcome_only(panel, fit)
    except UserError as error:
        return Check("donor_pool", TITLE, "not possible", f"No synthetic control: {error}.",
                     asks="one common start, and the same counts for more areas without the programme")  # fmt: skip
    pool, level = found.pool, float(found.pool.mean[found.pool.fit].mean())
    seen, others = pool.mean[pool.fit], pool.others[:, pool.fit]
    inside = float(((others.min(axis=0) <= seen) & (seen <= others.max(axis=0))).mean())
    share = float(np.sqrt(found.mspe)) / level if level > 0 else float("inf")
    beyond = float(np.sqrt(max(found.mspe - pool.noise, 0.0))) / level if level > 0 else float("inf")
    largest = float(found.weights.max())
    few = largest > LARGEST or found.effective < FEWEST or not found.details["unique"]
    status: Status
    if inside < INSIDE_FAIL or beyond > ERROR_FAIL:
        status = "fail"
    else:
        status = "warn" if inside < INSIDE_PASS or beyond > ERROR_PASS or few else "pass"
    numbers = {
        "inside": inside, "rmspe_share": share, "beyond_chance": beyond, "effective_donors": found.effective,
        "largest_weight": largest, "unique": found.details["unique"], "donors": float(len(pool.donors)),
    }  # fmt: skip
    finding = (
        f"The treated areas lie within the range of the {len(pool.donors)} donors in {inside:.0%} of the periods "
        f"before the start; the mix misses them by {share:.0%} of their level, {beyond:.0%} beyond counting noise; it "
        f"rests on {found.effective:.1f} donors in effect, the largest weight is {largest:.0%}."
        + "".join(f" Note: {note}." for note in found.notes)
    )
    asks = "" if status == "pass" else "areas more like the treated ones, or more periods before the start"
    return Check("donor_pool", TITLE, status, finding, numbers, asks, found.table)
