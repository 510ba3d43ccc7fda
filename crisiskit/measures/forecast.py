"""Forecast of the coming months, by whichever of a few models was best in the past of the same series.

Each model is fitted to contacts a day (so that February is no trough), on the logarithm where every month has
contacts. A rolling-origin back-test fits it to the months up to an origin and compares its forecast with the months
that followed: the error and the share of months inside the interval are those that a reader would have met.

Sources: Hyndman and Athanasopoulos, Forecasting: Principles and Practice, 3rd ed. (2021) 5.2 and 5.5 (seasonal naive
and its interval), 5.8 and 5.10 (errors, rolling origin), chapter 8 (ETS).
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from crisiskit.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

YEAR = 12
LEAST_MONTHS = 24
"""Two full years: with fewer, nothing can be told from one year to the next."""
NAIVE = "seasonal naive"
ORIGINS = 12
"""The most origins of a back-test, spread over the last two years."""
FEW_ORIGINS = 3

Band = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Centre, lower and upper limit, one number per month ahead, on the scale that is modelled."""


@dataclass(frozen=True)
class Forecast:
    """What is expected, and how far the same model was wrong before.

    `frame`: `period`, `first_day`, `contacts`, `low`, `high` of the months ahead. `scores`: one row per model, best
    first, with `mae` (contacts a month), `mape` (mean absolute error as a share of the month), `scaled` (MAE / MAE of
    the seasonal naive on the same months), `covered` (share inside the model's own interval), `stretch` (by which that
    interval is widened, so that the nominal share would have been inside; 1 where it was), `origins`, and `tested`
    (months compared, over all origins).
    """

    frame: "pd.DataFrame"
    scores: "pd.DataFrame"
    model: str
    confidence: float
    months: int

    @property
    def best(self) -> "pd.Series":
        """The scores of the model that was chosen."""
        return self.scores.iloc[0]


@dataclass(frozen=True)
class Model:
    """A way to forecast: from past values on the modelled scale to a band; `least` is the shortest past it accepts."""

    name: str
    least: int
    band: Callable[[np.ndarray, int, float], Band]


def forecast(whole: "pd.DataFrame", ahead: int = YEAR, confidence: float = 0.95) -> Forecast:
    """Forecast `ahead` months after the last of the `whole` months of a series (`Series.whole`, by month).

    UserError, with the reason, under two full years of months, or where months between them are not known.
    """
    import pandas as pd

    reason = too_short(whole)
    if reason:
        raise UserError(f"no forecast: {reason}")
    rate = (whole["contacts"] / whole["days"]).to_numpy(float)
    months = pd.period_range(whole["first_day"].iloc[0], periods=len(rate) + ahead, freq="M")
    days = np.asarray(months.days_in_month, float)
    logs = bool((rate > 0).all())
    scores = backtest(rate, days, ahead, confidence, logs)
    best = scores.iloc[0]
    centre, low, high = MODELS[best["model"]].band(_modelled(rate, logs), ahead, confidence)
    ends = (centre, centre - best["stretch"] * (centre - low), centre + best["stretch"] * (high - centre))
    made = dict(zip(("contacts", "low", "high"), (_contacts(end, logs) * days[-ahead:] for end in ends), strict=True))
    labels = {"period": months[-ahead:].strftime("%Y-%m"), "first_day": months[-ahead:].start_time}
    return Forecast(pd.DataFrame(labels | made), scores, best["model"], confidence, len(rate))


def too_short(whole: "pd.DataFrame") -> str:
    """Say why these months allow no forecast; "" where they do."""
    if len(whole) < LEAST_MONTHS:
        return f"{LEAST_MONTHS} full months are needed, there are {len(whole)}"
    if whole["first_day"].diff().iloc[1:].ne(whole["days"].shift().iloc[1:] * np.timedelta64(1, "D")).any():
        return "the months have a hole, over which nothing is known"
    return "" if whole["contacts"].sum() else "there is no contact in these months"


