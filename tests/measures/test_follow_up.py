"""Follow-up: anonymous contacts are ineligible, several steps are one person, hours not yet observed fail nobody."""

import pandas as pd
import pytest
from followed import followed
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.simulate import simulate

DAY = "2025-01-01T00:00:00Z"
SHARES = ("follow_up_offered", "follow_up_consented", "follow_up_attempted", "follow_up_reached")


def ledger(row: pd.Series) -> tuple:
    return row["numerator"], row["denominator"], row["rows_used"], row["rows_left_out"], row["reasons"]


@pytest.fixture
def line() -> dict[str, pd.DataFrame]:
    """Seven contacts: reached in 10 h after a failed try, in 30 h, refused, ineligible, two without, one late."""
    contacts = {"record_id": list("abcdefg"), "contacts": 1, "person_key": ["1", "2", "3", None, "5", None, "7"],
                "received_at": [DAY] * 6 + ["2025-01-09T20:00:00Z"], "area_id": ["n", "n", "n", "s", "s", "s", "s"]}
    steps = {
        "record_id": ["a", "a", "b", "c", "d", "g", "zz"], "step": "follow_up",
        "status": ["unreachable", "attended", "attended", "refused", "ineligible", "consented", "attended"],
        "attempted_at": ["2025-01-01T05:00:00Z", "2025-01-01T10:00:00Z", "2025-01-02T06:00:00Z", *[None] * 4],
        "reached_at": [None, "2025-01-01T10:00:00Z", "2025-01-02T06:00:00Z", None, None, None, "2025-01-10T00:00:00Z"],
        "provider": ["x", "x", "y", "y", "y", "y", "y"]}
    return followed(contacts, steps)


def test_offered_is_of_those_who_can_be_followed_up(line) -> None:
    """a, b, c and g were offered it, e was not; d is ineligible, f anonymous: 4 of 5, not 4 of 7 and not 6 steps."""
    row = measure(line, "follow_up_offered").iloc[0]
    assert ledger(row) == (4, 5, 5, 2, "ineligible 1; anonymous: no person key 1; steps that meet no contact: 1")


def test_offered_needs_no_person_key_where_the_source_keeps_none(line) -> None:
    line["interventions"] = line["interventions"].drop(columns="person_key")
    assert ledger(measure(line, "follow_up_offered").iloc[0])[:2] == (4, 6)


def test_contacts_in_which_nobody_was_met_are_not_offered_anything(line) -> None:
    line["interventions"]["outcome"] = [None] * 4 + ["unable_to_locate", None, None]
    row = measure(line, "follow_up_offered").iloc[0]
    assert row["denominator"] == 4
    assert "nobody met 1" in row["reasons"]
    line["interventions"]["answered"] = [1, 1, 1, 1, 0, 1, 1]
    assert "not answered 1" in measure(line, "follow_up_offered")["reasons"].iloc[0]


