"""The models of an interrupted time series, each by statsmodels: coefficients, their covariance, what it was called.

Sources: quasi-Poisson, McCullagh and Nelder, Generalized Linear Models (1989), chapter 6; negative binomial (NB2),
Cameron and Trivedi, Regression Analysis of Count Data (2013), chapter 3; errors robust to autocorrelation (HAC), Newey
and West, Econometrica 55 (1987) 703-708, lags by Review of Economic Studies 61 (1994) 631-653; two series, Driscoll and
Kraay, Review of Economics and Statistics 80 (1998) 549-560.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.ar1 import prais_winsten
from crisiskit.impact.its_columns import Terms

MODELS = ("poisson", "negbin", "log", "linear")
OPTIMISERS = ("newton", "bfgs", "nm")


@dataclass(frozen=True)
class Fitted:
    """One fit. `df` is that of p (infinite: normal), `student` whether limits use it too; `alpha` of NB2, else 0."""

    result: Any
    params: np.ndarray
    cov: np.ndarray
    df: float
    student: bool
    dispersion: float
    residuals: np.ndarray  # Pearson's, or of least squares
    words: str
    correction: str
    alpha: float = 0.0
    rho: float = float("nan")  # of AR(1) errors

    def se(self, column: int) -> float:
        return float(np.sqrt(max(self.cov[column, column], 0.0)))

    def sum_of(self, columns: Sequence[int], weights: Sequence[float] | None = None) -> tuple[float, float]:
        """A sum of coefficients, each times its weight (1 where none are given), and its standard error."""
        c = np.zeros(len(self.params))
        c[list(columns)] = 1.0 if weights is None else weights
        return float(c @ self.params), float(np.sqrt(max(c @ self.cov @ c, 0.0)))


def fitted(terms: Terms, model: str, dispersion: bool, hac_lags: int | None, ar1: bool = False) -> Fitted:
    """Fit by name. UserError where the outcome has no answer under that model, or the fit does not converge."""
    if model not in MODELS:
        raise ValueError(f"model {model!r}; one of {MODELS}")
    if ar1 and (model not in ("log", "linear") or hac_lags is not None):
        raise UserError("ar1 goes with model log or linear, and in the place of hac_lags")
    if model in ("log", "linear"):
        return _least_squares(terms, model, hac_lags, ar1)
    _separable(terms)
    if model == "negbin":
        if hac_lags is not None:
            raise UserError("hac_lags goes with model poisson, log or linear; negbin has its own spread")
        return _negbin(terms)
    return _poisson(terms, dispersion, hac_lags)


def usual_lags(periods: int) -> int:
    """Lags by the rule of Newey and West (1994): 4 (T/100)^(2/9), rounded down, at least 1."""
    return max(1, int(4 * (periods / 100) ** (2 / 9)))


def _separable(terms: Terms) -> None:
    """UserError for a side of the start without a single event: a ratio has no interval there."""
    after = terms.after[terms.place]
    for side, rows in (("treated", terms.treated), ("comparison", ~terms.treated)):
        for time, part in (("before", rows & ~after), ("after", rows & after)):
            if part.any() and not terms.y[part].sum():
                raise UserError(f"the {side} series is 0 in every period {time} the start: no ratio can be estimated")


def _offset(terms: Terms) -> np.ndarray | None:
    return None if terms.exposure is None else np.log(terms.exposure)


@contextmanager
def _strict() -> Iterator[None]:
    """Turn the library's warnings that a fit did not settle into one message."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning, SingularMatrixWarning

    kinds = (ConvergenceWarning, PerfectSeparationWarning, SingularMatrixWarning)
    with warnings.catch_warnings():
        for kind in kinds:
            warnings.simplefilter("error", kind)
        warnings.filterwarnings("error", "overflow encountered", RuntimeWarning)
        try:
            yield
        except (*kinds, RuntimeWarning) as error:
            raise UserError(f"the model does not settle ({error}): too few events, too many terms, or a period that "
                            "outweighs all others") from error  # fmt: skip


