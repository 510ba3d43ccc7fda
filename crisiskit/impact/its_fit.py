"""The regressions of an interrupted time series, by statsmodels: Poisson, negative binomial, least squares; HAC errors.

HAC: Newey and West, Econometrica 55 (1987) 703-708; of two series together: Driscoll and Kraay, Review of Economics and
Statistics 80 (1998) 549-560.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from crisiskit.errors import UserError

MODELS = ("poisson", "negative_binomial", "log", "linear")
COUNTS = ("poisson", "negative_binomial")


@dataclass(frozen=True)
class Regression:
    """Outcome and columns; `effects` are positions of the level change and, where asked for, the slope change.

    `clock` counts whole periods, `series` is 0 for the treated rows and 1 for the comparison's, `own` the number of
    columns that one series has; `bare` are the columns as if the programme had not come to the treated rows.
    """

    y: np.ndarray
    x: np.ndarray
    bare: np.ndarray
    names: tuple[str, ...]
    effects: tuple[int, ...]
    exposure: np.ndarray | None
    clock: np.ndarray
    series: np.ndarray
    own: int


@dataclass(frozen=True)
class Fitted:
    """Coefficients with covariance, and what their errors rest on; `df` is NaN where p is by the normal."""

    b: np.ndarray
    cov: np.ndarray
    df: float
    residual: np.ndarray
    words: str
    correction: str
    details: dict[str, float]
    model: Any

    def p(self, at: int) -> float:
        """Two-sided p of one coefficient, by t with `df` or by the normal."""
        from scipy.stats import norm, t

        ratio = abs(self.b[at]) / np.sqrt(self.cov[at, at])
        return float(2 * (t.sf(ratio, self.df) if np.isfinite(self.df) else norm.sf(ratio)))


def fit(data: Regression, model: str, dispersion: bool, hac_lags: int | None) -> Fitted:
    """Fit the model with the errors asked for. UserError for outcomes that the model cannot have, or no convergence."""
    _possible(data, model)
    if model == "poisson":
        return _poisson(data, dispersion, hac_lags)
    if model == "negative_binomial":
        if hac_lags is not None:
            raise UserError("hac_lags: HAC errors come with model poisson, log or linear, not negative_binomial")
        return _negative_binomial(data)
    return _least_squares(data, model, hac_lags)


def _possible(data: Regression, model: str) -> None:
    if model not in MODELS:
        raise UserError(f"model '{model}': should be one of {', '.join(MODELS)}")
    if model in COUNTS:
        if (data.y < 0).any():
            raise UserError(f"the outcome is {data.y.min():g} in a period; counts are 0 or more (or use model linear)")
        level = data.x[:, data.effects[0]] > 0
        for mask, when in ((level, "after"), (~level & (data.series == 0), "before")):
            if not data.y[mask].any():
                raise UserError(f"the outcome is 0 in every period {when} the start (perfect separation): a ratio has "
                                "no interval; use model linear, a wider outcome or longer periods")  # fmt: skip
    if model == "log" and (data.y <= 0).any():
        raise UserError(f"{int((data.y <= 0).sum())} periods are 0 or less and have no logarithm; use model poisson")
    if model in ("log", "linear") and np.ptp(data.y) == 0:
        raise UserError("the outcome is the same in every period: there is nothing to estimate")


def _glm(data: Regression, weights: np.ndarray | None = None, **asked: Any) -> Any:
    import warnings

    import pandas as pd
    from statsmodels.api import GLM, families
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    x = pd.DataFrame(data.x, columns=list(data.names))
    offset = None if data.exposure is None else np.log(data.exposure)
    with warnings.catch_warnings():
        warnings.simplefilter("error", PerfectSeparationWarning)
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            asked_of = GLM(data.y, x, family=families.Poisson(), offset=offset, var_weights=weights)
            return asked_of.fit(tol=1e-12, maxiter=200, **asked)
        except (PerfectSeparationWarning, ConvergenceWarning) as error:
            raise UserError(f"the Poisson model does not settle ({error}): too few events or too many terms") from error


def _poisson(data: Regression, dispersion: bool, hac_lags: int | None) -> Fitted:
    """Poisson; with `dispersion` each series' own Pearson chi2/df scales its part; with lags HAC errors."""
    plain = _glm(data)
    residual = np.asarray(plain.resid_pearson)
    scales = [float((residual[data.series == s] ** 2).sum() / ((data.series == s).sum() - data.own))
              for s in np.unique(data.series)]  # fmt: skip
    details = {"dispersion": scales[0]} | ({"dispersion_comparison": scales[1]} if len(scales) > 1 else {})
    df = float(len(data.y) - data.x.shape[1])
    if hac_lags is not None:
        result = _glm(data, **_hac(data, hac_lags))
        return Fitted(np.asarray(result.params), np.asarray(result.cov_params()), df, residual,
                      f"Poisson, Newey-West errors of {hac_lags} lags", _hac_words(data), details, result)  # fmt: skip
    if not dispersion:
        return Fitted(np.asarray(plain.params), np.asarray(plain.cov_params()), float("nan"), residual,
                      "Poisson, variance equal to the mean", "none", details, plain)  # fmt: skip
    if min(scales) <= 0:
        raise UserError("the model fits a series exactly, so it has no dispersion: too few periods for its terms")
    result = _glm(data, 1 / np.array(scales)[data.series], scale=1.0) if len(scales) > 1 else _glm(data, scale="X2")
    return Fitted(np.asarray(result.params), np.asarray(result.cov_params()), df, residual,
                  "quasi-Poisson, dispersion Pearson chi2/df", "dispersion divided by the residual df", details,
                  result)  # fmt: skip


