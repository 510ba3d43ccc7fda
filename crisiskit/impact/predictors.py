"""Synthetic control with predictors: donors that resemble the treated area in what predicts the outcome.

With importances V given, the donors' weights solve a convex problem. To search for V as well is not convex: many
starts end in different places, so the search reports them all (Abadie, Diamond and Hainmueller 2010, 2015).
"""

from collections.abc import Callable, Collection, Sequence
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

MOST_AGAIN, WORTH_IT = 10, 1e-6
"""How often the best search is begun again from where it ended, while that lowers the error by this share or more."""


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
    each start (the first from equal importances), and where it led further one that goes on from the best of them:
    `mspe`, `gap` (mean after the start), `converged`, and the importances `v_NAME`. The ranges over these rows stand
    in the details of `synthetic`.
    """

    v: np.ndarray
    synthetic: Synthetic
    starts: "pd.DataFrame"


def means(frame: "pd.DataFrame", unit: str, period: str, wanted: Sequence[Mean]) -> Predictors:
    """Means of columns over periods, one predictor for each (column, periods) wanted; missing cells are skipped.

    A column that is wanted for several periods gives predictors named by column and periods. UserError for a column or
    a period that is not there; a unit without any value of a predictor is refused where the predictor is used.
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
    columns = [column for column, _ in wanted]
    names = tuple(column if columns.count(column) == 1 else _dated(column, periods) for column, periods in wanted)
    if again := [name for name in names if names.count(name) > 1]:
        raise UserError(f"predictor '{again[0]}' is wanted twice")
    return Predictors(names, tuple(str(name) for name in units), values)


def _dated(column: str, periods: Collection[object]) -> str:
    when = [str(period) for period in periods]
    return f"{column} {when[0]}" + (f" to {when[-1]}" if len(when) > 1 else "")


def given_v(panel: Panel, predictors: Predictors, v: Sequence[float], fit: np.ndarray | None = None) -> Synthetic:
    """The synthetic control with the importances `v` of the predictors (K,), each scaled by its standard deviation.

    The deviation is that over the treated area and the donors (areas less one in the denominator). `fit` is the mask of
    the periods whose error is reported. Raises UserError as `pool_of`, and for missing or constant predictors and for
    importances that are negative or all 0.
    """
    pool = pool_of(panel, fit)
    return _solved(pool, *_scaled(predictors, pool), _importances(v, len(predictors.names)))


def regression_v(panel: Panel, predictors: Predictors, fit: np.ndarray | None = None) -> np.ndarray:
    """Importances (K,) by regression: what the predictors tell of the outcome over the periods `fit`, without a search.

    Each period's outcome is regressed on the scaled predictors of all areas; the importance of one is the sum of its
    squared coefficients, as a share. This is the default of the package synth for Stata, and a start of that for R
    (Abadie, Diamond and Hainmueller, Journal of Statistical Software 42, 2011). Raises UserError as `given_v`, and
    where predictors are too many or cannot be told apart.
    """
    pool = pool_of(panel, fit)
    others, target = _scaled(predictors, pool)
    x = np.column_stack([np.ones(others.shape[1] + 1), np.vstack([target, others.T])])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise UserError(f"{len(target)} predictors of {len(x)} areas cannot be told apart: take fewer, or search_v")
    z = np.vstack([pool.mean, pool.others])[:, pool.fit]
    size = (np.linalg.lstsq(x, z, rcond=None)[0][1:] ** 2).sum(axis=1)
    return np.asarray(size / size.sum())


def search_v(
    panel: Panel, predictors: Predictors, fit: np.ndarray | None = None, *, starts: int = 20, seed: int = 144
) -> Search:
    """Search the importances that fit the outcome best over the periods `fit`, from several starts.

    The first start has equal importances, the others are drawn (uniform on the simplex, seeded); each is improved by
    Nelder and Mead's method on |v| / sum |v|, and the best is begun again where it ended until that helps no more.
    Raises UserError as `given_v`.
    """
    return _searched(pool_of(panel, fit), predictors, starts, seed)


def solver(
    predictors: Predictors, v: Sequence[float] | None = None, *, starts: int = 3, seed: int = 144
) -> Callable[[Pool], Synthetic]:
    """What makes a synthetic control of any pool by these predictors, for `placebo_areas.placebos(solve=...)`.

    With `v` the importances are the same for every pool; without, each pool searches its own, as Abadie, Diamond and
    Hainmueller (2010) did for their placebo states.
    """
    if v is None:
        return lambda pool: _searched(pool, predictors, starts, seed).synthetic
    shares = _importances(v, len(predictors.names))
    return lambda pool: _solved(pool, *_scaled(predictors, pool), shares)


def _searched(pool: Pool, predictors: Predictors, starts: int, seed: int) -> Search:
    import pandas as pd
    from scipy.optimize import minimize

    others, target = _scaled(predictors, pool)
    k = len(target)

    def error(v: np.ndarray) -> float:
        weights = _weights(others, target, np.abs(v) / np.abs(v).sum())
        return float(((pool.mean - weights @ pool.others)[pool.fit] ** 2).mean())

    drawn = np.random.default_rng(seed).dirichlet(np.ones(k), max(starts - 1, 0))

    def descend(first: np.ndarray, steps: int = STEPS) -> tuple[np.ndarray, bool]:
        how = {"maxiter": steps, "adaptive": steps > STEPS}  # scaled to the number of importances, for the long way
        ended = minimize(error, first, method="Nelder-Mead", options=how)
        return np.abs(ended.x) / np.abs(ended.x).sum(), bool(ended.success)

    ends = [descend(first) for first in (np.full(k, 1 / k), *drawn)]
    errors = [error(v) for v, _ in ends]
    tried, best = len(ends), int(np.argmin(errors))
    end, low = ends[best], errors[best]
    for _again in range(MOST_AGAIN):
        further = descend(end[0], 5 * STEPS)
        if not error(further[0]) < low * (1 - WORTH_IT):
            break
        end, low = further, error(further[0])
    if end is not ends[best]:
        ends, best = [*ends, end], tried
    found = [_solved(pool, others, target, v) for v, _ in ends]
    rows = [
        {"mspe": one.mspe, "gap": float(one.gap[pool.after].mean()), "converged": settled}
        | {f"v_{name}": share for name, share in zip(predictors.names, v, strict=True)}
        for one, (v, settled) in zip(found, ends, strict=True)
    ]
    table = pd.DataFrame(rows)
    return Search(ends[best][0], _with_spread(found[best], table, tried), table)


def _with_spread(best: Synthetic, table: "pd.DataFrame", tried: int) -> Synthetic:
    """The best fit, with the ranges over the starts in its details and notes."""
    from dataclasses import replace

    spread = {
        f"{name}_{end}": float(getattr(table[name], end)()) for name in ("mspe", "gap") for end in ("min", "max")
    } | {"starts": float(tried)}  # fmt: skip
    note = (
        f"importances searched from {tried} starts: errors from {spread['mspe_min']:.4g} to "
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
