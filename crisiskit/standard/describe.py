"""What `crisiskit describe` says: tables, columns, checks, benchmarks, measures and sources, as text and as data.

Measures and sources stand further down the flow than the dictionary, so their metadata is handed in.
"""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crisiskit.errors import UserError, nearest
from crisiskit.standard import dictionary
from crisiskit.standard.benchmarks import Benchmark, benchmarks
from crisiskit.standard.catalogue import Check, checks

WIDTH = 100
Meta = Mapping[str, Any]


@dataclass(frozen=True)
class Description:
    """One answer: `text` for people, `data` for programs (only what JSON knows)."""

    text: str
    data: Any


def describe(name: str = "", measures: Iterable[Meta] = (), sources: Iterable[Meta] = ()) -> Description:
    """Explain a table, TABLE.COLUMN, a check, a benchmark, a measure, a source, or one of the lists of the last four.

    Without a name it lists the tables. `measures` and `sources` are metadata with an `id` each (and a `label` or
    `title` for the list). Raises UserError for an unknown name, with the nearest one.
    """
    named = {"checks": {check.id: as_data(check) for check in checks().values()}}
    named["benchmarks"] = {item.id: benchmark_data(item) for item in benchmarks().values()}
    named["measures"] = {str(entry["id"]): dict(entry) for entry in measures}
    named["sources"] = {str(entry["id"]): dict(entry) for entry in sources}
    if not name:
        return _overview()
    if name in named:
        return _listed(list(named[name].values()))
    if name in dictionary.TABLES:
        return _table(dictionary.table(name))
    table_name, dot, column = name.partition(".")
    if dot and table_name in dictionary.TABLES:
        return _column(table_name, dictionary.table(table_name).column(column))
    for entries in named.values():
        if name in entries:
            return Description(_fields(entries[name]), entries[name])
    known = [*dictionary.TABLES, *named, *(entry for entries in named.values() for entry in entries)]
    known += [f"{table}.{column}" for table, described in dictionary.tables().items() for column in described.columns]
    raise UserError(f"there is nothing to describe under '{name}'{nearest(name, known)} "
                    f"(tables: {', '.join(dictionary.TABLES)}; lists: {', '.join(named)}; or TABLE.COLUMN)")


def as_data(check: Check) -> dict[str, Any]:
    """A check as plain data, in the order of its fields."""
    plain = {"columns": list(check.columns), "sets_aside": list(check.sets_aside), "rule": dict(check.rule)}
    return {**vars(check), **plain}


def benchmark_data(item: Benchmark) -> dict[str, Any]:
    """A benchmark as plain data, in the order of its fields, with its figure in words."""
    where = {table: {name: list(values) for name, values in rows.items()} for table, rows in item.where.items()}
    plain = {"variant": dict(item.variant), "select": dict(item.select), "where": where,
             "also": [dict(change) for change in item.also]}
    return {**vars(item), **plain, "figure": item.figure, "conflicts": list(item.conflicts)}


def column_data(column: dictionary.Column) -> dict[str, Any]:
    """A column as plain data, in the order of its fields."""
    return {**vars(column), "codes": dict(column.codes)}


def _overview() -> Description:
    tables = dictionary.tables().values()
    data = [{"name": table.name, "title": table.title, "columns": len(table.columns), "description": table.description}
            for table in tables]
    parts = [f"{table.name} ({len(table.columns)} columns)\n{_indented(table.description)}" for table in tables]
    return Description("\n\n".join(parts), data)


def _table(table: dictionary.Table) -> Description:
    width = max(map(len, table.columns))
    lines, group = [_wrapped(f"{table.title}: {table.description}")], ""
    for column in table.columns.values():
        if column.group != group:
            group = column.group
            lines.append(f"\n{group}")
        about = f"{column.type} {column.unit}".strip()
        first = column.meaning.split(". ")[0].rstrip(".")
        lines.append(f"  {column.name:<{width}}  {about:<16}  {textwrap.shorten(first, WIDTH, placeholder=' ...')}")
    columns = [column_data(column) for column in table.columns.values()]
    return Description("\n".join(lines), {**vars(table), "columns": columns})


def _column(table_name: str, column: dictionary.Column) -> Description:
    data = {"table": table_name, **column_data(column)}
    rules = [check for check in checks().values() if check.table == table_name and column.name in check.columns]
    data["checks"] = [check.id for check in rules]
    shown = {
        "type": column.type, "unit": column.unit, "group": column.group,
        "required": "yes" if column.required else "", "from": column.minimum, "to": column.maximum,
        "meaning": column.meaning, "cannot tell": column.cannot_tell, "source": column.source,
        "codes": dict(column.codes), "other codes": "allowed" if column.open_codes and column.codes else "",
        "missing": ", ".join(dictionary.KINDS) if column.type in ("string", "list") else "kinds stand in `missing`",
        "checks": data["checks"],
    }
    return Description(f"{table_name}.{column.name}\n{_fields(shown)}", data)


def _listed(entries: Sequence[Meta]) -> Description:
    """One line per entry, with its id and its label or title; checks also with severity and consequence."""
    width = max((len(str(entry["id"])) for entry in entries), default=0)
    lines = []
    for entry in entries:
        label = entry.get("label") or entry.get("title") or entry.get("dataset") or ""
        marks = f"{entry['severity']:<7}  {entry['consequence']:<5}  " if "consequence" in entry else ""
        lines.append(f"{entry['id']:<{width}}  {marks}{label}".rstrip())
    return Description("\n".join(lines), list(entries))


def _fields(entry: Meta) -> str:
    """`name: value` lines; empty values are left out, lists and mappings stand indented below their name."""
    lines = []
    for name, value in entry.items():
        if isinstance(value, Mapping):
            lines += [f"{name}:", *(_wrapped(f"{key}: {item}", "  ") for key, item in value.items())] if value else []
        elif isinstance(value, list | tuple):
            lines += [f"{name}:", *(_wrapped(str(item), "  ") for item in value)] if value else []
        elif value not in ("", None):
            lines.append(_wrapped(f"{name}: {f'{value:g}' if isinstance(value, float) else value}"))
    return "\n".join(lines)


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")


def _indented(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent="  ", subsequent_indent="  ")
