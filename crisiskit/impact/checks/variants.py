"""The variants of a study: every defensible outcome, date, list of areas, model and window, and their panels."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import NamedTuple

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.checks.common import without
from crisiskit.impact.checks.window import span
from crisiskit.impact.material import Material
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Outcome

MOST, FEWEST, MOST_PANELS = 240, 24, 24
"""Estimates at most, at most in the largest panels, and panels that are put together anew at most."""

CELLS = 5000
"""Panels of more cells than this get fewer variants, in proportion: what an estimate costs grows with them."""

SHORTEST = 3
LISTED, BESIDE = "as listed", "without neighbours"
MAIN, ALL = "main", "all data"


class Variant(NamedTuple):
    """One way to make the estimate; each choice by its name."""

    outcome: str
    date: str
    areas: str
    model: str
    window: str


def most(panel: Panel) -> int:
    """How many variants are estimated at most on panels of this size; the clock has no say in it."""
    return int(np.clip(MOST * CELLS / panel.outcome.size, FEWEST, MOST))


@dataclass(frozen=True, eq=False)
class Variants:
    """All variants of a study, and the panel of each; put together once per outcome, date and areas."""

    material: Material
    _panels: dict[tuple[str, str, str], Panel | str] = field(default_factory=dict)

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """Label to outcome: the main one, then the other definitions."""
        question = self.material.question
        found = {question.outcome.label: question.outcome}
        for other in question.definitions:
            found.setdefault(other.label, other)
        return found

    @cached_property
    def main(self) -> Variant:
        """The study as it is."""
        question = self.material.question
        return Variant(question.outcome.label, self._counted(question.outcome), LISTED, question.model, MAIN)

    def _counted(self, outcome: Outcome) -> str:
        wanted = self.material.question.date
        return wanted if wanted in outcome.dates else next(iter(outcome.dates), "")

    @cached_property
    def windows(self) -> dict[str, frozenset[object]]:
        """Name to the first days of its periods: main, all data, and half of the shorter side on both sides."""
        panel, whole = self.material.panel, self.material.whole
        found: dict[str, frozenset[object]] = {MAIN: frozenset(panel.starts)}
        if set(whole.starts) != set(panel.starts):
            found[ALL] = frozenset(whole.starts)
        start = int(panel.before.sum())
        half = min(start, len(panel.starts) - start) // 2
        if half >= SHORTEST:
            found[f"{half} {panel.step}s each side"] = frozenset(panel.starts[start - half : start + half])
        return found

    @cached_property
    def areas(self) -> list[str]:
        """Names of the lists of areas; BESIDE leaves the neighbours out of the comparison."""
        question = self.material.question
        beside = [BESIDE] if set(question.neighbours) & set(self.material.panel.units) else []
        return [LISTED, *beside, *sorted(question.alternative_areas)]

    @cached_property
    def models(self) -> list[str]:
        """Models that the design can take; one that compares no areas, or weights them, has its own."""
        own = self.material.question.model
        design = self.material.estimate.design
        if design == "its" or "synthetic" in design or self.material.panel.treated.all():
            return [own]
        return [own, *(name for name in ("poisson", "log", "linear") if name != own)]

    def every(self) -> list[Variant]:
        """The full cross, the main one first."""
        return [
            Variant(label, date, areas, model, window)
            for (label, outcome), areas, model, window in product(
                self.outcomes.items(), self.areas, self.models, self.windows
            )
            for date in sorted(outcome.dates or {"": ""}, key=lambda name: name != self._counted(outcome))
        ]

    def in_order(self) -> Iterator[Variant]:
        """The main one, then those that differ in one choice, then the rest in an order drawn from the seed.

        Only from the first MOST_PANELS panels that this order meets.
        """
        every = self.every()
        differ = [sum(a != b for a, b in zip(item, self.main, strict=True)) for item in every]
        near = [item for item, count in sorted(zip(every, differ, strict=True), key=lambda x: x[1]) if count <= 1]
        far = [item for item, count in zip(every, differ, strict=True) if count > 1]
        drawn = np.random.default_rng(self.material.question.seed).permutation(len(far))
        met: dict[tuple[str, str, str], None] = {}
        for item in [*near, *(far[at] for at in drawn)]:
            key = (item.outcome, item.date, LISTED if item.areas == BESIDE else item.areas)
            if key in met or len(met) < MOST_PANELS:
                met[key] = None
                yield item

    def panel(self, item: Variant) -> Panel:
        """The panel of a variant. UserError where it cannot be put together, or cut so."""
        whole = self._whole(item.outcome, item.date, LISTED if item.areas == BESIDE else item.areas)
        if item.areas == BESIDE:
            treated = {name for name, was in zip(whole.units, whole.treated, strict=True) if was}
            whole = without(whole, [name for name in self.material.question.neighbours if name not in treated])
        keep = np.array([start in self.windows[item.window] for start in whole.starts], dtype=bool)
        cut = whole.only(periods=keep)
        if not cut.treated.any():
            raise UserError("no period after the start lies in the window")
        return cut

    def _whole(self, label: str, date: str, areas: str) -> Panel:
        key = (label, date, areas)
        if key not in self._panels:
            try:
                self._panels[key] = self._built(label, date, areas)
            except UserError as error:
                self._panels[key] = str(error)
        found = self._panels[key]
        if isinstance(found, str):
            raise UserError(found)
        return found

    def _built(self, label: str, date: str, areas: str) -> Panel:
        material, main = self.material, self.main
        if (label, date, areas) == (main.outcome, main.date, LISTED):
            return material.whole
        return material.rebuild(
            outcome=None if label == main.outcome else self.outcomes[label],
            date=date,
            treated=None if areas == LISTED else tuple(material.question.alternative_areas[areas]),
            window=span(material.whole) if ALL in self.windows else None,
        )
