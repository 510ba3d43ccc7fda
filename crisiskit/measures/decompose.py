"""Trend, season and calendar effects of a regular series of counts.

STL (Cleveland and others, Journal of Official Statistics 6 (1990) 3-73) shows the shape of trend and season without
assuming one. Growth, and the effects of weekday, month and day of the month, come with intervals from log-linear
Poisson regression whose intervals are widened by the Pearson dispersion (quasi-Poisson: McCullagh and Nelder,
Generalized Linear Models, 2nd ed. (1989) 6.2). All effects are ratios, so that 1.1 reads as ten per cent more.
"""

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import stdtrit

from crisiskit.errors import UserError
from crisiskit.measures.dimensions import WEEKDAYS

if TYPE_CHECKING:
    import pandas as pd

CYCLES = 2
"""The least number of full years from which a season can be told from a trend."""
A_YEAR = {"day": 365, "week": 52, "month": 12}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MARKS = {"first days": "1st to 3rd", "payday": "15th and last day"}
LEAST_DAYS = {"weekday": 56, "first days": 183, "payday": 183}
"""The shortest series, in days, that an effect is read from."""
DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class Decomposition:
    """A series taken apart. `frame` has `period`, `first_day`, `rate` (contacts a day), `trend`, `season`, `remainder`.

    With `ratios`, rate = trend x season x remainder; without, rate = trend + season + remainder (a period without any
    contact has no logarithm). `growth` is the change a year with `growth_low` and `growth_high`, a share. `season_by`
    is the mean season by month (1 to 12); `amplitude` half the distance from its lowest to its highest month;
    `peak_month` the highest. Strengths lie from 0 to 1: how much of what is left without the other part it explains
    (Wang, Smith and Hyndman, Data Mining and Knowledge Discovery 13 (2006) 335-364).
    """

    frame: "pd.DataFrame"
    ratios: bool
    growth: float
    growth_low: float
    growth_high: float
    season_by: "pd.Series"
    amplitude: float
    peak_month: int
    trend_strength: float
    season_strength: float


def trend_season(whole: "pd.DataFrame", step: str = "month", confidence: float = 0.95) -> Decomposition:
    """Take apart the `whole` periods of a series (`Series.whole`): contacts a day, so that long months are not peaks.

    UserError where the series is shorter than two full years, has a hole, or holds no contact.
    """
    from statsmodels.tsa.seasonal import STL

    reason = too_short(whole, step)
    if reason:
        raise UserError(f"no trend and season: {reason}")
    rate = (whole["contacts"] / whole["days"]).to_numpy(float)
    ratios = bool((rate > 0).all())
    fitted = STL(np.log(rate) if ratios else rate, period=A_YEAR[step], robust=True).fit()
    parts = {"trend": fitted.trend, "season": fitted.seasonal, "remainder": fitted.resid}
    back = np.exp if ratios else np.asarray
    frame = whole[["period", "first_day"]].assign(rate=rate, **{name: back(part) for name, part in parts.items()})
    by_month = frame["season"].groupby(frame["first_day"].dt.month).mean()
    growth, low, high = growth_per_year(whole, confidence)
    return Decomposition(
        frame.reset_index(drop=True), ratios, growth, low, high, by_month,
        float(by_month.max() - by_month.min()) / 2, int(by_month.idxmax()),
        _strength(fitted.trend, fitted.resid), _strength(fitted.seasonal, fitted.resid))


def too_short(whole: "pd.DataFrame", step: str) -> str:
    """Say why trend and season cannot be told apart in these periods; "" where they can."""
    needed = CYCLES * A_YEAR[step]
    if len(whole) < needed:
        return f"{needed} full {step}s are needed, there are {len(whole)}"
    if whole["first_day"].diff().iloc[1:].ne(whole["days"].shift().iloc[1:] * np.timedelta64(1, "D")).any():
        return "the series has a hole, over which nothing is known"
    return "" if whole["contacts"].sum() else "there is no contact in it"


def growth_per_year(whole: "pd.DataFrame", confidence: float = 0.95) -> tuple[float, float, float]:
    """Change a year, a share, with its limits: log-linear in time beside one yearly wave; exposure is days."""
    start = whole["first_day"] + (whole["days"] - 1) / 2 * np.timedelta64(1, "D")
    years = ((start - start.iloc[0]) / np.timedelta64(1, "D")).to_numpy(float) / DAYS_PER_YEAR
    wave = 2 * np.pi * start.dt.day_of_year.to_numpy(float) / DAYS_PER_YEAR
    design = np.column_stack([np.ones(len(years)), years, np.cos(wave), np.sin(wave)])
    effects, covariance, free = _fit(whole["contacts"], design, whole["days"])
    half = stdtrit(free, (1 + confidence) / 2) * np.sqrt(covariance[1, 1])
    return tuple(float(np.expm1(effects[1] + shift)) for shift in (0.0, -half, half))  # type: ignore[return-value]


