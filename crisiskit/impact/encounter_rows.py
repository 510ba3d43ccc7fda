"""From rows of interventions to the encounters of a comparison: who is eligible, and levels as columns of numbers."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError, nearest
from crisiskit.impact.encounters import CLOCK, CLUSTER, MISSING, SMALL, EncounterPlan
from crisiskit.standard import dictionary

LATE_GROUPS = ("outcome", "feedback")
AFTER = ("call_type_final", "units", "duration_min", "responder_min", "cit_arrived", "transported_at", "hospital_at",
         "cleared_at")  # fmt: skip
"""Columns that are filled in after somebody went, beside the groups of outcomes and feedback."""

if TYPE_CHECKING:
    import pandas as pd

    Flow = dict[str, tuple[int, int]]


def eligible(tables: Any, plan: EncounterPlan) -> "tuple[pd.DataFrame, Flow]":
    """Encounters of both groups that satisfy `where`, in an order of their own, with text for every level.

    The frame holds the columns of the plan: outcomes and measurements as numbers (NaN where not recorded), everything
    else as text (`missing` where empty). `flow`: step to encounters of the programme and of the comparison.
    """
    frame = _frame(tables, plan)
    codes = _text(frame[plan.by])
    for name in (*plan.treated, *plan.comparison):
        if name not in (known := sorted({*_codes(plan.by), *codes} - {MISSING})):
            raise UserError(f"{plan.by} '{name}' is unknown{nearest(name, known)}; known here: "
                            f"{', '.join(known)}")
    sides = codes.isin(plan.treated).to_numpy(bool), codes.isin(plan.comparison).to_numpy(bool)

    def counts(mask: np.ndarray) -> tuple[int, int]:
        return int((sides[0] & mask).sum()), int((sides[1] & mask).sum())

    mask = np.ones(len(frame), bool)
    flow = {"rows of either group": counts(mask)}
    if "is_aggregate" in frame:
        mask &= ~frame["is_aggregate"].fillna(False).to_numpy(bool)
        flow["one encounter each, no period totals"] = counts(mask)
    for column, values in plan.where.items():
        cells = _text(frame[column])
        for value in values:
            if not (cells == value).any():
                there = sorted(set(cells))
                raise UserError(f"where: {column} is never '{value}'{nearest(value, there)}; it is "
                                f"{', '.join(there[:12])}{' ...' if len(there) > 12 else ''}")
        mask &= cells.isin(values).to_numpy(bool)
    flow["eligible, of either group"] = counts(mask)
    for place, (label, names) in enumerate((("treated", plan.treated), ("comparison", plan.comparison))):
        if not flow["eligible, of either group"][place]:
            raise UserError(f"{label}: no eligible encounter has {plan.by} {' or '.join(names)} "
                            f"({flow['rows of either group'][place]} before where was applied)")
    rows = frame[mask & (sides[0] | sides[1])]
    _one_kind(rows)
    return _ordered(_clean(rows, plan)), flow


def levels(
    frame: "pd.DataFrame", plan: EncounterPlan, flow: "Flow"
) -> "tuple[pd.DataFrame, pd.DataFrame, np.ndarray, list[str]]":
    """The encounters, their covariates as columns of numbers, their stratum, and notes on what was decided.

    A text covariate becomes one column per level but the most frequent; levels with fewer than `min_level` encounters
    are put together. A measurement stays a number; where it is missing it has the mean and a column that says so.
    Encounters of a level that only one group has are left out where it is small or the plan says so; else UserError.
    """
    import pandas as pd

    notes = [f"recorded after somebody went, and perhaps changed by who it was: {', '.join(late)}; the comparison then "
             "leaves out part of the effect"] if (late := _late(plan)) else []  # fmt: skip
    measured = [name for name in plan.covariates if pd.api.types.is_float_dtype(frame[name].dtype)]
    grouped = [name for name in plan.covariates if name not in measured]
    gone = True
    while gone:
        frame, gone = _with_counterparts(frame, grouped, plan, notes)
    treated = frame[plan.by].isin(plan.treated)
    flow["levels that both groups have"] = (int(treated.sum()), int((~treated).sum()))
    columns: dict[str, np.ndarray] = {}
    for name in grouped:
        counts = frame[name].value_counts()
        names = sorted(counts.index, key=lambda level: (-counts[level], level))
        columns |= {f"{name}: {level}": (frame[name] == level).to_numpy("float64") for level in names[1:]}
    for name in measured:
        x = frame[name].to_numpy("float64")
        lost = ~np.isfinite(x)
        if lost.all():
            raise UserError(f"covariate '{name}' is not recorded in any eligible encounter; leave it out")
        columns[name] = np.where(lost, x[~lost].mean(), x)
        columns |= {f"{name}: {MISSING}": lost.astype("float64")} if lost.any() else {}
    columns = {name: values for name, values in columns.items() if np.ptp(values) > 0}
    if not columns:
        raise UserError(f"the covariates {', '.join(plan.covariates)} do not vary among the eligible encounters")
    exact = list(plan.exact) or grouped
    if not exact:
        raise UserError("exact: every covariate is a number; name one that is not, or add one in classes")
    if left := [name for name in plan.covariates if name not in exact]:
        notes.append(f"the exact comparison is within {', '.join(exact)}; it does not hold {', '.join(left)} alike")
    strata = frame.groupby([frame[name].astype(str) for name in exact], sort=True).ngroup().to_numpy()
    return frame, pd.DataFrame(columns), strata, notes


def _with_counterparts(
    frame: "pd.DataFrame", grouped: Iterable[str], plan: EncounterPlan, notes: list[str]
) -> "tuple[pd.DataFrame, bool]":
    """Put small levels together and leave out those without a counterpart; whether any was left out."""
    for name in grouped:
        counts = frame[name].value_counts()
        small = sorted(counts.index[counts < plan.min_level])
        if len(small) > 1:
            notes.append(f"{name}: {len(small)} levels with fewer than {plan.min_level} encounters are one level")
            frame = frame.assign(**{name: frame[name].where(~frame[name].isin(small), SMALL)})
        treated = frame[plan.by].isin(plan.treated)
        both = frame.groupby([frame[name], treated]).size().unstack(fill_value=0).reindex(columns=[True, False])
        both = both.fillna(0)
        if not (both > 0).all(axis=1).any():
            raise UserError(f"no level of '{name}' has encounters of both groups: it tells them apart (perfect "
                            "separation); leave it out of covariates, or compare other responders")
        for level, row in both[(both == 0).any(axis=1)].sort_index().iterrows():
            n, owner = int(row.sum()), "the programme" if row[True] else "the comparison"
            if n >= plan.min_level and plan.one_sided == "refuse":
                raise UserError(
                    f"{name} '{level}': all {n} encounters are of {owner} (perfect separation): they have no "
                    "counterpart; leave the level out by where, or set one_sided: leave_out to compare without it")
            notes.append(f"{name} '{level}': {n} encounters, all of {owner}, have no counterpart and are left out")
            frame = frame[frame[name] != level]
            return frame.reset_index(drop=True), True
    return frame, False


def _frame(tables: Any, plan: EncounterPlan) -> "pd.DataFrame":
    """The columns of the plan, from a frame or from standard tables."""
    import pandas as pd

    clock = ["received_local"] if set(CLOCK) & {*plan.covariates} else []
    wanted = [plan.by, *plan.outcomes, *plan.covariates, *plan.where, *([plan.cluster] if plan.cluster else []), *clock]
    wanted = list(dict.fromkeys(name for name in wanted if name not in CLOCK))
    if isinstance(tables, pd.DataFrame):
        known = list(tables.columns)
    else:
        from crisiskit.measures.tables import open_tables

        opened = open_tables(tables)
        if "interventions" not in opened.tables:
            raise UserError("the source has no table interventions, so there are no encounters to compare")
        known = list(opened.tables["interventions"].columns)
    for name in wanted:
        if name not in known:
            raise UserError(f"column '{name}' is not in the table{nearest(name, [*known, *CLOCK])}")
    wanted += [name for name in ("is_aggregate", "record_kind") if name in known and name not in wanted]
    if isinstance(tables, pd.DataFrame):
        return tables[wanted]
    table = opened.tables["interventions"].select(*wanted)
    sides = [*plan.treated, *plan.comparison]
    if set(sides) <= set(_codes(plan.by)):  # else all rows are needed, to say which codes there are
        table = table.filter(table[plan.by].isin(sides))
    return opened.fetch(table)


def _late(plan: EncounterPlan) -> list[str]:
    """Covariates that are known only after somebody went, by the dictionary's groups."""
    known = dictionary.table("interventions").columns
    return [name for name in plan.covariates if name in AFTER or (name in known and known[name].group in LATE_GROUPS)]


