"""Steps and the contacts that they follow, joined on source and record_id: nothing is multiplied, nothing lost unseen.

Two directions: a step with the columns of its contact beside its own, and a contact with a summary of its steps.
A record_id that stands on several rows of one source names no single contact, so nothing is joined to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import ibis
import pandas as pd
from ibis import _

from crisiskit.measures import dimensions
from crisiskit.measures.answer import nothing
from crisiskit.measures.clocks import unanswered
from crisiskit.measures.request import AGGREGATE, Request, Why
from crisiskit.standard import dictionary

LINK = ("source", "record_id")
APART = ("contacts", "is_aggregate")
"""Columns of a contact that its steps do not carry: a step is no contact, and two steps are not two of them."""

UNLINKED = "no single contact of that record_id"
NOBODY_MET = ("unable_to_locate", "cancelled")


@dataclass(frozen=True)
class Contacts:
    """Contacts with a summary of their steps, why some have no place in a share of them, and what to say of the join.

    `request` holds the joined table in place of the measure's own, so that what is not recorded is looked for in it.
    """

    request: Request
    table: ibis.Table
    why: Why
    note: str


def refused(request: Request, reason: str, extras: Sequence[str] = (), table: ibis.Table | None = None) -> pd.DataFrame:
    """Return the one row without a number that says why this question has no answer, over the rows of `table`."""
    calendar = {name: values for name, values in request.where.items() if name in dimensions.DIMENSIONS}
    rows = 0 if table is None else int(request.tables.fetch(table.count().as_table()).iloc[0, 0])
    return nothing(replace(request, where=calendar), extras=extras, needs=[]).assign(reasons=reason, rows_left_out=rows)


def absent(step: str) -> str:
    """Say that a source keeps no step of a kind: it is not recorded, which is not zero."""
    return f"not recorded in this source: step '{step}'"


def sources_of(request: Request, steps: ibis.Table) -> list[str]:
    """Return the sources that keep such steps: elsewhere a contact without one proves nothing."""
    return sorted(request.tables.fetch(steps.select("source").distinct())["source"].dropna())


def with_contact(request: Request) -> Request:
    """Return the request with the columns of each step's contact beside its own, and `linked`: whether it has one."""
    steps, held = request.tables.tables["follow_ups"], request.tables.tables.get("interventions")
    if held is None:
        schema = dictionary.ibis_schema("interventions")
        blank = {name: ibis.null(kind) for name, kind in schema.items() if name not in (*steps.columns, *APART)}
        return _replaced(request, steps.mutate(linked=ibis.literal(False), **blank))
    own = {name: values for name, values in request.where.items()
           if name in held.columns and name not in steps.columns}
    dimensions.filtered(held, "interventions", own, request.variant["fiscal"])  # its codes are checked where they stand
    beside = [name for name in held.columns if name not in (*steps.columns, *APART)]
    single = _copies(held).filter(_._copies == 1)
    single = single.select(*beside, _source=_.source, _record_id=_.record_id, linked=ibis.literal(True))
    joined = steps.left_join(single, [steps.source == single._source, steps.record_id == single._record_id])
    joined = joined.drop("_source", "_record_id")
    return _replaced(request, joined.mutate(linked=joined.linked.fill_null(False)))


def _copies(table: ibis.Table) -> ibis.Table:
    """Add `_copies`: how many rows of the source have this record_id; null where there is none."""
    copies = _.count().over(ibis.window(group_by=list(LINK)))
    return table.mutate(_copies=ibis.ifelse(table.record_id.isnull(), ibis.null("int64"), copies))


def _replaced(request: Request, table: ibis.Table) -> Request:
    held = {**request.tables.tables, "follow_ups": table, request.measure.table: table}
    return replace(request, tables=replace(request.tables, tables=held))


def rows_of(request: Request, *steps: str) -> ibis.Table:
    """Return the filtered rows of these kinds of step, of a request that `with_contact` returned."""
    table = request.rows(name="follow_ups")
    return table.filter(table.step.isin(list(steps)))


def together(request: Request, table: ibis.Table, summary: Mapping[str, ibis.Value]) -> ibis.Table:
    """Take the steps of one contact together: one row per group, source and record_id (or step, where it has none).

    Three rows of attempts to reach one person are one person to be reached.
    """
    unit = ibis.ifelse(table.record_id.isnull(), ibis.literal("step ") + table.follow_up_id,
                       ibis.literal("record ") + table.record_id)
    keys = list(dict.fromkeys([*request.by, "source"]))
    whole = {"contacts": ibis.null("int64"), "is_aggregate": ibis.literal(False)}
    return table.mutate(_unit=unit).group_by([*keys, "_unit"]).aggregate(**summary).mutate(**whole)


def strays(request: Request, *steps: str) -> str:
    """Say how many steps of a request that `with_contact` returned meet no contact, whatever the conditions.

    They cannot meet a condition on a contact's column, and stand in no group of one.
    """
    table = request.tables.tables["follow_ups"]
    lost = table.filter(table.step.isin(list(steps)) & ~table.linked).aggregate(n=_.count())
    number = int(request.tables.fetch(lost)["n"].iloc[0])
    return f"steps that meet no contact: {number}" if number else ""


def unlinked(request: Request, steps: ibis.Table) -> str:
    """Say how many steps meet no contact: they are in no share of contacts. Empty when there are none."""
    held = request.tables.tables["interventions"]
    lost = int(request.tables.fetch(steps.anti_join(held, list(LINK)).aggregate(n=_.count()))["n"].iloc[0])
    return f"steps that meet no contact: {lost}" if lost else ""


def of_kind(request: Request, step: str) -> ibis.Table:
    """Return the steps of one kind, whatever the conditions."""
    held = request.tables.tables["follow_ups"]
    return held.filter(held.step == step)


def contacts(request: Request, steps: ibis.Table, summary: Mapping[str, ibis.Value]) -> Contacts | None:
    """Set a summary of its steps beside every contact, as `_steps` (their number) and the columns of `summary`.

    A contact stands in the share when a person was met in it and its source keeps such steps. None when no source does.
    """
    kept = sources_of(request, steps)
    if not kept:
        return None
    held = _copies(request.tables.tables["interventions"])
    taken = steps.filter(steps.record_id.notnull()).group_by(list(LINK)).aggregate(_steps=_.count(), **summary)
    taken = taken.rename(_source="source", _record_id="record_id")
    joined = held.left_join(taken, [held.source == taken._source, held.record_id == taken._record_id])
    joined = joined.drop("_source", "_record_id").mutate(_steps=_._steps.fill_null(0), step=ibis.literal("kept"))
    table = request.rows(joined, "interventions")
    why = [
        AGGREGATE,
        ("record_id missing", table.record_id.isnull()),
        ("record_id stands on several rows", table._copies > 1),
        ("source keeps no such step", ~table.source.isin(kept)),
        *nobody(table, table._steps == 0),
    ]
    return Contacts(_replaced(request, joined), table, why, unlinked(request, steps))


def nobody(table: ibis.Table, silent: ibis.Value) -> Why:
    """List why no person was there in a contact, where the records are `silent` about what else was done."""
    return [("not answered", silent & unanswered(table)), ("nobody met", silent & table.outcome.isin(NOBODY_MET))]


def without_contacts(request: Request, extras: Sequence[str] = ()) -> pd.DataFrame:
    """Return the answer of a share of contacts where the source has steps but no contacts."""
    return refused(request, "not recorded in this source: table 'interventions'", extras)