def calendar_effects(whole: "pd.DataFrame", confidence: float = 0.95) -> "pd.DataFrame":
    """Ratios of weekdays and of days of the month in the whole days of a daily series (`Series.whole`, by day).

    Weekday, `first days` (1st to 3rd, when benefits are paid) and `payday` (15th and last day) are compared within the
    same month of the same year, so neither trend nor season, nor a month entered as one total, is taken for them. A
    weekday stands against the mean of all seven, the others against the rest of the days. Effects for which the series
    is too short are left out: `LEAST_DAYS`.

    Columns: `effect`, `level`, `value`, `low`, `high`, `periods`, `contacts`. UserError for a series too short for any.
    """
    import pandas as pd

    if len(whole) < LEAST_DAYS["weekday"] or not whole["contacts"].sum():
        raise UserError(f"no calendar effects: {LEAST_DAYS['weekday']} full days with contacts are needed, "
                        f"there are {len(whole)}")
    day = whole["first_day"]
    marks = {"first days": day.dt.day <= 3, "payday": (day.dt.day == 15) | day.dt.is_month_end}
    marks = {name: mark for name, mark in marks.items() if len(whole) >= LEAST_DAYS[name]}
    weekday = _dummies(day.dt.day_of_week)
    months = _dummies(day.dt.year * 12 + day.dt.month)
    design = np.column_stack([*weekday, *marks.values(), np.ones(len(whole)), *months])
    effects, covariance, free = _fit(whole["contacts"], design)
    rows = _levels("weekday", WEEKDAYS, day.dt.day_of_week, whole, effects[:6], covariance[:6, :6])
    for place, (name, mark) in enumerate(marks.items(), len(weekday)):
        rows.append(_row(name, MARKS[name], whole[mark], effects[place], covariance[place, place]))
    return _limits(pd.DataFrame(rows), free, confidence)


def month_effects(whole: "pd.DataFrame", confidence: float = 0.95) -> "pd.DataFrame":
    """Ratios of the months of the year, per day and beside a steady trend, in the whole months of a monthly series.

    They come from months, not from days, because a site that enters a month as one total is in no day of it. Columns
    as in `calendar_effects`; UserError where `too_short` gives a reason.
    """
    import pandas as pd

    reason = too_short(whole, "month")
    if reason:
        raise UserError(f"no effects of months: {reason}")
    month = whole["first_day"].dt.month
    design = np.column_stack([*_dummies(month), np.ones(len(whole)), np.arange(len(whole)) / A_YEAR["month"]])
    effects, covariance, free = _fit(whole["contacts"], design, whole["days"])
    rows = _levels("month", MONTHS, month - 1, whole, effects[:11], covariance[:11, :11])
    return _limits(pd.DataFrame(rows), free, confidence)


def _dummies(codes: "pd.Series") -> list[np.ndarray]:
    """A column of zeros and ones for each value but the first."""
    return [(codes == value).to_numpy(float) for value in sorted(codes.unique())[1:]]


def _fit(contacts: "pd.Series", design: np.ndarray, days: "pd.Series | None" = None) -> tuple[Any, Any, float]:
    """Coefficients, covariance widened by the Pearson dispersion where that is above 1, and degrees of freedom."""
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    offset = None if days is None else np.log(days.to_numpy(float))
    with warnings.catch_warnings():  # a series without any scatter is fitted exactly: no fault of a count model
        warnings.simplefilter("ignore", PerfectSeparationWarning)
        model = GLM(contacts.to_numpy(float), np.asarray(design, float), family=Poisson(), offset=offset).fit()
    dispersion = max(model.pearson_chi2 / model.df_resid, 1.0)
    return model.params, model.cov_params() * dispersion, float(model.df_resid)


def _levels(effect: str, names: tuple[str, ...], codes: "pd.Series", whole: "pd.DataFrame", effects: np.ndarray,
            covariance: np.ndarray) -> list[dict[str, Any]]:
    """One row per level against the mean of all levels; `effects` are those of the levels after the first."""
    size = len(names)
    against = np.eye(size)[:, 1:] - np.full((size, size - 1), 1 / size)
    means, variances = against @ effects, np.diag(against @ covariance @ against.T)
    return [_row(effect, name, whole[codes == place], means[place], variances[place])
            for place, name in enumerate(names)]


def _row(effect: str, level: str, rows: "pd.DataFrame", log_ratio: float, variance: float) -> dict[str, Any]:
    return {"effect": effect, "level": level, "log": log_ratio, "error": np.sqrt(variance), "periods": len(rows),
            "contacts": rows["contacts"].sum()}


def _limits(rows: "pd.DataFrame", free: float, confidence: float) -> "pd.DataFrame":
    """From logarithms and standard errors to ratios with Student limits."""
    half = stdtrit(free, (1 + confidence) / 2) * rows["error"]
    found = rows.assign(value=np.exp(rows["log"]), low=np.exp(rows["log"] - half), high=np.exp(rows["log"] + half))
    return found[["effect", "level", "value", "low", "high", "periods", "contacts"]]


def _strength(part: np.ndarray, rest: np.ndarray) -> float:
    whole = np.var(part + rest)
    return float(max(0.0, 1 - np.var(rest) / whole)) if whole > 0 else 0.0
