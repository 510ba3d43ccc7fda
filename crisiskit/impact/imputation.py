"""Effects against what the untreated cells let one expect: safe where the programme came at different times.

The effects of areas and periods are fitted on untreated cells alone, and carried over to the treated ones (Borusyak,
Jaravel and Spiess 2024; for counts the Poisson version of Wooldridge 2023). No treated cell ever serves as a
comparison, so that effects which grow or differ cannot turn the sign, as they can in two-way fixed effects. Where all
areas start at once it gives the same number as the Poisson two-way fixed effects: the ratio of ratios.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import guards, twoway
from crisiskit.impact.twoway import Fit, effects

STEPS, TOLERANCE = 50, 1e-9


def impute(
    outcome: np.ndarray, status: np.ndarray, model: str = "poisson", exposure: np.ndarray | None = None
) -> Fit:
    """The mean effect over the treated cells, with the pulls of the units on it.

    `poisson`: b = log(sum of treated counts / sum of what was expected); `log` and `linear`: the mean difference. The
    pulls take the doubt of the expected counts along, and treat what effects differ by among areas as noise. Raises
    UserError where a treated area has no untreated period to be judged by, or a period no untreated area.
    """
    twoway.refuse(outcome, status, model, exposure)
    known = guards.known_cells(outcome, exposure)
    y = outcome if model == "poisson" else twoway.scaled(outcome, model, exposure)
    bare = _cannot(np.asarray(status, "float64")[None], known, np.where(known, y, 0.0), model)[0]
    if bare:
        raise UserError(
            "what would have happened cannot be told: a treated area without records before its start, or a period in "
            "which every area is treated; give more months before the start, or areas that are never treated"
        )
    b, scores, without = _impute(np.where(known, y, 0.0), np.asarray(status, "float64")[None], known, exposure, model)
    full = np.exp(without[0]) if model == "log" else without[0]
    full = full * exposure if exposure is not None and model != "poisson" else full
    se = float(twoway.error_of(scores[0][guards.counted(outcome, known, model)]))
    size = guards.spread(outcome, known, model, exposure)
    return Fit(float(b[0]), guards.trusted(se, size), scores[0], np.where(known, full, np.nan))


def reassigned(
    outcome: np.ndarray, status: np.ndarray, orders: np.ndarray, model: str = "poisson",
    exposure: np.ndarray | None = None, null: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """As `twoway.reassigned`, by imputation: effects and standard errors (S,) had the roll-out been dealt out anew."""
    known = guards.known_cells(outcome, exposure)
    status = np.asarray(status, "float64")
    if model == "poisson":
        y = np.where(known, outcome, 0.0) * np.exp(-null * status)
    else:
        y = np.where(known, twoway.scaled(outcome, model, exposure), 0.0) - null * status
    found, errors = np.empty(len(orders)), np.empty(len(orders))
    size = max(1, int(2_000_000 // outcome.size))
    for at in range(0, len(orders), size):
        part = slice(at, at + size)
        paths = status[orders[part]]
        b, scores, _ = _impute(y, paths, known, exposure, model)
        b = np.where(_cannot(paths, known, y, model), np.nan, b)
        found[part], errors[part] = b, twoway.error_of(scores)
    return found, errors


def _cannot(paths: np.ndarray, known: np.ndarray, y: np.ndarray, model: str) -> np.ndarray:
    """Orders (S,) in which a treated cell has no untreated cell of its unit, or of its period, to be judged by."""
    free, on = known & (paths == 0), known & (paths > 0)
    rows, columns = free.any(axis=-1)[..., None], free.any(axis=-2)[..., None, :]
    if model == "poisson":  # an area of which every untreated count is 0 is expected to stay at 0
        columns = ((free * y).sum(axis=-2) > 0)[..., None, :] | ((free * y).sum(axis=-1) <= 0)[..., None] & rows
    nothing = (on * y).sum(axis=(-2, -1)) <= 0 if model == "poisson" else ~on.any(axis=(-2, -1))
    return (on & ~(rows & columns)).any(axis=(-2, -1)) | nothing


@dataclass(frozen=True)
class _Cells:
    """Cells of the distinct roll-out paths (S, G, T): counts (or means), untreated and treated weights, offset.

    Units that share a path are added up: `per_unit` sums weights (S, G, T) times the units' own outcome over time, and
    `spread` hands the values of the paths (S, G, ...) to the units that follow them (S, N, ...).
    """

    y: np.ndarray
    free: np.ndarray
    on: np.ndarray
    offset: np.ndarray | float
    per_unit: Callable[[np.ndarray], np.ndarray]
    spread: Callable[[np.ndarray], np.ndarray]


def _cells(
    y: np.ndarray, paths: np.ndarray, known: np.ndarray, exposure: np.ndarray | None, poisson: bool
) -> _Cells:  # fmt: skip
    """Group the units by their path where nothing but the counts differs; else every unit is a group of its own."""
    offset = np.log(np.where(known, exposure, 1.0)) if exposure is not None and poisson else 0.0
    alike = twoway.by_path(paths, known) if exposure is None or not poisson else None
    if alike is None:
        free, on = (known & (paths == 0)) * 1.0, (known & (paths > 0)) * 1.0
        return _Cells(np.broadcast_to(y, paths.shape), free, on, offset,
                      lambda weights: (weights * y).sum(axis=-1), lambda values: values)  # fmt: skip
    own, rows, units = alike.own, np.arange(len(paths))[:, None], np.arange(len(y))[None, :]
    sums, size = np.einsum("sgn,nt->sgt", alike.members, y), alike.members.sum(axis=-1)[..., None]
    weight = (np.ones_like(sums) if poisson else size * np.ones_like(sums)) * alike.known
    means = sums if poisson else np.divide(sums, size, out=np.zeros_like(sums), where=size > 0)
    return _Cells(
        means, (alike.paths == 0) * weight, (alike.paths > 0) * weight, offset,
        lambda weights: np.einsum("sgt,nt->sgn", weights, y)[rows, own, units], lambda values: values[rows, own],
    )  # fmt: skip


def _impute(
    y: np.ndarray, paths: np.ndarray, known: np.ndarray, exposure: np.ndarray | None, model: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Effects (S,), pulls (S, N) and what was expected in every cell (S, N, T) by the untreated cells."""
    cells = _cells(y, paths, known, exposure, model == "poisson")
    return _counts(cells) if model == "poisson" else _means(cells)


