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
    environment = notebook.environment(tmp_path)
    assert environment["JUPYTER_PATH"] == str(tmp_path / "jupyter")
    spec = json.loads((tmp_path / "jupyter" / "kernels" / notebook.KERNEL / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable
