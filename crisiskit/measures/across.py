"""Across jurisdictions: one measure of two or more sources, with a gate that says whether they may be compared.

Sources differ in what a record is, where it stands, how finely it is timed and what is missing. A difference in a
number can be any of these, so the gate lists them and judges each; it never hides the numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures.request import Request, ask
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

YES, NO, CANNOT_TELL, NO_BEARING = "yes", "no", "cannot tell", "has no bearing on it"
PLACE = ("area_id", "area_level", "area_basis")
SPOKEN = ("record_kind", "area_basis", "time_precision")
TYPED = ("call_type_initial", "call_type_final", "need", "needs", "eligible")
"""Columns that depend on whether the first or the last call type of an event was taken."""


@dataclass(frozen=True)
class Tolerance:
    """How far apart sources may lie: difference of the shares of contacts on period totals, and of missing values."""

    aggregate_share: float = 0.1
    missing_share: float = 0.1


@dataclass(frozen=True)
class Across:
    """A measure by source, the gate's rows, and its verdict in words (`verdict_of`)."""

    answer: "pd.DataFrame"
    gate: "pd.DataFrame"
    verdict: str


def across(tables: Any, measure_id: str, by: str = "source", where: Mapping[str, Any] | None = None,
           stated: Mapping[str, Mapping[str, str]] | None = None, tolerance: Tolerance = Tolerance(),
           **variant: Any) -> Across:
    """Answer a measure for each source beside the gate between them; see `comparable` for `stated` and `tolerance`."""
    from crisiskit.measures import measure

    answer = measure(tables, measure_id, by, where, **variant)
    gate = comparable(tables, measure_id, by, where, stated, tolerance, **variant)
    return Across(answer, gate, verdict_of(gate))


def comparable(tables: Any, measure_id: str, by: str = "source", where: Mapping[str, Any] | None = None,
               stated: Mapping[str, Mapping[str, str]] | None = None, tolerance: Tolerance = Tolerance(),
               **variant: Any) -> "pd.DataFrame":
    """Judge, condition by condition, whether the sources in the tables may be compared on a measure.

    One row per condition: `condition`, a column per source with what holds there, `comparable` ("yes", "no", "cannot
    tell", "has no bearing on it") and `why`. What the tables cannot hold is given in `stated`, by source: {"north":
    {"eligibility": "the rule in words"}}. UserError where the tables hold fewer than two sources.
    """
    import pandas as pd

    request = ask(tables, measure_id, by, where, variant)
    table = _table(request)
    facts = _facts(request, by, table)
    names = list(facts.index)
    if len(names) < 2:
        raise UserError(f"nothing to compare: the tables hold one {by}, {', '.join(map(str, names)) or 'none'}")
    used = {column for columns in request.measure.needs for column in columns} | {*request.where, *request.by}
    rows = _words(facts, used, table) + _eligibility(facts, used, stated or {}) + _call_types(facts, used)
    rows += _apart(facts, "aggregate_share", "share of contacts on period totals", tolerance.aggregate_share)
    for column in _columns(request, facts):
        rows += _apart(facts, f"missing {column}", f"missing {column}", tolerance.missing_share)
    return pd.DataFrame([[condition, *values, judged, why] for condition, values, judged, why in rows],
                        columns=["condition", *names, "comparable", "why"])


def verdict_of(gate: "pd.DataFrame") -> str:
    """Put the gate's rows into one sentence: the reasons against, else what is not known, else "comparable"."""
    for judged, begins in ((NO, "not comparable, because "), (CANNOT_TELL, "cannot tell: ")):
        rows = gate[gate["comparable"] == judged]
        if len(rows):
            return begins + "; ".join(rows["why"])
    return "comparable"


Row = tuple[str, list[Any], str, str]


def _table(request: Request) -> str:
    held = request.tables.tables
    name = request.variant.get("table") or request.measure.table
    return name if name in held else next(iter(held))


def _facts(request: Request, by: str, name: str) -> "pd.DataFrame":
    """Ask each source, in one pass, for the values of its kinds, what is filled, and shares: one row per source."""
    table = request.rows(name=name)
    columns = dictionary.table(name).columns
    asked: dict[str, ibis.Value] = {"rows": _.count()}
    asked |= {column: table[column].count() for column in ("call_type_initial", "call_type_final") if column in columns}
    if "is_aggregate" in columns:
        covered = _.contacts.sum(where=_.is_aggregate).coalesce(0).cast("float64")
        asked["aggregate_share"] = covered / _.contacts.sum().nullif(0)
    for column in {need for needs in request.measure.needs for need in needs if need in columns}:
        asked[f"missing {column}"] = 1 - _known(table[column]).cast("float64") / table.count()
    facts = request.tables.fetch(table.group_by(by).aggregate(**asked)).dropna(subset=by).sort_values(by).set_index(by)
    for column in (name for name in SPOKEN if name in columns):
        kinds = request.tables.fetch(table.filter(table[column].notnull()).select(by, column).distinct())
        facts[column] = kinds.groupby(by)[column].agg(lambda values: ", ".join(sorted(values))).reindex(facts.index)
    return facts