def _fitted(cells: _Cells) -> tuple[np.ndarray, np.ndarray]:
    """Poisson means of all cells, and of the untreated ones, fitted on the untreated (reweighted least squares)."""
    free, ys = cells.free, cells.y
    some = (free * ys).sum(axis=-1, keepdims=True) > 0
    alive = free * some * ((free * ys).sum(axis=-2, keepdims=True) > 0)
    level = (alive * ys).sum(axis=(-2, -1), keepdims=True) / np.maximum(alive.sum(axis=(-2, -1), keepdims=True), 1)
    mean = alive * (ys + level) / 2
    full = mean
    for _step in range(STEPS):
        log_mean = np.log(mean, out=np.zeros_like(mean), where=mean > 0)
        z = log_mean - cells.offset + np.divide(ys - mean, mean, out=np.zeros_like(mean), where=mean > 0)
        u, v = effects((mean * z).sum(axis=-1), (mean * z).sum(axis=-2), mean)
        full = np.exp(np.clip(u[..., :, None] + v[..., None, :] + cells.offset, -30, 30)) * some
        moved = np.abs(alive * full - mean).max() / max(1.0, float(mean.max()))
        mean = alive * full
        if moved < TOLERANCE:
            break
    return full, mean


def _counts(cells: _Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The Poisson half of `_impute`."""
    full, mean = _fitted(cells)
    treated, seen = (cells.on * full).sum(axis=(-2, -1)), (cells.on * cells.y).sum(axis=(-2, -1))
    b = np.log(np.divide(seen, treated, out=np.full_like(seen, np.nan), where=(treated > 0) & (seen > 0)))
    weight = cells.on * full / np.where(treated > 0, treated, 1.0)[:, None, None]
    p, q = effects(weight.sum(axis=-1), weight.sum(axis=-2), mean)
    carry = (mean > 0) * (p[..., :, None] + q[..., None, :])  # how the treated mass leans on the untreated cells
    group = cells.spread((cells.free * cells.y).sum(axis=-1))
    share = np.divide(cells.per_unit((cells.free > 0) * 1.0), group, out=np.zeros_like(group), where=group > 0)
    gone = np.exp(np.nan_to_num(b))[:, None] * share * cells.spread((cells.on * full).sum(axis=-1))
    hit = (cells.per_unit((cells.on > 0) * 1.0) - gone) / np.where(seen > 0, seen, 1.0)[:, None]
    doubt = cells.per_unit(carry) - share * cells.spread((carry * mean).sum(axis=-1))
    return b, hit - doubt, share[..., None] * cells.spread(full)


def _means(cells: _Cells) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The least-squares half of `_impute`; cells of groups weigh by their number of units."""
    u, v = effects((cells.free * cells.y).sum(axis=-1), (cells.free * cells.y).sum(axis=-2), cells.free)
    number = cells.on.sum(axis=(-2, -1))
    number = np.where(number > 0, number, np.nan)
    b = (cells.on * (cells.y - u[..., :, None] - v[..., None, :])).sum(axis=(-2, -1)) / number
    here, hot = (cells.free > 0) * 1.0, (cells.on > 0) * 1.0
    count = cells.spread(here.sum(axis=-1))
    level = cells.per_unit(here) - cells.spread((here * v[..., None, :]).sum(axis=-1))
    level = level / np.where(count > 0, count, np.nan)  # each unit's own, where v is that of its periods

    def left(weights: np.ndarray) -> np.ndarray:
        over_time = cells.spread((weights * v[..., None, :]).sum(axis=-1))
        return cells.per_unit(weights) - level * cells.spread(weights.sum(axis=-1)) - over_time

    even = cells.on / number[:, None, None]
    p, q = effects(even.sum(axis=-1), even.sum(axis=-2), cells.free)
    carry = here * (p[..., :, None] + q[..., None, :])
    hit = (left(hot) - b[:, None] * cells.spread(hot.sum(axis=-1))) / number[:, None]
    return b, np.nan_to_num(hit - left(carry)), level[..., None] + v[:, None, :]
