"""What a run would do, settled and validated before anything is read or any kernel starts."""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crisiskit.errors import UserError, nearest
from crisiskit.intake.mapping import SourceMap
from crisiskit.intake.mapping import load as load_mapping
from crisiskit.intake.read import find
from crisiskit.runs import record
from crisiskit.runs.cache import Step
from crisiskit.runs.evaluation import Simulate, Study, read_study
from crisiskit.standard.catalogue import threshold_for

SHEETS = "../reports/sites"
"""Where a notebook that takes `sheets` writes its page per site, as seen from the notebooks and from the reports."""

TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list[str]": list[str], "list": list[str]}


@dataclass(frozen=True)
class Source:
    """One source of a run: its name, its mapping (None: simulated tables), where its files are, and its step."""

    name: str
    mapping: SourceMap | None
    simulate: Simulate | None
    mended: Path | None
    inputs: tuple[dict[str, Any], ...]
    step: Step


@dataclass(frozen=True)
class Notebook:
    """One notebook of a run: its name, its file and every parameter that it is given."""

    name: str
    path: Path
    parameters: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Everything that a run will do."""

    study: Study
    data: Path | None
    sources: tuple[Source, ...]
    notebooks: tuple[Notebook, ...]


def make_plan(evaluation: Path, data: Path | None) -> Plan:
    """Read the evaluation and check all that it names: mappings, files, thresholds, notebooks and their parameters.

    Raises UserError with every value that is wrong; nothing has been written or started by then.
    """
    study = read_study(evaluation)
    for check, share in study.evaluation.thresholds.items():
        threshold_for(check, share)
    sources = tuple(_source(study, number, data) for number in range(len(study.evaluation.sources)))
    names = [source.name for source in sources]
    again = sorted({name for name in names if names.count(name) > 1})
    if again:
        raise UserError(f"{evaluation}: source '{again[0]}' is listed twice; give one of the mappings another `source`")
    return Plan(study, data, sources, tuple(_notebook(study, path) for path in study.notebooks))


def _source(study: Study, number: int, data: Path | None) -> Source:
    """Settle one source of a study: its mapping, its files with their hashes, and the key of its step."""
    entry, path, mended = study.evaluation.sources[number], study.mappings[number], study.mended[number]
    mapping = load_mapping(path) if path else None
    inputs: tuple[dict[str, Any], ...] = ()
    if entry.simulate is not None:
        name = mapping.source if mapping else f"simulated_{entry.simulate.kind}"
        _known_simulation(study.path, entry.simulate, mapping)
    elif mapping is not None:
        name, inputs = mapping.source, _inputs(mapping, data, study.path)
    repaired = sorted(file for file in mended.rglob("*") if file.is_file()) if mended else []
    known = {
        "mapping": mapping.model_dump(mode="json") if mapping else None,
        "simulate": entry.simulate.model_dump() if entry.simulate else None,
        "inputs": inputs,
        "mended": {file.name: record.sha256(file) for file in repaired},
        "code": record.code_hash(),
        "versions": record.versions(),
    }
    live = mapping is not None and any(table.read.connection for table in mapping.tables.values())
    step = Step(f"read {name}", None if live else record.digest(known), (f"restricted/{name}",))
    return Source(name, mapping, entry.simulate, mended, inputs, step)


def _known_simulation(where: Path, made: Simulate, mapping: SourceMap | None) -> None:
    """A kind of record is simulated as standard tables; a form, or the demo, as raw files that a mapping reads."""
    from crisiskit.simulate import FORMS, KINDS

    raw = [*FORMS, "demo"]
    known = list(KINDS) if mapping is None else raw
    if made.kind not in known:
        reason = f"is unknown{nearest(made.kind, known)}"
        if made.kind in (*raw, *KINDS):
            reason = "comes as raw files: name their mapping" if mapping is None else "needs no mapping: leave it out"
        raise UserError(f"{where}: simulate.kind '{made.kind}' {reason} (known here: {', '.join(known)})")


def _inputs(mapping: SourceMap, data: Path | None, where: Path) -> tuple[dict[str, Any], ...]:
    """The files that a mapping reads, code books included, with their sizes and hashes; UserError for an absent one."""
    specs = []
    for table in mapping.tables.values():
        specs.append(table.read.files)
        books = [column.codes_file for column in table.columns.values() if column.codes_file]
        specs += [book.read.files if book.read else (book.file,) for book in books]
    patterns = tuple(dict.fromkeys(name for spec in specs for name in spec))
    if not patterns:
        return ()
    if data is None or not data.is_dir():
        raise UserError(f"{where}: the data folder {data or ''} does not exist; say --data DIR or set CRISISKIT_DATA")
    return tuple(
        {"file": _name(file, data), "bytes": file.stat().st_size, "sha256": record.sha256(file)}
        for file in dict.fromkeys(file for file, _ in find(patterns, data))
    )


def _name(file: Path, data: Path) -> str:
    """A file as the mapping names it; of one that is elsewhere, no more than its name."""
    return file.relative_to(data).as_posix() if file.is_relative_to(data) else file.name


def _notebook(study: Study, path: Path) -> Notebook:
    """Settle a notebook's parameters: those of the run that it takes, and those that the evaluation gives it."""
    evaluation, name = study.evaluation, path.stem
    takes = declared(path)
    if "tables" not in takes:
        raise UserError(f"{path}: its parameters cell has no `tables`, so that it cannot be given the run's tables")
    ours = {
        "tables": "../tables",
        "figures": f"../figures/{name}",
        "title": evaluation.title,
        "fiscal_year": evaluation.fiscal_year,
        "period_from": evaluation.period.first.isoformat() if evaluation.period else "",
        "period_to": evaluation.period.last.isoformat() if evaluation.period else "",
        "thresholds": json.dumps(evaluation.thresholds),
        "clock_cap_h": evaluation.clock_cap_h,
        "sheets": SHEETS,
        "impact": evaluation.impact.model_dump_json(by_alias=True) if evaluation.impact else "",
    }
    given: dict[str, Any] = {}
    for key, text in evaluation.parameters.get(name, {}).items():
        where = f"{study.path}: parameters.{name}.{key}"
        if key in ours:
            raise UserError(f"{where}: is set by the run itself")
        if key not in takes:
            raise UserError(f"{where}: the notebook has no such parameter{nearest(key, takes)}")
        try:
            given[key] = TypeAdapter(TYPES.get(takes[key], str)).validate_python(text)
        except ValidationError as error:
            raise UserError(f"{where}: '{text}' is no {takes[key]}") from error
    return Notebook(name, path, {key: value for key, value in ours.items() if key in takes} | given)


def declared(path: Path) -> dict[str, str]:
    """Name to type of what a notebook's cell tagged `parameters` declares.

    Read from the syntax tree: Papermill's own inspection takes seconds to import, and this runs before every start.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
        tree = ast.parse("".join(tagged[0]["source"])) if tagged else ast.Module([], [])
    except (OSError, ValueError, KeyError, TypeError, SyntaxError) as error:
        raise UserError(f"{path}: is no notebook that can be read ({error})") from error
    names = {}
    for line in tree.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            names[line.target.id] = ast.unparse(line.annotation)
        elif isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            value = line.value.value if isinstance(line.value, ast.Constant) else None
            names[line.targets[0].id] = type(value).__name__
    return names
