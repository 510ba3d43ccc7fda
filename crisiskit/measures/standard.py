"""What `standard=` asks for, and rates by group standardised with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import plain
from crisiskit.measures.population import PERSON
from crisiskit.measures.standardise import FEWEST_EVENTS, direct, indirect

METHODS = ("direct", "indirect")
KEYS = ("by", "weights", "method")
EXAMPLE = '{"by": "age_band", "weights": "pooled", "method": "direct"}'


@dataclass(frozen=True)
class Standard:
    """Strata, their weights and the method, as written in `standard={"by": "age_band", "weights": {...}}`.

    `weights` maps each stratum to its standard population, or is "pooled": the population of all areas together, whose
    stratum rates serve the indirect method. `method` is direct (the default) or indirect.
    """

    by: str
    weights: Mapping[str, float] | None
    method: str


def parse(given: Any) -> Standard | None:
    """Check what was given as `standard`; UserError that shows how to write it."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or "by" not in given:
        raise UserError(f"standard: strata are needed, as in standard={EXAMPLE}, not '{given}'")
    for key in given:
        if key not in KEYS:
            raise UserError(f"standard: there is no '{key}'{nearest(str(key), KEYS) or f' (one of {KEYS})'}")
    by, method, weights = str(given["by"]), given.get("method", "direct"), given.get("weights", "pooled")
    if by not in PERSON:
        raise UserError(f"standard: a rate per population has strata of people, not '{by}'{nearest(by, PERSON)} "
                        f"(one of {', '.join(PERSON)})")
    if method not in METHODS:
        raise UserError(f"standard: method cannot be '{method}'{nearest(str(method), METHODS)} (one of {METHODS})")
    if method == "indirect" and weights != "pooled":
        raise UserError("standard: the indirect method takes the rates of all areas together; weights must be 'pooled'")
    if weights != "pooled" and not isinstance(weights, Mapping):
        raise UserError(f"standard: weights are 'pooled' or a mapping of strata to numbers, not '{weights}'")
    return Standard(by, None if weights == "pooled" else _weights(weights), method)


def _weights(given: Mapping) -> dict[str, float]:
    try:
        weights = {str(key): float(value) for key, value in given.items()}
    except (TypeError, ValueError):
        raise UserError(f"standard: weights must be numbers, not {dict(given)}") from None
    if not weights or min(weights.values()) < 0 or not 0 < sum(weights.values()) < np.inf:
        raise UserError(f"standard: weights must be 0 or more, and not all 0: {weights}")
    return weights


def standardised(groups: pd.DataFrame, cells: pd.DataFrame, exposure: pd.DataFrame, by: Sequence[str],
                 standard: Standard, per: float, confidence: float) -> tuple[pd.DataFrame, dict[int, str]]:
    """Standardise each group's rate; returns the groups with their numbers, and a note for those without one.

    `cells` are the contacts used (`_contacts`) and `exposure` the person-years, both by stratum. Groups keep crude
    `numerator` and `denominator` under the direct method, with `per` null, for the value is not their ratio; under the
    indirect one the denominator is the expected contacts. `unknown` contacts give the bounds.
    """
    strata = exposure.groupby(standard.by)["person_years"].sum()
    weights = strata if standard.weights is None else _matched(standard, strata.index)
    seen = cells.groupby(standard.by)["_contacts"].sum().reindex(strata.index, fill_value=0)
    events = _table(cells, "_contacts", by, standard.by, strata.index)
    people = _table(exposure, "person_years", [key for key in by if key in exposure], standard.by, strata.index)
    notes: dict[int, str] = {}
    rows = []
    for index, row in groups.iterrows():
        count = events.get(plain(row[list(by)]), np.zeros(len(strata)))
        base = people.get(plain(row[[key for key in by if key in exposure]]), np.zeros(len(strata)))
        if standard.method == "direct":
            rows.append(_direct(row, count, base, weights.to_numpy("float64"), per, confidence))
            if pd.notna(row["person_years"]):
                notes[index] = _why_not(count, base, weights.to_numpy("float64"))
        else:
            rows.append(_indirect(row, count, float((base * (seen / strata.where(strata > 0)).fillna(0)).sum()),
                                  confidence))
    return groups.assign(**pd.DataFrame(rows, index=groups.index)), {key: text for key, text in notes.items() if text}


def _matched(standard: Standard, strata: pd.Index) -> pd.Series:
    """Return the weights in the order of the strata; UserError for strata that one side lacks."""
    weights = pd.Series(standard.weights, dtype="float64")
    lacking = [*(set(weights.index) - set(strata)), *(set(strata) - set(weights.index))]
    if lacking:
        raise UserError(f"standard: weights and population do not have the same {standard.by}: "
                        f"{', '.join(sorted(lacking))} stands in one of them only")
    return weights.reindex(strata)


def _table(frame: pd.DataFrame, value: str, keys: Sequence[str], stratum: str, strata: pd.Index) -> dict:
    """Return an array over the strata for each combination of keys."""
    if not keys:
        return {(): frame.groupby(stratum)[value].sum().reindex(strata, fill_value=0).to_numpy("float64")}
    added = frame.groupby([*keys, stratum], dropna=False)[value].sum().unstack(stratum).reindex(columns=strata)
    rows = added.fillna(0).to_numpy("float64")
    places = added.index if len(keys) > 1 else [(key,) for key in added.index]
    return {plain(place): row for place, row in zip(places, rows, strict=True)}


def _direct(row: pd.Series, count: np.ndarray, people: np.ndarray, weights: np.ndarray, per: float,
            confidence: float) -> dict[str, float]:
    found = direct(count, people, weights, per, confidence)
    heaviest = np.max(np.divide(weights, people, out=np.zeros_like(weights), where=people > 0)) / weights.sum()
    return {"value": found.value, "low": found.low, "high": found.high, "per": np.nan, "bound_low": found.value,
            "bound_high": found.value + per * row["unknown"] * heaviest}


def _indirect(row: pd.Series, count: np.ndarray, expected: float, confidence: float) -> dict[str, float]:
    found = indirect(float(count.sum()), expected, 1.0, confidence)
    high = (found.events + row["unknown"]) / expected if expected > 0 else np.nan
    return {"denominator": expected, "value": found.value, "low": found.low, "high": found.high, "per": 1.0,
            "bound_low": found.value, "bound_high": high}


def _why_not(count: np.ndarray, people: np.ndarray, weights: np.ndarray) -> str:
    """Say why a group has no directly standardised rate; empty where it has one."""
    if (people[weights > 0] == 0).any():
        return "not standardised: a stratum has no population"
    return f"not standardised: fewer than {FEWEST_EVENTS} contacts" if count.sum() < FEWEST_EVENTS else ""
