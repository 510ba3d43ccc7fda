"""One evaluation from files to reports: read, put together, execute the notebooks, write the index, move into place."""

import errno
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crisiskit import __version__
from crisiskit.errors import UserError
from crisiskit.runs import record
from crisiskit.runs.cache import Step, Steps
from crisiskit.runs.plan import SHEETS, Notebook, Plan, Source, make_plan
from crisiskit.runs.workspace import open_workspace, process_started

Say = Callable[[str], None]


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; the message says what was kept and how to go on."""


def run(
    evaluation: Path, data: Path | None, out: Path, dry_run: bool = False, force: bool = False, say: Say = print
) -> Path:
    """Carry out an evaluation and return its folder, `out`/NAME.

    All parameters are validated before anything starts. The folder appears whole, at the end; until then, and when
    anything fails, the last good one stays as it is. Steps whose inputs and code have not changed are taken over from
    it, or from an attempt that did not come to its end; `force` does them again. `dry_run` only says what would be.

    Raises UserError for faults of data, parameters or a notebook's cell, and Interrupted on Ctrl-C.
    """
    began = time.monotonic()
    plan = make_plan(Path(evaluation), data)
    if dry_run:
        from crisiskit.runs.preview import preview

        for line in preview(plan, Path(out)):
            say(line)
        return Path(out) / plan.study.evaluation.evaluation
    workspace = open_workspace(Path(out), plan.study.evaluation.evaluation)
    with _kept(workspace.partial, workspace.final, _again(plan, out)):
        steps = Steps(workspace, _record(plan), force)
        work = workspace.partial / ".work"
        shutil.rmtree(work, ignore_errors=True)
        for source in plan.sources:
            _read(steps, source, plan.data, work, say)
        tables = _tables(steps, plan, say)
        _question(steps, plan, tables, say)
        _notebooks(steps, plan, tables, work, say)
        _index(steps, plan)
        steps.run |= {"status": "complete", "finished_at": record.now(), "seconds": round(time.monotonic() - began, 1)}
        for key in ("pid", "pid_started"):
            del steps.run[key]
        steps.finish()
        workspace.commit()
    say(f"done in {steps.run['seconds']} s: {workspace.final / 'index.html'}")
    return workspace.final


def _record(plan: Plan) -> dict[str, Any]:
    """What `run.json` says from the start; no path of this machine is in it."""
    evaluation = plan.study.evaluation
    versions = record.versions()
    return {
        "evaluation": evaluation.evaluation,
        "title": evaluation.title,
        "status": "running",
        "simulated": any(source.simulate or (source.mapping and source.mapping.simulated) for source in plan.sources),
        "started_at": record.now(),
        "pid": os.getpid(),
        "pid_started": process_started(),
        "parameters": evaluation.model_dump(mode="json", by_alias=True),
        "notebooks": {notebook.name: notebook.parameters for notebook in plan.notebooks},
        "inputs": [{"source": source.name, **file} for source in plan.sources for file in source.inputs],
        "crisiskit": __version__,
        "code": record.code_hash(),
        "platform": record.platform.platform(),
        "versions": versions,
    }


def _read(steps: Steps, source: Source, data: Path | None, work: Path, say: Say) -> None:
    """Standardize one source into `restricted/NAME`: its tables, ledger, quality and quarantine."""
    if steps.reuse(source.step):
        return say(f"{source.step.id}: nothing has changed, taken over")
    folder = steps.workspace.partial / "restricted" / source.name
    with steps.doing(source.step) as seconds:
        read_source(source, data, folder, work)
    ledger = record.read_json(folder / "ledger.json")
    rows = ", ".join(f"{rows:,} {table}" for table, rows in ledger["tables"].items())
    say(f"{source.step.id}: {rows} in {seconds():.1f} s")


def read_all(plan: Plan, data: Path | None, folder: Path) -> Path:
    """Read all sources of a plan into `folder`, keep nothing else, and return the folder of the tables put together."""
    from crisiskit.runs.tables import combine

    parts = [folder / source.name for source in plan.sources]
    for source, part in zip(plan.sources, parts, strict=True):
        read_source(source, data, part, folder / "work")
    combine(parts, folder / "tables", plan.study.evaluation.thresholds)
    return folder / "tables"


def read_source(source: Source, data: Path | None, folder: Path, work: Path) -> None:
    """Write one source's standard tables into `folder`; simulated files are made in `work`, once for all."""
    made = source.simulate
    if made is not None:
        from crisiskit.simulate import run_simulate

        data = folder if source.mapping is None else work / f"simulated-{record.digest(made.model_dump())[:12]}"
        if not data.exists():
            run_simulate(made.kind, data, made.seed, made.months, made.settings)
    if source.mapping is not None:
        from crisiskit.intake.standardize import standardize

        standardize(source.mapping, data or Path(), folder, source.mended)


def _tables(steps: Steps, plan: Plan, say: Say) -> dict[str, str]:
    """Put the sources' tables together; returns the hashes of what was written."""
    thresholds, partial = plan.study.evaluation.thresholds, steps.workspace.partial
    read = [step["outputs"] for step in steps.run["steps"]]
    step = Step("tables", record.digest((read, thresholds, record.code_hash())), ("tables",))
    if steps.reuse(step):
        say("tables: nothing has changed, taken over")
    else:
        with steps.doing(step) as seconds:
            from crisiskit.runs.tables import combine

            combine([partial / "restricted" / source.name for source in plan.sources], partial / "tables", thresholds)
        say(f"tables: put together in {seconds():.1f} s")
    written: dict[str, str] = steps.run["steps"][-1]["outputs"]
    return written


