"""Leave one out: does the estimate rest on one area, or on one period?"""

from collections.abc import Sequence

import numpy as np

from crisiskit.impact.checks.common import (
    LEVEL,
    MOVED,
    Tried,
    attempt,
    conclusion,
    farthest,
    movement,
    periods,
    said,
    sign_changes,
    significant,
    stability,
    table_of,
    without,
)
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import possible
from crisiskit.impact.result import Check, Status

MOST_AREAS, MOST_TREATED, MOST_PERIODS = 60, 40, 24
"""Estimates made, at most: areas in all, treated ones among more than MOST_AREAS, periods."""

CARRIED = 0.5
"""An area without which more than this share of the estimate is gone carries it. The significance alone is no sign of
that: where p is near LEVEL any smaller panel loses it."""

AREA, PERIOD = "Without one area", "Without one period"


def leave_one_area_out(material: Material) -> Check:
    """The estimate without each treated and each comparison area.

    Of more than MOST_AREAS areas, the treated with most outcomes (all of them up to MOST_TREATED), then the others with
    most. fail: the sign of a significant estimate changes, or with one treated area more than CARRIED of it is lost
    together with its conclusion at LEVEL (where the assignments that are left could have reached LEVEL). warn: the
    estimate moves by more than MOVED, the conclusion changes, or there is one treated area only. pass: none of these.
    Table: area, treated, ESTIMATE.
    """
    panel = material.panel
    if len(panel.units) < 3 or not panel.treated.any():
        return Check("leave_one_area_out", AREA, "not possible", f"The panel has {_areas(len(panel.units))}: none can "
                     "be left out.", asks="More areas, treated or to compare with.")  # fmt: skip
    chosen = _largest(panel)
    tried = [attempt((panel.units[row], bool(panel.treated[row])), _less_area, material, row) for row in chosen]
    table = table_of(tried, ["area", "treated"])
    known = [item for item in tried if item.quick]
    most = farthest(material.main, tried)
    if most is None or most.quick is None:
        return Check("leave_one_area_out", AREA, "not possible", f"No estimate without an area: {tried[0].note}.",
                     asks="More areas, treated or to compare with.", table=table)  # fmt: skip
    status, why = _judged_areas(material.main, known, panel)
    of = f"{_areas(len(chosen))}" if len(chosen) == len(panel.units) else f"{len(chosen)} of {len(panel.units)} areas"
    finding = (f"Left out one at a time ({of}), the estimate goes from {said(material.main)} at most to "
               f"{said(most.quick)}, without {most.name}{why}.")  # fmt: skip
    moves = [movement(material.main, item.quick) for item in known if item.quick]
    numbers = {"areas": len(chosen), "largest_move": max(moves), **_ends(known)}
    return Check("leave_one_area_out", AREA, status, finding, numbers, table=table)


def _less_area(material: Material, row: int) -> Quick:
    found: Quick = material.refit(without(material.panel, (material.panel.units[row],)))
    return found


def _less_period(material: Material, at: int) -> Quick:
    found: Quick = material.refit(periods(material.panel, np.arange(len(material.panel.starts)) != at))
    return found


def _judged_areas(main: Quick, known: Sequence[Tried], panel: Panel) -> tuple[Status, str]:
    """Status by the rules of `leave_one_area_out`, and the words that say why."""
    flips = [item for item in known if item.quick and sign_changes(main, item.quick)]
    if flips and significant(main):
        return "fail", f"; its sign changes without {flips[0].name}"
    lost = [item for item in known if item.quick and conclusion(item.quick) != conclusion(main)]
    rests = [item for item in lost if item.keys[1] and significant(main) and item.quick
             and movement(main, item.quick) > CARRIED and _can_reach(panel, item.name)]  # fmt: skip
    if rests:
        return "fail", f"; more than half of the effect rests on the treated area {rests[0].name}"
    if lost:
        return "warn", f"; the conclusion at 5 % changes without {lost[0].name}"
    if int(panel.treated.sum()) == 1:
        return "warn", "; there is one treated area, on which all rests"
    if any(item.quick and movement(main, item.quick) > MOVED for item in known):
        return "warn", ""
    return "pass", ""


def _can_reach(panel: Panel, area: str) -> bool:
    """Tell whether the assignments without this area allow a p below LEVEL at all."""
    return possible(without(panel, (area,)).status)[1] < LEVEL


def _largest(panel: Panel) -> list[int]:
    """Rows of the areas to leave out, in order of their names: all, or those with most outcomes."""
    every = np.arange(len(panel.units))
    if len(every) <= MOST_AREAS:
        return every.tolist()
    order = np.lexsort((every, -np.nansum(panel.outcome, axis=1)))
    treated = [row for row in order if panel.treated[row]][:MOST_TREATED]
    others = [row for row in order if not panel.treated[row]][: MOST_AREAS - len(treated)]
    return sorted(int(row) for row in (*treated, *others))


def leave_one_period_out(material: Material) -> Check:
    """The estimate without each period.

    Of more than MOST_PERIODS periods, those in which the treated areas' share of the outcome strays most from its mean
    before, or after, the start. Status as in `stability`: fail where the sign of a significant estimate changes, or
    its conclusion changes and it moves by more than MOVED; warn for one of the two. Table: period, ESTIMATE.
    """
    panel = material.panel
    chosen = _strayed(panel)
    tried = [attempt((panel.starts[at].isoformat(),), _less_period, material, at) for at in chosen]
    table = table_of(tried, ["period"])
    most = farthest(material.main, tried)
    if most is None or most.quick is None:
        return Check("leave_one_period_out", PERIOD, "not possible", "No estimate without a period: "
                     f"{tried[0].note}.", asks="More periods before and after the start.", table=table)  # fmt: skip
    known = [item for item in tried if item.quick]
    status = stability(material.main, [item.quick for item in known if item.quick])
    missing = len(tried) - len(known)
    if missing and status == "pass":
        status = "warn"
    words = f"; without {missing} of them there is no estimate" if missing else ""
    of = f"{len(chosen)}" if len(chosen) == len(panel.starts) else f"{len(chosen)} of {len(panel.starts)}"
    finding = (f"Without one period at a time ({of}), the estimate goes from {said(material.main)} at most to "
               f"{said(most.quick)}, without the {panel.step} of {most.name}{words}.")  # fmt: skip
    numbers = {"periods": len(chosen), "largest_move": movement(material.main, most.quick), **_ends(known)}
    return Check("leave_one_period_out", PERIOD, status, finding, numbers, table=table)


def _strayed(panel: Panel) -> list[int]:
    """Positions of the periods to leave out, in order of time."""
    every = np.arange(len(panel.starts))
    if len(every) <= MOST_PERIODS:
        return every.tolist()
    total = np.nansum(panel.outcome, axis=0)
    part = np.nansum(panel.outcome[panel.treated], axis=0)
    level = part if panel.treated.all() else np.divide(part, total, out=np.zeros(len(every)), where=total > 0)
    apart = np.zeros(len(every))
    for side in (panel.before, ~panel.before):
        apart[side] = np.abs(level[side] - level[side].mean()) * total[side] if side.any() else 0.0
    return sorted(np.lexsort((every, -apart))[:MOST_PERIODS].tolist())


def _ends(known: Sequence[Tried]) -> dict[str, float]:
    found = [item.quick for item in known if item.quick]
    return {"lowest_relative": min(q.relative for q in found), "highest_relative": max(q.relative for q in found),
            "largest_p": max(q.p for q in found)}  # fmt: skip


def _areas(count: int) -> str:
    return "1 area" if count == 1 else f"{count} areas"
