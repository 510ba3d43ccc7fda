"""Mix: how contacts divide over the values of a column: channel, need, responder, priority, weekday."""

import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures import dimensions
from crisiskit.measures.answer import finish, tally
from crisiskit.measures.outcomes import BOUNDS, by_value, shares, undecided
from crisiskit.measures.request import AGGREGATE, Request, count, missing


def share(request: Request) -> pd.DataFrame:
    """Share of contacts by the values of `of`, among the contacts where it is known.

    A list column counts a contact in each of its values, and once in the denominator.
    """
    column = request.variant["of"]
    if column in request.by:
        raise UserError(f"measure 'share' is by '{column}' already; leave it out of by")
    clock = [AGGREGATE] if request.by_clock else []
    table = request.rows(also=[column])
    apart = [(f"{column} not known", table[column].isnull())] if column in dimensions.DIMENSIONS else \
        missing(table, column)
    why = [*clock, ("contacts missing", _.contacts.isnull()), *apart]
    recorded = ["contacts"] if column in dimensions.DIMENSIONS else ["contacts", column]
    cells = whole = count(request, table, why, also=[column], recorded=recorded)
    note = ""
    if request.is_list(column):
        whole = count(request, table, why, recorded=recorded)
        note = f"multi-response: a record stands in each of its {column}, so shares need not sum to one"
    total = whole["_contacts"].where(whole["_why"] == -1, 0).groupby(whole["_group"]).sum()
    groups = tally(request, whole, why).assign(total=total, unknown=undecided(whole, why, "_contacts"))
    rows = by_value(groups, cells, column, "_contacts")
    rows = shares(rows, rows["part"], rows["total"], rows["unknown"], request.variant["confidence"])
    return finish(request, rows, note, extras=BOUNDS, between=[column], needs=[recorded])
