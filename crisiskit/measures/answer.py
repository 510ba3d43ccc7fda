"""From counted cells to the answer: groups, why rows were left out, what was not recorded, and labels."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crisiskit.measures import dimensions
from crisiskit.measures.intervals import garwood
from crisiskit.measures.request import LEDGER, NUMBERS, Request, Why

if TYPE_CHECKING:
    import ibis

NO_ROW = "no row meets the conditions"


def tally(request: Request, cells: pd.DataFrame, why: Why, sums: Iterable[str] = ()) -> pd.DataFrame:
    """Add the cells of each group up: one row per combination of `by` (null is one), in the order of their numbers.

    Returns the keys, `_group`, `_rows`, `rows_used`, `contacts_used` (NaN where no row of the group knows them),
    `rows_left_out`, one `left <reason>` per reason, `recorded_*`, the `sums` over the rows used, `aggregate_share`.
    """
    keys = list(request.by)
    used = (cells["_why"] == -1).astype("int64")
    parts = {"_rows": cells["_rows"], "rows_used": cells["_rows"] * used, "contacts_used": cells["_contacts"] * used}
    whole = ["_contacts", "_contacts_known", "_contacts_aggregate", *(c for c in cells if c.startswith("recorded_"))]
    parts |= {name: cells[name] for name in whole} | {name: cells[name] * used for name in sums}
    for position, (label, _condition) in enumerate(why):
        parts[f"left {label}"] = cells["_rows"] * (cells["_why"] == position)
    groups = pd.DataFrame(parts).groupby(cells["_group"]).sum()
    groups = pd.concat([cells[keys].groupby(cells["_group"]).head(1).set_axis(groups.index), groups], axis=1)
    groups["rows_left_out"] = groups["_rows"] - groups["rows_used"]
    coarse = [key for key in keys if key not in dimensions.CLOCK] if request.by_clock else keys
    shared = groups.groupby(coarse, dropna=False) if coarse else groups.groupby(np.zeros(len(groups)))
    covered, contacts = shared["_contacts_aggregate"].transform("sum"), shared["_contacts"].transform("sum")
    groups["aggregate_share"] = ratio(covered, contacts)
    groups["contacts_used"] = groups["contacts_used"].astype("float64").where(groups["_contacts_known"] > 0)
    return groups.assign(_group=groups.index)


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Divide; NaN where the denominator is 0."""
    return numerator / denominator.astype("float64").where(denominator != 0)


def finish(request: Request, groups: pd.DataFrame, notes: Mapping[int, str] | str = "",
           kept: Mapping[str, str] | None = None, extras: Sequence[str] = (), between: Sequence[str] = (),
           needs: Sequence[Sequence[str]] | None = None) -> pd.DataFrame:
    """Turn groups with `numerator`, `denominator`, `value`, `low`, `high` into the answer, in the order of its columns.

    `between` are the measure's own key columns (an outcome, a field); `statistic` is put after them when there is one.
    `kept` names columns with counts of rows that were used but are noteworthy; `notes` is one text or one per group.
    """
    needs = request.measure.needs if needs is None else needs
    single = groups.drop_duplicates("_group")
    here = {name: int(single[f"recorded_{name}"].sum()) for alternative in needs for name in alternative}
    rows = int(single["_rows"].sum())
    if rows == 0 or (needs and not _any_recorded(here, needs)):
        return nothing(request, between, extras, needs, rows, here)
    groups = groups.copy()
    groups.loc[groups["rows_used"] == 0, list(NUMBERS)] = np.nan
    lacking = ~np.logical_or.reduce([groups[[f"recorded_{n}" for n in names]].gt(0).all(axis=1) for names in needs]) \
        if needs else np.zeros(len(groups), bool)
    groups.loc[lacking, list(extras)] = np.nan
    read = {name for name in groups if name.startswith("left ")} | {f"recorded_{n}" for names in needs for n in names}
    read |= set((kept or {}).values())
    rows_read = groups[[name for name in groups if name in read]].to_dict("records")
    groups["reasons"] = [
        _reasons(row, needs, kept or {}, notes if isinstance(notes, str) else notes.get(index, ""))
        for index, row in zip(groups.index, rows_read, strict=True)
    ]
    _about_keys(request, groups)
    return shape(request, groups, between, extras)


