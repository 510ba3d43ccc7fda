"""Kinds of rules about a whole table, or two: each gives a one-row table of `numerator` and `denominator`."""

from collections.abc import Callable, Mapping

import ibis
from ibis.expr.types import Table, Value

from crisiskit.intake.rules import Rows, Rule, every, when

TableRule = Callable[[Rows, Rule, Mapping[str, Table]], Table]


def _chosen(rows: Rows, rule: Rule, *columns: str) -> Table:
    """The rows under `when` whose named columns are filled."""
    table = rows.table
    return table.filter(every([table[name].notnull() for name in columns] + [when(rows, rule)]))


def _counted(table: Table, failing: Value) -> Table:
    return table.aggregate(numerator=failing.fill_null(False).sum(), denominator=table.count())


def unique(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """No two rows share `columns` (all filled) and `within`. Numerator: rows beyond the first of each."""
    table = _chosen(rows, rule, *rule["columns"])
    different = ibis.struct({name: table[name] for name in (*rule["columns"], *rule.get("within", []))}).nunique()
    return table.aggregate(numerator=table.count() - different, denominator=table.count())


def exists(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """Every key in `column` stands in `key` of the table `in`, in the same source."""
    parents = others[rule["in"]].select("source", found=rule["key"]).distinct()
    table = _chosen(rows, rule, rule["column"])
    joined = table.left_join(parents, [table["source"] == parents["source"], table[rule["column"]] == parents["found"]])
    return _counted(joined, joined["found"].isnull())


def before_parent(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """`column` is not before `parent` of the row of the table `in` that `link` names, in the same source."""
    parent = others[rule["in"]]
    known = parent.group_by(["source", rule["link"]]).aggregate(began=parent[rule["parent"]].min())
    table = _chosen(rows, rule, rule["column"])
    joined = table.inner_join(known.filter(known["began"].notnull()), ["source", rule["link"]])
    return _counted(joined, joined[rule["column"]] < joined["began"])


def gaps(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """No calendar month between the first and the last date is without a row. Denominator: months of that span."""
    table = _chosen(rows, rule, rule["column"])
    month = table[rule["column"]].year() * 12 + table[rule["column"]].month()
    span = month.max() - month.min() + 1
    return table.aggregate(numerator=(span - month.nunique()).fill_null(0), denominator=span.fill_null(0))


def _with_previous_end(rows: Rows, rule: Rule) -> Table:
    """Distinct periods of every series (`within`), each with the latest end of those that started before it."""
    period = (rule["start"], rule["end"])
    table = _chosen(rows, rule, *period).select(*rule["within"], *period).distinct()
    earlier = ibis.window(group_by=rule["within"], order_by=period, preceding=(None, 1))
    return table.mutate(previous_end=table[rule["end"]].max().over(earlier))


def overlap(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """No period of a series starts before an earlier one of the same series has ended."""
    table = _with_previous_end(rows, rule)
    return _counted(table, table["previous_end"] >= table[rule["start"]])


def breaks(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """No day between the periods of a series is left uncovered. Numerator: periods that follow a break."""
    table = _with_previous_end(rows, rule)
    return _counted(table, table[rule["start"]].delta(table["previous_end"], unit="day") > 1)


def far(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """No coordinate is further from the median than so many `spans`, a span being the middle 90 % of that coordinate
    (at least a hundredth of a degree)."""
    table = _chosen(rows, rule, *rule["columns"])
    middle = table.aggregate(**{
        f"{name}_{label}": table[name].quantile(share)
        for name in rule["columns"] for label, share in (("low", 0.05), ("median", 0.5), ("high", 0.95))
    })
    joined = table.cross_join(middle)
    near = []
    for name in rule["columns"]:
        span = ibis.greatest(joined[f"{name}_high"] - joined[f"{name}_low"], 0.01)
        near.append((joined[name] - joined[f"{name}_median"]).abs() <= span * float(rule["spans"]))
    return _counted(joined, ~every(near))


def adds_up(rows: Rows, rule: Rule, others: Mapping[str, Table]) -> Table:
    """The levels of every `group` add up to the total (the row without a group), within `tolerance`. A group with an
    empty value among its levels is left out."""
    table, value, group, within = rows.table, rule["column"], rule["group"], rule["within"]
    parts = table.filter(table[group].notnull()).group_by([*within, group]).aggregate(
        parts=lambda t: t[value].sum(), complete=lambda t: t[value].count() == t.count()
    )
    totals = table.filter(table[group].isnull() & table[value].notnull()).group_by(within).aggregate(
        total=lambda t: t[value].max()
    )
    joined = parts.filter(parts["complete"]).inner_join(
        totals, [parts[name].identical_to(totals[name]) for name in within]
    )
    return _counted(joined, (joined["parts"] - joined["total"]).abs() > float(rule["tolerance"]))


TABLE: Mapping[str, TableRule] = {rule.__name__: rule for rule in (
    unique, exists, before_parent, gaps, overlap, breaks, far, adds_up,
)}
