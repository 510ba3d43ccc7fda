"""Referrals: made is not connected, recent is not failed, unserved is not forgotten."""

import numpy as np
import pandas as pd
import pytest
from followed import followed

from crisiskit.measures import measure
from crisiskit.simulate import simulate

DAY = "2025-01-01T00:00:00Z"
STATES = ("referral_made", "referral_accepted", "referral_attended", "connection_to_care", "time_to_service")


def ledger(row: pd.Series) -> tuple:
    return row["numerator"], row["denominator"], row["rows_used"], row["rows_left_out"], row["reasons"]


@pytest.fixture
def referrals() -> dict[str, pd.DataFrame]:
    """Eight contacts of one day, and one of 20 days before observation ends, on 2025-03-02.

    Served after 10 and after 40 days, accepted, refused, attended at an unknown time, ineligible, blank, none made; and
    the late one served after 5 days.
    """
    contacts = {"record_id": list("abcdefghi"), "contacts": 1, "eligible": [True] * 7 + [False, True],
                "received_at": [DAY] * 8 + ["2025-02-10T00:00:00Z"], "area_id": ["n"] * 4 + ["s"] * 5}
    steps = {"record_id": list("abcdefgi"), "step": "referral",
             "status": ["attended", "attended", "accepted", "refused", "attended", "ineligible", None, "attended"],
             "completed_at": ["2025-01-11T00:00:00Z", "2025-02-10T00:00:00Z", None, "2025-03-02T00:00:00Z", None, None,
                              None, "2025-02-15T00:00:00Z"]}
    return followed(contacts, steps)


def test_made_is_of_contacts_that_were_eligible(referrals) -> None:
    assert ledger(measure(referrals, "referral_made").iloc[0]) == (8, 8, 8, 1, "not eligible 1")
    referrals["interventions"]["eligible"] = None
    referrals["interventions"]["referred"] = True
    row = measure(referrals, "referral_made").iloc[0]
    assert ledger(row) == (8, 9, 9, 0, "kept: said to be referred, without a referral step 1")


def test_no_answer_yet_is_not_a_refusal() -> None:
    """Accepted, attended, refused, unreachable; offered and consented wait for an answer."""
    states = ["accepted", "attended", "refused", "unreachable", "offered", "consented", None, "unknown"]
    data = followed({"record_id": ["a"]}, {"record_id": "a", "step": "referral", "status": states})
    row = measure(data, "referral_accepted").iloc[0]
    assert ledger(row) == (2, 4, 4, 4, "status unknown 1; status blank 1; no answer yet 2")
    assert (row["bound_low"], row["bound_high"]) == (2 / 8, 6 / 8)
    attended = measure(data, "referral_attended").iloc[0]
    assert ledger(attended) == (1, 6, 6, 2, "status unknown 1; status blank 1")


def test_a_referral_made_is_not_a_connection(referrals) -> None:
    """Of a, b, c and d one was served in 30 days; e and g may have been; i was observed for 20 days only."""
    row = measure(referrals, "connection_to_care").iloc[0]
    reasons = ("ineligible 1; observed for less than 30 days 1; attended, time of service missing 1; status blank 1; "
               "observed until 2025-03-02")
    assert ledger(row) == (1, 4, 4, 4, reasons)
    assert (row["bound_low"], row["bound_high"]) == (1 / 6, 3 / 6)
    assert row["label"] == (
        "First service within 30 days, clock from received, share of referrals observed for that long"
    )


def test_a_quick_one_that_was_not_observed_for_long_enough_does_not_flatter(referrals) -> None:
    """i was served after 5 days; with it the share would be 2 of 5."""
    row = measure(referrals, "connection_to_care", within_days=20).iloc[0]
    assert ledger(row)[:2] == (2, 5)
    assert measure(referrals, "connection_to_care", within_days=21)["numerator"].iloc[0] == 1


@pytest.mark.parametrize(("days", "served"), [(9.9, 0), (10, 1), (39.9, 1), (40, 2)])
def test_days_are_counted_exactly(referrals, days: float, served: int) -> None:
    assert measure(referrals, "connection_to_care", within_days=days, where={"area_id": "n"})["numerator"][0] == served


def test_a_service_step_of_the_contact_serves_the_referral_to_it() -> None:
    """Legal help serves the legal referral, not the one to a shelter; help before the contact serves neither."""
    steps = {
        "record_id": ["a", "a", "a", "b", "b"], "step": ["referral", "referral", "service", "referral", "service"],
        "status": ["accepted", "accepted", "attended", "accepted", "attended"],
        "service": ["legal_advocacy", "shelter", "legal_advocacy", None, "medical"],
        "completed_at": [None, None, "2025-01-04T00:00:00Z", None, "2024-12-31T00:00:00Z"]}
    contacts = {"record_id": ["a", "b", "c"], "received_at": [DAY, DAY, "2025-03-01T00:00:00Z"]}
    frame = measure(followed(contacts, steps), "connection_to_care", by="service").set_index("service")
    assert frame["numerator"].to_list() == [1, 0, 0]
    assert frame.index[:2].to_list() == ["legal_advocacy", "shelter"]


def test_the_unserved_are_censored_and_not_forgotten(referrals) -> None:
    """Four served after 5, 10 and 40 days and never: a quarter by the second, and the mean of the served misleads.

    At risk: i 5 d of 5, a 10 d of 4, (i would be censored at 20), b 40 d of 3, c and d to the end: S = .8, .6, .4.
    """
    frame = measure(referrals, "time_to_service").set_index("statistic")
    assert frame["value"].to_list()[:2] == [10, 40]
    assert np.isnan(frame.loc["p75", "value"])
    assert frame.loc["median", ["numerator", "denominator", "rows_used", "rows_left_out"]].to_list() == [3, 5, 5, 3]
    assert "kept: not served when observation ended 2" in frame["reasons"].iloc[0]
    served = [5, 10, 40]
    assert np.median(served) < frame.loc["median", "value"]


def test_a_service_after_the_end_asked_about_was_not_yet_seen(referrals) -> None:
    row = measure(referrals, "time_to_service", until="2025-01-31", where={"area_id": "n"}).set_index("statistic")
    assert row.loc["median", "numerator"] == 1
    late = measure(referrals, "time_to_service", until="2025-01-31").iloc[0]
    assert "after the end of observation 1" in late["reasons"]


@pytest.mark.parametrize("name", STATES)
def test_a_source_without_referrals_has_not_made_none(name: str) -> None:
    data = followed({"record_id": ["a"]}, {"record_id": ["a"], "step": ["survey"]})
    row = measure(data, name).iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"] == "not recorded in this source: step 'referral'"


def test_the_simulated_truth_is_found() -> None:
    """The truth counts what was drawn, whenever it came; Kaplan-Meier's curve at 30 days meets the share there."""
    drawn = simulate("hotline_contact", months=2, areas=2)
    tables, truth = {"interventions": drawn.interventions, "follow_ups": drawn.follow_ups}, drawn.truth["follow_ups"]
    known = truth["referrals"]
    assert measure(tables, "referral_made")["numerator"].iloc[0] == known["made"]
    for name in ("accepted", "attended"):
        row = measure(tables, f"referral_{name}").iloc[0]
        assert (row["numerator"], row["denominator"]) == (known[name], known["made"])
    for days in (7, 14, 30):
        row = measure(tables, "connection_to_care", within_days=days).iloc[0]
        assert (row["numerator"], row["denominator"]) == (known[f"first_service_within_{days}_days"], known["made"])
