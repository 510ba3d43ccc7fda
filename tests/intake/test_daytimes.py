"""Dates whose time is none, and times that belong to the only day: drafted, and read right."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from drafted import run

from crisiskit.intake.mapping import load
from crisiskit.intake.suggest import draft

N = 40


def test_midnight_of_another_zone_is_no_time_and_the_hour_stands_in_a_column_of_its_own(tmp_path):
    zone, rows, truth = ZoneInfo("America/Toronto"), [], []
    for i in range(N):
        day = datetime(2023, 1, 1, tzinfo=zone) + timedelta(days=9 * i)
        day = day.replace(hour=0)
        utc = day.astimezone(ZoneInfo("UTC")).strftime("%m/%d/%Y %I:%M:%S %p")
        rows.append({"EVENT_ID": i, "EVENT_DATE": utc, "EVENT_HOUR": 3 + i % 20, "EVENT_TYPE": "Person in Crisis"})
        truth.append(f"{day:%Y-%m-%d} {3 + i % 20:02}:00:00")
    source, out, said = run(rows, tmp_path, "toronto.csv")
    assert out["received_local"].astype(str).tolist() == truth
    assert set(out["time_precision"]) == {"hour"}
    assert source.time_zone == "America/Toronto"
    assert "ALL TIMES BESIDE THE DAY ARE THE SAME" in said


def test_every_time_goes_with_the_only_day_and_keeps_its_own_meaning(tmp_path):
    rows = []
    for i in range(N):
        day, hour = f"{1 + i % 12:02}/{1 + i % 28:02}/23", 8 + i % 12
        arrived = f"{hour + 1:02}{i:02}"
        rows.append({"CFS #": f"S-{i:03}", "Date Rcvd": day, "Time Rcvd": f"{hour:02}{i:02}", "Nature": "MENTAL",
                     "Unit Out": f"{hour:02}{i + 1:02}", "Time Arvd": arrived})
    source, out, _ = run(rows, tmp_path, "sheriff.csv")
    columns = source.tables["records"].columns
    assert [part.column for part in columns["arrived_at"].source] == ["Date Rcvd", "Time Arvd"]
    assert [part.column for part in columns["dispatched_at"].source] == ["Date Rcvd", "Unit Out"]
    assert set((out["arrived_at"] - out["received_at"]).dt.total_seconds()) == {3600.0}


def test_a_length_on_scene_is_no_time_of_arrival(tmp_path):
    rows = [{"Incident ID": i, "Date": f"{1 + i % 12}/{1 + i % 28}/2023", "Call Time": f"{1 + i % 11}:{i:02} PM",
             "Time On Scene (hh:mm)": f"{i % 3}:{i:02}", "Response Time (min)": i} for i in range(N)]
    source, out, said = run(rows, tmp_path, "team.csv")
    assert out["duration_min"].tolist() == [60 * (i % 3) + i for i in range(N)]
    assert ((out["arrived_at"] - out["received_at"]).dt.total_seconds() / 60).tolist() == list(range(N))
    assert "CHECK WHERE THE RESPONSE TIME BEGINS" in said


def test_labels_of_a_zone_are_the_clock_of_that_zone(tmp_path):
    rows = []
    for i in range(N):
        month, label = 1 + i % 12, "EDT" if 3 < 1 + i % 12 < 11 else "EST"
        rows.append({"Session ID": f"s{i}", "Session Start": f"2023-{month:02}-10 09:{i:02}:00 {label}"})
    source, out, _ = run(rows, tmp_path, "chats.csv")
    assert source.time_zone == "America/New_York"
    assert (out["received_local"].dt.hour == 9).all()
    path = tmp_path / "chats.csv"
    draft([path], tmp_path / "west.yaml", zone="America/Los_Angeles")
    assert load(tmp_path / "west.yaml").tables["records"].columns["received_at"].zone == "America/New_York"
