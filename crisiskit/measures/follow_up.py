"""Follow-up after a contact: offered, consented to, attempted and reached within so many hours.

Anonymous contacts cannot be followed up: they are ineligible, never unreachable, and stand in the reasons. A step keeps
only its last status, so what its moments and the contact's own consent say is read as well.
"""

import ibis
import pandas as pd
from ibis import _

from crisiskit.measures import observation, steps
from crisiskit.measures.outcomes import BOUNDS
from crisiskit.measures.proportion import proportion
from crisiskit.measures.request import Request, Why, token

STEP = "follow_up"
AGREED = ("consented", "accepted", "attended")
ANONYMOUS = "anonymous: no person key"
UNSAID = "consent not recorded"


def follow_up_offered(request: Request) -> pd.DataFrame:
    """Share of the contacts in which a person was met, and who can be followed up, to whom follow-up was offered."""
    if "interventions" not in request.tables.tables:
        return steps.without_contacts(request, BOUNDS)
    ineligible = (_.status.fill_null("") == "ineligible").sum()
    joined = steps.contacts(request, steps.of_kind(request, STEP), {"_ineligible": ineligible})
    if joined is None:
        return steps.refused(request, steps.absent(STEP), BOUNDS, request.rows(name="interventions"))
    table = joined.table
    with_keys = steps.sources_of(request, table.filter(table.person_key.notnull()))
    why = [
        *joined.why,
        ("ineligible", (table._steps > 0) & (table._ineligible == table._steps)),
        (ANONYMOUS, (table._steps == 0) & table.person_key.isnull() & table.source.isin(with_keys)),
    ]
    return proportion(joined.request, table, why, table._steps > 0, [["step"]], note=joined.note)


def _followed(request: Request) -> tuple[Request, ibis.Table, Why] | None:
    """Return one row per contact with follow-up steps, and why some cannot be followed up; None where there are none.

    Columns: `agreed` (true, false, or null where it is not said), `tried` and `met` (whatever the time), the first
    moments, and `lost_attempted_at`, `lost_reached_at`: a moment that was there but is not known.
    """
    request = steps.with_contact(request)
    table = steps.rows_of(request, STEP)
    if not steps.sources_of(request, steps.of_kind(request, STEP)):
        return None
    status = _.status.fill_null("")
    moments = ("attempted_at", "reached_at", "due_at", "received_at", "cleared_at")
    table = steps.together(request, table, {
        **{moment: _[moment].min() for moment in moments},
        **{f"lost_{moment}": token(_, f"{moment}=").fill_null(False).any() for moment in moments[:2]},
        "status": _.status.max(), "linked": _.linked.any(), "ineligible": (status == "ineligible").all(),
        "said_yes": status.isin(AGREED).any(), "said_no": (status == "refused").any(),
        "signed": _.consented.fill_null(False).any(), "unsigned": (~_.consented.fill_null(True)).any(),
        "tried": (status.isin(("attended", "unreachable")) | _.attempted_at.notnull() | _.reached_at.notnull()).any(),
        "met": ((status == "attended") | _.reached_at.notnull()).any(),
    })
    agreed = ibis.cases((table.said_yes, True), (table.said_no, False), (table.signed, True), (table.unsigned, False))
    return request, table.mutate(agreed=agreed), [("ineligible", table.ineligible)]


def follow_up_consented(request: Request) -> pd.DataFrame:
    """Share of those to whom follow-up was offered who agreed to it; an attempt alone is no consent."""
    followed = _followed(request)
    if followed is None:
        return steps.refused(request, steps.absent(STEP), BOUNDS)
    request, table, why = followed
    why = [*why, (UNSAID, table.agreed.isnull())]
    return proportion(request, table, why, table.agreed, [["status"]], [UNSAID], steps.strays(request, STEP))


def follow_up_attempted(request: Request) -> pd.DataFrame:
    """Share of those offered follow-up (or who agreed to it) with an attempt within `within_h` hours."""
    return _within(request, "attempted_at", "tried", "attempt")


def follow_up_reached(request: Request) -> pd.DataFrame:
    """Share of those offered follow-up (or who agreed to it) who were reached within `within_h` hours."""
    return _within(request, "reached_at", "met", "reaching")


def _within(request: Request, moment: str, happened: str, named: str) -> pd.DataFrame:
    """Answer the share with `moment` within so many hours of the start of the clock.

    Steps whose hours had not all passed when observation ended are left out, whatever came of them. Where it happened
    at a moment that is not known, either may be true: such steps widen the bounds.
    """
    until = observation.ends(request)
    followed = _followed(request)
    if followed is None:
        return steps.refused(request, steps.absent(STEP), BOUNDS)
    request, table, why = followed
    hours, clock = request.variant["within_h"], request.variant["start"]
    table = table.mutate(_start=table[observation.STARTS[clock]].epoch_seconds(), _at=table[moment].epoch_seconds())
    unknown = f"time of {named} missing"
    if request.variant["of"] == "consented":
        why = [*why, (UNSAID, table.agreed.isnull()), ("did not agree", ~table.agreed)]
    why = [
        *why,
        *([] if clock == "due" else [(steps.UNLINKED, ~table.linked)]),
        ("start missing", table._start.isnull()),
        (f"observed for less than {hours} h", observation.short(table._start, observation.end_of(table, until),
                                                                hours * observation.HOUR)),
        *([] if clock == "due" else [("before its start", table._at < table._start)]),
        (unknown, table._at.isnull() & (table[happened] | table[f"lost_{moment}"])),
    ]
    in_time = (table._at - table._start <= int(hours * observation.HOUR)).fill_null(False)
    notes = [steps.strays(request, STEP), observation.said(until)]
    return proportion(request, table, why, in_time, [[moment]], [unknown], "; ".join(filter(None, notes)))