def test_consent_is_not_read_from_an_attempt() -> None:
    """An unreachable person's consent is lost, unless the contact has it; then the bounds close."""
    steps = {"record_id": list("abc"), "step": "follow_up", "status": ["attended", "refused", "unreachable"]}
    row = measure(followed({"record_id": list("abc")}, steps), "follow_up_consented").iloc[0]
    assert ledger(row) == (1, 2, 2, 1, "consent not recorded 1")
    assert (row["bound_low"], row["bound_high"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    known = followed({"record_id": list("abc"), "consented": [None, None, True]}, steps)
    assert ledger(measure(known, "follow_up_consented").iloc[0]) == (2, 3, 3, 0, "")


def test_several_steps_of_one_contact_are_one_person(line) -> None:
    """a and b were tried in 24 h and 48 h; the step without a contact has no clock; g was watched for 4 h only."""
    row = measure(line, "follow_up_attempted", within_h=24).iloc[0]
    reasons = ("ineligible 1; no single contact of that record_id 1; observed for less than 24 h 1; "
               "steps that meet no contact: 1; observed until 2025-01-10")
    assert ledger(row) == (1, 3, 3, 3, reasons)
    assert measure(line, "follow_up_attempted", within_h=48)["numerator"].iloc[0] == 2


@pytest.mark.parametrize(("within_h", "reached"), [(9, 0), (10, 1), (29.9, 1), (30, 2)])
def test_reached_within_so_many_hours(line, within_h: float, reached: int) -> None:
    assert measure(line, "follow_up_reached", within_h=within_h, until="2025-01-03")["numerator"].iloc[0] == reached


def test_hours_not_yet_observed_are_no_failure(line) -> None:
    """On 2025-01-01, 24 h are exactly over for what began at midnight, and 48 h are over for nobody."""
    assert measure(line, "follow_up_reached", within_h=24, until="2025-01-01")["denominator"].iloc[0] == 3
    row = measure(line, "follow_up_reached", within_h=48, until="2025-01-01").iloc[0]
    assert pd.isna(row["value"])
    assert row["rows_used"] == 0


def test_of_those_who_agreed(line) -> None:
    """Of a, b and c only a and b agreed."""
    row = measure(line, "follow_up_reached", within_h=30, of="consented").iloc[0]
    assert ledger(row)[:2] == (2, 2)
    assert "did not agree 1" in row["reasons"]
    assert row["label"] == "Follow-up reached the person within 30 h, clock from received, share of those consented"


def test_the_clock_can_start_when_the_step_was_due() -> None:
    """Before its time is in time; no contact is needed for this clock."""
    steps = {"record_id": [None, None, None], "step": "follow_up", "due_at": [DAY, DAY, None],
             "attempted_at": ["2024-12-31T12:00:00Z", "2025-01-03T00:00:00Z", "2025-01-09T00:00:00Z"]}
    row = measure(followed(None, steps), "follow_up_attempted", start="due").iloc[0]
    assert ledger(row)[:4] == (1, 2, 2, 1)
    assert "start missing 1" in row["reasons"]


def test_a_moment_that_is_not_known_widens_the_bounds() -> None:
    """One in time, one reached at an unknown moment, one moment set aside: 1 of 1, between 1 of 3 and 3 of 3."""
    steps = {"record_id": list("abc"), "step": "follow_up", "status": ["attended", "attended", None],
             "reached_at": ["2025-01-01T03:00:00Z", None, None], "missing": [None, None, "reached_at=set_aside"]}
    contacts = {"record_id": list("abcd"), "received_at": [DAY] * 3 + ["2025-01-09T00:00:00Z"]}
    row = measure(followed(contacts, steps), "follow_up_reached").iloc[0]
    assert ledger(row) == (1, 1, 1, 2, "time of reaching missing 2; observed until 2025-01-09")
    assert (row["bound_low"], row["bound_high"]) == (pytest.approx(1 / 3), 1)


def test_a_moment_before_the_contact_is_set_apart(line) -> None:
    line["interventions"].loc[0, "received_at"] = pd.Timestamp("2025-01-01T07:00:00Z")
    assert "before its start 1" in measure(line, "follow_up_attempted")["reasons"].iloc[0]


def test_grouped_by_columns_of_the_step_and_of_its_contact(line) -> None:
    by_provider = measure(line, "follow_up_reached", by="provider", within_h=30).set_index("provider")
    assert by_provider["denominator"].to_dict() == {"x": 1, "y": 2}
    by_area = measure(line, "follow_up_reached", by="area_id", within_h=30).set_index("area_id")
    assert by_area["denominator"].iloc[0] == 3
    assert by_area.index[-1] is None or pd.isna(by_area.index[-1])
    chosen = measure(line, "follow_up_reached", where={"area_id": "n"}, within_h=30).iloc[0]
    assert chosen["denominator"] == 3
    assert "steps that meet no contact: 1" in chosen["reasons"]


def test_a_contact_that_stands_twice_multiplies_nothing(line) -> None:
    """Two rows of one record_id name no single contact: its steps have no clock, and it is in no share of contacts."""
    held = line["interventions"]
    line["interventions"] = pd.concat([held, held.iloc[[0]]], ignore_index=True)
    offered = measure(line, "follow_up_offered").iloc[0]
    assert (offered["numerator"], offered["denominator"]) == (3, 4)
    assert "record_id stands on several rows 2" in offered["reasons"]
    reached = measure(line, "follow_up_reached", within_h=30).iloc[0]
    assert reached["denominator"] == 2
    assert "no single contact of that record_id 2" in reached["reasons"]


def test_a_wrong_code_of_a_column_of_the_contact_is_refused(line) -> None:
    with pytest.raises(UserError, match=r"there is no code 'polise'.*police"):
        measure(line, "follow_up_reached", where={"responder": "polise"})
    with pytest.raises(UserError, match="2025-1-1.*2025-01-31"):
        measure(line, "follow_up_reached", until="2025-1-1")


@pytest.mark.parametrize("name", SHARES)
def test_a_source_without_follow_up_has_not_failed_at_it(name: str) -> None:
    others = followed({"record_id": ["a"]}, {"record_id": ["a"], "step": ["survey"]})
    row = measure(others, name, by="area_id").iloc[0]
    assert row[["numerator", "value", "bound_low"]].isna().all()
    assert row["reasons"] == "not recorded in this source: step 'follow_up'"
    none = {"interventions": others["interventions"]}
    assert measure(none, name)["reasons"].iloc[0] == "not recorded in this source: table 'follow_ups'"


def test_a_source_without_moments_says_so() -> None:
    steps = {"record_id": ["a"], "step": ["follow_up"], "status": ["attended"]}
    row = measure(followed({"record_id": ["a"], "received_at": [DAY]}, steps), "follow_up_reached").iloc[0]
    assert row["reasons"] == "not recorded in this source: reached_at"


def test_the_simulated_cascade_is_found() -> None:
    """The truth counts all that was drawn; every step's 72 h had passed when the last one was recorded."""
    drawn = simulate("hotline_contact", months=2, areas=2)
    tables, truth = {"interventions": drawn.interventions, "follow_ups": drawn.follow_ups}, drawn.truth["follow_ups"]
    known = truth["follow_up"]
    offered = measure(tables, "follow_up_offered").iloc[0]
    assert offered["numerator"] == known["offered"]
    assert f"ineligible {known['ineligible']}" in offered["reasons"]
    consented = measure(tables, "follow_up_consented").iloc[0]
    assert (consented["numerator"], consented["denominator"]) == (known["consented"], known["offered"])
    for hours in (24, 48, 72):
        reached = measure(tables, "follow_up_reached", within_h=hours, of="consented").iloc[0]
        assert (reached["numerator"], reached["denominator"]) == (known[f"within_{hours}_h"], known["consented"])


@settings(max_examples=8, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcx"), st.sampled_from(["attended", "refused", "ineligible", None]),
                          st.sampled_from([None, "2025-01-01T12:00:00Z", "2025-01-05T00:00:00Z"])),
                min_size=1, max_size=12))
def test_every_contact_with_steps_is_used_or_left_out(drawn: list) -> None:
    records, states, moments = zip(*drawn, strict=True)
    steps = {"record_id": records, "step": "follow_up", "status": states, "attempted_at": moments}
    row = measure(followed({"record_id": list("abc"), "received_at": DAY}, steps), "follow_up_attempted").iloc[0]
    if row["reasons"].startswith("not recorded"):
        assert set(moments) == {None}
        return
    assert row["rows_used"] + row["rows_left_out"] == len(set(records))
    assert pd.isna(row["value"]) or row["bound_low"] <= row["value"] <= row["bound_high"]
