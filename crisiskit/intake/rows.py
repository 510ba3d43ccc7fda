"""One file's rows as rows of a standard table: every mapped column, the row's date, and what makes it uncountable.

The result carries working columns that never leave intake: `_excluded` (the filter that left a row out), `_problem`
(why it cannot be counted), `_aside` and `_other` (values set aside, codes not mapped), `_key` (of one_row_per), `_hash`
(of all its cells).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis
from ibis.expr.types import StringValue, Table, Value

from crisiskit.intake import cells, clock
from crisiskit.intake.compile import Cell, clock_cell, entry, number_cell, text_cell
from crisiskit.intake.gather import barrier, gathered
from crisiskit.intake.mapping import ColumnMap, SourceMap, TableMap
from crisiskit.intake.mapping_parts import UnitBy
from crisiskit.intake.read import FileRead
from crisiskit.intake.tally import count_cells, synthetic, tallied, wide_columns
from crisiskit.intake.views import is_clock, text_view
from crisiskit.standard import dictionary
from crisiskit.standard.dictionary import Column

DURATIONS = ("duration_min", "responder_min")
CLOCKED = ("clock", "mm:ss")  # lengths that are written with colons: their unit is in no doubt
PERIOD = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
WORKING = ("_excluded", "_problem", "_aside", "_other", "_key", "_hash", "_file", "_day")
NULL = ibis.null("string")


def _cells(
    view: Table, columns: Mapping[str, ColumnMap], known: Mapping[str, Column], zone: str, key: str
) -> dict[str, Cell]:
    made: dict[str, Cell] = {}
    for name, spec in columns.items():
        column = known[name]
        if spec.minutes_between:
            continue
        if f"l_{name}" in view.columns:
            made[name] = Cell(view[f"l_{name}"], other=view[f"lo_{name}"] if f"lo_{name}" in view.columns else None)
            continue
        text, kind = view[f"x_{name}"], view[f"k_{name}"] if f"k_{name}" in view.columns else None
        if is_clock(column):
            made[name] = clock_cell(name, column, spec, view, zone)
        elif column.type in ("integer", "number"):
            made[name] = number_cell(name, column, spec, text)
        elif column.type == "boolean":
            value = cells.yes_no(view[f"f_{name}"], spec.yes, spec.no)
            if "" in (*spec.yes, *spec.no):  # the form's instructions say what a blank means
                blank = text.isnull() if kind is None else text.isnull() & (kind.fill_null("blank") == "blank")
                value = ibis.ifelse(blank, "" in spec.yes, value)
            unread = ibis.ifelse(text.notnull() & value.isnull(), entry(name, "neither yes nor no", text), NULL)
            made[name] = Cell(value, aside=unread)
        else:
            made[name] = text_cell(
                name, column, spec, text, kind, view[f"v_{name}"] if f"v_{name}" in view.columns else None, key
            )
        if column.type != "string":
            made[name].kind = kind
    for name, spec in columns.items():
        if spec.minutes_between:
            start, end = (made[clock_name].value for clock_name in spec.minutes_between)
            minutes = (clock.epoch_us(end) - clock.epoch_us(start)) / (60 * clock.MICRO)
            back = ibis.ifelse(minutes < 0, entry(name, "ends before it begins", minutes.cast("string")), NULL)
            made[name] = Cell(ibis.ifelse(minutes < 0, ibis.null("float64"), minutes), aside=back)
    return made


def _problem(
    view: Table, table_map: TableMap, columns: Mapping[str, ColumnMap], made: dict[str, Cell], day: Value
) -> StringValue:
    """Why a row cannot be counted at all; the text holds the value that is at fault."""
    reasons = []
    if table_map.one_row_per and table_map.one_row_per.missing_key == "quarantine":
        reasons.append(
            ibis.ifelse(view["_key"].isnull(), f"no key: {', '.join(table_map.one_row_per.key)} is blank", NULL)
        )
    count = "contacts" if table_map.into == "interventions" else "value" if table_map.into == "counts" else None
    needed = [name for name, spec in columns.items() if spec.needed]
    if count is not None and count in columns and not table_map.wide:
        needed.append(count)
    for name in dict.fromkeys(needed):
        text = view[f"x_{name}"]
        said = ibis.ifelse(
            text.notnull(), ibis.literal(f"{name} cannot be read: ") + text, ibis.literal(f"{name} is missing")
        )
        reasons.append(ibis.ifelse(made[name].value.isnull(), said, NULL))
    if table_map.undated == "quarantine" and table_map.into == "interventions":
        clocks = [n for n in columns if f"m_{n}" in view.columns]
        met = cells.joined([view[f"x_{n}"] for n in clocks], " | ") if clocks else NULL
        none = ibis.coalesce(day, *[made[n].extra.get("day", made[n].value) for n in clocks]).isnull()
        said = ibis.coalesce(
            ibis.literal("no usable date: ") + met, ibis.literal("no usable date: all date cells are blank")
        )
        reasons.append(ibis.ifelse(none, said, NULL))
    owned = bool(table_map.wide) and all(rule.period for rule in table_map.wide)
    if table_map.into == "counts" and "period_start" in columns and table_map.undated == "quarantine" and not owned:
        said = ibis.coalesce(ibis.literal("no usable period: ") + view["x_period_start"], "no usable period: blank")
        reasons.append(ibis.ifelse(made["period_start"].value.isnull(), said, NULL))  # such as a line of totals
    if table_map.tally:
        dates = [name for name in made if name.startswith("_t") and name.endswith("_date")]
        days, texts = [made[name].extra["day"] for name in dates], [view[f"x_{name}"] for name in dates]
        said = ibis.coalesce(
            ibis.literal("no usable date: ") + cells.joined(texts, " | "),
            ibis.literal("no usable date: all date cells are blank"),
        )
        reasons.append(ibis.ifelse(ibis.coalesce(*days).isnull(), said, NULL))
    return ibis.coalesce(*reasons) if reasons else NULL


def _period(table_map: TableMap, view: Table, made: dict[str, Cell], day: Value) -> dict[str, Value]:
    """Whether a row is a total, the days that it covers, and how fine its time is."""
    rule = table_map.aggregate
    if rule is None:
        total: Value = ibis.literal(False)
    elif rule.always:
        total = ibis.literal(True)
    elif rule.contacts_above is not None:
        total = (made["contacts"].value > rule.contacts_above).fill_null(False)
    else:
        total = view["_sum"]
    fine = NULL
    if "received_at" in made:
        formats = table_map.columns["received_at"].formats
        hourly = bool(formats) and not any(form == "iso" or form in clock.NUMERIC or "%M" in form for form in formats)
        timed = made["received_at"].extra["local"].notnull()
        fine = ibis.ifelse(timed, "hour" if hourly else "second", NULL)
    fine = ibis.coalesce(fine, ibis.ifelse(day.notnull(), "day", NULL))
    if rule is None or rule.period == "hour":
        return {"is_aggregate": total, "period_start": day, "period_end": day, "time_precision": fine}
    if rule.period == "week":
        first, last = (
            (day, day + ibis.interval(days=6)) if rule.date_is == "first" else (day - ibis.interval(days=6), day)
        )
    else:
        first = day.truncate(PERIOD[rule.period])
        months = {"month": 1, "quarter": 3, "year": 12}.get(rule.period)
        end = day if months is None else (first + ibis.interval(months=months)) - ibis.interval(days=1)
        first, last = (first, day) if rule.date_is == "last" else (day, end)
    return {
        "is_aggregate": total,
        "period_start": ibis.ifelse(total, first.cast("date"), day),
        "period_end": ibis.ifelse(total, last.cast("date"), day),
        "time_precision": ibis.ifelse(total, rule.period, fine),
    }


def _no_clock_on_totals(table_map: TableMap, received: Cell, out: dict[str, Value]) -> None:
    """Take the time of day off totals of a day or longer: a form's time of the first call is not that of the others."""
    if table_map.aggregate and table_map.aggregate.period != "hour":
        total = out["is_aggregate"]
        for column in ("received_at", "received_local"):
            out[column] = ibis.ifelse(total, ibis.null(out[column].type()), out[column])
        received.kind = ibis.ifelse(total, "not_applicable", NULL if received.kind is None else received.kind)


