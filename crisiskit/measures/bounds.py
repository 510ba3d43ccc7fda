"""Whether a ranking survives what is not known: pairs of groups that keep their order whatever it is."""

from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from crisiskit.errors import UserError

PAIRS = ("higher", "lower", "value_higher", "value_lower", "bound_low_higher", "bound_high_lower", "keeps")


@dataclass(frozen=True)
class Survival:
    """Pairs of groups, whether each keeps its order, and the sentence for the reader.

    Columns of `pairs`: `higher` and `lower` (names of the groups), their values, the lowest that the higher one can be
    (`bound_low_higher`), the highest that the lower one can be (`bound_high_lower`), and `keeps`.
    """

    pairs: pd.DataFrame
    verdict: str


def survives(answer: pd.DataFrame) -> Survival:
    """Tell which pairs of an answer's groups keep their order whatever the values that are missing were.

    A pair keeps its order when the higher group at its lower bound still stands above the lower group at its upper
    bound. Both can be true at once, since what is missing in one group says nothing about the other; for two codes of
    one column they are, when everything missing belongs to the second. Groups without a value are left out and named;
    pairs of equal value have no order to keep. UserError for an answer without bounds, or with several statistics.
    """
    lacking = [name for name in ("value", "bound_low", "bound_high") if name not in answer.columns]
    if lacking:
        raise UserError(f"the answer has no {', '.join(lacking)}: a ranking is judged on a measure that has bounds, "
                        "such as share, reach, coverage or a flag")
    if "statistic" in answer.columns and answer["statistic"].nunique() > 1:
        raise UserError("the answer holds several statistics; keep the rows of one before its groups are ranked")
    keys = list(answer.columns[:list(answer.columns).index("numerator")])
    names = [" / ".join("unknown" if pd.isna(value) else str(value) for value in row)
             for row in answer[keys].itertuples(index=False)]
    frame = answer[["value", "bound_low", "bound_high"]].astype("float64").assign(name=names)
    known = frame.dropna().sort_values("value", ascending=False, kind="stable")
    rows = [
        (high["name"], low["name"], high["value"], low["value"], high["bound_low"], low["bound_high"],
         bool(high["bound_low"] > low["bound_high"]))
        for high, low in combinations(known.to_dict("records"), 2) if high["value"] > low["value"]
    ]
    pairs = pd.DataFrame(rows, columns=list(PAIRS)).astype({"keeps": "bool"})
    silent = [name for name in names if name not in set(known["name"])]
    return Survival(pairs, _verdict(pairs, len(known), silent))


def _verdict(pairs: pd.DataFrame, groups: int, silent: list[str]) -> str:
    """Say how many pairs keep their order, and whether the first group stays first."""
    left = f"; without a value: {', '.join(silent)}" if silent else ""
    if groups < 2:
        return "nothing to rank: fewer than two groups have a value" + left
    if pairs.empty:
        return "nothing to rank: all groups have the same value" + left
    kept, total = int(pairs["keeps"].sum()), len(pairs)
    if kept == total:
        return f"the ranking survives: every pair ({total}) keeps its order whatever the missing values were" + left
    first = pairs["higher"].iloc[0]
    of_first = pairs[pairs["higher"] == first]
    alone = len(of_first) == groups - 1 and bool(of_first["keeps"].all())
    top = f"{first} stays first" if alone else "no group is sure to be first"
    return f"the ranking does not survive: {kept} of {total} pairs keep their order; {top}" + left
