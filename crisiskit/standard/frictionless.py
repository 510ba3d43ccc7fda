"""Export of the standard tables as Frictionless Table Schemas, for users of other tools and for data packages."""

from typing import Any

from crisiskit.standard import dictionary

TYPES = {
    "string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "timestamp": "datetime",
    "local": "datetime", "date": "date", "list": "array",
}


def table_schema(table_name: str) -> dict[str, Any]:
    """Return the Table Schema (specs.frictionlessdata.io/table-schema) of a standard table, as JSON-ready data.

    Codes and kinds of missing become an `enum` where no other values are allowed. `unit`, `codes`, `cannot_tell` and
    `source` are carried as further properties, which the standard permits.
    """
    table = dictionary.table(table_name)
    return {
        "title": table.title,
        "description": table.description,
        "fields": [_field(column) for column in table.columns.values()],
        "missingValues": [""],
    }


def _field(column: dictionary.Column) -> dict[str, Any]:
    whole = column.type == "integer"
    limits = {"minimum": column.minimum, "maximum": column.maximum}
    constraints: dict[str, Any] = {
        name: int(value) if whole else value for name, value in limits.items() if value is not None
    }
    if column.required:
        constraints["required"] = True
    if column.codes and not column.open_codes and column.type == "string":
        constraints["enum"] = [*column.codes, *dictionary.KINDS]
    entry: dict[str, Any] = {"name": column.name, "type": TYPES[column.type], "description": column.meaning}
    if column.type == "list":
        entry["arrayItem"] = {"type": "string"}
    if constraints:
        entry["constraints"] = constraints
    further = {"unit": column.unit, "codes": dict(column.codes), "source": column.source}
    return entry | {name: value for name, value in further.items() if value} | {"cannot_tell": column.cannot_tell}
