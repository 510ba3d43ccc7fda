"""Numbers of a source beside published ones: a gate says first whether they may be compared, then a verdict is given.

A comparison stands on the interval, never on the point: where the interval includes the mark, nobody can tell.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError
from crisiskit.measures.held import Held, held
from crisiskit.standard.benchmarks import Benchmark, benchmarks, find, of_topic

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.measures.tables import Tables

MEETS, FAILS = "meets", "does not meet"
WITHIN, OUTSIDE = "lies within it", "lies outside it"
"""Verdicts where the published figure is a span that was found, and no mark to reach."""

INTERVAL = "cannot tell: the interval includes it"
UNKNOWN = "cannot tell: what is not recorded could change it"
NOT_COMPARABLE = "not comparable, because "
COLUMNS = ("benchmark", "topic", "title", "kind", "figure", "numerator", "n", "value", "low", "high", "unit", "verdict",
           "otherwise", "reasons", "source_read", "edition", "verified", "conflicts", "note")
"""Columns of a comparison, after those it is grouped by."""


def compare(given: Any, topic: str = "", by: str | Sequence[str] = (),
            stated: Mapping[str, Any] | None = None) -> "pd.DataFrame":
    """Set the numbers of a source beside the benchmarks of a topic (of all topics, where none is named).

    `given` is tables, as `measure` takes them, or one answer of `measure`. Tables are asked anew under the conditions
    of every benchmark, by `source` where there are several sources and `by` names nothing. An answer cannot show under
    which conditions it was asked, so `stated` must say so: {"access": "911"}; what is not stated counts as not met.

    One row per group and benchmark: `value` with `n`, `low` and `high` is ours, `figure` theirs; `verdict` is "meets",
    "does not meet" ("lies within it", "lies outside it" for a span that a study found), "cannot tell: ...", or "not
    comparable, because ..." with every unmet condition in words. `otherwise` says what other denominators would give.
    A benchmark that is never comparable has one row, whatever the number of sources.
    """
    import pandas as pd

    chosen = of_topic(topic) if topic else list(benchmarks().values())
    if isinstance(given, pd.DataFrame):
        return _of_answer(given, chosen, stated or {})
    from crisiskit.measures.tables import open_tables

    opened = open_tables(given)
    known = held(opened, chosen)
    keys = (by,) if isinstance(by, str) and by else tuple(by)
    several = not keys and len(known.sources) > 1  # figures of two services are never added up for a verdict
    rows: list[dict[str, Any]] = []
    for item in chosen:
        parts = [{"source": name} for name in known.sources] if several and not item.never else [{}]
        rows += [row for part in parts for row in _of_tables(opened, item, keys, part, known)]
    return pd.DataFrame(rows, columns=[*(["source"] if several else keys), *COLUMNS])


def _of_tables(tables: "Tables", item: Benchmark, keys: tuple[str, ...], part: Mapping[str, str],
               known: Held) -> list[dict[str, Any]]:
    """Ask for a benchmark's measure in the first table that answers; the rows of its groups, or one that says why."""
    empty = {**dict.fromkeys(keys), **part}
    if item.never:
        return [_row(item, empty, None, [])]
    told: list[str] = []
    for name, where in item.where.items():
        lacking = known.lacking(item, name, part.get("source", "")) if name in tables.tables else ""
        if name not in tables.tables or (lacking and told):
            continue
        if lacking:
            told.append(f"{_subject(where)}: {lacking}")
            continue
        answer = _ask(tables, item, name, {**where, **part}, keys)
        if answer["value"].notna().any():
            rows = [_row(item, {**empty, **{key: row[key] for key in keys}}, row, []) for _, row in answer.iterrows()]
            return [{**row, "otherwise": "" if keys or row["n"] is None or row["verdict"].startswith(NOT_COMPARABLE)
                     else _otherwise(tables, item, name, {**where, **part})} for row in rows]
        told += [f"{_subject(where)}: {reason}" for reason in answer["reasons"].unique()]
    if not told:
        told = [f"the source has no table {' or '.join(repr(name) for name in item.where)}"]
    return [_row(item, empty, None, told)]


def _otherwise(tables: "Tables", item: Benchmark, table: str, where: Mapping[str, Any]) -> str:
    """Say what other definitions of the measure, as `also` lists them, would give, and the verdict on each."""
    said = []
    for change in item.also:
        other = replace(item, variant={**item.variant, **change})
        for _, row in _ask(tables, other, table, where, ()).iterrows():
            if row["value"] == row["value"]:
                said.append(f"{row['label']}: {100 * row['value']:.1f} % ({row['numerator']:,.0f} of "
                            f"{row['denominator']:,.0f}), {judge(item, row)}")
    return "; ".join(said)


def _ask(tables: "Tables", item: Benchmark, table: str, where: Mapping[str, Any],
         keys: tuple[str, ...]) -> "pd.DataFrame":
    """Ask for our number under a benchmark's conditions, one row per group."""
    from crisiskit.measures import measure
    from crisiskit.measures.definitions import definition

    choice = {"table": table} if "table" in definition(item.measure).variants else {}
    answer = measure(tables, item.measure, keys, where, **item.variant, **choice)
    if item.statistic and "statistic" in answer:
        answer = answer[answer["statistic"] == item.statistic]
    return _selected(answer, item, keys) if item.select else answer


