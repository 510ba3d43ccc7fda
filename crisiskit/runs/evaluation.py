"""What an evaluation file may say: sources, period, fiscal year, thresholds and notebooks of one study."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from crisiskit.days import Span
from crisiskit.errors import UserError, nearest
from crisiskit.impact.question import Question, with_roll_out
from crisiskit.intake.mapping import load as load_mapping
from crisiskit.params import Strict, load_yaml, to_model
from crisiskit.resources import find_mapping, find_notebook

Share = Annotated[float, Field(ge=0, le=1)]
DESCRIPTIVE = ("00_data_quality", "10_response_patterns", "20_gaps")
IMPACT = "30_program_impact"


class Simulate(Strict):
    """Data made on the spot from a fixed seed, labelled SIMULATED wherever they appear."""

    kind: str = Field("demo", description="what is simulated; `crisiskit simulate --help` lists the kinds")
    seed: int = Field(144, ge=0, description="the same seed gives the same data")
    months: int | None = Field(None, ge=1, le=240, description="months of data; each kind has its own default")
    settings: dict[str, str] = Field({}, description="setting of the simulator to its value")


class SourceEntry(Strict):
    """One source: real files through a mapping, or simulated data (as raw files where a mapping is named as well)."""

    mapping: str | None = Field(None, description="name of a mapping in params/sources, or path of a mapping file")
    simulate: Simulate | None = None
    mended: str | None = Field(None, description="folder of mended quarantine files, relative to this file")

    @model_validator(mode="after")
    def _some_origin(self) -> "SourceEntry":
        if self.mapping is None and self.simulate is None:
            raise ValueError("a source needs mapping: NAME or simulate: {kind: demo}")
        if self.mapping is None and self.mended is not None:
            raise ValueError("mended rows belong to a mapping")
        return self


def _named(value: Any) -> Any:
    return {"mapping": value} if isinstance(value, str) else value


Entry = Annotated[SourceEntry, BeforeValidator(_named, json_schema_input_type=str | SourceEntry)]


class Evaluation(Strict):
    """One study: which records, which period, which notebooks, and from what share on a check fails."""

    evaluation: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,60}$",
        description="short name of the run's folder: lower-case letters, digits, _ and -",
    )
    title: str = Field(min_length=1, description="stands over every report")
    sources: tuple[Entry, ...] = Field(
        min_length=1, description="the records; several sources share the tables and keep their name in `source`"
    )
    notebooks: tuple[str, ...] = Field(
        DESCRIPTIVE, min_length=1, description="names of the kit's notebooks, or paths; impact brings 30_program_impact"
    )
    impact: Question | None = Field(None, description="the programme whose effect is asked for")
    period: Span | None = Field(
        None, description="days of receipt looked at, {from: 2020-01-01, to: 2020-12-31}; without it, all records"
    )
    fiscal_year: Literal["calendar", "state", "federal"] = Field(
        "calendar", description="calendar: January to December; state: July to June; federal: October to September"
    )
    thresholds: dict[str, Share] = Field({}, description="check id to the share of rows (0 to 1) from which it fails")
    clock_cap_h: float = Field(24, gt=0, le=8760, description="hours beyond which an interval is set apart")
    parameters: dict[str, dict[str, str]] = Field({}, description="notebook to further values of its parameters cell")

    @field_validator("notebooks")
    @classmethod
    def _once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        stems = [Path(name).stem for name in value]
        again = sorted({stem for stem in stems if stems.count(stem) > 1})
        if again:
            raise ValueError(f"notebook '{again[0]}' is listed twice")
        return value

    @model_validator(mode="before")
    @classmethod
    def _impact_has_a_notebook(cls, tree: Any) -> Any:
        if isinstance(tree, dict) and tree.get("impact") is not None and "notebooks" not in tree:
            return {**tree, "notebooks": [*DESCRIPTIVE, IMPACT]}
        return tree

    @model_validator(mode="after")
    def _known_notebooks(self) -> "Evaluation":
        stems = {Path(name).stem for name in self.notebooks}
        for name in self.parameters:
            if name not in stems:
                raise ValueError(f"parameters: '{name}' is not among the notebooks{nearest(name, stems)}")
        return self


@dataclass(frozen=True)
class Study:
    """An evaluation whose files were found: mappings, mended folders and notebooks, in the order of the file."""

    path: Path
    evaluation: Evaluation
    mappings: tuple[Path | None, ...]
    mended: tuple[Path | None, ...]
    notebooks: tuple[Path, ...]


def read_study(path: Path) -> Study:
    """Read an evaluation file and find what it names; a mapping stands for an evaluation of that source alone.

    Raises UserError for anything wrong or absent in it.
    """
    tree = load_yaml(path)
    if isinstance(tree, dict) and "evaluation" not in tree and tree.keys() & {"tables", "extends"}:
        mapping = load_mapping(path)
        tree = {"evaluation": mapping.source, "title": mapping.dataset, "sources": [str(path.resolve())]}
    evaluation = to_model(tree, Evaluation, path)
    if evaluation.impact is not None:
        evaluation = evaluation.model_copy(update={"impact": with_roll_out(evaluation.impact, path.parent)})
    mappings = tuple(find_mapping(entry.mapping, path) if entry.mapping else None for entry in evaluation.sources)
    mended = tuple(path.parent / entry.mended if entry.mended else None for entry in evaluation.sources)
    for folder in mended:
        if folder is not None and not folder.is_dir():
            raise UserError(f"{path}: mended: '{folder}' is no folder")
    notebooks = tuple(find_notebook(name, path) for name in evaluation.notebooks)
    return Study(path, evaluation, mappings, mended, notebooks)


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas by file name, for `params/schema/`: editors complete and check the YAML files with them."""
    from crisiskit.intake.mapping import SourceMap
    from crisiskit.params import json_schema

    return {"evaluation.schema.json": json_schema(Evaluation), "source.schema.json": json_schema(SourceMap)}
