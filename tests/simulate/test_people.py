import numpy as np
import pandas as pd
import pytest

from crisiskit.simulate import simulate
from crisiskit.simulate.people import age_bands

KINDS = ["unknown", "declined", "not_asked", "not_applicable"]


def test_each_field_is_missing_as_often_as_asked_in_the_five_kinds(calls, close):
    settings, missing = calls.truth["settings"], calls.truth["missing"]
    for name, share in settings["missing"].items():
        if name != settings["mnar_field"]:
            assert close(missing[name]["missing"], missing[name]["asked"], share)
    for kind, share in settings["missing_kinds"].items():
        assert close(missing["housing"]["kinds"][kind], missing["housing"]["missing"], share)


def test_the_table_shows_what_the_truth_says(calls):
    frame, missing = calls.interventions, calls.truth["missing"]
    met = ~frame["outcome"].isin(["unable_to_locate", "cancelled"])
    gender = frame.loc[met, "gender"]
    assert (gender.isin(KINDS) | gender.isna()).sum() == missing["gender"]["missing"]
    assert frame.loc[~met, "gender"].isna().all()
    assert frame.loc[met, "age"].isna().sum() == missing["age"]["missing"]
    tokens = frame["missing"].str.extract(r"(?:^|;)age=(\w+)", expand=False).value_counts()
    assert tokens.to_dict() == {kind: n for kind, n in missing["age"]["kinds"].items() if kind != "blank"}
    assert frame.loc[frame["age"].notna(), "missing"].str.contains("age=").fillna(False).sum() == 0


def test_missing_not_at_random_biases_the_known_share_against_the_group(calls, close):
    settings, race = calls.truth["settings"], calls.truth["missing"]["race_ethnicity"]
    share, ratio = settings["missing"]["race_ethnicity"], settings["mnar_ratio"]
    for group, whole in race["complete"].items():
        assert close(race["missing_by_group"][group], whole, share * (ratio if group == "black" else 1))
    known = calls.interventions["race_ethnicity"][lambda c: c.notna() & ~c.isin(KINDS)]
    true_share = race["complete"]["black"] / sum(race["complete"].values())
    planted = 0.24 * (1 - share * ratio) / (0.24 * (1 - share * ratio) + 0.76 * (1 - share))
    assert (known == "black").mean() < true_share - 0.02
    assert (known == "black").mean() == pytest.approx(planted, abs=0.01)


def test_nothing_is_missing_when_nothing_shall_be():
    none = dict.fromkeys(["age", "gender", "race_ethnicity", "language", "housing", "relation", "veteran"], 0)
    frame = simulate("hotline_contact", months=2, missing=none).interventions
    spoken = frame["answered"] == 1
    assert frame.loc[spoken, list(none)].notna().all().all()
    assert frame["missing"].isna().all()


def test_the_same_person_is_the_same():
    frame = simulate("field_response", months=6, missing={"gender": 0}, repeat_share=0.5).interventions
    known = frame.dropna(subset=["person_key", "gender"])
    assert known["person_key"].duplicated().sum() > 100
    assert known.groupby("person_key")["gender"].nunique().max() == 1


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (0, "0-7"), (7, "0-7"), (8, "8-9"), (17, "16-17"), (19, "18-19"), (20, "20-29"), (59, "50-59"), (60, "60-64"),
        (64, "60-64"), (65, "65+"), (97, "65+"), (np.nan, None),
    ],
)
def test_age_bands_are_those_of_the_field(age, band):
    assert age_bands(np.array([age])).arrow().to_pylist() == [band]


def test_age_has_the_median_asked_for(calls):
    known = pd.to_numeric(calls.interventions["age"]).dropna()
    assert known.median() == pytest.approx(36, abs=1)
