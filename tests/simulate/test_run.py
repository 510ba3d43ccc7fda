import json
import time

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.simulate import demo, run_simulate


def test_a_kind_becomes_standard_tables(tmp_path):
    paths = run_simulate("hotline_contact", tmp_path / "out", months=2, settings=["areas=3", "missing.age=0.5"])
    assert [path.name for path in paths] == [
        "interventions.parquet", "follow_ups.parquet", "counts.parquet", "ledger.json", "quality.json", "truth.json",
    ]
    truth = json.loads(paths[-1].read_text("utf-8"))
    assert truth["settings"]["missing"]["age"] == 0.5
    assert len(truth["areas"]) == 3


def test_a_folder_is_made_anew_but_never_taken_from_others(tmp_path):
    run_simulate("hotline_contact", tmp_path, months=1)
    run_simulate("cad", tmp_path, months=1)
    assert not (tmp_path / "interventions.parquet").exists()
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(UserError, match=r"not simulated, such as thesis\.docx"):
        run_simulate("cad", tmp_path, months=1)
    assert (tmp_path / "thesis.docx").read_text() == "mine"
    assert (tmp_path / "truth.json").exists()


@pytest.mark.parametrize(
    "truth", ["", "[]", "{}", '{"simulated": true, "written": ["../precious.txt"]}', '{"simulated": 1}']
)
def test_a_truth_file_of_another_make_opens_nothing(truth, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "truth.json").write_text(truth)
    with pytest.raises(UserError, match="not simulated"):
        run_simulate("cad", out, months=1)
    assert (tmp_path / "precious.txt").exists()
    assert (out / "truth.json").exists()


def test_a_mistake_leaves_the_folder_as_it_was(tmp_path):
    run_simulate("cad", tmp_path, months=1)
    before = sorted(tmp_path.iterdir())
    for name in ("cad", "programme"):
        with pytest.raises(UserError, match="did you mean"):
            run_simulate(name, tmp_path, settings=["raet=1"])
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("hotlin", (), "did you mean 'hotline'"),
        ("demo", ["rate=1"], "demo takes a seed and months"),
        ("cad", ["rate"], "write key=value"),
    ],
)
def test_a_mistake_names_value_and_remedy(name, settings, message, tmp_path):
    with pytest.raises(UserError, match=message):
        run_simulate(name, tmp_path / "out", settings=settings)
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(UserError, match="is a file"):
        run_simulate("cad", tmp_path / "out")


def test_the_demo_is_small_quick_and_of_one_place(tmp_path):
    start = time.process_time()
    paths = demo(tmp_path)
    assert time.process_time() - start < 3
    cad, line = (json.loads((tmp_path / part / "truth.json").read_text("utf-8")) for part in ("cad", "hotline"))
    assert 11_000 < cad["planted"]["records"] < 13_000
    assert 7_000 < line["planted"]["records"] < 9_000
    assert cad["drawn_from"]["areas"] == line["drawn_from"]["areas"]
    people = pd.read_csv(tmp_path / "counts" / "population.csv")
    first = people[people["Year"] == 2023].set_index("County")["Population"].to_dict()
    assert first == {name: area["population"] for name, area in cad["drawn_from"]["areas"].items()}
    hours = pd.read_csv(tmp_path / "counts" / "staff_hours.csv")
    assert len(hours) == 26 * 24
    assert all(path.is_file() for path in paths)
    assert sorted(paths) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
