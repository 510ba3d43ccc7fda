"""A small study: a CSV of nine calls, its mapping, and a notebook that counts them."""

import json
from pathlib import Path

import pytest

CALLS = """id,received,arrived,team
1,2024-01-01 08:00,2024-01-01 08:10,mobile
2,2024-01-02 09:00,2024-01-02 09:30,police
3,2024-01-31 23:50,2024-02-01 00:10,mobile
4,2024-02-03 10:00,,police
5,2024-02-29 11:00,2024-02-29 11:05,mobile
6,2024-03-10 12:00,2024-03-10 12:20,mobile
7,2024-03-31 13:00,2024-03-31 12:00,police
8,2024-12-31 23:59,2025-01-01 00:30,mobile
9,not a date,,police
"""

MAPPING = """source: calls
publisher: A county
dataset: Calls
time_zone: America/Chicago
tables:
  calls:
    into: interventions
    read: {files: [calls.csv]}
    columns:
      record_id: id
      record_kind: {constant: call_for_service}
      received_at: {from: received, formats: ["%Y-%m-%d %H:%M"]}
      arrived_at: {from: arrived, formats: ["%Y-%m-%d %H:%M"]}
      responder: {from: team, codes: {mobile: mobile_crisis, police: police}}
"""

EVALUATION = """evaluation: small
title: A small study
sources: [calls.yaml]
notebooks: [count.ipynb]
"""


PARAMETERS = """tables: str = ""
figures: str = ""
title: str = ""
top: int = 3"""


def _notebook(*code: str, parameters: str = PARAMETERS) -> str:
    """A notebook with a parameters cell and the given code cells, each under a heading."""
    cells = [
        {"cell_type": "markdown", "id": "head", "metadata": {}, "source": "# Counting calls\n\nHow many there are."},
        {"cell_type": "code", "id": "parameters", "metadata": {"tags": ["parameters"]}, "source": parameters},
    ]
    for number, source in enumerate(code, 1):
        cells.append({"cell_type": "markdown", "id": f"text{number}", "metadata": {}, "source": f"## Part {number}"})
        cells.append({"cell_type": "code", "id": f"code{number}", "metadata": {}, "source": source})
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return json.dumps({"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5})


COUNT = """import json
from pathlib import Path
Path(figures).mkdir(parents=True)
(Path(figures) / "note.txt").write_text("drawn", encoding="utf-8")
print(json.loads((Path(tables) / "ledger.json").read_text(encoding="utf-8"))["tables"])"""


def _write_study(folder: Path) -> Path:
    """Write the study's files into a new folder; returns the evaluation file."""
    (folder / "data").mkdir(parents=True)
    files = {"data/calls.csv": CALLS, "calls.yaml": MAPPING, "count.ipynb": _notebook(COUNT), "small.yaml": EVALUATION}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "small.yaml"


@pytest.fixture(scope="session")
def make_study():
    """Writes the study into a folder and returns its evaluation file; the data are in `data` beside it."""
    return _write_study


@pytest.fixture
def rewrite():
    """Replaces a study's notebook by one that counts and then executes more cells; `alone` leaves counting out."""

    def write(study: Path, *code: str, alone: bool = False, **options: str) -> None:
        cells = code if alone else (COUNT, *code)
        (study.parent / "count.ipynb").write_text(_notebook(*cells, **options), encoding="utf-8")

    return write
