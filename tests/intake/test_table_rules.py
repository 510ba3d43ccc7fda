"""Rules about whole tables: small tables that break them and small ones that do not, with counts made by hand."""

from datetime import date

import pytest

from crisiskit.engine import connect
from crisiskit.intake import checks
from crisiskit.intake.rules import Rows
from crisiskit.intake.table_rules import TABLE
from crisiskit.standard import catalogue

TODAY = date(2024, 6, 1)


def ids(*names: str, **more: str) -> list[dict]:
    return [{"source": "s", "record_id": name, **more} for name in names]


def days(*starts: str) -> list[dict]:
    return [{"period_start": start} for start in starts]


def call(at: str, place: str = "12", kind: str = "WELFARE") -> dict:
    return {"source": "s", "received_at": f"2024-05-01 {at}", "call_type_initial": kind, "area_id": place}


def cell(start: str, end: str, **more: str) -> dict:
    return {"source": "s", "measure": "offences", "period_start": start, "period_end": end, **more}


def level(value: str | None, group: str | None = None, name: str | None = None) -> dict:
    row = cell("2024-01-01", "2024-12-31", value=value, group=group, level=name)
    return {key: text for key, text in row.items() if text is not None}


NEAR = [{"latitude": f"{40 + i / 100:.2f}", "longitude": f"{-75 - i / 100:.2f}"} for i in range(20)]
CONTACTS = [{"source": "s", "record_id": "a", "received_at": "2024-05-01 10:00:00"}, {"source": "s", "record_id": "b"}]
STEP = {"source": "s", "step": "follow_up"}
LAST = ("2024-01-01", "2024-01-31")

# check: table, then pairs of rows and the expected (numerator, denominator)
CASES = {
    "record_id_unique": ("interventions", [
        (ids("a", "b", "b", "b"), (2, 4)), (ids("a", "b"), (0, 2)),
        ([*ids("a"), {"record_id": "a", "source": "t"}], (0, 2)),
        ([*ids("a"), {"source": "s"}, {"source": "s"}], (0, 1)),
    ]),
    "suspected_duplicates": ("interventions", [
        ([call("10:00:00"), call("10:00:00")], (1, 2)),
        ([call("10:00:00"), call("10:00:01"), call("10:00:00", "13"), call("10:00:00", kind="OD")], (0, 4)),
    ]),
    "coordinates_far": ("interventions", [
        ([*NEAR, {"latitude": "40.1", "longitude": "-95.6"}], (1, 21)), (NEAR, (0, 20)),
        ([*NEAR, {"latitude": "60"}], (0, 20)),
    ]),
    "parent_id_exists": ("interventions", [
        ([*ids("a"), *ids("b", parent_id="a"), *ids("c", parent_id="z")], (1, 2)),
        ([*ids("a"), {"source": "t", "record_id": "b", "parent_id": "a"}], (1, 1)), (ids("a"), (0, 0)),
        ([*ids("a", "a"), *ids("b", parent_id="a")], (0, 1)),
    ]),
    "months_without_records": ("interventions", [
        (days("2024-10-03", "2024-10-04", "2025-01-15"), (2, 4)), (days("2024-12-31", "2025-01-01"), (0, 2)),
        (days("2024-12-31"), (0, 1)), ([{}], (0, 0)),
    ]),
    "follow_up_record_exists": ("follow_ups", [
        ([{**STEP, "record_id": "a"}, {**STEP, "record_id": "z"}, STEP], (1, 2)),
        ([{**STEP, "record_id": "b"}], (0, 1)),
    ]),
    "follow_up_before_contact": ("follow_ups", [
        ([{**STEP, "record_id": "a", "attempted_at": "2024-05-01 09:59:59"}], (1, 1)),
        ([{**STEP, "record_id": "a", "attempted_at": "2024-05-01 10:00:00"}], (0, 1)),
        ([{**STEP, "record_id": "b", "attempted_at": "2024-05-01 09:00:00"}], (0, 0)),
    ]),
    "follow_up_id_unique": ("follow_ups", [
        ([{"source": "s", "follow_up_id": "1"}] * 2, (1, 2)),
        ([{"source": "s", "follow_up_id": "1"}, {"source": "s", "follow_up_id": "2"}], (0, 2)),
    ]),
    "follow_up_duplicates": ("follow_ups", [
        ([{**STEP, "record_id": "a", "attempted_at": "2024-05-02"}] * 3, (2, 3)),
        ([{**STEP, "record_id": "a", "attempted_at": "2024-05-02", "item": item} for item in "12"], (0, 2)),
    ]),
    "counts_cells_unique": ("counts", [
        ([cell(*LAST)] * 2, (1, 2)), ([cell(*LAST), cell(*LAST, area_id="1")], (0, 2)),
        ([cell(*LAST, hour="1"), cell(*LAST, hour="2")], (0, 2)),
    ]),
    "counts_periods_overlap": ("counts", [
        ([cell("2024-01-01", "2024-12-31"), cell(*LAST), cell("2024-02-01", "2024-02-29")], (2, 3)),
        ([cell(*LAST), cell("2024-02-01", "2024-02-29"), cell(*LAST)], (0, 2)),
        ([cell(*LAST), cell("2024-01-15", "2024-02-15", area_id="2")], (0, 2)),
    ]),
    "counts_periods_broken": ("counts", [
        ([cell(*LAST), cell("2024-03-01", "2024-03-31")], (1, 2)),
        ([cell(*LAST), cell("2024-02-01", "2024-02-29")], (0, 2)),
        ([cell(*LAST), {**cell("2026-03-01", "2026-03-31"), "measure": "population"}], (0, 1)),
    ]),
    "counts_adds_up": ("counts", [
        ([level("10"), level("4", "gender", "female"), level("8", "gender", "male")], (1, 1)),
        ([level("10"), level("4", "gender", "female"), level("5", "gender", "male"), level("10", "age", "x")], (0, 2)),
        ([level("10"), level("4", "gender", "female"), level(None, "gender", "male")], (0, 0)),
        ([level("4", "gender", "female")], (0, 0)),
    ]),
}