def _any_recorded(counts: Mapping[str, float], needs: Sequence[Sequence[str]]) -> bool:
    return any(all(counts[name] > 0 for name in alternative) for alternative in needs)


def _reasons(row: Mapping[str, float], needs: Sequence[Sequence[str]], kept: Mapping[str, str], note: str) -> str:
    """Write one group's reasons: left out by reason, then what was kept, then notes; counts of zero are not written."""
    parts = [f"{name[5:]} {int(row[name])}" for name in row if name.startswith("left ") and row[name] > 0]
    if needs and not _any_recorded({n: row[f"recorded_{n}"] for names in needs for n in names}, needs):
        lacking = [name for name in needs[0] if row[f"recorded_{name}"] == 0]
        parts.insert(0, f"not recorded in this group: {', '.join(lacking)}")
    stayed = [f"{label} {int(row[column])}" for label, column in kept.items() if row[column] > 0]
    return "; ".join([*parts, *(["kept: " + ", ".join(stayed)] if stayed else []), *([note] if note else [])])


def _about_keys(request: Request, groups: pd.DataFrame) -> None:
    """Say so where a grouping column is null in every row, and where groups overlap because a column holds lists."""
    texts = [f"'{name}' is null in every row" for name in request.by if groups[name].isna().all()]
    texts += [f"multi-response: a record stands in each of its {name}, so groups overlap"
              for name in request.by if request.is_list(name)]
    if texts:
        groups["reasons"] = ["; ".join([reason, *texts] if reason else texts) for reason in groups["reasons"]]


def nothing(request: Request, between: Sequence[str] = (), extras: Sequence[str] = (),
            needs: Sequence[Sequence[str]] | None = None, rows: int = 0, here: Mapping[str, int] | None = None,
            ) -> pd.DataFrame:
    """Return the one row that says why there is no number: not recorded in this source, or no row meets the conditions.

    `rows` rows were met, in which `here` values are recorded by column. A count of contacts or records is truly 0 when
    what it rests on is recorded in the source and no row meets the conditions; every other value is null.
    """
    needs = request.measure.needs if needs is None else needs
    reason = _unanswered(request, needs, rows, here or {})
    row: dict = dict.fromkeys([*request.by, *between, *extras, *NUMBERS, "contacts_used", "aggregate_share"])
    if reason == NO_ROW and request.measure.unit in ("contacts", "records"):
        low, high = garwood([0], request.variant["confidence"])
        row |= {"numerator": 0, "value": 0, "low": low[0], "high": high[0]}
    row |= {"rows_used": 0, "rows_left_out": rows, "reasons": reason}
    return shape(request, pd.DataFrame([row]), between, extras)


def _unanswered(request: Request, needs: Sequence[Sequence[str]], rows: int, here: Mapping[str, int]) -> str:
    """Say which columns, of the measure or of the conditions, the source lacks; else, what the rows met lack."""
    name = request.variant.get("table") or request.measure.table
    table = request.tables.tables.get(name)
    if table is None:
        return f"not recorded in this source: table '{name}'"
    asked = [column for column, values in request.where.items()
             if None not in values and column not in dimensions.DIMENSIONS]
    columns = list(dict.fromkeys([*(column for alternative in needs for column in alternative), *asked]))
    known = {}
    if columns:
        counts = {column: table[column].count() if column in table.columns else (table.measure == column).sum()
                  for column in columns}
        known = request.tables.fetch(table.aggregate(**counts)).iloc[0].to_dict()
    lacking = [] if not needs or _any_recorded(known, needs) else [c for c in needs[0] if known[c] == 0]
    lacking += [column for column in asked if known[column] == 0 and column not in lacking]
    if lacking:
        return f"not recorded in this source: {', '.join(lacking)}"
    return NO_ROW if rows == 0 else f"not recorded in these rows: {', '.join(c for c in needs[0] if here[c] == 0)}"


