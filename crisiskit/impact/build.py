"""The panel from the standard tables: areas by periods, with the audit of every merge and of what was left out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date as Date
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError, nearest
from crisiskit.impact import rollout
from crisiskit.impact.audit import Join
from crisiskit.impact.cells import Cells, chosen_date, count_rows, known, last_day, read_counts
from crisiskit.impact.contact_cells import contact_rows, read_interventions
from crisiskit.impact.grid import ROW, Filled, fill, place, rowless
from crisiskit.impact.panel import Panel
from crisiskit.impact.periods import begun, kept, periods, within
from crisiskit.impact.question import Outcome, Question, Running
from crisiskit.impact.recorded import Recorded, judge, missing, told
from crisiskit.impact.side_measures import covariate, dose_of, exposure_of
from crisiskit.impact.silence import ENOUGH

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.measures.tables import Tables

BEFORE = 2  # periods that must lie before the start


@dataclass(frozen=True, eq=False)
class Built:
    """A panel and how it was put together.

    `left_out`: reason, rows of the table, total of the outcome. `dates`, where the outcome names several: one row per
    date with the totals of treated and untreated areas before and after the start; None in a panel built for a given
    outcome, date or list of treated areas. `silent`: a sentence per stretch of cells inside the panel that is taken as
    not recorded. `recorded`: when the question's own outcome was recorded, in whatever window.
    """

    panel: Panel
    joins: tuple[Join, ...]
    left_out: tuple[ROW, ...]
    dates: "pd.DataFrame | None" = field(default=None, repr=False)
    silent: tuple[str, ...] = ()
    recorded: Recorded | None = field(default=None, repr=False)


def build(
    tables: Any, question: Question, outcome: Outcome | None = None, *, date: str = "",
    treated: Sequence[str] | None = None, planned: bool = False, main: Recorded | None = None,
) -> Built:  # fmt: skip
    """The panel of a question: outcome by area and period, 0 where it was recorded and nothing stands, else NaN.

    A cell is NaN where the source does not cover it, the outcome was not recorded or the area sent nothing (module
    `recorded`), a number is hidden, or a row of several periods touches it. Ends without the outcome are cut off.

    `tables`: what `crisiskit.measures.tables.open_tables` takes. `outcome` replaces the question's, `date` its choice
    of date, `treated` the areas of the roll-out (with the days of its first line). `planned`: the programme may start
    after the data, so that there is only history. `main`: the `recorded` of a panel built for the same question
    before, which is else looked up for another outcome or date. UserError for an area, measure, level, source or date,
    of this or another outcome of the question, that is not there or not clear, a window that the data do not have,
    merges above `join_limit`, no treated area, no area to compare with, or fewer than 2 periods with a number before
    the start.
    """
    from crisiskit.measures.tables import open_tables

    opened = open_tables(tables)
    used = outcome or question.outcome
    built = _build(opened, question, used, date, treated, planned, main)
    if planned or outcome is not None or date or treated is not None:
        return built
    _refuse_absent(opened, question)
    if len(used.dates) < 2:
        return built
    return replace(built, dates=_by_date(opened, question, used, built))


def _build(
    tables: "Tables", question: Question, outcome: Outcome, date: str, treated: Sequence[str] | None,
    planned: bool = False, main: Recorded | None = None,
) -> Built:  # fmt: skip
    name, what = chosen_date(outcome, question, date)
    cells, recorded = _judged(tables, question, outcome, what)
    units, aside = _units(cells, question, _runs(question, treated))
    starts, notes = periods(cells, question)
    said = told(recorded, starts, units, question.step, outcome.empty)
    first = chosen_date(question.outcome, question, "")[1]
    if (outcome, what) == (question.outcome, first):
        main = recorded
    elif main is None:
        main = _judged(tables, question, question.outcome, first)[1]
    starts, cut = kept(starts, main, question)
    ends = tuple(last_day(day, question.step) for day in starts)
    runs, later = begun(_runs(question, treated), ends[-1]) if planned else (
        within(_runs(question, treated), cells, starts, ends, cut))  # fmt: skip
    status = rollout.status(runs, units, starts, ends) if runs else np.zeros((len(units), len(starts)))
    if not planned and (many := rollout.compared(status)) < len(starts):
        notes.append(f"From {starts[many]} on every area has the programme: the panel ends before, for nothing is left "
                     "to compare with. The estimate is that of the areas that started earlier.")  # fmt: skip
        starts, ends, status = starts[:many], ends[:many], status[:, :many]
        runs, beyond = begun(runs, ends[-1])
        later += beyond
    grid, joins, left_out = place(cells, question, units, aside, starts)
    filled = fill(grid, cells, question, outcome.empty, recorded, units, starts, ends)
    if not planned:
        _refuse_weak(status, filled, starts, question, [*cut, *said])
    notes = [*([f"Date that counts: {name} ({what})."] if name else []), *cut, *said, *notes, *later,
             *_notes(runs, units, starts, ends, question, status), *filled.notes,
             *rowless(cells, units, outcome.empty)]  # fmt: skip
    shape = (len(units), len(starts))
    grid = grid.assign(outcome=np.nan_to_num(filled.values).ravel())
    exposure, more = exposure_of(tables, question, grid, cells.level, starts, ends) if question.exposure else (None, ())
    joins += more
    covariates: dict[str, np.ndarray] = {}
    for measure in question.covariates:
        covariates[measure], more = covariate(tables, question, grid, cells.level, measure)
        joins += more
    dose, more = dose_of(tables, question, grid, cells.level, runs, status, units, starts, ends)
    joins += more
    if dose is not None and (lost := int(np.isnan(dose[status > 0]).sum())):
        notes.append(f"{lost} of {int((status > 0).sum())} treated cells have no number of contacts delivered, so that "
                     "their sum is too small.")  # fmt: skip
    panel = Panel(
        units, starts, question.step, filled.values.reshape(shape), status, outcome.label, outcome.better, exposure,
        dose, covariates, tuple(notes),
    )  # fmt: skip
    silent = missing(recorded, starts, units, question.step) if outcome.empty == "judge" else ()
    return Built(panel, tuple(joins), (*cells.left_out, *left_out, *filled.left_out), silent=silent,
                 recorded=main)  # fmt: skip


def _judged(tables: "Tables", question: Question, outcome: Outcome, what: str) -> tuple[Cells, Recorded]:
    """The cells of an outcome, and when it was recorded: always where the outcome says what its empty cells are."""
    read = read_counts if outcome.table == "counts" else read_interventions
    cells = read(tables, question, outcome, what)
    enough = ENOUGH if outcome.table == "counts" else ENOUGH + 1  # a record may stand for many contacts
    found = judge(cells, question.step, question.coverage, question.join_limit, enough)
    return cells, found.stated(outcome.empty)


def _refuse_absent(tables: "Tables", question: Question) -> None:
    """UserError for another outcome of the question that names what is not in the tables: a check would be lost."""
    asked = [("secondary", outcome) for outcome in question.secondary]
    asked += [("definitions", outcome) for outcome in question.definitions]
    single = {"negative_control": question.negative_control, "recording": question.recording,
              "outside_hours": question.outside_hours}  # fmt: skip
    asked += [(key, outcome) for key, outcome in single.items() if outcome is not None]
    for key, outcome in asked:
        rows_of = count_rows if outcome.table == "counts" else contact_rows
        for what in outcome.dates.values() or [chosen_date(outcome, question, "")[1]]:
            try:
                rows_of(tables, question, outcome, what)
            except UserError as error:
                raise UserError(f"{key} '{outcome.label}': {error}") from error


def _runs(question: Question, treated: Sequence[str] | None) -> tuple[Running, ...]:
    if not question.roll_out:
        raise UserError("the question has no roll_out yet; read roll_out_file first (question.with_roll_out)")
    if treated is None:
        return question.roll_out
    if not treated:
        raise UserError("the list of treated areas is empty")
    first = question.roll_out[0]
    return tuple(first.model_copy(update={"area": area, "dose": None}) for area in sorted(set(treated)))


def _units(cells: Cells, question: Question, runs: Sequence[Running]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The areas of the panel, and the other areas of the source with the reason why they are left out."""
    areas = [area for area in cells.areas if known(area)]
    ran = {run.area for run in runs}
    asked = (("roll_out", ran), ("comparison", question.comparison), ("exclude", question.exclude),
             ("neighbours", question.neighbours), ("coverage", question.coverage),
             *((f"alternative_areas '{name}'", names) for name, names in question.alternative_areas.items()),
             *((f"shocks '{shock.name}'", shock.areas) for shock in question.shocks))  # fmt: skip
    for key, names in asked:
        for area in sorted(names):
            if area not in areas:
                raise UserError(f"{key}: area '{area}' is none of the {len(areas)} areas ({cells.level}) of source "
                                f"'{cells.source}'{nearest(area, areas)}")  # fmt: skip
    if both := sorted(ran & set(question.exclude)):
        raise UserError(f"area '{both[0]}' is treated and excluded")
    aside = {area: f"area {area} excluded: {why}" for area, why in question.exclude.items()}
    for area in areas:
        if question.comparison and area not in ran and area not in question.comparison and area not in aside:
            aside[area] = "areas not in the comparison"
    units = tuple(sorted(area for area in areas if area not in aside))
    if not ran or not units:
        raise UserError("no treated area is left")
    if not set(units) - ran and question.design != "its" and len(units) > 1 and len({r.start for r in runs}) == 1:
        raise UserError(f"all {len(units)} areas are treated at once, none is left to compare with; add untreated "
                        "areas, or set design: its")  # fmt: skip
    return units, aside


