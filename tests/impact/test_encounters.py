"""Encounters compared: selection by severity is undone, the simulated field data come out, mistakes are one message."""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.encounters import Comparison, EncounterPlan, compare
from crisiskit.params import to_model
from crisiskit.simulate import simulate

EFFECT = -0.06
"""The true difference in the risk of arrest that a programme's responder makes in every simulated encounter."""


def _selected(seed: int, n: int = 3000) -> pd.DataFrame:
    """Severe, armed, nightly calls go to police and end in arrest more often whoever goes."""
    rng = np.random.default_rng(seed)
    severe = rng.choice(["low", "moderate", "high"], n, p=[0.5, 0.3, 0.2])
    hard = pd.Series(severe).map({"low": 0.0, "moderate": 1.0, "high": 2.0}).to_numpy()
    weapon, age = rng.random(n) < 0.15, rng.normal(40, 12, n)
    logit = 1.2 - 0.9 * hard - 1.2 * weapon + 0.02 * (age - 40)
    treated = rng.random(n) < 1 / (1 + np.exp(-logit))
    risk = 0.1 + 0.1 * hard + 0.15 * weapon + EFFECT * treated
    return pd.DataFrame({
        "responder": np.where(treated, rng.choice(["co_responder", "mobile_crisis"], n), "police"),
        "risk": severe, "weapon": pd.array(weapon, "boolean"), "age": age,
        "arrested": pd.array(rng.random(n) < risk, "boolean"),
        "person_key": [f"p{number}" for number in rng.integers(0, n, n)],
    })  # fmt: skip


def _plan(**more: Any) -> EncounterPlan:
    tree = {
        "treated": ["co_responder", "mobile_crisis"], "comparison": "police", "outcomes": "arrested",
        "covariates": ["risk", "weapon", "age"], **more,
    }  # fmt: skip
    return to_model(tree, EncounterPlan, "e.yaml")


def _row(found: Comparison, method: str, outcome: str = "arrested") -> pd.Series:
    return found.table.set_index(["outcome", "method"]).loc[(outcome, method)]


@pytest.fixture(scope="module")
def selected() -> pd.DataFrame:
    return _selected(1)


@pytest.fixture(scope="module")
def found(selected: pd.DataFrame) -> Comparison:
    return compare(selected, _plan(cluster="person_key"))


def test_selection_is_undone(found: Comparison) -> None:
    """The plain comparison is far off the truth and its interval misses it; weighting and matching recover it."""
    plain, weighted, exact = (_row(found, method) for method in ("as recorded", "weighted", "exact"))
    assert plain["high"] < EFFECT - 0.03
    for row in (weighted, exact):
        assert row["low"] < EFFECT < row["high"]
        assert row["difference"] == pytest.approx(EFFECT, abs=0.02)
    assert weighted["difference"] == pytest.approx(exact["difference"], abs=0.015)
    assert weighted["effective_comparison"] < weighted["comparison"]


def test_weighted_intervals_cover_the_truth_and_plain_ones_do_not() -> None:
    """Sixty samples: a 95 % interval misses over 8 once in 400 times; the bias is below 2 errors."""
    rows = [compare(_selected(seed, 1200), _plan()).table.set_index("method") for seed in range(100, 160)]
    for method, least, most in (("weighted", 52, 60), ("exact", 52, 60), ("as recorded", 0, 20)):
        covered = sum(bool(row.loc[method, "low"] < EFFECT < row.loc[method, "high"]) for row in rows)
        assert least <= covered <= most, method
    values = np.array([row.loc["weighted", "difference"] for row in rows])
    assert abs(values.mean() - EFFECT) < 2 * values.std() / np.sqrt(60)
    errors = np.array([row.loc["weighted", "se"] for row in rows])
    assert errors.mean() == pytest.approx(values.std(ddof=1), rel=0.25)


def test_covariates_are_balanced_after_weighting(found: Comparison) -> None:
    balance = found.balance.set_index("covariate")
    assert list(balance.index) == ["risk: moderate", "risk: high", "weapon: true", "age"]
    assert np.abs(balance["before"]).max() > 0.4
    assert np.abs(balance["after"]).max() < 0.05
    assert [check.status for check in found.checks if check.id == "encounter_balance"] == ["pass"]


def test_balance_by_hand(selected: pd.DataFrame, found: Comparison) -> None:
    treated = selected["responder"] != "police"
    p1, p0 = (selected.loc[side, "weapon"].mean() for side in (treated, ~treated))
    row = found.balance.set_index("covariate").loc["weapon: true"]
    assert (row["programme"], row["comparison"]) == pytest.approx((p1, p0))
    assert row["before"] == pytest.approx((p1 - p0) / np.sqrt((p1 * (1 - p1) + p0 * (1 - p0)) / 2))