def _known(value: ibis.Value) -> ibis.Value:
    """Count the values that are known: not null, and none of the in-band kinds of missing."""
    return (value.notnull() & value.notin(dictionary.KINDS)).sum() if value.type().is_string() else value.count()


def _words(facts: "pd.DataFrame", used: set[str], table: str) -> list[Row]:
    """Judge what is named in words: kind of record, basis of the area, precision of time."""
    clock = {column.name for column in dictionary.table("interventions").columns.values()
             if column.group == "clock"} | {"wait_s", "hour", "weekday", "day"}
    bears = {"record_kind": True, "area_basis": bool(used & set(PLACE)), "time_precision": bool(used & clock)}
    rows: list[Row] = []
    for column, matters in bears.items():
        if column not in facts:
            rows.append((column, [None] * len(facts), NO_BEARING, f"table '{table}' has no {column}"))
            continue
        rows.append(_same(column, facts[column], matters))
    return rows


def _same(condition: str, values: "pd.Series", matters: bool) -> Row:
    """Judge values that have to be the same everywhere; where one source does not say, nobody can tell."""
    spoken = condition.replace("_", " ")
    shown = [value if isinstance(value, str) else None for value in values]
    if not matters:
        return condition, shown, NO_BEARING, f"{spoken} has no bearing on this measure"
    silent = [str(name) for name, value in zip(values.index, shown, strict=True) if value is None]
    if silent:
        return condition, shown, CANNOT_TELL, f"{spoken} is not recorded for {', '.join(silent)}"
    if len(set(shown)) == 1:
        return condition, shown, YES, f"{spoken} is the same"
    pairs = "; ".join(f"{name}: {value}" for name, value in zip(values.index, shown, strict=True))
    return condition, shown, NO, f"{spoken} differs ({pairs})"


def _eligibility(facts: "pd.DataFrame", used: set[str], stated: Mapping[str, Mapping[str, str]]) -> list[Row]:
    """Judge the rules of eligibility as they were stated: the tables hold the decision, never the rule."""
    rules = facts.index.to_series().map(lambda name: stated.get(name, {}).get("eligibility"))
    row = _same("eligibility", rules, "eligible" in used)
    return [(*row[:3], row[3].replace("is not recorded", "is decided by a rule that is not stated"))]


def _call_types(facts: "pd.DataFrame", used: set[str]) -> list[Row]:
    """Judge which call type a source keeps: eligibility and need rest on the first or on the last."""
    if "call_type_initial" not in facts:
        return []
    kept = [" and ".join(word for word in ("initial", "final") if row[f"call_type_{word}"] > 0) or None
            for _name, row in facts.iterrows()]
    return [_same("call_type", facts.index.to_series().map(dict(zip(facts.index, kept, strict=True))),
                  bool(used & set(TYPED)))]


def _apart(facts: "pd.DataFrame", column: str, spoken: str, most: float) -> list[Row]:
    """Judge shares that may differ by `most`; a source without a denominator cannot be judged."""
    if column not in facts:
        return []
    values = facts[column].astype("float64")
    if values.isna().any():
        silent = ", ".join(map(str, values.index[values.isna()]))
        return [(spoken, list(values), CANNOT_TELL, f"{spoken} is not known for {silent}")]
    gap = float(values.max() - values.min())
    rests = "" if column == "aggregate_share" else " of {:,} rows"
    told = "; ".join(f"{name}: {100 * value:.1f} %{rests.format(int(facts.loc[name, 'rows']))}"
                     for name, value in values.items())
    judged = NO if gap > most else YES
    return [(spoken, list(values), judged, f"{spoken} differs by {'more' if gap > most else 'no more'} than "
                                           f"{100 * most:g} points ({told})")]


def _columns(request: Request, facts: "pd.DataFrame") -> Sequence[str]:
    """The columns that the measure rests on: of its alternatives, the one that is best recorded everywhere."""
    def worst(needs: Sequence[str]) -> float:
        return max((float(facts[f"missing {need}"].max()) for need in needs if f"missing {need}" in facts), default=0.0)

    return min(request.measure.needs, key=worst, default=())