def shape(request: Request, groups: pd.DataFrame, between: Sequence[str], extras: Sequence[str]) -> pd.DataFrame:
    """Put the columns in order, write the labels of dimensions, fix the types."""
    keys = [*request.by, *(name for name in between if name not in request.by)]
    columns = [*keys, *(["statistic"] if "statistic" in groups else []), *NUMBERS, *LEDGER, *extras]
    frame = groups.reset_index(drop=True)[columns].copy()
    for name in keys:
        frame[name] = _typed(request, name, dimensions.written(name, frame[name]))
    numbers = [*NUMBERS, "aggregate_share", *extras]
    frame[numbers] = frame[numbers].astype("float64")
    frame[["rows_used", "rows_left_out"]] = frame[["rows_used", "rows_left_out"]].astype("int64")
    frame["contacts_used"] = frame["contacts_used"].astype("Int64")
    fiscal = f" ({request.variant['fiscal']} fiscal year)" if "fiscal_year" in (*request.by, *request.where) else ""
    frame["label"] = request.measure.title(request.variant) + fiscal
    frame.attrs = {"measure": request.measure.id, "unit": request.measure.unit, "label": frame["label"].iloc[0]}
    return frame


def _typed(request: Request, name: str, values: pd.Series) -> pd.Series:
    """Keep whole numbers whole and truth values true when a key holds nulls."""
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind == "boolean":
        return values.astype("boolean")
    whole = pd.api.types.is_numeric_dtype(values) and bool((values.dropna() % 1 == 0).all())
    return values.astype("Int64") if whole and kind in ("integer", "floating") else values


def pooled(request: Request, rows: "ibis.Table | pd.DataFrame", columns: Sequence[str], groups: pd.DataFrame,
           ) -> dict[int, str]:
    """Say, per group, which of `columns` (neither grouped by nor filtered on) hold several values: they were pooled.

    `rows` are the rows, or the cells of a `count` that took the columns as `also`, which saves a pass.
    """
    open_columns = [name for name in columns if name in rows.columns and name not in (*request.by, *request.where)]
    if not open_columns:
        return {}
    if isinstance(rows, pd.DataFrame):
        seen, numbers = rows, rows["_group"]
    else:
        seen = request.fetch(rows.select(*request.by, *open_columns).distinct())
        numbers = locate(seen, groups, request.by)
    notes: dict[int, list[str]] = {}
    for column in open_columns:  # the groups may be thousands: one pass over each column, not over each group
        found = pd.DataFrame({"group": np.asarray(numbers), "name": seen[column].to_numpy()}).dropna()
        found = found.assign(name=found["name"].astype("str")).drop_duplicates().sort_values("name")
        several = found[found.duplicated("group", keep=False)].groupby("group")["name"]
        for group, names in several.agg(", ".join).items():
            notes.setdefault(int(group), []).append(f"pooled over {column}: {names}")
    return {group: "; ".join(texts) for group, texts in notes.items()}


def locate(frame: pd.DataFrame, groups: pd.DataFrame, by: Sequence[str]) -> np.ndarray:
    """Return the number of the group that each row of `frame` belongs to; -1 for a group that was not counted."""
    keys = list(by)
    if not keys:
        return np.zeros(len(frame), "int64")
    known = zip(groups["_group"], groups[keys].itertuples(index=False), strict=True)
    place = {plain(row): group for group, row in known}
    return np.array([place.get(plain(row), -1) for row in frame[keys].itertuples(index=False)], "int64")


def plain(values: Iterable) -> tuple:
    """Make a key that compares equal when it is null."""
    return tuple(None if pd.isna(value) else value for value in values)
