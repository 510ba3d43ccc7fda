"""A user's mistakes and data that cannot answer: one clear message each, before a number is told."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from crisiskit.cli import main
from crisiskit.errors import UserError
from crisiskit.impact.study import Study
from crisiskit.runs.evaluation import read_study
from crisiskit.runs.plan import make_plan
from crisiskit.simulate import simulate

TREATED = ("Ashvale", "Birchmere", "Coldwater Bend", "Dunmoor")
START, FIRST, END = "2023-11-01", "2023-01-01", "2024-08-31"
SOURCE = {"kind": "programme", "months": "20",
          "settings": {"areas": "10", "treated": "4", "effect_ratio": "0.7", "rate": "6"}}  # fmt: skip


def plain(**changed):
    """The evaluation as a file holds it; `changed` are keys of impact, None to leave one out."""
    impact = {
        "programme": "Mobile response", "roll_out": [{"area": area, "start": START} for area in TREATED],
        "outcome": {"label": "targeted offences", "measure": "targeted_offences"},
        "negative_control": {"label": "other offences", "measure": "other_offences"},
    }  # fmt: skip
    impact = {key: value for key, value in (impact | changed).items() if value is not None}
    return {"evaluation": "programme", "title": "A programme", "sources": [{"simulate": SOURCE}],
            "notebooks": ["30_program_impact"], "impact": impact}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """Writes an evaluation and returns its file."""

    def put(tree) -> Path:
        file = tmp_path / "programme.yaml"
        file.write_text(yaml.safe_dump(copy.deepcopy(tree), sort_keys=False), encoding="utf-8")
        return file

    return put


@pytest.fixture(scope="module")
def tables():
    """The tables that the simulated source of `plain` gives."""
    made = simulate("programme", seed=144, months=20, areas=10, treated=4, effect_ratio=0.7, rate=6.0)
    return {"counts": made.counts, "interventions": made.interventions, "follow_ups": made.follow_ups}


def told(error: UserError) -> str:
    """The message, which is one line and shows nothing of the program's inside."""
    text = str(error)
    assert "\n" not in text
    for inside in ("Traceback", "Error(", "numpy", "ibis", "pydantic", "KeyError"):
        assert inside not in text
    return text


# ---- what the file itself says


@pytest.mark.parametrize(("changed", "words"), [
    ({"outcom": {"label": "x", "measure": "y"}}, "impact.outcom: unknown key; did you mean 'outcome'"),
    ({"rollout": []}, "impact.rollout: unknown key; did you mean 'roll_out'"),
    ({"roll_out": [{"area": "Ashvale", "start": START, "edn": START}]}, "unknown key; did you mean 'end'"),
    ({"roll_out": [{"area": "Ashvale", "start": "2023-11-31"}]}, "'2023-11-31' is no day; write YYYY-MM-DD"),
    ({"roll_out": [{"area": "Ashvale", "start": START, "end": "2023-10-01"}]}, "before it starts on 2023-11-01"),
    ({"roll_out": None}, "say where the programme ran"),
    ({"roll_out_file": "roll_out.csv"}, "say where the programme ran: roll_out .* or roll_out_file"),
    ({"exclude": {"Ashvale": "too small"}}, "area 'Ashvale' is treated and excluded"),
    ({"comparison": ["Ashvale", "Elkridge Falls"]}, "area 'Ashvale' is treated and in the comparison"),
    ({"date": "reported"}, "date 'reported' is none of the outcome's dates"),
    ({"design": "dif"}, "impact.design"),
    ({"worth": "10"}, "impact.worth"),
    ({"outcome": {"label": "x"}}, "an outcome of counts needs measure"),
    ({"outcome": {"label": "x", "measure": "y", "better": "less"}}, "impact.outcome.better"),
    ({"window": {"from": "2024-02-01", "to": "2023-02-01"}}, "before it begins on 2024-02-01"),
    ({"costs": {"currency": "USD", "period": "a year", "programme_cost": {"value": "1", "source": "s"},
                "contacts": {"value": "1", "source": "s"}, "unit_costs": {"arrest": {"value": "500"}}}},
     "unit_costs.arrest.*has no source"),
])  # fmt: skip
def test_a_mistake_in_the_file_is_told_before_anything_starts(write, changed, words):
    with pytest.raises(UserError, match=words) as caught:
        make_plan(write(plain(**changed)), None)
    assert "programme.yaml" in told(caught.value)


