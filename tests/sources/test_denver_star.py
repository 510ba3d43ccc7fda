"""Denver STAR whole: from the city's raw file and the evaluation's parameters to the verdict."""

import csv
import json
from collections import Counter
from datetime import date

import numpy as np
import pytest

from crisiskit.impact.build import build
from crisiskit.impact.question import Outcome, Question
from crisiskit.impact.study import Study
from crisiskit.runs.evaluation import read_study
from crisiskit.runs.plan import make_plan

EIGHT = ["123", "211", "311", "611", "612", "621", "622", "623"]
DATES = {"occurred": "offences_occurred", "reported": "offences_reported"}


@pytest.fixture(scope="module")
def file(root):
    return root / "params" / "evaluations" / "denver_star.yaml"


@pytest.fixture(scope="module")
def figures(expected):
    return expected("denver-crime")


@pytest.fixture(scope="module")
def study(source, file):
    crime = source("denver_crime")
    logs = [item for about in crime.quality["about"] for item in about["changes"]]
    changes = sorted((date.fromisoformat(item["on"]), item["what"]) for item in logs)
    return Study(read_study(file).evaluation.impact, crime.tables, tuple(changes))


@pytest.fixture(scope="module")
def checks(study):
    return {check.id: check for check in study.checks}


def test_the_run_hands_the_whole_question_to_the_notebook(file, shared_data, study):
    notebook = make_plan(file, shared_data).notebooks[-1]
    assert notebook.name == "30_program_impact"
    assert Question(**json.loads(notebook.parameters["impact"])) == study.question


def test_the_file_says_that_the_treated_areas_are_assumed(file, study):
    assert [run.area for run in study.question.roll_out] == EIGHT
    assert "not public" in study.question.treated_are_assumed
    assert "not verified" in study.question.treated_are_assumed
    text = file.read_text(encoding="utf-8")
    assert "NOT public" in text
    assert "an\n# assumption" in text or "assumption" in text


def test_the_panel_is_that_of_the_published_window(study, figures):
    panel = study.panel
    assert panel.outcome.sum() == figures["panel_totals"]["targeted|occurred|offences"] == 14_946
    cells = figures["panel_precincts_targeted_occurred_offences"]
    assert panel.outcome.tolist() == [cells[unit] for unit in panel.units]
    assert panel.outcome.shape == (36, 12)
    assert (str(panel.starts[0]), str(panel.starts[-1])) == ("2019-12-01", "2020-11-01")
    assert [unit for unit, on in zip(panel.units, panel.treated, strict=True) if on] == EIGHT
    assert (int(panel.before.sum()), panel.roll_out, study.design) == (6, "block", "did")


def test_the_whole_data_are_there_for_the_longer_designs(study):
    assert (str(study.whole.starts[0]), str(study.whole.starts[-1])) == ("2019-01-01", "2021-08-01")
    assert (str(study.longer.starts[0]), str(study.longer.starts[-1])) == ("2019-01-01", "2020-11-01")


def test_the_estimate_equals_the_published_figures(study, figures):
    wanted = figures["did"]["downtown_eight"]["targeted|occurred|offences"]
    assert (wanted["poisson_beta"], wanted["effect_percent"]) == (-0.433896, -35.2021)
    for found in (study.main.b, study.estimate.estimate):
        assert found == pytest.approx(wanted["poisson_beta"], abs=1e-6)
    for found in (study.main.relative, study.estimate.relative):
        assert 100 * found == pytest.approx(wanted["effect_percent"], abs=1e-4)
    assert study.estimate.se == pytest.approx(wanted["se_G"], abs=1e-6)
    assert (study.estimate.n, study.estimate.clusters) == (wanted["cells"], wanted["clusters"])
    assert study.estimate.treated_units == wanted["treated_clusters"]
    assert study.main.averted == pytest.approx(2660 / (1 - 0.352021) - 2660, abs=0.01)


def test_randomisation_is_believed_and_the_cluster_interval_is_not(study):
    assert study.advice.kind == "randomisation"
    assert study.advice.assignments == 30_260_340  # 8 of 36
    assert (len(study.drawn.distribution), study.main.p) == (1000, 0.002)
    table = study.inference.set_index("method")
    assert table["believed"].tolist() == [False, False, False, True]
    assert table.loc["randomisation of the programme", "p"] == study.main.p
    wide = table["high"] - table["low"]
    assert wide["randomisation of the programme"] > wide["cluster-robust, t(G-1)"]
    assert study.main.relative_low < study.estimate.relative_low
    assert study.main.relative_high > study.estimate.relative_high


def test_secondary_outcomes(study, figures):
    table = study.secondary.set_index("outcome")
    trespass = figures["did"]["downtown_eight"]["trespass|occurred|offences"]
    assert table.loc["trespass", "estimate"] == pytest.approx(trespass["poisson_beta"], abs=1e-6)
    assert 100 * table.loc["trespass", "relative"] == pytest.approx(trespass["effect_percent"], abs=1e-4)
    assert len(table) == 5
    assert (table["p_holm"] >= table["p"]).all()
    assert table.loc["resisting or obstructing police", "p_romano_wolf"] > 0.05
    assert (table.drop("resisting or obstructing police")["p_romano_wolf"] < 0.05).all()


def test_violent_crime_does_not_move(checks, study):
    panel = study.rebuild(outcome=study.question.negative_control)
    found = study.refit(panel)
    before, after = panel.outcome[:, :6].sum(axis=1), panel.outcome[:, 6:].sum(axis=1)
    on = panel.treated
    ratio = after[on].sum() / before[on].sum() / (after[~on].sum() / before[~on].sum())
    assert found.relative == pytest.approx(ratio - 1, abs=1e-9)
    assert found.p > 0.05
    assert checks["placebo_outcome"].status == "pass"
    assert f"{found.relative:+.1%}" in checks["placebo_outcome"].finding


