"""The question of an evaluation held against its tables, before any notebook is started."""

from pathlib import Path
from typing import TYPE_CHECKING

from crisiskit.errors import UserError
from crisiskit.impact.question import Question
from crisiskit.runs.plan import Plan

if TYPE_CHECKING:
    from crisiskit.impact.build import Built


def asked(plan: Plan) -> Question | None:
    """The question of a plan; None where it has none, or none of its notebooks takes it."""
    taken = any("impact" in notebook.parameters for notebook in plan.notebooks)
    return plan.study.evaluation.impact if taken else None


def hold(question: Question, tables: Path, where: Path) -> "Built":
    """Build the panel of a question, choose its design and find its encounters, and estimate nothing.

    UserError, with the evaluation file `where`, for every area, measure, level, source, date or column that the tables
    do not have, and for data that cannot answer: what the impact notebook would come upon after the others have run.
    """
    from crisiskit.impact.encounter_rows import eligible
    from crisiskit.impact.study import Study
    from crisiskit.measures.tables import open_tables

    opened = open_tables(tables)
    study = Study(question, opened)
    try:
        built = study.built
        study.design  # noqa: B018 - refuses one that does not fit the roll-out
        if question.encounters is not None:
            eligible(opened, question.encounters)
    except UserError as error:
        raise UserError(f"{where}: impact: {error}") from error
    return built


def lines(built: "Built", step: str) -> list[str]:
    """What a panel holds and what was decided about its cells, line by line."""
    panel = built.panel
    areas, periods, treated = len(panel.units), len(panel.starts), int(panel.treated.sum())
    said = f"impact: {areas} areas, {treated} of them treated, by {periods} {step}s from {panel.starts[0]}"
    out = [f"  left out: {reason}, {rows:,} rows, total {total:,.10g}" for reason, rows, total in built.left_out]
    return [said, *out, *(f"  note: {note}" for note in panel.notes)]
