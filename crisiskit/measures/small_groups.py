"""Small groups of an answer: put together where that makes one large enough, else left without numbers; always said."""

import numpy as np
import pandas as pd

from crisiskit.measures.intervals import garwood, wilson

SMALL = "small groups"
NUMBERS = ("numerator", "denominator", "value", "low", "high", "bound_low", "bound_high")
SUMS = ("rows_used", "contacts_used", "rows_left_out")


def merged(answer: pd.DataFrame, group: str, known: pd.Series, min_n: float, confidence: float) -> pd.DataFrame:
    """Return the answer with the groups whose denominator is below `min_n` put together as one, or without numbers.

    They are put together where there are two or more of them, they do not overlap, the value is a ratio of numerator
    and denominator, and together they reach `min_n`. `known` tells the rows that are groups; a group not known that is
    small loses its numbers. Reasons say which groups were put together and which were left without numbers.
    """
    answer = answer.reset_index(drop=True)
    small = answer["denominator"].lt(min_n) & answer["value"].notna()
    apart = small & known.to_numpy()
    parts = answer[apart]
    overlap = answer["reasons"].str.contains("so groups overlap", regex=False).any()
    sums = parts["denominator"].sum()
    plain = "per" not in parts or parts["per"].notna().all()
    if len(parts) > 1 and sums >= min_n and plain and not overlap:
        row = _together(parts, group, confidence)
        return _hidden(pd.concat([answer[~apart], row], ignore_index=True), min_n)
    return _hidden(answer, min_n)


def _together(parts: pd.DataFrame, group: str, confidence: float) -> pd.DataFrame:
    """Return one row for several groups: sums over sums, limits anew, bounds weighted by what they rest on."""
    row = parts.iloc[[0]].copy()
    k, n = float(parts["numerator"].sum()), float(parts["denominator"].sum())
    per = float(parts["per"].iloc[0]) if "per" in parts else 1.0
    low, high = wilson(k, n, confidence) if "per" not in parts else (limit / n for limit in garwood(k, confidence))
    values = {"numerator": k, "denominator": n, "value": per * k / n, "low": per * float(low),
              "high": per * float(high)} | {name: parts[name].sum() for name in SUMS}
    rest = parts["denominator"] / parts["recorded_share"] if "recorded_share" in parts else parts["denominator"]
    values |= {name: float((parts[name] * rest).sum() / rest.sum()) for name in ("bound_low", "bound_high")
               if name in parts}
    contacts = parts["contacts_used"].astype("float64")
    covered = (parts["aggregate_share"] * contacts).sum()
    values["aggregate_share"] = covered / contacts.sum() if contacts.sum() > 0 else np.nan
    names = ", ".join(sorted(map(str, parts[group])))
    own = "; ".join(f"{name}: {text}" for name, text in zip(parts[group], parts["reasons"], strict=True) if text)
    text = f"put together: {names}" + (f"; {own}" if own else "")
    return row.assign(**{group: pd.Series([SMALL], row.index, dtype=object)}, **values, reasons=text)


def _hidden(answer: pd.DataFrame, min_n: float) -> pd.DataFrame:
    """Take the numbers of small rows away and say so."""
    small = answer["denominator"].lt(min_n) & answer["value"].notna()
    answer.loc[small, [name for name in NUMBERS if name in answer]] = np.nan
    texts = [f"denominator below {min_n:g}: not shown" + (f"; {reason}" if reason else "")
             for reason in answer.loc[small, "reasons"]]
    answer.loc[small, "reasons"] = texts
    return answer
