"""Capacity: crisis resource need of a population, as low, central and high, with every ratio a parameter.

It is planning arithmetic, not a measurement: events in a month, where they are met, and the teams and beds for them.
The published ratios were not verified (`crisiskit describe crisis_events_per_100k`); those that nobody published are
assumptions to be replaced by local figures. The range says how far the ratios leave it open, and is no interval.
"""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from crisiskit.errors import UserError
from crisiskit.standard.benchmarks import benchmarks

if TYPE_CHECKING:
    import pandas as pd

SETTINGS = ("mobile", "facility", "emergency_department")
HOURS_PER_DAY = 24
PUBLISHED, ASSUMED = "published, not verified", "assumption, to be replaced by a local figure"


@dataclass(frozen=True)
class Range:
    """A ratio as low, central and high. UserError unless 0 <= low <= central <= high."""

    low: float
    central: float
    high: float

    def __post_init__(self) -> None:
        if not 0 <= self.low <= self.central <= self.high < float("inf"):
            raise UserError(f"capacity: {self.low:g}, {self.central:g}, {self.high:g} must be numbers from 0 on, "
                            "in the order low, central, high")


def _published(name: str) -> Range:
    """The published figure of the registry as a range without width: no other was published."""
    figure = benchmarks()[name].low
    if figure is None:
        raise UserError(f"capacity: benchmark '{name}' holds no figure")
    return Range(figure, figure, figure)


def _events() -> Range:
    """The two monthly figures in use: the lower one, and the higher one as central and high."""
    lower, higher = (_published(name).central for name in ("crisis_events_per_100k_200", "crisis_events_per_100k"))
    return Range(lower, higher, higher)


@dataclass(frozen=True)
class Parameters:
    """Every ratio of the calculation. The central shares of the three settings must add up to one.

    `events_per_100k`: crisis events a month that need a response, per 100 000 people. `mobile`, `facility` and
    `emergency_department`: shares of them by where they are met. `events_per_shift`: events that one mobile team meets
    in a shift of `shift_h` hours. `shifts_per_month`: shifts that one team works. `stay_days`: mean stay in a facility.
    `occupancy`: share of beds that may be filled on average. `days_per_month`: 365.25 / 12 unless said otherwise.
    """

    events_per_100k: Range
    mobile: Range
    facility: Range
    emergency_department: Range
    events_per_shift: Range = Range(2, 3, 4)
    shifts_per_month: Range = Range(18, 20, 22)
    stay_days: Range = Range(1, 2.5, 4)
    occupancy: Range = Range(0.7, 0.85, 0.95)
    shift_h: float = 8
    days_per_month: float = 365.25 / 12

    def __post_init__(self) -> None:
        total = sum(getattr(self, name).central for name in SETTINGS)
        if abs(total - 1) > 1e-9:
            raise UserError(f"capacity: the shares of {', '.join(SETTINGS)} add up to {total:g}; they must add up to 1")
        for name in SETTINGS:
            if getattr(self, name).high > 1:
                raise UserError(f"capacity: {name} goes up to {getattr(self, name).high:g}; a share is at most 1")
        if self.occupancy.high > 1:
            raise UserError(f"capacity: occupancy goes up to {self.occupancy.high:g}; a share is at most 1")
        for name in ("events_per_shift", "shifts_per_month", "occupancy"):
            if getattr(self, name).low <= 0:
                raise UserError(f"capacity: {name} must be above 0, because others are divided by it")
        if not 0 < self.shift_h <= HOURS_PER_DAY or not 0 < self.days_per_month < float("inf"):
            raise UserError(f"capacity: a shift of {self.shift_h:g} h and {self.days_per_month:g} days a month "
                            "cannot be")


def published() -> Parameters:
    """The published ratios from the registry of benchmarks, and the assumptions of this module for the others."""
    mobile, facility, emergency = (_published(f"crisis_share_{name}") for name in SETTINGS)
    return Parameters(_events(), mobile, facility, emergency)


def need(population: float, parameters: Parameters | None = None) -> "pd.DataFrame":
    """Return the crisis resource need of `population` people: one row per quantity, with low, central and high.

    Rows: events a month, events by setting, mobile teams for that load, mobile teams for one on duty at all hours (the
    floor, which rules where few people live), beds. Columns: `quantity`, `unit`, `low`, `central`, `high`, `formula`,
    `rests_on`. Low takes every parameter at the end that asks for least. UserError for a population not above 0.
    """
    import pandas as pd

    if isinstance(population, bool) or not 0 < population < float("inf"):
        raise UserError(f"capacity: a population must be a number above 0, not '{population}'")
    given = parameters or published()
    rests = dict.fromkeys(("events", *SETTINGS), PUBLISHED) if parameters is None else {}
    rows = []
    events = _scaled(given.events_per_100k, population / 100_000)
    rows.append(("events", "events a month", events, "population / 100 000 x events_per_100k"))
    settings = {name: _product(events, getattr(given, name)) for name in SETTINGS}
    rows += [(name, "events a month", settings[name], f"events x {name}") for name in SETTINGS]
    teams = _quotient(settings["mobile"], _product(given.events_per_shift, given.shifts_per_month))
    rows.append(("mobile teams, by load", "teams", teams, "mobile / (events_per_shift x shifts_per_month)"))
    shifts = HOURS_PER_DAY / given.shift_h * given.days_per_month
    floor = _quotient(Range(shifts, shifts, shifts), given.shifts_per_month)
    rows.append(("mobile teams, one on duty at all hours", "teams", floor,
                 "24 / shift_h x days_per_month / shifts_per_month"))
    beds = _quotient(_product(settings["facility"], given.stay_days), _scaled(given.occupancy, given.days_per_month))
    rows.append(("facility beds", "beds", beds, "facility x stay_days / (days_per_month x occupancy)"))
    chosen = "parameters as given" if parameters else ASSUMED
    return pd.DataFrame([[name, unit, span.low, span.central, span.high, formula, rests.get(name, chosen)]
                         for name, unit, span, formula in rows],
                        columns=["quantity", "unit", "low", "central", "high", "formula", "rests_on"])


def listed(parameters: Parameters) -> "pd.DataFrame":
    """Return the parameters as a table: `parameter`, `low`, `central`, `high`."""
    import pandas as pd

    values = {item.name: getattr(parameters, item.name) for item in fields(parameters)}
    spans = {name: value if isinstance(value, Range) else Range(value, value, value) for name, value in values.items()}
    return pd.DataFrame([[name, span.low, span.central, span.high] for name, span in spans.items()],
                        columns=["parameter", "low", "central", "high"])


def _scaled(span: Range, factor: float) -> Range:
    return Range(span.low * factor, span.central * factor, span.high * factor)


def _product(one: Range, other: Range) -> Range:
    return Range(one.low * other.low, one.central * other.central, one.high * other.high)


def _quotient(above: Range, below: Range) -> Range:
    """Divide; least is asked for where the divisor is largest."""
    return Range(above.low / below.high, above.central / below.central, above.high / below.low)
