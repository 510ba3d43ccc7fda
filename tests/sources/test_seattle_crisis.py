"""Seattle crisis contacts: two extracts of one source, against the published figures."""

import pytest

FOLDER = "seattle-crisis-contacts"


@pytest.fixture(scope="module")
def november(source):
    return source("seattle_crisis_2020_11")


@pytest.fixture(scope="module")
def december(source):
    return source("seattle_crisis_2020_12")


def test_ledgers_close(november, december, expected, closes, count_records):
    for found, file, day in ((november, "20201114", "2020-11-14"), (december, "20201214", "2020-12-14")):
        rows = expected(FOLDER)[day]["rows"]
        assert count_records(f"{FOLDER}/spd_crisis_data{file}.csv") == rows["rows_in_file"]
        closes(found, rows["rows_in_file"])
        assert found.total("standardized") == rows["distinct_records"]
        assert found.total("collapsed") == rows["rows_collapsed"]
        assert found.total("quarantined") == found.total("excluded") == found.total("rejected") == 0
        assert found.interventions["record_id"].is_unique
        assert found.ledger["unmapped_codes"] == []
        assert found.quality["duplicates"]["exact_duplicate_rows"] == rows["exact_duplicate_rows_without_row_number"]


def test_sentinel_dates_are_missing(november, december, expected):
    figures = expected(FOLDER)
    contacts = november.interventions
    assert contacts["received_at"].isna().sum() == figures["2020-11-14"]["records_without_occurred"]
    assert contacts["reported_at"].isna().sum() == figures["2020-11-14"]["records_without_reported"]
    assert contacts["period_start"].isna().sum() == figures["2020-11-14"]["records_without_occurred"]
    assert december.interventions["received_at"].isna().sum() == figures["2020-12-14"]["records_without_occurred"]


def test_calendar(november, expected):
    calendar = expected(FOLDER)["2020-11-14"]["calendar_occurred"]
    assert november.contacts("year") == calendar["by_year"]
    assert november.contacts("weekday") == calendar["by_weekday"]


def test_codes(november, december, expected):
    figures = expected(FOLDER)["2020-11-14"]
    assert november.known("access") == figures["access"]
    precincts = {name: n for name, n in figures["precinct"].items() if name != "-"}
    assert november.known("site") == precincts
    assert november.interventions["site"].isna().sum() == figures["precinct"]["-"]
    beats = {name: n for name, n in figures["beat_top5"].items() if name != "-"}
    assert {name: november.known("area_id")[name] for name in beats} == beats
    assert november.interventions["area_id"].isna().sum() == figures["beat_top5"]["-"]
    missing = expected(FOLDER)["2020-12-14"]["missing"]["beat"]
    assert december.interventions["area_id"].isna().sum() == missing["dash"]
    assert december.interventions["area_id"].notna().sum() == missing["known"]
    calls = expected(FOLDER)["2020-12-14"]["call_type"]
    assert december.known("access") == {
        "911": calls["911"], "unknown": calls["-"], "officer_initiated": calls["ONVIEW"],
        "other": calls["TELEPHONE OTHER, NOT 911"] + calls["ALARM CALL (NOT POLICE ALARM)"],
    }


def test_outcomes(november, expected):
    figures = expected(FOLDER)["2020-11-14"]
    assert november.known("outcome") == figures["outcome"]
    said = {name: n for name, n in figures["disposition"].items() if name != "-"}
    assert november.known("disposition") == said
    assert november.interventions["disposition"].isna().sum() == figures["disposition"]["-"]
    pairs = november.interventions[["disposition", "outcome"]].dropna().drop_duplicates()
    mapping = {name: code for name, code in expected(FOLDER)["mapping_outcome"].items() if name in said}
    assert dict(pairs.itertuples(index=False)) == mapping
    assert november.shares("outcome_share") == figures["outcome_shares_of_known"]


def test_flags(november, expected):
    flags = expected(FOLDER)["2020-11-14"]["flags"]
    assert november.shares("force_used")["force_used"] == flags["use_of_force"]
    assert november.shares("arrested")["arrested"] == flags["arrested"]
    assert november.interventions["veteran"].sum() == flags["veteran"]["k"]
    assert november.interventions["veteran"].notna().sum() == flags["veteran"]["n"]
    assert november.known("responder")["cit_officer"] == flags["reporting_officer_cit_certified"]["k"]


def test_cit_cascade(november, expected):
    cit = expected(FOLDER)["2020-11-14"]["cit"]
    contacts = november.interventions
    for step in ("requested", "dispatched", "arrived"):
        assert contacts[f"cit_{step}"].sum() == cit[step]
    steps = [contacts[f"cit_{step}"].map({True: "Y", False: "N"}) for step in ("requested", "dispatched", "arrived")]
    patterns = (steps[0] + steps[1] + steps[2]).value_counts().to_dict()
    assert patterns == cit["pattern_requested_dispatched_arrived"]
    assert november.shares("cit_arrived")["cit_arrived"] == cit["arrival_share"]


def test_recording_delay(november, expected):
    figures = dict(expected(FOLDER)["2020-11-14"]["recording_delay_reported_minus_occurred_min"])
    assert november.clock("recording_delay", clock="wall") == figures


def test_missing(november, expected):
    missing = expected(FOLDER)["2020-11-14"]["missing"]
    assert november.known("access")["unknown"] == missing["call_type"]["dash"]
    assert november.interventions["disposition"].notna().sum() == missing["disposition"]["known"]


def test_two_extracts_are_versions_of_one_source(november, december, expected):
    between = expected(FOLDER)["between_extracts"]
    both = november.interventions.merge(december.interventions, on="record_id", suffixes=("_11", "_12"))
    assert len(both) == between["templates_in_both"]
    standard = {
        "initial_call_type": "call_type_initial", "final_call_type": "call_type_final", "disposition": "disposition",
        "occured_date_time": "received_at", "precinct": "site", "beat": "area_id",
        "use_of_force_indicator": "force_used", "cit_officer_requested": "cit_requested",
        "cit_officer_arrived": "cit_arrived", "subject_veteran_indicator": "veteran",
    }
    for theirs, column in standard.items():
        old, new = both[f"{column}_11"], both[f"{column}_12"]
        assert int(((old != new) & ~(old.isna() & new.isna())).sum()) == between["changed"][theirs], column


def test_officers_are_not_stored(november):
    unmapped = november.ledger["unmapped_columns"][f"{FOLDER}/spd_crisis_data20201114.csv"]
    for name in ("officer_id", "officer_gender", "officer_race", "officer_year_of_birth"):
        assert any(column.startswith(name) for column in unmapped)
