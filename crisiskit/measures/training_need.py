"""Training-need index by site and shift: how far records and outcomes lie from the pooled value, each component shown.

The index says where to look first. It is no measure of anybody's skill: forms, call mix and hours differ between sites.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.errors import UserError
from crisiskit.measures.intervals import wilson
from crisiskit.measures.tables import open_tables
from crisiskit.standard import dictionary

SHIFTS: Mapping[str, tuple[int, int]] = {"day": (7, 15), "evening": (15, 23), "night": (23, 7)}
"""Shift to its first hour and the hour after its last, on the local clock."""

NO_SHIFT = "time of day not recorded"


@dataclass(frozen=True)
class Components:
    """What the index is made of: fields whose missing share counts, and yes/no outcomes whose share counts.

    A group below `least` records in any component is marked as small. `shifts` cover the day without gap or overlap.
    """

    fields: tuple[str, ...] = ("need", "outcome", "responder", "area_id", "age", "gender")
    outcomes: tuple[str, ...] = ("force_used", "injury_subject", "injury_responder")
    least: int = 30
    shifts: Mapping[str, tuple[int, int]] = field(default_factory=lambda: SHIFTS)


def need_index(tables: Any, site: str = "site", components: Components | None = None) -> pd.DataFrame:
    """Return one row per site, shift and component, with the index of the site and shift beside it.

    Columns: site, shift, component, kind (missing or outcome), numerator, n, value, low, high (Wilson), pooled, z,
    index (mean of the group's z), components (how many z it is the mean of), small. z is the distance from the pooled
    share in its standard errors, sqrt(pooled (1 - pooled) / n); it is NaN where nothing varies. A component that no
    record of the source has is not in the table. Rows that cover a period are left out, and counted in
    `attrs["left_out"]`. UserError for a name that is no column, or a table without sites.
    """
    chosen = components or Components()
    opened = open_tables(tables)
    if "interventions" not in opened.tables:
        raise UserError("training need: the source has no table 'interventions'")
    table = opened.tables["interventions"]
    asked = _questions(table, (site, *chosen.fields, *chosen.outcomes), chosen)
    single = table.filter(~_.is_aggregate.fill_null(False)).mutate(shift=_shift(table, chosen.shifts))
    counted = {f"{kind} {name}": value for (kind, name), value in asked.items()}
    cells = opened.fetch(single.group_by(site=site, shift="shift").aggregate(_rows=_.count(), **counted))
    if cells["site"].isna().all():
        raise UserError(f"training need: no record has a value in '{site}'; name another column with site=")
    cells = cells.sort_values(["site", "shift"], na_position="last", ignore_index=True)
    frame = _indexed(_long(cells, chosen), chosen.least)
    frame.attrs["left_out"] = int(opened.fetch(table.aggregate(n=_.count()))["n"].iloc[0]) - int(cells["_rows"].sum())
    return frame


def _questions(table: ibis.Table, names: Sequence[str], chosen: Components) -> dict[tuple[str, str], ibis.Value]:
    """What to count: known and applicable rows of each field, yes and yes-or-no of each outcome."""
    columns = dictionary.table("interventions")
    for name in names:
        if name not in table.columns:
            columns.column(name)
    for name in chosen.outcomes:
        if not table[name].type().is_boolean():
            raise UserError(f"training need: outcome '{name}' is no yes/no column")
    asked: dict[tuple[str, str], ibis.Value] = {}
    for name in chosen.fields:
        value = table[name]
        text = value.type().is_string()
        applies = value.isnull() | (value != "not_applicable") if text else value.notnull() | ~_token(table, name)
        known = value.notnull() & (value.notin(dictionary.KINDS) if text else True)
        asked[("whole", name)] = applies.sum()
        asked[("part", name)] = (applies & ~known).sum()
    for name in chosen.outcomes:
        asked[("whole", name)] = table[name].count()
        asked[("part", name)] = table[name].sum().coalesce(0)
    return asked


def _token(table: ibis.Table, name: str) -> ibis.Value:
    """Tell whether `missing` says that the field does not apply to the row."""
    return (";" + table.missing.coalesce("")).contains(f";{name}=not_applicable")


def _shift(table: ibis.Table, shifts: Mapping[str, tuple[int, int]]) -> ibis.Value:
    """Return the shift of each row; UserError unless the shifts cover each hour of the day once."""
    hours = {name: [hour % 24 for hour in range(first, end if end > first else end + 24)]
             for name, (first, end) in shifts.items()}
    every = sorted(hour for covered in hours.values() for hour in covered)
    if every != list(range(24)):
        raise UserError(f"training need: the shifts {', '.join(shifts)} must cover each hour of the day once")
    hour = table.received_local.hour()
    return ibis.cases(*((hour.isin(covered), name) for name, covered in hours.items()), else_=NO_SHIFT)


def _long(cells: pd.DataFrame, chosen: Components) -> pd.DataFrame:
    """One row per group and component that the source records, with its share and the pooled one."""
    parts = []
    for name in (*chosen.fields, *chosen.outcomes):
        part, whole = cells[f"part {name}"].astype(float), cells[f"whole {name}"].astype(float)
        outcome = name in chosen.outcomes
        if whole.sum() == 0 or (not outcome and part.sum() == whole.sum()):
            continue
        low, high = wilson(part, whole)
        pooled = part.sum() / whole.sum()
        error = np.sqrt(pooled * (1 - pooled) / whole.where(whole > 0))
        value = part / whole.where(whole > 0)
        parts.append(cells[["site", "shift"]].assign(
            component=name, kind="outcome" if outcome else "missing", numerator=part, n=whole, value=value, low=low,
            high=high, pooled=pooled, z=(value - pooled) / error.where(error > 0)))
    if not parts:
        raise UserError("training need: the source records none of the components")
    return pd.concat(parts, ignore_index=True)


def _indexed(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """Add the mean of the z of each site and shift, how many they are, and whether any rests on few records."""
    groups = frame.groupby(["site", "shift"], dropna=False)
    return frame.assign(index=groups["z"].transform("mean"), components=groups["z"].transform("count"),
                        small=groups["n"].transform("min") < least)
