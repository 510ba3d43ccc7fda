import numpy as np
import pandas as pd
import pytest

from crisiskit.simulate import simulate


@pytest.fixture(scope="module")
def entered():
    return simulate("non_client_contact", rate=100.0, aggregate_month_share=0.3, aggregate_week_share=0.2)


def test_totals_keep_contacts_and_minutes(entered):
    plain = simulate("non_client_contact", rate=100.0, aggregate_month_share=0, aggregate_week_share=0)
    minutes = entered.interventions["duration_min"].sum()
    assert minutes == entered.truth["entry"]["minutes"] == plain.truth["entry"]["minutes"]
    assert plain.truth["entry"]["aggregate"]["rows"] == 0
    assert len(entered.interventions) < len(plain.interventions)
    zero = entered.interventions["contacts"] == 0
    folded = entered.truth["entry"]["aggregate"]["contacts"] - entered.truth["entry"]["aggregate"]["rows"]
    assert entered.truth["contacts"] == len(entered.interventions) - zero.sum() + folded


def test_totals_stand_at_the_last_date_of_their_period(entered):
    frame = entered.interventions.assign(
        first=lambda f: pd.to_datetime(f["period_start"]), last=lambda f: pd.to_datetime(f["period_end"])
    )
    many = frame[frame["is_aggregate"]]
    assert len(many) == entered.truth["entry"]["aggregate"]["rows"] > 100
    assert (many["contacts"] > 1).all()
    assert (frame.loc[~frame["is_aggregate"], "contacts"] <= 1).all()
    assert (pd.to_datetime(many["occurred_on"]) == many["last"]).all()
    months = many[many["time_precision"] == "month"]
    assert months["last"].dt.is_month_end.all()
    assert months["first"].dt.is_month_start.all()
    weeks = many[many["time_precision"] == "week"]
    assert ((weeks["last"].dt.day_of_week == 6) | weeks["last"].dt.is_month_end).all()
    assert ((weeks["last"] - weeks["first"]).dt.days <= 6).all()
    assert many[["need", "needs", "outcome", "gender", "age", "missing"]].isna().all().all()


def test_the_share_of_totals_is_that_of_site_months():
    frame = simulate("non_client_contact", rate=60.0, months=120, sites=8, aggregate_month_share=0.3).interventions
    by = frame[frame["time_precision"] == "month"].groupby(["site", "period_start"]).ngroups
    assert by / (120 * 8) == pytest.approx(0.3, abs=4.5 * np.sqrt(0.21 / 960))


def test_one_site_may_type_hours():
    right, wrong = (simulate("non_client_contact", hours_sites=n) for n in (0, 1))
    last = right.interventions["site"] == right.truth["sites"][-1]
    ratio = right.interventions["duration_min"] / wrong.interventions["duration_min"]
    assert (ratio[last].round(9) == 60).all()
    assert (ratio[~last] == 1).all()
    assert wrong.truth["entry"]["hours_sites"] == ["Dawn Desk"]
    assert wrong.truth["entry"]["minutes"] == right.interventions["duration_min"].sum()


def test_durations_sit_on_the_quarter_hour_and_nobody_has_a_key(entered):
    assert (entered.interventions["duration_min"] % 15 == 0).all()
    assert entered.interventions["person_key"].isna().all()
    assert entered.interventions["received_at"].isna().all()
