"""Diversion: eligible events that ended without arrest, booking or emergency department.

Who is eligible was decided before anyone knew how the event would end, and is read from `eligible` alone. Choosing the
events by how they ended would make the share whatever one likes, so that such questions are refused.
"""

from collections.abc import Mapping, Sequence

import ibis
import pandas as pd

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import finish, tally
from crisiskit.measures.outcomes import BOUNDS, shares
from crisiskit.measures.request import AGGREGATE, Request, count, missing
from crisiskit.standard import dictionary

FLAGS = {"arrested": "arrested", "hospital": "hospitalized", "involuntary_hold": "involuntary"}
"""Endings that have a yes/no column of their own."""

VAGUE = {"hospital": ("transported", "involuntary_hold", "other"),
         "involuntary_hold": ("transported", "hospital", "other")}
"""Main outcomes that leave open whether the event ended so: a transport or a hold may have gone to a hospital."""

AFTER = (*(name for name, column in dictionary.table("interventions").columns.items() if column.group == "outcome"),
         "call_type_final")
"""Columns that are known only once the event is over; the final call type is affected by who went."""


NOT_KNOWN = "ending not known"
COLUMNS = ("eligible", "outcome", "arrested", "hospitalized")


def diversion(request: Request) -> pd.DataFrame:
    """Share of eligible events that ended in none of the `endings`, with bounds for those whose ending is not known.

    An event is not diverted where any column says that it ended so. It is diverted where every ending is ruled out: its
    flag says no or, in a source that does not record that flag, the main outcome is known and is another. All else is
    not known. A flag that denies what the outcome says is counted and kept as not diverted.
    """
    _check(request)
    table, endings = request.rows(), _endings(request)
    recorded = _recorded(request, endings)
    signs = {ending: _signs(table, ending) for ending in endings}
    happened = ibis.or_(*signs.values())
    ruled_out = ibis.and_(*[_ruled_out(table, ending, recorded) for ending in endings])
    denied = ibis.or_(*[signs[ending] & ~table[FLAGS[ending]].fill_null(True) for ending in endings if ending in FLAGS],
                      ibis.literal(False))
    why = [AGGREGATE, *((f"eligible {label}", condition) for label, condition in missing(table, "eligible")),
           ("not eligible", ~table.eligible), (NOT_KNOWN, ~happened & ~ruled_out)]
    sums = {"diverted": happened.ifelse(0, 1).sum(), "denied": denied.ifelse(1, 0).sum()}
    cells = count(request, table, why, sums, recorded=[*COLUMNS])
    groups = tally(request, cells, why, sums)
    groups = shares(groups, groups["diverted"], groups["rows_used"], groups[f"left {NOT_KNOWN}"],
                    request.variant["confidence"])
    note = ", ".join(f"{ending} read from the main outcome" for ending in endings
                     if not recorded.get(FLAGS.get(ending, ""), False))
    return finish(request, groups, note, {"flag and outcome disagree": "denied"}, extras=BOUNDS)


def _check(request: Request) -> None:
    """Refuse to choose or to group the events by what was known only afterwards."""
    for name in (*request.by, *request.where):
        if name in AFTER:
            raise UserError(f"measure 'diversion': '{name}' is known only once the event is over, and cannot choose "
                            "which events are eligible; use columns that were set before, such as call_type_initial")


def _endings(request: Request) -> list[str]:
    """Read the variant: codes of `outcome`, joined by commas."""
    known = dictionary.table("interventions").columns["outcome"].codes
    endings = [text.strip() for text in request.variant["endings"].split(",") if text.strip()]
    for ending in endings:
        if ending not in known:
            raise UserError(f"measure 'diversion': endings has no outcome '{ending}'{nearest(ending, known)}")
    if not endings:
        raise UserError("measure 'diversion': endings needs at least one outcome, such as arrested,hospital")
    return endings


def _recorded(request: Request, endings: Sequence[str]) -> Mapping[str, bool]:
    """Tell which flags, and whether the main outcome, the source records at all."""
    table = request.tables.tables["interventions"]
    columns = ["outcome", *(FLAGS[ending] for ending in endings if ending in FLAGS)]
    found = request.tables.fetch(table.aggregate(**{name: table[name].count() for name in columns})).iloc[0]
    return {name: bool(found[name] > 0) for name in columns}


def _signs(table: ibis.Table, ending: str) -> ibis.Value:
    """Tell whether anything says that the event ended so; never null."""
    said = [(table.outcome == ending).fill_null(False), table.outcomes.contains(ending).fill_null(False)]
    return ibis.or_(*said, *([table[FLAGS[ending]].fill_null(False)] if ending in FLAGS else []))


def _ruled_out(table: ibis.Table, ending: str, recorded: Mapping[str, bool]) -> ibis.Value:
    """Tell whether the event is known not to have ended so; never null."""
    flag = FLAGS.get(ending)
    if flag and recorded[flag]:
        return ~table[flag].fill_null(True)
    unclear = (*dictionary.KINDS, ending, *VAGUE.get(ending, ("other",)))
    return table.outcome.notnull() & table.outcome.notin(unclear).fill_null(False)
