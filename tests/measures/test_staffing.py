"""Staffing: the load of an hour rests on the hours covered, an interval, one handle time; overload and chat refuse."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.erlang import Target, agents_needed, waiting, with_shrinkage
from crisiskit.measures.intervals import garwood


def calls(weeks: int = 4, each: int = 3, **columns) -> dict[str, pd.DataFrame]:
    """`each` calls at 9 and one at 10 on the Mondays of some weeks, 20 minutes each; and one call on each Sunday."""
    mondays = pd.date_range("2025-01-06", periods=weeks, freq="7D")
    local = [day + pd.Timedelta(hours=9, minutes=m) for day in mondays for m in range(each)]
    local += [day + pd.Timedelta(hours=10) for day in mondays]
    local += [day + pd.Timedelta(days=6, hours=23) for day in mondays]
    frame = pd.DataFrame({"received_local": local, "contacts": 1, "duration_min": 20.0, "is_aggregate": False,
                          "time_zone": "America/Chicago", "answered": 1})
    frame["period_start"] = frame["received_local"].dt.date
    return {"interventions": frame.assign(**columns)}


def at(frame: pd.DataFrame, weekday: str, hour: int) -> pd.Series:
    return frame[(frame["weekday"] == weekday) & (frame["hour"] == hour)].iloc[0]


def test_the_load_of_an_hour_and_the_staff_that_it_needs() -> None:
    """12 calls in 4 hours of 20 minutes: 3 an hour, 1 erlang; C(3, 1) = 1/11 makes 3 agents the fewest, 5 of staff."""
    frame = measure(calls(), "staff_needed")
    assert len(frame) == 168
    row = at(frame, "Mon", 9)
    assert (row["numerator"], row["denominator"], row["arrivals_per_hour"]) == (12, 4, 3)
    assert (row["handle_min"], row["erlangs"], row["agents"]) == (20, 1, 3)
    assert (row["value"], row["occupancy"]) == (5, pytest.approx(1 / 3))
    assert waiting(1, 1200, 3, 20).service_level >= 0.8 > waiting(1, 1200, 2, 20).service_level
    quiet = at(frame, "Tue", 3)
    assert (quiet["arrivals_per_hour"], quiet["denominator"], quiet["value"], quiet["low"]) == (0, 4, 0, 0)
    assert quiet["high"] > 0


def test_the_interval_is_the_staff_at_the_limits_of_the_arrival_rate() -> None:
    row = at(measure(calls(), "staff_needed"), "Mon", 9)
    assert row["dispersion"] == 1
    low, high = garwood(12)
    assert (row["arrivals_low"], row["arrivals_high"]) == (pytest.approx(low / 4), pytest.approx(high / 4))
    assert row["low"] == with_shrinkage(agents_needed(float(low) / 12, 1200, Target()), 0.3)
    assert row["high"] == with_shrinkage(agents_needed(float(high) / 12, 1200, Target()), 0.3)


def test_weeks_that_differ_widen_the_interval() -> None:
    """0, 0, 0 and 12 calls at one hour: Pearson's chi-square is 3 x 3 + 81 / 3 = 36; the two even hours add none."""
    data = calls()
    frame = data["interventions"]
    frame.loc[frame["received_local"].dt.hour == 9, "received_local"] = pd.Timestamp("2025-01-27T09:00")
    row = at(measure(data, "staff_needed"), "Mon", 9)
    assert row["dispersion"] == pytest.approx(36 / 9)  # three hours with contacts, four weeks: 3 x (4 - 1)
    low, high = garwood(12 / 4)
    assert (row["arrivals_low"], row["arrivals_high"]) == (pytest.approx(4 * low / 4), pytest.approx(4 * high / 4))


def test_partial_weeks_count_the_hours_that_they_have() -> None:
    """Data from Monday to the next Tuesday hold two Mondays and one Sunday; no division by weeks would say so."""
    frame = calls(weeks=1)["interventions"]
    more = pd.DataFrame({"received_local": pd.to_datetime(["2025-01-13T09:30", "2025-01-14T12:00"]), "contacts": 1,
                         "duration_min": 20.0, "time_zone": "America/Chicago"})
    answer = measure({"interventions": pd.concat([frame, more], ignore_index=True)}, "staff_needed")
    assert [at(answer, day, 5)["denominator"] for day in ("Mon", "Tue", "Wed", "Sun")] == [2, 2, 1, 1]
    assert at(answer, "Mon", 9)["arrivals_per_hour"] == 2


def test_a_ratio_of_sums_over_answered_contacts_is_the_handle_time() -> None:
    data = calls()
    frame = data["interventions"]
    frame.loc[0, ["contacts", "duration_min"]] = [4, 120.0]
    frame.loc[1, ["answered", "duration_min"]] = [0, 0.0]
    rest = len(frame) - 2
    row = measure(data, "staff_needed").iloc[0]
    assert row["handle_min"] == pytest.approx((120 + 20 * rest) / (4 + rest))
    assert measure(data, "staff_needed", handle_min=9).iloc[0]["handle_min"] == 9
    lacking = {"interventions": frame.drop(columns="duration_min")}
    assert measure(lacking, "staff_needed")["reasons"].iloc[0] == "not recorded in this source: duration_min"
    assert at(measure(lacking, "staff_needed", handle_min=9), "Mon", 9)["value"] > 0


