"""What `describe` says: the right thing for every kind of name, JSON all through, the nearest name for a wrong one."""

import json

import pytest

from crisiskit.errors import UserError
from crisiskit.standard import catalogue, dictionary
from crisiskit.standard.benchmarks import benchmarks
from crisiskit.standard.describe import describe

MEASURES = [{"id": "answer_rate", "label": "Answer rate", "formula": "answered / offered"}]
SOURCES = [{"id": "seattle_crisis", "dataset": "Crisis Data", "cannot_tell": ["city totals"]}]


def test_without_a_name_the_tables_are_listed():
    found = describe()
    assert [entry["name"] for entry in found.data] == list(dictionary.TABLES)
    assert all(name in found.text for name in dictionary.TABLES)


def test_a_table_lists_its_columns_in_order():
    found = describe("counts")
    assert [entry["name"] for entry in found.data["columns"]] == list(dictionary.table("counts").columns)
    assert "denominator" in found.text


def test_a_column_says_all_that_the_dictionary_knows():
    found = describe("interventions.risk")
    column = dictionary.table("interventions").columns["risk"]
    assert found.data["codes"] == dict(column.codes)
    assert found.data["cannot_tell"] == column.cannot_tell
    assert found.data["checks"] == ["risk_codes"]
    for text in ("imminent: imminent; action was needed at once", "not low risk", "risk_codes", "unknown, declined"):
        assert text in found.text


def test_a_column_shows_unit_and_range():
    text = describe("interventions.age").text
    assert "unit: years\n" in text
    assert "from: 0\nto: 120\n" in text


def test_checks_are_listed_and_each_can_be_asked_for():
    found = describe("checks")
    assert [entry["id"] for entry in found.data] == list(catalogue.checks())
    assert len(found.text.splitlines()) == len(found.data)
    one = describe("contacts_negative")
    assert one.data["consequence"] == "row"
    assert "Number of contacts is negative" in one.text


def test_benchmarks_are_listed_and_each_says_whether_it_was_verified():
    found = describe("benchmarks")
    assert [entry["id"] for entry in found.data] == list(benchmarks())
    assert "nena_15s" in found.text
    one = describe("line_20s")
    assert one.data["figure"] == "at least 95 %"
    assert "verified: False" in one.text


def test_measures_and_sources_are_those_handed_in():
    assert describe("measures", MEASURES, SOURCES).text == "answer_rate  Answer rate"
    assert describe("sources", MEASURES, SOURCES).data == SOURCES
    assert describe("answer_rate", MEASURES).text.splitlines()[2] == "formula: answered / offered"
    assert describe("seattle_crisis", MEASURES, SOURCES).text.splitlines()[-2:] == ["cannot_tell:", "  city totals"]
    assert describe("measures").data == []


@pytest.mark.parametrize(
    "name",
    ["", "checks", "benchmarks", "line_20s", "counts", "interventions.outcomes", "age_heap", "record_id_unique"],
)
def test_data_is_json(name):
    assert json.loads(json.dumps(describe(name).data)) == describe(name).data


@pytest.mark.parametrize(("name", "hint"), [
    ("intervention", "did you mean 'interventions'?"), ("check", "did you mean 'checks'?"),
    ("interventions.agee", "did you mean 'age'?"), ("age_out_of_rang", "did you mean 'age_out_of_range'?"),
    ("interventons.age", "did you mean 'interventions.age'?"), ("answer_rat", "did you mean 'answer_rate'?"),
    ("zzz", "tables: interventions, follow_ups, counts"),
])
def test_unknown_names_are_met_with_the_nearest(name, hint):
    with pytest.raises(UserError) as told:
        describe(name, MEASURES, SOURCES)
    assert hint in str(told.value)