def test_every_encounter_is_accounted_for(selected: pd.DataFrame, found: Comparison) -> None:
    treated = int((selected["responder"] != "police").sum())
    assert found.flow.iloc[0].to_list() == ["rows of either group", treated, len(selected) - treated]
    assert found.histogram["programme"].sum() == found.flow["programme"].iloc[-2] == treated
    row = _row(found, "weighted")
    assert (row["programme"], row["comparison"]) == tuple(found.flow[["programme", "comparison"]].iloc[-1])
    assert row["clusters"] == selected["person_key"].nunique()


def test_estimates_speak_as_every_design_does(found: Comparison) -> None:
    estimate, row = found.estimates[0], _row(found, "weighted")
    assert estimate.estimate == row["difference"]
    assert estimate.relative == pytest.approx(row["risk_programme"] / row["risk_comparison"] - 1)
    assert estimate.n == row["programme"] + row["comparison"]
    assert "co_responder or mobile_crisis against police" in found.sentence()
    assert estimate.details["e_value"] == row["e_value"] > row["e_value_limit"] >= 1


def test_rows_may_come_in_any_order(selected: pd.DataFrame, found: Comparison) -> None:
    again = compare(selected.sample(frac=1, random_state=3), _plan(cluster="person_key"))
    pd.testing.assert_frame_equal(again.table, found.table, check_exact=True)


def test_threads_and_hash_seed_change_nothing() -> None:
    """The same figures to the last bit in processes of their own."""
    code = (
        "from crisiskit.simulate import simulate; from crisiskit.impact.encounters import EncounterPlan, compare; "
        "found = compare(simulate('field_response').interventions, EncounterPlan(treated='mobile_crisis', "
        "comparison='police', outcomes=('arrested', 'force_used'), covariates=('need', 'priority', 'hour_of_week', "
        "'weapon'))); print(found.table.to_json(double_precision=15), found.notes)"
    )
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    printed = []
    for count in ("1", "2"):
        surroundings = os.environ | dict.fromkeys((*names, "PYTHONHASHSEED"), count)
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
        printed.append(done.stdout)
    assert "arrested" in printed[0]
    assert printed[0] == printed[1]


def test_field_data(field: pd.DataFrame) -> None:
    """Simulated responders differ by their settings alone: arrest in 13 % of police encounters, under 3 % of others."""
    plan = _plan(
        outcomes=["arrested", "force_used"], cluster="person_key", exact=["need", "priority"],
        covariates=["call_type_initial", "need", "priority", "hour_of_week", "area_id", "risk", "weapon"],
        where={"risk": ["none", "low", "moderate", "high"]},
    )  # fmt: skip
    found = compare({"interventions": field}, plan)
    eligible = field[field["risk"].isin(["none", "low", "moderate", "high"])]
    truth = eligible.groupby("responder")["arrested"].mean()
    row = _row(found, "weighted")
    assert row["risk_comparison"] == pytest.approx(truth["police"], abs=0.01)
    assert row["difference"] == pytest.approx(_row(found, "as recorded")["difference"], abs=0.01)
    assert row["high"] < -0.05
    assert any("repeat other covariates" in note and "need: suicide" in note for note in found.notes)
    missing = found.missing.set_index(["outcome", "group"]).loc[("force_used", "comparison")]
    police = eligible.loc[eligible["responder"] == "police", "force_used"]
    assert missing["recorded"] == police.notna().sum() < missing["encounters"] == len(police)
    force = _row(found, "weighted", "force_used")
    assert force["bound_low"] < force["difference"] < force["bound_high"]
    assert row["bound_low"] == row["bound_high"] == pytest.approx(row["difference"])
    assert _row(found, "exact")["p_holm"] >= _row(found, "exact")["p"]


@pytest.fixture(scope="module")
def field() -> pd.DataFrame:
    return simulate("field_response").interventions


def test_missing_covariates_are_a_level_of_their_own(selected: pd.DataFrame) -> None:
    lost = selected.assign(
        weapon=selected["weapon"].mask(selected.index % 5 == 0), age=selected["age"].mask(selected.index % 7 == 0)
    )
    found = compare(lost, _plan())
    assert {"weapon: missing", "age: missing"} <= set(found.balance["covariate"])
    assert found.flow["programme"].iloc[0] == (selected["responder"] != "police").sum()
    row = _row(found, "weighted")
    assert (row["programme"] + row["comparison"]) == found.flow.iloc[-1][["programme", "comparison"]].sum()


