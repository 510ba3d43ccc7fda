"""Cascades: every contact is lost in one place, silence is not a no, and what nobody recorded is no loss."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.cascade import CHAINS, by_stage
from crisiskit.simulate import simulate

T0, T1 = "2025-01-06T09:00:00Z", "2025-01-06T09:20:00Z"


def lost(frame: pd.DataFrame) -> dict[str, float]:
    """Losses by reason, those of none left out."""
    held = frame[frame["loss"].notna() & (frame["lost"] > 0)]
    return dict(zip(held["loss"], held["lost"], strict=True))


def reached(frame: pd.DataFrame) -> dict[str, float]:
    held = frame[frame["loss"].isna()]
    return dict(zip(held["stage"], held["reached"], strict=True))


@pytest.fixture
def events(rows) -> dict[str, pd.DataFrame]:
    """Ten events, each lost for a reason of its own or come to the end; each weighs as many contacts as its place."""
    return rows(
        contacts=list(range(1, 11)), area_id=["a"] * 5 + ["b"] * 5,
        triaged=[False, None, True, True, True, True, True, True, True, True],
        eligible=[None, None, False, None, True, True, True, True, True, True],
        received_local=["2025-01-06T09:00:00"] * 4 + ["2025-01-06T23:00:00"] + ["2025-01-06T09:00:00"] * 5,
        dispatched_at=[T0] * 5 + [None, None, T0, T0, T0], arrived_at=[T1] * 5 + [None] * 4 + [T1],
        responder=[None] * 5 + ["none", None, None, "police", "police"],
        outcome=["resolved"] * 5 + [None, None, "cancelled", None, "resolved"])


def test_each_loss_has_its_row(events) -> None:
    frame = measure(events, "cascade", hours="Mon-Fri 08:00-20:00")
    assert lost(frame) == {
        "not triaged": 1, "triage not recorded": 2, "not eligible": 3, "eligibility not recorded": 4,
        "outside service hours": 5, "not dispatched": 6, "reason not recorded": 7, "no arrival": 8,
        "arrival not recorded": 9}
    assert reached(frame) == {"all contacts": 55, "triaged": 52, "eligible": 45, "in service hours": 40,
                              "dispatched": 27, "arrived": 10, "outcome recorded": 10}
    assert frame["lost"].sum() + frame["reached"].dropna().iloc[-1] == 55
    assert set(frame["reasons"]) == {"stages not recorded in this source: engaged"}
    row = frame[frame["loss"] == "outside service hours"].iloc[0]
    assert (row["numerator"], row["denominator"], row["share_of_start"]) == (5, 45, pytest.approx(5 / 55))
    assert row["value"] == pytest.approx(5 / 45)
    assert row["helped"] == 5


def test_not_triaged_is_never_counted_as_ineligible(rows) -> None:
    """The trap: forms write "no" into eligibility where nobody assessed the event."""
    data = rows(contacts=[1] * 4, triaged=[False, False, True, True], eligible=[False, None, False, True])
    assert lost(measure(data, "cascade")) == {"not triaged": 2, "not eligible": 1}


def test_eligibility_that_was_decided_says_that_triage_took_place(rows) -> None:
    data = rows(contacts=[1] * 3, triaged=[None, None, True], eligible=[False, None, True])
    assert lost(measure(data, "cascade")) == {"not eligible": 1, "triage not recorded": 1}


def test_a_stage_that_the_source_does_not_record_is_skipped_and_named(rows) -> None:
    """The trap: a loss of everyone at a stage that nobody writes down."""
    frame = measure(rows(contacts=[1, 1], eligible=[True, False]), "cascade")
    assert list(frame["stage"].unique()) == ["all contacts", "eligible"]
    assert frame["reasons"].iloc[0] == (
        "stages not recorded in this source: triaged, dispatched, arrived, engaged, outcome recorded; "
        "stage skipped, no hours of service given: in service hours")


def test_a_group_without_records_of_a_stage_says_so(rows) -> None:
    data = rows(contacts=[1] * 4, source=["x", "x", "y", "z"], eligible=[True, False, None, None],
                dispatched_at=[T0, T0, T0, None])
    frame = measure(data, "cascade", by="source")
    own = frame[frame["source"] == "y"]
    assert lost(own) == {"eligibility not recorded": 1}
    assert own["reasons"].iloc[0].endswith("; not recorded in this group: eligible")
    nothing = frame[frame["source"] == "z"]
    assert nothing[["value", "numerator", "reached", "lost", "helped"]].isna().all().all()
    assert nothing["reasons"].iloc[0].startswith("not recorded in this group: triaged, eligible")
    alone = measure(data, "cascade", where={"source": "z"})
    assert len(alone) == 1
    assert alone["reasons"].iloc[0].startswith("not recorded in these rows: triaged, eligible")


def test_whoever_arrived_was_dispatched(rows) -> None:
    data = rows(contacts=[1, 1], dispatched_at=[T0, None], arrived_at=[T1, T1])
    assert lost(measure(data, "cascade")) == {}


@pytest.mark.parametrize(("columns", "reason"), [
    ({}, "arrival not recorded"), ({"missing": "arrived_at=set_aside"}, "arrival not recorded"),
    ({"missing": "age=unknown;arrived_at=not_applicable"}, "no arrival"), ({"end_point": "cancelled"}, "no arrival"),
    ({"outcome": "unable_to_locate"}, "arrival not recorded")])
def test_a_blank_arrival_is_not_proof_that_nobody_came(rows, columns: dict, reason: str) -> None:
    data = rows(contacts=[1, 1], dispatched_at=[T0, T0], arrived_at=[T1, None],
                **{name: [None, value] for name, value in columns.items()})
    assert lost(measure(data, "cascade"))[reason] == 1


def test_a_placeholder_of_engagement_is_none_where_nobody_was_found(rows) -> None:
    data = rows(contacts=[1, 1], arrived_at=[T1, T1], outcome=["resolved", "unable_to_locate"])
    data["interventions"]["engaged_at"] = pd.to_datetime([T1, T1], utc=True)
    assert lost(measure(data, "cascade")) == {"not engaged": 1}


def test_period_totals_and_unknown_numbers_of_contacts_are_left_out_and_counted(rows) -> None:
    data = rows(contacts=[2, 90, None], is_aggregate=[False, True, False], eligible=[True, True, True])
    frame = measure(data, "cascade")
    assert frame["reached"].iloc[0] == 2
    assert set(frame["rows_used"]) == {1}
    assert set(frame["rows_left_out"]) == {2}
    assert frame["reasons"].iloc[0].startswith("aggregate rows 1; contacts missing 1; ")
    only = measure({"interventions": data["interventions"].iloc[[0, 1]].assign(area_id=["a", "b"])}, "cascade",
                   by="area_id").set_index("area_id")
    assert only.loc["b", ["value", "reached", "lost", "helped"]].isna().all().all()


def test_a_line(rows) -> None:
    data = rows(contacts=[1] * 6, offered=[1, 1, 1, 1, 1, 0], answered=[1, 1, 0, 0, None, None],
                abandoned=[0, 0, 1, 0, None, None], outcome=["resolved", "unknown", None, None, None, None],
                referred=[True, None, None, None, None, None])
    frame = measure(data, "cascade", chain="line")
    assert lost(frame) == {"not offered": 1, "abandoned": 1, "not answered": 1, "answer not recorded": 1,
                           "outcome not recorded": 1}
    assert reached(frame)["referred"] == 1


def test_a_row_of_several_contacts_that_were_answered_in_part_cannot_be_placed(rows) -> None:
    data = rows(contacts=[5, 5], offered=[5, 5], answered=[5, 3])
    assert lost(measure(data, "cascade", chain="line")) == {"answer not recorded": 5}


def test_cit_flags_are_not_nested_and_those_helped_all_the_same_are_shown(rows) -> None:
    """The trap: an arrival without a request is common; the cascade loses it and says that somebody came."""
    data = rows(contacts=[1] * 3, cit_requested=[True, False, True], cit_dispatched=[True, False, False],
                cit_arrived=[True, True, False])
    frame = measure(data, "cascade", chain="cit").set_index("loss")
    assert lost(frame.reset_index()) == {"CIT not requested": 1, "CIT not dispatched": 1}
    assert frame.loc["CIT not requested", "helped"] == 1
    assert frame.loc["CIT not dispatched", "helped"] == 0


def test_kinds_of_record_that_were_pooled_are_named(rows) -> None:
    data = rows(contacts=[1, 1], eligible=[True, True], record_kind=["field_response", "call_for_service"])
    assert measure(data, "cascade")["reasons"].iloc[0].endswith(
        "pooled over record_kind: call_for_service, field_response")


def test_contacts_of_a_line_are_no_losses_of_a_response(rows) -> None:
    """The trap: a source of the line beside one of the field, whose contacts nobody triaged."""
    data = rows(contacts=[1, 1, 5], triaged=[True, True, None], eligible=[True, False, None], offered=[None, None, 1],
                answered=[None, None, 1], record_kind=["field_response", "field_response", "hotline_contact"])
    frame = measure(data, "cascade")
    assert (frame["reached"].iloc[0], lost(frame)) == (2, {"not eligible": 1})
    assert frame["reasons"].iloc[0].startswith("another kind of record 1; ")
    line = measure(data, "cascade", chain="line", where={"record_kind": "hotline_contact"})
    assert line["reached"].iloc[0] == 5
    asked = measure(data, "cascade", where={"record_kind": ["field_response", "hotline_contact"]})
    assert lost(asked) == {"triage not recorded": 5, "not eligible": 1}


def test_a_chain_that_only_other_kinds_of_record_have_is_not_recorded(rows) -> None:
    frame = measure(rows(contacts=[1, 1], referred=[True, False], record_kind=["field_response"] * 2), "cascade",
                    chain="line")
    assert len(frame) == 1
    assert frame["reasons"].iloc[0] == "not recorded in these rows: offered, answered, referred"
    assert frame["rows_left_out"].iloc[0] == 2


def test_an_outcome_alone_is_no_cascade(rows) -> None:
    frame = measure(rows(contacts=[1], outcome=["resolved"]), "cascade", chain="cit")
    assert frame["reasons"].to_list() == ["not recorded in this source: cit_requested, cit_dispatched, cit_arrived"]


def test_an_unknown_chain(rows) -> None:
    with pytest.raises(UserError, match="did you mean 'line'"):
        measure(rows(contacts=[1]), "cascade", chain="lines")


def test_folded_to_stages(events) -> None:
    frame = by_stage(measure(events, "cascade", by="area_id"))
    assert list(frame.columns) == ["area_id", "stage", "reached", "lost", "share_of_start"]
    first = frame[frame["area_id"] == "a"].set_index("stage")
    assert first["lost"].to_dict() == {"all contacts": 0, "triaged": 3, "eligible": 7, "dispatched": 0, "arrived": 0,
                                       "outcome recorded": 0}
    assert first["reached"].iloc[-1] == 5


flag = st.sampled_from([True, False, None])
moment = st.sampled_from([T0, None])
row = st.fixed_dictionaries({
    "contacts": st.sampled_from([0, 1, 1, 3, None]), "is_aggregate": st.sampled_from([False, False, False, True]),
    "area_id": st.sampled_from(["a", "b", None]), "triaged": flag, "eligible": flag, "dispatched_at": moment,
    "arrived_at": moment, "cit_requested": flag, "cit_dispatched": flag, "cit_arrived": flag, "referred": flag,
    "received_local": st.sampled_from(["2025-01-06T09:00:00", "2025-01-05T09:00:00", None]),
    "outcome": st.sampled_from(["resolved", "cancelled", "unable_to_locate", "unknown", None]),
    "end_point": st.sampled_from(["engaged", "refused", None]), "offered": st.sampled_from([0, 1, None]),
    "answered": st.sampled_from([0, 1, 3, None]), "abandoned": st.sampled_from([0, 1, None]),
    "record_kind": st.sampled_from([None, "field_response", "hotline_contact"]),
    "missing": st.sampled_from([None, "arrived_at=not_applicable", "eligible=declined"]),
})


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(row, min_size=1, max_size=12), st.sampled_from(sorted(CHAINS)),
       st.sampled_from([None, "Mon-Fri 08:00-20:00"]))
def test_the_start_is_all_losses_and_the_end(rows, drawn: list[dict], chain: str, hours: str | None) -> None:
    """Conservation, in contacts and in rows, by group, whatever is missing or contradicts itself."""
    held = pd.DataFrame(drawn).astype("object")
    data = rows(**{name: list(held[name].where(held[name].notna(), None)) for name in held})
    frame = measure(data, "cascade", by="area_id", chain=chain, hours=hours)
    if frame["stage"].isna().all():
        return  # nothing of the chain is recorded, which is one row that says so
    other = held["record_kind"].notna() & ~held["record_kind"].isin(CHAINS[chain].kinds)
    single = held[~held["is_aggregate"].astype("bool") & held["contacts"].notna() & ~other]
    for area, part in frame.groupby("area_id", dropna=False):
        mine = held["area_id"].isna() if pd.isna(area) else held["area_id"] == area
        assert (part["rows_used"] + part["rows_left_out"] == mine.sum()).all()
        if part["reached"].isna().all():
            continue  # no single record, or nothing of the chain recorded in this group
        start = single.loc[mine.reindex(single.index), "contacts"].sum()
        at = part["reached"].dropna()
        assert at.iloc[0] == start
        assert part["lost"].sum() + at.iloc[-1] == start
        assert at.is_monotonic_decreasing
        assert (part["lost"].dropna() >= 0).all()


def test_the_planted_losses_are_found() -> None:
    """Those without an arrival are the events that nobody was let reach, and those whose arrival was left blank."""
    made = simulate("call_for_service", months=3, areas=4, responder={"cit_officer": 0.0}, cit_requested_share=0.0)
    data = {"interventions": made.interventions.drop(columns=["triaged", "eligible"])}
    truth, found = made.truth["response"], lost(measure(data, "cascade"))
    assert found["no arrival"] + found["arrival not recorded"] == truth["not_reached"] + truth["arrival_left_blank"]
    assert found["no arrival"] == (made.interventions["outcome"] == "cancelled").sum()
