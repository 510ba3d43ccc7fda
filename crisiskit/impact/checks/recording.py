"""Recording: did the programme, the date that is counted, or a change of coding move what is recorded?"""

from datetime import date

import numpy as np

from crisiskit.impact.checks.common import (
    attempt,
    attempt_outcome,
    farthest,
    movement,
    numbers_of,
    said,
    sign_changes,
    significant,
    sizes,
    stability,
    table_of,
)
from crisiskit.impact.checks.window import next_start, number
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.result import Check, Status

HALF = 0.5
"""Recording that moves by this share of the main effect, in its direction, could explain much of it."""

NEAR, YEAR_DAYS = 1, 365
"""A change of coding within this many periods of the start is a rival; within this many days of it, it is listed."""

REPORTING, DATE, CODING = "Recording against incidence", "The date that is counted", "Changes of coding"


def reporting(material: Material) -> Check:
    """The effect on what shows a change of recording (calls, officer-made reports).

    fail: it moved in the direction of the main effect by HALF of it or more, with p below LEVEL: the programme may
    change what is recorded rather than what happens. warn: that much with p at or above LEVEL, beside a main effect
    below it, or another effect with p below LEVEL. pass: neither. Table: outcome, ESTIMATE.
    """
    outcome, main = material.question.recording, material.main
    more = (" More records of the outcome may themselves be a success of the programme."
            if material.question.outcome.more_may_be_success else "")  # fmt: skip
    asks = "recording: an outcome that shows how much is recorded, such as calls, or reports that officers make."
    if outcome is None:
        return Check("reporting", REPORTING, "not possible", "The question names no outcome that shows a change of "
                     f"recording.{more}", asks=asks)  # fmt: skip
    tried = attempt_outcome(material, outcome)
    if tried.quick is None:
        return Check("reporting", REPORTING, "not possible", f"No estimate for {outcome.label}: {tried.note}.{more}",
                     asks=asks)  # fmt: skip
    q = tried.quick
    was, now = sizes(main, q)
    part = now / was if was else float("nan")
    status: Status = "pass"
    words = "what is recorded did not move along with the outcome"
    if part >= HALF and (significant(q) or significant(main)):
        status = "fail" if significant(q) else "warn"
        words = "the programme may change what is recorded rather than what happens"
        words += "" if significant(q) else ", though chance is not excluded"
    elif significant(q):
        status = "warn"
        words = ("recording moved the other way, which hides a part of the effect" if sign_changes(main, q) else
                 "recording moved the same way, by less than half of the effect")  # fmt: skip
    return Check("reporting", REPORTING, status,
                 f"Effect on {outcome.label}: {said(q)}, beside {said(main)}; {words}.{more}",
                 {**numbers_of(q), "share_of_main": part}, table=table_of([tried], ["outcome"]))  # fmt: skip


def date_choice(material: Material) -> Check:
    """The estimate by the outcome's other dates (occurred, reported).

    warn: the estimate moves by more than MOVED, or its conclusion at LEVEL changes. fail: the sign of a significant
    estimate changes, or both of the above. pass: none of these (`stability`). Table: date, ESTIMATE.
    """
    outcome = material.question.outcome
    counted = material.question.date or next(iter(outcome.dates), "")
    others = sorted(set(outcome.dates) - {counted})
    asks = "dates: a second date of the outcome, such as reported beside occurred."
    if not others:
        return Check("date_choice", DATE, "not possible", "The outcome has one date only.", asks=asks)
    tried = [attempt((name,), _by_date, material, name) for name in others]
    table = table_of(tried, ["date"])
    most = farthest(material.main, tried)
    if most is None or most.quick is None:
        return Check("date_choice", DATE, "not possible", f"No estimate by {tried[0].name}: {tried[0].note}.",
                     asks=asks, table=table)  # fmt: skip
    status = stability(material.main, [item.quick for item in tried if item.quick])
    return Check("date_choice", DATE, status, f"By the date {counted} the estimate is {said(material.main)}, by "
                 f"{most.name} {said(most.quick)}.", {"move": movement(material.main, most.quick),
                 **numbers_of(most.quick)}, table=table)  # fmt: skip


def _by_date(material: Material, name: str) -> Quick:
    found: Quick = material.refit(material.rebuild(date=name))
    return found


def coding_change(material: Material) -> Check:
    """Changes of coding or form, from the logs of the outcome's sources, beside the start of the programme.

    fail: one within NEAR periods of a start of the programme. warn: one inside the periods compared. pass: none there;
    changes within YEAR_DAYS of a start are listed all the same. Table: on, what, periods (from the nearest start,
    negative before it), inside.
    """
    import pandas as pd

    panel = material.panel
    starts = [panel.starts[at] for at in sorted(set(panel.first[panel.treated].tolist()))]
    if not starts:
        return Check("coding_change", CODING, "not possible", "The programme starts nowhere in the panel.",
                     asks="Periods after the start.")  # fmt: skip
    end = next_start(panel.starts[-1], panel.step)
    rows = []
    for on, what in sorted(set(material.changes)):
        inside = panel.starts[0] <= on < end
        if inside or min(abs((on - start).days) for start in starts) <= YEAR_DAYS:
            rows.append((on, what, _nearest(on, starts, panel.step), inside))
    table = pd.DataFrame(rows, columns=["on", "what", "periods", "inside"])
    near = [row for row in rows if abs(row[2]) <= NEAR]
    within = [row for row in rows if row[3]]
    numbers = {"changes": len(rows), "inside": len(within), "near_start": len(near),
               "nearest_periods": float(np.min(np.abs(table["periods"]))) if rows else float("nan")}  # fmt: skip
    status: Status = "fail" if near else "warn" if within else "pass"
    if near or within:
        on, what, apart, _ = min(near or within, key=lambda row: (abs(row[2]), row[0]))
        finding = (f"{_count(len(near or within))} {'at the start' if near else 'inside the periods compared'}: "
                   f"{on}, {what.rstrip('.')} ({_apart(apart, panel.step)}).")  # fmt: skip
    else:
        finding = "No change of coding is logged inside the periods compared"
        finding += f"; {_count(len(rows))} within a year of the start." if rows else "."
        finding += " A change that nobody logged is not seen."
    return Check("coding_change", CODING, status, finding, numbers, table=table)


def _nearest(on: date, starts: list[date], step: str) -> int:
    return min((number(on, start, step) for start in starts), key=lambda apart: (abs(apart), apart))


def _apart(apart: int, step: str) -> str:
    if not apart:
        return f"in the {step} of the start"
    return f"{abs(apart)} {step}{'s' * (abs(apart) > 1)} {'before' if apart < 0 else 'after'} the start"


def _count(count: int) -> str:
    return "1 change of coding is logged" if count == 1 else f"{count} changes of coding are logged"
