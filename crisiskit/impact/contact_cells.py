"""Outcome totals by area and period from the rows of `interventions`, added up where the table is."""

from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError, nearest
from crisiskit.impact.cells import (
    SHOWN,
    UNITS,
    Cells,
    add_up,
    as_day,
    at_level,
    distinct,
    last_day,
    level_of,
    one_of,
    span,
    table_of,
)  # fmt: skip
from crisiskit.impact.question import Outcome, Question
from crisiskit.measures.tables import Tables
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import ibis
    import pandas as pd

PART = ("part", "area", "start", "seen", "first", "last")
DAYS = ("date", "local")  # types of columns that hold a local day


def read_interventions(tables: Tables, question: Question, outcome: Outcome, column: str) -> Cells:
    """Contacts (or records) by area and period of `question.step`, each on the day that `column` holds.

    A row that stands for more than one period is left out and counted, and every cell that it touches is unknown (NaN):
    its true number lies between what the other rows say and that with the whole row. Rows without a day, and rows of
    another kind of area, are left out and counted. UserError for a column or value that is not there, several sources
    or area levels where none is named, and a day that is an instant.
    """
    side, rows, level, source = contact_rows(tables, question, outcome, column)
    frame, left_out = _by_step(tables, rows, column, question.step, outcome.measure)
    elsewhere = _elsewhere(tables, outcome, level, source)
    parts = _parts(tables, rows, column, question.step, outcome)
    areas, covered, first, last = span(tables, side, question.step, source)
    return Cells(frame, parts, areas, covered, first, last, level, source, (*left_out, *elsewhere))


def contact_rows(
    tables: Tables, question: Question, outcome: Outcome, column: str
) -> tuple["ibis.Table", "ibis.Table", str, str]:
    """The source's rows, those of the outcome, their area level and source. UserError as `read_interventions`."""
    whole = table_of(tables, "interventions", outcome.label)
    for name in (column, *outcome.where):
        dictionary.table("interventions").column(name)
    if dictionary.table("interventions").column(column).type not in DAYS:
        days = [name for name, one in dictionary.table("interventions").columns.items() if one.type in DAYS]
        raise UserError(f"date '{column}' of outcome '{outcome.label}' holds no local day; use one of "
                        f"{', '.join(days)}")  # fmt: skip
    source = one_of(outcome.source, distinct(tables, whole, "source"), f"outcome '{outcome.label}'", "source")
    side = whole.filter(whole.source == source)
    levels = distinct(tables, side.filter(side.area_id.notnull()), "area_level")
    level = level_of(question.area_level, levels, f"outcome '{outcome.label}'")
    side = side.filter(_here(side, level))
    return side, _where(tables, side, outcome), level, source


def _here(rows: "ibis.Table", level: str) -> Any:
    """The condition that a row is about an area of this kind, or does not say about which."""
    return (at_level(rows, level) | rows.area_id.isnull() | rows.area_level.isnull()).fill_null(False)


def _elsewhere(tables: Tables, outcome: Outcome, level: str, source: str) -> tuple[tuple[str, int, float], ...]:
    """Rows of the outcome that another kind of area places; none of them is in a cell."""
    rows = tables.tables["interventions"]
    rows = rows.filter(rows.source == source)
    rows = rows.filter(~_here(rows, level))
    for name, values in outcome.where.items():
        cell = rows[name]
        many = dictionary.table("interventions").column(name).type == "list"
        held = [cell.contains(value) if many else cell.cast("string") == value for value in sorted(set(values))]
        rows = rows.filter(reduce(or_, held))
    found = tables.fetch(rows.aggregate(rows=rows.count(), contacts=rows.contacts.sum().fill_null(0))).iloc[0]
    total = float(found["rows"] if outcome.measure == "records" else found["contacts"])
    reason = f"rows placed by another kind of area than {level}"
    return ((reason, int(found["rows"]), total),) if found["rows"] else ()


def _where(tables: Tables, rows: "ibis.Table", outcome: Outcome) -> "ibis.Table":
    """The rows that have one of the values asked for in every column of `where`."""
    for name, values in outcome.where.items():
        kind = dictionary.table("interventions").column(name).type
        wanted = sorted(set(values))
        text = rows[name].unnest() if kind == "list" else rows[name]
        found = tables.fetch(rows.select(value=text).distinct())["value"].dropna()
        choices = sorted({_written(value) for value in found})
        for value in wanted:
            if value not in choices:
                raise UserError(
                    f"outcome '{outcome.label}': no row has {name} '{value}' (values: "
                    f"{', '.join(choices[:SHOWN]) or 'none'}{', ...' * (len(choices) > SHOWN)})"
                    f"{nearest(value, choices)}"
                )
        if kind == "list":
            held: Any = rows[name].contains(wanted[0])
            for value in wanted[1:]:
                held = held | rows[name].contains(value)
            rows = rows.filter(held)
        else:
            same = [value for value in found if _written(value) in wanted]
            rows = rows.filter(rows[name].isin([as_plain(value) for value in same]))
    if outcome.where and not int(tables.backend.execute(rows.count())):
        asked = "; ".join(f"{name}: {', '.join(values)}" for name, values in outcome.where.items())
        raise UserError(f"outcome '{outcome.label}': no row has all of {asked}")
    return rows


