"""One notebook, executed and turned into a page, in a process of its own: `python -m crisiskit.runs.notebook JOB.json`.

A process, because Papermill changes the working directory of the whole process. The kernel is pinned to this very
interpreter by a kernelspec of our own, whatever kernels the machine has registered. The last thing written is
`result.json` beside the job: a kernel that dies leaves a notebook that looks fine.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from crisiskit.errors import UserError
from crisiskit.release.html import to_html
from crisiskit.runs import record

KERNEL = "crisiskit-run"
ENGINE = "crisiskit-written-once"
LOG = "log.txt"


def environment(folder: Path) -> dict[str, str]:
    """Environment for the process: our kernelspec in `folder`, and no settings or history of the user's own Jupyter.

    Linear algebra takes one thread unless the user says otherwise: its tables are small, several notebooks run at once,
    and threads that wait for each other cost a third more time in all.
    """
    spec = folder / "jupyter" / "kernels" / KERNEL / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    about = {"supported_encryption": ["curve"]}
    spec.write_text(json.dumps({"argv": argv, "display_name": KERNEL, "language": "python", "metadata": about}))
    own = {
        "JUPYTER_PATH": str(folder / "jupyter"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_NO_CONFIG": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": str(folder / "ipython"),
        "PYTHONUTF8": "1",
    }
    return {"OMP_NUM_THREADS": "1", **os.environ, **own}


def execute(job: dict[str, Any], bar: dict[str, Any] | bool) -> dict[str, Any]:
    """Execute the job's notebook in the current folder and write the executed copy; returns the result to be recorded.

    `bar` holds the settings of the progress bar, or False for none. A kernel that fails to start is tried once more; a
    failed cell never is.
    """
    import papermill
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    for last_attempt in (False, True):
        try:
            notebook = papermill.execute_notebook(
                _plain(job["notebook"]),
                _plain(job["output"]),
                job["parameters"],
                kernel_name=KERNEL,
                engine_name=_engine(),
                progress_bar=bar,
                start_timeout=120,
                config=_kernel_config(),
                record_timing=False,
            )
        except PapermillExecutionError as error:
            name = "" if error.ename == UserError.__name__ else f"{error.ename}: "  # only a bug shows its class
            return _failure(job, f"{name}{error.evalue}", error.cell_index)
        except DeadKernelError:
            return _failure(job, "the kernel died; it may have run out of memory")
        except RuntimeError as error:  # the kernel did not start
            if last_attempt:
                return _failure(job, f"the kernel did not start: {error}", 0)
        else:
            _tidy(notebook, Path(job["output"]))
            return {"status": "done"}
    raise AssertionError("the second attempt returns")


def _engine() -> str:
    """Papermill's own engine, but that the notebook is written when it starts and when it ends, however it ends.

    Papermill writes it whole before and after every cell, all pictures included: a fifth of a long notebook's time.
    """
    from papermill.engines import NBClientEngine, papermill_engines

    class WrittenOnce(NBClientEngine):
        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **settings: Any) -> None:
            output, nb_man.output_path = nb_man.output_path, None
            try:
                super().execute_managed_notebook(nb_man, kernel_name, **settings)
            finally:
                nb_man.output_path = output

    papermill_engines.register(ENGINE, WrittenOnce)
    return ENGINE


def _plain(path: str) -> str:
    """A path in which Papermill, which takes braces for a template, sees none."""
    return path.replace("{", "{{").replace("}", "}}")


def _kernel_config() -> Any:
    """Settings of the kernel's manager: encrypt its TCP channels where pyzmq can."""
    import zmq
    from traitlets.config import Config

    return Config(KernelManager={"transport_encryption": "auto" if zmq.has("curve") else "disabled"})


def _failure(job: dict[str, Any], problem: str, cell: int | None = None) -> dict[str, Any]:
    """What failed, in which cell (without `cell`: the last that was begun) and under which heading."""
    notebook = record.read_json(Path(job["output"])) or {"cells": []}
    cells = [item for item in notebook["cells"] if "papermill-error-cell-tag" not in item["metadata"].get("tags", [])]
    if cell is None:
        begun = [item["metadata"].get("papermill", {}).get("start_time") is not None for item in cells]
        cell = sum(begun) - 1
    section = ""
    for item in cells[:cell]:
        if item["cell_type"] == "markdown":
            lines = "".join(item["source"]).splitlines()
            section = next((line.lstrip("# ") for line in lines if line.startswith("#")), section)
    source = "".join(cells[cell]["source"]).strip() if cell < len(cells) else ""
    return {"status": "failed", "problem": problem, "section": section, "source": source.splitlines()[:1]}


def _tidy(notebook: Any, output: Path) -> None:
    """Write the executed notebook without clock times and machine paths, so that the same run gives the same bytes."""
    import nbformat

    notebook.metadata.pop("papermill", None)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("papermill", None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = f"injected-parameters-{number}"
    nbformat.write(notebook, output)


def main(job_file: Path) -> None:
    """Execute the job in `job_file` and write `result.json` beside it; only the progress bar goes to the terminal."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the kernel is shut down too
    # where this package is there, jsonschema builds a grammar of web addresses: a second, for what no notebook needs
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    job = json.loads(job_file.read_text(encoding="utf-8"))
    terminal = open(os.dup(2), "w", encoding="utf-8", closefd=True)  # noqa: SIM115 (open until the process ends)
    with job_file.with_name(LOG).open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), 1)  # also for the kernel, which would write its own troubles to the terminal
        os.dup2(log.fileno(), 2)
    bar = {"desc": job["name"], "position": job["position"], "leave": False, "file": terminal}
    result = execute(job, bar if job["bar"] else False)
    if result["status"] == "done":
        page = Path(job["report"])
        to_html(Path(job["output"]), page, job["title"], simulated=job["simulated"], home="../index.html")
    record.write_json(job_file.with_name("result.json"), result)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