def backtest(rate: np.ndarray, days: np.ndarray, ahead: int = YEAR, confidence: float = 0.95,
             logs: bool = True) -> "pd.DataFrame":
    """Compare every model that the series is long enough for, on the same origins; best first.

    `rate` is contacts a day by month, `days` the days of each month. A model competes where at least three origins
    leave it enough past; otherwise the seasonal naive stands alone.
    """
    import pandas as pd

    fitting = [model for model in MODELS.values() if len(rate) - model.least >= FEW_ORIGINS]
    first = max(*(model.least for model in fitting), len(rate) - 2 * YEAR)
    origins = range(first, len(rate), -(-(len(rate) - first) // ORIGINS))
    tested = {model.name: _errors(model, rate, days, origins, ahead, confidence, logs) for model in fitting}
    naive = np.mean(tested[NAIVE]["error"])
    rows = [{"model": name, "mae": np.mean(made["error"]), "mape": _mean(made["share"]),
             "scaled": np.mean(made["error"]) / naive if naive else np.nan, "covered": np.mean(made["reach"] <= 1),
             "stretch": max(1.0, np.quantile(made["reach"], confidence, method="higher")),
             "origins": len(origins), "tested": len(made["error"])} for name, made in tested.items()]
    return pd.DataFrame(rows).sort_values("mae", kind="stable", ignore_index=True)


def _errors(model: Model, rate: np.ndarray, days: np.ndarray, origins: range, ahead: int, confidence: float,
            logs: bool) -> Mapping[str, np.ndarray]:
    """Absolute error, error as a share of what came, and error / half width of the interval, of every month tested."""
    made: dict[str, list[np.ndarray]] = {"error": [], "share": [], "reach": []}
    for origin in origins:
        came = rate[origin: origin + ahead]
        centre, low, high = (end[: len(came)] for end in model.band(_modelled(rate[:origin], logs), ahead, confidence))
        wrong, apart = np.abs(_contacts(centre, logs) - came), _modelled(came, logs) - centre
        half = np.where(apart > 0, high - centre, centre - low)
        made["error"].append(wrong * days[origin: origin + len(came)])
        made["share"].append(wrong / np.where(came > 0, came, np.nan))
        made["reach"].append(np.where(apart == 0, 0, np.abs(apart) / np.maximum(half, 1e-12)))
    return {name: np.concatenate(parts) for name, parts in made.items()}


def _mean(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else np.nan


def _modelled(rate: np.ndarray, logs: bool) -> np.ndarray:
    return np.log(rate) if logs else rate


def _contacts(modelled: np.ndarray, logs: bool) -> np.ndarray:
    """Contacts a day from the modelled scale; never below zero."""
    return np.exp(modelled) if logs else np.maximum(modelled, 0)


def _seasonal_naive(past: np.ndarray, ahead: int, confidence: float) -> Band:
    """The same month of the year before; the spread of yearly differences grows with the square root of the years."""
    centre = np.resize(past[-YEAR:], ahead)
    spread = np.sqrt(np.mean((past[YEAR:] - past[:-YEAR]) ** 2))
    half = ndtri((1 + confidence) / 2) * spread * np.sqrt(np.arange(ahead) // YEAR + 1)
    return centre, centre - half, centre + half


def _yearly_wave(past: np.ndarray, ahead: int, confidence: float) -> Band:
    """A straight line in time and one yearly wave, least squares, with the interval of a new observation."""
    from statsmodels.regression.linear_model import OLS

    def design(first: int, size: int) -> np.ndarray:
        months = np.arange(first, first + size)
        wave = 2 * np.pi * months / YEAR
        return np.column_stack([np.ones(size), months, np.cos(wave), np.sin(wave)])

    fitted = OLS(past, design(0, len(past))).fit()
    made = fitted.get_prediction(design(len(past), ahead)).summary_frame(alpha=1 - confidence)
    return made["mean"].to_numpy(), made["obs_ci_lower"].to_numpy(), made["obs_ci_upper"].to_numpy()


def _smoothing(trend: bool) -> Callable[[np.ndarray, int, float], Band]:
    """Exponential smoothing (ETS) with additive season, with or without a damped trend."""

    def band(past: np.ndarray, ahead: int, confidence: float) -> Band:
        import pandas as pd
        from statsmodels.tools.sm_exceptions import ConvergenceWarning
        from statsmodels.tsa.exponential_smoothing.ets import ETSModel

        model = ETSModel(pd.Series(past), error="add", trend="add" if trend else None, damped_trend=trend,
                         seasonal="add", seasonal_periods=YEAR, initialization_method="heuristic")
        with warnings.catch_warnings():  # a poor fit shows in the back-test, which is what chooses
            warnings.simplefilter("ignore", ConvergenceWarning)
            made = model.fit(disp=False).get_prediction(start=len(past), end=len(past) + ahead - 1)
        table = made.summary_frame(alpha=1 - confidence)
        return tuple(table[name].to_numpy() for name in ("mean", "pi_lower", "pi_upper"))  # type: ignore[return-value]

    return band


MODELS: Mapping[str, Model] = {model.name: model for model in (
    Model(NAIVE, 18, _seasonal_naive),
    Model("straight line and yearly wave", 24, _yearly_wave),
    Model("exponential smoothing with season", 24, _smoothing(trend=False)),
    Model("exponential smoothing with season and damped trend", 24, _smoothing(trend=True)),
)}
"""The models that compete, by name; the order breaks ties, so the simplest wins them."""
