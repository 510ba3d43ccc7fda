"""Rows of `counts` out of other shapes: wide columns made long, and events counted by area, period and level.

Each source row carries a list of count cells, `_cells`; it is spread after the ledger has one fate per source row.
"""

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
from ibis.expr.types import Table, Value

from crisiskit.errors import UserError
from crisiskit.intake import cells
from crisiskit.intake.compile import Cell, entry
from crisiskit.intake.mapping import ColumnMap, TableMap, Tally
from crisiskit.standard.dictionary import Column

NULL = ibis.null("string")
FIELDS = ("measure", "unit", "group", "level", "start", "end", "area_id", "area_level", "text", "kind", "distinct")
STEP = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
LONG = {"day": 1, "week": 7, "month": (1,), "quarter": (3,), "year": (12,)}  # days, or (months,)


@dataclass(frozen=True)
class WideColumn:
    """One wide source column and what its name says."""

    header: str
    measure: str
    unit: str
    group: str
    level: str
    start: str | None
    end: str | None
    missing: Mapping[str, str]


def _span(text: str) -> tuple[str, str]:
    """First and last day of a year (`2017`) or month (`2017-03`)."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{2}))?", text)
    if not match or (match[2] and not 1 <= int(match[2]) <= 12):
        raise UserError(f"wide.period: '{text}' is neither a year (2017) nor a month (2017-03)")
    first, last = (int(match[2]), int(match[2])) if match[2] else (1, 12)
    year = int(match[1])
    return f"{year}-{first:02}-01", f"{year}-{last:02}-{calendar.monthrange(year, last)[1]:02}"


def wide_columns(table_map: TableMap, headers: tuple[str, ...], file: str) -> list[WideColumn]:
    """The source columns that become rows of counts; UserError when a pattern matches no column."""
    found = []
    for rule in table_map.wide:
        matches = [(h, m) for h in headers if (m := re.fullmatch(rule.pattern, h))]
        if not matches:
            raise UserError(
                f"{file}: no column matches wide.pattern '{rule.pattern}' (columns: {', '.join(headers[:40])})"
            )
        for header, match in matches:
            named = {name: text or "" for name, text in match.groupdict().items()}
            level = rule.level.format(**named)
            start, end = _span(rule.period.format(**named)) if rule.period else (None, None)
            found.append(
                WideColumn(
                    header,
                    rule.measure.format(**named),
                    rule.unit,
                    rule.group.format(**named),
                    rule.levels.get(level, level),
                    start,
                    end,
                    {**table_map.missing, **rule.missing},
                )
            )
    return found


def synthetic(table_map: TableMap) -> tuple[dict[str, ColumnMap], dict[str, Column]]:
    """Working columns that the tallies need, and their types: `_t0_date`, `_t0_area`, `_t0_level`, `_t0_distinct`."""
    specs: dict[str, ColumnMap] = {}
    for i, tally in enumerate(table_map.tally):
        made = {
            "date": tally.date,
            "area": tally.area_id,
            "level": tally.level,
            "distinct": ColumnMap(source=(tally.distinct,)) if tally.distinct else None,
        }  # type: ignore[arg-type]
        specs |= {f"_t{i}_{part}": spec for part, spec in made.items() if spec is not None}
    kinds = {name: "local" if name.endswith("_date") else "string" for name in specs}
    return specs, {name: _column(name, kind) for name, kind in kinds.items()}


def _column(name: str, kind: str) -> Column:
    return Column(
        name=name,
        type=kind,
        group="",
        meaning="",
        unit="",
        codes={},
        open_codes=True,
        minimum=None,
        maximum=None,
        source="",
        cannot_tell="",
        required=False,
    )


def _struct(**values: Any) -> Value:
    texts = {name: values.get(name) for name in FIELDS}
    made = {
        n: (v if isinstance(v, Value) else NULL if v in (None, "") else ibis.literal(v)).cast("string")
        for n, v in texts.items()
    }
    return ibis.struct(made)


def _tallied(i: int, tally: Tally, made: Mapping[str, Cell]) -> list[Value]:
    day = made[f"_t{i}_date"].extra["day"]
    start = day.truncate(STEP[tally.period]).cast("date")
    long = LONG[tally.period]
    step = ibis.interval(days=long) if isinstance(long, int) else ibis.interval(months=long[0])
    end = ((start + step) - ibis.interval(days=1)).cast("date")
    level = made[f"_t{i}_level"].value if f"_t{i}_level" in made else NULL
    area = made[f"_t{i}_area"].value if f"_t{i}_area" in made else NULL
    distinct = made[f"_t{i}_distinct"].value if f"_t{i}_distinct" in made else NULL
    common = {
        "measure": tally.measure,
        "unit": tally.unit,
        "group": tally.group,
        "start": start,
        "end": end,
        "area_id": area,
        "area_level": tally.area_level,
        "distinct": distinct,
    }
    nothing = ibis.null(_struct().type())
    if not tally.families:
        return [ibis.ifelse(day.notnull(), _struct(**common, level=level), nothing)]
    return [
        ibis.ifelse(
            day.notnull() & level.isin(list(members)).fill_null(False), _struct(**common, level=family), nothing
        )
        for family, members in tally.families.items()
    ]


def count_cells(view: Table, table_map: TableMap, wide: list[WideColumn], made: Mapping[str, Cell]) -> Value | None:
    """The list of count cells of a source row; None for a table that is neither wide nor a tally."""
    items = []
    for i, column in enumerate(wide):
        text = view[f"w_{i}"]
        kind = cells.missing_kind(text, column.missing)
        shown = text if kind is None else ibis.ifelse(kind.isnull(), text, NULL)
        items.append(
            _struct(
                measure=column.measure,
                unit=column.unit,
                group=column.group,
                level=column.level,
                start=column.start,
                end=column.end,
                text=shown,
                kind=kind,
            )
        )
    for i, tally in enumerate(table_map.tally):
        items += _tallied(i, tally, made)
    return ibis.array(items).filter(lambda item: item.notnull()) if items else None


def spread(rows: Table, table_map: TableMap) -> Table:
    """One row per count cell. Wide cells keep their own row; a tally's `source_row` is the first of its events."""
    long = rows.mutate(_cell=rows["_cells"].unnest()).drop("_cells")
    cell = long["_cell"]
    named = {
        name: cell[field].nullif("")
        for name, field in (("measure", "measure"), ("unit", "unit"), ("group", "group"), ("level", "level"))
    }
    if table_map.wide:
        text = cell["text"]
        value = cells.number(text)
        lost = text.notnull() & value.isnull()
        token = ibis.cases(
            (lost, "value=set_aside"),
            (cell["kind"].isin(cells.FOUR), ibis.literal("value=") + cell["kind"]),
            else_=NULL,
        )
        return long.mutate(
            **named,
            value=value,
            period_start=ibis.coalesce(cell["start"].cast("date"), long.period_start),
            period_end=ibis.coalesce(cell["end"].cast("date"), long.period_end),
            missing=ibis.literal(";").join([long.missing, token]).nullif(""),
            _aside=ibis.literal("")
            .join([long["_aside"], ibis.ifelse(lost, entry("value", "no number", text), NULL)])
            .nullif(""),
        ).drop("_cell")
    flat = long.select(
        "source",
        "source_file",
        "source_row",
        "_file",
        **named,
        area_id=cell["area_id"],
        area_level=cell["area_level"],
        period_start=cell["start"].cast("date"),
        period_end=cell["end"].cast("date"),
        distinct=cell["distinct"],
    )
    by = ["source", "measure", "unit", "area_id", "area_level", "period_start", "period_end", "group", "level"]
    counted = flat.group_by(by).aggregate(
        value=ibis.ifelse(flat.distinct.notnull().any(), flat.distinct.nunique(), flat.count()).cast("float64"),
        source_file=flat.source_file.min(),
        source_row=flat.source_row.min(),
    )
    empty = {
        name: ibis.null(rows.schema()[name])
        for name in rows.columns
        if name not in counted.columns and name != "_cells"
    }
    return counted.mutate(**empty).select([name for name in rows.columns if name != "_cells"])
