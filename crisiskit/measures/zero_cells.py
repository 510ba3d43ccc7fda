"""Values that a group never has: rows of 0 out of the group's denominator, which an answer by value leaves out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from crisiskit.measures.intervals import wilson


def completed(answer: pd.DataFrame, keys: Sequence[str], confidence: float) -> pd.DataFrame:
    """Add, to an answer by its own keys (an outcome, a need) within groups, the values that a group never has.

    Without them a group in which nobody was arrested would be missing from the comparison of arrests. `keys` are the
    columns that were grouped by; the others before `numerator` are the measure's own. Shares only; a group without any
    value stays without.
    """
    own = [key for key in answer.columns[:answer.columns.get_loc("numerator")] if key not in keys]
    if not own or "statistic" in own or answer.attrs.get("unit") != "share":
        return answer
    groups = answer[answer["value"].notna()].drop_duplicates(list(keys))
    grid = groups.drop(columns=own).merge(answer[own].dropna().drop_duplicates(), how="cross")
    low, high = wilson(np.zeros(len(grid)), grid["denominator"], confidence)
    grid = grid.assign(numerator=0.0, value=0.0, low=low, high=high)
    if "recorded_share" in grid:
        grid = grid.assign(bound_low=0.0, bound_high=1 - grid["recorded_share"])
    whole = pd.concat([answer, grid[answer.columns]], ignore_index=True).drop_duplicates([*keys, *own])
    whole = whole.sort_values([*keys, *own], na_position="last", ignore_index=True)
    whole.attrs = dict(answer.attrs)
    return whole
