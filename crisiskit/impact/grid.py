"""The grid of a panel: every area by every period, the outcome merged onto it, and its empty cells judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact.audit import Join, merged
from crisiskit.impact.cells import Cells, known
from crisiskit.impact.question import Question
from crisiskit.impact.recorded import Recorded

if TYPE_CHECKING:
    import pandas as pd

SHOWN = 6  # areas that a note names

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
    rows = int(frame["rows"].sum())
    return [(reason, rows, float(frame["seen"].sum()))] if rows else []


@dataclass(frozen=True, eq=False)
class Filled:
    """The outcome (N x T), what its cells without a number hold of the table, and notes on both."""

    values: np.ndarray
    left_out: tuple[ROW, ...]
    notes: tuple[str, ...]


def fill(
    grid: "pd.DataFrame", cells: Cells, question: Question, empty: str, recorded: Recorded, units: Sequence[str],
    starts: Sequence[Date], ends: Sequence[Date],
) -> Filled:  # fmt: skip
    """The outcome with a zero in every empty cell that is covered, NaN where nobody can tell.

    Covered is what the source covers (and `coverage`, of the areas that it names) and the outcome was recorded in;
    `empty` is the outcome's key: missing leaves every empty cell NaN.
    """
    shape = (len(units), len(starts))
    values = grid["value"].to_numpy("float64").reshape(shape).copy()
    none = grid["rows"].isna().to_numpy().reshape(shape)
    wide = grid["wide"].fillna(False).to_numpy(bool).reshape(shape)
    hidden = np.isnan(values) & ~none & ~wide
    covered = np.tile(np.array([day in cells.covered for day in starts]), (len(units), 1))
    silent = np.tile(np.array([day in recorded.nowhere for day in starts]), (len(units), 1))
    for row, area in enumerate(units):
        if area in question.coverage:
            span = question.coverage[area]
            covered[row] &= np.array([span.first <= a and b <= span.last for a, b in zip(starts, ends, strict=True)])
        unsent = recorded.silent(area)
        silent[row] |= np.array([day in unsent for day in starts])
    silent |= none & (empty == "missing")
    silent &= covered
    zero = none & covered & ~silent
    values[zero] = 0.0
    values[~covered | silent | wide] = np.nan
    out = [*_rows(grid[(~none & ~covered).ravel()], "on days that the source does not cover (coverage)"),
           *_rows(grid[(~none & silent).ravel()], "in periods of which the outcome was recorded in part only"),
           *_rows(grid[(wide & covered & ~silent).ravel()], f"in cells that a row of several {question.step}s touches"),
           *_rows(grid[(hidden & covered & ~silent).ravel()], "in cells of which a part is hidden")]  # fmt: skip
    counts = {"zero": zero, "covered": ~covered, "silent": silent, "wide": wide & covered, "hidden": hidden & covered}
    written = bool(((cells.frame["value"] == 0) & (cells.frame["rows"] > 0)).any())
    notes = _said({name: int(mask.sum()) for name, mask in counts.items()}, question.step, written and empty == "judge")
    return Filled(values, tuple(out), tuple(notes))


def _said(count: Mapping[str, int], step: str, written: bool) -> list[str]:
    """Notes on the cells that are zero without a row, and on those without a number."""
    said = {
        "zero": "empty cells are zeros: the source covers them and recorded nothing" + written * (
            ". But the outcome has zeros of its own, so that an empty cell may mean that nothing was sent; if so, say "
            "empty: missing in the outcome"),
        "covered": "cells are missing: the source does not cover them",
        "silent": "cells are missing: the outcome was not recorded, or nothing was sent",
        "wide": f"cells are missing: a row that stands for several {step}s touches them, so that their number lies "
                "between what the other rows say and that with the whole row",
        "hidden": "cells are missing: a number that belongs to them is hidden (suppressed) or blank; what is shown of "
                  "them alone would be too small",
    }  # fmt: skip
    return [f"{count[name]} {text}." for name, text in said.items() if count[name]]


def rowless(cells: Cells, units: Sequence[str], empty: str) -> list[str]:
    """A note on the areas of the panel in which the outcome never has a row, at whatever time."""
    have = set(cells.frame["area"])
    if not (without := [area for area in units if area not in have]):
        return []
    shown = ", ".join(without[:SHOWN]) + ", ..." * (len(without) > SHOWN)
    said = f"Areas without a row of the outcome at any time: {len(without)} ({shown})"
    return [f"{said}; they are missing." if empty == "missing" else
            f"{said}; they count as zero; if they do not report it, exclude them."]  # fmt: skip