def test_chat_served_one_at_a_time_gives_no_staff() -> None:
    """Three chats of 20 minutes side by side are not three workers; mixed in silently they would be."""
    data = calls()
    data["interventions"]["modality"] = ["chat"] * 12 + ["phone"] * 8
    frame = measure(data, "staff_needed")
    assert frame[["value", "agents", "occupancy"]].isna().all(axis=None)
    assert "chat and text are served several at a time" in frame["reasons"].iloc[0]
    assert at(measure(data, "staff_needed", where={"modality": "phone"}), "Mon", 10)["value"] == 3
    three = at(measure(data, "staff_needed", concurrency=3), "Mon", 9)
    assert (three["agents"], three["occupancy"]) == (1, pytest.approx(1 / 3))
    by = measure(data, "staff_needed", by="modality")
    assert by[by["modality"] == "phone"]["value"].notna().all()
    assert by[by["modality"] == "chat"]["value"].isna().all()


def test_erlang_a_takes_patience_from_all_time_waited() -> None:
    """Waits of 30, 60, 90 and 120 s, of which two were abandoned: 300 s of waiting for 2 departures, 150 s each."""
    data = calls()
    frame = data["interventions"].iloc[:4].assign(wait_s=[30.0, 60, 90, 120], answered=[1, 0, 1, 0])
    data = {"interventions": pd.concat([frame, data["interventions"].iloc[4:]], ignore_index=True)}
    answer = measure(data, "staff_needed", model="erlang_a")
    assert set(answer["patience_s"]) == {150}
    row = at(answer, "Mon", 9)
    assert row["agents"] == agents_needed(1, 1200, Target(patience_s=150))
    assert "erlang a" in row["label"]
    assert set(measure(data, "staff_needed", model="erlang_a", patience_s=40)["patience_s"]) == {40}
    nobody_left = measure(calls(), "staff_needed", model="erlang_a")
    assert nobody_left["value"].isna().all()


def test_period_totals_have_no_hour_and_their_share_is_stated() -> None:
    data = calls()
    month = {"received_local": [pd.NaT], "contacts": [30], "duration_min": [600.0], "is_aggregate": [True],
             "period_start": [pd.Timestamp("2025-01-01").date()]}
    frame = pd.concat([data["interventions"], pd.DataFrame(month)], ignore_index=True)
    row = at(measure({"interventions": frame}, "staff_needed"), "Mon", 9)
    assert (row["numerator"], row["rows_used"], row["rows_left_out"]) == (12, 20, 1)
    assert "aggregate rows 1" in row["reasons"]
    assert row["aggregate_share"] == pytest.approx(30 / 50)


def test_groups_keep_their_rows_and_months_their_hours() -> None:
    """A group that has only period totals keeps one row without numbers, and is no zero."""
    data = calls(weeks=8)
    frame = data["interventions"].assign(site="a")
    total = pd.DataFrame({"received_local": [pd.NaT], "contacts": [30], "is_aggregate": [True], "site": ["b"]})
    answer = measure({"interventions": pd.concat([frame, total], ignore_index=True)}, "staff_needed", by="site")
    assert answer.groupby("site").size().to_dict() == {"a": 168, "b": 1}
    other = answer[answer["site"] == "b"].iloc[0]
    assert other[["value", "numerator", "arrivals_per_hour"]].isna().all()
    assert other["reasons"].startswith("not recorded in this group: received_local")
    months = measure(data, "staff_needed", by="month")
    mondays = months[(months["weekday"] == "Mon") & (months["hour"] == 9)].set_index("month")["denominator"]
    assert mondays.to_dict() == {"2025-01": 4, "2025-02": 4}


def schedule(**columns) -> pd.DataFrame:
    """Staff hours of January 2025 by hour of the day: 124 hours at 9, so 4 people on each of 31 days; 31 at 10."""
    return pd.DataFrame({"measure": "staff_hours", "value": [124.0, 31.0], "hour": [9, 10],
                         "period_start": pd.Timestamp("2025-01-01").date(),
                         "period_end": pd.Timestamp("2025-01-31").date()}).assign(**columns)


def test_scheduled_staff_and_the_gap() -> None:
    data = calls() | {"counts": schedule()}
    frame = measure(data, "staff_needed")
    assert at(frame, "Mon", 9)[["scheduled", "value", "gap"]].to_list() == [4, 5, -1]
    assert pd.isna(at(frame, "Mon", 11)["gap"])
    busy = measure(data, "occupancy", agents="scheduled", shrinkage=0.5)
    assert at(busy, "Mon", 9)[["numerator", "denominator", "value"]].to_list() == [1, 2, 0.5]
    assert at(busy, "Mon", 10)["denominator"] == 0.5
    assert measure(data, "staff_needed", by="time_zone")["scheduled"].isna().all()


def test_occupancy_above_one_is_unstable() -> None:
    data = calls() | {"counts": schedule(value=[31.0, 31.0])}
    row = at(measure(data, "occupancy", agents="scheduled", shrinkage=0.2), "Mon", 9)
    assert row["value"] == pytest.approx(1.25)
    assert row["reasons"].startswith("unstable: the load is not below the agents")
    assert row["low"] < row["value"] < row["high"]


def test_occupancy_of_the_agents_needed() -> None:
    row = at(measure(calls(), "occupancy"), "Mon", 9)
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 3, pytest.approx(1 / 3))
    assert np.isnan(at(measure(calls(), "occupancy"), "Tue", 9)["value"])


@pytest.mark.parametrize(("call", "message"), [
    ({"by": "hour"}, "is by hour of the week already"),
    ({"patience_s": 60}, "patience_s goes with model=erlang_a"),
    ({"shrinkage": 1}, "shrinkage must be a number from 0 to 0.95")])
def test_refusals(call: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure(calls(), "staff_needed", **call)
