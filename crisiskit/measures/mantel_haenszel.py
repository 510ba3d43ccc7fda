"""Gaps between groups within strata: what remains of a difference when the groups' mix is made the same.

A group that calls more often about one need has another share for that reason alone. Within each stratum (a need, a
channel) the groups are compared as if they had asked for the same, and the comparisons are put together.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from crisiskit.measures.answer import plain
from crisiskit.measures.small_groups import SMALL

ADJUSTED = ("adjusted_difference", "adjusted_difference_low", "adjusted_difference_high", "adjusted_odds_ratio",
            "adjusted_odds_ratio_low", "adjusted_odds_ratio_high", "same_in_strata_p")


def adjusted(frame: pd.DataFrame, cells: pd.DataFrame, group: str, within: str, confidence: float) -> pd.DataFrame:
    """Add to a comparison the figures adjusted for `within`, from the same measure by group and `within` (`cells`).

    `adjusted_difference` is directly standardised: the stratum differences weighted by the size of the stratum in the
    two groups together, normal limits. `adjusted_odds_ratio` is Mantel and Haenszel's, with the limits of Robins,
    Breslow and Greenland (statsmodels). `same_in_strata_p` is Breslow and Day's test that the odds ratio is the same in
    all strata: where it is small, one adjusted figure says little and the strata should be shown. Strata that only one
    of the two groups has are left out, and counted in the reasons. All whose `within` is not known are one stratum.
    """
    keys = list(cells.columns[:cells.columns.get_loc("numerator")])
    others = [key for key in keys if key not in (group, within)]
    shown = {(*plain(row[others]), row[group]) for _index, row in frame.iterrows()}
    names = [name if (*plain(other), name) in shown else SMALL for name, other in
             zip(cells[group], cells[others].itertuples(index=False), strict=True)]
    cells = cells.assign(**{group: names}).dropna(subset=["value"])
    cells = cells.groupby(keys, dropna=False, as_index=False)[["numerator", "denominator"]].sum()
    frame = frame.assign(**dict.fromkeys(ADJUSTED, np.nan))
    for index, row in frame[frame["ratio_low"].notna() | frame["difference_low"].notna()].iterrows():
        same = [plain(other) == plain(row[others]) for other in cells[others].itertuples(index=False)]
        here = cells[np.array(same, bool)]
        mine, base = (here[here[group] == name].set_index(within) for name in (row[group], row["reference"]))
        figures, note = _figures(mine, base, within, confidence)
        for name, value in figures.items():
            frame.loc[index, name] = value
        frame.loc[index, "reasons"] = "; ".join(filter(None, [row["reasons"], note]))
    return frame


def _figures(mine: pd.DataFrame, base: pd.DataFrame, within: str, confidence: float) -> tuple[Mapping[str, Any], str]:
    """Return the columns of `ADJUSTED` for one group against the reference, and what was left out."""
    pair = [side[["numerator", "denominator"]].add_suffix(end) for side, end in ((mine, "_mine"), (base, "_base"))]
    strata = pair[0].join(pair[1], how="inner")
    k, n = strata["numerator_mine"].to_numpy("float64"), strata["denominator_mine"].to_numpy("float64")
    k0, n0 = strata["numerator_base"].to_numpy("float64"), strata["denominator_base"].to_numpy("float64")
    lost = mine["denominator"].sum() + base["denominator"].sum() - n.sum() - n0.sum()
    note = f"not compared within {within} (only one group has the stratum): {lost:.0f}" if lost else ""
    if len(strata) == 0:
        return {}, note
    weight = (n + n0) / (n + n0).sum()
    value = float((weight * (k / n - k0 / n0)).sum())
    error = np.sqrt((weight**2 * (k * (n - k) / n**3 + k0 * (n0 - k0) / n0**3)).sum())
    half = float(ndtri((1 + confidence) / 2) * error)
    return dict(zip(ADJUSTED, (value, value - half, value + half, *_odds(k, n, k0, n0, confidence)), strict=True)), note


def _odds(k: np.ndarray, n: np.ndarray, k0: np.ndarray, n0: np.ndarray, confidence: float) -> tuple[float, ...]:
    """Return the pooled odds ratio, its limits and the test of its sameness; NaN where they are not defined."""
    from statsmodels.stats.contingency_tables import StratifiedTable

    if (k * (n0 - k0)).sum() == 0 or (k0 * (n - k)).sum() == 0:  # no odds ratio between 0 and infinity
        return (np.nan,) * 4
    tables = StratifiedTable([np.array([[a, b - a], [c, d - c]]) for a, b, c, d in zip(k, n, k0, n0, strict=True)])
    low, high = tables.oddsratio_pooled_confint(alpha=1 - confidence)
    pooled, inner = float(tables.oddsratio_pooled), (k + k0 > 0) & (k + k0 < n + n0)
    testable = len(k) > 1 and inner.all() and abs(pooled - 1) > 1e-9  # statsmodels' formula divides by the ratio less 1
    return pooled, float(low), float(high), float(tables.test_equal_odds().pvalue) if testable else np.nan
