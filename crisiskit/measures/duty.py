"""Duties: whether a step that is owed (a safety plan, a rights notice, asking for consent) is on record.

A source that keeps no such step has not neglected the duty: it does not say. To whom a duty is owed is chosen with
`where`.
"""

import ibis
import pandas as pd
from ibis import _

from crisiskit.measures import steps
from crisiskit.measures.outcomes import BOUNDS
from crisiskit.measures.proportion import proportion
from crisiskit.measures.request import AGGREGATE, Request, missing, token
from crisiskit.standard import dictionary

UNDONE = ("offered", "refused", "unreachable")
"""States of a step that is on record and was not completed."""


def duty_completed(request: Request) -> pd.DataFrame:
    """Share of contacts with the owed step completed: a step of that kind, or one that names it as its item.

    Consent is the contact's own: a recorded yes or no shows that it was asked for.
    """
    duty = request.variant["duty"]
    if duty == "consent":
        return _consent_asked(request)
    if "follow_ups" not in request.tables.tables:
        return steps.refused(request, "not recorded in this source: table 'follow_ups'", BOUNDS, request.rows())
    status = _.status.fill_null("")
    summary = {"_done": (~status.isin((*UNDONE, "ineligible"))).any(), "_ineligible": (status == "ineligible").all()}
    joined = steps.contacts(request, _owed(request, duty), summary)
    if joined is None:
        return steps.refused(request, steps.absent(duty), BOUNDS, request.rows())
    table, done = joined.table, joined.table._done.fill_null(False)
    why = [*joined.why, ("ineligible", table._ineligible.fill_null(False))]
    undone = {"on record, not completed": (table._steps > 0) & ~done}
    return proportion(joined.request, table, why, done, [["step"]], note=joined.note, kept=undone)


def _owed(request: Request, duty: str) -> ibis.Table:
    """Return the steps that discharge a duty: of that kind, else those that name it as item, instrument or service."""
    if duty in dictionary.table("follow_ups").columns["step"].codes:
        return steps.of_kind(request, duty)
    held = request.tables.tables["follow_ups"]
    return held.filter((held["item"] == duty) | (held.instrument == duty) | (held.service == duty))


def _consent_asked(request: Request) -> pd.DataFrame:
    """Share of contacts in which consent is recorded as yes or no, over the sources whose records know the question.

    A site that never asks, of a source whose form has the question, is a true zero and stays one.
    """
    table, whole = request.rows(), request.tables.tables["interventions"]
    knowing = whole.filter(whole.consented.notnull() | token(whole, "consented="))
    asking = request.tables.fetch(knowing.select("source").distinct())["source"].dropna()
    absent = dict(missing(table, "consented"))
    why = [
        AGGREGATE,
        *([("source does not record consent", ~table.source.isin(sorted(asking)))] if len(asking) else []),
        ("not applicable", absent["not applicable"]),
        *steps.nobody(table, table.consented.isnull()),
    ]
    return proportion(request, table, why, table.consented.notnull(), [["consented"]])
