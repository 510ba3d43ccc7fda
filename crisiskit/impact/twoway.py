"""Two-way fixed effects by matrices: the same numbers as the dummies of statsmodels, fast enough for thousands of fits.

A unit's and a period's effect are solved away in closed form, so a fit costs some matrix products. Units that share a
path of the programme are added up first where nothing but the counts differs: the Poisson likelihood depends on their
sums alone. Clusters are units; the sandwich carries the factor G/(G-1) and no other (named `CORRECTION`).
"""

from dataclasses import dataclass

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.guards import MODELS as MODELS
from crisiskit.impact.guards import counted, known_cells, spread, trusted
from crisiskit.impact.guards import refuse as refuse
from crisiskit.impact.guards import scaled as scaled

CORRECTION = "clustered by area, G/(G-1)"
TOLERANCE, MOST_STEPS = 1e-10, 60
MEANS_TOLERANCE = 1e-8
"""The means must stand still too: where the groups are mirror images, b is right before they are."""


@dataclass(frozen=True)
class Fit:
    """Effect of the programme with its cluster-robust standard error; `expected` is what was expected without it.

    `se` is NaN where it is 0 but for rounding: with two areas, or where nothing varies, there is none.
    """

    b: float
    se: float
    scores: np.ndarray  # per unit: its pull on b, so that se^2 = G/(G-1) * sum of squares
    expected: np.ndarray  # units x periods, on the scale of the outcome

    @property
    def t(self) -> float:
        return self.b / self.se if self.se > 0 else float("nan")


def fit(outcome: np.ndarray, status: np.ndarray, model: str = "poisson", exposure: np.ndarray | None = None) -> Fit:
    """Fit outcome on status with an effect for every unit and every period; NaN cells are left out.

    `poisson`: log link, `exposure` as offset. `log`: least squares on the logarithm of the outcome (a rate, where an
    exposure is given). `linear`: least squares on the outcome (a rate, likewise). Raises UserError where the data
    cannot tell: no treated or untreated cells left, zeros under a logarithm, or perfect separation.
    """
    status = np.asarray(status, "float64")
    refuse(outcome, status, model, exposure)
    known = known_cells(outcome, exposure)
    if model == "poisson":
        b, scores, without = _poisson(np.where(known, outcome, 0.0), status[None], known, exposure)
        b, scores, without = b[0], scores[0], without[0]
    else:
        y = scaled(outcome, model, exposure)
        b, scores = _linear(y, status[None], known)
        b, scores = b[0], scores[0]
        without = y - cleaned(y - b * status, known) - b * status
        without = np.exp(without) if model == "log" else without
        without = without * exposure if exposure is not None else without
    if not np.isfinite(b):
        raise UserError("the effect cannot be told from the effects of areas and periods: perfect separation")
    se = trusted(float(error_of(scores[counted(outcome, known, model)])), spread(outcome, known, model, exposure))
    return Fit(float(b), se, scores, np.where(known, without, np.nan))


