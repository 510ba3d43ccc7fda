"""Cascades: from all contacts, stage by stage, to the end, with every contact that is lost in one place.

A chain of stages is data. A contact goes from stage to stage while something in its record says that it got there; at
the first stage where nothing does it is lost, for the reason that the record gives, or because nothing was recorded.
So the contacts at the start are the sum of all losses and of those at the end.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.measures import dimensions
from crisiskit.measures.answer import finish, pooled, ratio, tally
from crisiskit.measures.intervals import wilson
from crisiskit.measures.request import AGGREGATE, NUMBERS, Request, Why, count, judged, token
from crisiskit.measures.service_hours import inside, read
from crisiskit.standard import dictionary

ALL = "all contacts"
"""Name of the start of every cascade."""

SYSTEM = ("source", "record_kind")
"""Conditions that choose whose records are looked at, so that a stage is judged recorded or not among those."""

EXTRAS = ("reached", "lost", "share_of_start", "helped")
OTHER_KIND = "another kind of record"


@dataclass(frozen=True)
class Sign:
    """A column, and the values in it that say something; without values, any known value says it.

    A truth value asked of a column of whole numbers means all of the row's contacts, or none of them;
    `not_applicable` asked of a moment means that the source says so in column `missing`.
    """

    column: str
    values: tuple[str | bool, ...] = ()

    def seen(self, table: ibis.Table) -> ibis.Value:
        """Tell whether the sign stands in a row; never null."""
        value = table[self.column]
        kind = value.type()
        if not self.values:
            known = value.notnull()
            return known & value.notin(dictionary.KINDS).fill_null(False) if kind.is_string() else known
        if kind.is_timestamp():
            tokens = [token(table, f"{self.column}={code}") for code in self.values]
            return value.isnull() & ibis.or_(*tokens).fill_null(False)
        if kind.is_integer():
            met = (value > 0) & (value >= table.contacts) if True in self.values else value == 0
            return met.fill_null(False)
        return value.isin(self.values).fill_null(False)


@dataclass(frozen=True)
class Stage:
    """One stage: what says that a contact reached it, what says that it did not and why, and the name of silence.

    The stage counts as recorded where the source has values in `column`. A `no` that stands `first` outweighs a yes;
    otherwise a yes does. `help` marks a stage at which somebody was there for the person.
    """

    name: str
    column: str
    yes: tuple[Sign, ...]
    no: tuple[tuple[str, tuple[Sign, ...]], ...]
    unknown: str
    first: bool = False
    help: bool = False

    @property
    def losses(self) -> tuple[str, ...]:
        """The reasons for which a contact can be lost before this stage."""
        return (*(label for label, _signs in self.no), self.unknown)


IN_HOURS = Stage("in service hours", "received_local", (), (("outside service hours", ()),), "hour not recorded")
"""Asked of the clock and the hours given, not of a sign."""

ARRIVED = (Sign("arrived_at"), Sign("transported_at"), Sign("cit_arrived", (True,)), Sign("end_point", ("engaged",)))
"""What says that somebody was there; `engaged_at` does not, for a placeholder stands in it where nobody was found."""

RESPONSE = ("call_for_service", "field_response")
"""Kinds of record of which somebody can be sent; a line's contact that nobody triaged is no loss of a response."""

NOBODY = (Sign("responder", ("none",)), Sign("outcome", ("cancelled",)))
OUTCOME = Stage("outcome recorded", "outcome", (Sign("outcome"),), (), "outcome not recorded")



