"""Outcome totals by area and period from the standard tables, added up where the tables are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError, nearest
from crisiskit.impact.question import Outcome, Question
from crisiskit.measures.tables import Tables
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import ibis
    import pandas as pd

UNITS = {"week": "W", "month": "M", "quarter": "Q", "year": "Y"}
SHOWN = 12  # choices that a message lists


@dataclass(frozen=True)
class Cells:
    """Totals of one outcome.

    `frame`: area (None: not known), start (first day of the period), value (NaN: hidden, or not to be told), rows, seen
    (total of the numbers that are there, equal to the value where that is known), first and last (days of its rows),
    wide (whether a row of several periods touches it).
    `parts`: the same by level of the outcome, where it adds several up: part, area, start, seen, first, last.
    `areas` are all areas that the source has at this level; `covered` the first days of the periods in which it has a
    row of any kind; `first` and `last` the days that its rows span. `left_out`: reason, rows, total.
    """

    frame: "pd.DataFrame"
    parts: "pd.DataFrame"
    areas: tuple[str, ...]
    covered: frozenset[date]
    first: date
    last: date
    level: str
    source: str
    left_out: tuple[tuple[str, int, float], ...] = ()


def known(area: object) -> bool:
    """Whether an area code names an area: not empty, and no word for a missing one."""
    return isinstance(area, str) and bool(area.strip()) and area.strip().lower() not in dictionary.KINDS


def chosen_date(outcome: Outcome, question: Question, name: str) -> tuple[str, str]:
    """The name of the date that counts, and the measure (counts) or column (interventions) that it stands for.

    UserError for a name that the outcome does not have.
    """
    if name and name not in outcome.dates:
        choices = ", ".join(outcome.dates) or "it has none"
        raise UserError(f"outcome '{outcome.label}' has no date '{name}' ({choices}){nearest(name, outcome.dates)}")
    if not outcome.dates:
        return "", outcome.measure if outcome.table == "counts" else "period_start"
    used = name or (question.date if question.date in outcome.dates else next(iter(outcome.dates)))
    return used, outcome.dates[used]


def table_of(tables: Tables, name: str, label: str) -> "ibis.Table":
    """A standard table; UserError when the data have none of it."""
    if name not in tables.tables:
        raise UserError(f"'{label}' is counted in {name}, but the data hold only {', '.join(sorted(tables.tables))}")
    return tables.tables[name]


def distinct(tables: Tables, rows: "ibis.Table", column: str) -> list[str]:
    """The values of a column, in order, without the empty ones."""
    import pandas as pd

    found = tables.fetch(rows.select(column).distinct())[column]
    return sorted(str(value) for value in found if not pd.isna(value))


def one_of(asked: str, choices: Sequence[str], what: str, key: str) -> str:
    """What was asked for, or the only choice; UserError that lists the choices where that is not clear."""
    listed = ", ".join(choices[:SHOWN]) or "none"
    if asked and asked not in choices:
        raise UserError(f"{key} '{asked}' is not among those of {what} ({listed}){nearest(asked, choices)}")
    if not asked and len(choices) != 1:
        raise UserError(f"{what} has {len(choices)} choices of {key} ({listed}); name one as {key}")
    return asked or choices[0]


def level_of(asked: str, choices: Sequence[str], what: str) -> str:
    """The kind of area that is meant; "" where the source names no kind at all, and none was asked for."""
    return "" if not asked and not choices else one_of(asked, choices, what, "area_level")


def at_level(rows: "ibis.Table", level: str) -> Any:
    """The condition that a row is about an area of this kind ("" : of a kind that is not named)."""
    return rows.area_level == level if level else rows.area_level.isnull()


def read_counts(tables: Tables, question: Question, outcome: Outcome, measure: str) -> Cells:
    """Totals of a measure of `counts` by area and period of `question.step`.

    UserError for a measure, source, area level, group or level that is not there or not clear, for a row that spans
    more than one period, and for rows of one cell that overlap (they would be counted twice).
    """
    whole, rows, level, source = count_rows(tables, question, outcome, measure)
    frame = _by_step(tables, rows, question.step, f"measure '{measure}'")
    side = whole.filter(whole.source == source, at_level(whole, level))
    areas, covered, first, last = span(tables, side, question.step, source)
    some = frame[frame["level"].notna()]
    parts = some[["area", "start", "seen", "first", "last"]].assign(part=[f"level '{name}'" for name in some["level"]])
    left_out = () if outcome.group else _placeless(tables, side.filter(side.measure == measure, side.group.isnull()))
    return Cells(add_up(frame), parts, areas, covered, first, last, level, source, left_out)


def count_rows(
    tables: Tables, question: Question, outcome: Outcome, measure: str
) -> tuple["ibis.Table", "ibis.Table", str, str]:
    """The table of counts, the outcome's rows of it, their area level and their source. UserError as `read_counts`."""
    whole = table_of(tables, "counts", outcome.label)
    rows = whole.filter(whole.measure == measure)
    sources = distinct(tables, rows, "source")
    if not sources:
        measures = distinct(tables, whole, "measure")
        raise UserError(f"counts have no measure '{measure}' (measures: {', '.join(measures)})"
                        f"{nearest(measure, measures)}")  # fmt: skip
    source = one_of(outcome.source, sources, f"measure '{measure}'", "source")
    rows = rows.filter(rows.source == source)
    level = level_of(question.area_level, distinct(tables, rows, "area_level"), f"measure '{measure}'")
    rows = rows.filter(at_level(rows, level))
    return whole, _of_group(tables, rows, outcome, measure), level, source