@pytest.mark.parametrize(("text", "words"), [
    (None, r"roll_out.csv: cannot be read \(No such file"),
    ("", "roll_out.csv: the file is empty; it should begin with the line area,start,end,hours,dose"),
    ("area,begin\nAshvale,2023-11-01\n", "roll_out.csv, line 1: unknown column 'begin'"),
    ("area,start\nAshvale,2023-11-01\nBirchmere,November\n", "roll_out.csv, line 3, start: 'November' is no day"),
    ("area,start,dose\nAshvale,2023-11-01,many\n", "roll_out.csv, line 2: dose 'many' is no number"),
    ("area,start,end\nAshvale,2023-11-01,\nAshvale,2024-01-01,\n", "roll_out.csv, line 3: area 'Ashvale' starts"),
    ("area,start\n", "roll_out.csv: holds no line below its header"),
])  # fmt: skip
def test_a_roll_out_file_is_named_with_its_line(write, tmp_path, text, words):
    if text is not None:
        (tmp_path / "roll_out.csv").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=words) as caught:
        make_plan(write(plain(roll_out=None, roll_out_file="roll_out.csv")), None)
    told(caught.value)


def test_an_area_of_the_roll_out_file_that_is_excluded_is_named_with_the_file(write, tmp_path):
    (tmp_path / "roll_out.csv").write_text("area,start\nAshvale,2023-11-01\n", encoding="utf-8")
    tree = plain(roll_out=None, roll_out_file="roll_out.csv", exclude={"Ashvale": "small"})
    with pytest.raises(UserError, match="area 'Ashvale' is treated and excluded") as caught:
        make_plan(write(tree), None)
    told(caught.value)


def test_a_roll_out_file_gives_the_same_question(write, tmp_path):
    lines = "".join(f"{area};{START}\n" for area in TREATED)
    (tmp_path / "roll_out.csv").write_text("\ufeffarea;start\n" + lines, encoding="utf-8")
    by_file = read_study(write(plain(roll_out=None, roll_out_file="roll_out.csv"))).evaluation.impact
    assert by_file == read_study(write(plain())).evaluation.impact


# ---- what the tables say


def study(write, tables, **changed):
    return Study(read_study(write(plain(**changed))).evaluation.impact, tables)


def runs(start, areas=TREATED):
    return [{"area": area, "start": start} for area in areas]


OTHERS = ("Elkridge Falls", "Fernhollow", "Graywick", "Hazelton Flats", "Ivybridge", "Juniper Gap")
EVERY = [*TREATED, *OTHERS]


@pytest.mark.parametrize(("changed", "words"), [
    ({"roll_out": runs(START, ["Ashvael"])},
     "roll_out: area 'Ashvael' is none of the 10 areas.*did you mean 'Ashvale'"),
    ({"neighbours": ["Elkridge"]}, "neighbours: area 'Elkridge' is none"),
    ({"comparison": ["Fernhollow", "Grey wick"]}, "comparison: area 'Grey wick'.*did you mean 'Graywick'"),
    ({"outcome": {"label": "x", "measure": "targetted_offences"}},
     "no measure 'targetted_offences'.*did you mean 'targeted_offences'"),
    ({"negative_control": {"label": "others", "measure": "other_crimes"}},
     "negative_control 'others': counts have no measure 'other_crimes'"),
    ({"outcome": {"label": "x", "table": "interventions", "dates": {"day": "recieved_at"}}, "date": "day"},
     "recieved_at"),
    ({"roll_out": runs("2025-11-01")}, "starts on 2025-11-01, after the data end on 2024-08-31"),
    ({"roll_out": runs("2022-11-01")}, "starts on 2022-11-01, in or before the first period"),
    ({"roll_out": runs(FIRST)}, "in or before the first period.*nothing to compare with"),
    ({"roll_out": runs("2023-02-01")}, "only 1 month lies before the start in 2023-02-01; at least 2 are needed"),
    ({"window": {"from": "2020-01-01", "to": "2020-12-31"}}, "window 2020-01-01 to 2020-12-31 does not meet the data"),
    ({"window": {"from": "2022-01-01", "to": "2024-06-30"}}, "window begins on 2022-01-01, but the data begin on"),
    ({"window": {"from": FIRST, "to": "2023-09-30"}}, "the programme starts on 2023-11-01, after the panel ends"),
    ({"area_level": "precinct"}, "area_level 'precinct' is not among those of .*county"),
    ({"exposure": "populaton"}, "exposure: counts have no totals of 'populaton'"),
    ({"covariates": ["rain"]}, "no measure 'rain'"),
    ({"dose_measure": "contacts"}, "no measure 'contacts'.*did you mean 'programme_contacts'"),
    ({"step": "week"}, "more than one week; choose a longer step"),
    ({"roll_out": runs(START, EVERY)}, "all 10 areas are treated at once.*set design: its"),
])  # fmt: skip
def test_data_that_do_not_hold_what_is_asked_say_so(write, tables, changed, words):
    with pytest.raises(UserError, match=words) as caught:
        study(write, tables, **changed).verdict  # noqa: B018
    told(caught.value)