def test_bounds_of_missing_outcomes_by_hand(selected: pd.DataFrame) -> None:
    """Under `att` the programme's weights are all 1: bounds of its risk are counts."""
    lost = selected.assign(arrested=selected["arrested"].mask(selected.index % 4 == 0))
    found = compare(lost, _plan(overlap=[0, 1]))
    mine = lost.loc[lost["responder"] != "police", "arrested"]
    row = found.missing.set_index("group").loc["programme"]
    assert row["bound_low"] == pytest.approx(mine.sum() / len(mine))
    assert row["bound_high"] == pytest.approx((mine.sum() + mine.isna().sum()) / len(mine))
    assert row["recorded_share"] == pytest.approx(mine.notna().mean())
    check = {check.id: check for check in found.checks}["encounter_recorded"]
    assert check.status == "warn"
    assert "could turn the sign of arrested" in check.finding


def test_covariates_of_afterwards_are_named(selected: pd.DataFrame, found: Comparison) -> None:
    late = selected.assign(referred=selected.index % 3 == 0, units=1 + selected.index % 2)
    notes = compare(late, _plan(covariates=["risk", "weapon", "age", "referred", "units"])).notes
    assert any("recorded after somebody went" in note and "referred, units" in note for note in notes)
    assert not any("recorded after" in note for note in found.notes)


def test_unknown_persons_are_no_cluster(selected: pd.DataFrame) -> None:
    """In-band words for missing would otherwise be one person with hundreds of encounters."""
    keys = selected["person_key"].where(selected.index % 3 > 0, "unknown")
    found = compare(selected.assign(person_key=keys), _plan(cluster="person_key"))
    unknown = (keys == "unknown").sum()
    assert any(note.startswith(f"{unknown} encounters without person_key") for note in found.notes)
    assert _row(found, "weighted")["clusters"] == unknown + keys[keys != "unknown"].nunique()


def test_small_levels_are_put_together_and_said(selected: pd.DataFrame) -> None:
    rare = selected.assign(site=np.where(selected.index < 12, "tiny", np.where(selected.index < 22, "wee", "main")))
    found = compare(rare, _plan(covariates=["risk", "weapon", "age", "site"]))
    assert "site: other levels" in set(found.balance["covariate"])
    assert "site: 2 levels with fewer than 20 encounters are one level" in found.notes


def test_levels_of_one_group_are_refused_or_left_out(selected: pd.DataFrame) -> None:
    police = (selected["responder"] == "police").to_numpy()
    alone = police & (np.cumsum(police) <= 60)
    one = selected.assign(need=np.where(alone, "warrant", "crisis"))
    covariates = ["risk", "weapon", "age", "need"]
    with pytest.raises(UserError, match=r"need 'warrant': all 60 encounters are of the comparison \(perfect sep"):
        compare(one, _plan(covariates=covariates))
    found = compare(one, _plan(covariates=covariates, one_sided="leave_out"))
    step = found.flow.set_index("step")["comparison"]
    assert step["eligible, of either group"] - step["levels that both groups have"] == 60
    assert any("'warrant': 60 encounters, all of the comparison" in note for note in found.notes)


def test_overlap_limits_leave_out_and_count(selected: pd.DataFrame) -> None:
    found = compare(selected, _plan(overlap=[0.3, 0.7]))
    score, last = found.fit.score, found.flow.iloc[-1]
    assert last["programme"] + last["comparison"] == ((score >= 0.3) & (score <= 0.7)).sum() < len(selected)
    check = {check.id: check for check in found.checks}["encounter_overlap"]
    assert check.status == "fail"
    assert check.numbers["left_out_share"] == pytest.approx(1 - last["programme"] / found.flow["programme"].iloc[0])
    assert any("outside the declared limits and left out" in note for note in found.notes)


def test_hours_of_the_week_are_weekday_and_block(selected: pd.DataFrame) -> None:
    """1 January 2024 was a Monday; 02:00 is in the first block."""
    hours = pd.Timestamp("2024-01-01 02:00") + pd.to_timedelta(24 * (np.arange(len(selected)) % 2), "h")
    timed = selected.assign(received_local=hours)
    found = compare(timed, _plan(covariates=["risk", "weapon", "age", "hour_of_week"]))
    assert "hour_of_week: 2-00h" in set(found.balance["covariate"])


def test_no_event_in_one_group(selected: pd.DataFrame) -> None:
    never = selected.assign(force_used=selected["arrested"] & (selected["responder"] == "police"))
    found = compare(never, _plan(outcomes="force_used"))
    row = _row(found, "weighted", "force_used")
    assert row["risk_programme"] == 0
    assert row["low"] < row["difference"] < row["high"] < 0
    assert np.isnan([row["p"], row["ratio_low"], row["e_value"]]).all()
    assert {check.id: check.status for check in found.checks}["encounter_events"] == "warn"
    sentence = found.estimates[0].sentence()
    assert f"a difference of {row['difference']:.4g}" in sentence
    assert "nan" not in sentence


