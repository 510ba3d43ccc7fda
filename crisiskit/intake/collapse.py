"""Rows that are one record: denormalised exports collapsed at their key, exact duplicates counted or collapsed."""

from typing import Any

import ibis
from ibis.expr.types import Table, Value

from crisiskit.intake.mapping import TableMap
from crisiskit.standard import dictionary

ORDER = ("_file", "source_row")


def ranked(rows: Table, table_map: TableMap) -> Table:
    """The rows with `_group` (what makes rows one record; null: the row stands alone) and `_rank` within it.

    Only rows that no filter left out and that can be counted are collapsed.
    """
    live = rows["_excluded"].isnull() & rows["_problem"].isnull()
    if table_map.one_row_per:
        group: Value = rows["_key"]
    elif table_map.duplicates == "collapse":
        group = rows["_hash"].cast("string")
    else:
        return rows.mutate(_group=ibis.null("string"), _rank=ibis.literal(1, type="int64"))
    rows = rows.mutate(_group=ibis.ifelse(live, group, ibis.null("string")))
    window = ibis.window(group_by="_group", order_by=list(ORDER))
    return rows.mutate(_rank=ibis.ifelse(rows["_group"].isnull(), 1, ibis.row_number().over(window) + 1))


def _combined(column: Value, how: str, rows: Table) -> Value:
    order = [rows[name] for name in ORDER]
    if how == "list":
        return (
            column.collect(order_by=order).flatten().unique()
            if column.type().is_array()
            else column.collect(order_by=order).unique()
        )
    simple = {"min": "min", "max": "max", "sum": "sum", "any": "any", "all": "all"}
    return getattr(column, simple[how])() if how in simple else getattr(column, how)(order_by=order)


def records(rows: Table, table_map: TableMap) -> Table:
    """One row per record: the first row of each group, with the columns that `combine` names taken over all its rows.

    `first` (the default) and `last` take the first or last filled cell in file order.
    """
    head = rows.filter(rows["_rank"] == 1)
    if not table_map.one_row_per:
        return head.drop("_rank")
    combine, tied = table_map.one_row_per.combine, rows.filter(rows["_group"].notnull())
    filled = [
        name for name in table_map.columns if name not in combine and name in dictionary.table(table_map.into).columns
    ]
    hows = {**dict.fromkeys(filled, "first"), **combine}
    merged = tied.group_by("_group").aggregate(
        **{f"_all_{name}": _combined(tied[name], how, tied) for name, how in hows.items()},
        _asides=tied["_aside"].group_concat("", order_by=[tied[n] for n in ORDER]),
    )
    joined = head.left_join(merged, head["_group"] == merged["_group"])
    grouped = joined["_group"].notnull()
    kept = {name: ibis.ifelse(grouped, joined[f"_all_{name}"], joined[name]) for name in hows}
    kept["_aside"] = ibis.ifelse(grouped, joined["_asides"], joined["_aside"])
    return joined.select(**{name: kept.get(name, joined[name]) for name in head.columns if name != "_rank"})


def duplicates(rows: Table) -> dict[str, int]:
    """Rows that repeat an earlier row of the same source cell for cell, and the number of such groups."""
    counts = rows.group_by("_hash").aggregate(n=ibis._.count())
    found: Any = (
        counts.filter(counts.n > 1).aggregate(rows=(ibis._.n - 1).sum(), groups=ibis._.count()).execute().iloc[0]
    )
    return {"exact_duplicate_rows": int(found["rows"]) if found["groups"] else 0, "groups": int(found["groups"])}