def test_areas_that_start_later_are_compared_with_until_they_start(write, tables):
    early, late = EVERY[:5], EVERY[5:]
    all_in = study(write, tables, roll_out=[*runs(START, early), *runs("2024-02-01", late)])
    cut = study(write, tables, roll_out=runs(START, early), window={"from": FIRST, "to": "2024-01-31"})
    assert all_in.panel.starts == cut.panel.starts
    assert (all_in.panel.status == cut.panel.status).all()
    assert all_in.main == cut.main
    assert any("From 2024-02-01 on every area has the programme" in note for note in all_in.panel.notes)
    assert all_in.verdict.sentence


@pytest.mark.parametrize(("covariates", "words"), [
    (["need", "moon"], "moon"), (["need", "hour_blok"], "did you mean 'hour_block'"),
])  # fmt: skip
def test_an_unknown_covariate_of_the_encounters_is_named(write, tables, covariates, words):
    plan = {"treated": ["mobile_crisis"], "comparison": ["police"], "outcomes": ["arrested"], "covariates": covariates}
    with pytest.raises(UserError, match=words) as caught:
        study(write, tables, encounters=plan).comparison  # noqa: B018
    told(caught.value)


def changed_counts(tables, change):
    """The tables with the targeted offences changed: change(rows, values) gives the new values."""
    counts = tables["counts"].copy()
    rows = counts["measure"] == "targeted_offences"
    counts.loc[rows, "value"] = change(counts[rows], counts.loc[rows, "value"].to_numpy("float64"))
    return {**tables, "counts": counts}


def in_treated(rows):
    return rows["area_id"].isin(TREATED).to_numpy()


def later(rows):
    return (rows["period_start"].astype(str) >= START).to_numpy()


ZERO, SPLIT = "the outcome is 0 in every area and period: there is nothing to estimate", "perfect separation"
EMPTY = {
    "everywhere": lambda rows, values: 0 * values,
    "treated": lambda rows, values: np.where(in_treated(rows), 0, values),
    "treated after": lambda rows, values: np.where(in_treated(rows) & later(rows), 0, values),
    "treated before": lambda rows, values: np.where(in_treated(rows) & ~later(rows), 0, values),
    "others": lambda rows, values: np.where(in_treated(rows), values, 0),
}


@pytest.mark.parametrize(("where", "design", "words"), [
    ("everywhere", "auto", ZERO), ("everywhere", "staggered", ZERO), ("everywhere", "synthetic_control", ZERO),
    ("everywhere", "its", "the outcome is 0 in every period: there is nothing to estimate"),
    ("treated", "auto", SPLIT), ("treated", "staggered", SPLIT), ("treated", "its", "the outcome is 0 in every period"),
    ("treated after", "auto", f"0 in every treated area after its start .{SPLIT}.*longer periods, or model: linear"),
    ("treated after", "staggered", SPLIT),
    ("treated after", "its", "0 in every period after the start: no ratio can be estimated"),
    ("treated before", "auto", SPLIT), ("treated before", "staggered", SPLIT),
    ("treated before", "its", "0 in every period before the start: no ratio can be estimated"),
    ("others", "auto", SPLIT), ("others", "staggered", "what would have happened cannot be told"),
    ("others", "its", "the comparison series is 0 in every period before the start"),
])  # fmt: skip
def test_outcomes_that_are_all_zero_or_split_perfectly(write, tables, where, design, words):
    with pytest.raises(UserError, match=words) as caught:
        study(write, changed_counts(tables, EMPTY[where]), design=design).verdict  # noqa: B018
    told(caught.value)


