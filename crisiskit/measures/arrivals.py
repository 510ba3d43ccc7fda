"""Which arrival a clock takes: that of the record, of the first unit of an event, or of a responder of one type.

Units that are rows of their own name their event in `parent_id`. The event keeps its own moment of receipt and its
group; its dispatch and arrival become the earliest of its own and its units'.
"""

from dataclasses import dataclass, replace

import ibis

from crisiskit.errors import UserError, nearest
from crisiskit.measures.request import Request, Why
from crisiskit.standard import dictionary


@dataclass(frozen=True)
class Arrival:
    """The request with the definition in its label, its rows, why rows do not count, and a remark on the source."""

    request: Request
    table: ibis.Table
    why: Why
    note: str = ""


def chosen(request: Request, table: ibis.Table) -> Arrival:
    """Apply the variants `first` (record or event) and `responder`; without them the rows stay as they are.

    UserError with the nearest code for a responder that is not known.
    """
    first, wanted = request.variant.get("first", "record"), request.variant.get("responder")
    if first == "record" and wanted is None:
        return Arrival(request, table, [])
    codes = dictionary.table("interventions").columns["responder"].codes
    if wanted is not None and wanted not in codes:
        raise UserError(f"measure '{request.measure.id}': there is no responder '{wanted}'{nearest(wanted, codes)}")
    request = _labelled(request, first, wanted)
    if first == "record":
        other = (table.responder != wanted) | table.responder.isnull()
        return Arrival(request, table, [(f"responder is not {wanted}", other)])
    return _of_event(request, table, wanted)


def _labelled(request: Request, first: str, wanted: str | None) -> Request:
    """Print the definition with the number."""
    who = "first unit" if wanted is None else f"first {wanted}".replace("_", " ")
    label = f"{request.measure.label}, {who} of the {first}"
    return replace(request, measure=replace(request.measure, label=label))


def _of_event(request: Request, table: ibis.Table, wanted: str | None) -> Arrival:
    """Give each event the earliest dispatch and arrival of its units; the units' own rows are parts of it."""
    units = request.tables.tables["interventions"]
    units = units.filter(units.parent_id.notnull())
    units = units if wanted is None else units.filter(units.responder == wanted)
    units = units.group_by(_source=units.source.fill_null(""), _parent=units.parent_id).aggregate(
        _dispatched=units.dispatched_at.min(), _arrived=units.arrived_at.min())
    joined = table.left_join(units, [table.source.fill_null("") == units._source, table.record_id == units._parent])
    own = ibis.literal(True) if wanted is None else (joined.responder == wanted).fill_null(False)
    met = own | joined._parent.notnull()
    joined = joined.mutate(dispatched_at=_earliest(own, joined.dispatched_at, joined._dispatched),
                           arrived_at=_earliest(own, joined.arrived_at, joined._arrived), _met=met)
    why: list[tuple[str, ibis.Value]] = [("part of another record", joined.parent_id.notnull())]
    why += [] if wanted is None else [(f"no {wanted}", ~joined._met)]
    return Arrival(request, joined, why, _remark(request))


def _earliest(own: ibis.Value, moment: ibis.Value, units: ibis.Value) -> ibis.Value:
    """The earlier of the record's own moment, where it counts, and its units'; the one there is, if one is null."""
    held = ibis.ifelse(own, moment, ibis.null(moment.type()))
    return ibis.ifelse(held.isnull() | (units < held), units.coalesce(held), held)


def _remark(request: Request) -> str:
    """Say so where no record of the source belongs to another: an event is then the record itself."""
    table = request.tables.tables["interventions"]
    known = request.tables.fetch(table.aggregate(parts=table.parent_id.count()))["parts"].iloc[0]
    return "" if known else "no record names a parent_id in this source: each record is its own event"
