"""Redials: who hung up in the queue and called again, where a key tells that it was the same person.

A chain is read on all contacts of a line before any condition is applied, so that a condition on hour or area cannot
cut it. A redial is a contact by the same key, at most `within_min` minutes after that key's last contact ended without
an answer because the caller gave up. An attempt is a first contact with its redials.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import pandas as pd
from ibis import _

from crisiskit.measures.answer import finish, ratio, tally
from crisiskit.measures.cascade import recorded
from crisiskit.measures.intervals import wilson
from crisiskit.measures.request import AGGREGATE, Request, Why, count

WHOSE = ("source", "person_key")
"""A key identifies a person within its source."""

NEEDS = [["person_key", "received_at", "offered", "abandoned"], ["person_key", "received_at", "offered", "answered"]]
REFUSED = ("refused: without a key nobody can tell a redial from a new caller; answer rate and abandonment "
           "(with a threshold for short abandons) can be given instead")


@dataclass(frozen=True)
class Statistic:
    """One share of the answer: names of the sums that are its numerator and denominator."""

    part: str
    total: str


STATISTICS: Mapping[str, Statistic] = {
    "redials": Statistic("redials", "offered_rows"),
    "redialled": Statistic("redialled", "gave_up_rows"),
    "abandoned": Statistic("gave_up_rows", "offered_rows"),
    "never_through": Statistic("lost_attempts", "attempts"),
}


def redials(request: Request) -> pd.DataFrame:
    """Four shares of the contacts with a key: redials of offered, abandoned ones that were followed by a redial,
    abandoned of offered, and attempts that no answer ended of all attempts (abandonment net of redials).

    An attempt stands in the group of its first contact. Contacts given up in the last minutes of the records count as
    not followed by a redial. Without keys the answer is null, with the reason and what can be given instead.
    """
    table = request.rows(chains(request.tables.tables["interventions"], request.variant["within_min"]))
    why = _why()
    sums = {
        "offered_rows": _.count(), "redials": _.is_redial.sum(), "gave_up_rows": _.gave_up.sum(),
        "redialled": _.is_redialled.sum(), "attempts": (~_.is_redial).sum(),
        "lost_attempts": (~_.is_redial & ~_.got_through).sum(),
    }
    columns = list(dict.fromkeys(name for names in NEEDS for name in names))
    groups = tally(request, count(request, table, why, sums, recorded=columns), why, sums)
    parts = []
    for name, item in STATISTICS.items():
        part, total = groups[item.part], groups[item.total]
        low, high = wilson(part, total, request.variant["confidence"])
        parts.append(groups.assign(statistic=name, numerator=part, denominator=total, value=ratio(part, total),
                                   low=low, high=high))
    rows = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    keyless = (rows["rows_used"] == 0) & (rows["left key missing"] > 0)
    frame = finish(request, rows, dict.fromkeys(rows.index[keyless], REFUSED), needs=NEEDS)
    known = recorded(request, ["person_key", "offered"])
    if known["person_key"] == 0 and known["offered"] > 0:
        frame["reasons"] += f"; {REFUSED}"
    return _ordered(request, frame)


def _ordered(request: Request, frame: pd.DataFrame) -> pd.DataFrame:
    """Put `statistic` behind the keys, where every measure with several has it; null where there is no number."""
    frame = frame if "statistic" in frame else frame.assign(statistic=None)
    others = [name for name in frame.columns if name not in (*request.by, "statistic")]
    return frame[[*request.by, "statistic", *others]]


def _why() -> Why:
    """Why a contact cannot be read as an attempt or a redial, in the order in which it is asked."""
    return [
        AGGREGATE, ("several contacts in one row", _.contacts > 1), ("not a line's contact", ~_.on_line),
        ("not offered", _.offered == 0), ("offered missing", _.offered.isnull()),
        ("key missing", _.person_key.isnull()), ("time missing", _.received_at.isnull()),
        ("ending missing", _.gave_up.isnull()),
    ]


def chains(table: ibis.Table, within_min: float) -> ibis.Table:
    """Add to every row `on_line`, `gave_up`, `is_redial`, `is_redialled` and `got_through` (of its whole attempt).

    A contact was given up when it is recorded as abandoned; where that is blank, when it has a moment of abandonment
    or was not answered. The clock runs from the end of the wait: `abandoned_at`, else `received_at` and `wait_s`.
    """
    answered = (table.answered > 0).coalesce(ibis.ifelse(table.answered_at.notnull(), True, ibis.null("boolean")))
    gave_up = (table.abandoned > 0).coalesce(ibis.ifelse(table.abandoned_at.notnull(), True, ~answered))
    wait = ibis.interval(seconds=1) * table.wait_s.fill_null(0).round().cast("int64")
    line = (table.record_kind == "hotline_contact") | (table.record_kind.isnull() & table.offered.notnull())
    usable = (line & table.person_key.notnull() & table.received_at.notnull() & gave_up.notnull()
              & (table.offered > 0) & ~table.is_aggregate.fill_null(False) & (table.contacts.fill_null(1) <= 1))
    table = table.mutate(on_line=line.fill_null(False), gave_up=gave_up, _through=answered.fill_null(~gave_up),
                         _usable=usable.fill_null(False), _ended=table.abandoned_at.coalesce(table.received_at + wait))
    followed = _followed(table.filter(_._usable), within_min)
    alone = table.filter(~_._usable).mutate(is_redial=False, is_redialled=False, got_through=_._through)
    return ibis.union(followed, alone.select(*followed.columns)).drop("_through", "_usable", "_ended")


def _followed(table: ibis.Table, within_min: float) -> ibis.Table:
    """Read the chains of the contacts that have a key, a time and an ending, person by person, in order of time.

    Apart from the others, so that rows without a key are never put in order.
    """
    order = ["received_at", "record_id"]
    in_order = ibis.window(group_by=WHOSE, order_by=order)
    so_far = ibis.cumulative_window(group_by=WHOSE, order_by=order)
    limit = ibis.interval(seconds=1) * ibis.literal(int(within_min * 60))
    again = _.gave_up.lag().over(in_order) & (_.received_at <= (_._ended + limit).lag().over(in_order))
    table = table.mutate(is_redial=again.fill_null(False))
    table = table.mutate(is_redialled=_.is_redial.lead().over(in_order).fill_null(False),
                         _attempt=(~_.is_redial).sum().over(so_far))
    attempt = ibis.window(group_by=[*WHOSE, "_attempt"])
    return table.mutate(got_through=_._through.any().over(attempt)).drop("_attempt")
