"""The data dictionary: the three standard tables, read from `tables/*.yaml` into frozen records.

Validation, error messages, `crisiskit describe`, the documentation page and the Table Schema export are made from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import yaml

from crisiskit.errors import UserError, nearest

if TYPE_CHECKING:
    import ibis

TABLES = ("interventions", "follow_ups", "counts")
"""Names of the standard tables, in the order in which they are shown."""

TYPES = ("string", "integer", "number", "boolean", "timestamp", "local", "date", "list")
"""Column types: `timestamp` is an instant (UTC), `local` a wall clock without a zone, `list` a list of strings."""

MISSING = MappingProxyType({
    "unknown": "asked, not known",
    "declined": "asked, and the person did not want to say",
    "not_asked": "not asked",
    "not_applicable": "the question does not apply",
    "set_aside": "there but impossible; the raw value stays in the restricted copy",
})
"""Kinds of missing that are written down: the first four stand in-band in string columns, all five in column `missing`.
A null without a kind was left blank."""

KINDS = tuple(MISSING)[:4]
"""The four kinds that stand in-band, as codes, in string columns."""


@dataclass(frozen=True)
class Column:
    """One column: type, meaning, unit, codes and bounds, where the definition comes from, and what it cannot tell.

    `codes` maps a code to its meaning (without the kinds of missing); with `open_codes` other values are allowed too.
    `minimum` and `maximum` are hard bounds, inclusive. `required`: a row cannot stand without a value.
    """

    name: str
    type: str
    group: str
    meaning: str
    unit: str
    codes: Mapping[str, str]
    open_codes: bool
    minimum: float | None
    maximum: float | None
    source: str
    cannot_tell: str
    required: bool


@dataclass(frozen=True)
class Table:
    """One standard table and its columns, in the order of the Parquet file."""

    name: str
    title: str
    description: str
    columns: Mapping[str, Column] = field(repr=False)

    def column(self, name: str) -> Column:
        """Return a column; UserError with the nearest name when the table has none of that name."""
        if name not in self.columns:
            raise UserError(f"table '{self.name}' has no column '{name}'{nearest(name, self.columns)}")
        return self.columns[name]


def read_yaml(name: str) -> Any:
    """Read a YAML data file of this package with every scalar as text: `NO`, `911` and `06075` stay what they are."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return yaml.load(files("crisiskit.standard").joinpath(name).read_text("utf-8"), Loader=loader)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _column(name: str, entry: dict) -> Column:
    return Column(
        name=name, type=entry["type"], group=entry["group"], meaning=entry["meaning"], unit=entry.get("unit", ""),
        codes=MappingProxyType(entry.get("codes", {})), open_codes=entry.get("open_codes") == "true",
        minimum=_number(entry.get("minimum")), maximum=_number(entry.get("maximum")),
        source=entry["source"], cannot_tell=entry["cannot_tell"], required=entry.get("required") == "true",
    )


@cache
def table(name: str) -> Table:
    """Return one standard table; UserError with the nearest name when there is none of that name."""
    if name not in TABLES:
        raise UserError(f"there is no standard table '{name}'{nearest(name, TABLES)} (tables: {', '.join(TABLES)})")
    entry = read_yaml(f"tables/{name}.yaml")
    columns = {column: _column(column, described) for column, described in entry["columns"].items()}
    return Table(entry["name"], entry["title"], entry["description"], MappingProxyType(columns))


def tables() -> dict[str, Table]:
    """Return the three standard tables by name."""
    return {name: table(name) for name in TABLES}


def ibis_schema(table_name: str) -> "ibis.Schema":
    """Return the Ibis schema of a standard table: every column, in dictionary order."""
    import ibis

    kinds = {
        "string": "string", "integer": "int64", "number": "float64", "boolean": "boolean",
        "timestamp": "timestamp('UTC', 6)", "local": "timestamp(6)", "date": "date", "list": "array<string>",
    }
    return ibis.schema({name: kinds[column.type] for name, column in table(table_name).columns.items()})
