"""Work of officers: minutes of all units, ratio of sums, months in which others worked, and who is an officer."""

import numpy as np
import pytest
from scipy.stats import norm, t

from crisiskit.errors import UserError
from crisiskit.measures import measure


def test_minutes_are_those_of_all_units(rows) -> None:
    """An event of one hour with three units is 180 minutes of work; its one clock says 60."""
    data = rows(responder=["police"] * 3, dispatched_at="2025-01-01T00:00:00Z", units=[3, 3, None],
                cleared_at=["2025-01-01T01:00:00Z"] * 3, responder_min=[170.0, None, None])
    row = measure(data, "officer_time").iloc[0]
    assert (row["numerator"], row["denominator"]) == (170 + 180 + 60, 3)
    assert row["value"] == pytest.approx(410 / 3)
    assert row["reasons"] == "kept: minutes as units x one clock 1, minutes of one clock, other units not known 1"


def test_interval_is_that_of_the_mean_of_events(rows) -> None:
    minutes = np.array([10.0, 60, 30, 15])
    row = measure(rows(responder=["police"] * 4, responder_min=minutes), "officer_time").iloc[0]
    half = t.ppf(0.975, 3) * minutes.std(ddof=1) / 2
    assert (row["value"], row["high"]) == (pytest.approx(28.75), pytest.approx(28.75 + half))
    assert row["low"] == pytest.approx(max(0, 28.75 - half))


def test_who_is_an_officer(rows) -> None:
    data = rows(responder=["police", "co_responder", "ems", None, "unknown", "police", "cit_officer"],
                responder_min=[10.0, 20, 400, 500, 600, None, 70], is_aggregate=[False] * 6 + [True])
    row = measure(data, "officer_time").iloc[0]
    assert (row["value"], row["rows_used"], row["rows_left_out"]) == (15, 2, 5)
    assert row["reasons"] == \
        "aggregate rows 1; responder unknown 1; responder blank 1; not an officer 1; minutes missing 1"
    only = measure(data, "officer_time", officers="police").iloc[0]
    assert only["value"] == 10
    assert only["label"] == "Officer minutes per event (police)"
    with pytest.raises(UserError, match="there is no responder 'polise'; did you mean 'police'"):
        measure(data, "officer_time", officers="polise")


def test_by_event_type_and_responder(rows) -> None:
    data = rows(responder=["police", "police", "cit_officer"], call_type_final=["A", "B", "A"],
                responder_min=[10.0, 20, 40])
    frame = measure(data, "officer_time", by=("call_type_final", "responder"))
    assert frame["value"].to_list() == [40, 10, 20]


def test_a_clear_before_the_dispatch_is_no_work(rows) -> None:
    data = rows(responder=["police"] * 2, dispatched_at="2025-01-01T02:00:00Z",
                cleared_at=["2025-01-01T01:00:00Z", "2025-01-01T02:30:00Z"])
    row = measure(data, "officer_time").iloc[0]
    assert (row["value"], row["rows_left_out"]) == (30, 1)
    assert row["reasons"].startswith("negative 1; kept")


@pytest.fixture
def months(rows) -> dict:
    """January: police 60 and 120 minutes, EMS 180; February: EMS 60 only, and an hour of nobody known."""
    return rows(responder=["police", "police", "ems", "ems", None], responder_min=[60.0, 120, 180, 60, 60],
                period_start=["2025-01-05", "2025-01-20", "2025-01-31", "2025-02-01", "2025-02-02"])


def test_hours_by_month_with_the_share_of_all_time(months) -> None:
    frame = measure(months, "officer_hours")
    assert frame[["month", "responder"]].to_numpy().tolist() == [["2025-01", "police"], ["2025-02", "police"]]
    january, february = frame.iloc[0], frame.iloc[1]
    assert (january["value"], january["denominator"], january["share"]) == (3, 6, 0.5)
    half = norm.ppf(0.975) * np.sqrt(1 + 4)
    assert (january["low"], january["high"]) == (max(0, 3 - half), pytest.approx(3 + half))
    assert (february["value"], february["share"], february["rows_used"]) == (0, 0, 1)
    assert february["reasons"] == "responder blank 1"
    assert measure(months, "officer_hours", by="month")["value"].to_list() == [3, 0]


def test_where_no_officer_came_hours_are_zero(rows) -> None:
    frame = measure(rows(responder=["ems"], responder_min=[60.0], period_start=["2025-01-05"]), "officer_hours")
    assert frame["responder"].to_list() == ["police", "cit_officer", "co_responder"]
    assert frame["value"].to_list() == [0, 0, 0]


def test_hours_are_by_responder_already(months) -> None:
    with pytest.raises(UserError, match="is by responder already"):
        measure(months, "officer_hours", by="responder")


def test_period_totals_count_in_hours(rows) -> None:
    data = rows(responder=["police", "police"], responder_min=[60.0, 600], is_aggregate=[False, True],
                period_start=["2025-01-05", "2025-01-01"], time_precision=["day", "month"], contacts=[1, 20])
    row = measure(data, "officer_hours").iloc[0]
    assert (row["value"], row["aggregate_share"]) == (11, pytest.approx(20 / 21))
