"""Conditions of rules: what each form means at its boundary and on an empty cell."""

from datetime import date

import pytest

from crisiskit.intake.rules import ROW, Rows, condition
from crisiskit.intake.table_rules import TABLE
from crisiskit.standard import catalogue

NOW = date(2024, 6, 1)

CONDITIONS = [
    ("age", "filled", ["0", None], [True, False]),
    ("age", "empty", ["0", None], [False, True]),
    ("gender", "known", ["female", "unknown", "declined", "not_asked", "not_applicable", None],
     [True, False, False, False, False, False]),
    ("weapon", "true", ["true", "false", None], [True, False, None]),
    ("weapon", "false", ["true", "false", None], [False, True, None]),
    ("outcome", ["cited", "other"], ["cited", "other", "refused", None], [True, True, False, None]),
    ("age", ["1", "2"], ["2", "3", None], [True, False, None]),
    ("occurred_on", ["1900-01-01"], ["1900-01-01", "1900-01-02", None], [True, False, None]),
    ("received_at", ["1900-01-01"],
     ["1900-01-01 00:00:00", "1900-01-01 23:59:59.999999", "1900-01-02 00:00:00", None], [True, True, False, None]),
    ("age", {"min": "0", "max": "120"}, ["-1", "0", "120", "121", None], [False, True, True, False, None]),
    ("wait_s", {"max": "14400"}, ["14400", "14400.001", "nan"], [True, False, False]),
    ("occurred_on", {"max": "tomorrow"}, ["2024-06-02", "2024-06-03"], [True, False]),
    ("received_local", {"max": "tomorrow"}, ["2024-06-02 23:59:59.999999", "2024-06-03 00:00:00"], [True, False]),
    ("received_at", {"min": "1990-01-01"}, ["1989-12-31 23:59:59.999999", "1990-01-01 00:00:00"], [False, True]),
    ("outcome", {"not": ["other"]}, ["other", "cited", None], [False, True, None]),
    ("area_id", {"lengths": ["5", "10"]}, ["02139", "2139", "02139-1234", None], [True, False, True, None]),
]


@pytest.mark.parametrize(("column", "test", "cells", "expected"), CONDITIONS, ids=lambda value: str(value)[:30])
def test_condition(column, test, cells, expected, table_of):
    table = table_of("interventions", [{} if cell is None else {column: cell} for cell in cells])
    said = condition(Rows("interventions", table, NOW), column, test)
    assert table.select("nr", said=said).order_by("nr").to_pyarrow()["said"].to_pylist() == expected


def test_every_kind_of_rule_is_used_by_the_catalogue():
    assert {check.rule["kind"] for check in catalogue.checks().values()} == {*ROW, *TABLE}


def test_a_false_midnight_is_found_on_the_clock_of_the_other_zone(table_of):
    received = {"received_at": "2024-05-02 05:30:00", "received_local": "2024-05-01 22:30:00"}
    arrivals = ("2024-05-02 07:00:00", "2024-05-01 07:00:00", "2024-05-02 00:00:00")
    rows = [{**received, "arrived_at": at} for at in arrivals]
    rows.append({"received_at": "2024-05-02 05:30:00", "arrived_at": "2024-05-02 07:00:00"})
    table = table_of("interventions", rows)
    rule = catalogue.checks()["arrived_at_midnight"].rule
    test = ROW["midnight"](Rows("interventions", table, NOW), rule)
    said = table.select("nr", a=test.applies, b=test.broken.fill_null(False)).order_by("nr").to_pyarrow()
    assert said["a"].to_pylist() == [True, True, True, False]
    assert said["b"].to_pylist() == [True, True, False, False]
