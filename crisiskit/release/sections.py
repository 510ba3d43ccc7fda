"""The sections of the notebooks as data: which columns each needs, and what a source lacks for it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import yaml

from crisiskit.errors import UserError, nearest

Recorded = Mapping[str, Collection[str]]
"""Standard table to the columns that a source records in it."""


@dataclass(frozen=True)
class Section:
    """One section of a notebook. `needs` are alternatives of (table, column) pairs; empty: shown for every source.

    `asks` says in words what any of many alternatives would be; empty where the columns say it themselves.
    """

    notebook: str
    id: str
    title: str
    measure: str
    needs: tuple[tuple[tuple[str, str], ...], ...]
    asks: str

    def lacks(self, recorded: Recorded) -> tuple[str, ...]:
        """The columns that are missing, of the alternative that lacks least; empty when the section can be shown."""
        missing = [
            tuple(column if table == "interventions" else f"{table}.{column}" for table, column in alternative
                  if column not in recorded.get(table, ()))
            for alternative in self.needs
        ]  # fmt: skip
        return min(missing, key=len, default=())


@cache
def notebooks() -> Mapping[str, str]:
    """Name of every notebook to its title, in order."""
    return MappingProxyType({name: entry["title"] for name, entry in _entries().items()})


def demo_kind(notebook: str) -> str:
    """The kind of record that is simulated where a notebook is given no tables."""
    return str(_entries()[notebook].get("demo", "call_for_service"))


@cache
def sections(notebook: str) -> Mapping[str, Section]:
    """The sections of one notebook by id, in order. Raises UserError for a notebook that is not known."""
    if notebook not in _entries():
        raise UserError(f"notebook '{notebook}' has no sections here{nearest(notebook, _entries())}")
    found = {}
    for name, entry in _entries()[notebook]["sections"].items():
        needs = tuple(tuple(_column(word) for word in words) for words in entry.get("needs", ()))
        found[name] = Section(notebook, name, entry["title"], entry.get("measure", ""), needs, entry.get("asks", ""))
    return MappingProxyType(found)


def plan(notebook: str, recorded: Recorded) -> list[tuple[str, tuple[str, ...]]]:
    """(Title, missing columns) of every section: what a dry run says would be shown and what would not, and why."""
    return [(section.title, section.lacks(recorded)) for section in sections(notebook).values()]


def _column(word: str) -> tuple[str, str]:
    table, dot, column = word.rpartition(".")
    return (table, column) if dot else ("interventions", word)


@cache
def _entries() -> Mapping[str, dict]:
    """The YAML files in `notebooks/` by name of the notebook, in order, every scalar as text."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    folder = files("crisiskit.release").joinpath("notebooks")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".yaml"))
    texts = {name.removesuffix(".yaml"): folder.joinpath(name).read_text("utf-8") for name in names}
    return {name: yaml.load(text, Loader=loader) for name, text in texts.items()}
