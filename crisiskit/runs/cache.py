"""Steps of a run, done once: a step whose key and outputs are those of an earlier run is taken over from there."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crisiskit.runs import record
from crisiskit.runs.workspace import Workspace, place


@dataclass(frozen=True)
class Step:
    """One step: what it is called, the digest of all that it depends on, and the files or folders that it writes.

    `key` is None for a step whose inputs cannot be known beforehand (a query on a live database): always done anew.
    """

    id: str
    key: str | None
    writes: tuple[str, ...]


@dataclass
class Steps:
    """The steps of one run, in order, with what each wrote; `run` is the record that is kept in `run.json`."""

    workspace: Workspace
    run: dict[str, Any]
    force: bool = False
    earlier: list[tuple[Path, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for folder in (self.workspace.partial, self.workspace.final):
            known = record.read_json(folder / record.NAME) or {}
            self.earlier += [(folder, step) for step in known.get("steps", []) + known.get("unfinished", [])]
        self.run["steps"] = []
        self.save()

    def save(self) -> None:
        """Write the record beside the outputs, with the steps of the attempt before that were not come to yet."""
        partial, come_to = self.workspace.partial, {step["id"] for step in self.run["steps"]}
        left = [step for folder, step in self.earlier if folder == partial and step["id"] not in come_to]
        record.write_json(partial / record.NAME, {**self.run, "unfinished": left})

    def finish(self) -> None:
        """Write the record of a complete run, and remove what an earlier attempt left behind."""
        self.run["outputs"] = {name: sha for step in self.run["steps"] for name, sha in step["outputs"].items()}
        self._sweep()
        record.write_json(self.workspace.partial / record.NAME, self.run)

    def reuse(self, step: Step) -> bool:
        """Take the step's outputs over from an earlier run when its key is the same and the files are untouched."""
        partial = self.workspace.partial
        for folder, known in self.earlier:
            if self.force or step.key is None or (known["id"], known["key"]) != (step.id, step.key):
                continue
            if record.hashes(folder, _there(folder, step)) != known["outputs"]:
                continue
            if folder != partial:
                _remove(partial, step)
                for name in known["outputs"]:
                    place(folder / name, partial / name)
            self.run["steps"].append({**known, "reused": True})
            self.save()
            return True
        _remove(partial, step)
        return False

    @contextmanager
    def doing(self, step: Step) -> Iterator[Callable[[], float]]:
        """Time a step; when its block ends well, its outputs are hashed and recorded. Gives a clock of its seconds."""
        began = time.monotonic()
        yield lambda: time.monotonic() - began
        self.done(step, time.monotonic() - began)

    def done(self, step: Step, seconds: float) -> None:
        """Record a finished step and the hashes of what it wrote."""
        outputs = record.hashes(self.workspace.partial, _there(self.workspace.partial, step))
        entry = {"id": step.id, "key": step.key, "seconds": round(seconds, 2), "reused": False, "outputs": outputs}
        self.run["steps"].append(entry)
        self.save()

    def _sweep(self) -> None:
        """Remove files that no step of this run wrote, and folders left empty."""
        partial = self.workspace.partial
        kept = {*self.run["outputs"], record.NAME}
        for path in sorted(partial.rglob("*"), reverse=True):
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif path.relative_to(partial).as_posix() not in kept:
                path.unlink()


def _there(folder: Path, step: Step) -> list[Path]:
    return [folder / path for path in step.writes if (folder / path).exists()]


def _remove(folder: Path, step: Step) -> None:
    for path in _there(folder, step):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
