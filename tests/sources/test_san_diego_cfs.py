"""San Diego calls for service: code books joined without losing or multiplying calls, against published figures."""

import csv

import pandas as pd
import pytest

FOLDER = "san-diego-police-cfs"
CALLS = f"{FOLDER}/pd_calls_for_service_2023_datasd.csv"


@pytest.fixture(scope="module")
def calls(source):
    return source("san_diego_cfs")


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


@pytest.fixture(scope="module")
def raw(shared_data):
    return pd.read_csv(shared_data / CALLS, dtype=str, keep_default_na=False).set_index("incident_num")


def test_ledger_closes(calls, figures, closes, count_records):
    rows = figures["rows"]
    assert count_records(CALLS) == rows["rows_in_file"]
    closes(calls, rows["rows_in_file"])
    assert calls.total("standardized") == rows["records"] == rows["rows_after_code_book_joins"]
    assert calls.interventions["record_id"].nunique() == rows["distinct_incident_numbers"]
    assert calls.quality["duplicates"]["exact_duplicate_rows"] == rows["exact_duplicate_rows"]
    assert calls.interventions["period_start"].isna().sum() == rows["without_usable_date"]


def test_code_book(calls, figures, shared_data):
    """Every call keeps its code, carries the first meaning of the book, and codes without one are reported."""
    with (shared_data / FOLDER / "pd_cfs_calltypes_datasd.csv").open(encoding="utf-8-sig", newline="") as stream:
        book = list(csv.DictReader(stream))
    assert len(book) == figures["code_book"]["rows"]
    first: dict[str, str] = {}
    for row in book:
        first.setdefault(row["call_type"].strip(), row["description"].strip())
    assert len(book) - len(first) == figures["code_book"]["repeated_codes"]
    pairs = calls.interventions[["call_type_initial", "call_type_label"]].dropna().drop_duplicates()
    for code, label in pairs.itertuples(index=False):
        assert label == first.get(code, code)
    strange = {name: n for name, n in figures["code_book"]["those"].items() if name}
    assert calls.ledger["unmapped_codes"] == [
        {"column": "call_type_label", "value": name, "rows": n} for name, n in strange.items()]
    assert calls.interventions["call_type_initial"].isna().sum() == figures["code_book"]["those"][""]


def test_calendar(calls, figures, raw):
    assert calls.contacts("weekday") == figures["calendar"]["by_weekday"]
    times = calls.interventions["received_local"].dt.strftime("%Y-%m-%d %H:%M:%S")
    assert (times.min(), times.max()) == (figures["first"], figures["last"])
    days = calls.interventions.set_index("record_id")["received_local"].dt.day_of_week.add(1).mod(7).add(1)
    stated = raw["day_of_week"].astype("int64").loc[list(days.index)]
    assert (days.to_numpy() == stated.to_numpy()).sum() == figures["day_of_week_agrees"]


def test_codes(calls, figures):
    assert calls.known("priority") == figures["priority"]
    types = calls.known("call_type_initial")
    assert {name: types[name] for name in figures["call_type_top10"]} == figures["call_type_top10"]
    assert {name: types.get(name, 0) for name in figures["chosen"]} == figures["chosen"]
    assert calls.known("need") == figures["need"]
    assert calls.interventions["need"].isna().sum() == figures["code_book"]["those"][""]  # blank is no need
    assert "domestic_violence" not in calls.known("need")  # its codes are not published: not recorded, not zero


def test_dispositions(calls, figures):
    said = {name: n for name, n in figures["disposition"].items() if name}
    assert calls.known("disposition") == said
    assert calls.interventions["disposition"].isna().sum() == figures["disposition"][""]
    assert calls.known("outcome") == figures["outcome"]
    pairs = dict(calls.interventions[["disposition", "outcome"]].dropna().drop_duplicates().itertuples(index=False))
    assert pairs == {code: figures["mapping_outcome"][code] for code in said}
    assert calls.shares("outcome_share")["arrested"] == figures["outcome_shares_of_known"]["arrested"]
    assert calls.shares("arrested")["arrested"] == figures["outcome_shares_of_known"]["arrested"]


@pytest.mark.parametrize("group", ["all", "mental_health"])
def test_cascade(calls, figures, group):
    published, records = figures["cascade"][group], calls.interventions
    if group == "mental_health":
        records = records[records["need"] == "mental_health"]
        share = calls.shares("share", of="need")["mental_health"]
        assert share["k"] == figures["mental_health_share"]["k"]
    said = records["disposition"].value_counts()
    not_served = {"no_dispatch_W": "W", "cancelled_CAN": "CAN", "duplicate_DUP": "DUP", "cancelled_before_scene_X": "X"}
    assert {name: int(said.get(code, 0)) for name, code in not_served.items()} == {
        name: published[name] for name in not_served}
    served = records[~records["disposition"].isin(not_served.values())]
    assert (len(records), len(served)) == (published["calls"], published["served"])
    assert records["disposition"].isna().sum() == published["disposition_blank"]
    assert {str(k): int(n) for k, n in records["outcome"].value_counts().items()} == published["outcome"]
    arrests = published["arrest_share_of_served_known"]
    assert records["arrested"].sum() == arrests["k"]
    assert served["disposition"].notna().sum() == arrests["n"]


def test_beats(calls, figures):
    beats = calls.known("area_id")
    assert {name: beats[name] for name in figures["beat_top5"]} == figures["beat_top5"]
    assert beats["unknown"] == figures["missing"]["beat"]["minus_one"]
    assert sum(beats.values()) - beats["unknown"] == figures["missing"]["beat"]["known"]


def test_no_clock_is_made_up(calls):
    found = calls.measure("response_time")
    assert found["value"].isna().all()
    assert "not recorded in this source" in found["reasons"].iloc[0]
