"""Reach: not triaged is not ineligible, a blank arrival with an outcome is a doubt, and the bounds hold the truth."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.simulate import simulate

T1 = "2025-01-06T09:20:00Z"


@pytest.fixture
def events(rows) -> dict[str, pd.DataFrame]:
    """Eligible: two served, one not, one in doubt. Not triaged: one served, one not. Eligibility unknown: one not."""
    return rows(
        contacts=[1] * 9, triaged=[True] * 4 + [False, False, True, True, True],
        eligible=[True] * 4 + [None, False, None, False, True], is_aggregate=[False] * 8 + [True],
        arrived_at=[T1, T1, None, None, T1, None, None, T1, T1],
        outcome=["resolved", None, "cancelled", "referred", None, None, None, None, None],
        responder=["mobile_crisis", "police", "none", "co_responder", "police", None, None, "police", "police"])


def test_reach_is_of_eligible_contacts(events) -> None:
    row = measure(events, "reach").iloc[0]
    assert (row["numerator"], row["denominator"]) == (2, 3)
    assert row["value"] == pytest.approx(2 / 3)
    assert row["reasons"] == ("aggregate rows 1; not triaged 2; not eligible 1; eligibility blank 1; "
                              "arrival not recorded 1")
    assert [row["low"], row["high"]] == pytest.approx([0.2076596, 0.9385081], abs=1e-7)  # Wilson of 2 in 3


def test_not_triaged_is_not_ineligible(events) -> None:
    """The trap. Two not triaged and one unknown are open: they widen the bounds, whatever the form's default says.

    Worst: the two unserved are eligible, and the doubt was no arrival: 2 of 3 + 1 + 2. Best: the served one is
    eligible, and the doubt was an arrival: 4 of 5.
    """
    row = measure(events, "reach").iloc[0]
    assert row["bound_low"] == pytest.approx(2 / 6)
    assert row["bound_high"] == pytest.approx(4 / 5)
    assert row["recorded_share"] == pytest.approx(3 / 7)


def test_reach_by_a_programme(events) -> None:
    """Only responders of the programme serve; the others' arrivals are none of its own."""
    row = measure(events, "reach", responder="mobile_crisis,co_responder").iloc[0]
    assert (row["numerator"], row["denominator"]) == (1, 3)
    assert row["bound_high"] == pytest.approx(2 / 4)
    named = measure(events, "reach", responder=["mobile_crisis", "co_responder"]).iloc[0]
    assert named["value"] == row["value"]


def test_an_arrival_of_an_unknown_responder_is_a_doubt(rows) -> None:
    data = rows(contacts=[1, 1], eligible=[True, True], arrived_at=[T1, T1], responder=["mobile_crisis", None])
    row = measure(data, "reach", responder="mobile_crisis").iloc[0]
    assert (row["numerator"], row["denominator"], row["bound_low"]) == (1, 1, 0.5)


def test_without_arrivals_a_programme_is_known_by_its_responder(rows) -> None:
    data = rows(contacts=[1, 1], eligible=[True, True], responder=["mobile_crisis", "police"])
    row = measure(data, "reach", responder="mobile_crisis").iloc[0]
    assert row["value"] == 0.5
    assert row["reasons"].startswith("arrivals are not recorded in this source")
    assert measure(data, "reach")["reasons"].iloc[0] == "not recorded in this source: arrived_at"


def test_an_unknown_responder_is_refused(events) -> None:
    with pytest.raises(UserError, match="no responder 'mobile_crises'; did you mean 'mobile_crisis'"):
        measure(events, "reach", responder="mobile_crises")


def test_contacts_of_a_line_do_not_widen_the_bounds_of_a_response(rows) -> None:
    data = rows(contacts=[1, 1, 1], eligible=[True, True, None], arrived_at=[T1, None, None],
                record_kind=["field_response", "call_for_service", "hotline_contact"])
    row = measure(data, "reach").iloc[0]
    assert (row["value"], row["bound_low"], row["bound_high"]) == (0.5, 0.5, 0.5)
    assert row["reasons"] == "another kind of record 1"
    assert measure(data, "reach", where={"record_kind": ["field_response", "hotline_contact"]})["bound_low"][0] == 0.5


def test_contacts_weigh(rows) -> None:
    data = rows(contacts=[9, 1, None], eligible=[True, True, True], arrived_at=[T1, None, T1])
    row = measure(data, "reach").iloc[0]
    assert (row["value"], row["reasons"]) == (0.9, "contacts missing 1")


def test_reach_by_hour_of_week_and_area(rows) -> None:
    data = rows(contacts=[1] * 3, eligible=[True] * 3, arrived_at=[T1, None, None], area_id=["a", "a", "b"],
                received_local=["2025-01-06T09:00:00", "2025-01-06T09:30:00", "2025-01-11T23:00:00"],
                period_start=["2025-01-06", "2025-01-06", "2025-01-11"], time_precision=["minute"] * 3)
    frame = measure(data, "reach", by=("weekday", "hour", "area_id"))
    assert frame[["weekday", "hour", "area_id"]].to_numpy().tolist() == [["Mon", 9, "a"], ["Sat", 23, "b"]]
    assert frame["value"].to_list() == [0.5, 0]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.sampled_from([True, False, None]),
                          st.sampled_from(["came", "not", "doubt"])), min_size=1, max_size=10), st.data())
def test_bounds_hold_whatever_was_not_recorded(rows, events: list, draw: st.DataObject) -> None:
    if not any(triaged is not False and eligible for triaged, eligible, _came in events):
        events = [*events, (True, True, "came")]
    events = [*events, (True, False, "came")]  # so that arrivals are recorded in this source
    data = rows(contacts=[1] * len(events), triaged=[t for t, _e, _c in events], eligible=[e for _t, e, _c in events],
                arrived_at=[T1 if came == "came" else None for _t, _e, came in events],
                outcome=["resolved" if came == "doubt" else None for _t, _e, came in events])
    row = measure(data, "reach").iloc[0]
    truth = [(draw.draw(st.booleans()) if triaged is False or eligible is None else eligible,
              draw.draw(st.booleans()) if came == "doubt" else came == "came") for triaged, eligible, came in events]
    served = [came for eligible, came in truth if eligible]
    assert row["bound_low"] - 1e-12 <= sum(served) / len(served) <= row["bound_high"] + 1e-12
    assert row["rows_used"] + row["rows_left_out"] == len(events)


def test_the_planted_night_gap_is_found_and_the_bounds_hold_the_truth() -> None:
    """Every event is eligible in truth, so the planted reach is one less those that nobody was let reach."""
    needs = ("suicide", "substance_use", "domestic_violence", "welfare_check", "homelessness", "sexual_assault",
             "child_safety", "older_adult")
    made = simulate("call_for_service", months=6, areas=3, night_gap_share=0.6, weapon_share=0.0,
                    need={"mental_health": 1.0} | dict.fromkeys(needs, 0.0), risk={"imminent": 0.0})
    data = {"interventions": made.interventions}
    row = measure(data, "reach").iloc[0]
    truth = 1 - made.truth["response"]["not_reached"] / len(made.interventions)
    assert row["bound_low"] <= truth <= row["bound_high"]
    areas = list(made.truth["areas"])
    night = measure(data, "reach", by="area_id", where={"hour": [22, 23, 0, 1, 2, 3, 4, 5]}, confidence=0.9999)
    night = night.set_index("area_id")
    assert night.loc[areas[-1], "high"] < night.loc[areas[:-1], "low"].min()
