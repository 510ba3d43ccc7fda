"""Interrupted time series: what a series would have done without the programme, from its own past.

Source: Lopez Bernal, Cummins and Gasparrini, International Journal of Epidemiology 46 (2017) 348-355. Where untreated
areas are many, difference in differences assumes less; this design is for one area, or none to compare with.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.controlled_its import added_up, alone, together
from crisiskit.impact.its_fit import COUNTS, Fitted, Regression, fit
from crisiskit.impact.its_terms import TREND, Series, ShockSpan, columns, read_series
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Assumption, Estimate

if TYPE_CHECKING:
    import pandas as pd

PERIODS = {"week": 365.25 / 7, "month": 12.0, "quarter": 4.0, "year": 1.0}
SUSPECT = 0.05  # p of the test of autocorrelation below which a note says so
ASSUMPTIONS = (
    Assumption("without the programme, level, trend and season would have gone on as before", "placebo_date"),
    Assumption("nothing else happened at the start", "shocks"),
    Assumption("what is recorded, and how, did not change with the programme", "reporting"),
)
CONTROLLED = (
    Assumption("whatever else changed at the start changed both series by the same factor or amount", "shocks"),
    Assumption("the programme did not touch the comparison", "neighbours"),
    Assumption("what is recorded, and how, did not change in one series alone", "reporting"),
)


def interrupted(
    series: "pd.DataFrame", start: date, *, model: str = "poisson", exposure: str | None = None, harmonics: int = 2,
    month_effects: bool = False, slope: bool = False, hac_lags: int | None = None, dispersion: bool = True,
    shocks: Sequence[ShockSpan] = (), comparison: "pd.DataFrame | None" = None, period: float = 12,
    time: str | None = None, confidence: float = 0.95, label: str = "outcome",
) -> Estimate:  # fmt: skip
    """The change of level at `start` of a series with trend and season, as `estimate` (log rate ratio or difference).

    `series`: a row per period with `start` (first day), `outcome`, and optional `month` (place in the season);
    `exposure` and `time` name columns. `period`: periods a year. Models: poisson (with `dispersion` quasi-Poisson,
    without it classic; with `hac_lags` Newey-West errors), negative_binomial, log and linear (least squares of the
    rate, Newey-West errors, lags by rule where not given). `slope` adds a change of slope; the level change is then
    that at the last period before the start. `shocks`: (name, first day, last day) dummies. With a `comparison` (the
    same columns) the estimate is the difference of the level changes. Limits are by the normal quantile, as in the
    tutorial; p by t with the residual df where a dispersion or HAC is estimated (`details` has limits by t too).

    `details`: dispersion, annual_trend (a factor; linear: an amount), slope change and F test against the model
    without it, tests of autocorrelation with their lag, naive_ratio of the mean outcomes after and before, expected,
    observed and averted after the start. Raises UserError for too few periods (8 before, 3 after), a start outside
    the series, more terms than periods, terms that cannot be told apart, zeros, and fits that do not converge.
    """
    from scipy.stats import norm

    one = read_series(series, start, exposure, time, period, "series")
    terms = columns(one, harmonics, month_effects, slope, shocks, period)
    notes = [*one.notes, *terms.notes]
    other: Series | None = None
    if comparison is not None:
        origin = one.at[0] - np.timedelta64(0, "D") if one.clock[0] == 0 else series["start"].min()
        other = read_series(comparison, start, exposure, time, period, "comparison", origin)
        more = columns(other, harmonics, month_effects, slope, shocks, period)
        notes += [*other.notes, *more.notes]
        data = together(one, terms, other, more)
    else:
        data = alone(one, terms)
    fitted = fit(data, model, dispersion, hac_lags)
    at, z = data.effects[0], float(norm.ppf((1 + confidence) / 2))
    b, se = float(fitted.b[at]), float(np.sqrt(fitted.cov[at, at]))
    drawn, totals = _without(one, data, fitted, model, z)
    details = fitted.details | _slope(one, data, fitted, model, dispersion, hac_lags) | totals
    details |= _trend(data, fitted, model, period) | _autocorrelation(data, fitted, model, period)
    details |= _naive(one) | _by_t(b, se, fitted.df, confidence)
    notes += _warnings(details, hac_lags, model)
    shares = _shares((b, b - z * se, b + z * se), model, one, totals["expected"])
    p_by = "normal" if not np.isfinite(fitted.df) else f"t({fitted.df:g})"
    return Estimate(
        design="its" if other is None else "controlled_its", outcome=label,
        scale="difference" if model == "linear" else "log", estimate=b, se=se, low=b - z * se, high=b + z * se,
        p=fitted.p(at), relative=shares[0], relative_low=shares[1], relative_high=shares[2], n=len(data.y), units=0,
        treated_units=0, clusters=len(np.unique(data.clock)) if model not in COUNTS or hac_lags is not None
        else len(data.y), method=f"{'controlled ' if other else ''}interrupted time series, {fitted.words}; limits "
        f"normal, p {p_by}", correction=fitted.correction, confidence=confidence,
        assumptions=ASSUMPTIONS if other is None else CONTROLLED, notes=tuple(notes), details=details, series=drawn,
        model=fitted.model,
    )  # fmt: skip


def _without(
    one: Series, data: Regression, fitted: Fitted, model: str, z: float
) -> tuple["pd.DataFrame", dict[str, float]]:
    """Observed and expected by period of the treated series, and totals after the start (limits by the delta rule)."""
    import pandas as pd

    mine = data.series == 0
    bare = data.bare[mine]
    size = 1.0 if one.exposure is None else one.exposure
    eta = bare @ fitted.b
    error = z * np.sqrt(np.einsum("ij,jk,ik->i", bare, fitted.cov, bare))
    inverse = (lambda v: v) if model == "linear" else np.exp
    expected = inverse(eta) * size
    pull = ((size if model == "linear" else expected) * np.ones(len(eta)))[one.after] @ bare[one.after]
    half = z * float(np.sqrt(pull @ fitted.cov @ pull))
    total, seen = float(expected[one.after].sum()), float(one.y[one.after].sum())
    drawn = pd.DataFrame({"at": pd.to_datetime(one.at), "observed": one.y, "expected": expected,
                          "expected_low": inverse(eta - error) * size,
                          "expected_high": inverse(eta + error) * size})  # fmt: skip
    return drawn, {"expected": total, "observed": seen, "averted": total - seen, "averted_low": total - seen - half,
                   "averted_high": total - seen + half}  # fmt: skip


def _slope(
    one: Series, data: Regression, fitted: Fitted, model: str, dispersion: bool, hac_lags: int | None
) -> dict[str, float]:
    """The change of slope per period with the F test of the model that has it against the one that has not.

    Wald's F on 1 and the residual df. Without a slope in the model it is added for the test; nothing where that leaves
    no degree of freedom, or the slope cannot be told from the other terms.
    """
    from scipy.stats import chi2, f

    if len(data.effects) == 1:
        since = np.where(data.series == 0, 1.0, 0.0)
        steps = data.x[:, data.names.index("level")] * data.clock
        first = steps[steps > 0].min() if (steps > 0).any() else 1.0
        late = np.where(steps > 0, steps - first + 1, 0.0)
        extra = np.column_stack([late * since] + ([late] if data.series.any() else []))
        x = np.column_stack([data.x, extra])
        sizes = np.sqrt((x**2).sum(axis=0))
        if x.shape[1] >= len(x) or np.linalg.matrix_rank(x / np.where(sizes > 0, sizes, 1)) < x.shape[1]:
            return {}
        names = (*data.names, *(("slope_change", "slope_change of both")[: extra.shape[1]]))
        at = data.x.shape[1]
        wider = replace(data, x=x, bare=x, names=names, effects=(data.effects[0], at), own=data.own + 1)
        if (data.series == 0).sum() <= wider.own or (data.series.any() and (data.series == 1).sum() <= wider.own):
            return {}
        fitted = fit(wider, model, dispersion, hac_lags)
    else:
        at = data.effects[1]
    b, variance = float(fitted.b[at]), float(fitted.cov[at, at])
    wald, df = b**2 / variance, fitted.df
    p = float(f.sf(wald, 1, df) if np.isfinite(df) else chi2.sf(wald, 1))
    return {"slope_change": b, "slope_change_se": float(np.sqrt(variance)), "slope_change_F": wald,
            "slope_change_df": df, "slope_change_p": p}  # fmt: skip


def _trend(data: Regression, fitted: Fitted, model: str, period: float) -> dict[str, float]:
    """The trend of the treated series over a year: a factor, or (linear) an amount."""
    at = data.names.index(TREND)
    b = float(fitted.b[at] + (fitted.b[at + data.own] if data.series.any() else 0.0))
    return {"trend": b, "annual_trend": b * period if model == "linear" else float(np.exp(b * period))}


def _autocorrelation(data: Regression, fitted: Fitted, model: str, period: float) -> dict[str, float]:
    """Ljung-Box of the treated series' (Pearson) residuals, and Breusch-Godfrey for one series by least squares."""
    from statsmodels.stats.diagnostic import acorr_breusch_godfrey, acorr_ljungbox

    residual = fitted.residual[data.series == 0]
    lag = max(1, min(round(period), len(residual) // 5))
    box = acorr_ljungbox(residual, lags=[lag])
    found = {"autocorrelation_lag": float(lag), "ljung_box": float(box["lb_stat"].iloc[0]),
             "ljung_box_p": float(box["lb_pvalue"].iloc[0]),
             "autocorrelation_1": float((residual[1:] * residual[:-1]).sum() / (residual**2).sum())}  # fmt: skip
    if model not in COUNTS and not data.series.any():
        stat, p, _, _ = acorr_breusch_godfrey(fitted.model, nlags=lag)
        found |= {"breusch_godfrey": float(stat), "breusch_godfrey_p": float(p)}
    return found


def _naive(one: Series) -> dict[str, float]:
    """Mean outcomes before and after and their ratio: what one sees who looks at neither trend nor season."""
    before, after = float(one.y[~one.after].mean()), float(one.y[one.after].mean())
    return {"mean_before": before, "mean_after": after, "naive_ratio": after / before if before else float("nan")}


def _by_t(b: float, se: float, df: float, confidence: float) -> dict[str, float]:
    from scipy.stats import t

    half = float(t.ppf((1 + confidence) / 2, df)) * se if np.isfinite(df) else float("nan")
    return {"residual_df": df, "low_t": b - half, "high_t": b + half} if np.isfinite(df) else {}


def _shares(values: Sequence[float], model: str, one: Series, expected: float) -> list[float]:
    """Values of the model's scale as shares of what was expected after the start; NaN where that is not above 0."""
    if model != "linear":
        return [float(np.expm1(np.clip(value, -50, 50))) for value in values]
    size = float(one.after.sum() if one.exposure is None else one.exposure[one.after].sum())
    return [value * size / expected if expected > 0 else float("nan") for value in values]


def _warnings(details: dict[str, float], hac_lags: int | None, model: str) -> list[str]:
    notes = []
    if details["ljung_box_p"] < SUSPECT and hac_lags is None and model in COUNTS:
        notes.append(f"The residuals are autocorrelated (Ljung-Box p {details['ljung_box_p']:.3f}, lag "
                     f"{details['autocorrelation_lag']:g}): the interval is too narrow; give hac_lags.")  # fmt: skip
    return notes


def from_panel(panel: Panel, *, model: str = "poisson", harmonics: int | None = None, **asked: Any) -> Estimate:
    """Interrupted time series of the sum of the treated areas, controlled by the sum of the others where there are any.

    `harmonics`: 2 where the series spans two years, else none with a note. Further arguments as `interrupted`. The
    start is the first of the programme anywhere. Best for one treated area, or none to compare with: the error rests on
    periods, and cannot see that areas differ from one another. Raises UserError as `interrupted`.
    """
    treated, others, notes = added_up(panel)
    period = PERIODS.get(panel.step)
    if period is None:
        raise UserError(f"periods of a {panel.step} have no season here; use {', '.join(PERIODS)}")
    start = panel.starts[int(np.flatnonzero(~panel.before)[0])]
    if harmonics is None:
        harmonics = min(2, int(period // 2)) if len(panel.starts) >= 2 * period else 0
        if not harmonics and period > 1:
            notes += ("The series is under two years: the season cannot be told from the change, and is left out.",)
    exposure = None if panel.exposure is None else "exposure"
    made = interrupted(treated, start, model=model, harmonics=harmonics, exposure=exposure, comparison=others,
                       period=period, label=panel.label, **asked)  # fmt: skip
    count = int(panel.treated.sum())
    if others is not None and count > 1:
        notes += ("Areas are added up: how much they differ from one another does not enter the error.",)
    return replace(made, units=len(panel.units), treated_units=count, notes=(*notes, *made.notes))
