"""Repeat contact and repeat victimization: one more event of the same person or place within so many days.

The first event of each in the data is followed until the next one, or until observation ends (Kaplan-Meier): who came
late in the data has had less time to come back, and counting that as "did not" flatters. Anonymous records have no
person, so for them the question is refused, and what can lawfully be asked instead is named.
"""

from collections.abc import Mapping

import ibis
import pandas as pd
from ibis import _

from crisiskit.errors import UserError, nearest
from crisiskit.measures import observation, steps
from crisiskit.measures.answer import finish, tally
from crisiskit.measures.outcomes import BOUNDS
from crisiskit.measures.proportion import proportion
from crisiskit.measures.request import AGGREGATE, Request, Why, count, missing
from crisiskit.measures.survival import share_by
from crisiskit.standard import dictionary

KEYS = {"person": "person_key", "place": "area_id"}
REFUSED = ("refused: these records are anonymous (no person_key), so nobody can tell who came again; instead, ask "
           "of=place (by area_id), repeat addresses as the source counts them itself, or its own repeat_event steps "
           "(measure repeat_recorded)")
REPORTS = ("follow_up", "survey")
"""Steps in which a person can be asked about what happened since."""


def repeat_contact(request: Request) -> pd.DataFrame:
    """Share of persons (or places) with a further contact within `within_days` days of their first one in the data."""
    return _again(request, ())


def repeat_victimization(request: Request) -> pd.DataFrame:
    """Share of persons (or places) with a further contact about victimization within so many days of the first such."""
    return _again(request, tuple(need.strip() for need in request.variant["needs"].split(",")))


def _again(request: Request, needs: tuple[str, ...]) -> pd.DataFrame:
    """Answer 1 - S(within_days) by group; a row used is a person's (or place's) first event."""
    key = KEYS[request.variant["of"]]
    table = request.tables.tables["interventions"]
    for need in needs:
        _known_need(need, table, request)
    named = request.tables.fetch(_named(table, key).aggregate(n=_.count()))["n"].iloc[0]
    if not named:
        reason = REFUSED if key == "person_key" else f"not recorded in this source: {key}"
        return steps.refused(request, reason, table=request.rows(table))
    until = observation.ends(request, ("interventions",))
    table = request.rows(_marked(table, key, needs, request.variant["apart_h"]))
    end = observation.end_of(table, until)
    limit = int(request.variant["within_days"] * observation.DAY)
    came = ((table._next <= end) & (table._next - table._moment <= limit)).fill_null(False)
    seen = ibis.ifelse(came, table._next, end) - table._moment
    nothing = ibis.null("int64")  # later records are no first ones: without a time they fall together into one cell
    table = table.mutate(event=came, elapsed=ibis.ifelse(table._first, ibis.ifelse(seen > limit, limit, seen), nothing))
    why = _why(table, key, end, needs)
    cut = ~table.event & (table.elapsed < limit)
    sums = {"came": table.event.cast("int64").sum(), "cut": cut.cast("int64").sum()}
    cells = count(request, table, why, sums, also=["elapsed", "event"], recorded=[key])
    return _answer(request, tally(request, cells, why, sums), cells[cells["_why"] == -1], key, until)


def _known_need(need: str, table: ibis.Table, request: Request) -> None:
    """UserError with the nearest name for a need that neither the dictionary nor the source knows."""
    codes = dictionary.table("interventions").columns["need"].codes
    if need not in codes:
        held = request.tables.fetch(table.select("need").distinct())["need"].dropna()
        if need not in set(held):
            raise UserError(f"needs: there is no need '{need}'{nearest(need, [*codes, *held])}")


def _named(table: ibis.Table, key: str) -> ibis.Table:
    """Keep the records that name a person or place; a non-client contact is anonymous by definition."""
    named = table.filter(table[key].notnull() & ~table[key].isin(dictionary.KINDS))
    return named.filter(named.record_kind.fill_null("") != "non_client_contact") if key == "person_key" else named


