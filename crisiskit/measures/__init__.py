"""Measures: every number is asked for in one way and comes with its numerator, denominator, interval and reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crisiskit.errors import UserError
from crisiskit.measures.definitions import catalogue, definition, page

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from crisiskit.measures.tables import Tables

__all__ = ["catalogue", "clock_audit", "load", "measure", "page"]


def load(folder: "str | Path") -> "Tables":
    """Open the standard tables of a folder once, to ask several measures of them."""
    from crisiskit.measures import tables

    return tables.load(folder)


def measure(tables: Any, name: str, by: str | Sequence[str] = (), where: Mapping[str, Any] | None = None,
            standard: Any = None, **variant: Any) -> "pd.DataFrame":
    """Answer one measure as a tidy frame.

    `tables` is a folder of Parquet files, what `load` returned, or a mapping of table names to Ibis tables or pandas
    frames. `by` names columns or dimensions (year, month, week, day, weekday, hour, fiscal_year); `where` maps such
    names to a value or several. Variants are those of the catalogue, with `fiscal` and `confidence` for every measure.
    `standard` is for measures that can be standardised: see `crisiskit.measures.standard.Standard`.

    Columns: *by, `statistic` (measures with several), numerator, denominator, value, low, high, rows_used,
    contacts_used, rows_left_out, reasons, aggregate_share, the measure's own, label. Nothing is rounded. A measure
    whose columns the source lacks answers one row with value null. UserError for a name or value that is not known.
    """
    if standard is not None and definition(name).standardised != "yes":
        raise UserError(f"measure '{definition(name).id}' is not standardised; leave out 'standard'")
    from crisiskit.measures.answer import nothing
    from crisiskit.measures.request import ask

    request = ask(tables, name, by, where, variant)
    if standard is not None:
        request = replace(request, variant={**request.variant, "standard": standard})
    needed = request.variant.get("table", request.measure.table)
    if needed is not None and needed not in request.tables.tables:
        return nothing(request)
    return request.measure.compute()(request)


def clock_audit(tables: Any, by: str | Sequence[str] = (), where: Mapping[str, Any] | None = None,
                clock: str = "instant") -> "pd.DataFrame":
    """Count, for every clock, what is missing, negative, zero or over a day: see `crisiskit.measures.clocks.audit`."""
    from crisiskit.measures import clocks

    return clocks.audit(tables, by, where, clock)
