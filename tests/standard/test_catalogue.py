"""The check catalogue: complete entries, known columns, the categories of Kahn, thresholds of the user."""

import pytest

from crisiskit.errors import UserError
from crisiskit.standard import catalogue, dictionary

CHECKS = list(catalogue.checks().values())


def test_there_are_at_least_sixty_five_checks_and_every_table_has_some():
    assert len(dictionary.read_yaml("checks.yaml")["checks"]) >= 65
    assert {check.table for check in CHECKS} == set(dictionary.TABLES)


def test_no_id_stands_twice():
    entries = dictionary.read_yaml("checks.yaml")["checks"]
    assert sum(len(entry.get("each", [{}])) for entry in entries) == len(CHECKS)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_is_complete(check):
    columns = dictionary.table(check.table).columns
    assert check.columns
    for name in (*check.columns, *check.sets_aside, *check.rule.get("within", ())):
        assert name in columns
    assert check.level in catalogue.LEVELS
    assert check.subcategory in catalogue.CATEGORIES[check.category]
    assert check.severity in catalogue.SEVERITIES
    assert check.consequence in catalogue.CONSEQUENCES
    assert 0 <= check.threshold < 1
    assert bool(check.sets_aside) == (check.consequence == "value")
    assert "{" not in check.id + check.title + check.guidance
    assert check.guidance.endswith(".")
    assert not check.title.endswith(".")


def test_only_what_cannot_be_counted_costs_the_row():
    assert {check.id for check in CHECKS if check.consequence == "row"} == {
        "contacts_missing", "contacts_negative", "period_start_sentinel",
    }


def test_of_the_clock_orders_only_a_clear_before_an_arrival_sets_a_value_aside():
    orders = [check for check in CHECKS if check.rule["kind"] == "order"]
    assert [check.id for check in orders if check.consequence != "flag"] == ["cleared_at_before_arrived_at"]
    assert catalogue.checks()["cleared_at_before_arrived_at"].sets_aside == ("cleared_at",)
    assert len(orders) >= 25


def test_required_columns_that_intake_does_not_make_are_checked():
    for name, table in dictionary.tables().items():
        required = {column.name for column in table.columns.values() if column.required and column.group != "lineage"}
        rules = [check.rule.get("must", {}) for check in catalogue.of_table(name)]
        assert required <= {column for must in rules for column, test in must.items() if test == "filled"}


def test_columns_of_a_rule_leave_out_those_that_only_group():
    rule = {"kind": "unique", "columns": ["a", "b"], "within": ["c"], "when": {"d": "filled"}}
    assert catalogue.columns_of(rule) == ("a", "b", "d")


def test_thresholds_of_the_user_take_the_place_of_the_catalogues():
    found = {check.id: check.threshold for check in catalogue.of_table("counts", {"counts_unit_known": 0.25})}
    assert found["counts_unit_known"] == 0.25
    assert found["counts_value_filled"] == 0.05


@pytest.mark.parametrize(("given", "message"), [
    ({"counts_unit_knwon": 0.1}, "no check 'counts_unit_knwon'; did you mean 'counts_unit_known'?"),
    ({"counts_unit_known": 1.01}, "counts_unit_known is 1.01; it must be a share from 0 to 1"),
    ({"counts_unit_known": -0.1}, "must be a share"),
    ({"counts_unit_known": float("nan")}, "must be a share"),
])
def test_mistaken_thresholds_are_told(given, message):
    with pytest.raises(UserError) as told:
        catalogue.of_table("counts", given)
    assert message in str(told.value)
