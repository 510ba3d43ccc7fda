"""The catalogue of measures, read from the files in `catalogue/` into frozen records, and its documentation page."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from crisiskit.errors import UserError, nearest


@dataclass(frozen=True)
class Variant:
    """One parameter of a definition: its type (number, choice, text), default, allowed values and meaning."""

    name: str
    type: str
    default: Any
    choices: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    meaning: str

    def accept(self, value: Any, measure: str) -> Any:
        """Return `value` as the declared type; UserError that says what would be right."""
        if value is None or value == "":
            return self.default
        if self.type == "choice":
            if str(value) not in self.choices:
                right = nearest(str(value), self.choices) or f" (one of {', '.join(self.choices)})"
                raise UserError(f"measure '{measure}': {self.name} cannot be '{value}'{right}")
            return str(value)
        if self.type == "number":
            return self._number(value, measure)
        return ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)

    def _number(self, value: Any, measure: str) -> float:
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if isinstance(value, bool) or not low <= number <= high or math.isinf(number):
            limits = f" from {low:g}" * (low > -math.inf) + f" to {high:g}" * (high < math.inf)
            raise UserError(f"measure '{measure}': {self.name} must be a number{limits}, not '{value}'")
        return int(number) if number.is_integer() else number


@dataclass(frozen=True)
class Measure:
    """One measure: how it is computed, what it needs and leaves out, where the definition comes from, its trap.

    `needs` lists alternatives; the measure is recorded where every column of one alternative is.
    `label` is a template: variants in braces are filled in, so that the number is printed with its definition.
    """

    id: str
    label: str
    family: str
    function: str
    formula: str
    unit: str
    table: str
    needs: tuple[tuple[str, ...], ...]
    left_out: str
    interval: str
    source: str
    trap: str
    variants: Mapping[str, Variant]
    standardised: str = "no"

    def accept(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return every variant's value, defaults filled in; UserError with the nearest name for an unknown one."""
        for name in given:
            if name not in self.variants:
                known = f" (it takes {', '.join(self.variants)})"
                raise UserError(f"measure '{self.id}' has no variant '{name}'{nearest(name, self.variants) or known}")
        return {name: variant.accept(given.get(name), self.id) for name, variant in self.variants.items()}

    def title(self, variant: Mapping[str, Any]) -> str:
        """Return the label with the variants' values in it; one that has none is `not given`."""
        return self.label.format(**{name: "not given" if value is None else str(value).replace("_", " ")
                                    for name, value in variant.items()})

    def compute(self) -> Callable:
        """Return the function of the family's module that computes this measure from a request."""
        return getattr(import_module(f"crisiskit.measures.{self.family}"), self.function)


def _merge(entry: Mapping) -> dict:
    """Resolve YAML's merge key, which a loader that reads every scalar as text leaves alone."""
    return {**entry.get("<<", {}), **{key: value for key, value in entry.items() if key != "<<"}}


def _variant(name: str, entry: Mapping) -> Variant:
    def number(key: str) -> float | None:
        return float(entry[key]) if key in entry else None

    default: Any = entry.get("default") or None
    if entry["type"] == "number" and default is not None:
        default = int(float(default)) if float(default).is_integer() else float(default)
    return Variant(name, entry["type"], default, tuple(entry.get("choices", ())), number("minimum"), number("maximum"),
                   entry["meaning"])


def _files() -> list[dict[str, Any]]:
    """The files of the catalogue in the order of their names, every scalar as text; the first holds what is common."""
    folder = files("crisiskit.measures").joinpath("catalogue")
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".yaml"))
    return [yaml.load(folder.joinpath(name).read_text("utf-8"), loader) for name in names]


@cache
def catalogue() -> Mapping[str, Measure]:
    """Return every measure by id, in the order of the page."""
    common, *families = _files()
    measures = {}
    for name, own in (item for family in families for item in family.items()):
        entry = _merge(own)
        accepted = _merge(entry.get("variants", {})) | common
        variants = {key: _variant(key, value) for key, value in accepted.items()}
        measures[name] = Measure(
            id=name, function=entry.get("function", name), table=entry.get("table", "interventions"),
            needs=tuple(tuple(alternative) for alternative in entry["needs"]), variants=MappingProxyType(variants),
            standardised=entry.get("standardised", "no"),
            **{key: entry[key] for key in
               ("label", "family", "formula", "unit", "left_out", "interval", "source", "trap")},
        )
    return MappingProxyType(measures)


def definition(name: str) -> Measure:
    """Return one measure; UserError with the nearest name when there is none of that name."""
    known = catalogue()
    if name not in known:
        every = f" (measures: {', '.join(known)})"
        raise UserError(f"there is no measure '{name}'{nearest(name, known) or every}")
    return known[name]


def page() -> str:
    """Return the documentation page of all measures, in Markdown."""
    lines = ["# Measures", "", "<!-- Made from the files in crisiskit/measures/catalogue; change them there. -->", ""]
    lines += _INTRODUCTION
    for item in catalogue().values():
        needs = " or ".join(", ".join(f"`{name}`" for name in names) for names in item.needs)
        facts = {
            "Label": item.label, "Formula": item.formula, "Unit": item.unit, "Table": f"`{item.table}`",
            "Columns needed": needs or "none, or the column asked about", "Left out of the denominator": item.left_out,
            "Interval": item.interval, "Source": item.source, "Trap": item.trap,
        }
        lines += [f"## {item.id}", ""] + [f"- **{key}**: {value}" for key, value in facts.items()]
        own = [variant for variant in item.variants.values() if variant.name not in ("fiscal", "confidence")]
        lines += [f"- **Variant `{v.name}`**{_choices(v)}: {v.meaning}" for v in own] + [""]
    return "\n".join(lines)


def _choices(variant: Variant) -> str:
    default = "none" if variant.default is None else variant.default
    return f" ({' | '.join(variant.choices) + ', ' if variant.choices else ''}default {default})"


_INTRODUCTION = """\
Every measure is asked for in one way, in Python or on the command line, and answers in one shape:

```python
from crisiskit.measures import measure
measure("tables", "response_time", by="priority", where={"access": "911"}, within_h=24)
```

The answer is a table: the columns of `by`, `statistic` (where a measure gives several), `numerator`, `denominator`,
`value`, `low` and `high` (95 % unless `confidence` says otherwise), `rows_used`, `contacts_used`, `rows_left_out`,
`reasons` (why rows were left out, what was kept but is noteworthy, what was pooled), `aggregate_share` (share of the
group's contacts that stand on rows covering a week, a month or more), then columns of the measure's own, and `label`.

- **by** and **where** name columns of the table or `year`, `month`, `week` (ISO), `day`, `weekday`, `hour`,
  `fiscal_year` (`fiscal="calendar"`, `"state"` from July, `"federal"` from October; the year is the one in which it
  ends). A null is a group of its own. A list column counts a record in each of its values, once;
  a list without values stands with null.
- A measure whose columns the source lacks answers one row: value null, and the reason "not recorded in this source".
- Rows that cover a period count in totals and in ratios of sums. They are left out of everything by hour or weekday and
  of everything per record or per contact, and the answer says how many they are.

""".splitlines()
