"""Triage against adjudicated truth: a published table, bounds for what nobody adjudicated, verification bias told."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.triage import NONE_PASSED, curve, evaluate, scored


def cases(hit=0, alarm=0, miss=0, quiet=0, flagged=0, passed=0, undecided=0) -> pd.DataFrame:
    """Cases by cell; `flagged` and `passed` were not adjudicated, `undecided` have no decision."""
    cells = [(True, True, hit), (True, False, alarm), (False, True, miss), (False, False, quiet),
             (True, None, flagged), (False, None, passed), (None, True, undecided)]
    rows = [(decision, truth) for decision, truth, number in cells for _ in range(number)]
    return pd.DataFrame(rows, columns=["flag", "truth"], dtype="object")


def by_statistic(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.set_index("statistic")


def test_a_published_table() -> None:
    """Altman and Bland (1994), liver scans: 231 of 258 abnormal found, 54 of 86 normal; 231 of 263 and 54 of 81."""
    found = by_statistic(evaluate(cases(231, 32, 27, 54), "flag", "truth"))
    assert found.loc["sensitivity", "value"] == pytest.approx(0.90, abs=0.005)
    assert found.loc["specificity", "value"] == pytest.approx(0.63, abs=0.005)
    assert found.loc["positive_predictive_value", "value"] == pytest.approx(0.88, abs=0.005)
    assert found.loc["negative_predictive_value", "value"] == pytest.approx(0.67, abs=0.005)
    assert found.loc["prevalence", ["numerator", "denominator"]].tolist() == [258, 344]
    assert found.loc["flagged_share", "value"] == pytest.approx(263 / 344)
    assert found["note"].eq("").all()


def test_intervals_are_wilsons() -> None:
    from statsmodels.stats.proportion import proportion_confint

    row = by_statistic(evaluate(cases(231, 32, 27, 54), "flag", "truth")).loc["sensitivity"]
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(231, 258, method="wilson"))


def test_what_nobody_adjudicated_is_counted_and_bounds_the_figures() -> None:
    found = by_statistic(evaluate(cases(80, 20, 20, 80, flagged=10, passed=20, undecided=3), "flag", "truth"))
    row = found.loc["sensitivity"]
    assert (row["value"], row["denominator"], row["not_adjudicated"], row["undecided"]) == (0.8, 100, 30, 3)
    assert (row["bound_low"], row["bound_high"]) == pytest.approx((80 / 120, 90 / 110))
    bounds = {"specificity": (80 / 110, 100 / 120), "positive_predictive_value": (80 / 110, 90 / 110),
              "negative_predictive_value": (80 / 120, 100 / 120), "prevalence": (100 / 230, 130 / 230)}
    for name, expected in bounds.items():
        assert tuple(found.loc[name, ["bound_low", "bound_high"]]) == pytest.approx(expected)
    assert found.loc["flagged_share", "denominator"] == 230


@settings(deadline=None, max_examples=30)
@given(some.lists(some.tuples(some.booleans(), some.booleans(), some.booleans()), min_size=1, max_size=40))
def test_bounds_hold_the_truth_whatever_was_not_adjudicated(rows: list) -> None:
    whole = pd.DataFrame([(flag, truth) for flag, truth, _ in rows], columns=["flag", "truth"]).astype("object")
    part = whole.assign(truth=[truth if seen else None for _, truth, seen in rows])
    real, bounded = (by_statistic(evaluate(frame, "flag", "truth")) for frame in (whole, part))
    for name in real.index:
        value, low, high = real.loc[name, "value"], bounded.loc[name, "bound_low"], bounded.loc[name, "bound_high"]
        if not np.isnan([value, low, high]).any():
            assert low - 1e-12 <= value <= high + 1e-12


def test_where_only_the_flagged_were_looked_into_sensitivity_is_refused() -> None:
    """Without a look at the others, 80 of 80 would be a sensitivity of 100 %: that is the trap."""
    found = by_statistic(evaluate(cases(hit=80, alarm=20, passed=900), "flag", "truth"))
    for name in ("sensitivity", "specificity", "negative_predictive_value", "prevalence"):
        assert np.isnan(found.loc[name, "value"])
    assert found.loc["sensitivity", "note"] == NONE_PASSED
    assert found.loc["positive_predictive_value", "value"] == 0.8
    assert found.loc["sensitivity", "bound_low"] == pytest.approx(80 / 980)


def test_where_the_others_were_looked_into_less_often_it_is_said() -> None:
    found = evaluate(cases(80, 20, 5, 45, passed=450), "flag", "truth")
    assert found["note"].unique().tolist() == [
        "verification bias: 10.0 % of the cases not flagged and 100.0 % of the flagged were adjudicated"]


def test_errors_by_group_and_small_groups() -> None:
    frame = pd.concat([cases(40, 5, 10, 45).assign(area="a"), cases(2, 1, 8, 9).assign(area="b"),
                       cases(1, 0, 0, 1).assign(area=None)], ignore_index=True)
    found = evaluate(frame, "flag", "truth", by=["area"])
    rows = found[found["statistic"] == "sensitivity"]
    assert rows["area"].astype("object").where(rows["area"].notna(), None).tolist() == ["a", "b", None]
    assert rows["value"].tolist() == [0.8, 0.2, 1.0]
    assert rows["small"].tolist() == [False, True, True]


def test_a_score_is_flagged_from_the_threshold_on() -> None:
    frame = pd.DataFrame({"score": [1.0, 2.0, 3.0, None], "truth": [False, True, True, True]})
    found = by_statistic(evaluate(frame, "score", "truth", threshold=2))
    assert found.loc["sensitivity", ["numerator", "denominator", "undecided"]].tolist() == [2, 2, 1]


def test_the_curve_by_hand() -> None:
    frame = pd.DataFrame({"score": [1, 2, 2, 3, 4, 5, 9], "truth": [False, False, True, False, True, True, None]})
    found = curve(frame, "score", "truth").set_index("threshold")
    assert found.index.tolist() == [1, 2, 3, 4, 5]
    assert found["sensitivity"].tolist() == pytest.approx([1, 1, 2 / 3, 2 / 3, 1 / 3])
    assert found["specificity"].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1, 1])
    at_four = found.loc[4, ["ppv", "npv", "flagged_share", "n", "left_out"]]
    assert at_four.tolist() == pytest.approx([1, 0.75, 2 / 6, 6, 1])
    assert np.isnan(found.loc[1, "npv"])
    assert found["sensitivity"].is_monotonic_decreasing
    assert (found["sensitivity_low"] <= found["sensitivity"]).all()


def test_every_point_of_the_curve_is_the_rule_at_that_threshold() -> None:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"score": rng.integers(0, 9, 200), "truth": rng.random(200) < 0.3})
    for row in curve(frame, "score", "truth").itertuples():
        found = by_statistic(evaluate(frame, "score", "truth", threshold=row.threshold))["value"]
        assert (row.sensitivity, row.specificity) == pytest.approx((found["sensitivity"], found["specificity"]))


@pytest.mark.parametrize(("call", "message"), [
    (lambda frame: evaluate(frame, "flg", "truth"), "no column 'flg'; did you mean 'flag'"),
    (lambda frame: evaluate(frame.assign(flag=3), "flag", "truth"), "a score needs a threshold"),
    (lambda frame: evaluate(frame.assign(flag="x"), "flag", "truth", threshold=1), "holds none"),
    (lambda frame: curve(frame.assign(score=1.0, truth=True), "score", "truth"), "is yes in all 4 adjudicated cases")])
def test_mistakes_are_told(call, message: str) -> None:
    with pytest.raises(UserError, match=message):
        call(cases(1, 1, 1, 1))


@pytest.fixture
def events(rows) -> dict[str, pd.DataFrame]:
    """Ten events: asked for CIT or not, and what they proved to be; one is not known, one has no decision."""
    return rows(contacts=[1] * 10, cit_requested=[True] * 4 + [False] * 5 + [None],
                need=["suicide", "mental_health", "medical", "unknown",
                      "suicide", "medical", "medical", "legal", "legal", "suicide"])


def test_the_measure_reads_yes_no_columns_and_values(events) -> None:
    found = measure(events, "triage_accuracy").set_index("statistic")
    assert found.loc["sensitivity", ["numerator", "denominator"]].tolist() == [2, 3]
    assert found.loc["specificity", ["numerator", "denominator"]].tolist() == [4, 5]
    assert (found.loc["sensitivity", "bound_low"], found.loc["sensitivity", "bound_high"]) == (2 / 3, 0.75)
    assert found["reasons"].unique().tolist() == ["cit_requested not known 1; kept: not adjudicated 1"]
    assert (found["rows_used"] + found["rows_left_out"]).eq(10).all()


def test_the_measure_by_group_and_with_its_own_truth(events) -> None:
    events["interventions"]["priority"] = ["1", "2"] * 5
    found = measure(events, "triage_accuracy", by="priority", truth="need=suicide")
    assert found[found["statistic"] == "prevalence"]["numerator"].tolist() == [2, 0]


@pytest.mark.parametrize(("variant", "message"), [
    ({"truth": "cit_requestd"}, "did you mean 'cit_requested'"), ({"truth": "need"}, "such as risk=high,imminent"),
    ({"truth": "risk=hgh"}, "did you mean 'high'"), ({"truth": "cit_requested"}, "not its own truth"),
    ({"truth": "age=3"}, "neither a yes/no column")])
def test_mistaken_variants_are_told(events, variant: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure(events, "triage_accuracy", **variant)


def test_without_the_columns_it_is_not_recorded(rows) -> None:
    found = measure(rows(contacts=[1, 1]), "triage_accuracy")
    assert found["reasons"].tolist() == ["not recorded in this source: cit_requested, need"]
    assert found["value"].isna().all()


def follow_up(record_id, score, instrument="danger", item="total", source="a"):
    return {"source": source, "record_id": record_id, "instrument": instrument, "item": item, "score": score}


def records(needs: dict) -> pd.DataFrame:
    return pd.DataFrame([{"source": "a", "record_id": name, "need": need} for name, need in needs.items()])


def test_scores_meet_the_truth_of_their_record_once() -> None:
    """A record scored 2 and 9 is flagged at 5: it stands once, with 9, and not as one case on either side."""
    steps = pd.DataFrame([follow_up("r1", 2), follow_up("r1", 9), follow_up("r2", 1), follow_up("r3", 4),
                          follow_up("r9", 5), follow_up(None, 5), follow_up("r2", 7, item="q1"),
                          follow_up("r2", 8, "other scale"), follow_up("r1", 6, source="b")])
    held = {"interventions": records({"r1": "suicide", "r2": "other", "r3": None}), "follow_ups": steps}
    frame = scored(held, "danger", "need=suicide")
    found = sorted(zip(frame["score"], frame["truth"].astype("object").where(frame["truth"].notna(), None),
                       strict=True))
    assert found == [(1, False), (4, None), (9, True)]
    assert frame.attrs["left_out"] == 3  # no such record, no record, another source's record
    table = curve(frame, "score", "truth", thresholds=[5])
    assert table[["n", "left_out", "sensitivity", "specificity"]].iloc[0].tolist() == [2, 1, 1, 1]


def test_two_records_of_one_id_that_disagree_say_nothing() -> None:
    twice = pd.concat([records({"r1": "suicide"}), records({"r1": "other"}), records({"r2": "suicide"})])
    frame = scored({"interventions": twice, "follow_ups": pd.DataFrame([follow_up("r1", 3), follow_up("r2", 2)])},
                   "danger", "need=suicide")
    assert frame.set_index("score")["truth"].isna().to_dict() == {3: True, 2: False}


def test_an_instrument_without_scores_is_refused_with_the_nearest_name() -> None:
    held = {"interventions": records({"r1": "suicide"}), "follow_ups": pd.DataFrame([follow_up("r1", 3)])}
    with pytest.raises(UserError, match="no scores of 'dangr' in item 'total'.*did you mean 'danger'"):
        scored(held, "dangr", "need=suicide")
    with pytest.raises(UserError, match="no table 'follow_ups'"):
        scored({"interventions": held["interventions"]}, "danger", "need=suicide")
