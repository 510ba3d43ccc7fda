"""How far trends may differ after the start before the result is gone, measured by how they differed before it.

Two restrictions of Rambachan and Roth (Review of Economic Studies 90 (2023) 2555-2591), of the mean of the coefficients
after the start: relative magnitudes (`honest_sets`, the conditional interval with a least favourable first stage) and
smoothness (`honest_smooth`, the interval of fixed length). Both are of normal theory. With few areas that is too short:
the covariance is widened until the interval without any violation has the critical value asked for, which is that of
the programme dealt out anew where it can be, and otherwise Student's t with G-1 degrees of freedom. For the same reason
the mix of coefficients under smoothness is the one that is best if all periods err alike, not the one that looks best
under the covariance as estimated.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import honest_sets, honest_smooth, twoway
from crisiskit.impact.believe import ENOUGH_TREATED, ENOUGH_UNTREATED
from crisiskit.impact.event_study import event_study
from crisiskit.impact.panel import Panel
from crisiskit.impact.pretrends import MOST_LOST
from crisiskit.impact.randomisation import deal, possible
from crisiskit.impact.result import Check, Estimate, Status

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.event_study import Path

GRID = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
PASS_AT = 1.0
"""A result that survives changes of trend as large as the largest before the start."""

BLOCKS = 4
DRAWS, SEED = 499, 144
TITLE = "How far the trends may differ"


@dataclass(frozen=True)
class Bounds:
    """Intervals by bound (`table`: the bound, low, high) and the bound at which 0 is reached first (`breakdown`)."""

    table: "pd.DataFrame"
    breakdown: float
    largest: float  # what the bound is held against, as estimated before the start: NaN where nothing shows it


def relative_magnitudes(found: "Path", confidence: float = 0.95, critical: float = float("nan")) -> Bounds:
    """Intervals of the mean effect if changes of trend are at most `mbar` times the largest one before the start.

    `critical`: value that the interval without violation uses, Student's t with G-1 degrees of freedom where none is
    given. `largest`: the largest change. UserError for an event study against another period than the last before the
    start, or with bins, whose trends have more time to part than their place says.
    """
    study = _study(found, confidence, critical)
    changes = study.changes[: study.pre] @ study.beta
    sets = honest_sets.relative(study, GRID, confidence)
    return Bounds(sets.table.rename(columns={"bound": "mbar"}), sets.breakdown, float(np.abs(changes).max()))


def smoothness(found: "Path", confidence: float = 0.95, critical: float = float("nan")) -> Bounds:
    """Intervals of the mean effect if the slope of the difference changes by at most `bend` from period to period.

    `bend` 0 draws the difference before the start on in a straight line. The table goes to twice the breakdown; where
    that is 0 or none, to where the bias alone is as long as the interval of 0. `largest`: the largest bend before the
    start, NaN with one coefficient there. The rest as in `relative_magnitudes`.
    """
    study = _study(found, confidence, critical)
    alike = 1.0 + np.eye(len(study.beta))  # differences from one period, all periods with the same error
    mean = np.r_[np.zeros(study.pre), study.weight]
    alike *= float(mean @ study.covariance @ mean) / float(mean @ alike @ mean)
    first = honest_smooth.smooth(study, (0.0,), confidence, alike)
    low, high = first.table[["low", "high"]].iloc[0]
    reach = float(study.weight @ np.arange(1, len(study.weight) + 1))  # least bias for a bend of 1, and more
    unit = first.breakdown if 0 < first.breakdown < np.inf else (high - low) / 2 / reach
    sets = honest_smooth.smooth(study, tuple(step * unit for step in GRID), confidence, alike)
    bends = np.diff(study.changes[: study.pre] @ study.beta)
    largest = float(np.abs(bends).max()) if len(bends) else float("nan")
    return Bounds(sets.table.rename(columns={"bound": "bend"}), sets.breakdown, largest)


def _study(found: "Path", confidence: float, critical: float) -> honest_sets.Study:
    """The coefficients, with the covariance widened to the critical value."""
    from scipy.stats import norm
    from scipy.stats import t as student

    if found.reference != -1:
        raise UserError(f"the bounds start from the last period before the start, not from {found.reference}")
    if found.tail:
        raise UserError(f"the bounds need each period after the start by itself; those from {found.at[-1]} are one bin")
    if found.head:
        raise UserError(f"the bounds need each period before the start by itself; those to {found.at[0]} are one bin")
    if critical != critical:
        critical = float(student.ppf((1 + confidence) / 2, found.clusters - 1))
    after = ~found.before
    wider = (critical / float(norm.ppf((1 + confidence) / 2))) ** 2
    order = np.argsort(found.at, kind="stable")
    if (np.diff(np.sort(np.append(found.at, -1))) != 1).any():
        raise UserError("the bounds need an event study of consecutive periods")
    return honest_sets.Study(found.estimate[order], found.covariance[np.ix_(order, order)] * wider,
                             int(found.before.sum()), np.full(int(after.sum()), 1 / after.sum()))  # fmt: skip


def dealt_critical(panel: Panel, effect: float, model: str = "poisson", confidence: float = 0.95) -> float:
    """Critical value of the mean coefficient's t, with the treated areas dealt out anew; NaN where it cannot be formed.

    That is where areas allow too few assignments for the level, or more than MOST_LOST of them have an unknown cell
    (fewer are left out). `effect` (on the model's scale) is taken off the treated cells first. The statistic is that of
    the event study: the mean after the start less the last period before it, of the log totals of treated and other
    areas (counts) or of their means, over its error clustered by area. Never less than Student's t with G-1 degrees of
    freedom.
    """
    from scipy.stats import t as student

    y = panel.outcome if model == "poisson" else twoway.scaled(panel.outcome, model, panel.exposure)
    if model == "poisson" and panel.exposure is not None:
        exposure = np.where(panel.exposure > 0, panel.exposure, np.nan)
        y = y * exposure.mean(axis=1, keepdims=True) / exposure  # as if it had stood at its mean
    kept = np.isfinite(y).all(axis=1)
    treated = panel.treated[kept]
    if (~kept).mean() > MOST_LOST or not treated.any() or treated.all():
        return float("nan")
    known = panel.only(units=[panel.units[at] for at in np.flatnonzero(kept)])
    if possible(known.status)[1] > 1 - confidence:
        return float("nan")
    on, y = known.status > 0, y[kept]
    y = y * np.exp(-effect * on) if model == "poisson" else y - effect * on
    t = _dealt(known, y, model)
    found = float(np.quantile(np.nan_to_num(t, nan=np.inf), confidence, method="higher"))
    usual = float(student.ppf((1 + confidence) / 2, len(y) - 1))
    return max(found, usual) if np.isfinite(found) else float("nan")


def _dealt(panel: Panel, y: np.ndarray, model: str) -> np.ndarray:
    """|t| of every deal (S,); infinite for what was, which counts as extreme, and for its mirror image."""
    member = panel.treated[deal(panel, model, DRAWS, SEED).orders].astype("float64")
    before = int(panel.before.sum())
    contrast = np.r_[np.zeros(before - 1), -1.0, np.full(y.shape[1] - before, 1 / (y.shape[1] - before))]
    gap, variance = np.zeros(len(member)), np.zeros(len(member))
    for sign, group in ((1, member), (-1, 1 - member)):
        if model == "poisson":
            sums = group @ y
            sums = np.where(sums > 0, sums, np.nan)
            gap += sign * np.log(sums) @ contrast
            variance += (((contrast / sums) @ y.T) ** 2 * group).sum(axis=1)
        else:
            value, size = y @ contrast, group.sum(axis=1)
            mean = group @ value / size
            gap += sign * mean
            variance += ((value - mean[:, None]) ** 2 * group).sum(axis=1) / size**2
    units = len(panel.units)
    with np.errstate(divide="ignore", invalid="ignore"):
        t: np.ndarray = np.abs(gap) / np.sqrt(variance * units / (units - 1))
    t[(member == member[0]).all(axis=1) | (member == 1 - member[0]).all(axis=1)] = np.inf
    return t


def coarser(panel: Panel, size: int) -> Panel:
    """The panel in blocks of `size` periods, counted from the start both ways; what is left at the ends is dropped.

    Outcomes (and exposures) are added up; a block with an unknown cell is unknown. For a roll-out at one date.
    """
    before = int(panel.before.sum())
    first, last = before % size, before + (len(panel.starts) - before) // size * size
    heads = np.arange(first, last, size)

    def added(values: np.ndarray) -> np.ndarray:
        return values[:, first:last].reshape(len(panel.units), -1, size).sum(axis=-1)

    return replace(
        panel, starts=tuple(panel.starts[at] for at in heads), outcome=added(panel.outcome),
        status=panel.status[:, heads], exposure=None if panel.exposure is None else added(panel.exposure), dose=None,
        covariates={}, step=f"{size} {panel.step}s" if size > 1 else panel.step,
    )  # fmt: skip


def block_size(panel: Panel) -> int:
    """Periods in a block: as many as leave BLOCKS before the start, so that chance does not drown what is measured."""
    return max(1, min(int(panel.before.sum()) // BLOCKS, int((~panel.before).sum())))


def of_panel(panel: Panel, model: str = "poisson") -> Check:
    """`sensitivity` of the event study in blocks of `block_size`; UserError as from `event_study`."""
    blocks = coarser(panel, block_size(panel))
    step = blocks.step if block_size(panel) > 1 else f"one {panel.step}"
    event = event_study(blocks, model=model)
    return sensitivity(event, step, dealt_critical(blocks, event.estimate, model))


def sensitivity(event: Estimate, step: str = "one period", critical: float = float("nan")) -> Check:
    """The bounds as a check. pass: 0 stays outside up to Mbar PASS_AT; warn: up to half of it; fail: less.

    Judged by relative magnitudes alone; smoothness stands beside it in the finding, the numbers (`bend_breakdown`,
    `bend_largest`) and the table, whose rows have an Mbar and a bend each. A result whose interval holds 0 without any
    violation has nothing to lose: warn. So does one that would pass by intervals too short: Student's t with few areas.
    `step`: how long a period is, in words. `critical`: as in `relative_magnitudes`, of deals.
    """
    if not event.model.before.any():
        seen = "One period before the start shows no change of trend."
        return Check("honest_pre_trends", TITLE, "not possible", seen, asks="more periods before the start")
    found, straight = relative_magnitudes(event.model, critical=critical), smoothness(event.model, critical=critical)
    held = found.breakdown
    numbers = {"breakdown": held, "largest_change": found.largest, "bend_breakdown": straight.breakdown,
               "bend_largest": straight.largest, "critical": critical}  # fmt: skip
    table = found.table.join(straight.table.rename(columns={"low": "bend_low", "high": "bend_high"}))
    others = event.units - event.treated_units
    short = critical != critical and (event.treated_units < ENOUGH_TREATED or others < ENOUGH_UNTREATED)
    status: Status = "fail" if 0 < held < PASS_AT / 2 else "warn" if held < PASS_AT or short else "pass"
    widened = f"The intervals are widened to what the reassigned areas need (critical value {critical:.2f})."
    rest = "The intervals rest on Student's t"
    rest += ", which is too short with so few areas; these could not be reassigned." if short else "."
    parts = [_relative_text(found, step, event.scale), _straight_text(straight, event.scale),
             widened if critical == critical else rest]  # fmt: skip
    return Check("honest_pre_trends", TITLE, status, " ".join(parts), numbers, table=table)


def _relative_text(found: Bounds, step: str, scale: str) -> str:
    if found.breakdown == 0:
        return (f"In steps of {step} the mean effect after the start, against the last step before it, cannot be told "
                "from none even if trends were parallel.")  # fmt: skip
    if found.breakdown == float("inf"):
        return f"In steps of {step} no change of trend was seen before the start that could take the result away."
    return (
        f"In steps of {step} the result is gone once the difference in trends changes by {found.breakdown:.2f} times "
        f"its largest change before the start ({_size(found.largest, scale)}); the error of that change is allowed for."
    )


def _straight_text(found: Bounds, scale: str) -> str:
    if found.breakdown != found.breakdown:
        return "What bends of the trend would do cannot be computed: the areas are too few for the periods."
    line = "Were the difference in trends before the start to go on in a straight line,"
    if found.breakdown == 0:
        low, high = (_size(value, scale) for value in found.table[["low", "high"]].iloc[0])
        return f"{line} the effect could be anything from {low} to {high}."
    seen = f" (the largest bend before it: {_size(found.largest, scale)})" if found.largest == found.largest else ""
    return (f"{line} the result would stand, as long as that line bends by less than {_size(found.breakdown, scale)} "
            f"from one step to the next{seen}.")  # fmt: skip


def _size(value: float, scale: str) -> str:
    """A change on the model's scale, in words: percent of a log."""
    return f"{100 * np.expm1(value):.1f} %" if scale == "log" else f"{value:.3g}"