def test_every_table_check_has_cases():
    assert CASES.keys() == {check.id for check in catalogue.checks().values() if check.rule["kind"] in TABLE}


@pytest.mark.parametrize("check_id", CASES)
def test_table_checks_count_what_breaks_them(check_id, table_of):
    name, cases = CASES[check_id]
    rule, con = catalogue.checks()[check_id].rule, connect(threads=1)
    for rows, (numerator, denominator) in cases:
        table = table_of(name, rows, con)
        beside = {"interventions": table_of("interventions", CONTACTS, con), name: table}
        found = TABLE[rule["kind"]](Rows(name, table, TODAY), rule, beside).to_pyarrow().to_pylist()
        assert [(row["numerator"] or 0, row["denominator"]) for row in found] == [(numerator, denominator)]


def test_checks_between_tables_need_the_other_one(table_of):
    con = connect(threads=1)
    steps = table_of("follow_ups", [{**STEP, "record_id": "z", "attempted_at": "2024-05-01"}], con)
    alone = {one["id"]: one for one in checks.results("follow_ups", steps, [])}
    assert alone["follow_up_record_exists"]["status"] == alone["follow_up_before_contact"]["status"] == "not applicable"
    contacts = {"interventions": table_of("interventions", CONTACTS, con)}
    both = {one["id"]: one for one in checks.results("follow_ups", steps, [], others=contacts)}
    assert both["follow_up_record_exists"]["share"] == 1
    assert both["follow_up_record_exists"]["status"] == "fail"


def test_the_impossible_points_of_montgomery_county_are_found(shared_data):
    """The publisher's county reaches half a degree from its middle; 15 rows at five points lie far outside of it."""
    con = connect(threads=1)
    file = shared_data / "montgomery-county-pa-911" / "911.csv.gz"
    points = con.read_csv(str(file)).select(latitude="lat", longitude="lng")
    rule = catalogue.checks()["coordinates_far"].rule
    found = TABLE["far"](Rows("interventions", points, TODAY), rule, {}).to_pyarrow().to_pylist()
    assert found == [{"numerator": 15, "denominator": 99_492}]
