"""Needs against service: what was identified, and how much of it was not met, by domain and severity.

A need that nobody asked about leaves no row, and a row that does not say is no "no": not assessed is not "no need".
"""

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.measures import steps
from crisiskit.measures.answer import finish, pooled, tally
from crisiskit.measures.intervals import garwood
from crisiskit.measures.outcomes import BOUNDS, UNDECIDED
from crisiskit.measures.proportion import proportion
from crisiskit.measures.request import Request, Why, count, missing

STEP = "needs_assessment"
NO_NEED = "no need found"
SCALES = ("instrument",)
"""Severities of several instruments are different numbers; figures over several of them say so."""


def _assessed(request: Request) -> tuple[Request, ibis.Table, Why] | None:
    """Return the assessments, with `found` (a need was identified), and why a row does not say; None without any.

    A need is identified where its severity is above 0 or, without a severity, where it is said whether it was met.
    """
    request = steps.with_contact(request)
    table = steps.rows_of(request, STEP)
    if not steps.sources_of(request, steps.of_kind(request, STEP)):
        return None
    table = table.mutate(found=(table.severity > 0).fill_null(True))
    unsaid = [(f"not assessed: {label}", condition & table.met.isnull())
              for label, condition in missing(table, "severity")]
    return request, table, [("ineligible", table.status == "ineligible"), *unsaid]


def needs_identified(request: Request) -> pd.DataFrame:
    """Number of needs identified, of those assessed; a need of severity 0 was looked for and not found."""
    assessed = _assessed(request)
    if assessed is None:
        return steps.refused(request, steps.absent(STEP))
    request, table, why = assessed
    sums = {"found": table.found.cast("int64").sum(), "none": (~table.found).cast("int64").sum()}
    groups = tally(request, count(request, table, why, sums, recorded=["severity", "met"]), why, sums)
    low, high = garwood(groups["found"], request.variant["confidence"])
    groups = groups.assign(numerator=groups["found"], denominator=np.nan, value=groups["found"], low=low, high=high)
    return finish(request, groups, _notes(request, table, groups), {NO_NEED: "none"}, needs=[["severity"], ["met"]])


def unmet_need(request: Request) -> pd.DataFrame:
    """Share of the identified needs that were not met, of those where it is said, with bounds over the others."""
    assessed = _assessed(request)
    if assessed is None:
        return steps.refused(request, steps.absent(STEP), BOUNDS)
    request, table, why = assessed
    unsaid = [(f"met {label}", condition) for label, condition in missing(table, "met")]
    doubt = [f"met {label}" for label in UNDECIDED]
    notes = _notes(request, table, tally(request, count(request, table, why), why))
    why = [*why, (NO_NEED, ~table.found), *unsaid]
    return proportion(request, table, why, ~table.met, [["met"]], doubt, notes)


def _notes(request: Request, table: ibis.Table, groups: pd.DataFrame) -> dict[int, str]:
    """Say, per group, over which instruments severities were pooled, and which steps meet no contact."""
    columns = dict.fromkeys([*request.by, *SCALES, "severity"])
    over = pooled(request, table.select(*columns).filter(_.severity.notnull()), SCALES, groups)
    lost = steps.strays(request, STEP)
    return {group: "; ".join(filter(None, [over.get(group, ""), lost])) for group in groups["_group"]}