def test_logarithms_of_zeros_are_refused(write, tables):
    with pytest.raises(UserError, match="40 cells are 0 and have no logarithm; use model: poisson") as caught:
        study(write, changed_counts(tables, EMPTY["treated after"]), model="log").verdict  # noqa: B018
    told(caught.value)


def test_differences_can_be_told_where_ratios_cannot(write, tables):
    """What the message about perfect separation recommends is true."""
    found = study(write, changed_counts(tables, EMPTY["treated after"]), model="linear")
    assert found.main.b < 0
    assert np.isfinite([found.main.b, found.main.low, found.main.high]).all()
    assert found.verdict.sentence


# ---- few areas: no mistake, and no certainty


def test_one_treated_area_runs_through_and_says_what_it_cannot_tell(write, tables):
    lone = study(write, tables, roll_out=runs(START, ["Ashvale"]))
    assert lone.design == "did"
    assert lone.verdict.kind == "inconclusive"
    assert "with so few areas no p value under 0.100 is possible, so that chance stays open" in lone.verdict.sentence
    assert "1 treated and 9 untreated areas" in lone.advice.reason
    said = " ".join([lone.verdict.sentence, *(check.finding for check in lone.checks)])
    assert "nan" not in said
    assert "e+" not in said


def test_without_areas_to_compare_with_the_designs_say_what_would_help(write, tables):
    counts = tables["counts"]
    only = {"counts": counts[counts["area_id"].isin(TREATED)]}
    with pytest.raises(UserError, match="all 4 areas are treated at once, none is left to compare with.*design: its"):
        study(write, only).verdict  # noqa: B018
    series = study(write, only, design="its")
    assert series.estimate.treated_units == 4
    assert series.verdict.kind in ("supported", "not supported", "inconclusive")
    why = [other for other in series.others.values() if isinstance(other, str)]
    assert len(why) == len(series.others) == 4
    assert all("what would help" in text for text in why)
    asks = {check.id: check.asks for check in series.checks if check.status == "not possible"}
    assert "areas" in asks["pre_trends"]
    assert any("No area is left untreated" in note for note in series.panel.notes)


# ---- through the command itself


def command(file, *more):
    words = [sys.executable, "-m", "crisiskit", "run", str(file), "--out", str(file.parent / "runs"), *more]
    return subprocess.run(words, capture_output=True, encoding="utf-8", timeout=240, cwd=file.parent)


def test_a_dry_run_names_every_section_and_writes_nothing(write):
    file = write(plain())
    done = CliRunner().invoke(main, ["run", str(file), "--out", str(file.parent / "runs"), "--dry-run"])
    assert done.exit_code == 0, done.output
    assert "a dry run; nothing is read, written or started" in done.output
    assert "The verdict beside other evidence" in done.output
    assert [path.name for path in file.parent.iterdir()] == ["programme.yaml"]


def test_a_typo_in_a_key_ends_the_command_before_anything_is_written(write):
    file = write(plain(negative_controll={"label": "x", "measure": "y"}))
    done = CliRunner().invoke(main, ["run", str(file), "--out", str(file.parent / "runs")])
    assert done.exit_code == 1
    assert "did you mean 'negative_control'?" in done.output
    assert done.output.count("Error:") == 1
    assert [path.name for path in file.parent.iterdir()] == ["programme.yaml"]


