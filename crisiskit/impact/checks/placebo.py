"""Placebos: the same method where no effect can be, at a date when nothing began and on an outcome out of reach."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact.checks.common import (
    LEVEL,
    Tried,
    attempt,
    attempt_outcome,
    numbers_of,
    p_words,
    said,
    share,
    significant,
    sizes,
    table_of,
)
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import p_value
from crisiskit.impact.result import Check, Status

if TYPE_CHECKING:
    import pandas as pd

FEWEST, MOST_DATES = 3, 12
"""Periods before and after a pretended start, at least; pretended starts, at most."""

MOST_BY_CHANCE = 0.25
"""More than this share of the dates (and at least two) with p below LEVEL is more than chance gives, even where the
stretches overlap: for a method whose dates cannot be judged together."""

DATE, OUTCOME = "A start when nothing began", "An outcome that the programme cannot change"


def placebo_date(material: Material) -> Check:
    """Pretend that the programme started earlier, in the periods before it began anywhere only.

    Every date with FEWEST periods before and after it (at most MOST_DATES, evenly spread), with as many periods on
    each side as the main comparison has, where there are so many; all treated areas start at once. The dates share
    their periods, so where p is by randomisation they are judged together (`together`): fail below LEVEL. By other
    methods fail where the smallest p is below LEVEL / number of dates (Bonferroni), or more than MOST_BY_CHANCE of them
    are below LEVEL. warn: any p below LEVEL that is not accounted for so, or an effect as large as the real one. pass:
    neither. Table: date, ESTIMATE.
    """
    free = material.whole.only(periods=material.whole.before)
    last = len(free.starts) - FEWEST
    if last < FEWEST:
        return Check("placebo_date", DATE, "not possible", f"Only {len(free.starts)} periods lie before the start; a "
                     f"pretended start needs {FEWEST} on each side.",
                     asks=f"At least {2 * FEWEST} periods before the start.")  # fmt: skip
    places = np.unique(np.linspace(FEWEST, last, min(MOST_DATES, last - FEWEST + 1)).round().astype(int)).tolist()
    tried = [attempt((free.starts[at].isoformat(),), _pretended, material, free, at) for at in places]
    table = table_of(tried, ["date"])
    known = [item for item in tried if item.quick and np.isfinite(item.quick.p)]
    if not known:
        why = next((item.note for item in tried if item.note), "the method gives no p here")
        return Check("placebo_date", DATE, "not possible", f"No pretended start could be estimated: {why}.",
                     asks="More periods before the start in which the outcome was recorded.", table=table)  # fmt: skip
    return _judged_dates(material.main, known, table)


def _pretended(material: Material, free: Panel, at: int) -> Quick:
    """The estimate around position `at` of the periods before the programme, as if it had started there."""
    before = int(material.panel.before.sum())
    first, last = max(0, at - max(before, FEWEST)), at + max(len(material.panel.starts) - before, FEWEST)
    on = np.zeros(free.status.shape)
    on[material.whole.treated, at:] = 1
    found: Quick = material.refit(replace(free, status=on).only(periods=np.arange(first, min(last, len(free.starts)))))
    return found


def together(quicks: Sequence[Quick]) -> float:
    """p of the largest |t| of several dates under the same deals: how often chance gives one date such a t.

    Dates that overlap move together, and the deals know how much (Westfall and Young, Resampling-based multiple
    testing, 1993). NaN where a date was not judged by deals, or by others than the rest.
    """
    deals = [q.deals for q in quicks]
    known = [np.abs(np.nan_to_num(one, nan=np.inf)) for one in deals if one is not None]
    if len(known) < len(deals) or len({len(one) for one in known}) != 1:
        return float("nan")
    return p_value(np.max(known, axis=0))


def _judged_dates(main: Quick, known: list[Tried], table: "pd.DataFrame") -> Check:
    quicks = [item.quick for item in known if item.quick]
    count, hits, joint = len(known), sum(significant(q) for q in quicks), together(quicks)
    smallest = min(q.p for q in quicks)
    largest = max(quicks, key=lambda q: abs(sizes(q, main)[0]))
    size, real = sizes(largest, main)
    as_large = sum(abs(sizes(q, main)[0]) >= abs(sizes(q, main)[1]) for q in quicks)
    status: Status = "warn" if as_large or (hits and joint != joint) else "pass"
    if joint < LEVEL or (joint != joint and _more_than_chance(hits, count, smallest)):
        status = "fail"
    one = "one pretended start" if count == 1 else f"{count} pretended starts"
    finding = f"Of {one}, {hits} {'shows' if hits == 1 else 'show'} an effect at 5 % (smallest {p_words(smallest)})"
    finding += f"; taken together {p_words(joint)}. " if joint == joint and count > 1 else ". "
    finding += f"The largest placebo effect is {share(size)}, the real one {share(real)}"
    if as_large:
        finding += f"; {as_large} {'is' if as_large == 1 else 'are'} at least as large as the real one"
    numbers = {"dates": count, "significant": hits, "smallest_p": smallest, "largest_relative": largest.relative,
               "main_relative": main.relative, "as_large": as_large}  # fmt: skip
    numbers |= {"joint_p": joint} if joint == joint else {}
    return Check("placebo_date", DATE, status, f"{finding}.", numbers, table=table)


def _more_than_chance(hits: int, count: int, smallest: float) -> bool:
    return smallest < LEVEL / count or (hits >= 2 and hits > MOST_BY_CHANCE * count)


def placebo_outcome(material: Material) -> Check:
    """The same estimate for an outcome that the programme cannot change (the negative control).

    fail: p below LEVEL. warn: no p, or the interval holds an effect as large as the main one (or as the smallest worth
    funding, where that is larger), so that such an effect could not have been seen. pass: neither.
    """
    control = material.question.negative_control
    if control is None:
        return Check("placebo_outcome", OUTCOME, "not possible", "The question names no negative control.",
                     asks="negative_control: an outcome that the programme cannot change, same source.")  # fmt: skip
    tried = attempt_outcome(material, control)
    if tried.quick is None:
        return Check("placebo_outcome", OUTCOME, "not possible", f"No estimate for {control.label}: {tried.note}.",
                     asks="A negative control that is recorded in the same areas and periods.")  # fmt: skip
    q = tried.quick
    size = comparable(material)
    status, words = blind_or_clean(q, size)
    if significant(q):
        status, words = "fail", "what moved it may have moved the outcome as well"
    finding = f"Effect on {control.label}: {said(q)}; {words}."
    return Check("placebo_outcome", OUTCOME, status, finding, {**numbers_of(q), "compared_with": size},
                 table=table_of([tried], ["outcome"]))  # fmt: skip


def comparable(material: Material) -> float:
    """The relative effect that a placebo should have been able to see, in the direction of the main one."""
    main, worth = material.main, material.question.worth
    down = main.b < 0 or (main.b == 0 and material.question.outcome.better == "fewer")
    size = max(abs(main.relative) if np.isfinite(main.relative) else 0.0, worth)
    return -min(size, 1.0) if down else size


def blind_or_clean(q: Quick, size: float) -> tuple[Status, str]:
    """Of an estimate that should show nothing: could it have shown an effect of `size`?"""
    if not np.isfinite(q.p):
        return "warn", "there is no p to judge it by"
    if not q.relative_low <= q.relative_high:
        return "warn", "it has no interval as a share, so that it cannot be said what could have been seen"
    if q.relative_low <= size <= q.relative_high:
        return "warn", f"an effect of {share(size)} could not have been seen"
    return "pass", f"an effect of {share(size)} would have been seen"
