"""Covariates in a regression with effects of areas and periods: which of them move, and what they come to."""

from collections.abc import Sequence

import numpy as np

from crisiskit.impact.long_table import Long


def coefficients(long: Long) -> dict[str, float]:
    """Coefficients of the covariates in the saturated regression, with errors clustered by area; NaN if absorbed."""
    names, _ = moving(long, saturated=True)
    found = {f"{kind}_{name}": float("nan") for kind in ("b", "se") for name in long.covariates}
    if not names:
        return found
    both, inner = _left(long, (*names, "y"), saturated=True)
    x, y = both[:, :-1], both[:, -1]
    bread = np.linalg.inv(x.T @ x)
    b = bread @ x.T @ y
    pulls = x * (y - x @ b)[:, None]
    of_unit = np.unique(long.frame["unit"].to_numpy(), return_inverse=True)[1]
    pulls = np.stack([np.bincount(of_unit, pull) for pull in pulls.T], axis=1)
    g, n, k = long.units, len(long.frame), inner + x.shape[1]
    se = np.sqrt(np.diag(bread @ pulls.T @ pulls @ bread) * g / (g - 1) * (n - 1) / (n - k))
    for name, coefficient, error in zip(names, b, se, strict=True):
        found |= {f"b_{name}": float(coefficient), f"se_{name}": float(error)}
    return found


def _left(long: Long, names: Sequence[str], saturated: bool) -> tuple[np.ndarray, int]:
    """Columns without the effects of areas and periods (and of cohorts by event time); how many effects but areas'."""
    import pandas as pd

    frame = long.frame
    parts = [frame["period"]]
    if saturated:
        event = (frame["period"] - frame["first"]).where(frame["first"] > 0)
        parts.append((frame["first"].astype(str) + "/" + event.astype(str)).where(event.notna() & (event != -1)))
    inner = np.column_stack([pd.get_dummies(part, dtype=float) for part in parts])
    design = np.column_stack([pd.get_dummies(frame["unit"], dtype=float), inner])
    columns = frame[list(names)].to_numpy("float64")
    return columns - design @ np.linalg.lstsq(design, columns, rcond=None)[0], inner.shape[1]


def moving(long: Long, saturated: bool = False) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Covariates that the effects of areas and periods and the covariates before do not tell, and a note of the others.

    The library takes what rounding leaves of the others for a covariate, and its numbers then depend on their units.
    """
    if not long.covariates:
        return (), ()
    left, _ = _left(long, long.covariates, saturated)
    size = np.sqrt((long.frame[list(long.covariates)].to_numpy("float64") ** 2).sum(axis=0))
    kept: list[str] = []
    basis = np.empty((len(left), 0))
    for name, column, length in zip(long.covariates, left.T, size, strict=True):
        rest = column - basis @ (basis.T @ column)
        if np.linalg.norm(rest) > 1e-8 * max(length, 1e-300):
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
            kept.append(name)
    lost = [name for name in long.covariates if name not in kept]
    note = f"covariates left out, told by areas and periods or by other covariates: {', '.join(lost)}"
    return tuple(kept), (note,) if lost else ()