def _marked(table: ibis.Table, key: str, needs: tuple[str, ...], apart_h: float) -> ibis.Table:
    """Add `_moment` (seconds), `_fits` (an event of the wanted kind), `_first` (the first of its key) and `_next`.

    All of the data is looked at, whatever the conditions: they choose the first events, not what may follow. A later
    record within `apart_h` hours of the first, or at the same moment, belongs to the same event. Records of a day
    without a time stand at its midnight.
    """
    dated = table.occurred_on.coalesce(table.period_start).cast("timestamp").epoch_seconds()
    person = ibis.literal(key == "person_key")
    anonymous = person & (table.record_kind.fill_null("") == "non_client_contact")
    fits = ibis.literal(True)
    if needs:
        fits = ibis.or_(table.need.isin(needs).fill_null(False),
                        *[table.needs.contains(need).fill_null(False) for need in needs])
    table = table.mutate(_moment=table.received_at.epoch_seconds().coalesce(dated), _fits=fits,
                         _anonymous=anonymous | table[key].isnull() | table[key].isin(dictionary.KINDS))
    counted = ~table._anonymous & table._moment.notnull() & table._fits & ~table.is_aggregate.fill_null(False)
    table = table.mutate(_counted=counted)
    same = ibis.window(group_by=["source", key, "_counted"])
    ordered = ibis.window(group_by=["source", key, "_counted"], order_by=["_moment", "record_id", "source_row"])
    table = table.mutate(_start=table._moment.min().over(same), _place=ibis.row_number().over(ordered))
    later = ibis.ifelse(table._moment > table._start + int(apart_h * observation.HOUR), table._moment,
                        ibis.null("int64"))
    return table.mutate(_next=later.min().over(same), _first=table._counted & (table._place == 0))


def _why(table: ibis.Table, key: str, end: ibis.Value, needs: tuple[str, ...]) -> Why:
    """List why a record is not the first event of a person or place, in the order in which it is asked."""
    nobody = "anonymous: no person key" if key == "person_key" else "place not known"
    lacking = [(f"need {label}", condition & ~table._fits) for label, condition in missing(table, "need")]
    return [
        AGGREGATE,
        (nobody, table._anonymous),
        *(lacking if needs else []),
        *([("another need", ~table._fits)] if needs else []),
        ("time missing", table._moment.isnull()),
        ("later than the first", ~table._first),
        ("after the end of observation", table._moment > end),
    ]


def _answer(request: Request, groups: pd.DataFrame, times: pd.DataFrame, key: str,
            until: Mapping[str | None, pd.Timestamp]) -> pd.DataFrame:
    """Put the estimates beside the raw counts: `numerator` with a further event, `denominator` first events."""
    limit, confidence = int(request.variant["within_days"] * observation.DAY), request.variant["confidence"]
    parts = [times[times["_group"] == group] for group in groups["_group"]]
    found = [share_by(part["elapsed"], part["event"], part["_rows"], limit, confidence) for part in parts]
    groups = groups.assign(numerator=groups["came"], denominator=groups["rows_used"],
                           value=[one.value for one in found], low=[one.low for one in found],
                           high=[one.high for one in found])
    notes = {}
    place = _levels(request) if key == "area_id" else ""
    for (index, group), one in zip(groups.iterrows(), found, strict=True):
        short = "nobody was observed for that long" if group["rows_used"] and pd.isna(one.value) else ""
        notes[index] = "; ".join(filter(None, [short, place, observation.said(dict(until))]))
    kept = {f"censored before {request.variant['within_days']} days": "cut"}
    return finish(request, groups, notes, kept, needs=[[key]])


def _levels(request: Request) -> str:
    """Say what a place is here: a further contact from a county is nobody's return."""
    levels = request.tables.fetch(request.tables.tables["interventions"].select("area_level").distinct())["area_level"]
    named = ", ".join(sorted(levels.dropna())) or "area of unknown kind"
    return f"a place is one area_id ({named}), not an address and not a person"


def repeat_recorded(request: Request) -> pd.DataFrame:
    """Share of contacts that the source itself marks as a further event, with a step of its own; needs no person."""
    if "interventions" not in request.tables.tables:
        return steps.without_contacts(request, BOUNDS)
    joined = steps.contacts(request, steps.of_kind(request, "repeat_event"), {})
    if joined is None:
        return steps.refused(request, steps.absent("repeat_event"), BOUNDS, request.rows(name="interventions"))
    return proportion(joined.request, joined.table, joined.why, joined.table._steps > 0, [["step"]], note=joined.note)


def repeat_victimization_reported(request: Request) -> pd.DataFrame:
    """Share of follow-ups and surveys in which the person said they were victimized again, with bounds."""
    request = steps.with_contact(request)
    table = steps.rows_of(request, *REPORTS)
    reasons = missing(table, "repeat_victimization")
    doubt = [label for label, _condition in reasons if label != "not applicable"]
    why = [("ineligible", table.status == "ineligible"), *reasons]
    return proportion(request, table, why, table.repeat_victimization, [["repeat_victimization"]], doubt,
                      steps.strays(request, *REPORTS))