def as_plain(value: Any) -> Any:
    """A numpy scalar as the Python value that it holds."""
    return value.item() if hasattr(value, "item") else value


def _written(value: Any) -> str:
    """A value as a parameter file writes it."""
    plain = as_plain(value)
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def _by_step(
    tables: Tables, rows: "ibis.Table", column: str, step: str, measure: str
) -> tuple["pd.DataFrame", tuple[tuple[str, int, float], ...]]:
    """The cells, those that a row of several periods touches as NaN, and what is in none of them."""
    import numpy as np
    import pandas as pd

    kept = _placed(rows, column, step)
    cells = kept.group_by(area=kept.area_id, start=kept["_start"], wide=kept["_wide"], end=kept["_end"]).agg(
        seen=kept.count() if measure == "records" else kept.contacts.sum().fill_null(0), rows=kept.count(),
        blank=kept.count() * 0 if measure == "records" else kept.contacts.isnull().sum(),
        first=kept["_day"].min(), last=kept["_last"].max(),
    )  # fmt: skip
    frame = tables.fetch(cells)
    frame["seen"] = frame["seen"].astype("float64")
    frame["area"] = frame["area"].where(frame["area"].notna(), None)
    none = frame["start"].isna()
    wide = frame["wide"] & ~none
    left_out = tuple(
        (reason, int(frame["rows"][mask].sum()), float(frame["seen"][mask].sum()))
        for reason, mask in ((f"rows that stand for more than one {step}", wide), (f"rows without {column}", none))
        if mask.any()
    )
    touched = _touched(frame[wide], step)
    frame = frame[~wide & ~none].assign(value=lambda found: np.where(found["blank"] > 0, np.nan, found["seen"]))
    for name in ("start", "first", "last"):
        frame[name] = [as_day(moment) for moment in frame[name]]
    return add_up(pd.concat([frame, touched], ignore_index=True) if len(touched) else frame), left_out


def _placed(rows: "ibis.Table", column: str, step: str) -> "ibis.Table":
    """The rows with the period they lie in, their days, and whether they stand for more than one period."""
    unit: Any = UNITS[step]
    grouped = rows.is_aggregate.fill_null(False)
    day = grouped.ifelse(rows.period_start, rows[column].cast("date"))
    last = grouped.ifelse(rows.period_end, day)
    wide = grouped & (rows.period_start.truncate(unit) != rows.period_end.truncate(unit)).fill_null(True)
    return rows.mutate(
        _start=day.truncate(unit), _wide=wide, _day=day, _last=last.fill_null(day),
        _end=wide.ifelse(last.fill_null(day).truncate(unit), day.truncate(unit)),
    )  # fmt: skip


def _touched(wide: "pd.DataFrame", step: str) -> "pd.DataFrame":
    """A cell without a number (and without a row of its own) for every period that a row of several periods covers."""
    import pandas as pd

    made = set()
    for area, start, end in zip(wide["area"], wide["start"], wide["end"], strict=True):
        day = as_day(start)
        while isinstance(area, str) and day <= as_day(end):
            made.add((area, day))
            day = last_day(day, step) + timedelta(days=1)
    cells = [(area, day, float("nan"), 0, 0.0, day, last_day(day, step), True) for area, day in sorted(made)]
    return pd.DataFrame(cells, columns=["area", "start", "value", "rows", "seen", "first", "last", "wide"])


def _parts(tables: Tables, rows: "ibis.Table", column: str, step: str, outcome: Outcome) -> "pd.DataFrame":
    """Totals by value, area and period, for every column of `where` that adds several values up."""
    import pandas as pd

    kept, found = _placed(rows, column, step), []
    for name, values in sorted(outcome.where.items()):
        if len(set(values)) < 2:
            continue
        some = kept.filter(~kept["_wide"], kept["_start"].notnull(), kept.area_id.notnull())
        many = dictionary.table("interventions").column(name).type == "list"
        some = some.mutate(_part=some[name].unnest() if many else some[name].cast("string"))
        cells = some.group_by(part=some["_part"], area=some.area_id, start=some["_start"]).agg(
            seen=some.count() if outcome.measure == "records" else some.contacts.sum().fill_null(0),
            first=some["_day"].min(), last=some["_last"].max(),
        )  # fmt: skip
        frame = tables.fetch(cells)
        frame = frame[frame["part"].isin(sorted(set(values)))]
        days = {day: [as_day(moment) for moment in frame[day]] for day in ("start", "first", "last")}
        found.append(frame.assign(part=[f"{name} '{part}'" for part in frame["part"]], **days))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=[*PART])
