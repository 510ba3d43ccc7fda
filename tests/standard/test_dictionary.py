"""The dictionary: complete, consistent, and the same names as the design; reading it changes no scalar."""

import dataclasses
import subprocess
import sys

import ibis
import pytest
import yaml

from crisiskit.errors import UserError
from crisiskit.standard import dictionary

COLUMNS = [(name, column) for name, table in dictionary.tables().items() for column in table.columns.values()]

NAMED_BY_THE_DESIGN = {
    "interventions": """
        record_id source record_kind agency program site person_key parent_id source_file source_row contacts
        is_aggregate period_start period_end time_precision offered answered abandoned received_at answered_at
        abandoned_at dispatched_at enroute_at arrived_at cleared_at occurred_on wait_s duration_min
        responder_min units modality access need needs call_type_initial call_type_final priority risk weapon
        responder cit_requested cit_dispatched cit_arrived eligible triaged outcome outcomes arrested force_used
        injury_subject injury_responder hospitalized involuntary deescalated referred police_involved consented
        age age_band gender race_ethnicity language housing veteran relation area_id area_level area_basis
        latitude longitude location_quality satisfaction distress_before distress_after time_zone received_local
        reported_at recorded_on transported_at hospital_at engaged_at missing flags
    """,
    "follow_ups": """
        follow_up_id record_id person_key source step due_at attempted_at reached_at completed_at status
        provider service domain severity met instrument item score repeat_victimization source_file source_row
        missing
    """,
    "counts": """
        source measure value unit denominator area_id area_level period_start period_end group level source_file
        source_row missing
    """,
}


@pytest.mark.parametrize("name", dictionary.TABLES)
def test_the_columns_of_the_design_are_there(name):
    assert set(NAMED_BY_THE_DESIGN[name].split()) <= dictionary.table(name).columns.keys()


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=[f"{table}.{column.name}" for table, column in COLUMNS])
def test_every_column_is_documented_and_consistent(table, column):
    assert column.type in dictionary.TYPES
    assert column.group
    for text in (column.meaning, column.cannot_tell):
        assert text[0].isupper()
        assert text.endswith((".", "%"))
    assert column.source
    assert not column.source.endswith(".")
    if column.type not in ("string", "list"):
        assert not column.codes
        assert not column.open_codes
    elif not column.codes:
        assert column.open_codes, "a text without codes is free: say open_codes"
    assert not set(column.codes) & set(dictionary.KINDS) or column.name == "location_quality"
    if column.type in ("number", "integer") and column.name not in ("source_row", "hour"):
        assert column.unit or table == "counts"
    if column.minimum is not None and column.maximum is not None:
        assert column.minimum < column.maximum


def test_names_tell_the_type():
    for _, column in COLUMNS:
        if column.name.endswith("_at"):
            assert column.type == "timestamp"
        if column.name.endswith("_on"):
            assert column.type == "date"
        if column.name.endswith("_min"):
            assert column.unit == "min"
        if column.name.endswith("_s"):
            assert column.unit == "s"


@pytest.mark.parametrize(("column", "codes"), [
    ("record_kind", {"non_client_contact", "hotline_contact", "call_for_service", "field_response"}),
    ("time_precision", {"second", "minute", "hour", "day", "week", "month", "quarter", "year"}),
    ("risk", {"none", "low", "moderate", "high", "imminent", "other"}),
    ("access", {"911", "988", "hotline", "walk_in", "officer_initiated", "referral", "other"}),
])
def test_closed_code_lists(column, codes):
    described = dictionary.table("interventions").columns[column]
    assert set(described.codes) == codes
    assert not described.open_codes


def test_age_bands_cover_every_age_once():
    bands = [code.rstrip("+").split("-") for code in dictionary.table("interventions").columns["age_band"].codes]
    assert bands[0][0] == "0"
    for (_, high), (low, *_) in zip(bands, bands[1:], strict=False):
        assert int(low) == int(high) + 1


def test_columns_are_frozen():
    column = dictionary.table("counts").columns["value"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        column.unit = "persons"
    with pytest.raises(TypeError):
        column.codes["x"] = "y"


@pytest.mark.parametrize(("ask", "message"), [
    (lambda: dictionary.table("intervention"), "no standard table 'intervention'; did you mean 'interventions'?"),
    (lambda: dictionary.table("counts").column("peroid_start"), "column 'peroid_start'; did you mean 'period_start'?"),
])
def test_unknown_names_are_met_with_the_nearest(ask, message):
    with pytest.raises(UserError) as told:
        ask()
    assert message in str(told.value)


def test_the_schema_has_every_column_in_order_with_its_type():
    schema = dictionary.ibis_schema("interventions")
    assert list(schema) == list(dictionary.table("interventions").columns)
    expected = {
        "record_id": "string", "contacts": "int64", "wait_s": "float64", "is_aggregate": "boolean",
        "occurred_on": "date", "received_at": "timestamp('UTC', 6)", "received_local": "timestamp(6)",
        "needs": "array<string>",
    }
    assert {name: schema[name] for name in expected} == {name: ibis.dtype(kind) for name, kind in expected.items()}


@pytest.mark.parametrize("name", ["checks.yaml", *(f"tables/{table}.yaml" for table in dictionary.TABLES)])
def test_no_key_stands_twice(name):
    class Strict(yaml.BaseLoader):
        """A loader that refuses what YAML lets pass: the second of two equal keys."""

    def mapping(loader, node, deep=False):
        keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{name}: {[key for key in keys if keys.count(key) > 1][0]} stands twice"
        return yaml.BaseLoader.construct_mapping(loader, node, deep)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    text = dictionary.files("crisiskit.standard").joinpath(name).read_text("utf-8")
    assert yaml.load(text, Loader=Strict) == dictionary.read_yaml(name)


def test_reading_the_dictionary_loads_no_heavy_library():
    code = "import sys; from crisiskit.standard import catalogue, describe, page; catalogue.checks(); " \
        "print(sorted({'ibis', 'pandas', 'pydantic', 'duckdb'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
