"""The terms of an interrupted time series: level, trend, slope change, season, shocks; with or without a comparison.

Source: Lopez Bernal, Cummins and Gasparrini, International Journal of Epidemiology 46 (2017) 348-355; with a comparison
series: the same, 47 (2018) 2082-2093.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FEWEST_BEFORE, FEWEST_AFTER = 8, 3
MONTHS_IN = {12: 1, 4: 3, 1: 12}
Shocks = Sequence[tuple[str, date, date]]
Columns = dict[str, np.ndarray]
Notes = tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """One series in order of time: `number` counts calendar periods (a gap stays a gap), `season` the place in a year.

    `cycle` is the length of the year in units of `season`; `ends` are the last days of the periods. `covariates`: name
    to the values that go into the model as they are.
    """

    starts: "pd.DatetimeIndex"
    ends: "pd.DatetimeIndex"
    number: np.ndarray
    season: np.ndarray
    cycle: float
    period: int
    y: np.ndarray
    exposure: np.ndarray | None
    notes: Notes = ()
    covariates: Columns = field(default_factory=dict)

    @property
    def years(self) -> float:
        return float((self.number[-1] - self.number[0] + 1) / self.period)

    def only(self, keep: np.ndarray) -> "Series":
        exposure = None if self.exposure is None else self.exposure[keep]
        return replace(self, starts=self.starts[keep], ends=self.ends[keep], number=self.number[keep],
                       season=self.season[keep], y=self.y[keep], exposure=exposure,
                       covariates={name: values[keep] for name, values in self.covariates.items()})  # fmt: skip


@dataclass(frozen=True)
class Terms:
    """A regression: outcome, named columns, exposure. `effect` is the column of the programme's level change.

    `programme`: columns that are taken off for what was expected without it. `treated`: rows of the treated series
    (the first T; the comparison's follow). `place`: position in time of each row. `after` (T): from the start on;
    `starts` (T): first days of the periods.
    """

    names: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    exposure: np.ndarray | None
    effect: int
    programme: tuple[int, ...]
    treated: np.ndarray
    place: np.ndarray
    after: np.ndarray
    starts: "pd.DatetimeIndex"
    notes: Notes

    @property
    def controlled(self) -> bool:
        return not bool(self.treated.all())

    def at(self, name: str) -> int:
        return self.names.index(name)


def series_of(
    frame: "pd.DataFrame", period: int, name: str = "series", covariates: Sequence[str] = (), signed: bool = False
) -> Series:  # fmt: skip
    """Check and order a table of `start`, `outcome` and, where there is one, `exposure`; unknown periods are left out.

    `covariates` name further columns of numbers; a period that lacks one is unknown. Raises UserError for a missing
    column, a day that is there twice, a negative outcome (unless `signed`), an exposure of 0 or less.
    """
    import pandas as pd

    for column in ("start", "outcome", *covariates):
        if column not in frame.columns:
            raise UserError(f"{name}: column '{column}' is missing; it has {', '.join(map(str, frame.columns))}")
    starts = pd.DatetimeIndex(pd.to_datetime(frame["start"]).to_numpy())
    order = np.argsort(starts.to_numpy(), kind="stable")
    starts, y = starts[order], _numbers(frame, "outcome", name)[order]
    exposure = _numbers(frame, "exposure", name)[order] if "exposure" in frame.columns else None
    if len(again := starts[starts.duplicated()]):
        raise UserError(f"{name}: the period from {again[0].date()} is there twice; one row per period")
    if not signed and (bad := y < 0).any():
        raise UserError(f"{name}: outcome {y[bad][0]:g} in the period from {starts[bad][0].date()} is below 0")
    if exposure is not None and (bad := exposure <= 0).any():
        raise UserError(f"{name}: exposure {exposure[bad][0]:g} from {starts[bad][0].date()} should be above 0")
    more = {f"covariate_{column}": _numbers(frame, column, name)[order] for column in covariates}
    known = np.isfinite(y) & (np.isfinite(exposure) if exposure is not None else True)
    for values in more.values():
        known = known & np.isfinite(values)
    if not known.any():
        raise UserError(f"{name}: no period has a known outcome" + (" and covariates" if more else ""))
    number, season, cycle = _calendar(starts, period)
    if len(np.unique(number)) < len(number):
        raise UserError(f"{name}: two rows fall into one period ({period} a year); set `period` to what they are")
    notes = () if known.all() else (f"{int((~known).sum())} periods of the {name} are unknown and left out.",)
    whole = Series(starts, _ends(starts, period), number, season, cycle, period, y, exposure, notes, more)
    return whole.only(known)


def _numbers(frame: "pd.DataFrame", column: str, name: str) -> np.ndarray:
    """A column as numbers, NaN where it is empty; UserError for anything else."""
    import pandas as pd

    found = pd.to_numeric(frame[column], errors="coerce").to_numpy("float64", na_value=np.nan)
    if (wrong := ~np.isfinite(found) & frame[column].notna().to_numpy(bool)).any():
        at = int(wrong.argmax())
        raise UserError(f"{name}: row {at + 1}: {column} is '{frame[column].iloc[at]}', should be a number or empty")
    return found


def terms(
    series: Series, start: date, *, harmonics: int, month_effects: bool, slope: bool, shocks: Shocks,
    comparison: Series | None = None, slope_from: int = 1,
) -> Terms:  # fmt: skip
    """All columns of the model. With a comparison every term has its own value there; the effect is the difference.

    `slope_from`: what the slope counts in the first period of the programme, 1 or 0. Raises UserError for a start
    outside the series, too few periods on a side, terms that cannot be told apart, or more terms than points.
    """
    notes = series.notes
    if comparison is not None:
        series, comparison, note = _common(series, comparison)
        notes = (*notes, *comparison.notes, *note)
    after, note = _after(series, start)
    columns = {"intercept": np.ones(len(series.y)), "level": after.astype("float64")}
    columns["time"] = (series.number - series.number[0] + 1).astype("float64")
    if slope:
        columns["slope"] = np.where(after, series.number - series.number[after][0] + float(slope_from), 0.0)
    season, note_of_season = _season(series, harmonics, month_effects)
    columns |= season | series.covariates
    _solvable(columns)
    if comparison is not None:
        _solvable(columns | comparison.covariates)
    columns, note_of_shocks = _with_shocks(series, columns, shocks)
    return _stacked(series, comparison, columns, after, (*notes, *note, *note_of_season, *note_of_shocks))


def _stacked(series: Series, comparison: Series | None, columns: Columns, after: np.ndarray, notes: Notes) -> Terms:
    """One series as it is; two as blocks, with the treated series' own part of every term after the common part."""
    names, x, t = list(columns), np.column_stack(list(columns.values())), len(series.y)
    theirs = x if comparison is None else np.column_stack(list((columns | comparison.covariates).values()))
    programme = [name for name in ("level", "slope") if name in columns]
    if comparison is None:
        return Terms(tuple(names), x, series.y, series.exposure, 1, tuple(map(names.index, programme)),
                     np.ones(t, bool), np.arange(t), after, series.starts, notes)  # fmt: skip
    names = [*names, *(f"treated:{name}" for name in names)]
    both = np.vstack([np.hstack([x, x]), np.hstack([theirs, np.zeros_like(x)])])
    if (series.exposure is None) != (comparison.exposure is None):
        raise UserError("one series has an exposure and the other has none; give both or neither")
    exposure = None
    if series.exposure is not None and comparison.exposure is not None:
        exposure = np.concatenate([series.exposure, comparison.exposure])
    inner = [names.index(f"treated:{name}") for name in programme]
    return Terms(tuple(names), both, np.concatenate([series.y, comparison.y]), exposure, inner[0], tuple(inner),
                 np.repeat([True, False], t), np.tile(np.arange(t), 2), after, series.starts, notes)  # fmt: skip


def _calendar(starts: "pd.DatetimeIndex", period: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Number of the period, place in the year, and the year's length in that unit."""
    months = np.asarray(starts.year * 12 + starts.month - 1, "int64")
    if period in MONTHS_IN:
        width = MONTHS_IN[period]
        return months // width, months % 12 // width + 1, 12 / width
    if period == 52:
        days = np.asarray((starts - starts[0]).days, "int64")
        return days // 7, np.asarray(starts.day_of_year, "float64"), 365.25
    number = np.arange(len(starts))
    return number, number % period + 1, float(period)


def _ends(starts: "pd.DatetimeIndex", period: int) -> "pd.DatetimeIndex":
    """The last day of each period."""
    import pandas as pd

    if period in MONTHS_IN:
        following = starts + pd.DateOffset(months=MONTHS_IN[period])
    elif period == 52:
        following = starts + pd.Timedelta(days=7)
    else:
        last = starts[-1] + (starts[-1] - starts[-2] if len(starts) > 1 else pd.Timedelta(days=1))
        following = pd.DatetimeIndex([*starts[1:], last])
    return following - pd.Timedelta(days=1)


def _after(series: Series, start: date) -> tuple[np.ndarray, Notes]:
    """Mask of the periods from the one that holds the start."""
    import pandas as pd

    day = pd.Timestamp(start)
    if not series.starts[0] < day <= series.ends[-1]:
        span = f"{series.starts[0].date()} to {series.ends[-1].date()}"
        raise UserError(f"the start {day.date()} is outside the series ({span}); it should lie after its first period")
    after = np.asarray(series.ends >= day)
    if (before := int((~after).sum())) < FEWEST_BEFORE:
        raise UserError(f"{before} periods lie before the start {day.date()}; the trend needs {FEWEST_BEFORE} or more")
    if (later := int(after.sum())) < FEWEST_AFTER:
        raise UserError(f"{later} periods lie after the start {day.date()}; {FEWEST_AFTER} or more are needed")
    first = series.starts[after][0]
    return after, (f"The period from {first.date()}, in which it began, counts as treated.",) if first < day else ()


def _season(series: Series, harmonics: int, month_effects: bool) -> tuple[Columns, Notes]:
    """Sine and cosine pairs of the place in the year, or an effect of each place but the first."""
    if not (harmonics or month_effects):
        return {}, ()
    if series.period == 1:
        return {}, ("Yearly periods: no season is fitted.",)
    if series.years < 2:
        return {}, (f"The series is {series.years:.1f} years long, under two: no season is fitted.",)
    if month_effects:
        if series.period == 52:
            raise UserError("month_effects is for monthly or quarterly periods; weeks take harmonics")
        places = np.unique(series.season)[1:]
        return {f"season_{place}": (series.season == place).astype("float64") for place in places}, ()
    if not 0 < harmonics <= series.period / 2:
        raise UserError(f"harmonics={harmonics}: a year of {series.period} periods holds 0 to {series.period // 2}")
    found = {}
    for k in range(1, harmonics + 1):
        angle = 2 * np.pi * k * series.season / series.cycle
        if 2 * k != series.period or series.period == 52:  # else the sine is 0 in every period
            found[f"sin_{k}"] = np.sin(angle)
        found[f"cos_{k}"] = np.cos(angle)
    return found, ()


def _solvable(columns: Columns) -> None:
    """UserError for more terms than points, or terms that the known periods cannot tell apart."""
    x = np.column_stack(list(columns.values()))
    if len(x) <= len(columns):
        raise UserError(f"{len(columns)} terms for {len(x)} periods: fewer harmonics, or more periods")
    if np.linalg.matrix_rank(x) < len(columns):
        raise UserError(f"the terms ({', '.join(columns)}) cannot be told apart on the periods that are known; leave "
                        "out the season, the slope or a covariate, or use more periods")  # fmt: skip


def _with_shocks(series: Series, columns: Columns, shocks: Shocks) -> tuple[Columns, Notes]:
    """A column of 1 in the periods that a shock touches; left out with a note where it has none of its own."""
    import pandas as pd

    notes: list[str] = []
    for name, since, until in shocks:
        first, last = pd.Timestamp(since), pd.Timestamp(until)
        if last < first:
            raise UserError(f"shock '{name}' ends on {last.date()}, before it starts on {first.date()}")
        hit = np.asarray((series.starts <= last) & (series.ends >= first)).astype("float64")
        wider = columns | {f"shock_{name}": hit}
        if not hit.any():
            notes.append(f"Shock '{name}' lies outside the series and is left out.")
        elif np.linalg.matrix_rank(np.column_stack(list(wider.values()))) < len(wider) or len(hit) <= len(wider):
            notes.append(f"Shock '{name}' cannot be told from the other terms and is left out.")
        else:
            columns = wider
    return columns, tuple(notes)


def _common(series: Series, comparison: Series) -> tuple[Series, Series, Notes]:
    """Both series on the periods that both know."""
    mine, theirs = np.isin(series.starts, comparison.starts), np.isin(comparison.starts, series.starts)
    if not mine.any():
        raise UserError("the comparison series has no period in common with the series")
    lost = int((~mine).sum() + (~theirs).sum())
    note = (f"{lost} periods are known in one of the two series only and left out.",) if lost else ()
    return series.only(mine), comparison.only(theirs), note
