"""Waits that are cut off: the curve, its percentiles, and the wait planted in simulated calls."""

import math

import numpy as np
import pandas as pd
import pytest

from crisiskit.measures import measure
from crisiskit.measures.waits import curve
from crisiskit.simulate import simulate


def values(frame: pd.DataFrame) -> list:
    return frame.set_index("statistic").loc[["median", "p75", "p90"], "value"].to_list()


def line(waits: list[float], answered: list[int], **columns) -> dict[str, pd.DataFrame]:
    frame = pd.DataFrame({"wait_s": waits, "answered": answered, "abandoned": [1 - a for a in answered], "contacts": 1})
    return {"interventions": frame.assign(**columns)}


def test_the_curve_by_hand() -> None:
    """Answered at 10, 30 and 50 s, left at 20 and 40: 4/5, then 4/5 x 2/3, then 0."""
    frame = curve(line([10.0, 20, 30, 40, 50], [1, 0, 1, 0, 1]), by="source")
    assert frame["time_s"].to_list() == [0, 10, 30, 50]
    assert frame["at_risk"].to_list() == [5, 5, 3, 1]
    assert frame["answered"].to_list() == [0, 1, 1, 1]
    assert frame["survival"].to_list() == pytest.approx([1, 4 / 5, 8 / 15, 0])
    error = 8 / 15 * math.sqrt(1 / (5 * 4) + 1 / (3 * 2))
    bend = math.exp(1.959963984540054 * error / (8 / 15 * math.log(15 / 8)))
    assert frame[["low", "high"]].iloc[2].to_list() == pytest.approx([(8 / 15)**bend, (8 / 15)**(1 / bend)])
    assert set(frame["rows_used"]) == {5}
    assert frame["reasons"].iloc[0].startswith("kept: abandoned, waits cut off 2")


def test_leaving_is_not_answering() -> None:
    """Three wait 10, 20, 30 s and are answered, four leave after 5 s: half have an answer at 20 s, not at 5."""
    data = line([10.0, 20, 30, 5, 5, 5, 5], [1, 1, 1, 0, 0, 0, 0])
    row = measure(data, "wait_survival").iloc[0]
    assert (row["value"], row["numerator"], row["denominator"]) == (20, 3, 7)
    assert np.median([10, 20, 30, 5, 5, 5, 5]) == 5


def test_a_percentile_that_is_not_reached_is_null_and_says_so() -> None:
    """One of three has an answer at 10 s; the others leave later: two thirds were never seen to be answered."""
    frame = measure(line([10.0, 20, 30], [1, 0, 0]), "wait_survival")
    assert frame["value"].isna().all()
    assert "not reached" in frame["reasons"].iloc[0]
    assert measure(line([20.0, 30], [0, 0]), "wait_survival")["value"].isna().all()


def test_what_is_left_out_is_counted() -> None:
    data = line([10.0, 20, 30, None, -5, 40, 50], [1, 1, 0, 1, 1, 1, 1],
                is_aggregate=[False] * 6 + [True])
    frame = data["interventions"]
    frame.loc[5, ["answered", "abandoned"]] = None
    frame.loc[1, "contacts"] = 3
    row = measure(data, "wait_survival").iloc[0]
    assert (row["rows_used"], row["rows_left_out"]) == (2, 5)
    assert row["reasons"].startswith(
        "aggregate rows 1; several contacts in one row 1; neither answered nor abandoned 1; wait missing 1; "
        "negative 1; kept: abandoned, waits cut off 1")


def test_moments_serve_as_well_as_seconds(rows) -> None:
    data = rows(received_at=["2025-01-01T00:00:00Z"] * 3,
                answered_at=["2025-01-01T00:00:10Z", "2025-01-01T00:00:30Z", None],
                abandoned_at=[None, None, "2025-01-01T00:00:20Z"])
    assert values(measure(data, "wait_survival"))[:1] == [30]
    assert curve(data)["survival"].to_list() == pytest.approx([1, 2 / 3, 0])


def test_the_planted_wait_is_found_where_the_naive_median_is_not() -> None:
    """Callers are answered after a lognormal wait of median 60 s, and leave after a patience of median 60 s.

    The wait's law is planted: median 60 and p75 = 60 x exp(0.6745) = 117.8 s. Every wait averaged alike has a median
    of about 32 s, and the answered alone are too fast as well.
    """
    made = simulate("hotline_contact", seed=11, months=6, wait_median_s=60, wait_sigma=1.0, night_ratio=1,
                    patience_median_s=60, patience_sigma=0.9, redial_share=0)
    data = {"interventions": made.interventions}
    frame = measure(data, "wait_survival").set_index("statistic")
    truth = {"median": 60, "p75": 60 * math.exp(0.6744897501960817)}
    for name, planted in truth.items():
        assert frame.loc[name, "low"] <= planted <= frame.loc[name, "high"]
        assert frame.loc[name, "value"] == pytest.approx(planted, rel=0.1)
    waits = made.interventions["wait_s"].astype("float64")
    assert waits.median() < 0.7 * 60 < 60 < frame.loc["median", "high"]
    answered = measure(data, "speed_of_answer").set_index("statistic")
    assert answered.loc["median", "value"] < frame.loc["median", "low"]
    assert waits.mean() != pytest.approx(answered.loc["mean", "value"], rel=0.02)


def test_groups_and_their_curves_agree() -> None:
    data = line([10.0, 20, 30, 40], [1, 1, 0, 1], modality=["phone", "phone", None, None])
    frame = measure(data, "wait_survival", by="modality")
    assert frame["rows_used"].to_list() == [2] * 3 + [2] * 3
    drawn = curve(data, by="modality")
    assert drawn[drawn["modality"].isna()]["survival"].to_list() == [1, 0]
    assert drawn[drawn["modality"] == "phone"]["survival"].to_list() == pytest.approx([1, 0.5, 0])


def test_no_wait_is_no_curve() -> None:
    frame = curve({"interventions": pd.DataFrame({"contacts": [1, 1]})})
    assert len(frame) == 1
    assert pd.isna(frame["survival"].iloc[0])
    assert frame["reasons"].iloc[0] == "not recorded in this source: wait_s, answered"
    assert curve(line([10.0], [1]), where={"wait_s": 99})["reasons"].iloc[0] == "no row meets the conditions"
    counts = curve({"counts": pd.DataFrame({"measure": ["offered"], "value": [1.0]})})
    assert counts["reasons"].iloc[0] == "not recorded in this source: table 'interventions'"
