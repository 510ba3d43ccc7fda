"""Rates by class of area: rural and urban, or a region, from the classes that `counts` gives the areas."""

from typing import Any

import numpy as np
import pandas as pd

from crisiskit.errors import UserError, nearest
from crisiskit.measures.answer import ratio
from crisiskit.measures.intervals import garwood
from crisiskit.measures.tables import open_tables

SUMS = ("numerator", "denominator", "population", "rows_used", "contacts_used", "rows_left_out")


def classes(tables: Any, group: str) -> pd.Series:
    """Return the class of each area: level of `group` by area_id, from the rows of `counts` that say it.

    Empty where `counts` is not there. UserError for a group that is not there, or an area in two classes.
    """
    opened = open_tables(tables)
    if "counts" not in opened.tables:
        return pd.Series(dtype="object")
    counts = opened.tables["counts"]
    rows = opened.fetch(counts.filter(counts.area_id.notnull() & counts.level.notnull() & (counts.value != 0))
                        .select("group", "area_id", "level").distinct())
    mine = rows[rows["group"] == group]
    if mine.empty:
        held = sorted(rows["group"].dropna().unique())
        raise UserError(f"counts: there is no group '{group}' of areas"
                        f"{nearest(group, held) or f' (groups: {chr(44).join(held)})'}")
    twice = mine[mine["area_id"].duplicated()]["area_id"].unique()
    if len(twice):
        raise UserError(f"counts: '{group}' is no class of areas, for {len(twice)} of them have several, such as "
                        f"'{twice[0]}'")
    return mine.set_index("area_id")["level"].astype("object")


def by_class(answer: pd.DataFrame, classed: pd.Series, confidence: float = 0.95) -> pd.DataFrame:
    """Put a crude rate by area together by class: sums over sums, exact Poisson limits, not a mean of the areas' rates.

    `answer` is that of `rate_per_population` by area_id, `classed` what `classes` returned. Columns: class (null for
    areas that have none), areas, numerator, denominator, value, low, high, population, bound_low, bound_high, rows and
    contacts, reasons, label. Contacts without a known area could be in any class: the bounds hold them all.
    """
    if list(answer.columns[:answer.columns.get_loc("numerator")]) != ["area_id"] or "per" not in answer:
        raise UserError("classes of areas put together a rate by area_id alone: ask for it with by='area_id'")
    if answer["per"].isna().any():
        raise UserError("a standardised rate cannot be put together by class of area; ask for the crude one")
    known = answer[answer["value"].notna()]
    named = known.assign(**{"class": known["area_id"].map(classed).astype("object")})
    named["unknown"] = (named["bound_high"] - named["value"]) * named["denominator"] / named["per"]
    grouped = named.groupby("class", dropna=False)
    frame = grouped[list(SUMS)].sum().assign(areas=grouped.size(), per=grouped["per"].first(),
                                             unknown=grouped["unknown"].max()).reset_index()
    low, high = garwood(frame["numerator"], confidence)
    scale = frame["per"] / frame["denominator"].where(frame["denominator"] > 0)
    frame = frame.assign(value=frame["per"] * ratio(frame["numerator"], frame["denominator"]), low=low * scale,
                         high=high * scale, bound_high=(frame["numerator"] + frame["unknown"]) * scale)
    silent = len(answer) - len(known)
    note = f"areas without a rate, in no class: {silent}" if silent else ""
    columns = ["class", "areas", "numerator", "denominator", "value", "low", "high", "per", "population", "bound_low",
               "bound_high", "rows_used", "contacts_used", "rows_left_out", "reasons", "label"]
    label = answer["label"].iloc[0] if len(answer) else ""
    frame = frame.assign(bound_low=frame["value"], reasons=np.where(frame["class"].isna(), "not classed", note),
                         label=label)[columns]
    frame.attrs = dict(answer.attrs)
    return frame
