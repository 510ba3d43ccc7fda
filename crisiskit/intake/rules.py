"""Kinds of rules about rows: what a line of the check catalogue asks of every row, as Ibis expressions.

A rule gives two boolean expressions, where it applies and where it is broken. Values in rules are text and are coerced
by the dictionary's type of the column. Only comparisons are used, no patterns, so that rules run at the engine's speed.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from typing import Any, NamedTuple

import ibis
from ibis.expr.types import BooleanValue, Scalar, Table, Value

from crisiskit.intake.cells import among
from crisiskit.intake.clock import epoch_us
from crisiskit.standard import dictionary

Rule = Mapping[str, Any]
DAY_US = 86_400_000_000
UNITS_US = {"hours": DAY_US // 24, "days": DAY_US}


class Rows(NamedTuple):
    """A table under test: its standard name, its rows, and the day of the reading (for dates in the future)."""

    name: str
    table: Table
    today: date

    def kind(self, column: str) -> str:
        """The dictionary's type of a column."""
        return dictionary.table(self.name).column(column).type


class Test(NamedTuple):
    """Where a rule applies (never null) and where it is broken (null or false where it does not apply)."""

    applies: BooleanValue
    broken: BooleanValue


RowRule = Callable[[Rows, Rule], Test]


def every(tests: list[BooleanValue]) -> BooleanValue:
    """True where all tests hold; true where there is none."""
    return reduce(lambda left, right: left & right, tests) if tests else ibis.literal(True)


def some(tests: list[BooleanValue]) -> BooleanValue:
    """True where one of the tests holds."""
    return reduce(lambda left, right: left | right, tests)


def _literal(rows: Rows, column: str, text: str, hour: time = time.min) -> Scalar | str | float:
    """The value that `text` stands for in a column of that type; a day in a clock column is read at that hour."""
    kind = rows.kind(column)
    if kind in ("integer", "number"):
        return float(text)
    if kind not in ("date", "timestamp", "local"):
        return text
    day = rows.today + timedelta(days=1) if text == "tomorrow" else date.fromisoformat(text)
    if kind == "date":
        return ibis.literal(day)
    if kind == "local":
        return ibis.literal(datetime.combine(day, hour), type="timestamp(6)")
    return ibis.literal(datetime.combine(day, hour, UTC), type="timestamp('UTC', 6)")


def _one_of(rows: Rows, column: str, listed: list[str]) -> BooleanValue:
    """Where the cell is one of the listed values (on one of the listed days, in clock columns)."""
    cell = rows.table[column]
    if rows.kind(column) not in ("timestamp", "local"):
        if rows.kind(column) == "string":
            return among(cell, listed)
        return cell.isin([_literal(rows, column, text) for text in listed])
    return some([
        (cell >= _literal(rows, column, day)) & (cell <= _literal(rows, column, day, time.max)) for day in listed
    ])


def condition(rows: Rows, column: str, test: Any) -> BooleanValue:
    """One condition on a cell: filled, empty, known (filled, and none of the kinds of missing), true, false, a list of
    values, or a mapping of `min`, `max` (inclusive, also by day), `not` (a list) and `lengths` of the text."""
    cell = rows.table[column]
    match test:
        case "filled":
            return cell.notnull()
        case "empty":
            return cell.isnull()
        case "known":
            return cell.notnull() & cell.notin(dictionary.KINDS)
        case "true" | "false":
            return cell == (test == "true")
        case list():
            return _one_of(rows, column, test)
    tests = []
    if "min" in test:
        tests.append(cell >= _literal(rows, column, test["min"]))
    if "max" in test:
        tests.append(cell <= _literal(rows, column, test["max"], time.max))
    if "not" in test:
        tests.append(~_one_of(rows, column, test["not"]))
    if "lengths" in test:
        tests.append(cell.length().isin([int(length) for length in test["lengths"]]))
    return every(tests)


def when(rows: Rows, rule: Rule) -> BooleanValue:
    """Where the rule's `when` holds; never null."""
    return every([condition(rows, name, test).fill_null(False) for name, test in rule.get("when", {}).items()])


def _test(
    rows: Rows, rule: Rule, columns: Iterable[str], broken: BooleanValue, given: BooleanValue | None = None
) -> Test:
    """A rule that applies where `columns` are filled, `when` holds and `given` is true. `broken` must be null or false
    where one of the columns is empty, as comparisons are, so that the engine need not look twice."""
    under = ([when(rows, rule)] if "when" in rule else []) + ([] if given is None else [given])
    return Test(every([rows.table[name].notnull() for name in columns] + under), every([broken, *under]))


def _after_us(first: Value, last: Value) -> Value:
    """Microseconds from `first` to `last`, both clocks or both dates."""
    return last.delta(first, unit="day") * DAY_US if first.type().is_date() else epoch_us(last) - epoch_us(first)


def holds(rows: Rows, rule: Rule) -> Test:
    """Under `when`, the condition of `must` holds. An empty cell breaks it only where `must` says filled or known; a
    cell that is not applicable need not be known."""
    ((name, test),) = rule["must"].items()
    broken, cell = ~condition(rows, name, test), rows.table[name]
    if test == "known":
        return _test(rows, rule, [], broken, cell.fill_null("") != "not_applicable")
    return _test(rows, rule, [] if test in ("filled", "empty") else [name], broken)