def _question(steps: Steps, plan: Plan, tables: dict[str, str], say: Say) -> None:
    """Hold the question against the tables, so that a typo is told before the first notebook; it writes nothing."""
    from crisiskit.runs import question

    if (given := question.asked(plan)) is None:
        return
    step = Step("question", record.digest((tables, given.model_dump(mode="json"), record.code_hash())), ())
    if steps.reuse(step):
        return
    with steps.doing(step) as seconds:
        question.hold(given, steps.workspace.partial / "tables", plan.study.path)
    say(f"question: the tables hold what it names, in {seconds():.1f} s")


def _notebooks(steps: Steps, plan: Plan, tables: dict[str, str], work: Path, say: Say) -> None:
    from crisiskit.runs.batch import Job, execute_all

    partial, title, simulated = steps.workspace.partial, plan.study.evaluation.title, steps.run["simulated"]
    todo: dict[str, Step] = {}
    jobs = []
    for notebook in plan.notebooks:
        step = _notebook_step(notebook, tables, title, simulated)
        if steps.reuse(step):
            say(f"{step.id}: nothing has changed, taken over")
            continue
        todo[notebook.name] = step
        output, report = partial / "notebooks" / f"{notebook.name}.ipynb", partial / "reports" / f"{notebook.name}.html"
        jobs.append(Job(notebook.name, notebook.path, notebook.parameters, output, report, title, simulated))

    def done(job: Job, seconds: float, result: dict[str, Any]) -> None:
        if result["status"] != "done":
            section = f", section '{result['section']}'" if result["section"] else ""
            cell = f", in the cell that begins `{result['source'][0]}`" if result["source"] else ""
            raise UserError(f"notebook {job.name}{section}{cell}: {result['problem']}")
        steps.done(todo[job.name], seconds)
        say(f"notebook {job.name}: done in {seconds:.1f} s")

    execute_all(jobs, work, sys.stderr.isatty(), done)
    order = [f"notebook {notebook.name}" for notebook in plan.notebooks]
    steps.run["steps"].sort(key=lambda step: order.index(step["id"]) if step["id"] in order else -1)


def _notebook_step(notebook: Notebook, tables: dict[str, str], title: str, simulated: bool) -> Step:
    known = {
        "tables": tables,
        "notebook": record.sha256(notebook.path),
        "parameters": notebook.parameters,
        "title": title,
        "simulated": simulated,
        "code": record.code_hash(),
        "versions": record.versions(),
    }
    writes = [f"notebooks/{notebook.name}.ipynb", f"figures/{notebook.name}", f"reports/{notebook.name}.html"]
    writes += [SHEETS.removeprefix("../")] if "sheets" in notebook.parameters else []
    return Step(f"notebook {notebook.name}", record.digest(known), tuple(writes))


def _index(steps: Steps, plan: Plan) -> None:
    """The page that leads to the reports; the restricted folder is never linked."""
    from crisiskit.release.html import index_page
    from crisiskit.runs.preview import opening

    partial, run = steps.workspace.partial, steps.run
    made = [step["outputs"] for step in run["steps"]]
    facts = {key: run[key] for key in ("evaluation", "parameters", "inputs", "crisiskit", "platform")}
    facts["python"] = run["versions"]["python"]
    step = Step("index", record.digest((made, run["title"], facts)), ("index.html",))
    if steps.reuse(step):
        return
    with steps.doing(step):
        reports = [{"href": f"reports/{notebook.name}.html", **opening(notebook.path)} for notebook in plan.notebooks]
        ledger = record.read_json(partial / "tables" / "ledger.json")
        facts["made_at"] = run["started_at"]
        index_page(partial, title=run["title"], reports=reports, ledger=ledger, run=facts, simulated=run["simulated"])


def _again(plan: Plan, out: Path) -> str:
    """The command that takes the run up again."""
    data = ["--data", str(plan.data)] if plan.data else []
    return shlex.join(["crisiskit", "run", str(plan.study.path), *data, "--out", str(out)])


@contextmanager
def _kept(partial: Path, final: Path, again: str) -> Iterator[None]:
    """Whatever ends the run early is recorded, and told once: what happened, what was kept, how to go on."""
    try:
        yield
    except BaseException as error:
        status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        good = f"The last good run in {final} is untouched. " if final.exists() else ""
        advice = f"{good}What was finished is kept in {partial}; go on with:\n  {again}"
        full = getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in str(error)
        _mark(partial, status, f"{type(error).__name__}: {error}")
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(f"interrupted. {advice}") from error
        if full:
            raise UserError(f"the disk is full ({error}). Make room, then go on. {advice}") from error
        if isinstance(error, UserError):
            raise UserError(f"{error}\n{advice}") from error
        error.add_note(advice)
        raise


def _mark(partial: Path, status: str, message: str) -> None:
    """Write the status of a run that did not end well; on a full disk even that may fail, and the record stays."""
    known = record.read_json(partial / record.NAME)
    if known is not None:
        try:
            record.write_json(partial / record.NAME, {**known, "status": status, "message": message})
        except OSError:
            return
