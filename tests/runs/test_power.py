"""`crisiskit power`: from an evaluation's raw files to what a study there could find."""

import json
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Question
from crisiskit.runs.power import curve, lines, of_panel, power

AREAS, MONTHS = 10, 36
START = 30  # month in which the programme begins in area a0

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
      area_id: area
"""

IMPACT = """impact:
  programme: Mobile team
  roll_out: [{area: a0, start: 2022-07-01}]
  outcome: {label: calls, table: interventions, measure: records}
  worth: 0.15
"""


def month(at: int) -> date:
    return date(2020 + at // 12, at % 12 + 1, 1)


def counts() -> np.ndarray:
    return np.random.default_rng(1).poisson(12, (AREAS, MONTHS))


@pytest.fixture(scope="module")
def study(make_study, tmp_path_factory) -> Path:
    """An evaluation of ten areas and three years of calls, twelve a month in each."""
    file = make_study(tmp_path_factory.mktemp("power") / "study")
    rows = [(area, at) for area, row in enumerate(counts()) for at, number in enumerate(row) for _ in range(number)]
    text = ["id,received,area"]
    text += [f"{id},{month(at):%Y-%m}-{1 + id % 28:02} 10:00,a{area}" for id, (area, at) in enumerate(rows)]
    (file.parent / "data" / "calls.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    (file.parent / "calls.yaml").write_text(MAPPING, encoding="utf-8")
    file.write_text(file.read_text("utf-8") + IMPACT, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def found(study, tmp_path_factory):
    """The power of that study, what it said, and its folder."""
    said, out = [], tmp_path_factory.mktemp("out")
    return power(study, study.parent / "data", out / "power", said.append), said, out / "power"


def panel(treated: int = 1, step: str = "month", better: str = "fewer") -> Panel:
    status = np.zeros((AREAS, MONTHS))
    status[:treated, START:] = 1
    names = tuple(f"a{area}" for area in range(AREAS))
    return Panel(names, tuple(month(at) for at in range(MONTHS)), step, counts(), status, "calls", better)


def question(**changed) -> Question:
    roll_out = [{"area": "a0", "start": "2022-07-01"}]
    outcome = {"label": "calls", "measure": "calls"}
    return Question(**{"programme": "Mobile team", "roll_out": roll_out, "outcome": outcome} | changed)


def test_the_history_is_what_was_before_the_programme(found):
    power, said, _ = found
    assert power.label == "calls"
    assert power.units == AREAS
    assert power.worth == 0.15
    assert sorted(set(power.table["areas"])) == [1, 2, 4]
    assert sorted(set(power.table["months"])) == [6, 12, 24]
    assert 0.15 in set(power.table["effect"].abs())  # what is asked for is on the grid
    assert f"history of {START} months" in " ".join(power.notes)
    same = of_panel(panel(), question(worth=0.15))
    pd.testing.assert_frame_equal(power.table, same.table)


def test_what_is_said(found):
    power, said, out = found
    assert said[0] == power.sentence()
    assert said[0].startswith("calls: the smallest effect worth funding is 15% fewer; ")
    assert "    1 of 10 areas,  6 months: no p of 0.05 or less is possible: the smallest is 0.1" in said
    assert sum(" of 10 areas, " in line for line in said) == 9
    assert any(line.startswith("note: the history of 30 months is shorter than a study of 48") for line in said)
    assert said[-1] == f"written: {out / 'power.csv'}, .png, .svg, .json"


def test_what_is_written(found):
    power, _, out = found
    assert sorted(file.name for file in out.iterdir()) == [f"power.{kind}" for kind in ("csv", "json", "png", "svg")]
    written = pd.read_csv(out / "power.csv", keep_default_na=False)
    assert written["power"].to_list() == pytest.approx(power.table["power"].to_list())
    about = json.loads((out / "power.json").read_text("utf-8"))
    assert about["source"] == "A county, Calls"
    assert not about["simulated"]
    assert about["context"]["history"] == ["2020-01-01", "2022-06-01"]
    assert power.sentence() in about["alt"]


def test_nothing_is_written_or_left_behind_without_a_folder(study, found, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    said: list[str] = []
    again = power(study, study.parent / "data", None, said.append)
    assert list(tmp_path.iterdir()) == []
    assert said == found[1][:-1]
    pd.testing.assert_frame_equal(again.table, found[0].table)


def test_an_evaluation_without_a_programme(make_study, tmp_path):
    file = make_study(tmp_path / "study")
    with pytest.raises(UserError, match="small.yaml: has no `impact:`"):
        power(file, file.parent / "data", None)


def test_the_grid_suits_the_study():
    """The number of areas planned is on it; quarters are counted in months; more may be what is wanted."""
    five = of_panel(panel(treated=3), question())
    assert sorted(set(five.table["areas"])) == [1, 2, 3, 4]
    more = of_panel(panel(better="more"), question(outcome={"label": "calls", "measure": "calls", "better": "more"}))
    assert (more.table["effect"] > 0).all()
    years = of_panel(panel(step="year"), question())
    assert sorted(set(years.table["months"])) == [12, 24]


def test_all_areas_treated_is_an_interrupted_time_series():
    all_of_them = of_panel(panel(treated=AREAS), question())
    assert all_of_them.design == "its"
    assert sorted(set(all_of_them.table["areas"])) == [1, 2, 4, 8, 10]
    assert "interrupted time series of the treated areas together" in " ".join(lines(all_of_them))


def test_the_curve_draws_the_table():
    power = of_panel(panel(), question())
    figure = curve(power)
    assert [axes.get_title("left") for axes in figure.axes] == ["6 months", "12 months", "24 months"]
    for axes, months in zip(figure.axes, (6, 12, 24), strict=True):
        drawn = {line.get_label(): line for line in axes.lines}
        assert drawn["80% power"].get_ydata()[0] == pytest.approx(80)
        assert drawn["smallest worth funding"].get_xdata()[0] == pytest.approx(10)
        for areas in (1, 2, 4):
            rows = power.table[(power.table["months"] == months) & (power.table["areas"] == areas)]
            x, y = drawn[f"{areas} treated"].get_data()
            assert x == pytest.approx([0, *(100 * rows["effect"].abs())])
            assert y == pytest.approx([100 * rows["size"].iloc[0], *(100 * rows["power"])])
