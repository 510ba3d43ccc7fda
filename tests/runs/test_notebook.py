"""One notebook in its own process: a failed start is tried once more, and what failed is found again."""

import json

import pytest

from crisiskit.runs import notebook


@pytest.fixture
def job(tmp_path):
    return {"name": "n", "notebook": "{n}.ipynb", "output": str(tmp_path / "out.ipynb"), "parameters": {}}


def test_a_failed_start_is_tried_once_more(job, monkeypatch):
    import papermill

    tries = []

    def execute(*arguments, **_):
        tries.append(arguments[0])
        raise RuntimeError("Kernel died before replying to kernel_info")

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    result = notebook.execute(job, False)
    assert tries == ["{{n}}.ipynb"] * 2
    assert result["problem"] == "the kernel did not start: Kernel died before replying to kernel_info"


def test_a_failed_cell_is_not_tried_again(job, monkeypatch):
    import papermill
    from papermill.exceptions import PapermillExecutionError

    tries = []

    def execute(*_, **__):
        tries.append(1)
        cells = [{"cell_type": "markdown", "metadata": {}, "source": ["# A\n", "text"]},
                 {"cell_type": "code", "metadata": {}, "source": ["1 / 0\n", "2"]}]
        with open(job["output"], "w", encoding="utf-8") as file:
            json.dump({"cells": cells}, file)
        raise PapermillExecutionError(1, 1, "1 / 0", "ZeroDivisionError", "division by zero", [])

    monkeypatch.setattr(papermill, "execute_notebook", execute)
    assert notebook.execute(job, False) == {
        "status": "failed", "problem": "ZeroDivisionError: division by zero", "section": "A", "source": ["1 / 0"]
    }
    assert len(tries) == 1


def test_the_environment_names_our_kernel_and_leaves_the_users_settings_out(tmp_path, monkeypatch):
    import sys

    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    environment = notebook.environment(tmp_path)
    assert environment["OMP_NUM_THREADS"] == "1"
    assert environment["JUPYTER_PATH"] == str(tmp_path / "jupyter")
    spec = json.loads((tmp_path / "jupyter" / "kernels" / notebook.KERNEL / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert notebook.environment(tmp_path)["OMP_NUM_THREADS"] == "3"


def test_the_notebook_is_written_when_it_ends_and_not_per_cell(tmp_path, monkeypatch):
    """While cells run nothing is written; a kernel that dies still leaves the cells that were begun."""
    import nbformat
    from nbclient.exceptions import DeadKernelError
    from papermill.engines import NBClientEngine, papermill_engines

    path, seen = tmp_path / "out.ipynb", []

    def run(nb_man, kernel_name, **_):
        begun = nb_man.nb.cells[0]
        nb_man.cell_start(begun)
        seen.append(json.loads(path.read_text())["cells"][0]["metadata"]["papermill"]["start_time"])
        nb_man.cell_complete(begun)
        raise DeadKernelError("Kernel died")

    monkeypatch.setattr(NBClientEngine, "execute_managed_notebook", run)
    cells = [nbformat.v4.new_code_cell("1"), nbformat.v4.new_code_cell("2")]
    sheet = nbformat.v4.new_notebook(cells=cells, metadata={"papermill": {}})
    with pytest.raises(DeadKernelError):
        papermill_engines.execute_notebook_with_engine(
            notebook._engine(), sheet, "any", output_path=str(path), progress_bar=False
        )
    assert seen == [None]
    begun = [cell["metadata"]["papermill"]["start_time"] is not None for cell in json.loads(path.read_text())["cells"]]
    assert begun == [True, False]
