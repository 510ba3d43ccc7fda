"""The ends of an interval by inverting a test: the nearest effects, outward from the estimate, that it rejects."""

from collections.abc import Callable
from math import inf

import numpy as np

TIE = 1e-7
"""Statistics that differ by less than this share are as extreme as each other."""

FARTHEST, FARTHEST_LOG = 10_000.0, 10.0
"""An end of an interval further from the estimate than this is called unbounded: standard errors, and on a log scale
also this much (a factor of 22 000)."""


def between(
    drawn: Callable[[float], np.ndarray], alpha: float, start: float, step: float, farthest: float
) -> float:
    """As `nearest_rejected` in fewer evaluations: every deal's |t| is all but linear in the effect over a short way."""

    def ahead(steps: float) -> np.ndarray:
        size = np.abs(drawn(start + steps * step))
        known = np.isfinite(size) & np.isfinite(size[0])
        return np.where(known, size - size[0] * (1 - TIE), 1e6)  # at least 0: as extreme as the observed

    inside, outside, within, beyond = 0.0, 2.0, ahead(0.0), ahead(2.0)
    while (beyond >= 0).mean() > alpha:
        inside, outside, within = outside, outside * 1.5, beyond
        if outside > farthest:
            return inf if step > 0 else -inf
        beyond = ahead(outside)
    for last in (False, False, True):
        share = np.linspace(0, 1, 129)[1:]
        rejected = [((1 - w) * within + w * beyond >= 0).mean() <= alpha for w in share]
        middle = inside + (outside - inside) * float(share[int(np.argmax(rejected))])
        if last or outside - inside < 0.02:
            break
        there = ahead(middle)
        if (there >= 0).mean() > alpha:
            inside, within = middle, there
        else:
            outside, beyond = middle, there
    return start + middle * step


def reach(model: str, error: float) -> float:
    """How many standard errors from the estimate an interval's end is looked for."""
    return FARTHEST if model == "linear" else min(FARTHEST, FARTHEST_LOG / error)


def nearest_rejected(
    kept: Callable[[float], bool], start: float, step: float, near: float, farthest: float
) -> float:
    """The nearest effect from `start` in the direction of `step` (a standard error, signed) that is not kept.

    The distance grows by half until an effect is rejected, then the gap is halved down to `near` steps; the rejected
    side is returned. Infinite where nothing is rejected within `farthest` steps.
    """
    inside, outside = 0.0, 2.0
    while kept(start + outside * step):
        inside, outside = outside, outside * 1.5
        if outside > farthest:
            return inf if step > 0 else -inf
    while outside - inside > near:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(start + middle * step) else (inside, middle)
    return start + outside * step