def _least_squares(data: Regression, model: str, hac_lags: int | None) -> Fitted:
    """OLS of the outcome, or its logarithm (a rate where an exposure is given), with Newey-West errors."""
    import pandas as pd
    from statsmodels.api import OLS

    rate = data.y if data.exposure is None else data.y / data.exposure
    y = np.log(rate) if model == "log" else rate
    lags = rule_of_lags(len(np.unique(data.clock))) if hac_lags is None else hac_lags
    result = OLS(y, pd.DataFrame(data.x, columns=list(data.names))).fit(**_hac(data, lags))
    if not np.asarray(result.bse)[data.effects[0]] > 0:
        raise UserError("the model fits the series exactly: there is no standard error")
    what = "of the logarithm" if model == "log" else "of the outcome"
    return Fitted(np.asarray(result.params), np.asarray(result.cov_params()), float(result.df_resid),
                  np.asarray(result.resid), f"least squares {what}, Newey-West errors of {lags} lags",
                  _hac_words(data), {"hac_lags": float(lags)}, result)  # fmt: skip


def rule_of_lags(n: int) -> int:
    """Lags for n periods: floor(4 (n/100)^(2/9)) (Newey and West 1994)."""
    return int(4 * (n / 100) ** (2 / 9))


def _hac(data: Regression, lags: int) -> dict[str, Any]:
    periods = np.unique(data.clock, return_inverse=True)
    if not 0 <= lags < len(periods[0]):
        raise UserError(f"hac_lags {lags}: should be 0 or more and less than the {len(periods[0])} periods")
    if data.series.any():
        kwds = {"time": periods[1], "maxlags": lags, "use_correction": "hac", "df_correction": False}
        return {"cov_type": "hac-groupsum", "cov_kwds": kwds}
    return {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": True}}


def _hac_words(data: Regression) -> str:
    both = "both series summed by period, " if data.series.any() else ""
    return f"HAC, {both}Bartlett weights, N/(N-K)"


def _negative_binomial(data: Regression) -> Fitted:
    """NB2 from the Poisson fit; the first optimiser that converges to a maximum counts, else UserError."""
    import warnings

    import pandas as pd
    from statsmodels.discrete.discrete_model import NegativeBinomial
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning, InvertWarning

    poisson = _glm(data)
    residual, mean = np.asarray(poisson.resid_pearson), np.asarray(poisson.fittedvalues)
    scale = float((residual**2).sum() / (len(data.y) - data.x.shape[1]))
    if scale <= 1:
        raise UserError(f"the counts are not over-dispersed (Pearson chi2/df {scale:.2f}): a negative binomial has no "
                        "finite fit; use model poisson")  # fmt: skip
    alpha = max(float(((data.y - mean) ** 2 - mean).sum() / (mean**2).sum()), (scale - 1) / float(mean.mean()))
    offset = None if data.exposure is None else np.log(data.exposure)
    asked = NegativeBinomial(data.y, pd.DataFrame(data.x, columns=list(data.names)), loglike_method="nb2",
                             offset=offset)  # fmt: skip
    guess = np.append(np.asarray(poisson.params), alpha)
    for method in ("newton", "bfgs", "nm"):
        with warnings.catch_warnings():
            for known in (ConvergenceWarning, HessianInversionWarning, InvertWarning, RuntimeWarning):
                warnings.simplefilter("ignore", known)  # what they say is looked at below
            try:
                result = asked.fit(start_params=guess, method=method, maxiter=5000, disp=0)
            except np.linalg.LinAlgError:
                continue
        b, cov = np.asarray(result.params), np.asarray(result.cov_params())
        if result.mle_retvals["converged"] and _maximum(asked, b, cov):
            dispersion = {"dispersion": scale, "alpha": float(b[-1])}
            resid = (data.y - np.asarray(result.predict())) / np.sqrt(np.asarray(result.predict()) * (
                1 + b[-1] * np.asarray(result.predict())))  # fmt: skip
            return Fitted(b[:-1], cov[:-1, :-1], float("nan"), resid, f"negative binomial (NB2, {method})", "none",
                          dispersion, result)  # fmt: skip
    raise UserError("the negative binomial does not converge from the Poisson fit (newton, bfgs, nm): no estimate is "
                    "given; use model poisson, which estimates the dispersion")  # fmt: skip


def _maximum(asked: Any, b: np.ndarray, cov: np.ndarray) -> bool:
    """Whether the gradient is flat against the errors, these exist, and alpha is above 0."""
    if not (np.isfinite(b).all() and np.isfinite(cov).all() and b[-1] > 0 and (np.diag(cov) > 0).all()):
        return False
    slope = np.asarray(asked.score(b))
    return bool(slope @ cov @ slope < 1e-4)
