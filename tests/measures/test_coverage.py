"""Coverage: demand by hour of the week, what is within the hours, what a shift would add, what has no hour."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.coverage import added_shift, best_shifts, coverage
from crisiskit.measures.service_hours import read
from crisiskit.simulate import simulate

HOURS = "Mon-Fri 08:00-20:00"


@pytest.fixture
def week(rows) -> dict[str, pd.DataFrame]:
    """Monday 9:00 three contacts, Monday 21:00 two, Saturday 9:30 one, one of unknown time, and a month's total."""
    return rows(contacts=[3, 2, 1, 1, 90], is_aggregate=[False] * 4 + [True], area_id=["a", "a", "b", "b", "a"],
                received_local=["2025-01-06T09:00:00", "2025-01-06T21:00:00", "2025-01-11T09:30:00", None, None])


def test_coverage_is_of_contacts_of_known_time(week) -> None:
    """The trap: counting a period total, or an unknown hour, as within the hours or outside them."""
    row = measure(week, "coverage", hours=HOURS).iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (3, 6, 0.5)
    assert row["reasons"] == "aggregate rows 1; hour not recorded 1"
    assert [row["low"], row["high"]] == pytest.approx([0.1876163, 0.8123837], abs=1e-7)  # Wilson, by hand
    assert (row["bound_low"], row["bound_high"]) == (pytest.approx(3 / 7), pytest.approx(4 / 7))
    assert row["label"] == "Contacts within the hours of service (Mon-Fri 08:00-20:00)"


def test_coverage_by_area(week) -> None:
    frame = measure(week, "coverage", by="area_id", hours=HOURS).set_index("area_id")
    assert frame["value"].to_dict() == {"a": 0.6, "b": 0}


def test_coverage_needs_hours(week) -> None:
    with pytest.raises(UserError, match="needs the hours of service: hours='...'; write it like"):
        measure(week, "coverage")


def test_without_a_clock_there_is_no_coverage(rows) -> None:
    data = rows(contacts=[1, 1])
    assert measure(data, "coverage", hours=HOURS)["reasons"].iloc[0] == "not recorded in this source: received_local"
    frame = coverage(data, HOURS)
    assert len(frame) == 1
    assert frame.iloc[0][["demand", "covered", "share_covered"]].isna().all()
    assert frame["reasons"].iloc[0] == "not recorded in this source: received_local"


def test_the_clock_of_demand_has_every_hour_of_the_week(week) -> None:
    frame = coverage(week, HOURS)
    assert len(frame) == 168
    assert list(frame["weekday"].iloc[[0, 24, 167]]) == ["Mon", "Tue", "Sun"]
    held = frame[frame["demand"] > 0].set_index(["weekday", "hour"])
    assert held["demand"].to_dict() == {("Mon", 9): 3, ("Mon", 21): 2, ("Sat", 9): 1}
    assert held["covered"].to_list() == [3, 0, 0]
    assert held["in_service"].to_list() == [1, 0, 0]
    assert (frame["share_covered"] == 0.5).all()
    assert (frame["hour_not_recorded"] == 1).all()


def test_the_clock_by_area_keeps_areas_apart(week) -> None:
    frame = coverage(week, HOURS, by="area_id")
    assert frame.groupby("area_id")["demand"].sum().to_dict() == {"a": 5, "b": 1}
    assert frame.groupby("area_id")["hour_not_recorded"].first().to_dict() == {"a": 0, "b": 1}
    unknown = coverage({"interventions": week["interventions"].iloc[[0, 3]]}, HOURS, by="area_id").set_index("area_id")
    assert unknown.loc["b", "demand"].isna().all()


def test_an_added_shift_counts_only_what_the_present_hours_miss(week) -> None:
    row = added_shift(week, HOURS, "Mon 18:00-22:00; Sat 08:00-10:00").iloc[0]
    assert (row["demand"], row["covered"], row["added"]) == (6, 3, 3)
    assert (row["share_covered"], row["share_after"], row["value"]) == (0.5, 1, 0.5)
    assert row["hours_added"] == 4
    inside_already = added_shift(week, HOURS, "Mon 08:00-12:00").iloc[0]
    assert (inside_already["added"], inside_already["hours_added"]) == (0, 0)


