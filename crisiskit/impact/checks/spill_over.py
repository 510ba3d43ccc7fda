"""Spill-over: is the outcome pushed to, or the good carried to, the areas next door or the hours outside service?"""

from dataclasses import replace

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.checks.common import (
    Tried,
    attempt,
    attempt_outcome,
    movement,
    numbers_of,
    said,
    share,
    sign_changes,
    significant,
    sizes,
    stability,
    table_of,
    without,
)
from crisiskit.impact.checks.placebo import blind_or_clean, comparable
from crisiskit.impact.material import Material
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Check, Status

NEIGHBOURS, HOURS = "Spill-over to neighbours", "Hours outside service"


def neighbours(material: Material) -> Check:
    """The estimate without the neighbours among the comparison, and the neighbours as if they had been treated.

    Status as in `stability` for the estimate without them (fail: sign or conclusion changes, and it moves by more than
    MOVED); warn as well where the neighbours themselves show an effect at LEVEL: against the direction of the main
    estimate the outcome may have been displaced, along with it the effect may have spread. Table: variant, ESTIMATE.
    """
    panel, main = material.panel, material.main
    named = tuple(name for name in material.question.neighbours if name in panel.units and
                  not panel.treated[panel.units.index(name)])  # fmt: skip
    if not named:
        why = "names neighbours, none of them compared with" if material.question.neighbours else "names no neighbours"
        return Check("neighbours", NEIGHBOURS, "not possible", f"The question {why}.",
                     asks="neighbours: the untreated areas beside the treated ones.")  # fmt: skip
    out = attempt(("without neighbours",), lambda: material.refit(without(panel, named)))
    beside = attempt(("neighbours as if treated",), lambda: material.refit(_as_if(panel, named)))
    table = table_of([out, beside], ["variant"])
    if out.quick is None and beside.quick is None:
        return Check("neighbours", NEIGHBOURS, "not possible", f"No estimate without the neighbours: {out.note}.",
                     asks="Comparison areas that are no neighbours.", table=table)  # fmt: skip
    status: Status = "warn" if out.quick is None else stability(main, [out.quick])
    parts, numbers = [], {"neighbours": float(len(named))}
    if out.quick is None:
        parts.append(f"Without the {len(named)} neighbours there is no estimate ({out.note})")
    else:
        parts.append(f"Without the {len(named)} neighbours the estimate is {said(out.quick)}, with them {said(main)}")
        numbers |= {"move": movement(main, out.quick), **numbers_of(out.quick, "without_")}
    words, status = _beside(beside, material, status)
    numbers |= numbers_of(beside.quick, "neighbours_") if beside.quick else {}
    return Check("neighbours", NEIGHBOURS, status, f"{parts[0]}. {words}.", numbers, table=table)


def _as_if(panel: Panel, named: tuple[str, ...]) -> Panel:
    """Neighbours against the rest of the comparison, treated whenever the programme ran anywhere."""
    ran = np.asarray((panel.status > 0).any(axis=0))
    rows = np.array([name in named for name in panel.units], dtype=bool)
    if (rows | panel.treated).all():
        raise UserError("every area to compare with is a neighbour")
    on = np.where(rows[:, None] & ran[None, :], 1.0, 0.0)
    kept = tuple(name for name, was in zip(panel.units, panel.treated, strict=True) if not was)
    return replace(panel, status=on).only(units=kept)


def _beside(beside: Tried, material: Material, status: Status) -> tuple[str, Status]:
    """What the neighbours show by themselves, and the status with that."""
    q = beside.quick
    if q is None:
        return f"Their own change cannot be estimated: {beside.note}", "warn" if status == "pass" else status
    if not significant(q):
        return f"The neighbours themselves: {said(q)}, no effect that can be told from chance", status
    way = "moved against the effect: the outcome may have been displaced to them"
    if not sign_changes(material.main, q):
        way = "moved with the effect: it may have spread to them, and the comparison with them hides a part of it"
    return f"The neighbours themselves {way} ({said(q)})", "warn" if status == "pass" else status


def outside_hours(material: Material) -> Check:
    """The effect on the outcome at hours when the programme does not work; none is expected.

    fail: p below LEVEL, and at least as large as the main effect in the same direction: what did it did not keep the
    programme's hours. warn: p below LEVEL otherwise, or an effect as large as the main one could not have been seen.
    pass: neither. Table: outcome, ESTIMATE.
    """
    outcome, main = material.question.outside_hours, material.main
    if outcome is None:
        return Check("outside_hours", HOURS, "not possible", "The question names no outcome outside service hours.",
                     asks="outside_hours: the outcome counted at hours when the programme does not work.")  # fmt: skip
    tried = attempt_outcome(material, outcome)
    if tried.quick is None:
        return Check("outside_hours", HOURS, "not possible", f"No estimate for {outcome.label}: {tried.note}.",
                     asks="The outcome outside service hours, in the same areas and periods.")  # fmt: skip
    q = tried.quick
    was, now = sizes(main, q)
    status, words = blind_or_clean(q, comparable(material))
    if significant(q) and sign_changes(main, q):
        status, words = "warn", "the outcome may have been displaced to those hours"
    elif significant(q):
        status = "fail" if abs(now) >= abs(was) else "warn"
        words = f"beside {share(was)} in service hours; it reaches further than the service, or has another cause"
    return Check("outside_hours", HOURS, status, f"Effect on {outcome.label}: {said(q)}; {words}.", numbers_of(q),
                 table=table_of([tried], ["outcome"]))  # fmt: skip
