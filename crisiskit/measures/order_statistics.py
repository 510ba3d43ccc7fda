"""Order statistics of intervals by group: the values at given ranks, exact, in one pass over the rows where it can be.

Clocks mostly tell whole seconds, so that millions of intervals have few distinct values: they are counted once and the
ranks read off. Intervals with parts of a second are asked of the engine as quantiles, or ranked, where many are wanted.
"""

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd
from ibis import _

from crisiskit.measures.answer import locate
from crisiskit.measures.request import Request

SECONDS_OF_DAY = 86_400
COUNTED = 2_000_000
"""Most distinct values, over all groups, that are fetched as counts."""
FEW = 300
"""Number of quantiles up to which the engine computes them faster than it ranks the rows."""

Wanted = Sequence[tuple[np.ndarray, np.ndarray]]


def order_statistics(request: Request, used: ibis.Table, groups: pd.DataFrame, wanted: Wanted) -> pd.Series:
    """Return the intervals [us] that stand at the wanted (size of group, 1-based rank); indexed by group and rank.

    `used` has the keys of the request and `elapsed`; `groups` has `_group`, `rows_used` and `broken`, the number of
    intervals that are no whole seconds. Ranks that are NaN or below 1 are left out.
    """
    pairs = {(int(n), int(rank)) for sizes, ranks in wanted for n, rank in zip(sizes, ranks, strict=True) if rank > 0}
    if not pairs:
        return _series([], [], [])
    if not groups["broken"].sum() and groups["rows_used"].clip(upper=SECONDS_OF_DAY).sum() <= COUNTED:
        return _counted(request, used, groups, pairs)
    levels = sorted({(rank - 1) / max(n - 1, 1) for n, rank in pairs})
    find = _quantiles if len(levels) <= FEW else _ranked
    return find(request, used, groups, pairs)


def _counted(request: Request, used: ibis.Table, groups: pd.DataFrame, pairs: set[tuple[int, int]]) -> pd.Series:
    """Count every distinct interval of every group; the one at a rank is the first whose running count reaches it."""
    keys = list(request.by)
    found = request.tables.fetch(used.group_by([*keys, "elapsed"]).aggregate(rows=_.count()))
    found = found.assign(_group=_numbers(found, groups, keys)).sort_values(["_group", "elapsed"])
    sizes = groups.set_index("_group")["rows_used"]
    group, rank, values = [], [], []
    for number, rows in found.groupby("_group"):
        ranks = [place for n, place in pairs if n == sizes[number]]
        places = np.searchsorted(rows["rows"].cumsum().to_numpy(), ranks)
        group += [number] * len(ranks)
        rank += ranks
        values += rows["elapsed"].to_numpy()[places].tolist()
    return _series(group, rank, values)


def _numbers(found: pd.DataFrame, groups: pd.DataFrame, keys: Sequence[str]) -> np.ndarray:
    """The group of every counted value, looked up once per combination of the keys."""
    if not keys:
        return np.zeros(len(found), "int64")
    codes = found.groupby(list(keys), dropna=False, sort=False).ngroup().to_numpy()
    heads = found[~pd.Series(codes, found.index).duplicated()]
    return locate(heads, groups, keys)[codes]


def _quantiles(request: Request, used: ibis.Table, groups: pd.DataFrame, pairs: set[tuple[int, int]]) -> pd.Series:
    """Ask the engine for quantiles: the one at (rank - 1) / (size - 1) is an order statistic.

    Intervals are whole microseconds, so that rounding makes it exact.
    """
    keys = list(request.by)
    levels = sorted({(rank - 1) / max(n - 1, 1) for n, rank in pairs})
    found = request.tables.fetch(used.aggregate(by=keys, values=_.elapsed.quantile(levels)))
    sizes = groups.set_index("_group")["rows_used"]
    at = {level: place for place, level in enumerate(levels)}
    held = [(int(number), rank, round(row[at[(rank - 1) / max(n - 1, 1)]]))
            for number, row in zip(locate(found, groups, keys), found["values"], strict=True)
            for n, rank in pairs if n == sizes[number]]
    group, rank, values = map(list, zip(*held, strict=True))
    return _series(group, rank, values)


def _ranked(request: Request, used: ibis.Table, groups: pd.DataFrame, pairs: set[tuple[int, int]]) -> pd.Series:
    """Rank the rows of every group once and keep those at the wanted ranks."""
    keys = list(request.by)
    placed = used.mutate(size=_.elapsed.count().over(group_by=keys),
                         rank=ibis.row_number().over(group_by=keys, order_by="elapsed") + 1)
    ranks = ibis.memtable(pd.DataFrame(sorted(pairs), columns=["size", "rank"]))
    found = request.tables.fetch(placed.inner_join(ranks, ["size", "rank"]))
    return _series(list(locate(found, groups, keys)), list(found["rank"]), list(found["elapsed"]))


def _series(group: list, rank: list, values: list) -> pd.Series:
    return pd.Series(values, pd.MultiIndex.from_arrays([group, rank]), dtype="float64")