def _hac(terms: Terms, lags: int) -> dict[str, Any]:
    """How statsmodels is asked for errors robust to autocorrelation, with the factor n/(n-k)."""
    if lags < 0 or lags >= len(terms.after):
        raise UserError(f"hac_lags={lags}; it should lie between 0 and {len(terms.after) - 1}")
    if terms.controlled:
        return {"cov_type": "hac-groupsum", "cov_kwds": {"time": terms.place, "maxlags": lags, "use_correction": "hac"}}
    return {"cov_type": "HAC", "cov_kwds": {"maxlags": lags, "use_correction": True}}


def _hac_words(terms: Terms, lags: int) -> str:
    who = "Driscoll-Kraay" if terms.controlled else "Newey-West"
    return f"{who}, {lags} lags, n/(n-k)"


def _poisson(terms: Terms, dispersion: bool, hac_lags: int | None) -> Fitted:
    """Poisson; with dispersion by Pearson's chi square over df, of each series apart where there are two."""
    from statsmodels.api import GLM, families

    def asked(**weights: Any) -> Any:
        return GLM(terms.y, terms.x, family=families.Poisson(), offset=_offset(terms), **weights)

    sizes = {"tol": 1e-12, "maxiter": 100}
    with _strict():
        plain = asked().fit(**sizes)
    mean = np.asarray(plain.fittedvalues)
    pearson = (terms.y - mean) / np.sqrt(mean)
    df = len(terms.after) - (terms.x.shape[1] // 2 if terms.controlled else terms.x.shape[1])
    spread = [float((pearson[rows] ** 2).sum() / df) for rows in (terms.treated, ~terms.treated) if rows.any()]
    if hac_lags is not None:
        with _strict():
            result = asked().fit(**sizes, **_hac(terms, hac_lags))
        return _of_glm(result, np.inf, spread[0], pearson, "Poisson", _hac_words(terms, hac_lags))
    if not dispersion:
        return _of_glm(plain, np.inf, spread[0], pearson, "Poisson", "Poisson, no dispersion")
    if min(spread) <= 0:
        raise UserError("the terms fit every count exactly: no spread is left to judge the effect by")
    if not terms.controlled:
        with _strict():
            result = asked().fit(**sizes, scale="X2")
        return _of_glm(result, float(df), spread[0], pearson, "quasi-Poisson", "dispersion, Pearson chi2/df")
    with _strict():
        result = asked(var_weights=1 / np.where(terms.treated, *spread)).fit(**sizes, scale=1.0)
    cov = np.asarray(result.cov_params())
    other = cov[terms.at("level"), terms.at("level")]
    own = cov[terms.effect, terms.effect] - other
    welch = df * (own + other) ** 2 / (own**2 + other**2)
    return _of_glm(result, float(welch), spread[0], pearson, "quasi-Poisson",
                   "dispersion of each series, Pearson chi2/df")  # fmt: skip


def _of_glm(result: Any, df: float, dispersion: float, pearson: np.ndarray, words: str, correction: str) -> Fitted:
    how = "normal quantile" + ("" if np.isinf(df) else f", p by t({df:.4g})")
    return Fitted(result, np.asarray(result.params), np.asarray(result.cov_params()), df, False, dispersion, pearson,
                  f"{words}, {how}", correction)  # fmt: skip


def _least_squares(terms: Terms, model: str, hac_lags: int | None, ar1: bool = False) -> Fitted:
    """Least squares of the outcome, or its logarithm; a rate where there is an exposure."""
    from statsmodels.api import OLS

    rate = terms.y if terms.exposure is None else terms.y / terms.exposure
    if model == "log" and (zeros := int((rate <= 0).sum())):
        raise UserError(f"{zeros} periods are 0 and have no logarithm; use model: poisson")
    y = np.log(rate) if model == "log" else rate
    lags, rho = usual_lags(len(terms.after)) if hac_lags is None else hac_lags, float("nan")
    if ar1:
        _unbroken(terms)
        result, rho = prais_winsten(y, terms.x)
    else:
        result = OLS(y, terms.x).fit(**_hac(terms, lags))
    df = float(len(terms.after) - (terms.x.shape[1] // 2 if terms.controlled else terms.x.shape[1]))
    residuals = np.asarray(result.resid)
    if np.abs(residuals).max() <= 1e-10 * max(1.0 if model == "log" else 0.0, float(np.abs(y).max())):
        raise UserError("the terms fit every period exactly: no spread is left to judge the effect by")
    if not result.cov_params()[terms.effect, terms.effect] > (1e-7 * (1.0 if model == "log" else float(y.std()))) ** 2:
        raise UserError("the series and the comparison move alike in every period: no spread is left to judge the "
                        "effect by")  # fmt: skip
    of = "the logarithm" if model == "log" else "the outcome"
    errors = f"Prais-Winsten, AR(1) errors, rho {rho:.3f}" if ar1 else _hac_words(terms, lags)
    return Fitted(result, np.asarray(result.params), np.asarray(result.cov_params()), df, True, float("nan"), residuals,
                  f"least squares of {of}, t({df:.0f})", errors, rho=rho)  # fmt: skip


def _unbroken(terms: Terms) -> None:
    """UserError where AR(1) errors cannot be told: two series, or a period that is missing."""
    if terms.controlled:
        raise UserError("ar1 is for one series; with a comparison the errors are Driscoll and Kraay's (hac_lags)")
    if lost := int((np.diff(terms.x[:, terms.at("time")]) != 1).sum()):
        raise UserError(f"ar1 needs every period, and the series has {lost} gaps; use hac_lags")


def _negbin(terms: Terms) -> Fitted:
    """Negative binomial (NB2) from the Poisson fit; the first optimiser that converges, else UserError."""
    from scipy.linalg import LinAlgError
    from statsmodels.api import NegativeBinomial
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, HessianInversionWarning

    poisson = _poisson(terms, False, None)
    mean = np.asarray(poisson.result.fittedvalues)
    if poisson.dispersion <= 1:
        raise UserError(f"the counts vary less than Poisson counts (dispersion {poisson.dispersion:.2f}): a negative "
                        "binomial does not converge on them; use model: poisson")  # fmt: skip
    alpha = max(float((((terms.y - mean) ** 2 - mean) / mean**2).mean()), 1e-4)
    asked = NegativeBinomial(terms.y, terms.x, offset=_offset(terms), loglike_method="nb2")
    reasons = []
    for method in OPTIMISERS:
        with warnings.catch_warnings():
            for known in (ConvergenceWarning, HessianInversionWarning, RuntimeWarning):
                warnings.simplefilter("ignore", known)
            try:
                result = asked.fit(start_params=np.append(poisson.params, alpha), method=method, maxiter=5000, disp=0)
            except LinAlgError as error:
                reasons.append(f"{method}: {error}")
                continue
            reason = _unsettled(asked, result)
        if not reason:
            cov, found = np.asarray(result.cov_params())[:-1, :-1], float(result.params[-1])
            fit = np.asarray(result.predict(offset=_offset(terms)))
            pearson = (terms.y - fit) / np.sqrt(fit + found * fit**2)
            words = f"negative binomial (NB2, {method}), normal quantile"
            return Fitted(result, np.asarray(result.params)[:-1], cov, np.inf, False, poisson.dispersion, pearson,
                          words, "maximum likelihood, none", found)  # fmt: skip
        reasons.append(f"{method}: {reason}")
    raise UserError(f"the negative binomial does not converge ({'; '.join(reasons)}); use model: poisson")


def _unsettled(asked: Any, result: Any) -> str:
    """Why a fit is not to be reported; empty where it is."""
    if not result.mle_retvals["converged"]:
        return "no convergence"
    if not np.isfinite(result.bse).all() or result.params[-1] <= 0:
        return f"no maximum inside (alpha {result.params[-1]:.3g})"
    pull = np.abs(asked.score(result.params) * np.asarray(result.bse)).max()
    return "" if pull < 1e-2 else f"slope {pull:.2g} standard errors from the top"
