import json

import pytest

from crisiskit.errors import UserError
from crisiskit.simulate import FORMS, write_raw


@pytest.mark.parametrize("form", list(FORMS))
def test_the_same_seed_gives_the_same_bytes_and_says_simulated(form, tmp_path):
    for part, seed in (("a", 5), ("b", 5), ("c", 6)):
        truth = write_raw(form, tmp_path / part, seed=seed, months=2)
        assert {path.name for path in (tmp_path / part).iterdir()} == set(truth["written"])
    data = list(truth["planted"]["files"])
    for name in truth["written"]:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / data[0]).read_bytes() != (tmp_path / "c" / data[0]).read_bytes()
    assert (tmp_path / "a" / "README.txt").read_text("utf-8").startswith("SIMULATED data")
    written = json.loads((tmp_path / "c" / "truth.json").read_text("utf-8"))
    assert written["simulated"] is True
    assert written["planted"]["files"] == truth["planted"]["files"]


@pytest.mark.parametrize(
    ("form", "given", "message"),
    [
        ("cda", {}, "'cda' is no raw form .*did you mean 'cad'"),
        ("cad", {"false_midnight": 1}, "did you mean 'false_midnights'"),
        ("cad", {"duplicate_lines": 1.5}, "duplicate_lines: '1.5' is not a whole number"),
        ("cad", {"missing.age": 2}, "age: 2.0 is out of range"),
        ("hotline", {"rate": 0}, "these settings draw no record"),
    ],
)
def test_a_mistake_names_value_and_remedy(form, given, message, tmp_path):
    with pytest.raises(UserError, match=message):
        write_raw(form, tmp_path, months=1, **given)


@pytest.mark.parametrize("form", list(FORMS))
def test_small_worlds_work(form, tmp_path):
    truth = write_raw(form, tmp_path, months=1, areas=1, sites=1, rate=20)
    assert sum(truth["planted"]["files"].values()) > 0


def test_one_setting_of_a_mapping_leaves_the_forms_own_defaults(tmp_path):
    settings = write_raw("mobile_crisis", tmp_path, months=1, **{"access.911": 0.5})["drawn_from"]["settings"]
    assert settings["access"] == {"911": 0.5, "988": 0.25, "referral": 0.25, "other": 0.15}
    assert settings["responder"]["police"] == 0
