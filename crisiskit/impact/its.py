"""Interrupted time series: did the level of one series change at the start, beyond trend and season?

With a comparison series (controlled): did it change by more than there. Source: Lopez Bernal, Cummins and Gasparrini,
International Journal of Epidemiology 46 (2017) 348-355, of which the figures are reproduced; 47 (2018) 2082-2093.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.its_columns import Shocks, Terms, series_of, terms
from crisiskit.impact.its_details import after_start, autocorrelation
from crisiskit.impact.its_models import Fitted, fitted
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Assumption, Estimate

if TYPE_CHECKING:
    import pandas as pd

FEW_FOR_HAC = 20  # periods after the start: with fewer, a 5 % test by Newey-West was seen to reject 10 to 29 %
PERIODS = {"week": 52, "month": 12, "quarter": 4, "year": 1}
ASSUMPTIONS = (
    Assumption("level, trend and season would have gone on as before the start", "placebo_date"),
    Assumption("nothing else happened at the start", "shocks"),
    Assumption("what is recorded, and how, did not change at the start", "coding_change"),
)
COMPARED = Assumption("what else happened at the start touched both series alike, in the model's scale", "shocks")


def interrupted(
    series: "pd.DataFrame", start: date, *, model: str = "poisson", harmonics: int = 2, month_effects: bool = False,
    slope: bool = False, hac_lags: int | None = None, dispersion: bool = True, shocks: Shocks = (),
    comparison: "pd.DataFrame | None" = None, confidence: float = 0.95, period: int = 12, outcome: str = "outcome",
    covariates: Sequence[str] = (), slope_from: int = 1, ar1: bool = False,
) -> Estimate:  # fmt: skip
    """The change of level at `start`, beyond trend and season.

    `series` (and `comparison`): one row per period with `start` (its first day), `outcome` and, where counts are out of
    something, `exposure`. `period`: periods a year. Models: `poisson` (with `dispersion` the error is scaled by
    Pearson's chi2/df; with `hac_lags` it is Newey-West's instead), `negbin` (NB2), `log` and `linear` (least squares,
    Newey-West, lags by the rule of 1994 where `hac_lags` is None, or with `ar1` Prais and Winsten's for errors that
    follow the error before; a rate where there is an exposure).

    Terms: level (1 from the period that holds the start), time, `slope`, `harmonics` (pairs of sine and cosine of the
    place in the year) or `month_effects`, `shocks` (name, first day, last day), and `covariates` (columns of the series
    and of the comparison). The slope counts 1, 2, ... from the start (Wagner and others 2002), and the level is then
    the change as of the period before; with `slope_from` 0 it counts 0, 1, ... and the level is the effect in the first
    period (Linden 2015). Limits by the normal quantile for counts, Student's t for least squares. With a comparison
    series every term has its own value there and the estimate is the difference of the level changes.

    `details`: spread, trend a year, autocorrelation, test of a change of slope, the naive comparison of means; with
    `slope` the effect in the first and the last period and the trend after the start; `b_shock_NAME` and
    `b_covariate_NAME` with errors (`se_...`); for least squares the error had the residuals been independent and of one
    variance (`se_iid`). Raises UserError for fewer than 8 periods before or 3 after, a start outside, more terms than
    points, no events, zeros under a logarithm, outcomes below 0 (but under `linear`), and a fit that does not converge.
    """
    if slope_from not in (0, 1):
        raise ValueError(f"slope_from={slope_from}; 0 or 1")
    mine = series_of(series, period, covariates=covariates, signed=model == "linear")
    theirs = None
    if comparison is not None:
        theirs = series_of(comparison, period, "comparison", covariates, signed=model == "linear")
    if not mine.y.any():
        raise UserError("the outcome is 0 in every period: there is nothing to estimate")

    def model_of(with_slope: bool) -> Terms:
        return terms(mine, start, harmonics=harmonics, month_effects=month_effects, slope=with_slope, shocks=shocks,
                     comparison=theirs, slope_from=slope_from)  # fmt: skip

    asked = model_of(slope)
    how = (model, dispersion, hac_lags, ar1)
    fit = fitted(asked, *how)
    bends, note = _bend(asked, fit, slope, model_of, how)
    details = _plain(asked, fit, model, period) | autocorrelation(asked, fit, period) | bends | after_start(asked, fit)
    details |= _coefficients(asked, fit)
    notes = (*asked.notes, *note, *_doubts(details, slope, fit, int(asked.after.sum()), slope_from))
    return _estimate(asked, fit, model, confidence, details, notes, outcome)


def from_panel(panel: Panel, model: str = "poisson", confidence: float = 0.95) -> Estimate:
    """Interrupted time series of the treated areas' sum, controlled by the sum of the others where there are any.

    Periods in which a cell is missing are left out. Two harmonics where the periods are months and 24 or more; quasi-
    Poisson, or least squares with Newey-West errors for `log` and `linear`. Raises UserError as `interrupted`, where no
    area is treated, and where areas start at different times or the programme goes on and off.
    """
    start = _one_start(panel)
    notes: list[str] = []
    mine = _sum(panel, panel.treated, "treated", notes)
    others = None if panel.treated.all() else _sum(panel, ~panel.treated, "other", notes)
    monthly = panel.step == "month" and len(panel.starts) >= 24
    found = interrupted(
        mine, start, model=model, harmonics=2 if monthly else 0, comparison=others, confidence=confidence,
        period=PERIODS.get(panel.step, 1), outcome=panel.label,
    )  # fmt: skip
    return replace(found, units=len(panel.units), treated_units=int(panel.treated.sum()),
                   notes=(*panel.notes, *notes, *found.notes))  # fmt: skip


def _one_start(panel: Panel) -> date:
    """The first day of the first treated period; UserError where there is not one start."""
    if panel.roll_out == "none":
        raise UserError("no area of the panel is treated: an interrupted time series needs a start")
    if panel.roll_out == "block":
        return panel.starts[int(panel.first[panel.treated][0])]
    how = "starts at different times" if panel.roll_out == "staggered" else "goes on and off"
    if panel.treated.all():
        raise UserError(f"the programme {how}, and no area is without it: an interrupted time series needs one start "
                        "for all; evaluate areas that start together, or bring areas to compare with")  # fmt: skip
    raise UserError(f"the programme {how}: an interrupted time series needs one start; use the staggered design")


def _sum(panel: Panel, rows: np.ndarray, who: str, notes: list[str]) -> "pd.DataFrame":
    """Sums over some areas as a series; a period with a missing cell is missing."""
    import pandas as pd

    known = np.isfinite(panel.outcome[rows])
    if (empty := ~known.any(axis=1)).any():
        name = np.array(panel.units, object)[rows][empty][0]
        raise UserError(f"area '{name}' has no known outcome in any period, so that the {who} areas have no sum in "
                        "any: leave it out")  # fmt: skip
    if panel.exposure is not None:
        known = known & np.isfinite(panel.exposure[rows])
    whole = known.all(axis=0)
    if lost := int((~whole).sum()):
        notes.append(f"{lost} periods with a missing cell of the {who} areas are left out.")
    columns = {"start": np.array(panel.starts, "datetime64[ns]"), "outcome": panel.outcome[rows].sum(axis=0)}
    if panel.exposure is not None:
        columns["exposure"] = panel.exposure[rows].sum(axis=0)
    return pd.DataFrame(columns)[whole]


def _plain(asked: Terms, fit: Fitted, model: str, period: int) -> dict[str, float]:
    """Spread, trend of the treated series a year (a factor, or a difference), and the comparison that is naive."""
    t, y = len(asked.after), asked.y[: len(asked.after)]
    trend = fit.params[asked.at("time")] + (fit.params[asked.at("treated:time")] if asked.controlled else 0.0)
    with np.errstate(over="ignore"):
        yearly = float(period * trend if model == "linear" else np.exp(period * trend))
    means = {"before": float(y[~asked.after].mean()), "after": float(y[asked.after].mean())}
    return {
        "dispersion": fit.dispersion, "alpha": fit.alpha, **({"rho": fit.rho} if np.isfinite(fit.rho) else {}),
        "b_time": float(trend), "annual_trend": yearly,
        "mean_before": means["before"], "mean_after": means["after"], "periods": float(t),
        "naive_ratio": means["after"] / means["before"] - 1 if means["before"] > 0 else float("nan"),
    }  # fmt: skip


def _coefficients(asked: Terms, fit: Fitted) -> dict[str, float]:
    """Coefficients of shocks and covariates in the treated series, with their standard errors."""
    found: dict[str, float] = {}
    for name in asked.names:
        if name.startswith(("shock_", "covariate_")):
            own = [name, f"treated:{name}"] if asked.controlled else [name]
            found[f"b_{name}"], found[f"se_{name}"] = fit.sum_of([asked.at(one) for one in own])
    return found


def _bend(
    asked: Terms, fit: Fitted, slope: bool, model_of: Callable[[bool], Terms],
    how: tuple[str, bool, int | None, bool],
) -> tuple[dict[str, float], tuple[str, ...]]:  # fmt: skip
    """F test of a change of slope: of the deviance for one quasi-Poisson series, Wald's for the others.

    `slope_f`, `slope_p`; `slope_change`, `slope_se` on the model's scale, per period.
    """
    from scipy.stats import f as fisher

    none = dict.fromkeys(("slope_f", "slope_p", "slope_change", "slope_se"), float("nan"))
    try:
        bent = asked if slope else model_of(True)
        flat = model_of(False) if slope else asked
        with_slope = fit if slope else fitted(bent, *how)
        without = fitted(flat, *how) if slope else fit
    except UserError as error:
        return none, (f"A change of slope could not be tested: {error}",)
    column = bent.at("treated:slope" if bent.controlled else "slope")
    b, se = float(with_slope.params[column]), with_slope.se(column)
    value = (b / se) ** 2
    if with_slope.correction == "dispersion, Pearson chi2/df":
        value = float(without.result.deviance - with_slope.result.deviance) / with_slope.dispersion
    p = float(fisher.sf(max(value, 0.0), 1, with_slope.df if np.isfinite(with_slope.df) else 1e9))
    return {"slope_f": value, "slope_p": p, "slope_change": b, "slope_se": se}, ()


def _doubts(
    details: dict[str, float], slope: bool, fit: Fitted, after: int, slope_from: int
) -> tuple[str, ...]:  # fmt: skip
    """What a reader should know before believing the interval."""
    notes = []
    said = ", ".join(
        f"{name} of {details[f'{key}_lag']:.0f} lags p {details[f'{key}_p']:.3f}"
        for key, name in (("ljung_box", "Ljung-Box"), ("breusch_godfrey", "Breusch-Godfrey"))
        if f"{key}_p" in details
    )
    frail = "lags" in fit.correction and after < FEW_FOR_HAC
    if frail:
        notes.append(f"Errors robust to autocorrelation are too small with {after} periods after the start (under "
                     f"{FEW_FOR_HAC}): compare model poisson without hac_lags.")  # fmt: skip
    if min(details["ljung_box_p"], details.get("breusch_godfrey_p", 1.0)) < 0.05:
        more = "the error allows for some of it" if "lags" in fit.correction else (
            "the interval is too narrow if they are positive; see hac_lags")  # fmt: skip
        notes.append(f"Residuals are autocorrelated ({said}): {more}.")
    if slope:
        notes.append("With a change of slope the estimate is the change of level at the start alone, " + (
            "the effect in the first period" if slope_from == 0 else "as of the period before the first one with it"
        ) + f"; in the last period the effect is {details['effect_last']:.4g} (standard error "
            f"{details['effect_last_se']:.4g}, on the model's scale).")  # fmt: skip
    elif details["slope_p"] < 0.05 and not frail:
        notes.append(f"The slope changes too (p {details['slope_p']:.3f}): one level change does not describe it.")
    return tuple(notes)


def _estimate(
    asked: Terms, fit: Fitted, model: str, confidence: float, details: dict[str, float], notes: tuple[str, ...],
    outcome: str,
) -> Estimate:  # fmt: skip
    from scipy.stats import norm
    from scipy.stats import t as student

    b, se = float(fit.params[asked.effect]), fit.se(asked.effect)
    tail = (1 + confidence) / 2
    quantile = float(student.ppf(tail, fit.df) if fit.student else norm.ppf(tail))
    p = float(2 * (student.sf(abs(b / se), fit.df) if np.isfinite(fit.df) else norm.sf(abs(b / se))))
    drawn = _expected(asked, fit, model, quantile)
    ends = (b, b - quantile * se, b + quantile * se)
    linear = model == "linear"
    if linear:
        rate = drawn["expected"].to_numpy()
        if asked.exposure is not None:
            rate = rate / asked.exposure[: len(asked.after)]
        mean = float(rate[asked.after].mean())
        shares = [value / mean if mean > 0 else float("nan") for value in ends]
    else:
        with np.errstate(over="ignore"):
            shares = [float(np.expm1(value)) for value in ends]
    assumptions = ASSUMPTIONS if not asked.controlled else (*ASSUMPTIONS, COMPARED)
    name = "controlled interrupted time series" if asked.controlled else "interrupted time series"
    return Estimate(
        design=f"its_{model}", outcome=outcome, scale="difference" if linear else "log", estimate=b, se=se,
        low=ends[1], high=ends[2], p=p, relative=shares[0], relative_low=shares[1], relative_high=shares[2],
        n=len(asked.y), units=0, treated_units=0, clusters=len(asked.after), method=f"{name}, {fit.words}",
        correction=fit.correction, confidence=confidence, assumptions=assumptions, notes=notes, details=details,
        series=drawn, model=fit.result,
    )  # fmt: skip


def _expected(asked: Terms, fit: Fitted, model: str, quantile: float) -> "pd.DataFrame":
    """The treated series with what was expected without the programme, and limits of that expectation."""
    import pandas as pd

    t = len(asked.after)
    x = asked.x[:t].copy()
    x[:, list(asked.programme)] = 0.0
    middle, spread = x @ fit.params, np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", x, fit.cov, x), 0.0))
    size = np.ones(t) if asked.exposure is None else asked.exposure[:t]
    scale = (lambda value: value) if model == "linear" else np.exp
    names = ("expected", "expected_low", "expected_high")
    with np.errstate(over="ignore"):  # a limit beyond every number is infinite
        ends = {name: scale(middle + sign * quantile * spread) * size
                for name, sign in zip(names, (0, -1, 1), strict=True)}  # fmt: skip
    return pd.DataFrame({"at": asked.starts, "observed": asked.y[:t], **ends})
