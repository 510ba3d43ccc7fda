"""Rows of `counts` out of other shapes: wide columns made long, and events counted by area, period and level.

A wide row carries a list of count cells, `_cells`, and an event what its tallies ask for; both become rows of `counts`
after the ledger has one fate per source row.
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
FIELDS = ("measure", "unit", "group", "level", "start", "end", "text", "kind")
STEP = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
LONG: dict[str, int | tuple[int]] = {
    "day": 1, "week": 7, "month": (1,), "quarter": (3,), "year": (12,),
}  # days, or (months,)


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
    added: bool = False

    @property
    def key(self) -> tuple[str | None, ...]:
        """What columns have in common that are added up; a column that is not added stands alone."""
        same = (self.measure, self.unit, self.group, self.level, self.start, self.end)
        return (*same, None if self.added else self.header)


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
                    rule.add,
                )
            )
    return found


def _asked(tally: Tally) -> dict[str, ColumnMap]:
    """What a tally wants to know of an event: its date, and the area, level and distinct value if it has them."""
    made = {
        "date": tally.date,
        "area": tally.area_id,
        "level": tally.level,
        "distinct": ColumnMap.model_validate(tally.distinct) if tally.distinct else None,
    }
    return {part: spec for part, spec in made.items() if spec is not None}


def working_names(table_map: TableMap) -> tuple[dict[str, ColumnMap], list[dict[str, str]]]:
    """Working columns that the tallies need, `_t0_date`, `_t1_level` ..., and for each tally what part stands in which.

    Tallies that ask for the same thing share one column, so that a date is read once.
    """
    specs: dict[str, ColumnMap] = {}
    places = []
    for tally in table_map.tally:
        mine = {}
        for part, spec in _asked(tally).items():
            known = (n for n, other in specs.items() if other == spec and n.endswith(f"_{part}"))
            mine[part] = next(known, f"_t{len(specs)}_{part}")
            specs[mine[part]] = spec
        places.append(mine)
    return specs, places


def synthetic(table_map: TableMap) -> tuple[dict[str, ColumnMap], dict[str, Column]]:
    """The working columns of the tallies and their types."""
    specs, _ = working_names(table_map)
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


def _sum(texts: list[Value]) -> Value:
    """The sum of numbers written as text, as text: null where one is blank, the text at fault where one is none."""
    numbers = [cells.number(text) for text in texts]
    faults = [ibis.ifelse(number.isnull(), text, NULL) for text, number in zip(texts, numbers, strict=True)]
    return ibis.coalesce(*faults, sum(numbers[1:], numbers[0]).cast("string"))


def _belongs(level: Value, members: tuple[str, ...]) -> Value:
    """Where a level is one of the members of a family, in which `*` stands for any text."""
    exact, loose = [m for m in members if "*" not in m], [m for m in members if "*" in m]
    tests = [cells.among(level, exact)] if exact else []
    tests += [level.re_search("^" + ".*".join(map(re.escape, m.split("*"))) + "$") for m in loose]
    return cells.any_of(tests).fill_null(False)


def count_cells(view: Table, wide: list[WideColumn]) -> Value | None:
    """The list of count cells of a source row; None for a table without wide columns."""
    items = []
    alike: dict[tuple[str | None, ...], list[int]] = {}
    for i, column in enumerate(wide):
        alike.setdefault(column.key, []).append(i)
    for places in alike.values():
        column, texts = wide[places[0]], [view[f"w_{i}"] for i in places]
        kinds = [kind for text in texts if (kind := cells.missing_kind(text, column.missing)) is not None]
        kind = ibis.coalesce(*kinds) if kinds else None
        text = texts[0] if len(texts) == 1 else _sum(texts)
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
    return ibis.array(items).filter(lambda item: item.notnull()) if items else None


def tallied(made: Mapping[str, Cell]) -> dict[str, Value]:
    """The working columns of the tallies in a source row: days and texts."""
    return {n: c.extra["day"] if n.endswith("_date") else c.value for n, c in made.items() if n.startswith("_t")}


def spread(rows: Table, table_map: TableMap) -> Table:
    """Rows of `counts`: one per wide cell, or one per area, period and level of each tally."""
    return _long(rows) if table_map.wide else _counted(rows, table_map)


def _long(rows: Table) -> Table:
    """One row per wide cell, beside the columns of its own row."""
    long = rows.mutate(_cell=rows["_cells"].unnest()).drop("_cells")
    cell = long["_cell"]
    said = {name: cell[name].nullif("") for name in ("measure", "unit", "group", "level")}
    said |= {name: cells.joined([long[name], said[name]], "/") for name in ("group", "level")}
    text = cell["text"]
    value = cells.number(text)
    lost = text.notnull() & value.isnull()
    token = ibis.cases(
        (lost, "value=set_aside"),
        ((cell["kind"] != "blank").fill_null(False), ibis.literal("value=") + cell["kind"]),
        else_=NULL,
    )
    return long.mutate(
        **said,
        value=value,
        period_start=ibis.coalesce(cell["start"].cast("date"), long.period_start),
        period_end=ibis.coalesce(cell["end"].cast("date"), long.period_end),
        missing=cells.joined([long.missing, token], ";"),
        _aside=cells.joined([long["_aside"], ibis.ifelse(lost, entry("value", "no number", text), NULL)], ""),
    ).drop("_cell")


def _counted(rows: Table, table_map: TableMap) -> Table:
    """The events of each tally counted; `source_row` is the first event's. Undated events are a period of their own."""
    _, places = working_names(table_map)
    parts = [_count(rows, tally, part) for tally, part in zip(table_map.tally, places, strict=True)]
    counted = parts[0] if len(parts) == 1 else ibis.union(*parts)
    schema = rows.schema()
    empty = {name: ibis.null(schema[name]) for name in rows.columns if name not in counted.columns}
    return counted.mutate(**empty).select(rows.columns)


def _count(rows: Table, tally: Tally, part: Mapping[str, str]) -> Table:
    start = rows[part["date"]].truncate(STEP[tally.period]).cast("date")
    long = LONG[tally.period]
    step = ibis.interval(days=long) if isinstance(long, int) else ibis.interval(months=long[0])
    flat = rows.select(
        "source",
        "source_file",
        "source_row",
        area_id=rows[part["area"]] if "area" in part else NULL,
        level=rows[part["level"]] if "level" in part else NULL,
        period_start=start,
        what=rows[part["distinct"]] if "distinct" in part else NULL,
    )
    if tally.families:
        families = [ibis.ifelse(_belongs(flat.level, m), family, NULL) for family, m in tally.families.items()]
        flat = flat.mutate(level=ibis.array(families).filter(lambda family: family.notnull()).unnest())
    counted = flat.group_by(["source", "area_id", "period_start", "level"]).aggregate(
        value=(flat.what.nunique() if "distinct" in part else flat.count()).cast("float64"),
        source_file=flat.source_file.min(),
        source_row=flat.source_row.min(),
    )
    said = {"measure": tally.measure, "unit": tally.unit, "group": tally.group, "area_level": tally.area_level}
    return counted.mutate(
        period_end=((counted.period_start + step) - ibis.interval(days=1)).cast("date"),
        **{name: ibis.literal(text) if text else NULL for name, text in said.items()},
    )
