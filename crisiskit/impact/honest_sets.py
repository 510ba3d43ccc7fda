"""Intervals of an effect that hold although trends differ by a multiple of how they differed before the start.

Rambachan and Roth, "A more credible approach to parallel trends", Review of Economic Studies 90 (2023) 2555-2591,
relative magnitudes: delta, the difference in trends, is 0 in the last period before the start and is what the earlier
coefficients show; after the start it changes from one period to the next by at most Mbar times its largest change
before. The interval inverts the conditional test of Andrews, Roth and Pakes (Review of Economic Studies 90 (2023)
2763-2791) with its least favourable first stage (the hybrid "C-LF" of the R package HonestDiD), for each change that
may have been the largest and for either sign of it; what any of them lets stand belongs to the interval. Only moments
of the periods after the start are used. The dual programme then has few vertices, known in closed form, which are
functions of two estimates only: the effect and that change. So nothing is searched or simulated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FIRST_STAGE = 0.1
"""Share of the level that the least favourable first stage spends (Rambachan and Roth, section 3.2)."""
NODES = 120
POINTS, ROUNDS = 101, 4
SIGNS = (1.0, -1.0)
TINY = 1e-12
FARTHEST = 1e4
"""Beyond this multiple of the largest change a breakdown counts as none."""


@dataclass(frozen=True)
class Sets:
    """Intervals by `bound` (Mbar or M; columns `bound`, `low`, `high`), and the least bound at which one reaches 0.

    `breakdown` is 0 where the interval without any violation reaches 0 already, or lies beyond it; inf: none does.
    """

    table: "pd.DataFrame"
    breakdown: float


@dataclass(frozen=True)
class Study:
    """Coefficients of consecutive periods, before the start (without the reference) and then after it.

    `beta` (K,), `covariance` (K, K), `pre`: how many come before the start; `weight`: of those after it, in the effect.
    """

    beta: np.ndarray
    covariance: np.ndarray
    pre: int
    weight: np.ndarray

    def __post_init__(self) -> None:
        """UserError where the parts do not fit."""
        k = len(self.beta)
        if self.covariance.shape != (k, k) or not 1 <= self.pre < k or len(self.weight) != k - self.pre:
            raise UserError(f"{k} coefficients, a covariance of {self.covariance.shape}, {self.pre} periods before the "
                            f"start and {len(self.weight)} weights do not fit: there should be at least one period on "
                            "either side, and a weight for each after the start")  # fmt: skip
        if not (np.isfinite(self.beta).all() and np.isfinite(self.covariance).all() and np.any(self.weight)):
            raise UserError("coefficients and covariance should be finite, and some weight other than 0")

    @property
    def changes(self) -> np.ndarray:
        """Rows that turn coefficients into changes from one period to the next (K x K), the reference between them."""
        k, pre = len(self.beta), self.pre
        path = np.insert(np.eye(k), pre, 0.0, axis=0)
        return np.diff(path, axis=0)

    @property
    def effect(self) -> float:
        """The effect, were trends parallel."""
        return float(self.weight @ self.beta[self.pre :])


def relative(study: Study, grid: tuple[float, ...], confidence: float = 0.95) -> Sets:
    """C-LF intervals of the effect for each Mbar of `grid`, by normal theory; see the module."""
    import pandas as pd

    rows = [(mbar, *relative_interval(study, mbar, confidence)) for mbar in grid]
    positive = study.effect > 0

    def gone(mbar: float) -> bool:
        end = _extreme(study, mbar, 1 - confidence, positive)
        return end <= 0 if positive else end >= 0

    tried = np.r_[0.0, np.geomspace(0.02, FARTHEST, 30)]
    return Sets(pd.DataFrame(rows, columns=["bound", "low", "high"]), first_gone(gone, tried))


def relative_interval(study: Study, mbar: float, confidence: float = 0.95) -> tuple[float, float]:
    """Ends of the C-LF interval for `mbar`: least and greatest effect that some component does not reject."""
    if mbar < 0:
        raise ValueError(f"mbar {mbar}: a multiple of a change is not negative")
    return _extreme(study, mbar, 1 - confidence, True), _extreme(study, mbar, 1 - confidence, False)


def _extreme(study: Study, mbar: float, alpha: float, lowest: bool) -> float:
    """One end of the interval. Components are left out once none of theirs can lie farther out.

    That is told from the greatest value that a first stage can have.
    """
    turn = 1.0 if lowest else -1.0
    cut = _greatest(FIRST_STAGE * alpha)
    parts = [_vertices(study, at, sign, mbar) for at in range(study.pre) for sign in SIGNS]
    outer = [(turn * span[not lowest], at) for at, part in enumerate(parts) if (span := _span(part, cut)) is not None]
    best = float("inf")
    for bound, at in sorted(outer):
        if bound >= best:
            break
        end = _end(parts[at], alpha, lowest)
        best = best if end is None else min(best, turn * end)
    return turn * best


def first_gone(gone: Callable[[float], bool], tried: np.ndarray) -> float:
    """The first bound, between neighbours of the ascending `tried`, from which on `gone`; inf where none is."""
    if gone(float(tried[0])):
        return float(tried[0])
    for held, lost in zip(tried, tried[1:], strict=False):
        if gone(float(lost)):
            while lost - held > 1e-6 * lost:
                middle = (held + lost) / 2
                held, lost = (held, middle) if gone(float(middle)) else (middle, lost)
            return float(lost)
    return float("inf")


@dataclass(frozen=True)
class _Vertices:
    """Vertices of the dual programme as functions of (effect, change): `rows` (4, 2) and their covariance `cover`.

    The first two bound the effect from below and above; the last two say that the change has the sign supposed.
    `pair` (effect, change) as estimated, `spread` its covariance (2, 2).
    """

    rows: np.ndarray
    cover: np.ndarray
    pair: np.ndarray
    spread: np.ndarray


def _vertices(study: Study, at: int, sign: float, mbar: float) -> _Vertices:
    """Of the moments +-change_k - mbar x change_at <= 0 for every k after the start, each by its standard error.

    Multipliers g+ and g- of these with (g+) - (g-) a multiple of u, the weights added up from the end: either g is
    u's positive and negative part, in one or the other order, or g+ = g- for one k alone.
    """
    changes = study.changes
    early, late = sign * changes[at], changes[study.pre :]
    tail = np.cumsum(study.weight[::-1])[::-1]
    up, down = (_errors(direction * late - mbar * early, study.covariance) for direction in (1, -1))
    first, second = (up, down), (down, up)
    below, above = (
        float(np.abs(tail) @ np.where(tail > 0, *sides)) for sides in (first, second)
    )  # fmt: skip
    both = up + down
    both = both[both > TINY] if (both > TINY).any() else np.ones(1)
    reach = mbar * float(np.abs(tail).sum())
    below, above = max(below, TINY), max(above, TINY)
    rows = np.array([[1 / below, -reach / below], [-1 / above, -reach / above],
                     [0, -2 * mbar / both.min()], [0, -2 * mbar / both.max()]])  # fmt: skip
    both_rows = np.vstack([np.r_[np.zeros(study.pre), study.weight], early])
    spread = both_rows @ study.covariance @ both_rows.T
    return _Vertices(rows, rows @ spread @ rows.T, both_rows @ study.beta, spread)


def _errors(rows: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", rows, covariance, rows), 0.0))
    return found


def _span(vertices: _Vertices, cut: float) -> tuple[float, float] | None:
    """Effects that a first stage with the value `cut` lets stand; None if there are none."""
    effect, change = vertices.pair
    (a, a_change), (b, b_change), (_, steep), _ = vertices.rows
    low, high = float(effect + (a_change * change - cut) / a), float(effect + (b_change * change - cut) / b)
    return None if steep * change > cut or low > high else (low, high)


def _end(vertices: _Vertices, alpha: float, lowest: bool) -> float | None:
    """Least (or greatest) effect that a component does not reject; None if it rejects every one."""
    cut = _least_favourable(vertices, FIRST_STAGE * alpha)
    span = _span(vertices, cut)
    if span is None:
        return None
    start, stop = span if lowest else span[::-1]
    for _ in range(ROUNDS):  # each narrows the place of the first one let stand
        effects = np.linspace(start, stop, POINTS)
        kept = ~_rejected(vertices, effects, cut, alpha)
        if not kept.any():
            return None
        first = int(kept.argmax())
        start, stop = float(effects[max(first - 1, 0)]), float(effects[first])
    return stop


def _least_favourable(vertices: _Vertices, level: float) -> float:
    """The value that the greatest vertex exceeds with probability `level` where all moments bind, by quadrature."""
    from scipy.optimize import brentq
    from scipy.special import ndtr

    (a, a_change), (b, b_change), (_, steep), _ = vertices.rows
    s_change = float(np.sqrt(max(vertices.spread[1, 1], 0.0)))
    slope = vertices.spread[0, 1] / s_change if s_change > TINY else 0.0
    rest = max(float(np.sqrt(max(vertices.spread[0, 0] - slope**2, 0.0))), TINY)
    nodes, weights = _nodes()

    def beyond(cut: float) -> float:
        least = -9.0 if steep * s_change > -TINY else max(cut / (steep * s_change), -9.0)
        turns = [cut / turn for turn in (a_change * s_change + a * slope, b_change * s_change + b * slope) if turn]
        edges = np.clip(np.sort([least, *turns, 9.0]), least, 9.0)  # pieces: what is inside may end sharply
        z = edges[:-1, None] + (nodes + 1) * np.diff(edges)[:, None] / 2
        top, bottom = (cut - a_change * s_change * z) / a, (cut - b_change * s_change * z) / b
        inside = np.maximum(ndtr((top - slope * z) / rest) - ndtr((bottom - slope * z) / rest), 0.0)
        mass = inside * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * weights * np.diff(edges)[:, None] / 2
        return 1 - float(mass.sum()) - level

    return float(brentq(beyond, 0.0, _greatest(level) + 0.01, xtol=1e-9))


def _greatest(level: float) -> float:
    """No first stage has a greater value: three vertices differ, and none has a variance above 1 (Bonferroni)."""
    from scipy.special import ndtri

    return -float(ndtri(level / 3))


@cache
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(NODES)


def _rejected(vertices: _Vertices, effects: np.ndarray, cut: float, alpha: float) -> np.ndarray:
    """Whether each of `effects` (S,) is rejected: the greatest vertex against its law given which one it is."""
    level = (alpha - FIRST_STAGE * alpha) / (1 - FIRST_STAGE * alpha)
    given = np.stack([vertices.pair[0] - effects, np.full(len(effects), vertices.pair[1])])
    values = vertices.rows @ given  # (4, S)
    best = values.argmax(axis=0)
    top = values[best, np.arange(len(effects))]
    own = np.diag(vertices.cover)[best]
    error = np.sqrt(np.maximum(own, 0.0))
    known = error < 1e-10  # no error: the moment itself decides
    ratio = vertices.cover[:, best] / np.where(known, 1.0, own)
    room = 1 - ratio
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = (values - ratio * top) / room
    low = np.where(room > 1e-9, ends, -np.inf).max(axis=0)
    high = np.minimum(np.where(room < -1e-9, ends, np.inf).min(axis=0), cut)
    scale = np.where(known, 1.0, error)
    inside = (low <= top + 1e-9) & (top <= high)
    share = _share_beyond(top / scale, low / scale, high / scale)
    found: np.ndarray = (top > cut) | np.where(known, top > 1e-10, (top > 0) & inside & (share < level))
    return found


def _share_beyond(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """P(Z > value | low < Z < high) of a standard normal Z, from logarithms, for value > 0; elsewhere not used."""
    from scipy.special import log_ndtr

    value = np.clip(value, np.maximum(low, 0.0), None)

    def between(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore", invalid="ignore"):
            found: np.ndarray = log_ndtr(-one) + np.log1p(-np.exp(np.minimum(log_ndtr(-other) - log_ndtr(-one), 0.0)))
        return found

    with np.errstate(invalid="ignore", over="ignore"):
        return np.exp(between(value, high) - between(low, high))
