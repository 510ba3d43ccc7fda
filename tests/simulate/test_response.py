import numpy as np
import pandas as pd
import pytest

from crisiskit.simulate import simulate


def minutes(frame: pd.DataFrame, first: str, last: str) -> pd.Series:
    return (frame[last] - frame[first]).dt.total_seconds() / 60


def off_by(values: pd.Series, median: float, sigma: float) -> float:
    """Distance of the median of the logarithms from the truth, in standard errors (1.2533 sigma / sqrt n)."""
    values = values.dropna()
    return abs(np.log(values.median() / median)) / (1.2533 * sigma / np.sqrt(len(values)))


def test_medians_of_the_steps_are_recovered(calls):
    s, frame = calls.truth["settings"], calls.interventions
    night = (frame["received_local"].dt.hour >= 22) | (frame["received_local"].dt.hour < 6)
    plain = frame[(frame["access"] != "officer_initiated") & ~night & (frame["priority"] == "2")]
    served = plain["area_id"] != list(calls.truth["areas"])[-1]
    assert off_by(plain["wait_s"], s["answer_median_s"], s["answer_sigma"]) < 4.5
    assert off_by(minutes(plain, "answered_at", "dispatched_at"), s["dispatch_median_min"], s["dispatch_sigma"]) < 4.5
    travel = minutes(plain, "enroute_at", "arrived_at")
    assert off_by(travel[served], s["travel_median_min"], s["travel_sigma"]) < 4.5
    assert off_by(travel[~served], s["travel_median_min"] * s["underserved_ratio"], s["travel_sigma"]) < 4.5
    team = frame[frame["responder"] == "mobile_crisis"]
    scene = s["scene_median_min"] * s["scene_ratio"]["mobile_crisis"]
    assert off_by(team["duration_min"], scene, s["scene_sigma"]) < 4.5


def test_night_and_priority_slow_the_dispatch(calls):
    s, frame = calls.truth["settings"], calls.interventions
    frame = frame[frame["access"] != "officer_initiated"]
    night = (frame["received_local"].dt.hour >= 22) | (frame["received_local"].dt.hour < 6)
    step = minutes(frame, "answered_at", "dispatched_at")
    for priority, ratio in zip("1234", s["priority_ratio"], strict=True):
        here = night & (frame["priority"] == priority)
        assert off_by(step[here], s["dispatch_median_min"] * s["night_ratio"] * ratio, s["dispatch_sigma"]) < 4.5


def test_clocks_run_forward_and_officers_are_there_at_once(calls):
    frame = calls.interventions
    chain = ["received_at", "answered_at", "dispatched_at", "enroute_at", "arrived_at", "cleared_at"]
    for first, last in zip(chain, chain[1:], strict=False):
        assert (minutes(frame, first, last).dropna() >= 0).all()
    own = frame[frame["access"] == "officer_initiated"]
    assert (minutes(own, "received_at", "arrived_at").dropna() == 0).all()
    assert (minutes(frame, "dispatched_at", "cleared_at") * frame["units"] - frame["responder_min"]).abs().max() < 1e-4
    assert (minutes(frame, "arrived_at", "cleared_at") - frame["duration_min"]).abs().max() < 1e-4


def test_missing_arrivals_are_counted(calls, close):
    frame, truth = calls.interventions, calls.truth["response"]
    assert frame["arrived_at"].isna().sum() == truth["not_reached"] + truth["arrival_left_blank"]
    called = frame[frame["access"] != "officer_initiated"]
    assert close(called["outcome"].isin(["unable_to_locate", "cancelled"]).sum(), len(called), 0.06)


def test_outcomes_and_flags_by_responder(calls, close):
    s, frame = calls.truth["settings"], calls.interventions
    met = frame[~frame["outcome"].isin(["unable_to_locate", "cancelled"])]
    for responder, weights in s["outcome"].items():
        here = met[met["responder"] == responder]
        for outcome, weight in weights.items():
            assert close((here["outcome"] == outcome).sum(), len(here), weight / sum(weights.values()))
    for responder, share in s["deescalated_share"].items():
        here = met[met["responder"] == responder]
        assert close(here["deescalated"].notna().sum(), len(here), s["deescalation_recorded_share"])
        assert close(here["deescalated"].sum(), here["deescalated"].notna().sum(), share)
        assert close(here["force_used"].sum(), len(here), s["force_share"][responder])
    assert (frame["arrested"] == (frame["outcome"] == "arrested")).all()
    assert (frame["hospitalized"] == frame["outcome"].isin(["hospital", "involuntary_hold"])).all()


def test_a_night_gap_can_be_planted(close):
    given = {"night_gap_share": 0.5, "no_arrival_share": 0, "missing_arrival_share": 0}
    frame = simulate("call_for_service", rate=300.0, **given).interventions
    frame = frame[frame["access"] != "officer_initiated"]
    night = (frame["received_local"].dt.hour >= 22) | (frame["received_local"].dt.hour < 6)
    gap = night & (frame["area_id"] == "Hazelton Flats")
    assert close(frame.loc[gap, "arrived_at"].isna().sum(), gap.sum(), 0.5)
    assert frame.loc[~gap, "arrived_at"].notna().all()


def test_the_programme_turns_aside_the_chosen_outcome(close):
    ended = simulate("call_for_service", rate=400.0, treated=4, effect_outcome="arrested", effect_ratio=0.6)
    frame = ended.interventions
    after = frame["received_local"] >= "2024-01-01"
    in_group = frame["area_id"].isin(ended.truth["effect"]["treated"])
    share = frame.groupby([in_group, after])["arrested"].mean()
    assert share[True, True] / share[True, False] == pytest.approx(0.6, rel=0.1)
    assert share[False, True] / share[False, False] == pytest.approx(1, rel=0.1)
    aside, left = ended.truth["response"]["turned_aside"], frame.loc[in_group & after, "arrested"].sum()
    assert close(aside, aside + left / (1 - 0.06), 0.4)  # some that are left were never met


def test_field_responses_say_how_they_ended():
    frame = simulate("field_response", months=3).interventions
    assert frame["engaged_at"].notna().sum() > 500
    assert set(frame["end_point"]) == {"engaged", "unable_to_locate", "cancelled", "refused"}
    assert (frame.loc[frame["end_point"] == "unable_to_locate", "engaged_at"].isna()).all()