@pytest.mark.parametrize(("changed", "words"), [
    ({"roll_out": runs(START, ["Ashvael"])}, "roll_out: area 'Ashvael' is none of the 10 areas (county) of source "
     "'simulated_programme'; did you mean 'Ashvale'?"),
    ({"comparison": ["Elkridge"]}, "comparison: area 'Elkridge' is none of the 10 areas"),
    ({"neighbours": ["Elkridge"]}, "neighbours: area 'Elkridge' is none of the 10 areas"),
    ({"alternative_areas": {"two": ["Ashvale", "Brichmere"]}}, "alternative_areas 'two': area 'Brichmere' is none"),
    ({"exclude": {"Fernholow": "small"}}, "exclude: area 'Fernholow' is none of the 10 areas"),
    ({"outcome": {"label": "x", "measure": "targetted_offences"}}, "did you mean 'targeted_offences'?"),
    ({"definitions": [{"label": "x", "measure": "other_offences", "group": "kind", "level": ["y"]}]}, "group 'kind'"),
    ({"design": "did", "roll_out": [*runs(START, EVERY[:2]), *runs("2024-02-01", EVERY[2:4])]},
     "design: 'did' does not fit"),
    ({"encounters": {"treated": ["mobil_crisis"], "comparison": ["police"], "outcomes": ["arrested"],
                     "covariates": ["need"]}}, "responder 'mobil_crisis' is unknown; did you mean 'mobile_crisis'?"),
])  # fmt: skip
def test_a_typo_is_told_before_the_first_notebook(write, monkeypatch, changed, words):
    """One message by both commands, no kernel, and no folder that looks like a run."""
    from crisiskit.runs import batch

    monkeypatch.setattr(batch, "execute_all", lambda *_: pytest.fail("a notebook was started"))
    file = write(plain(**changed))
    done = CliRunner().invoke(main, ["run", str(file), "--out", str(file.parent / "runs")])
    assert done.exit_code == 1, done.output
    first, *rest = done.stderr.strip().splitlines()
    assert first.startswith(f"Error: {file}: impact: ")
    assert words in first
    assert "UserError" not in done.output
    assert len(rest) == 2  # what was kept, and how to go on
    assert not (file.parent / "runs" / "programme").exists()
    checked = CliRunner().invoke(main, ["check", str(file)])
    assert checked.exit_code == 1
    assert checked.stdout.strip().splitlines()[-1] == first.removeprefix("Error: ")


def test_a_question_that_was_held_against_the_same_tables_is_not_held_again(write, monkeypatch):
    from crisiskit.runs import batch, question

    def stop(*_):
        raise UserError("no notebook here")

    monkeypatch.setattr(batch, "execute_all", stop)
    words = ["run", str(write(plain())), "--out", str(write(plain()).parent / "runs")]
    first = CliRunner().invoke(main, words)
    assert "question: the tables hold what it names" in first.stdout
    monkeypatch.setattr(question, "hold", lambda *_: pytest.fail("held twice"))
    again = CliRunner().invoke(main, words)
    assert "no notebook here" in again.stderr
    assert "question:" not in again.stdout


def test_check_tells_what_the_question_finds(write):
    done = CliRunner().invoke(main, ["check", str(write(plain()))])
    assert done.exit_code == 0, done.output
    assert "impact: 10 areas, 4 of them treated, by 20 months from 2023-01-01" in done.output


def test_one_treated_area_gives_a_whole_report(write):
    file = write(plain(roll_out=runs(START, ["Ashvale"])))
    done = command(file)
    assert done.returncode == 0, done.stderr
    folder = file.parent / "runs" / "programme"
    page = (folder / "reports" / "30_program_impact.html").read_text(encoding="utf-8")
    assert "with so few areas no p value under 0.100 is possible" in page
    assert json.loads((folder / "run.json").read_text(encoding="utf-8"))["status"] == "complete"


def test_areas_all_treated_give_a_whole_report_by_time_series(write):
    file = write(plain(roll_out=runs(START, EVERY), design="its"))
    done = command(file)
    assert done.returncode == 0, done.stderr
    page = (file.parent / "runs" / "programme" / "reports" / "30_program_impact.html").read_text(encoding="utf-8")
    assert "interrupted time series" in page
    assert "no p value under" not in page
    assert "judged by its own ups and downs" in page
    assert "SIMULATED" in page
