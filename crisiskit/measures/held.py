"""What each source records of what the benchmarks rest on, in one pass per table: who need not be asked, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ibis import _

from crisiskit.measures.definitions import definition
from crisiskit.standard.benchmarks import Benchmark

if TYPE_CHECKING:
    from crisiskit.measures.tables import Tables

LINE = ("offered", "answered", "abandoned")
"""Totals of which `counts` must hold one to say anything about a line."""


@dataclass(frozen=True)
class Held:
    """Source to the columns with a value in `interventions`, and to the line totals in `counts`; "" is all together."""

    columns: Mapping[str, frozenset[str]]
    totals: Mapping[str, frozenset[str]]

    @property
    def sources(self) -> list[str]:
        """The sources that could be compared: those with records or with totals of a line."""
        return sorted(name for name in {*self.columns, *self.totals} if name)

    def lacking(self, item: Benchmark, table: str, source: str) -> str:
        """Why a benchmark's measure has no answer in a table of a source; "" where it may have one."""
        if table == "counts":
            return "" if self.totals.get(source) else "not recorded in this source: totals of a line"
        recorded = self.columns.get(source, frozenset())
        needs = definition(item.measure).needs
        absent = [name for name in item.where[table] if name not in recorded]
        if needs and not any(recorded.issuperset(names) for names in needs):
            absent += [name for name in needs[0] if name not in recorded]
        return f"not recorded in this source: {', '.join(dict.fromkeys(absent))}" if absent else ""


def held(tables: "Tables", items: Iterable[Benchmark]) -> Held:
    """Look once into each table for the columns and totals that any of the benchmarks rests on."""
    asked = [item for item in items if item.measure]
    columns = {name for item in asked for names in definition(item.measure).needs for name in names}
    columns |= {name for item in asked for name in item.where.get("interventions", ())}
    recorded: dict[str, frozenset[str]] = {}
    if "interventions" in tables.tables:
        table = tables.tables["interventions"]
        counts = {name: table[name].count() for name in sorted(columns & set(table.columns))}
        frame = tables.fetch(table.group_by("source").aggregate(_rows=_.count(), **counts))
        recorded = _sets({_name(row["source"]): [name for name in counts if row[name] > 0]
                          for _place, row in frame.iterrows()})
    totals: dict[str, frozenset[str]] = {}
    if "counts" in tables.tables:
        table = tables.tables["counts"]
        frame = tables.fetch(table.filter(table.measure.isin(LINE)).select("source", "measure").distinct())
        totals = _sets({name: list(rows["measure"]) for name, rows in frame.groupby(frame["source"].map(_name))})
    return Held(recorded, totals)


def _name(source: object) -> str:
    return source if isinstance(source, str) else ""


def _sets(found: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    """Freeze, and add what all sources hold together, under ""."""
    sets = {name: frozenset(values) for name, values in found.items()}
    return {**sets, "": frozenset().union(*sets.values())} if sets else {}