@dataclass(frozen=True)
class Chain:
    """Stages in the order in which a contact passes them, and the kinds of record that pass them."""

    stages: tuple[Stage, ...]
    kinds: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Columns of which one at least must be recorded; an outcome alone makes no cascade."""
        return [stage.column for stage in self.stages if stage not in (IN_HOURS, OUTCOME)]


CHAINS: Mapping[str, Chain] = {
    "response": Chain((
        Stage("triaged", "triaged", (Sign("triaged", (True,)), Sign("eligible")),
              (("not triaged", (Sign("triaged", (False,)),)),), "triage not recorded", first=True),
        Stage("eligible", "eligible", (Sign("eligible", (True,)),),
              (("not eligible", (Sign("eligible", (False,)),)),), "eligibility not recorded"),
        IN_HOURS,
        Stage("dispatched", "dispatched_at",
              (Sign("dispatched_at"), Sign("enroute_at"), Sign("cit_dispatched", (True,)), *ARRIVED),
              (("not dispatched", (Sign("dispatched_at", ("not_applicable",)), *NOBODY)),), "reason not recorded"),
        Stage("arrived", "arrived_at", ARRIVED,
              (("no arrival", (Sign("arrived_at", ("not_applicable",)), Sign("end_point", ("cancelled",)), *NOBODY)),),
              "arrival not recorded", help=True),
        Stage("engaged", "engaged_at", (Sign("engaged_at"), Sign("end_point", ("engaged",))),
              (("not engaged", (Sign("end_point", ("unable_to_locate", "refused", "cancelled")),
                                Sign("outcome", ("unable_to_locate", "cancelled")))),),
              "engagement not recorded", first=True),
        OUTCOME,
    ), RESPONSE),
    "line": Chain((
        Stage("offered", "offered", (Sign("offered", (True,)),), (("not offered", (Sign("offered", (False,)),)),),
              "offer not recorded"),
        Stage("answered", "answered", (Sign("answered", (True,)),),
              (("abandoned", (Sign("abandoned", (True,)), Sign("abandoned_at"))),
               ("not answered", (Sign("answered", (False,)),))), "answer not recorded", help=True),
        OUTCOME,
        Stage("referred", "referred", (Sign("referred", (True,)),), (("not referred", (Sign("referred", (False,)),)),),
              "referral not recorded"),
    ), ("hotline_contact",)),
    "cit": Chain((
        Stage("CIT requested", "cit_requested", (Sign("cit_requested", (True,)),),
              (("CIT not requested", (Sign("cit_requested", (False,)),)),), "CIT request not recorded"),
        Stage("CIT dispatched", "cit_dispatched", (Sign("cit_dispatched", (True,)),),
              (("CIT not dispatched", (Sign("cit_dispatched", (False,)),)),), "CIT dispatch not recorded"),
        Stage("CIT arrived", "cit_arrived", (Sign("cit_arrived", (True,)),),
              (("CIT did not arrive", (Sign("cit_arrived", (False,)),)),), "CIT arrival not recorded", help=True),
        OUTCOME,
    ), RESPONSE),
}
"""The chains, in the order in which a contact passes their stages.

Eligibility decided on a contact says that it was triaged, but a triage that did not take place outweighs it: forms
write "not eligible" by default. Whoever arrived was dispatched.
"""


def cascade(request: Request) -> pd.DataFrame:
    """Contacts that reach each stage, and contacts lost before it, by reason.

    Columns of its own: `stage`; `loss` (null on the row of a stage, the reason on the row of a loss before it);
    `reached` on rows of stages; `lost` on rows of losses (so that each adds up once); `share_of_start`; `helped`: of
    them, contacts where somebody was there all the same. `numerator` is reached or lost, `denominator` what reached the
    stage before. In each group the start is the sum of `lost` and of the last `reached`; a group in which nothing of
    the chain is recorded has nulls.
    """
    chain = CHAINS[request.variant["chain"]]
    known = recorded(request, [stage.column for stage in chain.stages], chain.kinds)
    stages = [stage for stage in chain.stages if known[stage.column] > 0
              and (stage is not IN_HOURS or request.variant["hours"] is not None)]
    table = request.rows()
    helped = ibis.or_(ibis.literal(False), *[sign.seen(table) for s in stages if s.help for sign in s.yes])
    table = table.mutate(lost_at=_lost_at(table, stages, request.variant["hours"]), came=helped)
    why = [AGGREGATE, ("contacts missing", _.contacts.isnull()), *other_kind(request, chain.kinds)]
    sums = {"helped": _.contacts.sum(where=_.came)}
    cells = count(request, table, why, sums, also=["lost_at"], recorded=[*chain.columns, OUTCOME.column])
    groups = tally(request, cells, why, sums)
    if not any(known[name] for name in chain.columns):  # what other kinds of record hold is no stage of this chain
        groups[[f"recorded_{name}" for name in chain.columns]] = 0
    rows = _rows(groups, cells, stages, request.variant["confidence"])
    silent = rows[[f"recorded_{name}" for name in chain.columns]].sum(axis=1) == 0
    rows.loc[silent | (rows["rows_used"] == 0), [*NUMBERS, *EXTRAS]] = np.nan
    others = pooled(request, judged(table, why).filter(_._why == -1), SYSTEM, groups)
    notes = _notes(request, groups, chain, stages, others)
    texts = {index: notes[group] for index, group in rows["_group"].items()}
    return finish(request, rows, texts, extras=EXTRAS, between=["stage", "loss"],
                  needs=[chain.columns, *([column] for column in chain.columns)])


def other_kind(request: Request, kinds: Sequence[str]) -> Why:
    """The reason for which a record of another kind is left out, unless the question itself names the kind."""
    return [] if "record_kind" in request.where else [(OTHER_KIND, _.record_kind.notin(kinds))]


def recorded(request: Request, columns: Sequence[str], kinds: Sequence[str] = ()) -> Mapping[str, int]:
    """Count the known values of columns in the source's single records, whatever the other conditions are.

    With `kinds`, in records of these kinds or of none, unless the question itself names the kind.
    """
    whose = {name: values for name, values in request.where.items() if name in SYSTEM}
    table = dimensions.filtered(request.tables.tables["interventions"], "interventions", whose, "calendar")
    table = table.filter(~table.is_aggregate.fill_null(False))
    if kinds and "record_kind" not in request.where:
        table = table.filter(table.record_kind.isnull() | table.record_kind.isin(kinds))
    counts = {name: table[name].count() for name in dict.fromkeys(columns)}
    return request.tables.fetch(table.aggregate(**counts)).iloc[0].to_dict()


def _lost_at(table: ibis.Table, stages: Sequence[Stage], hours: str | None) -> ibis.Value:
    """Number of the loss (over all stages, in order) at which a contact falls out; -1 where it comes to the end."""
    cases: list[tuple[ibis.Value, int]] = []
    for stage in stages:
        for condition in _lost(table, stage, hours):
            cases.append((condition, len(cases)))
    return ibis.cases(*cases, else_=-1) if cases else ibis.literal(-1)


def _lost(table: ibis.Table, stage: Stage, hours: str | None) -> list[ibis.Value]:
    """Conditions of the stage's losses, in their order; the first that holds is the reason."""
    if stage is IN_HOURS and hours is not None:
        within = inside(table, read(hours))
        return [~within, within.isnull()]
    there = ibis.or_(*[sign.seen(table) for sign in stage.yes])
    said = [ibis.or_(*[sign.seen(table) for sign in signs]) for _label, signs in stage.no]
    return [*(said if stage.first else [no & ~there for no in said]), ~there]


