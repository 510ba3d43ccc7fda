"""Intervals of an effect that hold although trends differ, if the difference bends little from period to period.

Rambachan and Roth (Review of Economic Studies 90 (2023) 2555-2591), smoothness: the slope of delta, the difference in
trends, changes by at most M from one period to the next. The interval is of fixed length (their FLCI, section 4.1;
Armstrong and Kolesar, Econometrica 86 (2018) 655-683) about an estimate that is linear in the coefficients: the effect
less the trend before the start, drawn on. That trend is the last change before the start, less x times the bends before
it. The worst bias is M times the sum of a constant and |x|, so that the x of least bias for their variance are the path
of a lasso. The path does not depend on M and is found exactly; the shortest interval is looked for along it.
"""

from dataclasses import dataclass

import numpy as np

from crisiskit.impact.honest_sets import TINY, Sets, Study, first_gone

PLACES = 33
"""On each piece of the path so many places are tried at first, and in each of the rounds that narrow the best."""
ROUNDS = 5
NONE = 1e-10
"""A variance below this share of that of the least bias is rounding: fewer clusters than coefficients."""


def smooth(
    study: Study, grid: tuple[float, ...], confidence: float = 0.95, working: np.ndarray | None = None
) -> Sets:  # fmt: skip
    """Intervals of the effect for each M of `grid`, by normal theory: M in units of the coefficients, a period squared.

    The mix of coefficients is the one that would be best if `working` (K x K) were their covariance; where none is
    given, the study's own, as published. With few clusters that one is fitted to its own errors, and the interval far
    too short. `breakdown`: the least M from which on the interval no longer lies on the side of 0 where the effect is;
    0 where a straight line drawn on (M = 0) takes the effect away or turns its sign. NaN everywhere where some mix on
    the path has no error, for then the interval would have no length.
    """
    import pandas as pd

    path = _path(study, study.covariance if working is None else working)
    rows = [(bound, *_interval(path, bound, confidence)) for bound in grid]
    table = pd.DataFrame(rows, columns=["bound", "low", "high"])
    if path.errorless:
        return Sets(table, float("nan"))
    positive = study.effect > 0

    def gone(bound: float) -> bool:
        low, high = _interval(path, bound, confidence)
        return low <= 0 if positive else high >= 0

    most = 1.01 * float(np.abs(path.centre).max() / path.bias.min())  # here the worst bias alone reaches 0
    return Sets(table, first_gone(gone, np.linspace(0.0, most, 33)))


@dataclass(frozen=True)
class _Path:
    """Ends (P) of the straight pieces of the path: the worst bias for an M of 1, and the estimate.

    `variance` and `working` (P-1, 3): the variances on each piece, as polynomials in the share of the way to its end.
    """

    bias: np.ndarray
    centre: np.ndarray
    variance: np.ndarray
    working: np.ndarray
    errorless: bool


def _path(study: Study, working: np.ndarray) -> _Path:
    """From the least bias (the last change before the start drawn on) to the least variance."""
    changes = study.changes
    tail = np.cumsum(study.weight[::-1])[::-1]  # weight of each change after the start
    span = float(tail.sum())
    first = np.r_[np.zeros(study.pre), study.weight] - span * changes[study.pre - 1]
    bends = changes[: study.pre - 1] - changes[1 : study.pre]
    least = abs(span) + float(np.abs(np.cumsum(tail[::-1])[:-1]).sum())
    ends = lasso_path(bends @ working @ bends.T, bends @ working @ first)
    rows = first - ends @ bends
    if len(rows) == 1:
        rows, ends = np.vstack([rows, rows]), np.vstack([ends, ends])
    variance, supposed = _squares(rows, study.covariance), _squares(rows, working)
    errorless = any(min(part[:, 0].min(), part[-1].sum()) <= NONE * part[0, 0] for part in (variance, supposed))
    return _Path(least + np.abs(ends).sum(axis=1), rows @ study.beta, variance, supposed, errorless)


