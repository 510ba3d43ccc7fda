"""What stands beside the outcome in a panel: exposure, covariates, and the contacts that the programme delivered."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact import rollout
from crisiskit.impact.audit import Join, merged
from crisiskit.impact.cells import as_day, at_level, distinct, known, one_of, read_counts, table_of
from crisiskit.impact.question import Outcome, Question, Running

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.measures.tables import Tables


def covariate(
    tables: "Tables", question: Question, grid: "pd.DataFrame", level: str, measure: str, limit: float | None = None
) -> tuple[np.ndarray, list[Join]]:
    """A measure of counts by area and period (N x T), NaN where it has no row or a part of it is hidden.

    Merged onto the grid with its audit.
    """
    values, _, joins = _beside(tables, question, grid, level, measure, question.join_limit if limit is None else limit)
    return values, joins


def _beside(
    tables: "Tables", question: Question, grid: "pd.DataFrame", level: str, measure: str, limit: float
) -> tuple[np.ndarray, np.ndarray, list[Join]]:
    """The measure, whether it has a row (1, NaN), and the audit."""
    asked = question.model_copy(update={"area_level": level})
    cells = read_counts(tables, asked, Outcome(label=measure, measure=measure), measure)
    found = cells.frame[cells.frame["area"].map(known).astype(bool)]
    side = found[["area", "start", "value"]].rename(columns={"value": "side"}).assign(there=1.0)
    left = grid[["area", "start", "outcome"]]
    out, join = merged(left, side, ["area", "start"], f"panel with {measure}", "outcome", limit)
    return _square(out["side"], grid), _square(out["there"], grid), [join]


def _square(column: "pd.Series", grid: "pd.DataFrame") -> np.ndarray:
    return column.to_numpy("float64").reshape(grid["area"].nunique(), -1)


def exposure_of(
    tables: "Tables", question: Question, grid: "pd.DataFrame", level: str, starts: Sequence[date], ends: Sequence[date]
) -> tuple[np.ndarray, list[Join]]:
    """A stock such as population (N x T): for each area the row whose period lies nearest to the panel's period.

    Merged by area with its audit. UserError for a measure or source that is not there or not clear.
    """
    import pandas as pd

    whole = table_of(tables, "counts", question.exposure)
    rows = whole.filter(whole.measure == question.exposure, at_level(whole, level), whole.group.isnull())
    sources = distinct(tables, rows, "source")
    if not sources:
        raise UserError(f"exposure: counts have no totals of '{question.exposure}' by {level}")
    rows = rows.filter(rows.source == one_of("", sources, f"exposure '{question.exposure}'", "source"))
    found = tables.fetch(rows.select("area_id", "period_start", "period_end", "value")).dropna()
    spans: dict[str, list[tuple[date, date, float]]] = {}
    for area, begin, end, value in found.sort_values(["area_id", "period_start", "period_end"]).itertuples(index=False):
        spans.setdefault(str(area), []).append((as_day(begin), as_day(end), float(value)))
    rows_of = []
    for area in sorted(spans):
        for start, last in zip(starts, ends, strict=True):
            rows_of.append((area, start, _nearest(spans[area], start, last)))
    side = pd.DataFrame(rows_of, columns=["area", "start", "side"])
    _refuse_twice(spans, question.exposure)
    left = grid[["area", "start", "outcome"]]
    name = f"panel with exposure {question.exposure}"
    out, join = merged(left, side, ["area", "start"], name, "outcome", question.join_limit)
    return _square(out["side"], grid), [join]


def _refuse_twice(spans: dict[str, list[tuple[date, date, float]]], measure: str) -> None:
    for area, rows in spans.items():
        periods = [row[:2] for row in rows]
        if len(set(periods)) < len(periods):
            raise UserError(f"exposure '{measure}': area '{area}' has more than one number for the same period")


def _nearest(spans: list[tuple[date, date, float]], start: date, last: date) -> float:
    """The number whose period has its middle nearest to the middle of start..last; the earlier one of two as near."""
    middle = start.toordinal() + last.toordinal()
    return min(spans, key=lambda span: (abs(span[0].toordinal() + span[1].toordinal() - middle), span[0], span[1]))[2]


def dose_of(
    tables: "Tables", question: Question, grid: "pd.DataFrame", level: str, runs: Sequence[Running],
    status: np.ndarray, units: Sequence[str], starts: Sequence[date], ends: Sequence[date],
) -> tuple[np.ndarray | None, list[Join]]:  # fmt: skip
    """Contacts delivered (N x T): the dose measure; else the doses of the roll-out; None where neither is known.

    A stretch's dose is spread evenly over its treated periods; a treated cell without one is NaN, an untreated one 0.
    A hidden number is NaN in either.
    """
    if question.dose_measure:
        dose, there, joins = _beside(tables, question, grid, level, question.dose_measure, 1.0)
        return np.where(np.isnan(there) & (status == 0), 0.0, dose), joins
    if all(run.dose is None for run in runs):
        return None, []
    dose = np.where(status > 0, np.nan, 0.0)
    for run in runs:
        row = units.index(run.area)
        ran = (rollout.run_days(run, starts, ends) > 0) & (status[row] > 0)
        if run.dose is not None and ran.any():
            dose[row, ran] = np.where(np.isnan(dose[row, ran]), 0.0, dose[row, ran]) + run.dose / ran.sum()
    return dose, []
