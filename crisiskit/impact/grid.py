"""The grid of a panel: every area by every period, the outcome merged onto it, and its empty cells judged."""

from collections.abc import Mapping, Sequence
from datetime import date as Date
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact.audit import Join, merged
from crisiskit.impact.cells import Cells, known
from crisiskit.impact.question import Question

if TYPE_CHECKING:
    import pandas as pd

ROW = tuple[str, int, float]
"""What was left out: the reason, rows of the table, total of the outcome."""


def place(
    cells: Cells, question: Question, units: Sequence[str], aside: Mapping[str, str], starts: Sequence[Date]
) -> tuple["pd.DataFrame", list[Join], list[ROW]]:
    """The grid of the panel with the outcome merged onto it, the audit, and what was left out."""
    import pandas as pd

    frame, out = cells.frame, []
    inside = frame["start"].isin(list(starts))
    out += _rows(frame[~inside], "outside the periods of the panel")
    frame = frame[inside]
    clear = frame["area"].map(known)
    out += _rows(frame[~clear], "rows without a known area")
    every = pd.DataFrame({"area": sorted(area for area in cells.areas if known(area))}, dtype=object)
    placed, one = merged(frame, every, ["area"], "outcome with its areas", "value", question.join_limit, "inner")
    for reason in sorted(set(aside.values())):
        out += _rows(placed[placed["area"].map(aside).eq(reason)], reason)
    placed = placed[~placed["area"].isin(list(aside))]
    grid = pd.DataFrame({"area": np.repeat(np.array(units, object), len(starts)), "start": list(starts) * len(units)})
    grid, two = merged(grid, placed, ["area", "start"], "areas by periods with the outcome", "value", 0.0)
    return grid, [one, two], out


def _rows(frame: "pd.DataFrame", reason: str) -> list[ROW]:
    return [(reason, int(frame["rows"].sum()), float(frame["value"].sum()))] if len(frame) else []


def fill(
    grid: "pd.DataFrame", cells: Cells, question: Question, units: Sequence[str], starts: Sequence[Date],
    ends: Sequence[Date],
) -> tuple[np.ndarray, int, int, list[ROW]]:  # fmt: skip
    """The outcome (N x T) with zeros where the source covers an empty cell; how many, and how many are not covered."""
    shape = (len(units), len(starts))
    values = grid["value"].to_numpy("float64").reshape(shape).copy()
    empty = grid["rows"].isna().to_numpy().reshape(shape)
    covered = np.tile(np.array([day in cells.covered for day in starts]), (len(units), 1))
    for row, area in enumerate(units):
        if area in question.coverage:
            span = question.coverage[area]
            covered[row] &= np.array([span.first <= a and b <= span.last for a, b in zip(starts, ends, strict=True)])
    values[empty & covered] = 0.0
    outside = _rows(grid[(~empty & ~covered).ravel()], "on days that the source does not cover (coverage)")
    values[~covered] = np.nan
    return values, int((empty & covered).sum()), int((~covered).sum()), outside


def silent(grid: "pd.DataFrame", values: np.ndarray, starts: Sequence[Date]) -> list[str]:
    """A note on the periods that are zero in every area only because the source has rows of something else."""
    none = grid["rows"].isna().to_numpy().reshape(values.shape).all(axis=0) & (values == 0).any(axis=0)
    if not none.any():
        return []
    return [f"{int(none.sum())} periods have no row of the outcome in any area (the first from "
            f"{starts[int(none.argmax())]}), yet the source has other rows, so they are zeros: if the outcome was not "
            "recorded then, narrow the window or coverage."]  # fmt: skip
