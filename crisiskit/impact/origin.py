"""Which sources a study rests on, for the line under its figures: of several, those that it counts."""

from crisiskit.impact.cells import distinct
from crisiskit.impact.question import Outcome, Question
from crisiskit.measures.tables import Tables


def sources_of(tables: Tables, question: Question) -> tuple[str, ...]:
    """Names of the sources that hold the outcomes of a question and what stands beside them in its panel, in order."""
    outcomes = [question.outcome, *question.secondary, *question.definitions]
    outcomes += [one for one in (question.negative_control, question.recording, question.outside_hours) if one]
    named = {outcome.source for outcome in outcomes if outcome.source}
    measures = {name for name in (question.exposure, question.dose_measure, *question.covariates) if name}
    open_ones = [outcome for outcome in outcomes if not outcome.source]
    measures |= {name for outcome in open_ones if outcome.table == "counts" for name in _counted(outcome)}
    if measures and "counts" in tables.tables:
        counts = tables.tables["counts"]
        named.update(distinct(tables, counts.filter(counts.measure.isin(sorted(measures))), "source"))
    if any(outcome.table == "interventions" for outcome in open_ones) and "interventions" in tables.tables:
        named.update(distinct(tables, tables.tables["interventions"], "source"))
    return tuple(sorted(named))


def _counted(outcome: Outcome) -> list[str]:
    return list(outcome.dates.values()) or [outcome.measure]