def inputs(table_map: TableMap, columns: Mapping[str, ColumnMap]) -> dict[str, bool]:
    """The source columns that a table map reads, and whether each may be absent from a file."""
    names: dict[str, bool] = {}
    for spec in columns.values():
        for name in spec.inputs:
            names[name] = names.get(name, True) and spec.optional
    firm = [condition.column for condition in table_map.keep_where]
    firm += table_map.one_row_per.key if table_map.one_row_per else ()
    firm += [table_map.aggregate.column] if table_map.aggregate and table_map.aggregate.column else []
    return names | dict.fromkeys(firm, False)


def standard_rows(
    con: Any,
    reads: Sequence[FileRead],
    source: SourceMap,
    table_map: TableMap,
    columns: Mapping[str, ColumnMap],
    name: str,
    key: str,
) -> tuple[Table, list[Table]]:
    """The rows of the first file in the shape of the standard table, and the text of all files.

    Every dictionary column, then working columns. The rows rest on the view NAME_gathered, which stands for one file
    after the other: see `gather.stored_in_turn`.
    """
    tallies, working = synthetic(table_map)
    columns, known = {**columns, **tallies}, dictionary.table(table_map.into).columns
    met = [c for read in reads for c in wide_columns(table_map, read.columns, read.file)]
    wide = list({(c.header, c.key): c for c in met}.values())  # one column may be part of several measures
    names = inputs(table_map, columns) | {column.header: True for column in wide}
    parts = gathered(con, reads, names)
    text = barrier(con, parts[0], f"{name}_gathered")
    view = text_view(con, text, table_map, columns, {**known, **working}, wide, name, source.time_zone)
    made = _cells(view, columns, {**known, **working}, source.time_zone, key)
    counted = count_cells(view, wide)
    dates = [
        made[n].extra.get("day", made[n].value)
        for n in ("period_start", "received_at", "received_local", "occurred_on")
        if n in made
    ]
    day = ibis.coalesce(*dates) if dates else ibis.null("date")
    out: dict[str, Value] = {n: cell.value for n, cell in made.items()}
    row_id = view.source_file + ":" + view.source_row.cast("string")
    identity = next(n for n in ("record_id", "follow_up_id", "source") if n in known)
    if identity != "source":
        out[identity] = ibis.coalesce(out[identity], row_id) if identity in out else row_id
    out |= {
        "source": ibis.literal(source.source),
        "source_file": view.source_file,
        "source_row": view.source_row,
    }
    if table_map.into == "interventions":
        filled = _period(table_map, view, made, day)
        out |= {n: ibis.coalesce(out[n], v) if n in out else v for n, v in filled.items()}
        out.setdefault("contacts", ibis.literal(1))
        out["time_zone"] = ibis.literal(source.time_zone)
        if "received_at" in made:
            out.setdefault("received_local", made["received_at"].extra["local"])
            _no_clock_on_totals(table_map, made["received_at"], out)
    elif table_map.into == "counts" and "period_start" in made:
        span = _period(table_map, view, made, day)
        out["period_start"] = span["period_start"]
        out.setdefault("period_end", span["period_end"])
    kinds = {n: cell.kind for n, cell in made.items() if cell.kind is not None and n in known}
    kinds = {n: ibis.ifelse(kind == "blank", NULL, kind) for n, kind in kinds.items()}
    asides = {n: cell.aside for n, cell in made.items() if cell.aside is not None}
    kinds |= {
        n: ibis.coalesce(ibis.ifelse(a.notnull(), "set_aside", NULL), kinds.get(n, NULL))
        for n, a in asides.items()
        if n in known
    }
    out["missing"] = cells.tokens(kinds)
    doubts = [cell.extra["flag"] for cell in made.values() if "flag" in cell.extra]
    if "flags" in known:
        out["flags"] = cells.joined(doubts, ";") if doubts else NULL
    full = {n: out.get(n, ibis.null("string")).cast(ibis_type(c)) for n, c in known.items()}
    for duration in DURATIONS:
        spec = columns.get(duration)
        if spec and spec.unit is not None and spec.unit not in CLOCKED and not spec.minutes_between:
            full[f"_n_{duration}"] = cells.number(view[f"x_{duration}"], spec.decimal)
            full[f"_u_{duration}"] = (
                view[f"u_{duration}"] if isinstance(spec.unit, UnitBy) else ibis.literal(spec.unit)
            )
    if counted is not None:
        full["_cells"] = counted
    full |= tallied(made)
    rows = view.select(
        **full,
        _excluded=view["_excluded"],
        _problem=_problem(view, table_map, columns, made, day),
        _aside=cells.joined(list(asides.values()), "") if asides else NULL,
        _other=cells.joined([c.other for c in made.values() if c.other is not None], "")
        if any(c.other is not None for c in made.values())
        else NULL,
        _key=view["_key"] if "_key" in view.columns else NULL,
        _hash=view["_hash"],
        _file=view["_file"],
        _day=day,
    )
    return rows, parts


def ibis_type(column: Column) -> str:
    """The engine's type of a dictionary column."""
    return {
        "string": "string",
        "integer": "int64",
        "number": "float64",
        "boolean": "boolean",
        "timestamp": "timestamp('UTC', 6)",
        "local": "timestamp(6)",
        "date": "date",
        "list": "array<string>",
    }[column.type]