def _message(frame: pd.DataFrame, **more: Any) -> str:
    with pytest.raises(UserError) as caught:
        compare(frame, _plan(**more))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_mistakes_in_data_are_one_message(selected: pd.DataFrame) -> None:
    assert "column 'weapn' is not in the table; did you mean 'weapon'" in _message(selected, covariates=["weapn"])
    assert "responder 'polise' is unknown; did you mean 'police'" in _message(selected, comparison="polise")
    assert "comparison: no eligible encounter has responder ems" in _message(selected, comparison="ems")
    assert "where: risk is never 'hihg'; did you mean 'high'" in _message(selected, where={"risk": "hihg"})
    armed = {"where": {"weapon": "true"}, "covariates": ["weapon"]}
    assert "do not vary" in _message(selected, **armed)
    none = selected.assign(arrested=pd.array([False] * len(selected), "boolean"))
    assert "outcome 'arrested' is no in every encounter of both groups" in _message(none)
    blank = selected.assign(arrested=selected["arrested"].mask(selected["responder"] == "police"))
    assert "not recorded in any of the comparison's encounters" in _message(blank)
    assert "column 'age' is not recorded in any eligible" in _message(selected.assign(age=np.nan))
    assert "outcome 'risk' is not yes/no" in _message(selected, outcomes="risk", covariates=["weapon", "age"])
    kinds = selected.assign(record_kind=np.where(selected.index % 2, "field_response", "call_for_service"))
    assert "records of several kinds (call_for_service, field_response)" in _message(kinds)


def test_one_cluster_is_refused_and_few_are_said(selected: pd.DataFrame) -> None:
    assert "the same person_key" in _message(selected.assign(person_key="p"), cluster="person_key")
    few = compare(selected.assign(area_id=(selected.index % 8).astype(str)), _plan(cluster="area_id"))
    assert any("only 8 clusters of area_id" in note for note in few.notes)
    assert _row(few, "weighted")["limits"] == "sandwich, G/(G-1), t(7)"


def test_tables_and_frame_give_the_same(field: pd.DataFrame) -> None:
    """An engine hands yes/no with gaps over in another type: levels and filters read the same."""
    gaps = field.assign(weapon=field["weapon"].mask(field["source_row"] % 9 == 0))
    plan = _plan(covariates=["need", "weapon", "priority"], where={"weapon": ["false", "missing"]})
    one, other = compare(gaps, plan), compare({"interventions": gaps}, plan)
    pd.testing.assert_frame_equal(one.table, other.table)
    assert "weapon: missing" in set(one.balance["covariate"])
    few = [*plan.covariates, "responder", "arrested"]  # all other columns are null in tables made of these
    plain = gaps[few].reset_index(drop=True)
    pd.testing.assert_frame_equal(compare({"interventions": plain}, plan).table, one.table)
    message = _message(field, by="program", treated="patrol", comparison="patrol and crisis response")
    assert "program 'patrol' is unknown" in message


def test_separation_and_no_overlap_are_one_message(selected: pd.DataFrame) -> None:
    police = selected["responder"] == "police"
    apart = selected.assign(car=np.where(police, "patrol", "van"))
    assert "no level of 'car' has encounters of both groups" in _message(apart, covariates=["car", "age"])
    older = selected.assign(age=selected["age"] + np.where(police, 200, 0))
    assert "'age' tells the two groups apart without exception (perfect separation)" in _message(older)
    assert "no overlap" in _message(selected, overlap=[0.98, 0.99])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"treated": ["police"]}, "'police' is in treated and in comparison"),
        ({"covariates": ["arrested"]}, "'arrested' is an outcome and a covariate"),
        ({"covariates": ["responder"]}, "cannot be a covariate"),
        ({"exact": ["rsk"]}, "exact 'rsk' is none of the covariates; did you mean 'risk'"),
        ({"overlap": [0.9, 0.1]}, "two shares, lower first"),
        ({"outcomes": []}, "outcomes"),
        ({"covariate": ["risk"]}, "unknown key; did you mean 'covariates'"),
    ],
)
def test_mistakes_in_the_plan(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        _plan(**change)


def test_period_totals_are_left_out(selected: pd.DataFrame) -> None:
    totals = selected.assign(is_aggregate=pd.array(selected.index < 100, "boolean"))
    found = compare(totals, _plan())
    step = found.flow.set_index("step")
    assert step.loc["one encounter each, no period totals", ["programme", "comparison"]].sum() == len(selected) - 100
