"""The demo's offences: what was planted is told, is in the file, and can be found again."""

import csv
import json

import numpy as np
import pytest

from crisiskit.runs.evaluation import read_study
from crisiskit.simulate.run import DEMO_MONTHS, DEMO_PROGRAMME, demo

HEADER = ["County", "Month", "Targeted Offences", "Other Offences", "Programme Contacts"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("demo")
    demo(made)
    return made


@pytest.fixture(scope="module")
def truth(folder):
    return json.loads((folder / "truth.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rows(folder):
    with (folder / "counts" / "offences.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def array(rows, column, areas):
    """The column as areas by months."""
    months = sorted({row["Month"] for row in rows})
    cells = {(row["County"], row["Month"]): float(row[column]) for row in rows}
    return np.array([[cells[area, month] for month in months] for area in areas]), months


def test_every_county_has_every_month_once(rows, truth):
    assert list(rows[0]) == HEADER
    counties = {row["County"] for row in rows}
    assert (len(counties), len({row["Month"] for row in rows})) == (DEMO_PROGRAMME["areas"], DEMO_MONTHS)
    assert len(rows) == len({(row["County"], row["Month"]) for row in rows}) == 20 * 26
    assert "counts/offences.csv" in truth["written"]
    assert truth["simulated"] is True


def test_contacts_are_only_where_and_when_the_programme_ran(rows, truth):
    treated = truth["programme"]["effect"]["treated"]
    assert len(treated) == 4
    (start,) = set(treated.values())
    ran = [row["County"] in treated and row["Month"] >= start[:7] for row in rows]
    contacts = [int(row["Programme Contacts"]) for row in rows]
    assert all((n > 0) <= on for n, on in zip(contacts, ran, strict=True))
    assert sum(contacts) == truth["programme"]["panel"]["programme_contacts"]
    assert sum(contacts) > 0


def test_the_planted_effect_is_there_and_the_control_has_none(rows, truth):
    treated = sorted(truth["programme"]["effect"]["treated"])
    others = sorted({row["County"] for row in rows} - set(treated))
    start = truth["programme"]["effect"]["treated"][treated[0]][:7]
    ratios = {}
    for column in HEADER[2:4]:
        on, months = array(rows, column, treated)
        off, _ = array(rows, column, others)
        after = np.array([month >= start for month in months])
        ratios[column] = on[:, after].sum() / on[:, ~after].sum() / (off[:, after].sum() / off[:, ~after].sum())
    assert truth["programme"]["effect"]["ratio"] == 0.75
    assert ratios["Targeted Offences"] == pytest.approx(0.75, abs=0.06)
    assert ratios["Other Offences"] == pytest.approx(1, abs=0.06)


def test_what_was_averted_is_the_effect_on_what_was_expected(truth):
    """No contact averts more than one offence: the demo's effect is one that its contacts can explain."""
    panel = truth["programme"]["panel"]
    share = panel["expected_averted"] / panel["programme_contacts"]
    assert panel["averted_per_contact"] == pytest.approx(share, abs=1e-4)
    assert 0 < panel["averted_per_contact"] < 1


def test_the_demos_evaluation_says_what_the_simulator_planted(root, truth):
    question = read_study(root / "params" / "evaluations" / "demo.yaml").evaluation.impact
    treated = truth["programme"]["effect"]["treated"]
    assert {run.area: str(run.start) for run in question.roll_out} == treated
    assert 1 + question.known_relative == truth["programme"]["effect"]["ratio"]
    assert question.outcome.measure == truth["programme"]["effect"]["outcome"]
    assert question.costs.contacts.value == truth["programme"]["panel"]["programme_contacts"]


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    demo(tmp_path / "again")
    demo(tmp_path / "other", seed=145)
    name = "counts/offences.csv"
    assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
    assert (tmp_path / "other" / name).read_bytes() != (folder / name).read_bytes()


def test_the_study_of_the_demo_finds_the_planted_effect(root, folder, tmp_path):
    from crisiskit.impact.study import Study
    from crisiskit.intake.standardize import standardize
    from crisiskit.measures.tables import load

    standardize(root / "params" / "sources" / "demo_programme.yaml", folder, tmp_path / "tables")
    question = read_study(root / "params" / "evaluations" / "demo.yaml").evaluation.impact
    study = Study(question.model_copy(update={"encounters": None}), load(tmp_path / "tables"))
    assert study.panel.outcome.shape == (20, 26)
    assert study.design == "did"
    assert study.main.relative_low < question.known_relative < study.main.relative_high < 0
    assert study.main.relative == pytest.approx(question.known_relative, abs=0.06)
    assert study.verdict.kind == "supported", study.verdict.sentence
