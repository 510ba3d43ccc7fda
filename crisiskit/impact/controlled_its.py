"""Two series in one regression, and a panel added up to series: interrupted time series with a comparison.

Source: Lopez Bernal, Cummins and Gasparrini, International Journal of Epidemiology 47 (2018) 2082-2093.
"""

from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.its_fit import Regression
from crisiskit.impact.its_terms import Columns, Series
from crisiskit.impact.panel import Panel

if TYPE_CHECKING:
    import pandas as pd


def alone(series: Series, terms: Columns) -> Regression:
    """The regression of one series."""
    return Regression(series.y, terms.x, terms.without(), terms.names, terms.effects, series.exposure, series.clock,
                      np.zeros(len(series.y), int), terms.x.shape[1])  # fmt: skip


def together(series: Series, terms: Columns, comparison: Series, others: Columns) -> Regression:
    """Both series, with every term of the comparison and its difference in the treated series.

    So the level change of the treated series less that of the comparison is one coefficient ("level x treated"), and
    equals the difference of the two separate fits. Both need the same terms; a term that only one has is left out.
    The treated series without the programme has the comparison's level change.
    """
    shared = [name for name in terms.names if name in others.names]
    x1 = terms.x[:, [terms.names.index(name) for name in shared]]
    x0 = others.x[:, [others.names.index(name) for name in shared]]
    x = np.block([[x1, x1], [x0, np.zeros_like(x0)]])
    effects = tuple(len(shared) + shared.index(terms.names[at]) for at in terms.effects)
    bare = x.copy()
    bare[:, list(effects)] = 0.0
    both = None
    if (series.exposure is None) != (comparison.exposure is None):
        raise UserError("exposure: both series need one, or neither")
    if series.exposure is not None and comparison.exposure is not None:
        both = np.concatenate([series.exposure, comparison.exposure])
    return Regression(
        np.concatenate([series.y, comparison.y]), x, bare, (*shared, *(f"{name} x treated" for name in shared)), effects,
        both, np.concatenate([series.clock, comparison.clock]), np.repeat([0, 1], [len(series.y), len(comparison.y)]),
        len(shared),
    )  # fmt: skip


def added_up(panel: Panel) -> tuple["pd.DataFrame", "pd.DataFrame | None", tuple[str, ...]]:
    """The treated areas' total by period, that of the others (None where there are none), and notes.

    A period in which a treated area is not covered has no total. Untreated areas that are not covered in every such
    period are left out. Periods after the programme ended everywhere are left out. Columns: start, outcome and,
    where the panel has one, exposure. Raises UserError where no area is treated or no comparison is covered.
    """
    if not panel.treated.any():
        raise UserError("no area of the panel is treated: there is no start")
    notes = []
    known = np.isfinite(panel.outcome)
    if panel.exposure is not None:
        known &= np.isfinite(panel.exposure) & (panel.exposure > 0)
    used = known[panel.treated].all(axis=0)
    off = ~panel.before & ~(panel.status > 0).any(axis=0)
    if off.any():
        notes.append(f"{int(off.sum())} periods in which the programme paused or had ended are left out.")
    used &= ~off
    firsts = sorted(set(panel.first[panel.treated]))
    if len(firsts) > 1:
        notes.append(f"The areas started between {panel.starts[firsts[0]]} and {panel.starts[firsts[-1]]}: their total "
                     "changes step by step, and the level change at the first start mixes the steps.")  # fmt: skip
    treated = _total(panel, panel.treated, used)
    if panel.treated.all():
        return treated, None, tuple(notes)
    whole = ~panel.treated & known[:, used].all(axis=1)
    if not whole.any():
        raise UserError("no comparison area is covered in every period that the treated areas are; take a shorter "
                        "window, or leave the comparison out")  # fmt: skip
    left = [name for name, lost in zip(panel.units, ~panel.treated & ~whole, strict=True) if lost]
    if left:
        notes.append(f"Left out of the comparison, not covered throughout: {', '.join(left)}.")
    return treated, _total(panel, whole, used), tuple(notes)


def _total(panel: Panel, rows: np.ndarray, used: np.ndarray) -> "pd.DataFrame":
    import pandas as pd

    table = {"start": np.array(panel.starts, "datetime64[ns]"),
             "outcome": np.where(used, panel.outcome[rows].sum(axis=0), np.nan)}  # fmt: skip
    if panel.exposure is not None:
        table["exposure"] = np.where(used, panel.exposure[rows].sum(axis=0), np.nan)
    return pd.DataFrame(table)
