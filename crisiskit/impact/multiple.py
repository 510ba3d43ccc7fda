"""Several outcomes, one programme: p values that allow for having looked more than once.

Holm needs nothing but the p values. Romano-Wolf deals the programme out anew for all outcomes at once, so that it knows
how the outcomes go together, and rejects more where they do.
Sources: Holm, Scandinavian Journal of Statistics 6 (1979) 65-70; Romano and Wolf, Econometrica 73 (2005) 1237-1282, and
Statistics and Probability Letters 113 (2016) 38-40 for the adjusted p.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.inversion import TIE
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import deal, p_value

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


def holm(p: "ArrayLike") -> np.ndarray:
    """Holm's adjusted p: the k-th smallest of m times (m - k + 1), never below the one before, at most 1.

    NaN stay NaN and do not count. ValueError for a p outside 0 to 1.
    """
    given = np.asarray(p, "float64")
    known = np.isfinite(given)
    if ((given[known] < 0) | (given[known] > 1)).any():
        raise ValueError("p values lie between 0 and 1")
    order = np.argsort(given[known], kind="stable")
    steps = given[known][order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    result = np.full(given.shape, np.nan)
    result[known] = adjusted
    return result


def romano_wolf(observed: "ArrayLike", drawn: "ArrayLike", exact: bool = False) -> np.ndarray:
    """Step-down adjusted p of K outcomes from their t, and the t (S x K) under S reassignments that all share.

    The largest |t| is held against the largest of all outcomes in each reassignment, the next against the largest of
    those left, and so on; no p is below the one before. `exact`: `drawn` are all the assignments, the observed one
    among them, so that p is a share of S; otherwise p = (1 + number) / (1 + S). NaN in `drawn` is as extreme as can be.
    ValueError for shapes that do not fit, or an observed t that is NaN.
    """
    t, others = np.abs(np.asarray(observed, "float64")), np.abs(np.asarray(drawn, "float64"))
    if others.ndim != 2 or t.shape != others.shape[1:]:
        raise ValueError(f"observed {t.shape} and drawn {others.shape} should be (K,) and (S, K)")
    if not np.isfinite(t).all():
        raise ValueError("an observed t is not finite")
    others = np.where(np.isnan(others), np.inf, others)
    order = np.argsort(-t, kind="stable")
    # largest of this outcome and of those with a smaller |t|, in every reassignment
    largest = np.maximum.accumulate(others[:, order][:, ::-1], axis=1)[:, ::-1]
    beyond = (largest >= t[order] * (1 - TIE)).sum(axis=0)
    steps = beyond / len(others) if exact else (1 + beyond) / (1 + len(others))
    adjusted = np.empty(len(t))
    adjusted[order] = np.maximum.accumulate(steps)
    return adjusted


def across(
    panels: Mapping[str, Panel], model: str = "poisson", draws: int = 999, seed: int = 144
) -> "pd.DataFrame":
    """Each outcome's effect with p of its own, Holm's and Romano-Wolf's, from the same deals of the programme.

    Rows in the order given: outcome, estimate, relative (NaN for a linear model), t, p, p_holm, p_romano_wolf,
    not_fitted (deals that could not be fitted; they count as extreme). UserError where the panels differ in areas or
    programme, where there is none, or where an outcome cannot be fitted (its label is named).
    """
    import pandas as pd

    if not panels:
        raise UserError("there is no outcome to test")
    first = next(iter(panels.values()))
    rows, drawn, exact = [], [], False
    for label, panel in panels.items():
        if panel.units != first.units or not np.array_equal(panel.status, first.status):
            raise UserError(f"outcome '{label}' has other areas or another roll-out than the first; take them alike")
        effects, t, exact = _drawn(label, panel, model, draws, seed)
        drawn.append(t)
        rows.append({
            "outcome": label, "estimate": effects[0], "relative": np.nan if model == "linear" else np.expm1(effects[0]),
            "t": t[0], "p": p_value(t), "not_fitted": int((~np.isfinite(t)).sum()),
        })  # fmt: skip
    table = pd.DataFrame(rows)
    together = np.stack(drawn, axis=1)
    table["p_holm"] = holm(table["p"].to_numpy())
    table["p_romano_wolf"] = romano_wolf(together[0], together if exact else together[1:], exact)
    return table[["outcome", "estimate", "relative", "t", "p", "p_holm", "p_romano_wolf", "not_fitted"]]


def _drawn(label: str, panel: Panel, model: str, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray, bool]:
    """Effects and t of one outcome in every deal, and whether the deals are all there are."""
    try:
        dealt = deal(panel, model, draws, seed)
    except UserError as error:
        raise UserError(f"outcome '{label}': {error}") from error
    effects, t = dealt.statistics()
    if not np.isfinite(t[0]):
        raise UserError(f"outcome '{label}': t cannot be formed, because its standard error is 0")
    return effects, t, dealt.exact
