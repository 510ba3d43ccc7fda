"""When and where events happen: Poisson counts per area and day, an hour profile, repeats by the same person."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.errors import UserError
from crisiskit.simulate.frame import draw, stream

DAYS_PER_MONTH = 365.25 / 12
AREAS = (
    "Ashvale", "Birchmere", "Coldwater Bend", "Dunmoor", "Elkridge Falls", "Fernhollow", "Graywick", "Hazelton Flats",
    "Ivybridge",
    "Juniper Gap", "Kestrel Plain", "Larkspur", "Marrow Creek", "Nettlefield", "Oxbow", "Pinereach", "Quillwater",
    "Redfern",
    "Saltmarsh", "Thornbury Hill",
)
SITES = (
    "Amber House", "Beacon Center", "Cedar Door", "Dawn Desk", "Evergreen Hub", "Ferry Office", "Garden Rooms",
    "Harbor Line",
)


@dataclass(frozen=True)
class Scene:
    """The stage: days, areas with their ratios and populations, sites, treated areas and when each starts."""

    seed: int
    days: np.ndarray  # datetime64[D]
    areas: tuple[str, ...]
    ratio: np.ndarray
    population: np.ndarray
    sites: tuple[str, ...]
    starts: np.ndarray  # datetime64[D] per area, NaT where never treated

    @property
    def months(self) -> np.ndarray:
        """First days of the calendar months covered."""
        return np.unique(self.days.astype("M8[M]"))


@dataclass(frozen=True)
class Events:
    """Events in order of time: area (position), instant (UTC) and wall clock, person, and whether it is a repeat."""

    area: np.ndarray
    at: np.ndarray  # datetime64[s], UTC
    local: np.ndarray  # datetime64[s], wall clock
    person: np.ndarray
    repeat: np.ndarray

    def __len__(self) -> int:
        return len(self.area)

    @property
    def hour(self) -> np.ndarray:
        return (self.local - self.local.astype("M8[D]")).astype(int) // 3600

    @property
    def night(self) -> np.ndarray:
        return (self.hour >= 22) | (self.hour < 6)


def scene(settings: dict[str, Any], seed: int, months: int, start: str, areas: int, sites: int) -> Scene:
    """Lay out days, areas and treatment; a site serves one area or more, so there are at most as many sites as areas.

    Raises UserError for a start that is no first of a month and for counts below one.
    """
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise UserError(f"start: '{start}' is not a date; write it as 2023-01-01") from error
    if first.day != 1:
        raise UserError(f"start: {start} is not the first day of a month")
    for name, value in (("months", months), ("areas", areas), ("sites", sites)):
        if value < 1:
            raise UserError(f"{name}: {value} is less than 1")
    month = np.datetime64(first, "M")
    sites = min(sites, areas)
    names = [AREAS[i] if i < len(AREAS) else f"{AREAS[i % len(AREAS)]} {i // len(AREAS) + 1}" for i in range(areas)]
    houses = [SITES[i] if i < len(SITES) else f"{SITES[i % len(SITES)]} {i // len(SITES) + 1}" for i in range(sites)]
    rng = stream(seed, "areas")
    given = settings["area_ratio"]
    if given and len(given) != areas:
        raise UserError(f"area_ratio: {len(given)} ratios given for {areas} areas")
    ratio = np.array(given or np.round(np.exp(settings["area_spread"] * rng.standard_normal(areas)), 3), float)
    population = np.round(settings["population_median"] * ratio * np.exp(0.2 * rng.standard_normal(areas)), -2)
    return Scene(
        seed, np.arange(month.astype("M8[D]"), (month + months).astype("M8[D]")), tuple(names), ratio, population,
        tuple(houses),
        _starts(settings, month, months, areas),
    )


def _starts(settings: dict[str, Any], month: np.datetime64, months: int, areas: int) -> np.ndarray:
    if settings["treated"] > areas:
        raise UserError(f"treated: {settings['treated']} areas of {areas}")
    starts = np.full(areas, np.datetime64("NaT"), "M8[D]")
    given = settings["programme_start"]
    try:
        first = np.datetime64(given or str(month + months // 2), "D")
    except ValueError as error:
        raise UserError(f"programme_start: '{given}' is not a date; write it as 2024-01-01") from error
    in_month = first - first.astype("M8[M]").astype("M8[D]")
    for i in range(settings["treated"]):
        starts[i] = (first.astype("M8[M]") + i * settings["stagger_months"]).astype("M8[D]") + in_month
    return starts


def treated(stage: Scene, area: np.ndarray, local: np.ndarray) -> np.ndarray:
    """Mask of the events in a treated area from its start on (NaT compares false)."""
    return local.astype("M8[D]") >= stage.starts[area]


def running(stage: Scene) -> np.ndarray:
    """Per area and day, whether the programme runs."""
    return stage.days[None, :] >= stage.starts[:, None]


def wave(settings: dict[str, Any], days: np.ndarray) -> np.ndarray:
    """Trend and season of each day, relative to an average day at the first day."""
    since = (days - days[0]).astype(float)
    year_day = (days - days.astype("M8[Y]").astype("M8[D]")).astype(float)
    peak = (settings["season_peak_month"] - 0.5) * DAYS_PER_MONTH
    season = 1 + settings["season_share"] * np.cos(2 * np.pi * (year_day - peak) / 365.25)
    return (1 + settings["trend_share"]) ** (since / 365.25) * season


def expected(settings: dict[str, Any], stage: Scene) -> np.ndarray:
    """Expected first events per area (rows) and day (columns)."""
    weekday = np.array(settings["weekday"]) * 7 / sum(settings["weekday"])
    daily = settings["rate"] / DAYS_PER_MONTH * wave(settings, stage.days) * weekday[(stage.days.astype(int) + 3) % 7]
    effect = np.ones((len(stage.areas), len(stage.days)))
    if settings["effect_outcome"] == "volume":
        effect[running(stage)] = settings["effect_ratio"]
    elif settings["effect_outcome"] == "targeted_offences":  # the records are the programme's own contacts
        effect[~running(stage)] = 0
    return stage.ratio[:, None] * daily * effect


def events(settings: dict[str, Any], stage: Scene) -> tuple[Events, dict[str, Any]]:
    """Draw the events of a scene, repeats included, and the truth about their volume."""
    rng = stream(stage.seed, "events")
    mean = expected(settings, stage)
    n = rng.poisson(mean)
    area, day = (np.repeat(index.ravel(), n.ravel()) for index in np.indices(mean.shape))
    hour = draw(rng.random(len(area)), np.array(settings["hour"], float))
    second = hour * 3600 + rng.integers(0, 3600, len(area))
    wall = stage.days[day].astype("M8[s]") + second.astype("m8[s]")
    at = to_utc(wall, settings["time_zone"], rng.random(len(area)) < 0.5)
    parts = [(area, at, np.arange(len(area)), np.zeros(len(area), bool))]
    end = to_utc((stage.days[-1:] + 1).astype("M8[s]"), settings["time_zone"], np.array([True]))[0]
    while settings["repeat_share"] and len(parts[-1][0]):
        area, at, person, _ = parts[-1]
        gap = np.round(600 + rng.exponential(settings["repeat_days"] * 86400, len(at))).astype("m8[s]")
        again = (rng.random(len(at)) < min(settings["repeat_share"], 0.95)) & (at + gap < end)
        parts.append((area[again], (at + gap)[again], person[again], np.ones(again.sum(), bool)))
    area, at, person, repeat = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    order = np.lexsort((area, at))
    found = Events(area[order], at[order], to_local(at[order], settings["time_zone"]), person[order], repeat[order])
    by_month = np.add.reduceat(mean, np.searchsorted(stage.days, stage.months.astype("M8[D]")), axis=1)
    return found, {
        "expected_first_events": {
            name: dict(zip(stage.months.astype(str).tolist(), np.round(row, 4).tolist(), strict=True))
            for name, row in zip(stage.areas, by_month, strict=True)
        },
        "first_events": int((~repeat).sum()), "repeat_events": int(repeat.sum()),
        "expected_repeat_share": {f"within_{k}_days": _repeat_share(settings, k) for k in (30, 90, 365)},
    }


def _repeat_share(settings: dict[str, Any], days: int) -> float:
    """Chance of one more event of the same person within so many days; gaps begin at ten minutes."""
    waits = (days - 600 / 86400) / settings["repeat_days"] if settings["repeat_days"] else np.inf
    return round(min(settings["repeat_share"], 0.95) * (1 - float(np.exp(-waits))), 6)


def to_utc(local: np.ndarray, zone: str, first: np.ndarray) -> np.ndarray:
    """Instants of wall times; `first` says which of two repeated hours it is; a skipped hour moves on by one."""
    index = pd.DatetimeIndex(local).tz_localize(zone, ambiguous=first, nonexistent=pd.Timedelta("1h"))
    return index.tz_convert("UTC").tz_localize(None).to_numpy().astype("M8[s]")


def to_local(at: np.ndarray, zone: str) -> np.ndarray:
    """Wall clock of instants; NaT stays."""
    return pd.DatetimeIndex(at).tz_localize("UTC").tz_convert(zone).tz_localize(None).to_numpy().astype("M8[s]")
