"""Alexandria dispatch and telephone: eighteen weeks with drifting headers, bins made cumulative, published figures."""

import pytest

FOLDER = "alexandria-decc-cad"
CLOCKS = {"received_to_dispatch": "dispatch_time", "dispatch_to_arrival": "travel_time",
          "received_to_arrival": "response_time"}
NOT_SERVED = "^(?:CN|DUP|TEST|TST|MD)"  # cancelled, duplicate, test, misdial


@pytest.fixture(scope="module")
def decc(source):
    return source("alexandria_decc")


@pytest.fixture(scope="module")
def figures(expected):
    return expected(FOLDER)


@pytest.fixture(scope="module")
def phone(decc):
    """Telephone counts with their week."""
    return decc.counts.assign(week=decc.counts["source_file"].str.extract(r"(week_\d\d)")[0])


def test_ledger_closes(decc, figures, closes, count_records):
    weeks = {f"{FOLDER}/{name}.csv.gz": entry["rows"] for name, entry in figures["rows"]["by_file"].items()}
    calls = {f"{FOLDER}/week_{n}_phone.csv": 168 for n in range(44, 53)}
    found = {entry["file"]: entry["rows_read"] for entry in decc.ledger["files"]}
    assert found == weeks | calls
    assert count_records(*weeks, *calls) == sum(found.values())
    closes(decc, figures["rows"]["rows_in_file"] + figures["phone"]["rows_in_file"])
    assert decc.ledger["tables"]["interventions"] == figures["rows"]["distinct_records"]
    assert decc.total("standardized") == decc.total("rows_read")
    assert decc.quality["duplicates"]["exact_duplicate_rows"] == figures["rows"]["exact_duplicate_rows"]
    assert decc.ledger["unmapped_codes"] == []


def test_blank_numbers_are_records_of_their_own(decc, figures):
    made = decc.interventions["record_id"].str.startswith(FOLDER)
    assert made.sum() == figures["rows"]["number_blank"]
    assert decc.interventions["record_id"].is_unique
    assert decc.interventions["received_at"].isna().sum() == figures["rows"]["start_missing"]


def test_calendar(decc, figures):
    assert decc.contacts("month") == figures["calendar"]["by_month"]
    assert decc.contacts("weekday") == figures["calendar"]["by_weekday"]
    weeks = decc.interventions["source_file"].str.extract(r"week(\d\d)")[0].value_counts().to_dict()
    assert weeks == figures["by_weekno"]


def test_codes(decc, figures):
    assert decc.known("agency") == figures["agency"]
    assert decc.known("priority") == figures["priority"]
    problems = decc.known("call_type_final")
    assert {name: problems[name] for name in figures["problem_top10"]} == figures["problem_top10"]
    assert decc.known("disposition") == figures["disposition_code"]
    assert decc.known("outcome") == figures["outcome"]
    pairs = decc.interventions[["disposition", "outcome"]].drop_duplicates()
    assert dict(pairs.itertuples(index=False)) == figures["mapping_outcome"]
    missing = figures["missing"]["Call_Reception"]
    assert decc.known("access")["unknown"] == missing["NOT_CAPTURED"]
    assert decc.interventions["access"].isna().sum() == missing["blank"]


def test_mental_health(decc, figures):
    rows = decc.interventions[decc.interventions["need"].isin(["mental_health", "suicide"])]
    assert len(rows) == figures["mental_health"]["rows"]
    assert rows["call_type_final"].value_counts().to_dict() == figures["mental_health"]["by_problem"]
    assert rows["agency"].value_counts().to_dict() == figures["mental_health"]["by_agency"]


@pytest.mark.parametrize("clock", ["wall", "instant"])
@pytest.mark.parametrize("name", CLOCKS)
def test_clocks(decc, figures, name, clock):
    published = figures["clocks" if clock == "wall" else "clocks_on_instants"][name]
    assert decc.clock(CLOCKS[name], clock) == published