def _of_group(tables: Tables, rows: "ibis.Table", outcome: Outcome, measure: str) -> "ibis.Table":
    groups = distinct(tables, rows, "group")
    if not outcome.group:
        totals = rows.filter(rows.group.isnull(), rows.area_id.notnull())
        if not int(tables.backend.execute(totals.count())):
            raise UserError(f"measure '{measure}' has no totals by area; name group and level (groups: "
                            f"{', '.join(groups) or 'none'})")  # fmt: skip
        return totals
    one_of(outcome.group, groups, f"measure '{measure}'", "group")
    rows = rows.filter(rows.group == outcome.group)
    levels = distinct(tables, rows, "level")
    for name in outcome.level:
        one_of(name, levels, f"group '{outcome.group}' of measure '{measure}'", "level")
    return rows.filter(rows.level.isin(sorted(set(outcome.level))))


def _placeless(tables: Tables, rows: "ibis.Table") -> tuple[tuple[str, int, float], ...]:
    """Totals that name no area: of all areas together, or of one that is not known; they are in no cell."""
    lost = rows.filter(rows.area_id.isnull())
    found = tables.fetch(lost.aggregate(rows=lost.count(), total=lost.value.sum().fill_null(0))).iloc[0]
    return (("totals that name no area", int(found["rows"]), float(found["total"])),) if found["rows"] else ()


def _by_step(tables: Tables, rows: "ibis.Table", step: str, what: str) -> "pd.DataFrame":
    """Add up rows of counts by area, level and period, a cell with a hidden number as NaN."""
    import numpy as np

    unit: Any = UNITS[step]
    key = [rows.area_id, rows.level, rows.hour, rows.period_start, rows.period_end]
    begin, end = rows.period_start.truncate(unit), rows.period_end.truncate(unit)
    if int(tables.backend.execute((rows.period_start.isnull() | rows.period_end.isnull()).sum()) or 0):
        raise UserError(f"{what} has rows without a period; they cannot be placed in time")
    spread = rows.filter(begin != end).order_by(["period_start", "period_end", "area_id"]).limit(1)
    if len(wide := tables.fetch(spread)):
        row = wide.iloc[0]
        raise UserError(
            f"{what}: a row of area '{row.area_id}' covers {as_day(row.period_start)} to {as_day(row.period_end)}, "
            f"more than one {step}; choose a longer step, or data by {step}"
        )
    days = rows.period_end.delta(rows.period_start, unit="day") + 1
    cells = rows.group_by(area=key[0], level=key[1], hour=key[2], start=begin).agg(
        seen=rows.value.sum().fill_null(0), rows=rows.count(), blank=rows.value.isnull().sum(), days=days.sum(),
        first=rows.period_start.min(), last=rows.period_end.max(),
    )  # fmt: skip
    frame = tables.fetch(cells)
    for name in ("start", "first", "last"):
        frame[name] = [as_day(day) for day in frame[name]]
    longest = [(last_day(day, step) - day).days + 1 for day in frame["start"]]
    keys = frame[["area", "level", "start"]]
    both = frame["hour"].notna().groupby([keys[name].fillna("") for name in keys]).transform("nunique") > 1
    if (twice := (frame["days"] > longest) | both).any():
        row = frame[twice].sort_values(["start", "area"]).iloc[0]
        raise UserError(f"{what}: rows of area '{row.area}' overlap in the {step} from {row.start}, so that adding "
                        "them up counts twice; keep one row per area, level and day")  # fmt: skip
    frame["area"] = frame["area"].where(frame["area"].notna(), None)
    frame["seen"] = frame["seen"].astype("float64")
    return frame.assign(value=np.where(frame["blank"] > 0, np.nan, frame["seen"]))


def add_up(frame: "pd.DataFrame") -> "pd.DataFrame":
    """One row per area and start; the value is NaN where a part's is, `seen` the sum of the parts that are there."""
    import numpy as np

    wide = frame.get("wide", False)
    groups = frame.assign(hidden=frame["value"].isna(), wide=wide).groupby(["area", "start"], dropna=False, sort=True)
    found = groups.agg(
        rows=("rows", "sum"), seen=("seen", "sum"), hidden=("hidden", "max"), wide=("wide", "max"),
        first=("first", "min"), last=("last", "max"),
    ).reset_index()  # fmt: skip
    value = np.where(found["hidden"].astype(bool), np.nan, found["seen"])
    return found.assign(value=value).drop(columns="hidden")


def span(
    tables: Tables, side: "ibis.Table", step: str, source: str
) -> tuple[tuple[str, ...], frozenset[date], date, date]:
    """Areas, covered periods, first and last day of the rows that lie in one period."""
    unit: Any = UNITS[step]
    begin = side.period_start.truncate(unit)
    inside = side.filter(begin == side.period_end.truncate(unit))
    found = tables.fetch(
        inside.group_by(start=inside.period_start.truncate(unit))
        .agg(first=inside.period_start.min(), last=inside.period_end.max())
        .order_by("start")
    )
    if not len(found):
        raise UserError(f"source '{source}' has no row that lies within one {step}; choose a longer step")
    areas = tuple(distinct(tables, side, "area_id"))
    return (areas, frozenset(as_day(day) for day in found["start"]), as_day(found["first"].min()),
            as_day(found["last"].max()))  # fmt: skip


def as_day(moment: Any) -> date:
    day: date = moment.date() if hasattr(moment, "date") else moment
    return day


def step_of(day: date, step: str) -> date:
    """First day of the period that a day lies in; weeks begin on Monday."""
    if step == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": 3 * ((day.month - 1) // 3) + 1, "year": 1}[step]
    return date(day.year, month, 1)


def last_day(start: date, step: str) -> date:
    """Last day of the period that begins on `start`."""
    after = start + timedelta(days={"week": 7, "month": 31, "quarter": 92, "year": 366}[step])
    return step_of(after, step) - timedelta(days=1)
