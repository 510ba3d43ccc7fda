"""How anonymous a table of records is: k-anonymity, distinct l-diversity, alpha, and t-closeness, as pure functions.

`quasi` names the columns by which someone could be recognised, `sensitive` the one that must not be learned. Records
that are alike in all quasi-identifiers form a class; a missing value is a value like any other.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crisiskit.errors import UserError, nearest

if TYPE_CHECKING:
    import pandas as pd


def k_anonymity(frame: "pd.DataFrame", quasi: Sequence[str]) -> int:
    """Return the size of the smallest class: each record is one of at least so many. 0 for a table without rows.

    Source: Sweeney, Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems 10 (2002) 557-570.
    """
    _check(frame, quasi)
    return int(frame.groupby(list(quasi), dropna=False).size().min()) if len(frame) else 0


def l_diversity(frame: "pd.DataFrame", quasi: Sequence[str], sensitive: str) -> int:
    """Return the least number of distinct sensitive values in a class. 0 for a table without rows.

    Source: Machanavajjhala et al., ACM Trans. Knowledge Discovery from Data 1 (2007) 3, distinct l-diversity.
    """
    _check(frame, [*quasi, sensitive])
    return int(frame.groupby(list(quasi), dropna=False)[sensitive].nunique(dropna=False).min()) if len(frame) else 0


def alpha(frame: "pd.DataFrame", quasi: Sequence[str], sensitive: str) -> float:
    """Return the largest share that one sensitive value has in a class (0..1); NaN for a table without rows.

    Source: Wong et al., KDD 2006, (alpha, k)-anonymity.
    """
    _check(frame, [*quasi, sensitive])
    classes = frame.groupby(list(quasi), dropna=False)
    counts = frame.groupby([*quasi, sensitive], dropna=False).size()
    return float((counts / classes.size().reindex(counts.index.droplevel(-1)).to_numpy()).max())


def t_closeness(frame: "pd.DataFrame", quasi: Sequence[str], sensitive: str) -> float:
    """Return the largest distance (0..1) between the sensitive values of a class and those of the whole table.

    Numbers: the earth mover's distance over their order; else half the sum of the absolute differences of the shares.
    Source: Li, Li and Venkatasubramanian, ICDE 2007.
    """
    import numpy as np
    import pandas as pd

    _check(frame, [*quasi, sensitive])
    values = frame[sensitive]
    whole = values.value_counts(normalize=True, dropna=False, sort=False)
    ordered = pd.api.types.is_numeric_dtype(values)
    whole = whole.sort_index() if ordered else whole
    worst = 0.0
    for _, rows in frame.groupby(list(quasi), dropna=False)[sensitive]:
        here = rows.value_counts(normalize=True, dropna=False).reindex(whole.index, fill_value=0.0)
        apart = (here - whole).to_numpy()
        moved = np.abs(np.cumsum(apart)).sum() / max(len(whole) - 1, 1) if ordered else np.abs(apart).sum() / 2
        worst = max(worst, float(moved))
    return worst


def _check(frame: "pd.DataFrame", columns: Sequence[str]) -> None:
    for name in columns:
        if name not in frame.columns:
            raise UserError(f"there is no column '{name}'{nearest(name, frame.columns)}")