def _codes(column: str) -> Iterable[str]:
    """The codes that the dictionary knows for a column."""
    known = dictionary.table("interventions").columns
    return known[column].codes if column in known else ()


def _text(cells: "pd.Series") -> "pd.Series":
    """Cells as text: true and false for yes/no, `missing` where empty."""

    def word(value: Any) -> str:
        if isinstance(value, bool | np.bool_):
            return str(value).lower()
        return f"{value:g}" if isinstance(value, float) else str(value)

    return cells.astype(object).where(cells.notna(), MISSING).map(word).astype(object)


def _one_kind(rows: "pd.DataFrame") -> None:
    """UserError where kinds of record are mixed: one crisis may be a call and a field response, and count twice."""
    if "record_kind" in rows and len(kinds := sorted(rows["record_kind"].dropna().unique())) > 1:
        raise UserError(f"records of several kinds ({', '.join(kinds)}) must not be added up; name one, such as "
                        f"where: {{record_kind: {kinds[0]}}}")


def _clean(rows: "pd.DataFrame", plan: EncounterPlan) -> "pd.DataFrame":
    """Outcomes and measurements as float64, everything else as text."""
    import pandas as pd

    found: dict[str, Any] = {plan.by: _text(rows[plan.by])}
    for name in plan.outcomes:
        found[name] = _yes_no(rows[name], name)
    for name in plan.covariates:
        if name in CLOCK:
            found[name] = _clock(rows["received_local"], name)
        elif pd.api.types.is_numeric_dtype(rows[name].dtype) and not (
            pd.api.types.is_bool_dtype(rows[name].dtype)
        ):
            found[name] = rows[name].astype("float64")
        else:
            found[name] = _text(rows[name])
        if (empty := found[name]).isin([MISSING]).all() or empty.isna().all():
            raise UserError(f"column '{name}' is not recorded in any eligible encounter; leave it out")
    found |= {CLUSTER: _text(rows[plan.cluster])} if plan.cluster else {}
    return pd.DataFrame({name: values.to_numpy() for name, values in found.items()})


