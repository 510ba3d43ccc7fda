"""Columns out of instants as numbers, padded times, added lengths, and days in another zone."""

import pandas as pd
import pytest
from small_source import reasons, run

from crisiskit.errors import UserError

CALLS = """
id,stamp,seen,day,hhmm,response,wait,serial,part
a,1672756805000,2023-01-04T03:30:00+00:00,01/03/2023,34,90,0:41,44930,0.75
b,1688221205000,2023-07-02T00:00:00+00:00,07/01/2023,2359,0,13:05,45108.5,
c,1688221205000,,07/01/2023,900,,1:02:05,,
d,1688221205000,,07/01/2023,2460,soon,1:75,,
"""
MAPPING = """
columns:
  record_id: id
  received_at: {from: stamp, formats: epoch_ms}
  arrived_at: {from: stamp, formats: epoch_ms, plus: {column: response, unit: seconds}}
  dispatched_at: {from: [day, {column: hhmm, pad: 4}], formats: "%m/%d/%Y %H%M"}
  cleared_at: {from: [serial, part], formats: excel_serial}
  occurred_on: {from: seen, formats: "%Y-%m-%dT%H:%M:%S%z"}
  wait_s: {from: wait, unit: "mm:ss"}
"""


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    return run(tmp_path_factory.mktemp("calls"), MAPPING, calls__csv=CALLS)


def test_milliseconds_since_1970_are_utc_and_shown_on_the_local_clock(calls):
    _, rows, _ = calls
    assert rows.loc["a", "received_at"] == pd.Timestamp("2023-01-03 14:40:05", tz="UTC")
    assert rows["received_local"].astype(str).tolist()[:2] == ["2023-01-03 09:40:05", "2023-07-01 10:20:05"]


def test_a_length_is_added_to_a_clock_and_a_blank_one_gives_no_moment(calls):
    ledger, rows, _ = calls
    waits = (rows["arrived_at"] - rows["received_at"]).dt.total_seconds()
    assert waits.tolist()[:2] == [90.0, 0.0]
    assert waits[["c", "d"]].isna().all()
    assert [n for text, n in reasons(ledger, "set_aside").items() if "no length to add" in text] == [1]


def test_times_without_their_zeros_and_parts_of_a_day(calls):
    _, rows, _ = calls
    assert rows["dispatched_at"].dt.tz_convert("America/New_York").dt.strftime("%d %H:%M").tolist()[:3] == [
        "03 00:34", "01 23:59", "01 09:00"]
    assert pd.isna(rows.loc["d", "dispatched_at"])
    assert rows.loc["a", "cleared_at"] == pd.Timestamp("2023-01-04 18:00", tz="America/New_York")


def test_the_day_of_an_instant_is_the_local_one_but_for_a_written_midnight(calls):
    _, rows, _ = calls
    assert rows["occurred_on"].astype(str).tolist()[:2] == ["2023-01-03", "2023-07-02"]


def test_minutes_and_seconds(calls):
    _, rows, _ = calls
    assert rows["wait_s"].tolist()[:3] == [41.0, 785.0, 3725.0]
    assert pd.isna(rows.loc["d", "wait_s"])  # 75 seconds are a slip


def test_formats_with_and_without_a_zone_of_their_own_are_not_mixed(tmp_path):
    mixed = MAPPING.replace("formats: epoch_ms}", "formats: [epoch_ms, iso]}", 1)
    with pytest.raises(UserError, match="'epoch_ms' gives the instant and 'iso' does not"):
        run(tmp_path, mixed, calls__csv=CALLS)
    with pytest.raises(UserError, match="plus belongs to a clock; occurred_on is date"):
        run(tmp_path, "columns: {occurred_on: {from: day, plus: {column: response, unit: seconds}}}", calls__csv=CALLS)


def test_a_midnight_of_the_source_s_zone_may_be_false_too(tmp_path):
    mapping = "columns: {record_id: id, received_at: {from: t, formats: epoch_s, midnight: missing}}"
    _, rows, _ = run(tmp_path, mapping, calls__csv="id,t\na,1672722000\nb,1672722060\n")
    assert rows["received_at"].isna().tolist() == [True, False]
    assert set(rows["period_start"].astype(str)) == {"2023-01-03"}


def test_a_line_of_totals_among_periods_is_quarantined(tmp_path):
    table = "columns: {period_start: {from: Month, formats: '%b-%y'}}\nwide: [{pattern: Calls, measure: calls}]"
    ledger, rows, _ = run(tmp_path, table, "counts", t__csv="Month,Calls\nJan-23,5\nYear,5\nFeb-23,7\n")
    assert rows["value"].sum() == 12
    assert reasons(ledger, "quarantined") == {"no usable period: Year": 1}


def test_an_hour_beside_a_day_is_known_to_the_hour(tmp_path):
    mapping = "columns: {record_id: id, received_at: {from: [d, h], formats: '%Y-%m-%d %H'}}"
    _, rows, _ = run(tmp_path, mapping, calls__csv="id,d,h\na,2023-01-03,7\n")
    assert rows.loc["a", "time_precision"] == "hour"
    assert str(rows.loc["a", "received_local"]) == "2023-01-03 07:00:00"


def test_seven_digits_of_a_second_are_read(tmp_path):
    mapping = "columns: {record_id: id, received_at: t}"
    _, rows, _ = run(tmp_path, mapping, calls__csv="id,t\na,2023-01-05 14:22:11.1234567\nb,2023-01-05 14:22:11\n")
    assert rows["received_local"].dt.floor("s").nunique() == 1
