"""Direct and indirect standardisation as pure functions: they take counts by stratum, return a small frozen result.

Two areas whose people differ in age cannot be compared by crude rates. Direct standardisation weighs each area's own
stratum rates by one standard population; indirect standardisation compares the events that were seen with those that
the standard's rates would have given, and is the one for few events.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.measures.intervals import byar, poisson

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FEWEST_EVENTS = 10
"""Below this number of events a directly standardised rate is not given: its interval would mean little."""


@dataclass(frozen=True)
class Standardised:
    """A standardised rate or ratio with its limits, and the events and exposure (or expected events) behind it."""

    value: float
    low: float
    high: float
    events: float
    base: float


def _strata(*columns: "ArrayLike") -> list["NDArray[np.float64]"]:
    """Return the columns as arrays of one length without gaps; UserError where they are not."""
    arrays = [np.asarray(column, float).ravel() for column in columns]
    lengths = {len(array) for array in arrays}
    if len(lengths) > 1:
        raise UserError(f"standardisation: strata of different lengths ({', '.join(map(str, sorted(lengths)))})")
    if any(np.isnan(array).any() or (array < 0).any() for array in arrays):
        raise UserError("standardisation: every stratum needs a count and a population of 0 or more")
    return arrays


def direct(count: "ArrayLike", population: "ArrayLike", weight: "ArrayLike", per: float = 1.0,
           confidence: float = 0.95) -> Standardised:
    """Directly standardised rate of one area: sum of weight * count / population over the strata, per sum of weights.

    Limits: Dobson, Kuulasmaa, Eberle and Scherer, Statistics in Medicine 10 (1991) 457-462, on Byar's limits of the
    total count. Value and limits are NaN below 10 events and where a stratum that weighs has no population.
    """
    events, people, weights = _strata(count, population, weight)
    total = events.sum()
    heavy = weights > 0
    if total < FEWEST_EVENTS or not heavy.any() or (people[heavy] == 0).any():
        return Standardised(np.nan, np.nan, np.nan, float(total), float(people.sum()))
    share = weights[heavy] / weights.sum() / people[heavy]
    value = float((share * events[heavy]).sum())
    spread = np.sqrt((share**2 * events[heavy]).sum() / total)
    low, high = byar(total, confidence)
    return Standardised(per * value, float(per * (value + spread * (low - total))),
                        float(per * (value + spread * (high - total))), float(total), float(people.sum()))


def expected(population: "ArrayLike", standard_count: "ArrayLike", standard_population: "ArrayLike") -> float:
    """Return the events that the standard's stratum rates would have given in this population."""
    people, events, standard = _strata(population, standard_count, standard_population)
    if ((standard == 0) & (people > 0)).any():
        raise UserError("standardisation: a stratum with people has no standard population")
    rate = np.divide(events, standard, out=np.zeros_like(events), where=standard > 0)
    return float((people * rate).sum())


def indirect(count: float, expected_count: float, per: float = 1.0, confidence: float = 0.95) -> Standardised:
    """Ratio of events to expected events, times `per`: 1 gives the ratio, the standard's crude rate gives a rate.

    Limits: exact Poisson below 10 events, Byar's from 10 on, as the public-health technical guide has it. NaN where
    nothing is expected.
    """
    events, base = (float(array[0]) for array in _strata(count, expected_count))
    low, high = poisson(events, confidence)
    scale = per / base if base > 0 else np.nan
    return Standardised(events * scale, float(low * scale), float(high * scale), events, base)
