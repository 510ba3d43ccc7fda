"""Referrals: made, accepted, attended, connected to a first service within so many days, and how long that takes.

A referral made is not a connection. One that was not yet observed for the days asked about is neither a success nor a
failure; one that is never served stays at risk until observation ends.
"""

import ibis
import pandas as pd
from ibis import _

from crisiskit.measures import observation, steps
from crisiskit.measures.answer import finish, tally
from crisiskit.measures.outcomes import BOUNDS
from crisiskit.measures.proportion import proportion
from crisiskit.measures.request import Request, Why, count, missing
from crisiskit.measures.survival import UNKNOWN, curve, quantile

STEP = "referral"
PENDING = "no answer yet"
UNTIMED = "attended, time of service missing"
QUARTILES = {"p25": 0.25, "median": 0.5, "p75": 0.75}
BLANKS = tuple(f"status {kind}" for kind in ("unknown", "declined", "not asked", "set aside", "blank"))
"""Reasons for which nobody knows how far a referral came."""


def referral_made(request: Request) -> pd.DataFrame:
    """Share of the contacts in which a person was met from which a referral step was made."""
    if "interventions" not in request.tables.tables:
        return steps.without_contacts(request, BOUNDS)
    joined = steps.contacts(request, steps.of_kind(request, STEP), {})
    if joined is None:
        return steps.refused(request, steps.absent(STEP), BOUNDS, request.rows(name="interventions"))
    table = joined.table
    why = [*joined.why, ("not eligible", (table._steps == 0) & ~table.eligible)]
    flagged = {"said to be referred, without a referral step": ((table._steps == 0) & table.referred).fill_null(False)}
    return proportion(joined.request, table, why, table._steps > 0, [["step"]], note=joined.note, kept=flagged)


def _referrals(request: Request) -> tuple[Request, ibis.Table, Why] | None:
    """Return the referral steps with their contacts, and why some do not say how far they came; None without any."""
    request = steps.with_contact(request)
    table = steps.rows_of(request, STEP)
    if not steps.sources_of(request, steps.of_kind(request, STEP)):
        return None
    return request, table, [("ineligible", table.status == "ineligible")]


def referral_accepted(request: Request) -> pd.DataFrame:
    """Share of referrals that were accepted, attended ones included, among those with an answer."""
    return _came(request, ("accepted", "attended"), ("offered", "consented"))


def referral_attended(request: Request) -> pd.DataFrame:
    """Share of referrals that the person attended, as last recorded, among those whose state is known."""
    return _came(request, ("attended",), ())


def _came(request: Request, good: tuple[str, ...], pending: tuple[str, ...]) -> pd.DataFrame:
    """Answer the share of referrals with one of the `good` states; unknown and pending ones widen the bounds."""
    referrals = _referrals(request)
    if referrals is None:
        return steps.refused(request, steps.absent(STEP), BOUNDS)
    request, table, why = referrals
    why = [*why, *_unsaid(table), (PENDING, table.status.isin(pending) if pending else ibis.literal(False))]
    note = steps.strays(request, STEP)
    return proportion(request, table, why, table.status.isin(good), [["status"]], [*BLANKS, PENDING], note)


def _unsaid(table: ibis.Table) -> Why:
    """List the kinds in which the status is missing, named after it."""
    return [(f"status {label}", condition) for label, condition in missing(table, "status")]


def _timed(request: Request, table: ibis.Table) -> ibis.Table:
    """Add `_start` and `_served`: seconds at which the clock of a referral starts, and of its first service.

    A referral is served when it was attended (at `completed_at`), or by a service step of the same contact: one of the
    service named, or any where one of the two names none. A service before the clock starts serves another purpose.
    """
    started = table.mutate(_start=table[observation.STARTS[request.variant["start"]]].epoch_seconds())
    held = request.tables.tables["follow_ups"]
    given = held.filter((held.step == "service") & held.record_id.notnull()).select(
        _source=_.source, _record_id=_.record_id, _given=_.service,
        _given_at=_.completed_at.coalesce(_.reached_at).coalesce(_.attempted_at).epoch_seconds())
    wanted = started.select("source", "follow_up_id", "record_id", "service", "_start").distinct()
    met = wanted.inner_join(given, [wanted.source == given._source, wanted.record_id == given._record_id])
    same = met.service.isnull() | met._given.isnull() | (met.service == met._given)
    first = met.filter(same & (met._given_at >= met._start)).group_by(["source", "follow_up_id"]).aggregate(
        _first=_._given_at.min()).rename(_source="source", _step="follow_up_id")
    joined = started.left_join(first, [started.source == first._source, started.follow_up_id == first._step])
    joined = joined.drop("_source", "_step")
    own = ibis.ifelse(joined.status == "attended", joined.completed_at.epoch_seconds(), ibis.null("int64"))
    both = ibis.ifelse(own <= joined._first, own, joined._first)
    return joined.mutate(_served=both.coalesce(own).coalesce(joined._first))


