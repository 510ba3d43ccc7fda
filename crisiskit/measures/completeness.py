"""Completeness: what is known of what applies, by field, in the five kinds of missing and what was set aside."""

from collections.abc import Mapping

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.measures import dimensions
from crisiskit.measures.answer import finish, locate, ratio, tally
from crisiskit.measures.intervals import wilson
from crisiskit.measures.request import Request, count, token
from crisiskit.standard import dictionary

KINDS = ("blank", *dictionary.MISSING)
"""Columns of the answer that count missing values by kind."""


def completeness(request: Request) -> pd.DataFrame:
    """Known / applicable for each field: one row per group and field, with the missing values by kind.

    A field without any value, code or token is not recorded in this source: null, never 0. Where the groups are
    sources, that is judged for each of them.
    """
    name = request.variant["table"]
    table = request.rows(name=name)
    fields = _fields(name, request.variant["field"], table)
    sums = {f"{field} coded": _coded(table[field]).sum() for field in fields if _can_code(table[field])}
    groups = tally(request, count(request, table, [], sums, recorded=fields), [], sums)
    found = pd.concat([_codes(request, table, groups, fields), _tokens(request, table, groups)], ignore_index=True)
    kinds = found[found["field"].isin(fields)].groupby(["field", "kind", "_group"])[["_rows", "_contacts"]].sum()
    held = {key: part.droplevel([0, 1]) for key, part in kinds.groupby(level=[0, 1])}
    rows = pd.concat([_field(groups, held, field) for field in fields]).sort_index(kind="stable")
    rows = rows.reset_index(drop=True)
    absent = _absent(request, rows)
    low, high = wilson(rows["known"], rows["applicable"], request.variant["confidence"])
    rows = rows.assign(numerator=rows["known"], denominator=rows["applicable"], low=low, high=high,
                       value=ratio(rows["known"], rows["applicable"]))
    rows[list(KINDS)] = rows[list(KINDS)].astype("float64")
    rows.loc[absent, KINDS] = np.nan
    rows.loc[absent, ["rows_used", "contacts_used", "left not applicable"]] = [0, np.nan, 0]
    rows["rows_left_out"] = rows["_rows"] - rows["rows_used"]
    notes = {index: f"not recorded in this source: {rows.at[index, 'field']}" for index in rows.index[absent]}
    return finish(request, rows, notes, extras=KINDS, between=["field"], needs=[])


def _fields(name: str, asked: str | None, table: ibis.Table) -> list[str]:
    """Return the columns to judge: those asked for, else the dictionary's without lineage."""
    if asked is None:
        return [column.name for column in dictionary.table(name).columns.values() if column.group != "lineage"]
    fields = [field.strip() for field in asked.split(",")]
    for field in fields:
        if field in dimensions.DIMENSIONS or field not in table.columns:
            dictionary.table(name).column(field)
    return fields


def _coded(value: ibis.Value) -> ibis.Value:
    """Tell whether a value is a kind of missing that stands in-band; an empty list is an answer (none of them)."""
    if value.type().is_array():
        return (value.length() == 1) & value[0].isin(dictionary.KINDS)
    return value.isin(dictionary.KINDS)


def _can_code(value: ibis.Value) -> bool:
    return value.type().is_string() or value.type().is_array()


def _codes(request: Request, table: ibis.Table, groups: pd.DataFrame, fields: list[str]) -> pd.DataFrame:
    """Count by in-band kind, in the fields that have any: columns field, kind, _group, _rows, _contacts."""
    parts = []
    for field in (field for field in fields if f"{field} coded" in groups and groups[f"{field} coded"].sum() > 0):
        value = table[field][0] if table[field].type().is_array() else table[field]
        coded = table.mutate(kind=value).filter(_coded(table[field]))
        counts = coded.group_by([*request.by, "kind"])
        frame = request.fetch(counts.aggregate(_rows=_.count(), _contacts=_.contacts.sum().coalesce(0)))
        parts.append(frame.assign(field=field, _group=locate(frame, groups, request.by)))
    return pd.concat(parts) if parts else pd.DataFrame(columns=["field", "kind", "_group", "_rows", "_contacts"])


def _tokens(request: Request, table: ibis.Table, groups: pd.DataFrame) -> pd.DataFrame:
    """Count rows and contacts by token of column `missing`, as `_codes` does."""
    counts = table.filter(table.missing.notnull()).group_by([*request.by, "missing"])
    frame = request.fetch(counts.aggregate(_rows=_.count(), _contacts=_.contacts.sum().coalesce(0)))
    frame = frame.assign(token=frame["missing"].astype("str").str.split(";")).explode("token", ignore_index=True)
    parts = frame["token"].astype("str").str.partition("=").reindex(columns=range(3))  # none, where there is no token
    return frame.assign(field=parts[0], kind=parts[2], _group=locate(frame, groups, request.by))


def _field(groups: pd.DataFrame, held: Mapping[tuple[str, str], pd.DataFrame], field: str) -> pd.DataFrame:
    """Return one field's rows: known, applicable, and every kind of missing, by group.

    `held` are `_rows` and `_contacts` by group, for the fields and kinds that occur.
    """
    def counted(kind: str, what: str) -> pd.Series:
        if (field, kind) not in held:
            return pd.Series(0.0, groups.index)
        return held[field, kind][what].reindex(groups.index, fill_value=0).astype("float64")

    kinds = {kind: counted(kind, "_rows") for kind in dictionary.MISSING}
    known, inapplicable = groups[f"recorded_{field}"] - groups.get(f"{field} coded", 0), kinds["not_applicable"]
    others = [name for name in groups if not name.startswith("recorded_") and not name.endswith(" coded")]
    return groups[others].assign(**{
        "field": field, **kinds, "known": known, "blank": groups["_rows"] - (known + sum(kinds.values())),
        "applicable": groups["_rows"] - inapplicable, "rows_used": groups["_rows"] - inapplicable,
        "left not applicable": inapplicable,
        "contacts_used": groups["contacts_used"] - counted("not_applicable", "_contacts"),
    })


def _absent(request: Request, rows: pd.DataFrame) -> pd.Series:
    """Tell which rows stand for a field that the source does not have: no value, code or token anywhere in it.

    Conditions narrow the rows, not the source, so a field that seems absent is looked for in all rows.
    """
    several = "source" in request.by
    judged = [rows["field"], rows["source"].fillna("")] if several else [rows["field"]]
    seen = (rows["_rows"] - rows["blank"]).groupby(judged).transform("sum")
    absent = seen == 0
    if not absent.any() or not request.where or several:
        return absent
    table = request.tables.tables[request.variant["table"]]
    table = dimensions.filtered(table, request.variant["table"],
                                {key: value for key, value in request.where.items() if key == "source"}, "calendar")
    fields = list(dict.fromkeys(rows.loc[absent, "field"]))
    held = request.tables.fetch(table.aggregate(**{
        field: table[field].count() + token(table, f"{field}=").sum().coalesce(0) for field in fields})).iloc[0]
    return absent & ~rows["field"].isin([field for field in fields if held[field] > 0])
