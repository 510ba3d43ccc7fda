"""Several notebooks at once, each in its own process, at most two at a time."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crisiskit.runs import record
from crisiskit.runs.notebook import LOG, environment

AT_ONCE = 3  # on two cores as well: notebooks differ in length, and a third evens out the end


@dataclass
class Job:
    """One notebook to execute: its file, its parameters, where the executed copy and the page go, the page's title."""

    name: str
    notebook: Path
    parameters: dict[str, Any]
    output: Path
    report: Path
    title: str
    simulated: bool
    began: float = 0.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)


def execute_all(jobs: list[Job], work: Path, bar: bool, done: Callable[[Job, float, dict[str, Any]], None]) -> None:
    """Execute the jobs; `done(job, seconds, result)` hears of each as it ends, and may raise to stop the others.

    `work` takes what the processes need beside the notebooks. However this ends, no process is left behind.
    """
    waiting, running = list(jobs), list[Job]()
    with _none_left(running):
        while waiting or running:
            while waiting and len(running) < AT_ONCE:
                running.append(_start(waiting.pop(0), work, bar, len(running)))
            for job in [job for job in running if job.process is not None and job.process.poll() is not None]:
                running.remove(job)
                done(job, time.monotonic() - job.began, _result(job, work))
            time.sleep(0.05)


def _start(job: Job, work: Path, bar: bool, position: int) -> Job:
    folder = work / job.name
    for parent in (folder, job.output.parent, job.report.parent):
        parent.mkdir(parents=True, exist_ok=True)
    facts = {name: getattr(job, name) for name in ("name", "parameters", "title", "simulated")}
    paths = {name: str(getattr(job, name).resolve()) for name in ("notebook", "output", "report")}
    record.write_json(folder / "job.json", {**facts, **paths, "bar": bar, "position": position})
    apart: dict[str, Any] = {"start_new_session": True}  # Ctrl-C reaches this process only, which then ends the others
    if sys.platform == "win32":
        apart = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    job.began = time.monotonic()
    job.process = subprocess.Popen(
        [sys.executable, "-m", "crisiskit.runs.notebook", str((folder / "job.json").resolve())],
        cwd=job.output.parent, env=environment(folder.resolve()), stdin=subprocess.DEVNULL, **apart,
    )
    return job


def _result(job: Job, work: Path) -> dict[str, Any]:
    result = record.read_json(work / job.name / "result.json")
    if result is None:
        code = job.process.returncode if job.process else None
        log = work / job.name / LOG
        last = log.read_text(encoding="utf-8", errors="replace").splitlines()[-1:] if log.is_file() else []
        problem = f"its process ended with code {code} before it was done. {' '.join(last)}".rstrip()
        return {"status": "failed", "problem": problem, "section": "", "source": []}
    return dict(result)


@contextmanager
def _none_left(running: list[Job]) -> Iterator[None]:
    """End what still runs when the block is left, first politely, so that kernels are shut down."""
    try:
        yield
    finally:
        processes = [job.process for job in running if job.process is not None]
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