def never(rows: Rows, rule: Rule) -> Test:
    """The conditions of `all` never hold together."""
    return _test(rows, rule, rule["all"], every([condition(rows, *item) for item in rule["all"].items()]))


def codes(rows: Rows, rule: Rule) -> Test:
    """Only codes of the dictionary and kinds of missing; in list columns every member."""
    known = ibis.array([*dictionary.table(rows.name).column(rule["column"]).codes, *dictionary.KINDS])
    cell = rows.table[rule["column"]]
    listed = cell.type().is_array()
    strange = cell.filter(lambda item: ~known.contains(item)).length() > 0 if listed else ~known.contains(cell)
    return _test(rows, rule, [rule["column"]], strange)


def order(rows: Rows, rule: Rule) -> Test:
    """`last` is not before `first`."""
    return _test(rows, rule, [rule["first"], rule["last"]], rows.table[rule["last"]] < rows.table[rule["first"]])


def gap(rows: Rows, rule: Rule) -> Test:
    """From `first` to `last` are at most `max` `unit` (hours, days)."""
    passed = _after_us(rows.table[rule["first"]], rows.table[rule["last"]])
    return _test(rows, rule, [rule["first"], rule["last"]], passed > int(rule["max"]) * UNITS_US[rule["unit"]])


def equal(rows: Rows, rule: Rule) -> Test:
    """`first` and `last` differ."""
    return _test(rows, rule, [rule["first"], rule["last"]], rows.table[rule["last"]] == rows.table[rule["first"]])


def at_most(rows: Rows, rule: Rule) -> Test:
    """The `parts`, added up, do not exceed `whole`; an empty part counts as nothing."""
    parts = [rows.table[name] for name in rule["parts"]]
    total = reduce(lambda left, right: left + right, [part.fill_null(0) for part in parts])
    given = some([part.notnull() for part in parts])
    return _test(rows, rule, [rule["whole"]], total > rows.table[rule["whole"]], given)


def ratio(rows: Rows, rule: Rule) -> Test:
    """`column` is at most `max` for each of `per`, where there is one."""
    cell, per = rows.table[rule["column"]], rows.table[rule["per"]]
    return _test(rows, rule, [rule["column"]], cell > per * float(rule["max"]), (per > 0).fill_null(False))


def agrees(rows: Rows, rule: Rule) -> Test:
    """`column` [s] is the time from `first` to `last`, within so many seconds."""
    seconds = _after_us(rows.table[rule["first"]], rows.table[rule["last"]]) / 1e6
    differs = (rows.table[rule["column"]] - seconds).abs() > float(rule["tolerance"])
    return _test(rows, rule, [rule["column"], rule["first"], rule["last"]], differs)


def contains(rows: Rows, rule: Rule) -> Test:
    """The list in `list` holds the code in `column`; kinds of missing need not be in it."""
    cell, members = rows.table[rule["column"]], rows.table[rule["list"]]
    told = cell.notin(dictionary.KINDS).fill_null(False)
    return _test(rows, rule, [rule["column"], rule["list"]], ~members.contains(cell), told)


def band(rows: Rows, rule: Rule) -> Test:
    """`column` lies in the band that `band` names (`20-29`, `65+`), among the bands of the dictionary."""
    number, name = rows.table[rule["column"]], rows.table[rule["band"]]
    outside, listed = [], list(dictionary.table(rows.name).column(rule["band"]).codes)
    for code in listed:
        low, _, high = code.rstrip("+").partition("-")
        wrong = (number < int(low)) | (number > int(high)) if high else number < int(low)
        outside.append((name == code) & wrong)
    known = among(name, listed).fill_null(False)
    return _test(rows, rule, [rule["column"], rule["band"]], some(outside), known)


def part(rows: Rows, rule: Rule) -> Test:
    """The named parts of a date or time (hour, minute, second, day, month) are not all among the listed numbers."""
    cell = rows.table[rule["column"]]
    tests = [
        some([getattr(cell, name)() == int(number) for number in listed]) for name, listed in rule["parts"].items()
    ]
    return _test(rows, rule, [rule["column"]], every(tests))


def midnight(rows: Rows, rule: Rule) -> Test:
    """`column` is not exactly midnight on the wall clock; its offset is that of `instant` to its wall time `local`."""
    since = _after_us(rows.table[rule["instant"]], rows.table[rule["column"]])
    at_midnight = (epoch_us(rows.table[rule["local"]]) + since) % DAY_US == 0
    return _test(rows, rule, [rule["column"], rule["instant"], rule["local"]], at_midnight)


def multiple(rows: Rows, rule: Rule) -> Test:
    """The number is no multiple of `of` (for heaping on round numbers)."""
    return _test(rows, rule, [rule["column"]], rows.table[rule["column"]] % int(rule["of"]) == 0)


def whole(rows: Rows, rule: Rule) -> Test:
    """The number is whole."""
    return _test(rows, rule, [rule["column"]], rows.table[rule["column"]] % 1 != 0)


ROW: Mapping[str, RowRule] = {rule.__name__: rule for rule in (
    holds, never, codes, order, gap, equal, at_most, ratio, agrees, contains, band, part, midnight, multiple, whole,
)}
"""Kinds of rules about rows, by the name that a check's `kind` gives."""
