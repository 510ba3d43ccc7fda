"""How far trends may differ after the start before the result is gone, measured by how they differed before it.

Relative magnitudes in the manner of Rambachan and Roth (Review of Economic Studies 90 (2023) 2555-2591): the difference
in trends changes from one period to the next by at most Mbar times its largest change before the start. The bounds are
theirs in closed form. The interval adds the sampling error of the effect to them and takes the largest past change as
it was estimated; their conditional intervals, which also weigh its error, are not computed here.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.event_study import event_study
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Check, Estimate, Status

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.event_study import Path

GRID = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
PASS_AT = 1.0
"""A result that survives changes of trend as large as the largest before the start."""

BLOCKS = 4
TITLE = "How far the trends may differ"


@dataclass(frozen=True)
class Bounds:
    """Intervals by Mbar (`table`: mbar, low, high) and the Mbar at which they first hold 0 (`breakdown`)."""

    table: "pd.DataFrame"
    breakdown: float
    largest: float  # largest change of the difference from one period to the next before the start


def relative_magnitudes(found: "Path", confidence: float = 0.95) -> Bounds:
    """Bounds of the mean effect after the start: the k-th period may be off by k Mbar times the largest past change.

    `breakdown` is 0 where the interval without any violation holds 0 already. Steps between bins that are not
    neighbours count by their distance. UserError for an event study against another period than the last before, or
    with a bin of late periods, whose trends have more time to part than its place says.
    """
    import pandas as pd
    from scipy.stats import t as student

    if found.reference != -1:
        raise UserError(f"the bounds start from the last period before the start, not from {found.reference}")
    if found.tail:
        raise UserError(f"the bounds need each period after the start by itself; those from {found.at[-1]} are one bin")
    after = ~found.before
    weight = after / after.sum()
    theta = float(weight @ found.estimate)
    half = float(student.ppf((1 + confidence) / 2, found.clusters - 1)) * float(
        np.sqrt(weight @ found.covariance @ weight)
    )
    at = np.append(found.at[found.before], -1)
    path = np.append(found.estimate[found.before], 0.0)
    order = np.argsort(at, kind="stable")
    steps = np.abs(np.diff(path[order])) / np.maximum(np.diff(at[order]), 1)
    largest = float(steps.max()) if len(steps) else float("nan")
    reach = float(weight[after] @ (found.at[after] + 1)) * largest  # bias of the mean for an Mbar of 1
    rows = [(mbar, theta - half - mbar * reach, theta + half + mbar * reach) for mbar in GRID]
    left = max(abs(theta) - half, 0.0)  # what a bias must eat before 0 is reached
    breakdown = 0.0 if left == 0 else left / reach if reach > 0 else float("inf")
    return Bounds(pd.DataFrame(rows, columns=["mbar", "low", "high"]), breakdown, largest)


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
    return sensitivity(event_study(blocks, model=model), blocks.step if block_size(panel) > 1 else f"one {panel.step}")


def sensitivity(event: Estimate, step: str = "one period") -> Check:
    """The bounds as a check. pass: 0 stays outside up to Mbar PASS_AT; warn: up to half of it; fail: less.

    A result whose ordinary interval holds 0 has nothing to lose: warn. `step`: how long a period is, in words.
    """
    found = relative_magnitudes(event.model)
    if found.largest != found.largest:
        seen = "One period before the start shows no change of trend."
        return Check("honest_pre_trends", TITLE, "not possible", seen, asks="more periods before the start")
    held = found.breakdown
    numbers = {"breakdown": held, "largest_change": found.largest}
    if held == 0:
        return Check("honest_pre_trends", TITLE, "warn",
                     f"In steps of {step} the mean effect after the start, against the last step before it, cannot "
                     "be told from none even if trends were parallel.", numbers,
                     table=found.table)  # fmt: skip
    status: Status = "pass" if held >= PASS_AT else "warn" if held >= PASS_AT / 2 else "fail"
    finding = (
        f"In steps of {step} the result is gone once the difference in trends changes by {held:.2f} times its "
        f"largest change before the start ({found.largest:.2f}). Past changes are taken as they came, chance included: "
        "small counts make this bound wide."
    )
    return Check("honest_pre_trends", TITLE, status, finding, numbers, table=found.table)
