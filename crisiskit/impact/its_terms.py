"""The columns of an interrupted time series: level, slope, trend, season and shocks.

Source: Lopez Bernal, Cummins and Gasparrini, International Journal of Epidemiology 46 (2017) 348-355.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError, nearest

if TYPE_CHECKING:
    import pandas as pd

FEWEST_BEFORE, FEWEST_AFTER = 8, 3
LEVEL, SLOPE, TREND = "level", "slope_change", "time"
ShockSpan = tuple[str, date, date]


@dataclass(frozen=True)
class Series:
    """One series in order of time, rows without an outcome left out.

    `clock`: whole periods since the first row (gaps counted); `time`: the trend; `place`: where in the season (1 is
    January of monthly rows); `since`: periods since the last one before the start (1 is the first after), else 0.
    """

    name: str
    at: np.ndarray
    y: np.ndarray
    exposure: np.ndarray | None
    clock: np.ndarray
    time: np.ndarray
    place: np.ndarray
    after: np.ndarray
    since: np.ndarray
    notes: tuple[str, ...]


def read_series(
    frame: "pd.DataFrame", start: date, exposure: str | None, time: str | None, period: float, name: str,
    origin: Any = None,
) -> Series:  # fmt: skip
    """The frame as a Series: columns `start`, `outcome` and, where named, `exposure` and `time`; `month` is optional.

    `origin` is the first day that the clock counts from (that of another series), else the first row. Raises UserError
    for a missing column, a day or number that is none, a period twice, too few rows on a side, and an outcome of 0.
    """
    import pandas as pd

    for column in ("start", "outcome", *(c for c in (exposure, time) if c)):
        if column not in frame.columns:
            raise UserError(f"{name}: column '{column}' is missing{nearest(column, map(str, frame.columns))}")
    days = pd.to_datetime(frame["start"], errors="coerce")
    if days.isna().any():
        at = int(days.isna().to_numpy().argmax())
        raise UserError(f"{name}, row {at + 1}: start is '{frame['start'].iloc[at]}', should be a day (YYYY-MM-DD)")
    order = np.argsort(days.to_numpy(), kind="stable")
    at = days.to_numpy().astype("datetime64[D]")[order]
    if len(at) and not at[0] < np.datetime64(start, "D") <= at[-1]:
        raise UserError(f"{name}: the start {start} is outside the series, which runs from {at[0]} to {at[-1]}")
    clock = _clock(at, period, name, origin)
    y = _numbers(frame, "outcome", name)[order]
    out_of = _numbers(frame, exposure, name)[order] if exposure else None
    trend = _numbers(frame, time, name)[order] if time else clock + 1.0
    place = _numbers(frame, "month", name)[order] if "month" in frame.columns else _place(at, clock, period)
    after = at >= np.datetime64(start, "D")
    steps = (trend if time else clock.astype("float64")) - (trend if time else clock)[~after][-1]
    kept = np.isfinite(y) & np.isfinite(trend) & np.isfinite(place)
    kept &= np.isfinite(out_of) & (out_of > 0) if out_of is not None else True
    lost = int((~kept).sum()) + int(clock[-1] - clock[0] + 1 - len(clock))
    notes = (f"{name}: {lost} periods without a number are left out; lags skip them.",) if lost else ()
    made = Series(name, at[kept], y[kept], None if out_of is None else out_of[kept], clock[kept], trend[kept],
                  place[kept], after[kept], np.where(after, steps, 0.0)[kept], notes)  # fmt: skip
    _enough(made)
    return made


def _numbers(frame: "pd.DataFrame", column: str, name: str) -> np.ndarray:
    import pandas as pd

    values = pd.to_numeric(frame[column], errors="coerce").to_numpy("float64", na_value=np.nan)
    wrong = (~np.isfinite(values)) & frame[column].notna().to_numpy()
    if wrong.any():
        at = int(wrong.argmax())
        raise UserError(f"{name}, row {at + 1}: {column} is '{frame[column].iloc[at]}', should be a number or empty")
    return np.asarray(values)


def _clock(at: np.ndarray, period: float, name: str, origin: Any) -> np.ndarray:
    """Whole periods since `origin` (or the first row); months and quarters by the calendar, others by their days."""
    first = at[0] if origin is None else np.datetime64(origin, "D")
    if period in (1, 4, 12):
        months = 12 // int(period)
        count = (at.astype("datetime64[M]") - first.astype("datetime64[M]")).astype(int) // months
    else:
        step = 7 if 50 < period < 55 else max(1, round(365.25 / period))
        count = np.round((at - first).astype(int) / step).astype(int)
    if (np.diff(count) == 0).any():
        twice = at[1:][np.diff(count) == 0][0]
        raise UserError(f"{name}: two rows lie in the period of {twice}; {period:g} periods a year means one row each")
    return np.asarray(count)


def _place(at: np.ndarray, clock: np.ndarray, period: float) -> np.ndarray:
    months = at.astype("datetime64[M]").astype(int) % 12
    if period == 12:
        return np.asarray(months + 1.0)
    if period == 4:
        return np.asarray(months // 3 + 1.0)
    years = at.astype("datetime64[Y]")
    return np.asarray(1 + (at - years.astype("datetime64[D]")).astype(int) * period / 365.25)


def _enough(series: Series) -> None:
    before, after = int((~series.after).sum()), int(series.after.sum())
    if before < FEWEST_BEFORE:
        raise UserError(f"{series.name}: {before} periods lie before the start; at least {FEWEST_BEFORE} are needed")
    if after < FEWEST_AFTER:
        raise UserError(f"{series.name}: {after} periods lie after the start; at least {FEWEST_AFTER} are needed")
    if not series.y.any():
        raise UserError(f"{series.name}: the outcome is 0 in every period: there is nothing to estimate")


@dataclass(frozen=True)
class Columns:
    """Names and values (rows x terms) of a design; `effects` are the positions that the programme changes."""

    names: tuple[str, ...]
    x: np.ndarray
    effects: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def without(self) -> np.ndarray:
        """The same as if the programme had not come."""
        bare = self.x.copy()
        bare[:, list(self.effects)] = 0.0
        return bare


def columns(
    series: Series, harmonics: int, month_effects: bool, slope: bool, shocks: Sequence[ShockSpan], period: float
) -> Columns:
    """Intercept, level change, slope change, trend, season, shocks of one series.

    Harmonics are pairs sin, cos of 2 pi k place / period, k = 1..harmonics; month effects are a dummy for each place
    but the first. A shock is a dummy of the periods that begin in its days; one that adds nothing is dropped with a
    note. Raises UserError where the terms are more than the periods, or cannot be told apart.
    """
    after = series.after.astype("float64")
    terms = {"const": np.ones(len(series.y)), LEVEL: after}
    terms |= {SLOPE: series.since} if slope else {}
    terms[TREND] = series.time
    terms |= _season(series, harmonics, month_effects, period)
    x = np.column_stack(list(terms.values()))
    if x.shape[1] >= len(x):
        raise UserError(f"{series.name}: {x.shape[1]} terms for {len(x)} periods; use fewer harmonics, or more periods")
    if _rank(x) < x.shape[1]:
        raise UserError(f"{series.name}: the level change cannot be told from trend and season; use fewer harmonics, "
                        "no month effects, or a longer series")  # fmt: skip
    notes = []
    for shock, first, last in shocks:
        inside = (series.at >= np.datetime64(first, "D")) & (series.at <= np.datetime64(last, "D"))
        wider = np.column_stack([x, inside])
        if _rank(wider) < wider.shape[1] or wider.shape[1] >= len(x):
            notes.append(f"{series.name}: shock '{shock}' is left out: it cannot be told from the other terms.")
            continue
        x = wider
        terms[f"shock {shock}"] = inside
    names = tuple(terms)
    return Columns(names, x, tuple(names.index(n) for n in (LEVEL, SLOPE) if n in terms), tuple(notes))


def _season(series: Series, harmonics: int, month_effects: bool, period: float) -> dict[str, np.ndarray]:
    if harmonics < 0 or (harmonics and 2 * harmonics > period):
        raise UserError(f"harmonics {harmonics}: should be 0 to {int(period // 2)} with {period:g} periods a year")
    if month_effects:
        places = np.round(series.place)
        return {f"place {p:g}": (places == p).astype("float64") for p in np.unique(places)[1:]}
    angle = 2 * np.pi * series.place / period
    waves = {}
    for k in range(1, harmonics + 1):
        if 2 * k != period:  # at the highest frequency the sine is 0 in every period
            waves[f"sin{k}"] = np.sin(k * angle)
        waves[f"cos{k}"] = np.cos(k * angle)
    return waves


def _rank(x: np.ndarray) -> int:
    """Rank with the columns scaled alike, so that a long time axis hides nothing."""
    sizes = np.sqrt((x**2).sum(axis=0))
    return int(np.linalg.matrix_rank(x / np.where(sizes > 0, sizes, 1.0)))
