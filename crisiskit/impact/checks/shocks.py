"""Shocks: can the estimate be told from the pandemic, and from whatever else happened?"""

import re
from dataclasses import replace

import numpy as np

from crisiskit.days import Span
from crisiskit.errors import UserError
from crisiskit.impact.checks.common import (
    Tried,
    attempt,
    farthest,
    movement,
    numbers_of,
    periods,
    said,
    stability,
    table_of,
    without,
)
from crisiskit.impact.checks.window import touched, year_before
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Shock
from crisiskit.impact.result import Check, Status

COVID = Span.model_validate({"from": "2020-03-15", "to": "2021-06-30"})
"""The pandemic, where the question gives it no days of its own: first closures to the end of most restrictions."""

PANDEMIC = re.compile(r"covid|pandemi|corona|sars-cov", re.IGNORECASE)
PANDEMIC_TITLE, OTHER_TITLE = "The pandemic", "What else happened"
KEYS = ["variant", "shock"]
YEAR_BEFORE = "against the same periods a year before"


def covid(material: Material) -> Check:
    """The estimate without the pandemic's periods, without areas it hit, and against the same periods a year before.

    Looked at whenever the panel touches COVID, or the days that the question's own shock of that name has. Rules as in
    `shocks`; pass where the panel does not touch it.
    """
    named = [shock for shock in material.question.shocks if PANDEMIC.search(shock.name)]
    found = named or [Shock(name="pandemic", days=COVID)]
    if not any(_hits(material.panel, shock) for shock in found):
        return Check("covid", PANDEMIC_TITLE, "pass", "The periods compared lie outside the pandemic "
                     f"({found[0].days.first} to {found[0].days.last}).", {"periods": 0.0})  # fmt: skip
    hit = [shock for shock in found if _hits(material.panel, shock)]
    return _judged("covid", PANDEMIC_TITLE, material, hit)


def shocks(material: Material) -> Check:
    """The estimate without the periods of each other shock of the question, and without the areas that it hit.

    Where it hit every treated area (or every other), its periods in those areas are taken as unknown instead.

    fail: the sign of a significant estimate changes, or its conclusion changes and it moves by more than MOVED. warn:
    one of the two, or a shock that cannot be left out: it covers every period before or after the start, or every
    treated area. pass: none of these. Not possible where no shock is named. Table: variant, shock, ESTIMATE.
    """
    named = [shock for shock in material.question.shocks if not PANDEMIC.search(shock.name)]
    if not named:
        return Check("shocks", OTHER_TITLE, "not possible", "The question names no other shock.",
                     asks="shocks: what else happened in these areas and days (protests, a new law).")  # fmt: skip
    hit = [shock for shock in named if _hits(material.panel, shock)]
    if not hit:
        return Check("shocks", OTHER_TITLE, "pass", "The shocks named lie outside the periods and areas compared.",
                     {"shocks": 0.0})  # fmt: skip
    return _judged("shocks", OTHER_TITLE, material, hit)


def _hits(panel: Panel, shock: Shock) -> bool:
    """Tell whether the shock touches a period, and an area, of the panel."""
    return bool(touched(panel, shock.days).any()) and (not shock.areas or bool(set(shock.areas) & set(panel.units)))


def _judged(name: str, title: str, material: Material, found: list[Shock]) -> Check:
    tried = [item for shock in found for item in _variants(material, shock)]
    table, main = table_of(tried, KEYS), material.main
    stuck = [first for shock in found if (first := _stuck(shock, tried))]
    known = [item.quick for item in tried if item.quick]
    status: Status = stability(main, known)
    if stuck and status == "pass":
        status = "warn"
    parts = [f"Cannot be left out: {item.keys[1]} ({item.name}: {item.note})" for item in stuck]
    if stuck:
        parts.append("what hit both alike is absorbed by the comparison, what hit one side more is not")
    most, numbers = farthest(main, tried), {"variants": float(len(known)), "not_separable": float(len(stuck))}
    if most is not None and most.quick is not None:
        parts.append(f"{most.name} ({most.keys[1]}) the estimate is {said(most.quick)}, with all {said(main)}")
        numbers |= {"move": movement(main, most.quick), **numbers_of(most.quick)}
    finding = "; ".join(parts)
    return Check(name, title, status, f"{finding[:1].upper()}{finding[1:]}.", numbers, table=table)


def _stuck(shock: Shock, tried: list[Tried]) -> Tried | None:
    """The first failed try to leave a shock out, where every such try failed; None where one gave an estimate."""
    own = [item for item in tried if item.keys[1] == shock.name and item.name != YEAR_BEFORE]
    return None if any(item.quick for item in own) else own[0]


def _variants(material: Material, shock: Shock) -> list[Tried]:
    """Estimates without the shock's periods, without its areas, and against the year before."""
    panel, gone = material.panel, touched(material.panel, shock.days)
    tried = [attempt(("without its periods", shock.name), lambda: material.refit(_calm(panel, gone)))]
    if shock.areas:
        tried.append(attempt(("without the areas it hit", shock.name), _elsewhere, material, shock.areas))
        if tried[-1].quick is None:
            tried.append(attempt(("without its periods in those areas", shock.name),
                                 lambda: material.refit(_blanked(panel, shock.areas, gone))))  # fmt: skip
    if PANDEMIC.search(shock.name):
        tried.append(attempt((YEAR_BEFORE, shock.name), lambda: _against_year_before(material)))
    return tried


def _elsewhere(material: Material, areas: tuple[str, ...]) -> Quick:
    found: Quick = material.refit(without(material.panel, areas))
    return found


def _calm(panel: Panel, gone: np.ndarray) -> Panel:
    """The panel less a shock's periods; UserError in words about the shock."""
    on = (panel.status > 0).any(axis=0)
    if gone[on].all():
        raise UserError("every period after the start lies inside it")
    if gone[~on].all():
        raise UserError("every period before the start lies inside it")
    return periods(panel, ~gone)


def _blanked(panel: Panel, areas: tuple[str, ...], gone: np.ndarray) -> Panel:
    """The panel in which the cells that a shock hit are unknown."""
    rows = np.array([name in areas for name in panel.units])
    return replace(panel, outcome=np.where(rows[:, None] & gone[None, :], np.nan, panel.outcome))


def _against_year_before(material: Material) -> Quick:
    """The estimate with the same periods a year earlier as those before the start."""
    whole = material.whole
    pairs = [pair for pair in year_before(whole) if whole.starts[pair[1]] in material.panel.starts]
    if not pairs:
        raise UserError("the data do not hold the same periods of the year before the start")
    return material.refit(whole.only(periods=np.array(sorted(at for pair in pairs for at in pair))))
