"""The first steps of a file's rows: the text of every mapped cell, then clocks read from text, then their offsets.

Each step stands behind a view, so that the engine computes it once however often the next step names it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
from ibis.expr.types import StringValue, Table, Value

from crisiskit.intake import cells, clock, lists
from crisiskit.intake.compile import TO_BASE, Headers, known_codes, length, text_of, zone_of
from crisiskit.intake.gather import barrier
from crisiskit.intake.mapping import ColumnMap, Condition, TableMap
from crisiskit.intake.mapping_parts import UnitBy
from crisiskit.intake.tally import WideColumn
from crisiskit.standard.dictionary import Column

NULL = ibis.null("string")
LINEAGE = ("source_file", "source_row", "_file", "_hash")


def is_clock(column: Column) -> bool:
    return column.type in ("timestamp", "date", "local")


def _left_out(condition: Condition, text: StringValue) -> StringValue:
    if condition.filled is not None:
        keep = text.notnull() == condition.filled
    elif condition.matches is not None:
        keep = text.re_search(condition.matches).fill_null(False)
    elif condition.values:
        keep = cells.among(cells.folded(text), map(cells.fold, condition.values)).fill_null(False)
    else:
        keep = ~cells.among(cells.folded(text), map(cells.fold, condition.excluded)).fill_null(False)
    return ibis.ifelse(keep, NULL, ibis.literal(condition.because))


def _unit_text(text: StringValue, by: UnitBy) -> StringValue:
    form = cells.folded(text)
    return cells.choose([(form == cells.fold(value), ibis.literal(unit)) for value, unit in by.units.items()])


def text_view(
    con: Any,
    text: Table,
    table_map: TableMap,
    columns: Mapping[str, ColumnMap],
    known: Mapping[str, Column],
    wide: Sequence[WideColumn],
    name: str,
    zone: str,
) -> Table:
    """The gathered rows with x_ texts and k_ kinds of every mapped column, filters and key; then clocks and codes."""
    headers = Headers(text.columns, name)
    made: dict[str, Value] = {column: text[column] for column in LINEAGE}
    made |= {f"w_{i}": text[column.header] for i, column in enumerate(wide)}
    for column, spec in columns.items():
        if lists.is_list(spec):
            made |= lists.texts(column, spec, text, headers, table_map.missing)
        elif not spec.minutes_between:
            value, kind = text_of(text, spec, headers, table_map.missing)
            made[f"x_{column}"] = value
            if kind is not None:
                made[f"k_{column}"] = kind
        if spec.plus:
            more = headers.find(spec.plus.column, spec.optional)
            made[f"p_{column}"] = text[more] if more else NULL
            made[f"x_{column}"] = ibis.ifelse(made[f"p_{column}"].isnull(), NULL, made[f"x_{column}"])
        if isinstance(spec.unit, UnitBy):
            made[f"u_{column}"] = _unit_text(text[headers.find(spec.unit.by)], spec.unit)
    filters = [_left_out(c, text[headers.find(c.column)]) for c in table_map.keep_where]
    made["_excluded"] = ibis.coalesce(*filters) if filters else NULL
    if table_map.one_row_per:
        parts = [text[headers.find(k)] for k in table_map.one_row_per.key]
        complete = ~cells.any_of([part.isnull() for part in parts])
        made["_key"] = ibis.ifelse(complete, ibis.literal("\x1f").join(parts), NULL)
    if table_map.aggregate and table_map.aggregate.column:
        said = cells.folded(text[headers.find(table_map.aggregate.column)])
        made["_sum"] = cells.among(said, map(cells.fold, table_map.aggregate.values)).fill_null(False)
    view = barrier(con, text.select(**made), f"{name}_text")
    listed = {column: spec for column, spec in columns.items() if lists.is_list(spec)}
    read_in: dict[str, Value] = {}
    for column, spec in listed.items():
        read_in |= lists.forms(column, spec, view)
    for column in (c for c in columns if f"x_{c}" in made):
        if is_clock(known[column]):
            formats = columns[column].formats or ("iso",)
            read_in[f"m_{column}"], read_in[f"d_{column}"] = clock.parse(view[f"x_{column}"], formats)
            plus = columns[column].plus
            if plus:
                seconds = length(view[f"p_{column}"], plus.unit) * TO_BASE["s"][plus.unit]
                read_in[f"m_{column}"] = read_in[f"m_{column}"] + (seconds * clock.MICRO).round().cast("int64")
                read_in[f"d_{column}"] = ibis.null("int64")  # a day and a length give no moment
        elif known[column].type == "boolean" or known_codes(known[column], columns[column]) is not None:
            read_in[f"f_{column}"] = cells.folded(view[f"x_{column}"])
    for column, spec in columns.items():
        if spec.after and f"m_{spec.after}" in read_in:
            moment = read_in[f"m_{column}"]
            back = read_in[f"m_{spec.after}"] - moment
            rolled = ((back >= clock.DAY // 2) & (back < clock.DAY)).fill_null(False)
            read_in |= {f"r_{column}": rolled, f"m_{column}": moment + ibis.ifelse(rolled, clock.DAY, 0)}
    view = barrier(con, view.mutate(**read_in), f"{name}_read")
    judged: dict[str, Value] = {}
    for column, spec in listed.items():
        judged |= lists.codes(column, known[column], spec, view)
    for column, spec in columns.items():
        if f"m_{column}" in read_in:
            moment = view[f"m_{column}"]
            judged[f"b_{column}"] = clock.impossible(ibis.coalesce(moment, view[f"d_{column}"])).fill_null(False)
            if known[column].type == "timestamp" or zone_of(spec, zone) != zone:
                judged[f"c_{column}"] = clock.offset_code(moment, zone_of(spec, zone))
        elif f"f_{column}" in read_in and known[column].type == "string":
            codes = known_codes(known[column], spec) or []
            judged[f"v_{column}"] = cells.coded(view[f"f_{column}"], spec.codes, codes)
    view = barrier(con, view.mutate(**judged), f"{name}_judged")
    last: dict[str, Value] = {f"q_{c}": clock.doubt_of(view[f"c_{c}"]) for c in columns if f"c_{c}" in judged}
    for column, spec in listed.items():
        last |= lists.value(column, known[column], spec, view)
    return barrier(con, view.mutate(**last), f"{name}_doubts") if last else view
