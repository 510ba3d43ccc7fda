from statistics import NormalDist

import numpy as np
import pytest

from crisiskit.simulate import simulate


@pytest.fixture(scope="module")
def line():
    return simulate("hotline_contact", rate=300.0, night_ratio=1.0, patience_median_s=60.0, wait_median_s=30.0)


def test_the_answer_rate_is_that_of_two_lognormal_laws(line, close):
    s, frame = line.truth["settings"], line.interventions
    chance = NormalDist().cdf(np.log(60 / 30) / np.hypot(s["wait_sigma"], s["patience_sigma"]))
    assert close(int(frame["answered"].sum()), len(frame), chance)


def test_offered_is_answered_and_abandoned(line):
    frame, truth = line.interventions, line.truth["queue"]
    assert (frame["answered"] + frame["abandoned"] == frame["offered"]).all()
    assert len(frame) == truth["offered"] == truth["answered"] + truth["abandoned"]
    assert truth["offered"] == truth["callers_first_calls"] + truth["redials"]
    ended = frame["answered_at"].fillna(frame["abandoned_at"])
    assert ((ended - frame["received_at"]).dt.total_seconds() == frame["wait_s"]).all()
    assert (frame["answered_at"].notna() == (frame["answered"] == 1)).all()


def test_redials_follow_abandonment_with_the_share_asked_for(line, close):
    truth = line.truth["queue"]
    assert close(truth["redials"], truth["abandoned"], 0.45)  # the limit of five rounds loses next to none
    frame = line.interventions.dropna(subset=["person_key"]).sort_values(["person_key", "received_at"])
    gap = frame.groupby("person_key")["received_at"].diff().dt.total_seconds() / 60
    soon = gap[gap < 60]
    assert soon.median() == pytest.approx(4.0 + 0.7, abs=0.6)  # four minutes after hanging up


def test_nothing_is_learnt_where_nobody_answered(line):
    silent = line.interventions[line.interventions["answered"] == 0]
    assert silent[["need", "needs", "risk", "outcome", "gender", "age", "duration_min", "responder"]].isna().all().all()


def test_the_night_is_slower():
    frame = simulate("hotline_contact", rate=300.0).interventions
    hour = frame["received_local"].dt.hour
    night = (hour >= 22) | (hour < 6)
    assert frame.loc[night, "abandoned"].mean() > frame.loc[~night, "abandoned"].mean() + 0.02
