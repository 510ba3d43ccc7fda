"""Reach: of the contacts that were eligible, how many somebody came to; by hour, weekday or area.

Contacts that nobody assessed are not ineligible: they leave the share, are counted apart, and widen its bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.cascade import ARRIVED, RESPONSE, Sign, other_kind, recorded
from crisiskit.measures.intervals import wilson
from crisiskit.measures.outcomes import BOUNDS, UNDECIDED
from crisiskit.measures.request import AGGREGATE, Request, Why, count, missing
from crisiskit.standard import dictionary

MET = ("resolved", "referred", "transported", "hospital", "involuntary_hold", "arrested", "cited", "shelter", "refused")
"""Outcomes which say that somebody was there, although no arrival may be written down."""

ARRIVAL_DOUBT = "arrival not recorded"
NOT_TRIAGED = "not triaged"


@dataclass(frozen=True)
class Service:
    """Expressions of a row: `served`, somebody of the programme came; `doubtful`, it may be, and nobody can tell."""

    served: ibis.Value
    doubtful: ibis.Value
    needs: Sequence[Sequence[str]]
    note: str = ""


def reach(request: Request) -> pd.DataFrame:
    """Eligible contacts served / eligible contacts whose service is known, with Wilson limits and bounds.

    A contact is served when an arrival is recorded, as in the cascade; with `responder`, if it was one of these. A
    blank arrival is no service, unless the outcome or a token in `missing` says that somebody may have come: then the
    contact is left out.
    Bounds: S of E eligible contacts are served, D more are eligible with service in doubt, and among those whose
    eligibility is not known (not triaged included) Us are served, Un are not and Ud are in doubt. The lowest share that
    can be true is S / (E + D + Un + Ud), the highest (S + D + Us + Ud) / (E + D + Us + Ud).
    """
    service = _service(request)
    table = request.rows()
    table = table.mutate(served=service.served & ~service.doubtful, doubtful=service.doubtful)
    why = _why(request, table)
    sums = {"served_contacts": _.contacts.sum(where=_.served), "doubtful_contacts": _.contacts.sum(where=_.doubtful)}
    columns = list(dict.fromkeys(name for names in service.needs for name in names))
    cells = count(request, table, why, sums, recorded=columns)
    groups = _numbers(request, tally(request, cells, why), cells, why)
    return finish(request, groups, service.note, extras=BOUNDS, needs=service.needs)


def _why(request: Request, table: ibis.Table) -> Why:
    """Why a row is not in the share, in the order in which a row is asked; triage comes before eligibility."""
    return [
        AGGREGATE, ("contacts missing", _.contacts.isnull()), *other_kind(request, RESPONSE),
        (NOT_TRIAGED, ~table.triaged), ("not eligible", ~table.eligible),
        *((f"eligibility {label}", condition) for label, condition in missing(table, "eligible")),
        (ARRIVAL_DOUBT, _.doubtful),
    ]


def _service(request: Request) -> Service:
    """Choose what counts as served from the variant and from what the source records."""
    table = request.tables.tables["interventions"]
    tokens = tuple(kind for kind in dictionary.MISSING if kind != "not_applicable")
    came = ibis.or_(*[sign.seen(table) for sign in ARRIVED])
    maybe = ~came & (Sign("arrived_at", tokens).seen(table) | Sign("outcome", MET).seen(table))
    if request.variant["responder"] is None:
        return Service(came, maybe, [["eligible", "arrived_at"]])
    codes = _codes(request.variant["responder"])
    known, ours = Sign("responder").seen(table), Sign("responder", codes).seen(table)
    if recorded(request, ["arrived_at"])["arrived_at"] == 0:
        note = "arrivals are not recorded in this source: a responder of the programme counts as served"
        return Service(ours, ~known, [["eligible", "responder"]], note)
    return Service(came & ours, (maybe & (ours | ~known)) | (came & ~known), [["eligible", "arrived_at", "responder"]])


def _codes(text: str) -> tuple[str, ...]:
    """Read the programme's responders; UserError with the nearest code for one that the dictionary does not have."""
    known = dictionary.table("interventions").columns["responder"].codes
    codes = tuple(code.strip() for code in text.split(","))
    for code in codes:
        if code not in known:
            close = nearest(code, known) or f" (codes: {', '.join(known)})"
            raise UserError(f"measure 'reach': there is no responder '{code}'{close}")
    return codes


def _numbers(request: Request, groups: pd.DataFrame, cells: pd.DataFrame, why: Why) -> pd.DataFrame:
    """Add numerator, denominator, value, limits and bounds to the groups, all of them in contacts."""
    labels = [label for label, _condition in why]
    open_labels = [NOT_TRIAGED, *(f"eligibility {label}" for label in UNDECIDED)]

    def total(column: str, *names: str) -> pd.Series:
        places = [labels.index(name) for name in names] or [-1]
        return cells[column].where(cells["_why"].isin(places), 0).groupby(cells["_group"]).sum()

    eligible, served, doubt = total("_contacts"), total("served_contacts"), total("_contacts", ARRIVAL_DOUBT)
    unsure = total("_contacts", *open_labels)
    unsure_served = total("served_contacts", *open_labels)
    unsure_doubtful = total("doubtful_contacts", *open_labels)
    low, high = wilson(served, eligible, request.variant["confidence"])
    most = eligible + doubt + unsure_served + unsure_doubtful
    return groups.assign(
        numerator=served, denominator=eligible, value=ratio(served, eligible), low=low, high=high,
        recorded_share=ratio(eligible, eligible + doubt + unsure),
        bound_low=ratio(served, eligible + doubt + unsure - unsure_served),
        bound_high=ratio(served + doubt + unsure_served + unsure_doubtful, most),
    )