def reassigned(
    outcome: np.ndarray, status: np.ndarray, orders: np.ndarray, model: str = "poisson",
    exposure: np.ndarray | None = None, null: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Effects and standard errors had each unit i got the programme of unit `orders[s, i]`, for every s.

    `null`: the effect (on the model's scale) that is taken off the treated cells as they were before the programme is
    dealt out anew, for intervals by inversion. Returns two arrays of length S; NaN where an order cannot be fitted.
    """
    known = known_cells(outcome, exposure)
    if model == "poisson":
        y = np.where(known, outcome, 0.0) * np.exp(-null * status)
    else:
        y = scaled(outcome, model, exposure) - null * status
    effects, errors = np.empty(len(orders)), np.empty(len(orders))
    size = max(1, int(4_000_000 // outcome.size))
    for at in range(0, len(orders), size):
        part = slice(at, at + size)
        paths = np.asarray(status, "float64")[orders[part]]
        if model == "poisson":
            b, scores, _ = _poisson(y, paths, known, exposure)
        else:
            b, scores = _linear(y, paths, known)
        effects[part], errors[part] = b, error_of(scores)
    return effects, errors


def error_of(scores: np.ndarray) -> np.ndarray:
    """Standard error from the pulls of the clusters, along the last axis."""
    g = scores.shape[-1]
    return np.sqrt((scores**2).sum(axis=-1) * g / (g - 1)) if g > 1 else np.full(scores.shape[:-1], np.nan)


def effects(row_sums: np.ndarray, column_sums: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit effects u (..., N) and period effects v (..., T) of which the weighted sums are those given.

    Solves sum_t w (u + v) = row_sums and sum_i w (u + v) = column_sums; units and periods without weight get 0. The
    longer side is eliminated first, so that a solve costs min(N, T)^3. The one free constant is pinned.
    """
    if weight.shape[-2] > weight.shape[-1]:
        v, u = effects(column_sums, row_sums, np.swapaxes(weight, -1, -2))
        return u, v
    rows, columns = weight.sum(axis=-1), weight.sum(axis=-2)
    inverse = np.divide(1.0, columns, out=np.zeros_like(columns), where=columns > 0)
    within = weight * inverse[..., None, :]
    gram = -(within @ np.swapaxes(weight, -1, -2))
    n = gram.shape[-1]
    scale = rows.sum(axis=-1)[..., None] / n**2
    gram[..., np.arange(n), np.arange(n)] += rows + (rows <= 0) * scale
    right = row_sums - (within * column_sums[..., None, :]).sum(axis=-1)
    if gram.ndim == 2:  # the same cells in every order: one factorisation for all
        u = np.linalg.solve(gram + scale, right.reshape(-1, n).T).T.reshape(right.shape)
    else:
        u = np.linalg.solve(gram + scale[..., None], right[..., None])[..., 0]
    v = inverse * (column_sums - (weight * u[..., :, None]).sum(axis=-2))
    return u, v


def cleaned(z: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """What is left of z (..., N, T) when the effects of units and periods are taken out, weighted by `weight`."""
    w = weight.astype("float64")
    z = np.where(w > 0, z, 0.0)
    u, v = effects((w * z).sum(axis=-1), (w * z).sum(axis=-2), w)
    return np.where(w > 0, z - u[..., :, None] - v[..., None, :], 0.0)


def _linear(y: np.ndarray, paths: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of y (N, T) on each path (S, N, T): effects (S,) and the pulls of the units (S, N)."""
    if known.all():
        def clean(z: np.ndarray) -> np.ndarray:
            means = z.mean(axis=-1, keepdims=True)
            return z - means - z.mean(axis=-2, keepdims=True) + means.mean(axis=-2, keepdims=True)
    else:
        def clean(z: np.ndarray) -> np.ndarray:
            return cleaned(z, known)
    d, z = clean(paths), clean(np.where(known, y, 0.0))
    size = (d**2).sum(axis=(-2, -1))
    size = np.where(size > 1e-9, size, np.nan)
    b = (d * z).sum(axis=(-2, -1)) / size
    return b, ((d * z).sum(axis=-1) - b[:, None] * (d**2).sum(axis=-1)) / size[:, None]


def _poisson(
    y: np.ndarray, paths: np.ndarray, known: np.ndarray, exposure: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Poisson of y (N, T) on each path (S, N, T): effects (S,), pulls (S, N), and means without the programme."""
    alike = by_path(paths, known) if exposure is None else None
    if alike is None:
        base = np.ones_like(y) if exposure is None else np.where(known, exposure, 1.0)
        b, mean, d = _newton(np.broadcast_to(y, paths.shape), paths, known, base)
        gap = (d * (y - mean)).sum(axis=-1)
        return b, gap / _size(mean, d)[:, None], mean * np.exp(-b[:, None, None] * paths)
    sums = np.einsum("sgn,nt->sgt", alike.members, y)
    b, mean, d = _newton(sums, np.broadcast_to(alike.paths, sums.shape), alike.known, np.ones((1, 1)))
    totals = np.where(sums.sum(axis=-1) > 0, sums.sum(axis=-1), 1.0)
    profile = mean / totals[..., None]  # of each group over the periods, summing to 1
    own = alike.own
    rows = np.arange(len(paths))[:, None]
    dy = np.einsum("sgt,nt->sgn", d, y)[rows, own, np.arange(len(y))[None, :]]
    gap = dy - y.sum(axis=1)[None] * (d * profile).sum(axis=-1)[rows, own]
    without = profile[rows, own] * y.sum(axis=1)[None, :, None] * np.exp(-b[:, None, None] * paths)
    return b, gap / _size(mean, d)[:, None], without


def _size(mean: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Information on b (S,); NaN where there is none, as where every unit has the same path."""
    size = (mean * d**2).sum(axis=(-2, -1))
    return np.where(size > 1e-9, size, np.nan)


@dataclass(frozen=True)
class Alike:
    """Units that share a path of the programme and the cells that are known, so that only their sums matter.

    `paths` and `known` (G, T) of the groups, the same in every order; `members` (S, G, N) says who is in which, 0 or 1.
    """

    paths: np.ndarray
    known: np.ndarray
    members: np.ndarray

    @property
    def own(self) -> np.ndarray:
        """The group of each unit (S, N)."""
        return self.members.argmax(axis=1)


def by_path(paths: np.ndarray, known: np.ndarray) -> Alike | None:
    """Group the units of each order (paths is S, N, T) by path and known cells; None where that saves nothing."""
    distinct = np.unique(paths[0], axis=0)
    masks, mask_of = np.unique(known, axis=0, return_inverse=True)
    if len(distinct) * len(masks) >= paths.shape[1]:
        return None
    follows = np.stack([(paths == path).all(axis=-1) for path in distinct], axis=1)
    has = mask_of.reshape(-1)[None, :] == np.arange(len(masks))[:, None]
    members = (follows[:, :, None, :] & has[None, None]).reshape(len(paths), -1, paths.shape[1])
    return Alike(np.repeat(distinct, len(masks), axis=0), np.tile(masks, (len(distinct), 1)), members.astype("float64"))


def _newton(
    y: np.ndarray, paths: np.ndarray, known: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Iteratively reweighted least squares for a batch: effects (S,), means and the cleaned paths (S, N, T)."""
    alive = (known * np.ones(y.shape[-2:])) > 0
    keep = alive & (y.sum(axis=-1, keepdims=True) > 0) & (y.sum(axis=-2, keepdims=True) > 0)  # others have mean 0
    share = np.divide(y.sum(axis=(-2, -1)), (keep * base).sum(axis=(-2, -1)))
    mean = np.where(keep, (y + share[:, None, None] * base) / 2, 0.0)
    offset = np.log(base)
    b, d = np.full(len(y), np.inf), paths
    for _step in range(MOST_STEPS):
        log_mean = np.log(mean, out=np.zeros_like(mean), where=mean > 0)
        z = log_mean - offset + np.divide(y - mean, mean, out=np.zeros_like(mean), where=mean > 0)
        both = cleaned(np.stack([np.where(keep, z, 0.0), np.broadcast_to(paths, z.shape)]), mean[None])
        z_left, d = both
        size = (mean * d**2).sum(axis=(-2, -1))
        new = np.divide((mean * d * z_left).sum(axis=(-2, -1)), size, out=np.full(len(y), np.nan), where=size > 1e-9)
        eta = np.clip(z - (z_left - new[:, None, None] * d) + offset, -30, 30)
        old, mean = mean, np.where(keep, np.exp(np.nan_to_num(eta)), 0.0)
        moved = np.abs(new - b)
        shift = np.abs(mean - old).max(axis=(-2, -1)) / mean.max(axis=(-2, -1))
        b = new
        if not ((moved > TOLERANCE) | (shift > MEANS_TOLERANCE))[np.isfinite(new)].any():
            break
    b = np.where((moved <= 1e-6) & (np.abs(b) < 15), b, np.nan)
    return b, mean, d