def _refuse_weak(
    status: np.ndarray, filled: Filled, starts: Sequence[Date], question: Question, notes: Sequence[str]
) -> None:
    if not status.any():
        raise UserError(f"the programme ran on half of the days of no {question.step} of the panel; no treated area "
                        "is left")  # fmt: skip
    first = int(status.any(axis=0).argmax())
    if first < BEFORE:
        raise UserError(f"only {first} {question.step} lies before the start in {starts[first]}; at least {BEFORE} "
                        "are needed: begin the window earlier, or get earlier data")  # fmt: skip
    there = np.isfinite(filled.values)
    why = " ".join((*notes, *filled.notes))
    if (before := int(there[:, :first].any(axis=0).sum())) < BEFORE:
        raise UserError(f"only {before} {question.step}s before the start in {starts[first]} have a number of the "
                        f"outcome in any area; at least {BEFORE} are needed. {why}")  # fmt: skip
    if not there[status > 0].any():
        raise UserError(f"no {question.step} of a treated area has a number of the outcome after its start. {why}")


def _notes(
    runs: Sequence[Running], units: Sequence[str], starts: Sequence[Date], ends: Sequence[Date], question: Question,
    status: np.ndarray,
) -> list[str]:  # fmt: skip
    notes = []
    for part in rollout.partly(runs, units, starts, ends):
        counts = "treated" if part.treated else "not treated"
        notes.append(f"Area {part.area} was served on {part.served:.0%} of the days of the {question.step} from "
                     f"{part.start}; it counts as {counts}.")  # fmt: skip
    if status.any(axis=1).all():
        notes.append("No area is left untreated: nothing but time, or areas treated later, can be compared with.")
    return notes


def _by_date(tables: "Tables", question: Question, outcome: Outcome, main: Built) -> "pd.DataFrame":
    """One row per date of the outcome: total, and treated and untreated areas before and after the start."""
    import pandas as pd

    used = chosen_date(outcome, question, "")[0]
    rows = []
    for name in outcome.dates:
        panel = main.panel if name == used else _build(tables, question, outcome, name, None, main=main.recorded).panel
        on, early = panel.treated, panel.before
        parts = {f"{who}_{when}": float(np.nansum(panel.outcome[np.ix_(which, then)]))
                 for who, which in (("treated", on), ("untreated", ~on))
                 for when, then in (("before", early), ("after", ~early))}  # fmt: skip
        rows.append({"date": name, "counts": outcome.dates[name], "used": name == used, "total": sum(parts.values()),
                     **parts})  # fmt: skip
    return pd.DataFrame(rows)
