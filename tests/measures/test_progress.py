"""Repeated measures: paired changes by hand, a planted slope found, attrition shown, failures said."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.progress import attrition, distress, paired, scores, trend


def tidy(rows: list) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person", "days", "score"])


def planted(persons: int = 150, slope: float = -0.05, leaving: float = 0.0, seed: int = 3) -> pd.DataFrame:
    """Four scores a month apart; persons start at 6 with deviation 1.5, and fall by `slope` a day.

    With `leaving`, a person leaves before the next score the likelier, the lower the present one is.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(persons):
        level = 6 + rng.normal(0, 1.5)
        for day in (0, 30, 60, 90):
            score = level + slope * day + rng.normal(0, 0.7)
            rows.append((person, day, score))
            if rng.random() < leaving / (1 + np.exp(score - 5)):
                break
    return tidy(rows)


def test_a_planted_slope_is_found() -> None:
    found = trend(planted())
    assert found.low < -0.05 < found.high
    assert found.high - found.low < 0.01
    assert found.start == pytest.approx(6, abs=0.4)
    assert found.between_persons == pytest.approx(1.5**2, rel=0.3)
    assert found.within_person == pytest.approx(0.7**2, rel=0.2)
    assert (found.persons, found.lost, found.scores, found.note) == (150, 0, 600, "")


def test_where_the_low_ones_leave_means_by_occasion_mislead_and_the_model_does_not() -> None:
    """The trap: without any fall (slope 0), those who are left look worse at each occasion."""
    frame = planted(400, slope=0.0, leaving=0.9)
    table = attrition(frame)
    assert table["mean"].iloc[-1] > table["mean"].iloc[0] + 0.4
    assert table["first_of_stayed"].iloc[-1] > table["first_of_left"].iloc[-1] + 1
    found = trend(frame)
    assert found.low < 0 < found.high


def test_attrition_by_hand() -> None:
    table = attrition(tidy([(1, 0, 8), (1, 9, 4), (2, 0, 6), (3, 0, 4), (3, 5, 5), (3, 8, 6)]))
    assert table["n"].tolist() == [3, 2, 1]
    assert table["retained"].tolist() == pytest.approx([1, 2 / 3, 1 / 3])
    assert table["mean"].tolist() == [6, 4.5, 6]
    assert table.loc[1, ["first_of_stayed", "first_of_left"]].tolist() == [6, 6]
    assert table.loc[0, "high"] == 1


def test_a_paired_change_is_that_of_scipy() -> None:
    from scipy.stats import ttest_rel

    first, second = [8, 7, 9, 5, 6], [5, 6, 7, 5, 3]
    rows = [(person, day, score) for day, values in enumerate((first, second)) for person, score in enumerate(values)]
    found = paired(tidy([*rows, (9, 0, 10)]))
    limits = ttest_rel(second, first).confidence_interval(0.95)
    assert (found.n, found.lost, found.change) == (5, 1, -1.8)
    assert (found.low, found.high) == pytest.approx((limits.low, limits.high))
    assert (found.before, found.after) == (7, 5.2)


def test_nobody_and_one_person() -> None:
    assert np.isnan(paired(tidy([(1, 0, 5)])).change)
    one = paired(tidy([(1, 0, 5), (1, 1, 3)]))
    assert one.change == -2
    assert np.isnan(one.low)
    assert trend(tidy([(1, 0, 5), (1, 1, 3)])).note == "too few persons with two scores"
    assert trend(tidy([(1, 0, 5), (1, 0, 3), (2, 0, 5), (2, 0, 3)])).note == "all scores are of one moment"


def test_a_model_that_cannot_be_fitted_says_so_and_gives_no_number() -> None:
    """Every score is the same: there is no variance to share out."""
    found = trend(tidy([(person, day, 5) for person in range(5) for day in (0, 1, 2)]))
    assert np.isnan(found.slope)
    assert "the mixed model" in found.note


def test_mistaken_frames_are_told() -> None:
    with pytest.raises(UserError, match="column days is missing"):
        paired(pd.DataFrame({"person": [1], "score": [1]}))
    with pytest.raises(UserError, match="leave such rows out"):
        attrition(tidy([(1, 0, None)]))


@pytest.fixture
def calls(rows) -> dict[str, pd.DataFrame]:
    """Six records: three with both scores, one without the second, one without either, one that covers a month."""
    return rows(contacts=[1] * 5 + [40], record_id=[f"r{place}" for place in range(6)], source=["a"] * 6,
                is_aggregate=[False] * 5 + [True], distress_before=[8, 6, 9, 10, None, 5],
                distress_after=[5, 6, 6, None, None, 5], missing=[None] * 3 + ["distress_after=declined", None, None])


def test_the_measure_of_distress(calls) -> None:
    found = measure(calls, "distress_change").set_index("statistic")
    assert found["value"].to_dict() == pytest.approx({"before": 23 / 3, "after": 17 / 3, "change": -2})
    change = found.loc["change"]
    alone = paired(distress(calls))
    assert (change["low"], change["high"]) == pytest.approx((alone.low, alone.high))
    assert (change["denominator"], change["n_before"], change["n_after"]) == (3, 5, 4)
    assert change["reasons"] == "aggregate rows 1; before blank 1; after declined 1"
    assert (alone.n, alone.lost) == (3, 1)


def test_distress_that_is_not_recorded(rows) -> None:
    assert measure(rows(contacts=[1]), "distress_change")["reasons"].iloc[0] == \
        "not recorded in this source: distress_before, distress_after"


@pytest.fixture
def follow_ups() -> dict[str, pd.DataFrame]:
    """The planted scores as follow-ups, with one person seen once and three scores that cannot be placed."""
    frame = planted(40)
    start = pd.Timestamp("2025-01-01", tz="UTC")
    rows = [{"person_key": f"p{person}", "completed_at": start + pd.Timedelta(days=day), "score": score}
            for person, day, score in frame.itertuples(index=False)]
    rows += [{"person_key": "once", "completed_at": start, "score": 1.0}, {"completed_at": start, "score": 1.0},
             {"person_key": "p1", "score": 1.0}, {"person_key": "p1", "completed_at": start}]
    table = pd.DataFrame(rows).assign(instrument="scale", item="total", source="a", step="survey")
    return {"follow_ups": table.assign(source_row=range(len(table)))}


def test_scores_from_follow_ups(follow_ups) -> None:
    frame = scores(follow_ups, "scale")
    assert (len(frame), frame.attrs["left_out"]) == (161, 3)
    assert sorted(frame["days"].unique()) == [0, 30, 60, 90]
    with pytest.raises(UserError, match="did you mean 'scale'"):
        scores(follow_ups, "scal")


def test_the_measure_of_a_trend_closes_its_ledger(follow_ups) -> None:
    found = measure(follow_ups, "score_trend").iloc[0]
    alone = trend(scores(follow_ups, "scale"))
    assert found["value"] == pytest.approx(30 * alone.slope)
    assert found["low"] < 30 * -0.05 < found["high"]
    assert (found["persons"], found["persons_left_out"], found["rows_used"]) == (40, 1, 160)
    assert found["reasons"] == "person and record missing 1; moment missing 1; score missing 1; one score only 1"
    assert found["rows_used"] + found["rows_left_out"] == 164
    assert (found["instrument"], found["item"]) == ("scale", "total")
