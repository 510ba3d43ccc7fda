"""San Francisco fire dispatch: unit rows collapsed into calls, local times that say UTC, against published figures."""

import pytest

FOLDER = "sf-fire-dispatch"
FILE = f"{FOLDER}/sfpd_dispatch_data_subset.csv.gz"


@pytest.fixture(scope="module")
def calls(source):
    return source("sf_fire")


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


def test_ledger_closes(calls, figures, closes, count_records):
    rows = figures["rows"]
    assert count_records(FILE) == rows["rows_in_file"]
    closes(calls, rows["rows_in_file"])
    assert calls.total("standardized") == rows["distinct_calls"]
    assert calls.total("collapsed") == rows["rows_collapsed_into_calls"]
    assert calls.quality["duplicates"]["exact_duplicate_rows"] == rows["exact_duplicate_rows"]
    assert calls.interventions["received_at"].isna().sum() == rows["without_received"]
    assert calls.ledger["unmapped_codes"] == []


def test_local_times_are_not_shifted(calls, figures):
    assert calls.contacts("month") == figures["calendar_received"]["by_month"]
    assert calls.contacts("hour") == figures["calendar_received"]["by_hour"]
    wrong = calls.interventions["received_local"].dt.hour.sub(8).mod(24).value_counts().to_dict()
    assert {str(hour): n for hour, n in wrong.items()} == figures["calls_by_hour_if_shifted_from_UTC_wrongly"]


def test_codes(calls, figures):
    assert calls.known("call_type_final") == figures["call_type"]
    assert calls.known("disposition") == figures["disposition"]
    assert calls.known("outcome") == figures["outcome"]
    pairs = calls.interventions[["disposition", "outcome"]].drop_duplicates()
    assert dict(pairs.itertuples(index=False)) == figures["mapping_outcome"]
    assert calls.known("site") == figures["battalion"]
    assert calls.known("priority") == figures["final_priority"]
    assert "mental_health" not in calls.known("need")


def test_units(calls, figures):
    units, published = calls.interventions["units"], figures["units_per_call"]
    assert units.sum() == figures["rows"]["unit_rows"]
    assert round(float(units.mean()), 6) == published["mean"]
    assert (float(units.median()), float(units.quantile(0.9))) == (published["median"], published["p90"])
    assert (units == 1).sum() == published["one_unit"]
    assert units.max() == figures["rows"]["max_units_of_a_call"]


def test_clocks(calls, figures):
    published = figures["clocks_per_call"]
    assert calls.clock("dispatch_time") == published["received_to_dispatch"]
    assert calls.clock("response_time") == published["received_to_first_on_scene"]
    medical = calls.clock("response_time", where={"call_type_final": "Medical Incident"})
    assert medical == figures["clocks_per_call_medical"]["received_to_first_on_scene"]


def test_cascade(calls, figures):
    steps = {"dispatched": "dispatched_at", "responding": "enroute_at", "on_scene": "arrived_at",
             "transporting": "transported_at", "at_hospital": "hospital_at"}
    found = {name: int(calls.interventions[column].notna().sum()) for name, column in steps.items()}
    assert found | {"calls": len(calls.interventions)} == figures["cascade"]


def test_minutes_are_summed_over_units(calls, figures):
    published, records = figures["responder_minutes"], calls.interventions
    assert round(float(records["responder_min"].sum()), 3) == published["sum"]
    one_clock = (records["cleared_at"] - records["dispatched_at"]).dt.total_seconds().sum() / 60
    assert round(float(one_clock), 3) == published["one_clock_per_call_sum"]
    total = calls.measure("responder_minutes")["value"].iloc[0]
    assert round(float(total), 3) == published["sum"]