def test_the_best_shift_is_where_the_uncovered_demand_is() -> None:
    demand = np.zeros(168)
    demand[[9, 22, 24 + 1, 130]] = [50, 4, 3, 6]
    best = best_shifts(demand, HOURS, length_h=4, top=2)
    assert best["shift"].iloc[0] == "Mon 22:00-02:00"
    assert best["added"].to_list() == [7, 6]
    assert best["share_added"].iloc[0] == pytest.approx(7 / 63)
    assert best["hours_added"].iloc[0] == 4


def test_a_daily_shift_is_worked_on_every_day() -> None:
    demand = np.tile(np.arange(24), 7)
    row = best_shifts(demand, "Mon-Sun 08:00-20:00", length_h=8, daily=True).iloc[0]
    assert row["shift"] == "daily 20:00-04:00"
    assert row["added"] == 7 * (20 + 21 + 22 + 23 + 0 + 1 + 2 + 3)
    assert row["hours_added"] == 56


def test_an_hour_open_in_part_adds_in_proportion() -> None:
    demand = np.zeros(168)
    demand[20] = 10
    assert best_shifts(demand, "Mon 08:00-20:30", length_h=1)["added"].iloc[0] == 5


@pytest.mark.parametrize(("demand", "length", "message"), [
    (np.zeros(24), 8, "168 counts are needed"), (np.full(168, np.nan), 8, "all known"),
    (np.zeros(168), 0, "whole number of hours from 1 to 24"), (np.zeros(168), 7.5, "whole number of hours")])
def test_what_cannot_be_ranked_is_refused(demand: np.ndarray, length: float, message: str) -> None:
    with pytest.raises(UserError, match=message):
        best_shifts(demand, HOURS, length_h=length)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 167), st.integers(1, 24), st.booleans())
def test_a_shift_reads_back_as_the_hours_that_it_was_ranked_for(start: int, length: int, daily: bool) -> None:
    demand = np.zeros(168)
    window = (start + np.arange(length)) % 168
    demand[window] = 1
    text = best_shifts(demand, "Mon 00:00-00:01", length_h=length, top=168, daily=daily)["shift"]
    lengths = {read(shift).hours_per_week for shift in text}
    assert lengths == {length * 7 if daily else length}
    assert any(read(shift).open_share[window].all() for shift in text)


def test_a_planted_night_without_service_is_found() -> None:
    """Contacts come at the hours of the planted profile: with no demand at night, a night shift would reach nobody."""
    day = (0,) * 8 + (1,) * 12 + (0,) * 4
    data = {"interventions": simulate("call_for_service", months=2, areas=2, hour=day).interventions}
    assert measure(data, "coverage", hours="daily 08:00-20:00")["value"].iloc[0] == 1
    half = measure(data, "coverage", hours="daily 08:00-14:00", confidence=0.9999).iloc[0]
    assert half["low"] < 0.5 < half["high"]
    best = best_shifts(coverage(data, "daily 08:00-14:00")["demand"], "daily 08:00-14:00", length_h=6, daily=True)
    assert best["shift"].iloc[0] == "daily 14:00-20:00"


def test_unanswered_and_abandoned_by_hour_and_channel(rows) -> None:
    data = rows(contacts=[1] * 4, offered=[1] * 4, answered=[1, 0, 1, 0], abandoned=[0, 1, 0, 1],
                modality=["phone", "phone", "chat", "phone"],
                received_local=["2025-01-06T09:00:00"] * 3 + ["2025-01-06T23:00:00"])
    for name, values in (("answer_rate", [1, 0.5, 0]), ("abandonment", [0, 0.5, 1])):
        frame = measure(data, name, by=("hour", "modality"))
        assert list(zip(frame["hour"], frame["modality"], strict=True)) == [(9, "chat"), (9, "phone"), (23, "phone")]
        assert frame["value"].to_list() == values
