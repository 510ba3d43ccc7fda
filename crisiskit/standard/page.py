"""Generated documentation: the dictionary, checks and benchmarks pages, and a Table Schema per table.

`python -m crisiskit.standard.page docs` writes them anew after a change of the YAML files.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from crisiskit.standard import dictionary
from crisiskit.standard.benchmarks_page import benchmarks_page
from crisiskit.standard.catalogue import Check, checks
from crisiskit.standard.frictionless import table_schema

MADE = "<!-- Made from {}; change it there, then run `python -m crisiskit.standard.page docs`. -->"


def pages() -> dict[str, str]:
    """Return every generated file as text, by its path below the documentation folder."""
    schemas = {
        f"schema/{name}.schema.json": json.dumps(table_schema(name), indent=1, ensure_ascii=False) + "\n"
        for name in dictionary.TABLES
    }
    written = {"dictionary.md": dictionary_page(), "checks.md": checks_page(), "benchmarks.md": benchmarks_page()}
    return {**written, **schemas}


def write(folder: Path) -> list[Path]:
    """Write the generated files below `folder`; returns their paths."""
    paths = []
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def dictionary_page() -> str:
    """Markdown of the data dictionary: a section per table and column."""
    lines = ["# Data dictionary", "", MADE.format("crisiskit/standard/tables/*.yaml"), "", INTRODUCTION, ""]
    for table in dictionary.tables().values():
        lines += [f"## {table.name}", "", table.description, ""]
        group = ""
        for column in table.columns.values():
            if column.group != group:
                group = column.group
                lines += [f"### {table.name}: {group}", ""]
            lines += [*_column(column), ""]
    return "\n".join(lines).rstrip() + "\n"


INTRODUCTION = """\
Every source becomes one or more of three tables, and these are their columns, in the order of the Parquet files. Every
file holds all columns of its table; those that a source lacks are empty.

Types: *timestamp* is an instant (UTC), *local* a wall clock without a zone, *list* a list of texts.

**Missing** is written in one of five kinds, or not at all: a null without a kind was left blank.

""" + "\n".join(f"- `{kind}`: {meaning}" for kind, meaning in dictionary.MISSING.items()) + """

In text columns the first four stand as codes in the column itself. In all other columns the value is null and the kind
stands in column `missing`, as `age=unknown;cleared_at=set_aside`."""


def _column(column: dictionary.Column) -> list[str]:
    facts = [f"*{column.type}*"]
    facts += [f"unit: {column.unit}"] if column.unit else []
    low, high = (f"{bound:g}" if bound is not None else "" for bound in (column.minimum, column.maximum))
    facts += [f"range: {low or '…'} to {high or '…'}"] if low or high else []
    facts += ["required"] if column.required else []
    lines = [f"**`{column.name}`** ({', '.join(facts)}). {column.meaning}", ""]
    lines += [f"- `{code}`: {meaning}" for code, meaning in column.codes.items()]
    lines += ["- other codes are allowed"] if column.codes and column.open_codes else []
    lines += [""] if column.codes else []
    return [*lines, f"Cannot tell: {column.cannot_tell}", "", f"Source of the definition: {column.source}."]


def checks_page() -> str:
    """Markdown of the check catalogue: one table of checks per standard table."""
    every = list(checks().values())
    lines = [
        "# Checks", "", MADE.format("crisiskit/standard/checks.yaml"), "",
        f"{len(every)} checks. {CHECKS_INTRODUCTION}", "",
    ]
    for name in dictionary.TABLES:
        lines += [f"## {name}", "", *_table(check for check in every if check.table == name), ""]
    return "\n".join(lines).rstrip() + "\n"


CHECKS_INTRODUCTION = """\
Each keeps how many rows it applies to and how many of them fail, so that a threshold can be changed
in the evaluation file (`thresholds: {area_id_known: 0.1}`) without reading the data again.

- **May fail** is the threshold: the share of rows that may fail. No failure: *pass*; a share up to the threshold: *pass
  with failures*; above: *fail*. No row that it applies to, or a column that the source lacks: *not applicable*.
- **Then**: `row` sends the record to the quarantine, `value` sets the named columns aside and keeps the record, `flag`
  only counts.
- Categories are those of Kahn and others (2016), as used by the OHDSI DataQualityDashboard."""


def _table(listed: Iterable[Check]) -> list[str]:
    head = ["check", "fails where", "category", "severity", "may fail", "then", "who mends what"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for check in listed:
        category = f"{check.category} {check.subcategory}".strip()
        then = f"{check.consequence} ({', '.join(check.sets_aside)})" if check.sets_aside else check.consequence
        cells = [f"`{check.id}`", check.title, category, check.severity, f"{check.threshold:.3g}", then, check.guidance]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


if __name__ == "__main__":
    for written in write(Path(sys.argv[1])):
        print(written)
