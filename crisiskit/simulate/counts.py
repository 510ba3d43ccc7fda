"""Totals that come already counted: population, staff hours, monthly line totals, and the programme's panel."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.simulate.events import DAYS_PER_MONTH, Scene, running, wave
from crisiskit.simulate.frame import Codes, conform, standard, stream

Row = tuple[str, float, str, str | None, np.datetime64, np.datetime64, str | None, str | None]


def table(rows: list[Row], source: str) -> pd.DataFrame:
    """The `counts` table from rows (measure, value, unit, area, first day, last day, group, level)."""
    n = len(rows)
    lines = [list(column) for column in zip(*rows, strict=True)] if n else [[]] * 8
    measure, value, unit, area, first, last, group, level = lines
    columns = {
        "source": source, "measure": _codes(measure), "value": np.array(value, float), "unit": _codes(unit),
        "area_id": _codes(area),
        "area_level": _codes([name and "county" for name in area]), "period_start": np.array(first, "M8[D]"),
        "period_end": np.array(last, "M8[D]"), "group": _codes(group), "level": _codes(level),
        "source_file": "simulated",
        "source_row": np.arange(1, n + 1),
    }
    return conform(standard(columns, "counts", n))


def _codes(values: list[str | None]) -> Codes:
    names = list(dict.fromkeys(value for value in values if value))
    place = {name: i for i, name in enumerate(names)}
    return Codes(np.array([place[value] if value else -1 for value in values], int), names)


def month_ends(stage: Scene) -> Iterator[tuple[np.datetime64, np.datetime64]]:
    """First and last day of each month covered."""
    for month in stage.months:
        yield month.astype("M8[D]"), (month + 1).astype("M8[D]") - 1


def population(stage: Scene) -> list[Row]:
    """Residents per area and calendar year, in total and by gender (half and half)."""
    rows: list[Row] = []
    for year in np.unique(stage.days.astype("M8[Y]")):
        first, last = year.astype("M8[D]"), (year + 1).astype("M8[D]") - 1
        for area, people in zip(stage.areas, stage.population.tolist(), strict=True):
            rows.append(("population", people, "persons", area, first, last, None, None))
            for level in ("female", "male"):
                rows.append(("population", people / 2, "persons", area, first, last, "gender", level))
    return rows


def staff_hours(settings: dict[str, Any], stage: Scene) -> list[Row]:
    """Scheduled hours per month and hour of the day: twice as many from 8:00 to 19:59 as in the other twelve hours."""
    weights = np.where((np.arange(24) >= 8) & (np.arange(24) < 20), 2, 1) / 36
    rows: list[Row] = []
    for first, last in month_ends(stage):
        hours = settings["staff_hours_per_day"] * weights * ((last - first).astype(int) + 1)
        for hour, value in enumerate(np.round(hours, 2).tolist()):
            rows.append(("staff_hours", value, "hours", None, first, last, "hour_of_day", str(hour)))
    return rows


def line_totals(stage: Scene, local: np.ndarray, columns: dict[str, Any]) -> list[Row]:
    """Offered, answered and abandoned per month, as lines publish them; they equal the sums of the records."""
    month = (local.astype("M8[M]") - stage.months[0]).astype(int)
    rows: list[Row] = []
    for name in ("offered", "answered", "abandoned"):
        sums = np.bincount(month, columns[name], minlength=len(stage.months))
        for total, ends in zip(sums.tolist(), month_ends(stage), strict=True):
            rows.append((name, total, "contacts", None, *ends, None, None))
    return rows


def panel(
    settings: dict[str, Any], stage: Scene, area: np.ndarray, local: np.ndarray
) -> tuple[list[Row], dict[str, Any]]:
    """Targeted and other offences and programme contacts per area and month.

    Offences are Poisson about a rate with trend, season, a gamma disturbance of variance `dispersion`, and,
    for targeted
    ones in treated areas, the effect ratio on the days that the programme runs. The truth holds what was averted.
    """
    rng, months = stream(stage.seed, "panel"), len(stage.months)
    starts = np.searchsorted(stage.days, stage.months.astype("M8[D]"))
    daily = stage.ratio[:, None] * wave(settings, stage.days)[None, :] / DAYS_PER_MONTH
    since = (stage.days - stage.days[0]).astype(float) / 365.25
    drift = np.where(np.isnat(stage.starts)[:, None], 1.0, (1 + settings["differing_trend_share"]) ** since[None, :])
    effect = np.where(running(stage), settings["effect_ratio"], 1.0)
    monthly = [np.add.reduceat(daily * drift * factor, starts, axis=1) for factor in (1.0, effect)]
    shape = (len(stage.areas), months)
    rows: list[Row] = []
    sums: dict[str, Any] = {}
    spread = settings["dispersion"]
    for name, rate, mean in (
        ("targeted_offences", settings["outcome_rate"], monthly[1]),
        ("other_offences", settings["control_rate"], monthly[0]),
    ):
        noise = rng.gamma(1 / spread, spread, shape) if spread else np.ones(shape)
        rows += _panel_rows(stage, name, "offences", rng.poisson(rate * mean * noise))
        sums[name] = round(float(rate * mean.sum()), 3)
    month = (local.astype("M8[M]") - stage.months[0]).astype(int)
    contacts = np.bincount(area * months + month, minlength=len(stage.areas) * months).reshape(shape)
    rows += _panel_rows(stage, "programme_contacts", "contacts", contacts)
    averted = float(settings["outcome_rate"] * (monthly[0] - monthly[1]).sum())
    return rows, {
        "expected": sums, "expected_averted": round(averted, 3), "programme_contacts": len(area),
        "averted_per_contact": round(averted / len(area), 4) if len(area) else None,
    }


def _panel_rows(stage: Scene, name: str, unit: str, values: np.ndarray) -> list[Row]:
    return [
        (name, float(value), unit, area, *ends, None, None)
        for area, line in zip(stage.areas, values, strict=True)
        for value, ends in zip(line, month_ends(stage), strict=True)
    ]