def _selected(answer: "pd.DataFrame", item: Benchmark, keys: tuple[str, ...]) -> "pd.DataFrame":
    """Take each group's row with the wanted value; a group in which no record holds it has a share of 0, not no row."""
    import pandas as pd

    from crisiskit.measures.intervals import wilson

    (column, value), = item.select.items()
    wanted = answer[answer[column].astype("str").str.lower() == value]
    groups = answer.drop_duplicates(list(keys)) if keys else answer.head(1)
    known = pd.MultiIndex.from_frame(wanted[list(keys)]) if keys else None
    lacking = groups[~pd.MultiIndex.from_frame(groups[list(keys)]).isin(known)] if keys else \
        groups.head(0 if len(wanted) else 1)
    low, high = wilson(0 * lacking["denominator"], lacking["denominator"])
    zero = 0 * lacking["denominator"]
    lacking = lacking.assign(numerator=zero, value=zero, low=low, high=high, bound_low=zero,
                             bound_high=1 - lacking["recorded_share"])
    return pd.concat([wanted, lacking[wanted.columns]]) if len(lacking) else wanted


def _subject(where: Mapping[str, tuple[str, ...]]) -> str:
    return "for records with " + " and ".join(f"{name} {' or '.join(map(str, values))}" for name, values in
                                              where.items())


def _of_answer(answer: "pd.DataFrame", chosen: Iterable[Benchmark], stated: Mapping[str, Any]) -> "pd.DataFrame":
    """Compare an answer with the benchmarks of its measure; its definition and its conditions must be theirs."""
    import pandas as pd

    name = answer.attrs.get("measure")
    if name is None:
        raise UserError("compare: the frame is no answer of `measure`; give it as `measure` returned it, or the tables")
    keys = tuple(answer.columns[: answer.columns.get_loc("numerator")].drop("statistic", errors="ignore"))
    mine = [item for item in chosen if item in find(name)]
    rows = []
    for item in mine:
        unmet = _unstated(item, stated)
        for _, row in answer.iterrows():
            if "statistic" in row and row["statistic"] != item.statistic:
                continue
            if any(str(row[column]).lower() != value for column, value in item.select.items()):
                continue
            rows.append(_row(item, {key: row[key] for key in keys}, row, [*unmet, *_other_variant(item, row)]))
    return pd.DataFrame(rows, columns=[*keys, *COLUMNS])


def _unstated(item: Benchmark, stated: Mapping[str, Any]) -> list[str]:
    """What an answer was not said to be limited to; one of the tables' conditions is enough."""
    lacking = [[f"it is not stated that {name} is {' or '.join(values)}" for name, values in where.items()
                if str(stated.get(name)) not in values] for where in item.where.values()]
    return min(lacking, key=len, default=[])


def _other_variant(item: Benchmark, row: "pd.Series") -> list[str]:
    from crisiskit.measures.definitions import definition

    measure = definition(item.measure)
    theirs = measure.title(measure.accept(item.variant))
    return [] if row["label"].startswith(theirs) else [f"the definition differs: '{row['label']}', not '{theirs}'"]


def _row(item: Benchmark, group: Mapping[str, Any], ours: "pd.Series | None", unmet: Sequence[str]) -> dict[str, Any]:
    """One row of the comparison; `unmet` are the conditions that are known not to be met, in words."""
    about = {"benchmark": item.id, "topic": item.topic, "title": item.title, "kind": item.kind, "figure": item.figure,
             "unit": item.unit, "source_read": item.source, "edition": item.edition or "not stated",
             "verified": item.verified, "conflicts": ", ".join(item.conflicts), "note": item.note}
    numbers: dict[str, Any] = dict.fromkeys(("numerator", "n", "value", "low", "high"))
    reasons = ""
    if ours is not None:
        n = ours["denominator"] if ours["denominator"] == ours["denominator"] else ours["rows_used"]
        numbers = {name: ours[name] for name in ("numerator", "value", "low", "high")} | {"n": n}
        reasons = ours["reasons"]
    told = [*([item.never] if item.never else []), *unmet, *_too_few(item, numbers["n"])]
    verdict = NOT_COMPARABLE + "; ".join(told) if told else judge(item, ours)
    return {**group, **about, **numbers, "otherwise": "", "reasons": reasons, "verdict": verdict}


def _too_few(item: Benchmark, n: float | None) -> list[str]:
    if n is None or n >= item.minimum_n:
        return []
    return [f"it would rest on {n:,.0f}, and {item.minimum_n:,} is the least"]


def judge(item: Benchmark, ours: "pd.Series | None") -> str:
    """Give the verdict on our number: the side of the mark on which its whole interval lies.

    Where what is not recorded (`bound_low`, `bound_high`) could move the number across the mark, nobody can tell.
    """
    if ours is None or ours["value"] != ours["value"]:
        return NOT_COMPARABLE + ("there is no number of this source" if ours is None else ours["reasons"])
    if not (ours["low"] == ours["low"] and ours["high"] == ours["high"]):
        return f"{NOT_COMPARABLE}our number has no interval"
    verdict = _side(item, ours["low"], ours["high"])
    low, high = ours.get("bound_low", float("nan")), ours.get("bound_high", float("nan"))
    if low == low and high == high and verdict != INTERVAL:
        widest = _side(item, min(ours["low"], low), max(ours["high"], high))
        return verdict if widest == verdict else UNKNOWN
    return verdict


def _side(item: Benchmark, low: float, high: float) -> str:
    """Tell on which side of the mark an interval lies. A mark that was to stay below is missed when it is touched."""
    floor = float("-inf") if item.low is None else item.low
    ceiling = float("inf") if item.high is None else item.high
    inside = floor <= low and (high < ceiling if item.direction == "below" else high <= ceiling)
    outside = high < floor or (low >= ceiling if item.direction == "below" else low > ceiling)
    yes, no = (WITHIN, OUTSIDE) if item.direction == "within" else (MEETS, FAILS)
    return yes if inside else no if outside else INTERVAL