def test_the_dose_ceiling_fails(checks, study):
    check = checks["dose_ceiling"]
    assert check.status == "fail"
    assert study.material.contacts == 748
    assert any(value == pytest.approx(study.main.averted / 748) for value in check.numbers.values())
    assert study.main.averted / 748 == pytest.approx(1.93, abs=0.005)


def test_every_definition_at_once(checks):
    table = checks["definition_curve"].table
    estimated = table[np.isfinite(table["relative"])]
    assert len(estimated) >= 24
    assert set(estimated["outcome"]) >= {"targeted offences", "targeted offences, narrow", "trespass", "disorder"}
    assert {"occurred", "reported"} == set(estimated["date"])
    assert {"poisson", "log", "linear"} == set(estimated["model"])
    six = estimated[(estimated["areas"] == "District 6 alone") & (estimated["outcome"] == "targeted offences")
                    & (estimated["date"] == "occurred") & (estimated["model"] == "poisson")
                    & (estimated["window"] == "main")]  # fmt: skip
    assert len(six) == 1


def test_district_six_by_hand(study, figures):
    six = ["611", "612", "621", "622", "623"]
    assert study.question.alternative_areas == {"District 6 alone": tuple(six)}
    cells = figures["panel_precincts_targeted_occurred_offences"]
    half = {area: np.array([sum(counts[:6]), sum(counts[6:])]) for area, counts in cells.items()}
    treated = sum(half[area] for area in six)
    others = sum(half[area] for area in half if area not in six)
    ratio = (treated[1] / treated[0]) / (others[1] / others[0])
    assert study.refit(study.rebuild(treated=tuple(six))).relative == pytest.approx(ratio - 1, abs=1e-9)


def test_by_the_date_of_the_report(checks, study):
    dates = study.built.dates.set_index("date")
    assert dates.loc["occurred", ["treated_before", "treated_after"]].tolist() == [3772, 2660]
    assert dates.loc["occurred", ["untreated_before", "untreated_after"]].tolist() == [4077, 4437]
    assert bool(dates.loc["occurred", "used"])
    assert checks["date_choice"].status == "pass"


def test_the_pandemic_and_the_protests_are_looked_at(checks):
    assert checks["covid"].status == "warn"
    assert "protests in the city centre" in checks["shocks"].finding
    assert "Protests of late May 2020" in checks["coding_change"].finding


def test_the_published_result_stands_beside(study):
    (published,) = study.question.published
    assert published.relative == -0.34
    assert "Dee and Pyne 2022" in published.source
    assert published.note.startswith("Agreement is no confirmation")
    assert abs(study.main.relative - published.relative) < 0.10  # the benchmark's tolerance


def test_the_verdict_is_open_and_says_why(study, checks):
    verdict = study.verdict
    assert (verdict.kind, verdict.rule) == ("inconclusive", "significant_good")
    assert "35% fewer targeted offences" in verdict.sentence
    assert "the effect is larger than the contacts delivered can explain" in verdict.sentence
    assert "the same method finds effects at dates when nothing began" in verdict.sentence
    against = " ".join(verdict.reasons_against)
    for name in ("dose_ceiling", "placebo_date"):
        assert checks[name].status == "fail"
        assert checks[name].finding in against
    assert len(verdict.open_points) == sum(check.status == "not possible" for check in checks.values())


def test_costs(study):
    found = {quantity.name: quantity.value for quantity in study.accounts.quantities}
    assert found["cost_per_contact"] == pytest.approx(208_141 / 748)
    assert found["coverage_of_eligible"] == pytest.approx(748 / 2500)
    averted = [name for name in found if "averted" in name]
    assert any(found[name] == pytest.approx(208_141 / study.main.averted) for name in averted), found
    assert study.averted.value == pytest.approx(study.main.averted)


def test_other_designs_and_the_one_that_does_not_fit(study, checks):
    """From 2019 on: the time series and the weighted differences agree; no mix of precincts looks like the eight."""
    found = {title: other for title, other in study.others.items() if not isinstance(other, str)}
    assert all(title.endswith(", from 2019-01-01 on") for title in found)
    by_design = {other.design: other for other in found.values()}
    assert set(by_design) == {"its_poisson", "synthetic_control", "synthetic_did"}
    assert by_design["its_poisson"].relative_high < 0
    assert by_design["synthetic_did"].relative_high < 0
    mix = by_design["synthetic_control"]
    assert mix.relative_low < 0 < mix.relative_high
    assert checks["donor_pool"].status == "fail"


def test_categories_against_the_extract_of_2024(study, shared_data):
    """Our file ends with reports of August 2021: only offences reported later can be missing, and none can be more."""
    benchmark = shared_data.parent / "benchmarks" / "denver_star_panel" / "denver_precinct_month.csv"
    if not benchmark.is_file():
        pytest.skip(f"{benchmark} is not here")
    both = Outcome(label="both", dates=DATES, group="category", level=("all-other-crimes", "drug-alcohol"))
    panel = build(study._open, study.question, both).panel
    wanted = Counter()
    with benchmark.open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            if row["offense_category"] in both.level:
                wanted[row["precinct"], row["month"]] += int(row["n"])
    asked = np.array([[wanted[unit, str(day)[:7]] for day in panel.starts] for unit in panel.units])
    less = asked - panel.outcome
    assert less.min() >= 0
    assert less.sum() <= 0.001 * asked.sum()
    assert asked.sum() > 10_000
