"""Clocks: percentiles and their intervals, what is set apart, the zone that must not bend an interval."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisiskit.measures import clock_audit, measure, order_statistics

T0 = pd.Timestamp("2025-01-01T00:00:00Z")


def after(minutes: list[float | None]) -> list[str | None]:
    """Moments so many minutes after the first of January, as text."""
    return [None if m is None else (T0 + pd.Timedelta(minutes=m)).isoformat() for m in minutes]


STARTS, ENDS = [0, 0, 0, 0, None, None, 0, 0], [10, -5, None, 0, 7, None, 3000, 9]


def answered(frame: pd.DataFrame) -> pd.Series:
    return frame.set_index("statistic")["value"]


def test_percentiles_are_type_7_and_their_limits_order_statistics(rows) -> None:
    minutes = [4.0, 1, 20, 2, 8, 3, 50, 6, 10, 5]
    frame = measure(rows(received_at=after([0] * 10), arrived_at=after(minutes)), "response_time")
    assert list(frame["statistic"]) == ["median", "p75", "p90", "mean"]
    assert answered(frame)[["median", "p75", "p90"]].to_list() == pytest.approx(np.quantile(minutes, [0.5, 0.75, 0.9]))
    median = frame.iloc[0]
    assert (median["low"], median["high"]) == (2, 20)
    assert frame.iloc[2][["low", "high"]].isna().to_list() == [False, True]
    mean = frame.iloc[3]
    assert (mean["numerator"], mean["denominator"]) == (pytest.approx(109), 10)
    half = 2.2621571627982053 * np.std(minutes, ddof=1) / np.sqrt(10)
    assert mean["high"] == pytest.approx(10.9 + half)
    assert mean["low"] == pytest.approx(max(0, 10.9 - half))


def test_what_is_set_apart_is_counted(rows) -> None:
    """A missing arrival is not zero, a negative interval is no short one, a period total has no clock."""
    data = rows(received_at=after(STARTS), arrived_at=after(ENDS),
                is_aggregate=[False] * 7 + [True], contacts=[1] * 7 + [93])
    row = measure(data, "response_time").iloc[0]
    assert (row["value"], row["rows_used"], row["rows_left_out"], row["contacts_used"]) == (10, 3, 5, 3)
    assert row["reasons"] == \
        "aggregate rows 1; start missing 2; end missing 1; negative 1; kept: zero 1, over 24 h 1"
    assert row["aggregate_share"] == 0.93
    capped = measure(data, "response_time", within_h=24).iloc[0]
    assert (capped["value"], capped["rows_used"]) == (5, 2)
    assert "over 24 h 1" in capped["reasons"]
    assert "kept: zero 1" in capped["reasons"]


def test_audit_counts_as_the_measure_does(rows) -> None:
    data = rows(received_at=after(STARTS), arrived_at=after(ENDS),
                is_aggregate=[False] * 7 + [True])
    frame = clock_audit(data).set_index("clock")
    assert frame.loc["response_time", ["n", "start_missing", "end_missing_start_present", "negative", "zero",
                                       "over_24h"]].to_list() == [3, 2, 1, 1, 1, 1]
    assert frame.loc["dispatch_time", "reasons"] == "not recorded in this source: dispatched_at"
    assert pd.isna(frame.loc["dispatch_time", "n"])


def test_audit_by_group(rows) -> None:
    data = rows(received_at=after([0, 0, 0]), arrived_at=after([1, None, -1]), site=["a", "a", None])
    frame = clock_audit(data, by="site")
    frame = frame[frame["clock"] == "response_time"]
    assert frame["n"].to_list() == [1, 0]
    assert frame["negative"].to_list() == [0, 1]
    assert frame["site"].isna().to_list() == [False, True]


@pytest.fixture
def autumn(rows) -> dict:
    """A call that began before the clocks went back and was answered after: 40 minutes, 20 on the wall backwards."""
    return rows(received_at=["2025-11-02T05:50:00Z", "2025-11-02T12:00:00Z"],
                arrived_at=["2025-11-02T06:30:00Z", "2025-11-02T12:10:00Z"], time_zone=["America/New_York"] * 2)


def test_wall_clocks_differ_from_instants_across_a_clock_change(autumn) -> None:
    assert answered(measure(autumn, "response_time"))["mean"] == 25
    wall = measure(autumn, "response_time", clock="wall")
    assert answered(wall)["mean"] == 10
    assert "negative 1" in wall["reasons"].iloc[0]
    assert "wall clock" in wall["label"].iloc[0]


def test_wall_clock_needs_a_zone(autumn) -> None:
    autumn["interventions"].loc[0, "time_zone"] = None
    assert "time zone missing 1" in measure(autumn, "response_time", clock="wall")["reasons"].iloc[0]


def test_the_session_zone_does_not_bend_an_interval(autumn, tmp_path: Path) -> None:
    """The engine's own zone has a clock change between the two moments; the interval must not notice."""
    backend = ibis.duckdb.connect()
    backend.raw_sql("SET TimeZone = 'America/New_York'")
    autumn["interventions"].to_parquet(tmp_path / "rows.parquet")
    table = backend.read_parquet(tmp_path / "rows.parquet")
    assert answered(measure({"interventions": table}, "response_time"))["mean"] == 25
    assert answered(measure({"interventions": table}, "response_time", clock="wall"))["mean"] == 10


