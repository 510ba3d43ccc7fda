"""Checks: the catalogue's rules run on a standard table, what follows from a failure, and the results that are kept.

Numerator and denominator of every check are kept, so that thresholds can be changed later without reading again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import ibis
from ibis.common.annotations import ValidationError
from ibis.common.exceptions import IbisError
from ibis.expr.operations import NotNull
from ibis.expr.types import BooleanColumn, BooleanValue, IntegerScalar, StringValue, Table

from crisiskit.intake.rules import ROW, Rows, some
from crisiskit.intake.table_rules import TABLE
from crisiskit.standard import catalogue
from crisiskit.standard.catalogue import Check

ALWAYS = frozenset({
    "source", "record_kind", "contacts", "is_aggregate", "time_precision", "period_start", "period_end", "source_file",
    "source_row",
})
"""Columns that intake fills for every source, mapped or not."""
FIELD, ENTRY = "\x1f", "\x1e"
"""Separators in column `_aside`: between column, reason and raw value, and after each entry."""
RULE_FAULTS = (IbisError, ValidationError, duckdb.Error)
"""What a rule raises that cannot be evaluated on a table: a column missing or of another type than the dictionary's."""


@dataclass(frozen=True)
class Compiled:
    """A check on the rows of one table: where it applies and where it fails, both never null. `broken` is `fails` with
    nulls for false, which the engine counts faster."""

    check: Check
    applies: BooleanValue
    fails: BooleanValue
    broken: BooleanValue


def status(numerator: int, denominator: int, threshold: float) -> str:
    """The verdict: pass, pass with failures (share at most the threshold), fail, or not applicable (no rows)."""
    if denominator == 0:
        return "not applicable"
    if numerator == 0:
        return "pass"
    return "pass with failures" if numerator / denominator <= threshold else "fail"


def _rows(table_name: str, table: Table, today: date | None) -> Rows:
    return Rows(table_name, table, today or datetime.now(UTC).date())


def _applicable(check: Check, mapped: Iterable[str]) -> bool:
    filled = {*mapped, *ALWAYS} | ({"received_local"} if "received_at" in mapped else set())
    return set(check.columns) <= filled


def compiled(
    table_name: str, table: Table, thresholds: Mapping[str, float] | None = None, mapped: Iterable[str] | None = None,
    today: date | None = None,
) -> list[Compiled]:
    """Compile the row rules of a standard table, those that its filled columns allow, in the order of the catalogue.

    `mapped` names the columns that the source fills (default: all of the table); columns that intake always fills
    need not be named. `thresholds` replaces the catalogue's, by check id. Dates after the day after `today` are in the
    future. A rule that does not fit the table's types is left out here and reported as an error by `results`.
    """
    rows, found = _rows(table_name, table, today), []
    names = set(table.columns if mapped is None else mapped)
    for check in catalogue.of_table(table_name, thresholds):
        if check.rule["kind"] in ROW and _applicable(check, names):
            try:
                found.append(_compiled(rows, check))
            except RULE_FAULTS:
                continue
    return found


def _compiled(rows: Rows, check: Check) -> Compiled:
    applies, broken = ROW[check.rule["kind"]](rows, check.rule)
    return Compiled(check, applies, broken.fill_null(False), broken)


def _aside(table: Table, failing: list[Compiled], column: str) -> StringValue:
    """The entry for `_aside` of one column: column, reason (the first check that fails) and raw value."""
    reason = ibis.cases(*[(one.fails, one.check.message) for one in failing])
    raw = table[column].cast("string").fill_null("")
    return ibis.literal(column + FIELD).concat(reason, FIELD, raw, ENTRY)


def apply(table: Table, checked: list[Compiled]) -> Table:
    """Let the consequences follow: set values aside and say which rows cannot be counted.

    A failing check of consequence `value` makes its columns null, adds the token `column=set_aside` to `missing` and an
    entry (column, reason, raw value) to `_aside`, which is made if absent. `_row_problem` is the message of the first
    failing check of consequence `row`, else null. Flags change nothing.
    """
    by_column: dict[str, list[Compiled]] = {}
    for one in checked:
        for column in one.check.sets_aside if one.check.consequence == "value" else ():
            by_column.setdefault(column, []).append(one)
    fatal = [one for one in checked if one.check.consequence == "row"]
    nothing = ibis.null("string")
    new: dict[str, Any] = {
        "_row_problem": ibis.cases(*[(one.fails, one.check.message) for one in fatal]) if fatal else nothing,
        "_aside": table["_aside"] if "_aside" in table.columns else nothing,
    }
    hit = {
        column: some([one.fails for one in failing]) & table[column].notnull() for column, failing in by_column.items()
    }
    if hit:
        anything = some(list(hit.values()))
        tokens = [ibis.ifelse(where, f"{column}=set_aside", nothing) for column, where in hit.items()]
        entries = [ibis.ifelse(where, _aside(table, by_column[column], column), "") for column, where in hit.items()]
        new |= {name: ibis.ifelse(where, ibis.null(table[name].type()), table[name]) for name, where in hit.items()}
        new["missing"] = ibis.ifelse(anything, ibis.literal(";").join([table["missing"], *tokens]), table["missing"])
        new["_aside"] = ibis.ifelse(anything, new["_aside"].fill_null("").concat(*entries), new["_aside"])
    return table.mutate(**new)