def _rows(groups: pd.DataFrame, cells: pd.DataFrame, stages: Sequence[Stage], confidence: float) -> pd.DataFrame:
    """Repeat each group for the start, each loss and each stage, in the order in which contacts pass them."""
    used = cells[cells["_why"] == -1]
    places = range(-1, sum(len(stage.losses) for stage in stages))

    def spread(column: str) -> pd.DataFrame:
        table = used.pivot_table(index="_group", columns="lost_at", values=column, aggfunc="sum")
        return table.reindex(index=groups.index, columns=places).fillna(0)

    lost, helped = spread("_contacts"), spread("helped")
    start = at = lost.sum(axis=1)
    here = helped.sum(axis=1)
    parts = [groups.assign(stage=ALL, loss=None, reached=at, numerator=at, denominator=at, helped=here)]
    place = 0
    for stage in stages:
        before = at
        for label in stage.losses:
            gone = lost[place]
            parts.append(groups.assign(stage=stage.name, loss=label, lost=gone, numerator=gone, denominator=before,
                                       helped=helped[place]))
            at, here, place = at - gone, here - helped[place], place + 1
        parts.append(groups.assign(stage=stage.name, loss=None, reached=at, numerator=at, denominator=before,
                                   helped=here))
    rows = pd.concat([part.assign(_order=order, start=start) for order, part in enumerate(parts)], ignore_index=True)
    rows = rows.reindex(columns=list(dict.fromkeys([*rows.columns, "lost"])))
    rows = rows.sort_values(["_group", "_order"], ignore_index=True)
    low, high = wilson(rows["numerator"], rows["denominator"], confidence)
    return rows.assign(value=ratio(rows["numerator"], rows["denominator"]), low=low, high=high,
                       share_of_start=ratio(rows["numerator"], rows["start"]))


def _notes(request: Request, groups: pd.DataFrame, chain: Chain, stages: Sequence[Stage],
           others: Mapping[int, str]) -> dict[int, str]:
    """Say, per group, which stages were skipped, which have nothing recorded in this group, and what was pooled."""
    no_hours = request.variant["hours"] is None
    skipped = [stage.name for stage in chain.stages if stage not in stages and not (stage is IN_HOURS and no_hours)]
    whole = [f"stages not recorded in this source: {', '.join(skipped)}"] if skipped else []
    if no_hours and IN_HOURS in chain.stages:
        whole.append(f"stage skipped, no hours of service given: {IN_HOURS.name}")
    notes = {}
    for group, row in groups.iterrows():
        empty = [stage.name for stage in stages if stage is not IN_HOURS and row[f"recorded_{stage.column}"] == 0]
        silent = all(row[f"recorded_{name}"] == 0 for name in chain.columns)  # then the answer says so itself
        own = [f"not recorded in this group: {', '.join(empty)}"] if empty and not silent else []
        notes[int(group)] = "; ".join([*whole, *own, *([others[int(group)]] if int(group) in others else [])])
    return notes


def by_stage(answer: pd.DataFrame) -> pd.DataFrame:
    """Fold a cascade's answer to one row per group and stage: `stage`, `reached`, `lost` before it, `share_of_start`.

    For a table or a picture; the reasons of the losses stay in the answer.
    """
    keys = list(answer.columns[:list(answer.columns).index("stage")])
    frame = answer.copy()
    frame["lost"] = frame["lost"].groupby([frame[name] for name in [*keys, "stage"]], dropna=False).transform("sum")
    rows = frame[frame["loss"].isna()].reset_index(drop=True)
    rows["lost"] = rows["lost"].where(rows["reached"].notna())
    return rows[[*keys, "stage", "reached", "lost", "share_of_start"]]
