"""The registry of benchmarks, read from `benchmarks.yaml` into frozen records: published figures with their conditions.

Published standards conflict, so the registry keeps all of them and chooses none. What compares them with the numbers of
a source stands further down the flow, in `crisiskit.measures.benchmarks`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

from crisiskit.errors import UserError, nearest
from crisiskit.standard import dictionary

KINDS = ("standard", "planning", "study")
DIRECTIONS = MappingProxyType({"at_least": ("low",), "at_most": ("high",), "below": ("high",),
                               "within": ("low", "high"), "": ()})
"""Direction to the limits that it needs; without one there is nothing to meet."""

REQUIRED = ("topic", "title", "kind", "unit", "source", "edition", "verified")
OPTIONAL = ("direction", "low", "high", "measure", "statistic", "variant", "also", "select", "where", "minimum_n",
            "never", "address", "conflicts", "note")


@dataclass(frozen=True)
class Benchmark:
    """One published figure, the measure of the kit that it may be set beside, and the conditions for that.

    `low` and `high` are equal for a single figure, and one of them is None where the figure is a limit on one side.
    `also` lists changes of the variant that are in use as well, where what was read does not settle the definition.
    `where` maps a standard table to the rows that may be compared; `never` says why no number of the kit may be.
    """

    id: str
    topic: str
    title: str
    kind: str
    direction: str
    low: float | None
    high: float | None
    unit: str
    measure: str
    statistic: str
    variant: Mapping[str, str]
    also: tuple[Mapping[str, str], ...]
    select: Mapping[str, str]
    where: Mapping[str, Mapping[str, tuple[str, ...]]]
    minimum_n: int
    never: str
    source: str
    edition: str
    address: str
    verified: bool
    conflicts: tuple[str, ...]
    note: str

    @property
    def figure(self) -> str:
        """The published figure in words: "at least 90 %", "22 % to 30 %", "below 5 %"; "" where none was printed."""
        numbers = [_written(number, self.unit) for number in (self.low, self.high) if number is not None]
        if self.direction in ("at_least", "at_most", "below"):
            return f"{self.direction.replace('_', ' ')} {numbers[0]}"
        return " to ".join(dict.fromkeys(numbers))


def _written(number: float, unit: str) -> str:
    return f"{100 * number:g} %" if unit == "share" else f"{number:,.10g} {unit}"


def parse(entries: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Benchmark]:
    """Return entries of the registry as records; UserError that names the entry, the key and what would be right."""
    found = {name: _benchmark(name, entry) for name, entry in entries.items()}
    for item in found.values():
        for other in item.conflicts:
            if other not in found:
                raise UserError(f"benchmark '{item.id}': conflicts with '{other}', which is not there"
                                f"{nearest(other, found)}")
            if item.id not in found[other].conflicts:
                raise UserError(f"benchmark '{other}': must name '{item.id}' among its conflicts, which names it")
    return MappingProxyType(found)


@cache
def benchmarks() -> Mapping[str, Benchmark]:
    """Return every benchmark by id, in the order of the registry."""
    return parse(dictionary.read_yaml("benchmarks.yaml"))


def topics() -> tuple[str, ...]:
    """The topics of the registry, in its order."""
    return tuple(dict.fromkeys(item.topic for item in benchmarks().values()))


def find(measure: str) -> list[Benchmark]:
    """Return the benchmarks that may be set beside a measure of the kit; none where nothing was published for it."""
    return [item for item in benchmarks().values() if item.measure == measure]


def of_topic(topic: str) -> list[Benchmark]:
    """Return the benchmarks of one topic; UserError with the nearest name for a topic that is not there."""
    if topic not in topics():
        raise UserError(f"there is no benchmark topic '{topic}'{nearest(topic, topics())} "
                        f"(topics: {', '.join(topics())})")
    return [item for item in benchmarks().values() if item.topic == topic]


def _benchmark(name: str, entry: Mapping[str, Any]) -> Benchmark:
    _keys(name, entry)
    item = Benchmark(
        id=name, **{key: entry[key] for key in ("topic", "title", "unit", "source", "edition")},
        **{key: entry.get(key, "") for key in ("measure", "statistic", "never", "address", "note")},
        kind=_among(name, "kind", entry["kind"], KINDS),
        direction=_among(name, "direction", entry.get("direction", ""), DIRECTIONS),
        low=_number(name, entry, "low"), high=_number(name, entry, "high"),
        variant=MappingProxyType(entry.get("variant", {})),
        also=tuple(MappingProxyType(change) for change in entry.get("also", ())),
        select=MappingProxyType(entry.get("select", {})),
        where=MappingProxyType({table: _rows(table, columns) for table, columns in entry.get("where", {}).items()}),
        minimum_n=int(_number(name, entry, "minimum_n") or 0),
        verified=_among(name, "verified", entry["verified"], ("true", "false")) == "true",
        conflicts=tuple(entry.get("conflicts", ())),
    )
    for limit in DIRECTIONS[item.direction]:
        if getattr(item, limit) is None:
            raise UserError(f"benchmark '{name}': direction {item.direction} needs '{limit}'")
    if not item.never and not (item.measure and item.direction and item.where):
        raise UserError(f"benchmark '{name}': needs measure, direction and where, or 'never' with the reason")
    return item


def _keys(name: str, entry: Mapping[str, Any]) -> None:
    for key in entry:
        if key not in (*REQUIRED, *OPTIONAL):
            raise UserError(f"benchmark '{name}': there is no key '{key}'{nearest(key, (*REQUIRED, *OPTIONAL))}")
    for key in REQUIRED:
        if key not in entry:
            raise UserError(f"benchmark '{name}': '{key}' is missing")


def _among(name: str, key: str, value: str, allowed: Any) -> str:
    if value not in allowed:
        right = nearest(value, allowed) or f" (one of {', '.join(word for word in allowed if word)})"
        raise UserError(f"benchmark '{name}': {key} cannot be '{value}'{right}")
    return value


def _number(name: str, entry: Mapping[str, Any], key: str) -> float | None:
    try:
        return float(entry[key]) if key in entry else None
    except ValueError:
        raise UserError(f"benchmark '{name}': {key} must be a number such as 0.9, not '{entry[key]}'") from None


def _rows(table: str, columns: Mapping[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    """Check the table and the columns of a condition against the dictionary."""
    known = dictionary.table(table)
    for column in columns:
        known.column(column)
    return MappingProxyType({column: tuple(values) for column, values in columns.items()})