def _how_many(table: Table, test: BooleanValue) -> IntegerScalar:
    """Number of rows where `test` is true, in the form that the engine counts fastest."""
    if not isinstance(test, BooleanColumn):
        return table.count(where=test)
    if isinstance(test.op(), NotNull):
        return test.op().arg.to_expr().count()
    return ibis.ifelse(test, 1, 0).sum()


def _count(table: Table, checked: list[Compiled]) -> dict[str, tuple[int, int] | str]:
    """Numerator and denominator of every check in one pass; one by one where that fails, then a message for those that
    cannot be evaluated."""
    if not checked:
        return {}
    sums = {f"n{i}": _how_many(table, one.broken) for i, one in enumerate(checked)}
    sums |= {f"d{i}": _how_many(table, one.applies) for i, one in enumerate(checked)}
    try:
        row = table.aggregate(**sums).to_pyarrow().to_pylist()[0]
    except RULE_FAULTS as fault:
        if len(checked) == 1:
            return {checked[0].check.id: _said(fault)}
        return {check_id: found for one in checked for check_id, found in _count(table, [one]).items()}
    return {one.check.id: (row[f"n{i}"] or 0, row[f"d{i}"] or 0) for i, one in enumerate(checked)}


def _said(fault: Exception) -> str:
    return f"{type(fault).__name__}: {fault}".splitlines()[0]


def _whole(rows: Rows, check: Check, others: Mapping[str, Table]) -> tuple[int, int] | str | None:
    """Numerator and denominator of a table rule; a message if it cannot be evaluated; None if it needs a table that is
    not there."""
    if check.rule.get("in", rows.name) not in others:
        return None
    try:
        row = TABLE[check.rule["kind"]](rows, check.rule, others).to_pyarrow().to_pylist()[0]
    except RULE_FAULTS as fault:
        return _said(fault)
    return row["numerator"] or 0, row["denominator"] or 0


def _result(check: Check, found: tuple[int, int] | str | None) -> dict[str, Any]:
    """One entry of quality.json. `found` is None where the check is not applicable, a text where it failed to run."""
    counts = found if isinstance(found, tuple) else (None, None)
    share, verdict = None, "error" if isinstance(found, str) else "not applicable"
    if isinstance(found, tuple):
        share, verdict = (found[0] / found[1] if found[1] else None), status(*found, check.threshold)
    return {
        "id": check.id, "table": check.table, "columns": list(check.columns), "level": check.level,
        "category": check.category, "subcategory": check.subcategory, "severity": check.severity,
        "threshold": check.threshold, "consequence": check.consequence, "numerator": counts[0],
        "denominator": counts[1], "share": share, "status": verdict,
        "title": check.title, "guidance": check.guidance, "message": found if isinstance(found, str) else None,
    }


def results(
    table_name: str, table: Table, checked: list[Compiled], *, thresholds: Mapping[str, float] | None = None,
    mapped: Iterable[str] | None = None, others: Mapping[str, Table] | None = None, today: date | None = None,
) -> list[dict[str, Any]]:
    """Count what fails on `table`, as it is before `apply`: one dict per check of the table, in the catalogue's order.

    `checked` comes from `compiled` with the same table, thresholds and mapped columns; its row rules are counted in one
    query, and one that the caller took out is not applicable. `others` holds further standard tables by name, for
    checks between two tables.
    """
    rows = _rows(table_name, table, today)
    names = set(table.columns if mapped is None else mapped)
    beside = {**(others or {}), table_name: table}
    counted = _count(table, checked)
    entries = []
    for check in catalogue.of_table(table_name, thresholds):
        found = counted.get(check.id)
        if found is None and _applicable(check, names):
            found = _whole(rows, check, beside) if check.rule["kind"] in TABLE else _fault(rows, check)
        entries.append(_result(check, found))
    return entries


def _fault(rows: Rows, check: Check) -> str | None:
    """Why a row rule could not be compiled; None where it could be and the caller left it out."""
    try:
        _compiled(rows, check)
    except RULE_FAULTS as fault:
        return _said(fault)
    return None


def reassess(entries: Iterable[Mapping[str, Any]], thresholds: Mapping[str, float]) -> list[dict[str, Any]]:
    """Give the checks of a quality.json their verdicts under other thresholds, from the counts that were kept.

    Raises UserError for an unknown check id or a threshold that is no share.
    """
    given = {check_id: catalogue.threshold_for(check_id, share) for check_id, share in thresholds.items()}
    judged = []
    for entry in entries:
        threshold = given.get(entry["id"], entry["threshold"])
        verdict = entry["status"]
        if entry["denominator"]:
            verdict = status(entry["numerator"], entry["denominator"], threshold)
        judged.append({**entry, "threshold": threshold, "status": verdict})
    return judged
