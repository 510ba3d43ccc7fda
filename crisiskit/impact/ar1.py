"""Least squares whose errors follow the error before: AR(1), by Prais and Winsten.

Source: Prais and Winsten, Cowles Commission Discussion Paper 383 (1954); iterated as in Stata's `prais`. In short
series the error is still too small (Turner and others, BMC Medical Research Methodology 21 (2021) 181).
"""

from typing import Any

import numpy as np

from crisiskit.errors import UserError

MOST_STEPS, TOLERANCE = 200, 1e-8


def prais_winsten(y: np.ndarray, x: np.ndarray) -> tuple[Any, float]:
    """The statsmodels result on the transformed rows, and rho; y (T,), x (T x K), rows in order without a gap.

    rho is the coefficient of each residual on the one before, without a constant; rows are y_t - rho y_(t-1), the first
    one sqrt(1 - rho^2) y_1, and both steps alternate until rho stands still. UserError where it does not, or reaches 1.
    """
    from statsmodels.api import OLS

    rho, result = 0.0, OLS(y, x).fit()
    for _step in range(MOST_STEPS):
        left = y - x @ result.params
        size = float(left[:-1] @ left[:-1])
        new = float(left[1:] @ left[:-1]) / size if size > 0 else 0.0
        if not abs(new) < 1:
            raise UserError(f"the errors do not fall back to the trend (rho {new:.3f}): no AR(1) model fits them")
        result = OLS(_steps(y, new), _steps(x, new)).fit()
        if abs(new - rho) < TOLERANCE:
            return result, new
        rho = new
    raise UserError(f"rho of the AR(1) errors does not settle ({rho:.4f} after {MOST_STEPS} steps); use hac_lags")


def _steps(values: np.ndarray, rho: float) -> np.ndarray:
    return np.concatenate([values[:1] * np.sqrt(1 - rho**2), values[1:] - rho * values[:-1]])
