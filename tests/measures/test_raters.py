"""Agreement: published worked examples to their digits, missing ratings, and what cannot be answered."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.raters import alpha_of, cohen, fleiss, fleiss_of, krippendorff, ratings

OBSERVERS = {  # Krippendorff (2011), four observers and twelve units
    "A": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    "B": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    "C": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    "D": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None]}


def tidy(by_rater: dict) -> pd.DataFrame:
    rows = [(unit, rater, score) for rater, scores in by_rater.items() for unit, score in enumerate(scores)]
    return pd.DataFrame(rows, columns=["unit", "rater", "score"]).dropna().reset_index(drop=True)


@pytest.fixture(scope="module")
def examples(shared_data: Path) -> Path:
    folder = shared_data.parent / "benchmarks" / "raters_fleiss"
    if not folder.is_dir():
        pytest.skip("the published examples are not here")
    return folder


@pytest.mark.parametrize(("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_krippendorffs_own_example(level: str, value: float) -> None:
    """Printed with three digits; unit 12 has one rating and is left out."""
    found = krippendorff(tidy(OBSERVERS), level)
    assert found.value == pytest.approx(value, abs=5e-4)
    assert (found.units, found.raters, found.ratings, found.left_out) == (11, 4, 40, 1)
    assert found.low < found.value < found.high <= 1


def test_krippendorff_of_two_raters_by_hand() -> None:
    """a, a, b, b against a, b, b, b: coincidences aa 2, ab 1, ba 1, bb 4; 1 - 7 x 2 / (3 x 5 x 2) = 8 / 15."""
    found = krippendorff(tidy({"1": list("aabb"), "2": list("abbb")}))
    assert found.value == pytest.approx(8 / 15)


def test_fleiss_published_tables(examples: Path) -> None:
    expected = pd.read_csv(examples / "expected.csv").set_index("quantity")
    raw = pd.read_csv(examples / "diagnoses.csv")
    found = fleiss(tidy({name: raw[name].tolist() for name in raw}))
    row = expected.loc["fleiss_kappa_diagnoses"]
    assert found.value == pytest.approx(row["value"], abs=row["tolerance_abs"])
    assert (found.units, found.raters, found.left_out) == (30, 6, 0)
    row = expected.loc["fleiss_kappa_wikipedia"]
    counts = pd.read_csv(examples / "wikipedia_table.csv").to_numpy(dtype=float)
    assert fleiss_of(counts) == pytest.approx(row["value"], abs=row["tolerance_abs"])


def test_cohen_by_hand() -> None:
    """50 pairs, 20 and 15 on the diagonal, 5 and 10 off it: 0.7 observed, 0.5 expected, kappa 0.4 (Wikipedia)."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    found = cohen(tidy({"a": [one for one, _ in pairs], "b": [two for _, two in pairs]}))
    assert found.value == pytest.approx(0.4)
    assert found.high - found.value == pytest.approx(found.value - found.low)
    assert (found.units, found.ratings, found.left_out) == (50, 100, 0)


def test_cohen_weights_the_distance_of_the_scores() -> None:
    """By hand on 1, 2, 4 against 2, 2, 4: linear weights 1 off 9 squares of distance; unequal steps count."""
    frame = tidy({"a": [1, 2, 4, 1], "b": [2, 2, 4, 1]})
    expected = sum(abs(one - two) for one in (1, 2, 4, 1) for two in (2, 2, 4, 1)) / 16
    assert cohen(frame, "linear").value == pytest.approx(1 - (1 / 4) / expected)
    squared = sum((one - two) ** 2 for one in (1, 2, 4, 1) for two in (2, 2, 4, 1)) / 16
    assert cohen(frame, "quadratic").value == pytest.approx(1 - (1 / 4) / squared)


def test_fleiss_leaves_units_with_fewer_ratings_out_and_counts_them() -> None:
    found = fleiss(tidy({"a": [1, 2, 1, 2], "b": [1, 2, 1, None], "c": [1, 2, 2, 1]}))
    assert (found.units, found.ratings, found.left_out) == (3, 9, 2)


def test_high_percent_agreement_may_be_chance() -> None:
    """96 of 98 pairs agree (98 %), but nearly all scores are the same: kappa is about zero, slightly below it."""
    pairs = {"a": ["y"] * 97 + ["n"], "b": ["n"] + ["y"] * 97}
    assert cohen(tidy(pairs)).value == pytest.approx(-1 / 97, abs=1e-3)


@pytest.mark.parametrize("statistic", [cohen, fleiss, krippendorff])
def test_one_score_for_all_says_nothing_about_agreement(statistic) -> None:
    found = statistic(tidy({"a": [1, 1, 1], "b": [1, 1, 1]}))
    assert np.isnan(found.value)
    assert "all scores are the same" in found.note


def test_the_bootstrap_is_seeded() -> None:
    frame = tidy(OBSERVERS)
    assert krippendorff(frame) == krippendorff(frame)
    assert krippendorff(frame, seed=1).low != krippendorff(frame, seed=2).low


