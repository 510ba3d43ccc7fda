"""The Table Schema export is valid by the frictionless library, and accepts and refuses rows as the dictionary says."""

import json

import frictionless
import pytest

from crisiskit.standard import dictionary
from crisiskit.standard.frictionless import table_schema


@pytest.mark.parametrize("name", dictionary.TABLES)
def test_schemas_are_valid_and_hold_every_column(name):
    descriptor = json.loads(json.dumps(table_schema(name)))
    schema = frictionless.Schema.from_descriptor(descriptor)
    assert schema.field_names == list(dictionary.table(name).columns)
    assert list(frictionless.Schema.metadata_validate(descriptor)) == []


ROW = {
    "record_id": "1", "source": "s", "record_kind": "hotline_contact", "contacts": "0", "is_aggregate": "false",
    "received_at": "2024-05-01T10:00:00Z", "received_local": "2024-05-01T05:00:00", "occurred_on": "2024-05-01",
    "needs": '["suicide"]', "risk": "declined", "age": "120", "source_file": "f.csv", "source_row": "2",
}


@pytest.mark.parametrize(("change", "errors"), [
    ({}, []),
    ({"age": "121"}, [("age", "constraint-error")]),
    ({"contacts": ""}, [("contacts", "constraint-error")]),
    ({"risk": "enormous"}, [("risk", "constraint-error")]),
    ({"need": "a code of their own"}, []),
    ({"received_at": "yesterday"}, [("received_at", "type-error")]),
    ({"contacts": "1.5"}, [("contacts", "type-error")]),
])
def test_rows_are_judged_as_the_dictionary_says(change, errors):
    names = list(dictionary.table("interventions").columns)
    row = {**ROW, **change}
    resource = frictionless.Resource(
        data=[names, [row.get(name, "") for name in names]],
        schema=frictionless.Schema.from_descriptor(table_schema("interventions")),
    )
    report = resource.validate()
    found = [(error.field_name, error.type) for task in report.tasks for error in task.errors]
    assert found == errors
