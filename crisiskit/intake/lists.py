"""List columns: several cells gathered, yes/no columns that stand for codes, or one cell split; each item once.

As for single cells, the steps stand a view apart, so that the engine computes each once: texts `g0_name`, `g1_name`,
..., their folded forms `h0_name`, their codes `j0_name`, and at last the list `l_name`.
"""

from collections.abc import Mapping

import ibis
from ibis.expr.types import Table, Value

from crisiskit.intake import cells
from crisiskit.intake.compile import Headers, entry, part_text
from crisiskit.intake.mapping import ColumnMap
from crisiskit.intake.mapping_parts import Part
from crisiskit.standard.dictionary import Column

NULL = ibis.null("string")


def is_list(spec: ColumnMap) -> bool:
    """Whether a column is made by one of the three ways of a list."""
    return bool(spec.gather or spec.flags or spec.split)


def _size(spec: ColumnMap) -> range:
    return range(len(spec.flags or spec.gather or spec.source))


def texts(name: str, spec: ColumnMap, table: Table, headers: Headers, missing: Mapping[str, str]) -> dict[str, Value]:
    """The text of every cell; null where it is blank or says that it is missing."""
    parts = tuple(Part(column=source) for source in spec.flags.values()) or spec.gather or spec.source
    spellings = {} if spec.flags else {**missing, **spec.missing}
    made: dict[str, Value] = {}
    for i, part in enumerate(parts):
        text = part_text(table, part, headers, spec.optional)
        text = NULL if text is None else text
        kind = cells.missing_kind(text, spellings)
        made[f"g{i}_{name}"] = text if kind is None else ibis.ifelse(kind.isnull(), text, NULL)
    return made


def forms(name: str, spec: ColumnMap, view: Table) -> dict[str, Value]:
    """The texts as they are compared with spellings."""
    return {f"h{i}_{name}": cells.folded(view[f"g{i}_{name}"]) for i in _size(spec)}


def codes(name: str, column: Column, spec: ColumnMap, view: Table) -> dict[str, Value]:
    """The code that each cell gives; for a column that is split, the list itself."""
    known = [*column.codes, *cells.FOUR] if column.codes else []
    free = not (known or spec.codes)

    def code(form: Value) -> Value:
        value = cells.coded(form, spec.codes, known)
        return ibis.ifelse(form.notnull() & value.isnull(), ibis.literal("other"), value)

    if spec.split:  # an entry cannot leave the lambda: codes that are not known are kept as `other`, and not counted
        items = view[f"g0_{name}"].split(spec.split).map(lambda item: cells.clean(item))
        items = items if free else items.map(lambda item: code(cells.folded(item)))
        return {f"j0_{name}": items.filter(lambda item: item.notnull()).unique()}
    if spec.flags:
        says = {i: cells.yes_no(view[f"h{i}_{name}"], spec.yes, spec.no) for i in _size(spec)}
        made = {f"j{i}_{name}": ibis.ifelse(says[i], code, NULL) for i, code in enumerate(spec.flags)}
        return made | {f"any_{name}": cells.any_of([one.notnull() for one in says.values()])}
    return {f"j{i}_{name}": view[f"g{i}_{name}"] if free else code(view[f"h{i}_{name}"]) for i in _size(spec)}


def value(name: str, column: Column, spec: ColumnMap, view: Table) -> dict[str, Value]:
    """The list, null where no cell says anything, and the entries of codes that are not known."""
    if spec.split:
        return {f"l_{name}": view[f"j0_{name}"]}
    items = [view[f"j{i}_{name}"] for i in _size(spec)]
    once = [items[0]] + [
        ibis.ifelse(cells.any_of([item == earlier for earlier in items[:i]]).fill_null(False), NULL, item)
        for i, item in enumerate(items)
        if i
    ]
    said = view[f"any_{name}"] if spec.flags else cells.any_of([view[f"g{i}_{name}"].notnull() for i in _size(spec)])
    listed = ibis.array(once).filter(lambda item: item.notnull())
    made = {f"l_{name}": ibis.ifelse(said, listed, ibis.null("array<string>"))}
    if not spec.flags and "*" not in spec.codes and (column.codes or spec.codes):
        known = {cells.fold(word) for word in (*column.codes, *cells.FOUR, *spec.codes)}
        strange = [(view[f"g{i}_{name}"], ~cells.among(view[f"h{i}_{name}"], sorted(known))) for i in _size(spec)]
        entries = [ibis.ifelse(odd, entry(name, "unmapped code", text), NULL) for text, odd in strange]
        made[f"lo_{name}"] = cells.joined(entries, "")
    return made
