"""What is told beside an interrupted time series' estimate: whether residuals are autocorrelated, and the later trend.

Sources: Ljung and Box, Biometrika 65 (1978) 297-303; Breusch, Australian Economic Papers 17 (1978) 334-355; Godfrey,
Econometrica 46 (1978) 1293-1301; trend after the start, Linden, Stata Journal 15 (2015) 480-500.
"""

import numpy as np

from crisiskit.impact.its_columns import Terms
from crisiskit.impact.its_models import Fitted


def autocorrelation(asked: Terms, fit: Fitted, period: int) -> dict[str, float]:
    """Ljung-Box, Durbin-Watson and, for least squares, Breusch-Godfrey, of the treated series' residuals.

    Lags go up to a year (a quarter of the series at most). Breusch-Godfrey regresses the residuals on the terms and on
    their own lags, so that it allows for the terms having been fitted; it is a test for least squares and left out for
    counts. There Ljung-Box looks at Pearson's residuals, observed less fitted over the root of the variance that the
    model gives, because raw residuals of counts vary with their mean. Both reject somewhat too often: in 300
    series of 60 to 120 independent months, Ljung-Box 14 % and Breusch-Godfrey 10 to 12 % at 5 %. Missing periods are
    skipped over.
    """
    from statsmodels.stats.diagnostic import acorr_ljungbox
    from statsmodels.stats.stattools import durbin_watson

    left = fit.residuals[asked.treated]
    lag = max(1, min(period, len(left) // 4))
    p = float(acorr_ljungbox(left, lags=[lag])["lb_pvalue"].iloc[0])
    return {
        "ljung_box_p": p, "ljung_box_lag": float(lag), "durbin_watson": float(durbin_watson(left)),
    } | _breusch_godfrey(asked, fit, lag)  # fmt: skip


def _breusch_godfrey(asked: Terms, fit: Fitted, lag: int) -> dict[str, float]:
    """The Lagrange multiplier test on `lag` lags, or on as many as the periods allow; empty where none is."""
    from statsmodels.api import OLS
    from statsmodels.stats.diagnostic import acorr_breusch_godfrey

    x = asked.x[asked.treated]
    x = x[:, : x.shape[1] // 2] if asked.controlled else x  # with two series every term has its own value in each
    if np.isfinite(fit.rho):
        x = fit.result.model.exog  # of the rows that the residuals belong to
    lag = min(lag, len(x) - x.shape[1] - 1)
    if not fit.student or lag < 1:
        return {}
    alone = OLS(fit.residuals[asked.treated], x).fit()  # the residuals of these residuals are themselves
    value, p, _, _ = acorr_breusch_godfrey(alone, nlags=lag, result_object=False)
    return {"breusch_godfrey": float(value), "breusch_godfrey_p": float(p), "breusch_godfrey_lag": float(lag)}


def after_start(asked: Terms, fit: Fitted) -> dict[str, float]:
    """Effects in the first and the last period and the treated series' trend per period after the start, with errors.

    All on the model's scale; left out without a change of slope. `se_iid`, for least squares: the effect's error had
    the residuals been independent and of one variance.
    """
    names = ("effect_first", "effect_first_se", "effect_last", "effect_last_se", "trend_after", "trend_after_se")
    found: dict[str, float] = {}
    if fit.student:
        loose = fit.result.scale * fit.result.normalized_cov_params[asked.effect, asked.effect]
        found["se_iid"] = float(np.sqrt(loose))
    slope = "treated:slope" if asked.controlled else "slope"
    if slope not in asked.names:
        return found
    steps = asked.x[: len(asked.after), asked.at("slope")][asked.after]
    both = [asked.effect, asked.at(slope)]
    trend = ("time", "slope") + (("treated:time", "treated:slope") if asked.controlled else ())
    pairs = (*fit.sum_of(both, (1.0, steps[0])), *fit.sum_of(both, (1.0, steps[-1])),
             *fit.sum_of([asked.at(name) for name in trend]))  # fmt: skip
    return found | dict(zip(names, pairs, strict=True))