def _squares(rows: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """The variance between neighbouring rows as a polynomial in the share of the way (P-1, 3)."""
    start, step = rows[:-1], np.diff(rows, axis=0)
    pairs = ((1, start, start), (2, start, step), (1, step, step))
    return np.column_stack([times * np.einsum("pi,ij,pj->p", a, covariance, b) for times, a, b in pairs])


def lasso_path(cover: np.ndarray, mixed: np.ndarray) -> np.ndarray:
    """Ends (P, K) of the pieces of x that minimise x'Ax/2 - x'b + t|x| as t falls to 0; A is `cover`, b is `mixed`.

    The homotopy of Osborne, Presnell and Turlach (IMA Journal of Numerical Analysis 20 (2000) 389-403): a coefficient
    joins where its correlation reaches t, and leaves where it becomes 0.
    """
    k = len(mixed)
    x, ends = np.zeros(k), [np.zeros(k)]
    penalty = float(np.abs(mixed).max()) if k else 0.0
    floor = penalty * 1e-12
    active = np.zeros(k, dtype=bool)
    if penalty > 0:
        active[np.abs(mixed).argmax()] = True
    just_left = -1
    while penalty > floor:
        rest = mixed - cover @ x
        move = np.zeros(k)
        move[active] = np.linalg.lstsq(cover[np.ix_(active, active)], np.sign(rest[active]), rcond=None)[0]
        ways = [_way(j, active, x, move, rest, cover @ move, penalty, j == just_left) for j in range(k)]
        which = int(np.argmin(ways))
        length = min(ways[which], penalty)
        x = x + length * move
        just_left = -1
        if ways[which] < penalty:
            if active[which]:
                x[which], just_left = 0.0, which
            active[which] = not active[which]
        penalty -= length
        ends.append(x.copy())
    return np.array(ends)


def _way(
    j: int, active: np.ndarray, x: np.ndarray, move: np.ndarray, rest: np.ndarray, slope: np.ndarray, penalty: float,
    just_left: bool,
) -> float:  # fmt: skip
    """How far the penalty falls until coefficient j becomes 0 (if active) or joins; inf if never."""
    if active[j]:
        return float(-x[j] / move[j]) if x[j] * move[j] < 0 else float("inf")
    least = penalty * 1e-9 if just_left else -np.inf  # one that has just become 0 touches the penalty still
    ways = [(penalty - side * rest[j]) / (1 - side * slope[j]) for side in (1, -1) if 1 - side * slope[j] > TINY]
    return float(min((max(way, 0.0) for way in ways if way > least), default=np.inf))


def _interval(path: _Path, bound: float, confidence: float) -> tuple[float, float]:
    """The shortest by the working covariance, with the study's own error; NaN where there is none."""
    if path.errorless:
        return float("nan"), float("nan")
    piece = np.repeat(np.arange(len(path.variance)), PLACES)
    share = np.tile(np.linspace(0, 1, PLACES), len(path.variance))
    width = 1.0
    for _ in range(ROUNDS):
        best = int(_half(path, path.working, piece, share, bound, confidence).argmin())
        at, place = piece[best : best + 1], share[best : best + 1]
        width *= 2 / (PLACES - 1)
        share = np.clip(place + width * np.linspace(-1, 1, PLACES), 0, 1)
        piece = np.repeat(at, PLACES)
    half = float(_half(path, path.variance, at, place, bound, confidence)[0])
    centre = float((path.centre[at] + place * (path.centre[at + 1] - path.centre[at]))[0])
    return centre - half, centre + half


def _half(
    path: _Path, variance: np.ndarray, piece: np.ndarray, share: np.ndarray, bound: float, confidence: float
) -> np.ndarray:  # fmt: skip
    bias = path.bias[piece] + share * (path.bias[piece + 1] - path.bias[piece])
    error = np.sqrt(np.maximum((variance[piece] * share[:, None] ** np.arange(3)).sum(axis=1), TINY**2))
    found: np.ndarray = error * folded(bound * bias / error, confidence)
    return found


def folded(shift: np.ndarray, confidence: float) -> np.ndarray:
    """Quantile of |N(shift, 1)| at `confidence` (Rambachan and Roth, equation 18), by Newton's steps from above."""
    from scipy.special import ndtr, ndtri

    found: np.ndarray = ndtri((1 + confidence) / 2) + shift
    for _ in range(30):
        excess = ndtr(found - shift) - ndtr(-found - shift) - confidence
        slope = np.exp(-((found - shift) ** 2) / 2) + np.exp(-((found + shift) ** 2) / 2)
        step = excess * np.sqrt(2 * np.pi) / slope
        found = found - step
        if np.abs(step).max() < 1e-13 * (1 + np.abs(found).max()):
            break
    return found
