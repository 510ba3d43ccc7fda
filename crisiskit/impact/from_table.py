"""A panel from a table that is already one: a row per area and period, with the programme in a column of its own."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.days import iso_day
from crisiskit.errors import UserError, nearest
from crisiskit.impact.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

STEPS = {7: "week", 31: "month", 92: "quarter", 366: "year"}
"""Longest distance of neighbouring periods in days, and what they are called."""


def panel_of(
    frame: "pd.DataFrame", *, unit: str, period: str, outcome: str, status: str = "", first: str = "",
    exposure: str = "", dose: str = "", covariates: Sequence[str] = (), label: str = "", better: str = "fewer",
) -> Panel:  # fmt: skip
    """The panel of a long table; every argument but `label` and `better` names a column.

    `period`: the first day of each period (a date, or YYYY-MM-DD), or a whole number, which is taken for a year. The
    programme is in `status` (1 where it ran, 0 elsewhere) or in `first` (the first treated period of the area; empty,
    0 or infinite: never). A row that is not there, or an empty outcome, is a cell that is not known: write zeros where
    nothing happened. UserError for a column that is not there, an empty area or period, two rows of one area and
    period, a status that is neither 0 nor 1, a first period that changes within an area, and what is no number.
    """
    import pandas as pd

    if bool(status) == bool(first):
        raise UserError("the programme is named by `status` or by `first`: one of the two")
    wanted = [name for name in (unit, period, outcome, status or first, exposure, dose, *covariates) if name]
    for name in wanted:
        if name not in frame.columns:
            raise UserError(f"the table has no column '{name}'{nearest(name, [str(one) for one in frame.columns])}")
    for name in (unit, period):
        if frame[name].isna().any():
            raise UserError(f"column '{name}' is empty in {int(frame[name].isna().sum())} rows")
    days, step = _days(frame[period])
    long = pd.DataFrame({"unit": frame[unit].astype(str).to_numpy(), "period": days})
    if (twice := long.duplicated()).any():
        row = long[twice].iloc[0]
        raise UserError(f"two rows of '{row['unit']}' in {row['period']}: a panel has one per area and period")
    for name in wanted[2:]:
        if name != first:
            long[name] = _numbers(frame[name])
    units, starts = sorted(set(long["unit"])), sorted(set(days))
    place = (long["unit"].map({name: at for at, name in enumerate(units)}).to_numpy(),
             long["period"].map({day: at for at, day in enumerate(starts)}).to_numpy())  # fmt: skip

    def grid(name: str) -> np.ndarray:
        cells = np.full((len(units), len(starts)), np.nan)
        cells[place] = long[name].to_numpy("float64")
        return cells

    ran = _ran(grid(status), status, units, starts) if status else _since(frame[first], long["unit"], units, starts)
    missing = int(np.isnan(grid(outcome)).sum())
    notes = (f"{missing} cells are not in the table: they are not known, and not zero.",) if missing else ()
    return Panel(
        tuple(units), tuple(starts), step, grid(outcome), ran, label or outcome, better,
        grid(exposure) if exposure else None, grid(dose) if dose else None,
        {name: grid(name) for name in covariates}, notes,
    )  # fmt: skip


def _days(values: "pd.Series") -> tuple[list[date], str]:
    """First days of the periods, row by row, and what the periods are called."""
    found = [_day(value) for value in values]
    apart = np.diff([day.toordinal() for day in sorted(set(found))])
    usual = float(np.median(apart)) if len(apart) else 1.0
    return found, next((name for days, name in STEPS.items() if days / 1.2 < usual <= days), "period")


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, (int, np.integer)) or (isinstance(value, float) and value.is_integer()):
        if not 1 <= value <= 9999:
            raise UserError(f"period {value} is no year from 1 to 9999; give the first day of each period as a date")
        return date(int(value), 1, 1)
    try:
        day: date = iso_day(str(value))
    except ValueError as error:
        raise UserError(f"period '{value}': {error}") from error
    return day


def _numbers(column: "pd.Series") -> np.ndarray:
    import pandas as pd

    found = pd.to_numeric(column, errors="coerce").to_numpy("float64")
    lost = np.isnan(found) & column.notna().to_numpy()
    if lost.any():
        raise UserError(f"column '{column.name}': {column[lost].iloc[0]!r} is no number")
    return found


def _ran(cells: np.ndarray, name: str, units: Sequence[str], starts: Sequence[date]) -> np.ndarray:
    """The status with its unknown cells filled from the area's last known one before, 0 where there is none."""
    strange = np.isfinite(cells) & ~np.isin(cells, (0, 1))
    if strange.any():
        row, column = np.argwhere(strange)[0]
        raise UserError(f"column '{name}': {cells[row, column]:g} for '{units[row]}' in {starts[column]} is neither 0 "
                        "nor 1; a share or number of contacts belongs in `dose`")  # fmt: skip
    filled = cells.copy()
    for column in range(cells.shape[1]):
        before = filled[:, column - 1] if column else np.zeros(len(cells))
        filled[:, column] = np.where(np.isnan(cells[:, column]), before, cells[:, column])
    return filled


def _since(column: "pd.Series", areas: "pd.Series", units: Sequence[str], starts: Sequence[date]) -> np.ndarray:
    """The status from the first treated period of each area on."""
    ran = np.zeros((len(units), len(starts)))
    seen: dict[str, date | None] = {}
    for area, value in zip(areas, column, strict=True):
        never = value is None or value != value or value in (0, float("inf"))
        day = None if never else _day(value)
        if seen.setdefault(area, day) != day:
            raise UserError(f"column '{column.name}' changes within '{area}': {seen[area]} and {day}")
    for row, area in enumerate(units):
        if (day := seen[area]) is not None:
            ran[row] = [day <= start for start in starts]
    return ran
