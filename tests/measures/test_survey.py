"""Satisfaction: who was not heard is counted, and scores of several scales are never added up."""

import numpy as np
import pandas as pd
import pytest
from followed import followed
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure


def contacts(scores: list, **columns: list) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame({"satisfaction": pd.array(scores, "Float64"), "contacts": 1, **columns})
    return {"interventions": frame.astype({"satisfaction": "float64"})}


def test_a_score_stands_with_its_response_rate_and_bounds() -> None:
    """Scores 5, 5, 2; one declined, one blank; one not asked, one call that nobody answered."""
    data = contacts([5, 5, 2, None, None, None, None], answered=[1] * 6 + [0],
                    missing=[None] * 3 + ["satisfaction=declined", None, "satisfaction=not_asked", None])
    frame = measure(data, "satisfaction").set_index("statistic")
    mean, top = frame.loc["mean"], frame.loc["top_box"]
    assert (mean["numerator"], mean["denominator"], mean["value"]) == (12, 3, 4)
    assert (top["numerator"], top["denominator"], top["value"]) == (2, 3, pytest.approx(2 / 3))
    assert mean["reasons"] == "not answered 1; declined 1; not asked 1; blank 1"
    assert (mean["asked"], mean["response_rate"]) == (5, 0.6)
    assert (mean["bound_low"], mean["bound_high"]) == ((12 + 2 * 1) / 5, (12 + 2 * 5) / 5)
    assert (top["bound_low"], top["bound_high"]) == (2 / 5, 4 / 5)


def test_limits_of_the_mean_are_students_and_stay_on_the_scale() -> None:
    """5, 5, 2: s = sqrt(3), t(0.975, 2) = 4.3027, so 4 -+ 4.3027 leaves the scale on both sides; t(0.75) does not."""
    frame = measure(contacts([5, 5, 2]), "satisfaction").set_index("statistic")
    assert frame.loc["mean", ["low", "high"]].to_list() == [1, 5]
    half = measure(contacts([5, 5, 2]), "satisfaction", confidence=0.5).set_index("statistic")
    assert half.loc["mean", ["low", "high"]].to_list() == pytest.approx([4 - 0.8164966, 4 + 0.8164966], abs=1e-6)


def test_the_top_box_and_the_scale_are_variants() -> None:
    frame = measure(contacts([5, 4, 2]), "satisfaction", top=4).set_index("statistic")
    assert frame.loc["top_box", "numerator"] == 2
    narrow = measure(contacts([5, 4, 2]), "satisfaction", highest=4, top=4).iloc[0]
    assert narrow["reasons"] == "score outside the scale 1"
    with pytest.raises(UserError, match="top must lie"):
        measure(contacts([5]), "satisfaction", top=6)


@pytest.fixture
def surveys() -> dict[str, pd.DataFrame]:
    """Five surveys: three came back, one did not, one could not be asked for."""
    return followed({"record_id": list("abcde"), "relation": ["self", "self", "family", "self", "self"]}, {
        "record_id": list("abcde"), "step": "survey", "instrument": "x", "item": "total",
        "score": [5, 3, 4, None, None],
        "status": ["attended"] * 3 + ["unreachable", "ineligible"]})


def test_surveys_of_follow_up(surveys) -> None:
    frame = measure(surveys, "satisfaction").set_index("statistic")
    assert frame.loc["mean", ["value", "asked", "response_rate"]].to_list() == [4, 4, 0.75]
    assert frame.loc["mean", "reasons"] == "ineligible 1; blank 1"
    by = measure(surveys, "satisfaction", by="relation").set_index(["relation", "statistic"])
    assert by.loc[("family", "mean"), "value"] == 4


def test_where_only_answers_are_kept_the_response_rate_is_not_100_percent(surveys) -> None:
    surveys["follow_ups"] = surveys["follow_ups"].iloc[:3]
    row = measure(surveys, "satisfaction").iloc[0]
    assert row["value"] == 4
    assert row[["asked", "response_rate", "bound_low", "bound_high"]].isna().all()
    assert "the response rate is not known" in row["reasons"]


def test_several_scales_are_never_added_up(surveys) -> None:
    surveys["follow_ups"]["item"] = ["trust", "trust", "total", "total", "total"]
    row = measure(surveys, "satisfaction").iloc[0]
    assert pd.isna(row["value"])
    assert "item = total or trust" in row["reasons"]
    assert measure(surveys, "satisfaction", where={"item": "trust"})["value"].iloc[0] == 4
    by = measure(surveys, "satisfaction", by="item").set_index(["item", "statistic"])
    assert by.loc[("total", "mean"), "value"] == 4


def test_a_source_without_scores_has_no_unhappy_people() -> None:
    row = measure(contacts([None, None]), "satisfaction").iloc[0]
    assert row["reasons"] == "not recorded in this source: satisfaction"
    none = followed({"record_id": ["a"]}, {"step": ["referral"]})
    row = measure(none, "satisfaction", table="follow_ups").iloc[0]
    assert row["reasons"] == "not recorded in this source: step 'survey'"
    row = measure(contacts([5]), "satisfaction", table="follow_ups").iloc[0]
    assert row["reasons"] == "not recorded in this source: table 'follow_ups'"


@settings(max_examples=8, deadline=None)
@given(st.lists(st.sampled_from([1, 2, 3, 4, 5, None]), min_size=1, max_size=12).filter(lambda v: set(v) != {None}),
       st.data())
def test_bounds_hold_whatever_the_unheard_would_have_said(scores: list, draw: st.DataObject) -> None:
    mean = measure(contacts(scores), "satisfaction").iloc[0]
    said = [draw.draw(st.integers(1, 5)) if score is None else score for score in scores]
    assert mean["bound_low"] - 1e-12 <= np.mean(said) <= mean["bound_high"] + 1e-12
    assert mean["rows_used"] + mean["rows_left_out"] == len(scores)