def _yes_no(cells: "pd.Series", name: str) -> "pd.Series":
    """1 and 0 as float64, NaN where not recorded; UserError for a column that is not yes/no."""
    import pandas as pd

    known = cells.dropna()
    if not (pd.api.types.is_bool_dtype(cells.dtype) or known.isin([0, 1, True, False]).all()):
        flags = [key for key, column in dictionary.table("interventions").columns.items() if column.type == "boolean"]
        raise UserError(f"outcome '{name}' is not yes/no: it holds '{known.iloc[0]}'{nearest(name, flags)}")
    return cells.astype(object).where(cells.notna(), np.nan).astype("float64")


def _clock(moments: "pd.Series", name: str) -> "pd.Series":
    """Levels of the wall clock: weekday (1 Monday), block of 4 hours, both, or month."""
    block = (moments.dt.hour // 4 * 4).map("{:02.0f}h".format)
    day = (moments.dt.day_of_week + 1).map("{:.0f}".format)
    made = {"weekday": day, "hour_block": block, "hour_of_week": day + "-" + block,
            "month": moments.dt.month.map("{:02.0f}".format)}[name]  # fmt: skip
    return made.astype(object).where(moments.notna(), MISSING)


def _ordered(frame: "pd.DataFrame") -> "pd.DataFrame":
    """The rows in an order that does not depend on how they came: by every column."""
    keys = [frame[name].astype(str).to_numpy(str) for name in reversed(list(frame.columns))]
    return frame.iloc[np.lexsort(keys)].reset_index(drop=True)
