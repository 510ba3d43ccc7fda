"""Outcome totals by area and period from the rows of `interventions`, added up where the table is."""

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

DAYS = ("date", "local")  # types of columns that hold a local day


def read_interventions(tables: Tables, question: Question, outcome: Outcome, column: str) -> Cells:
    """Contacts (or records) by area and period of `question.step`, each on the day that `column` holds.

    Rows that stand for more than one period and rows without a day are left out and counted. UserError for a column
    or value that is not there, several sources or area levels where none is named, and a day that is an instant.
    """
    side, rows, level, source = contact_rows(tables, question, outcome, column)
    frame, left_out = _by_step(tables, rows, column, question.step, outcome.measure)
    areas, covered, first, last = span(tables, side, question.step, source)
    return Cells(frame, areas, covered, first, last, level, source, left_out)


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
    side = side.filter(at_level(side, level) | side.area_id.isnull() | side.area_level.isnull())
    return side, _where(tables, side, outcome), level, source


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
    unit: Any = UNITS[step]
    grouped = rows.is_aggregate.fill_null(False)
    wide = grouped & (rows.period_start.truncate(unit) != rows.period_end.truncate(unit)).fill_null(True)
    day = rows[column].cast("date")
    day = grouped.ifelse(rows.period_start, day)
    kept = rows.mutate(_start=day.truncate(unit), _wide=wide)
    cells = kept.group_by(area=kept.area_id, start=kept["_start"], wide=kept["_wide"]).agg(
        value=kept.count() if measure == "records" else kept.contacts.sum(), rows=kept.count()
    )
    frame = tables.fetch(cells)
    frame["value"] = frame["value"].astype("float64")
    frame["area"] = frame["area"].where(frame["area"].notna(), None)
    none = frame["start"].isna() & ~frame["wide"]
    left_out = tuple(
        (reason, int(frame["rows"][mask].sum()), float(frame["value"][mask].sum()))
        for reason, mask in ((f"rows that stand for more than one {step}", frame["wide"]),
                             (f"rows without {column}", none)) if mask.any()
    )  # fmt: skip
    frame = frame[~frame["wide"] & ~none].copy()
    frame["start"] = [as_day(moment) for moment in frame["start"]]
    return add_up(frame), left_out
