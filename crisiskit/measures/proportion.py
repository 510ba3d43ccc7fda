"""A share of rows that say yes, with Wilson limits and bounds over the rows that cannot say."""

from collections.abc import Collection, Mapping, Sequence

import ibis
import pandas as pd

from crisiskit.measures.answer import finish, tally
from crisiskit.measures.outcomes import BOUNDS, shares
from crisiskit.measures.request import Request, Why, count


def proportion(request: Request, table: ibis.Table, why: Why, part: ibis.Value, needs: Sequence[Sequence[str]],
               doubt: Collection[str] = (), note: Mapping[int, str] | str = "",
               kept: Mapping[str, ibis.Value] | None = None) -> pd.DataFrame:
    """Answer (rows with `part`) / (rows that can be used); `doubt` names the reasons behind which yes or no may stand.

    `kept` counts rows that were used but are noteworthy. The bounds take every row in doubt as no, or as yes.
    """
    kept = kept or {}
    sums = {"part": part.cast("int64").sum()} | {name: value.cast("int64").sum() for name, value in kept.items()}
    recorded = list(dict.fromkeys(name for alternative in needs for name in alternative))
    cells = count(request, table, why, sums, recorded=recorded)
    groups = tally(request, cells, why, sums)
    open_ones = [place for place, (label, _condition) in enumerate(why) if label in doubt]
    unknown = (cells["_rows"] * cells["_why"].isin(open_ones)).groupby(cells["_group"]).sum()
    groups = shares(groups, groups["part"], groups["rows_used"], unknown, request.variant["confidence"])
    return finish(request, groups, note, {name: name for name in kept}, BOUNDS, needs=needs)