@settings(deadline=None, max_examples=30)
@given(some.lists(some.lists(some.integers(0, 3), min_size=2, max_size=5), min_size=2, max_size=12))
def test_alpha_is_at_most_one_and_blind_to_the_order_of_units(units: list) -> None:
    counts = np.array([[unit.count(score) for score in range(4)] for unit in units], float)
    for level in ("nominal", "ordinal", "interval"):
        value = alpha_of(counts, np.arange(4), level)
        assert np.isnan(value) or value <= 1 + 1e-12
        assert value == pytest.approx(alpha_of(counts[::-1], np.arange(4), level), nan_ok=True)


@pytest.mark.parametrize(("frame", "message"), [
    (pd.DataFrame({"unit": [1, 1], "rater": ["a", "a"], "score": [1, 2]}), "rater 'a' scored unit '1' twice"),
    (pd.DataFrame({"unit": [1], "score": [1]}), "column rater is missing"),
    (pd.DataFrame({"unit": [1, None], "rater": ["a", "b"], "score": [1, 2]}), "is missing; leave such rows out")])
def test_mistaken_ratings_are_told(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(UserError, match=message):
        krippendorff(frame)


def test_mistaken_choices_are_told() -> None:
    frame = tidy({"a": [1, 2], "b": [1, 2], "c": [1, 2]})
    with pytest.raises(UserError, match="did you mean 'ordinal'"):
        krippendorff(frame, "ordnal")
    with pytest.raises(UserError, match="did you mean 'linear'"):
        cohen(frame, "liner")
    with pytest.raises(UserError, match="two raters, and there are 3"):
        cohen(frame)


@pytest.fixture
def reviews() -> dict[str, pd.DataFrame]:
    """Krippendorff's example as quality reviews, with a survey beside it and two scores that nobody can place."""
    frame = tidy(OBSERVERS)
    rows = [{"record_id": f"r{unit}", "provider": rater, "score": score, "instrument": "quality", "item": "total"}
            for unit, rater, score in frame.itertuples(index=False)]
    rows += [{"record_id": f"r{unit}", "provider": "A", "score": 5, "instrument": "survey", "item": "total"}
             for unit in range(5)]
    rows += [{"record_id": None, "provider": "A", "score": 5, "instrument": "quality", "item": "total"},
             {"record_id": "r1", "provider": None, "score": 5, "instrument": "quality", "item": "total"}]
    return {"follow_ups": pd.DataFrame(rows).assign(source="a", step="survey", source_row=range(len(rows)))}


def test_ratings_from_follow_ups(reviews) -> None:
    frame = ratings(reviews, "quality")
    assert (len(frame), frame.attrs["left_out"]) == (41, 2)
    assert krippendorff(frame, "interval").value == pytest.approx(0.849, abs=5e-4)
    with pytest.raises(UserError, match="no scores of 'qualty'; did you mean 'quality'"):
        ratings(reviews, "qualty")
    with pytest.raises(UserError, match="no scores of 'sum'"):
        ratings(reviews, "quality", "sum")


def test_the_measure_never_pools_instruments_and_closes_its_ledger(reviews) -> None:
    found = measure(reviews, "rater_agreement", level="ordinal").set_index("instrument")
    quality, survey = found.loc["quality"], found.loc["survey"]
    assert quality["value"] == pytest.approx(0.815, abs=5e-4)
    assert (quality["denominator"], quality["raters"], quality["rows_used"]) == (11, 4, 40)
    assert quality["reasons"] == "record_id missing 1; provider missing 1; one rating only 1"
    assert (survey["rows_used"], survey["reasons"][:17]) == (0, "one rating only 5")
    assert np.isnan(survey["value"])
    assert (found["rows_used"] + found["rows_left_out"]).tolist() == [43, 5]


def test_the_measure_with_other_statistics(reviews) -> None:
    found = measure(reviews, "rater_agreement", method="fleiss", where={"instrument": "quality"}).iloc[0]
    assert (found["units"], found["rows_used"]) == (8, 32)
    assert "another number of ratings 8" in found["reasons"]
    assert found["rows_used"] + found["rows_left_out"] == 43
    found = measure(reviews, "rater_agreement", method="cohen", where={"instrument": "quality"}).iloc[0]
    assert "Cohen's kappa is of two raters, and there are 4" in found["reasons"]
    two = {"where": {"instrument": "quality", "provider": ["A", "B"]}}
    assert measure(reviews, "rater_agreement", method="cohen", **two).iloc[0]["units"] == 9


def test_scores_that_are_not_recorded(rows) -> None:
    data = {"follow_ups": pd.DataFrame({"step": ["referral"], "source": ["a"], "source_row": [1]})}
    assert measure(data, "rater_agreement")["reasons"].iloc[0] == \
        "not recorded in this source: record_id, provider, score"
