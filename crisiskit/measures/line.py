"""Telephone, text and chat lines: answered, abandoned, and how fast, from single contacts or from totals.

Two kinds of source are read alike: `interventions` (0/1 on a single contact, totals on a row that covers a period) and
`counts` (totals by period and line). They are never mixed, and what was pooled is named in `reasons`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import ibis
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures.answer import finish, nothing, pooled, ratio, tally
from crisiskit.measures.clocks import Clock, elapsed, speed_of_answer
from crisiskit.measures.intervals import wilson
from crisiskit.measures.outcomes import BOUNDS, shares
from crisiskit.measures.request import AGGREGATE, Request, Why, count

__all__ = ["abandonment", "answer_rate", "service_level", "speed_of_answer"]

CHANNELS = ("access", "modality", "level", "source")
"""Columns that tell lines and channels apart: figures over several of their values say so."""

UNIT = ("source", "area_id", "area_level", "period_start", "period_end", "group", "level", "source_file", "source_row")
"""Columns of `counts` that identify one line in one period; a source row gives one number of each kind."""


ANSWERED, ABANDONED = Clock("received_at", "answered_at", "wait_s"), Clock("received_at", "abandoned_at", "wait_s")


@dataclass(frozen=True)
class Line:
    """The rows of a line, the columns that the measure rests on, and why a row lacks them."""

    request: Request
    table: ibis.Table
    totals: bool
    needs: Sequence[Sequence[str]]
    why: Why


def _line(request: Request, numbers: Sequence[str], within: Sequence[str], moments: Sequence[str]) -> Line | None:
    """Choose the table and its rows: the one asked for, else interventions where all is recorded, else counts.

    `numbers` are needed of every row; the wait behind them comes from `moments` or `wait_s` on interventions, and from
    the totals named `within` in counts. None when the source has no such table.
    """
    waits = (("wait_s",), tuple(moments)) if within else ((),)
    needs = {"interventions": [[*numbers, *wait] for wait in waits], "counts": [[*numbers, *within]]}
    chosen = _table(request, needs)
    if chosen is None:
        return None
    request = replace(request, variant={**request.variant, "table": chosen})
    totals = chosen == "counts"
    table = request.rows(_units(request, needs["counts"][0]) if totals else None, chosen)
    rests_on = needs["counts"][0] if totals else numbers
    lacking = [(f"{name} missing".replace("_", " "), table[name].isnull()) for name in rests_on]
    apart = [AGGREGATE] if not totals and (request.by_clock or within) else []
    return Line(request, table, totals, needs[chosen], [*apart, *lacking])


def _table(request: Request, needs: Mapping[str, Sequence[Sequence[str]]]) -> str | None:
    """Choose the table asked for, else the first that records what is needed, else the first there is."""
    held = [name for name in needs if name in request.tables.tables]
    wanted = request.variant["table"]
    if wanted is not None:
        return wanted if wanted in held else None
    return next((name for name in held if _recorded(request, name, needs[name])), next(iter(held), None))


def _recorded(request: Request, name: str, needs: Sequence[Sequence[str]]) -> bool:
    """Tell whether the source records, in this table, every number of one of the alternatives."""
    table = request.tables.tables[name]
    if name == "counts":
        return set(needs[0]) <= set(request.tables.fetch(table.select("measure").distinct())["measure"])
    known = request.tables.fetch(table.aggregate(**{c: table[c].count() for names in needs for c in names})).iloc[0]
    return any(all(known[column] > 0 for column in names) for names in needs)


def _units(request: Request, measures: Sequence[str]) -> ibis.Table:
    """Turn counts into one row per line and period with a column for each of `measures`; contacts are the offered.

    Breakdowns of one total are never added up: the rows by `line` are taken, else the totals, else the one breakdown
    there is; a condition on `group` chooses another.
    """
    table = request.tables.tables["counts"]
    held = table.filter(table.measure.isin(list(measures)))
    if "group" not in request.where:
        found = request.tables.fetch(held.select("group").distinct())["group"]
        kinds = [None if pd.isna(kind) else kind for kind in found]
        if len(kinds) > 1 and "line" not in kinds and None not in kinds:
            raise UserError(f"counts break {measures[-1]} down in several ways: choose one with where group = "
                            f"{' or '.join(sorted(map(str, kinds)))}")
        chosen = "line" if "line" in kinds else None if None in kinds or not kinds else kinds[0]
        held = held.filter(held.group.isnull() if chosen is None else held.group == chosen)
    wide = held.group_by([name for name in UNIT if name in held.columns]).aggregate(
        **{name: held.value.sum(where=held.measure == name).round().cast("int64") for name in measures})
    return wide.mutate(contacts=_.offered, is_aggregate=ibis.literal(True))


def _answer(line: Line | None, request: Request, part: ibis.Value, total: ibis.Value, apart: Why = (),
            unknown: ibis.Value | None = None) -> pd.DataFrame:
    """Answer part / total over the rows that have both; `unknown` counts what may be either, in the rows `apart`."""
    if line is None:
        return nothing(request)
    request, why = line.request, [*line.why, *apart]
    recorded = list(dict.fromkeys(name for names in line.needs for name in names))
    sums = {"part": part.sum(), "total": total.sum(), "above": (_.answered > _.offered).sum()
            if "answered" in line.table.columns else ibis.literal(0)}
    extra = {} if unknown is None else {"unknown": unknown.sum()}
    apart_by = [name for name in CHANNELS if name in line.table.columns and name not in request.by]
    cells = count(request, line.table, why, sums | extra, apart_by, recorded)
    groups = tally(request, cells, why, sums)
    confidence = request.variant["confidence"]
    kept = {"more answered than offered": "above"}
    notes = pooled(request, cells, CHANNELS, groups)
    if unknown is None:
        low, high = wilson(groups["part"], groups["total"], confidence)
        groups = groups.assign(numerator=groups["part"], denominator=groups["total"], low=low, high=high,
                               value=ratio(groups["part"], groups["total"]))
        return finish(request, groups, notes, kept, needs=line.needs)
    doubtful = cells["_why"].isin([place for place, (label, _c) in enumerate(why) if label in dict(apart)])
    lost = cells["unknown"].where(doubtful, 0).groupby(cells["_group"]).sum()
    groups = shares(groups, groups["part"], groups["total"], lost, confidence)
    return finish(request, groups, notes, kept, BOUNDS, needs=line.needs)


def answer_rate(request: Request) -> pd.DataFrame:
    """Answered / offered, over the rows that have both numbers."""
    line = _line(request, ("answered", "offered"), (), ())
    return _answer(line, request, _.answered, _.offered)


def abandonment(request: Request) -> pd.DataFrame:
    """Contacts abandoned after `threshold_s` or more / (offered less those abandoned earlier)."""
    limit = request.variant["threshold_s"]
    short = [f"abandoned_within_{limit}s"] if limit else []
    line = _line(request, ("abandoned", "offered"), short, ("received_at", "abandoned_at"))
    if line is None or not limit:
        return _answer(line, request, _.abandoned, _.offered)
    early, apart = _early(line, limit)
    return _answer(line, request, _.abandoned - early, _.offered - early, apart)


def service_level(request: Request) -> pd.DataFrame:
    """Contacts answered within `threshold_s` / offered, offered less short abandons, or answered."""
    limit, short_s, basis = (request.variant[name] for name in ("threshold_s", "short_s", "denominator"))
    if basis == "offered_less_short":
        printed = {"denominator": f"offered less abandoned below {short_s} s"}
        request = replace(request, variant={**request.variant, **printed})
    less = basis == "offered_less_short" and short_s > 0
    numbers = ("answered", "offered", *(("abandoned",) if less else ()))
    within = [f"answered_within_{limit}s", *([f"abandoned_within_{short_s}s"] if less else [])]
    line = _line(request, numbers, within, ("received_at", "answered_at"))
    if line is None:
        return nothing(request)
    early, apart = _early(line, short_s) if less else (0, [])
    total = _.answered if basis == "answered" else _.offered - early
    if line.totals:
        return _answer(line, request, _[within[0]], total, apart)
    wait = elapsed(line.table, ANSWERED)
    doubt = [("answered, wait missing", (_.answered > 0) & (wait.isnull() | (wait < 0)))]
    in_time = ibis.ifelse(wait <= int(limit * 1_000_000), _.answered, 0)
    return _answer(line, request, in_time, total, [*apart, *doubt], _.answered)


def _early(line: Line, limit: float) -> tuple[ibis.Value, Why]:
    """Return the contacts abandoned before `limit` seconds, and the rows that cannot say so."""
    if line.totals:
        return line.table[f"abandoned_within_{limit}s"], []
    wait = elapsed(line.table, ABANDONED)
    doubt = [("abandoned, wait missing", (line.table.abandoned > 0) & (wait.isnull() | (wait < 0)))]
    return ibis.ifelse(wait < int(limit * 1_000_000), line.table.abandoned, 0), doubt