def _clocked(table: ibis.Table, until: ibis.Value) -> Why:
    """List why a referral gives no time at all, in the order in which it is asked."""
    return [
        ("start missing", table._start.isnull()),
        ("after the end of observation", table._start > until),
        ("before its start", table._served < table._start),
        (UNTIMED, table._served.isnull() & (table.status == "attended")),
        *[(label, condition & table._served.isnull()) for label, condition in _unsaid(table)],
    ]


def connection_to_care(request: Request) -> pd.DataFrame:
    """Share of referrals that reached a first service within `within_days` days, of those observed for that long.

    Referrals that ended observation earlier are left out, connected or not: keeping the quick ones would flatter.
    """
    until = observation.ends(request)
    referrals = _referrals(request)
    if referrals is None:
        return steps.refused(request, steps.absent(STEP), BOUNDS)
    request, table, why = referrals
    table = _timed(request, table)
    days, end = request.variant["within_days"], observation.end_of(table, until)
    start_missing, *others = _clocked(table, end)
    why = [("ineligible", table.status == "ineligible"), start_missing,
           (f"observed for less than {days} days", observation.short(table._start, end, days * observation.DAY)),
           *others]
    connected = (table._served - table._start <= int(days * observation.DAY)).fill_null(False)
    return proportion(request, table, why, connected, [["status"], ["completed_at"]], [UNTIMED, *BLANKS],
                      _notes(request, until))


def _notes(request: Request, until: dict) -> str:
    return "; ".join(filter(None, [steps.strays(request, STEP), observation.said(until)]))


def time_to_service(request: Request) -> pd.DataFrame:
    """Days from referral to first service: Kaplan-Meier quartiles, the unserved censored when observation ends.

    `numerator` is the number served, `denominator` the number of referrals; a quartile that the curve does not reach is
    null.
    """
    until = observation.ends(request)
    referrals = _referrals(request)
    if referrals is None:
        return steps.refused(request, steps.absent(STEP))
    request, table, why = referrals
    table = _timed(request, table)
    end = observation.end_of(table, until)
    served = (table._served <= end).fill_null(False)
    table = table.mutate(event=served, elapsed=ibis.ifelse(served, table._served, end) - table._start)
    why = [("ineligible", table.status == "ineligible"), *_clocked(table, end)]
    sums = {"served": table.event.cast("int64").sum(), "waiting": (~table.event).cast("int64").sum()}
    needs = [["status"], ["completed_at"]]
    cells = count(request, table, why, sums, also=["elapsed", "event"], recorded=["status", "completed_at"])
    groups = tally(request, cells, why, sums)
    found = _quartiles(cells[cells["_why"] == -1], groups, request.variant["confidence"])
    rows = pd.concat([groups.assign(statistic=name, numerator=groups["served"], denominator=groups["rows_used"],
                                    **found[name]) for name in QUARTILES])
    rows = rows.sort_index(kind="stable").reset_index(drop=True)
    return finish(request, rows, _notes(request, until), {"not served when observation ended": "waiting"}, needs=needs)


def _quartiles(times: pd.DataFrame, groups: pd.DataFrame, confidence: float) -> dict[str, dict[str, list[float]]]:
    """Return value, low and high of every quartile in days, one number per group."""
    found: dict[str, dict[str, list[float]]] = {name: {"value": [], "low": [], "high": []} for name in QUARTILES}
    for group in groups["_group"]:
        here = times[times["_group"] == group]
        one = curve(here["elapsed"] / observation.DAY, here["event"], here["_rows"]) if here["event"].any() else None
        for name, share in QUARTILES.items():
            estimate = UNKNOWN if one is None else quantile(one, share, confidence)
            for part in ("value", "low", "high"):
                found[name][part].append(getattr(estimate, part))
    return found