def test_answer_time_takes_recorded_waits_where_moments_are_missing(rows) -> None:
    data = rows(received_at=after([0, 0, None]), answered_at=after([1, None, None]), wait_s=[None, 120.0, 240.0])
    frame = measure(data, "answer_time")
    assert answered(frame)["median"] == 2
    assert frame["rows_used"].iloc[0] == 3


def test_abandoned_waits_are_no_answer_times(rows) -> None:
    """Four callers wait 10, 20, 30 and 300 s; the last gives up. The mean of the answered is 20 s, not 90."""
    data = rows(wait_s=[10.0, 20, 30, 300], answered=[1, 1, 1, 0], abandoned=[0, 0, 0, 1])
    frame = measure(data, "speed_of_answer")
    assert list(frame["statistic"]) == ["mean", "median", "p90"]
    assert answered(frame)[["mean", "median"]].to_list() == [20, 20]
    assert frame["reasons"].iloc[0] == "not answered 1"
    only_moments = rows(received_at=after([0, 0]), answered_at=after([1, None]), abandoned_at=after([None, 9]),
                        wait_s=[60.0, 540.0])
    assert answered(measure(only_moments, "speed_of_answer"))["mean"] == 60


def test_many_groups_are_ranked_and_agree_with_few(rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to fetch order statistics give the same numbers, null groups included."""
    rng = np.random.default_rng(7)
    minutes = rng.gamma(2, 10, 500)
    data = rows(received_at=after([0] * 500), arrived_at=after(minutes),
                site=rng.choice(["a", "b", "c", None], 500), priority=rng.choice(["1", "2"], 500))
    few = measure(data, "response_time", by=("site", "priority"))
    monkeypatch.setattr(order_statistics, "FEW", 0)
    pd.testing.assert_frame_equal(few, measure(data, "response_time", by=("site", "priority")))
    site = data["interventions"]["site"]
    row = few[few["site"].isna() & (few["priority"] == "1") & (few["statistic"] == "p90")].iloc[0]
    mine = np.floor(minutes * 6e7)[site.isna() & (data["interventions"]["priority"] == "1")] / 6e7
    assert row["value"] == pytest.approx(np.quantile(mine, 0.9), abs=1e-6)


def test_a_list_column_groups_a_record_in_each_of_its_values(rows) -> None:
    data = rows(received_at=after([0, 0, 0]), arrived_at=after([2, 4, 8]),
                needs=[["suicide", "legal", "legal"], ["suicide"], None])
    frame = measure(data, "response_time", by="needs")
    medians = frame[frame["statistic"] == "median"]
    assert medians["value"].to_list() == [2, 3, 8]
    assert medians["rows_used"].to_list() == [1, 2, 1]
    means = frame[frame["statistic"] == "mean"]
    assert means["numerator"].to_list() == [2, 6, 8]
    assert "multi-response" in frame["reasons"].iloc[0]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(-60, 5000), min_size=1, max_size=60))
def test_percentiles_are_monotone_and_limits_enclose_them(rows, seconds: list[int]) -> None:
    data = rows(received_at=after([0] * len(seconds)), arrived_at=after([s / 60 for s in seconds]))
    frame = measure(data, "response_time").set_index("statistic")
    used = [s / 60 for s in seconds if s >= 0]
    assert set(frame["rows_used"]) == {len(used)}
    if used:
        values = frame.loc[["median", "p75", "p90"], "value"].to_numpy("float64")
        assert (np.diff(values) >= 0).all()
        np.testing.assert_allclose(values, np.quantile(used, [0.5, 0.75, 0.9]), atol=1e-6)
        known = frame.loc[["median", "p75", "p90"]].dropna(subset=["low"])
        assert (known["low"] <= known["value"]).all()
        known = frame.loc[["median", "p75", "p90"]].dropna(subset=["high"])
        assert (known["value"] <= known["high"]).all()
