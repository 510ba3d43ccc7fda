"""What an evaluation says of its programme: where and when it ran, which outcome, compared with what, checked how."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from crisiskit.days import Day, Span
from crisiskit.impact.cost_plan import Costs
from crisiskit.impact.encounters import EncounterPlan
from crisiskit.params import Names, Strict

Share = Annotated[float, Field(ge=0, le=1)]
Better = Literal["fewer", "more"]


class Running(Strict):
    """One stretch of days on which the programme ran in one area; a pause is two stretches of the same area."""

    area: str = Field(description="code of the area, as in area_id, leading zeros and all")
    start: Day = Field(description="first day")
    end: Day | None = Field(None, description="last day; empty: it still runs")
    hours: str = Field("", description='service hours, such as "Mon-Fri 10:00-18:00"')
    dose: float | None = Field(None, ge=0, description="contacts delivered in this stretch, where known")

    @model_validator(mode="after")
    def _in_order(self) -> "Running":
        if self.end is not None and self.end < self.start:
            raise ValueError(f"area {self.area}: ends on {self.end}, before it starts on {self.start}")
        return self


class Outcome(Strict):
    """What is counted, in which rows of which standard table, and which direction is good."""

    label: str = Field(min_length=1, description="words for figures and sentences, such as 'targeted offences'")
    better: Better = Field("fewer", description="fewer or more: which direction is good, and `why` it is")
    why: str = Field("", description="why that direction is good; if more records can mean success, say so here")
    more_may_be_success: bool = Field(False, description="true where the programme itself may raise what is recorded")
    table: Literal["counts", "interventions"] = Field("counts", description="the standard table it is counted in")
    measure: str = Field("", description="counts: the measure; interventions: contacts or records")
    dates: dict[str, str] = Field(
        {}, description="name of a date (occurred, reported) to the measure in counts, or the day in interventions"
    )
    group: str = Field("", description="counts: the breakdown, such as family; empty: totals")
    level: Names = Field((), description="counts: the levels that are added up; each must be there")
    where: dict[str, Names] = Field({}, description="interventions: column to the values that are counted")
    source: str = Field("", description="only this source; empty: the one source that has the measure")
    empty: Literal["judge", "zero", "missing"] = Field(
        "judge", description="area and period without a row: judge (zero, unless chance cannot give such a silence), "
        "zero, or missing"
    )

    @model_validator(mode="after")
    def _counted(self) -> "Outcome":
        if self.table == "counts" and not (self.measure or self.dates):
            raise ValueError("an outcome of counts needs measure, or dates: {occurred: MEASURE, reported: MEASURE}")
        if self.table == "interventions" and self.measure not in ("", "contacts", "records"):
            raise ValueError(f"measure '{self.measure}' of interventions should be contacts or records")
        if bool(self.group) != bool(self.level):
            raise ValueError("group and level go together")
        if self.table == "counts" and self.where:
            raise ValueError("where belongs to interventions; counts have group and level")
        return self


class Shock(Strict):
    """Something else that happened: a pandemic, protests, a new law."""

    name: str = Field(description="what it was")
    days: Span = Field(description="{from: 2020-03-15, to: 2021-06-30}")
    areas: Names = Field((), description="areas it hit; empty: all of them")


class Published(Strict):
    """A result of another study, shown as context."""

    relative: float = Field(gt=-1, description="effect as a share: -0.34 is 34 % fewer")
    source: str = Field(description="where it is published")
    note: str = Field("", description="why agreement with it is, or is no, confirmation")


class Question(Strict):
    """One programme and what is asked of it."""

    programme: str = Field(min_length=1, description="name of the programme")
    question: str = Field("", description="the question in a sentence; written from the rest where empty")
    roll_out: tuple[Running, ...] = Field((), description="where and when it ran, a line per area and stretch")
    roll_out_file: str = Field("", description="the same as CSV (area,start,end,hours,dose), beside this file")
    outcome: Outcome = Field(description="what should have changed, and which direction is good")
    secondary: tuple[Outcome, ...] = Field((), description="further outcomes, with p values adjusted for their number")
    negative_control: Outcome | None = Field(None, description="an outcome that the programme cannot change")
    definitions: tuple[Outcome, ...] = Field((), description="other defensible definitions of the outcome")
    recording: Outcome | None = Field(None, description="what shows a change of recording: calls, officer-made reports")
    outside_hours: Outcome | None = Field(None, description="the outcome at hours when the programme does not work")
    date: str = Field("", description="which of the outcome's dates counts; empty: the first named")
    area_level: str = Field("", description="kind of area, such as precinct; empty: the only one of the outcome")
    comparison: Names = Field((), description="areas to compare with; empty: every area that was not treated")
    exclude: dict[str, str] = Field({}, description="area to the reason why it is left out")
    neighbours: Names = Field((), description="untreated areas beside the treated ones, for spill-over")
    alternative_areas: dict[str, Names] = Field({}, description="name to another list of treated areas, for the curve")
    step: Literal["week", "month", "quarter", "year"] = Field("month", description="length of a period")
    window: Span | None = Field(None, description="days of the main comparison; without it, all that is covered")
    coverage: dict[str, Span] = Field(
        {}, description="area to the days that its source covers, where not all; inside them its silence is zero"
    )
    exposure: str = Field("", description="measure of counts that the outcome is out of, such as population")
    covariates: Names = Field(
        (), description="measures of counts by area and period; an adjusted estimate stands beside the main one"
    )
    design: Literal["auto", "did", "staggered", "synthetic_control", "its"] = Field(
        "auto", description="auto: by the roll-out and the areas to compare with"
    )
    model: Literal["poisson", "log", "linear"] = Field(
        "poisson", description="counts, logarithm of counts, or counts as they are"
    )
    shocks: tuple[Shock, ...] = Field((), description="what else happened: a pandemic, protests, a new law")
    dose: float | None = Field(None, gt=0, description="contacts delivered in all; else the sum of roll_out")
    dose_measure: str = Field("", description="measure of counts that holds the contacts delivered")
    published: tuple[Published, ...] = Field((), description="results of other studies, shown as context")
    encounters: EncounterPlan | None = Field(None, description="encounters compared by who responded")
    costs: Costs | None = Field(None, description="what it cost and saved, every figure with its source")
    known_relative: float | None = Field(None, gt=-1, description="the true effect, of simulated data only")
    worth: Share = Field(0.1, description="smallest relative effect worth funding")
    draws: int = Field(999, ge=99, le=99_999, description="reassignments of the programme that are drawn")
    seed: int = Field(144, ge=0, description="of everything that is drawn; the same seed gives the same report")
    join_limit: Share = Field(0.02, description="share of the outcome that a merge may lose before the analysis stops")
    treated_are_assumed: str = Field("", description="why the list of treated areas is uncertain, where it is")

    @field_validator("comparison")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if again := sorted({name for name in value if value.count(name) > 1}):
            raise ValueError(f"area '{again[0]}' is listed twice")
        return value

    @model_validator(mode="after")
    def _some_programme(self) -> "Question":
        if bool(self.roll_out) == bool(self.roll_out_file):
            raise ValueError("say where the programme ran: roll_out (lines) or roll_out_file (a CSV), one of them")
        areas = {run.area for run in self.roll_out}
        if both := sorted(areas & set(self.comparison)):
            raise ValueError(f"area '{both[0]}' is treated and in the comparison")
        if both := sorted(areas & set(self.exclude)):
            raise ValueError(f"area '{both[0]}' is treated and excluded")
        names = {name for out in (self.outcome, *self.secondary, *self.definitions) for name in out.dates}
        if self.date and self.date not in names:
            known = ", ".join(sorted(names)) or "none"
            raise ValueError(f"date '{self.date}' is none of the outcome's dates ({known})")
        return self


def from_json(text: str) -> Question:
    """The question as a run hands it to a notebook. UserError for anything wrong in it."""
    import json

    from crisiskit.errors import UserError
    from crisiskit.params import to_model

    try:
        tree = json.loads(text)
    except ValueError as error:
        raise UserError(f"impact: is no JSON ({error})") from error
    return to_model(tree, Question, "impact")


def with_roll_out(question: Question, folder: Path) -> Question:
    """The same with the lines of `roll_out_file` read into `roll_out`. UserError for a file or line that is wrong."""
    if not question.roll_out_file:
        return question
    from crisiskit.impact.rollout import read
    from crisiskit.params import to_model

    lines = [run.model_dump(mode="json") for run in read(folder / question.roll_out_file)]
    tree = question.model_dump(mode="json", by_alias=True) | {"roll_out": lines, "roll_out_file": ""}
    return to_model(tree, Question, folder / question.roll_out_file)