def test_clock_of_one_agency(decc, figures):
    published = figures["clocks_on_instants_by_agency"]["POLICE"]["received_to_arrival"]
    assert decc.clock("response_time", where={"agency": "POLICE"}) == published


def test_impossible_clocks(decc, figures):
    published = figures["impossible_clocks"]
    checks = {"dispatch_after_enroute": "enroute_at_before_dispatched_at",
              "enroute_after_arrival": "arrived_at_before_enroute_at",
              "dispatch_after_arrival": "arrived_at_before_dispatched_at",
              "start_after_dispatch": "dispatched_at_before_received_at",
              "arrival_after_first_close": "cleared_at_before_arrived_at",
              "dispatch_to_arrival_zero": "dispatch_equals_arrival"}
    assert {name: decc.check(check) for name, check in checks.items()} == {name: published[name] for name in checks}
    assert decc.set_aside("cleared_at") == published["arrival_after_first_close"]


def test_repeated_hour(decc, figures):
    flags = decc.interventions["flags"].fillna("")
    assert flags.str.contains("received_at:ambiguous_time").sum() == figures["clock_change"]["start_in_repeated_hour"]


def test_cascade(decc, figures):
    def steps(records):
        served = records[~records["disposition"].str.contains(NOT_SERVED)]
        return {
            "calls": len(records), "served": len(served), "served_enroute": int(served["enroute_at"].notna().sum()),
            "served_arrived": int(served["arrived_at"].notna().sum()),
            "enroute_all": int(records["enroute_at"].notna().sum()),
            "arrived_all": int(records["arrived_at"].notna().sum()),
        }

    every = decc.interventions
    for records, published in ((every, figures["cascade"]),
                               (every[every["agency"] == "POLICE"], figures["cascade_by_agency"]["POLICE"])):
        found = steps(records)
        assert found == {name: published[name] for name in found}


def test_missing(decc, figures):
    missing = figures["missing"]
    assert decc.interventions["arrived_at"].isna().sum() == missing["Incident_Arrival_Time"]["NULL"]
    assert decc.known("outcome")["unknown"] == missing["Disposition"]["UNDEFINED"] + figures["disposition_code"]["NG"]


def test_telephone_hours(phone, figures):
    rows = phone[["period_start", "hour"]].drop_duplicates()
    assert len(rows) == figures["phone"]["distinct_hours_after_mending_week_50"]
    days = phone.loc[phone["week"] == "week_50", "period_start"].astype(str)
    assert sorted(set(days)) == [f"2025-12-{day:02}" for day in range(7, 14)]


def test_telephone_totals(phone, figures):
    published = figures["phone"]
    total = phone[phone["level"] == "911"].groupby("measure")["value"].sum()
    wanted = {name: n for name, n in published["911"].items() if name in total.index}
    assert {name: total[name] for name in wanted} == wanted
    assert len(wanted) == 9
    assert total["answered"] - total["answered_within_120s"] == published["911"]["over_120s"]
    assert total["offered"] == published["911"]["total_column"]
    both = phone.groupby("measure")["value"].sum()
    assert {name: both[name] for name in published["both"]} == published["both"]
    weeks = phone[phone["level"] == "911"].groupby(["week", "measure"])["value"].sum()
    for week, numbers in published["911_by_file"].items():
        assert {name: weeks[week, name] for name in numbers} == numbers


def test_telephone_measures(decc, figures):
    published, line = figures["phone"]["911"], {"level": "911"}
    assert decc.shares("abandonment", where=line, table="counts")["abandonment"] == published["abandon_rate"]
    for basis in ("answered", "offered"):
        for seconds, wanted in published[f"share_of_{basis}"].items():
            found = decc.shares("service_level", where=line, table="counts", threshold_s=seconds, denominator=basis)
            assert found["service_level"] == wanted, (basis, seconds)
