"""Synthetic control with predictors: donors that resemble the treated area in what predicts the outcome.

With importances V given, the donors' weights solve a convex problem. To search for V as well is not convex: many
starts end in different places, so the search reports them all (Abadie, Diamond and Hainmueller 2010, 2015).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.synthetic_control import Pool, Synthetic, is_unique, pool_of, simplex_fit

if TYPE_CHECKING:
    import pandas as pd

Mean = tuple[str, Collection[object]]
STEPS = 1000
"""Steps of one search by the simplex of Nelder and Mead; a search that ends for want of steps says so."""


@dataclass(frozen=True)
class Predictors:
    """What areas are compared by: `values` (K predictors x N units), in the order of `names` and `units`."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: np.ndarray

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.names), len(self.units)):
            raise ValueError(f"values are {self.values.shape}, names by units are {len(self.names), len(self.units)}")


@dataclass(frozen=True)
class Search:
    """The best of several searches for V, and all of them.

    `v` are the importances (sum 1) that fit the outcome best, `synthetic` their synthetic control. `starts`: a row for
    each start (the first from equal importances): `mspe`, `gap` (mean after the start), `converged`, and the
    importances `v_NAME`. The ranges over the starts stand in the details of `synthetic`.
    """

    v: np.ndarray
    synthetic: Synthetic
    starts: "pd.DataFrame"


def means(frame: "pd.DataFrame", unit: str, period: str, wanted: Sequence[Mean]) -> Predictors:
    """Means of columns over periods, one predictor for each (column, periods) wanted; missing cells are skipped.

    UserError for a column or a period that is not there, and for a unit without any value of a predictor.
    """
    rows = []
    for column, periods in wanted:
        if column not in frame:
            raise UserError(f"predictor '{column}' is no column of the table")
        if lost := [when for when in periods if not (frame[period] == when).any()]:
            raise UserError(f"predictor '{column}': period {lost[0]} is not in the table")
        rows.append(frame[frame[period].isin(list(periods))].groupby(unit, sort=True)[column].mean())
    units = sorted(frame[unit].unique())
    values = np.array([row.reindex(units).to_numpy("float64") for row in rows])
    names = tuple(column for column, _ in wanted)
    return Predictors(names, tuple(str(name) for name in units), values)


def given_v(panel: Panel, predictors: Predictors, v: Sequence[float], fit: np.ndarray | None = None) -> Synthetic:
    """The synthetic control with the importances `v` of the predictors (K,), each scaled by its standard deviation.

    The deviation is that over the treated area and the donors (areas less one in the denominator). `fit` is the mask of
    the periods whose error is reported. Raises UserError as `pool_of`, and for missing or constant predictors and for
    importances that are negative or all 0.
    """
    pool = pool_of(panel, fit)
    return _solved(pool, *_scaled(predictors, pool), _importances(v, len(predictors.names)))


def search_v(
    panel: Panel, predictors: Predictors, fit: np.ndarray | None = None, *, starts: int = 20, seed: int = 144
) -> Search:
    """Search the importances that fit the outcome best over the periods `fit`, from several starts.

    The first start has equal importances, the others are drawn (uniform on the simplex, seeded); each is improved by
    Nelder and Mead's method on |v| / sum |v|. Raises UserError as `given_v`.
    """
    import pandas as pd
    from scipy.optimize import minimize

    pool = pool_of(panel, fit)
    others, target = _scaled(predictors, pool)
    k = len(target)

    def error(v: np.ndarray) -> float:
        weights = _weights(others, target, np.abs(v) / np.abs(v).sum())
        return float(((pool.mean - weights @ pool.others)[pool.fit] ** 2).mean())

    drawn = np.random.default_rng(seed).dirichlet(np.ones(k), max(starts - 1, 0))
    rows, found = [], []
    for first in (np.full(k, 1 / k), *drawn):
        ended = minimize(error, first, method="Nelder-Mead", options={"maxiter": STEPS})
        v = np.abs(ended.x) / np.abs(ended.x).sum()
        found.append((v, _solved(pool, others, target, v)))
        gap = float(found[-1][1].gap[pool.after].mean())
        rows.append({"mspe": found[-1][1].mspe, "gap": gap, "converged": bool(ended.success)}
                    | {f"v_{name}": share for name, share in zip(predictors.names, v, strict=True)})  # fmt: skip
    table = pd.DataFrame(rows)
    best = int(table["mspe"].argmin())
    return Search(found[best][0], _with_spread(found[best][1], table), table)


def _with_spread(best: Synthetic, table: "pd.DataFrame") -> Synthetic:
    """The best fit, with the ranges over the starts in its details and notes."""
    from dataclasses import replace

    spread = {
        f"{name}_{end}": float(getattr(table[name], end)()) for name in ("mspe", "gap") for end in ("min", "max")
    } | {"starts": float(len(table))}  # fmt: skip
    note = (
        f"importances searched from {len(table)} starts: errors from {spread['mspe_min']:.4g} to "
        f"{spread['mspe_max']:.4g}, mean gaps from {spread['gap_min']:.4g} to {spread['gap_max']:.4g}"
    )
    return replace(best, details={**best.details, **spread}, notes=(*best.notes, note))


def _scaled(predictors: Predictors, pool: Pool) -> tuple[np.ndarray, np.ndarray]:
    """Predictors of the donors (K x J) and of the treated areas' mean (K,), each divided by its deviation."""
    place = {name: at for at, name in enumerate(predictors.units)}
    if lost := [name for name in (*pool.areas, *pool.donors) if name not in place]:
        raise UserError(f"area '{lost[0]}' has no predictors")
    others = predictors.values[:, [place[name] for name in pool.donors]]
    target = predictors.values[:, [place[name] for name in pool.areas]].mean(axis=1)
    both = np.column_stack([others, target])
    for name, row in zip(predictors.names, both, strict=True):
        if not np.isfinite(row).all():
            area = (*pool.donors, "the treated areas")[int((~np.isfinite(row)).argmax())]
            raise UserError(f"predictor '{name}' has no value for {area}: leave one of them out")
        if np.ptp(row) == 0:
            raise UserError(f"predictor '{name}' is {row[0]:g} in every area: leave it out")
    deviation = both.std(axis=1, ddof=1)
    return others / deviation[:, None], target / deviation


def _importances(v: Sequence[float], k: int) -> np.ndarray:
    found = np.asarray(v, "float64")
    if found.shape != (k,):
        raise UserError(f"{found.size} importances for {k} predictors")
    if not np.isfinite(found).all() or (found < 0).any() or not found.sum():
        raise UserError("importances must be 0 or more, and not all 0")
    return found / found.sum()


def _weights(others: np.ndarray, target: np.ndarray, v: np.ndarray) -> np.ndarray:
    root = np.sqrt(v)
    return simplex_fit(root[:, None] * others, root * target)


def _solved(pool: Pool, others: np.ndarray, target: np.ndarray, v: np.ndarray) -> Synthetic:
    root = np.sqrt(v)
    weights = _weights(others, target, v)
    alone = is_unique(root[:, None] * others, root * target, weights)
    notes = () if alone else ("other weights match the predictors as well",)
    return Synthetic(pool, weights, weights @ pool.others, "synthetic control with predictors",
                     {"unique": float(alone), "predictors": float(len(v))}, notes)  # fmt: skip
