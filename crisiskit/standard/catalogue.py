"""The catalogue of checks, read from `checks.yaml`: what is asked of the tables, and what follows from a failure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from crisiskit.errors import UserError, nearest
from crisiskit.standard.dictionary import read_yaml

LEVELS = ("table", "field", "concept")
CATEGORIES = MappingProxyType({
    "conformance": ("value", "relational", "computational"),
    "completeness": ("",),
    "plausibility": ("uniqueness", "atemporal", "temporal"),
})
"""Categories and subcategories of Kahn and others 2016."""
SEVERITIES = ("error", "warning", "note")
CONSEQUENCES = ("row", "value", "flag")
COLUMN_KEYS = (
    "column", "link", "first", "last", "per", "band", "list", "parts", "whole", "instant", "local", "columns", "start",
    "end", "group",
)
"""Keys of a rule whose value is a column or a list of columns that the rule cannot do without."""


@dataclass(frozen=True)
class Check:
    """One check. `threshold` is the share that may fail; `sets_aside` names what consequence `value` clears."""

    id: str
    table: str
    columns: tuple[str, ...]
    rule: Mapping[str, Any]
    level: str
    category: str
    subcategory: str
    severity: str
    threshold: float
    consequence: str
    sets_aside: tuple[str, ...]
    title: str
    guidance: str

    @property
    def message(self) -> str:
        """The reason that is written beside a row or value, e.g. in the quarantine."""
        return f"{self.title} ({self.id})"


def columns_of(rule: Mapping[str, Any]) -> tuple[str, ...]:
    """Columns that a rule needs, in the order named. Columns under `within` only group rows and may be empty."""
    names: list[str] = []
    for key in ("must", "all"):
        names += rule.get(key, {})
    for key in COLUMN_KEYS:
        value = rule.get(key, [])
        names += [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return tuple(dict.fromkeys([*names, *rule.get("when", {})]))


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """Put the words of one `each` entry into the braces of every text below `value`."""
    if isinstance(value, str):
        return value.format_map(words) if "{" in value else value
    if isinstance(value, list):
        return [_filled(item, words) for item in value]
    return {_filled(key, words): _filled(item, words) for key, item in value.items()}


def _expanded(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for words in entry.get("each", [{}]):
        rest = {key: value for key, value in entry.items() if key != "each"}
        yield _filled(rest, {"column": words} if isinstance(words, str) else words)


def _check(entry: Mapping[str, Any]) -> Check:
    return Check(
        id=entry["id"], table=entry["table"], columns=columns_of(entry["rule"]), rule=MappingProxyType(entry["rule"]),
        level=entry["level"], category=entry["category"], subcategory=entry.get("subcategory", ""),
        severity=entry["severity"], threshold=float(entry.get("threshold", 0)), consequence=entry["consequence"],
        sets_aside=tuple(entry.get("sets_aside", ())), title=entry["title"], guidance=entry["guidance"],
    )


@cache
def checks() -> Mapping[str, Check]:
    """Return every check by id, in the order of the catalogue."""
    found = [_check(entry) for listed in read_yaml("checks.yaml")["checks"] for entry in _expanded(listed)]
    return MappingProxyType({check.id: check for check in found})


def threshold_for(check_id: str, share: float) -> float:
    """Return a threshold that a user gives; UserError for an unknown check or a share outside 0 to 1."""
    if check_id not in checks():
        raise UserError(f"thresholds: there is no check '{check_id}'{nearest(check_id, checks())}")
    if not 0 <= share <= 1:
        raise UserError(f"thresholds: {check_id} is {share}; it must be a share from 0 to 1, such as 0.05")
    return float(share)


def of_table(table_name: str, thresholds: Mapping[str, float] | None = None) -> list[Check]:
    """Return the checks of one standard table, with the user's thresholds in place of the catalogue's."""
    given = {check_id: threshold_for(check_id, share) for check_id, share in (thresholds or {}).items()}
    return [
        replace(check, threshold=given.get(check.id, check.threshold))
        for check in checks().values() if check.table == table_name
    ]
