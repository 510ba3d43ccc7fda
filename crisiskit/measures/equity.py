"""Equity: how far a share or a rate of one group lies from that of another, with intervals and bounds.

Any measure whose answer is a share or a rate can be compared. Small groups are put together or left without numbers,
and it is said. Where groups differ in what they ask for, a crude difference is one of mix: compare within strata
(`within`) or use a standardised rate (`standard`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from crisiskit.errors import UserError, nearest
from crisiskit.measures import intervals, measure
from crisiskit.measures.answer import shape
from crisiskit.measures.mantel_haenszel import ADJUSTED, adjusted
from crisiskit.measures.request import LEDGER, NUMBERS, Request
from crisiskit.measures.small_groups import merged
from crisiskit.measures.zero_cells import completed
from crisiskit.standard import dictionary

GAP = ("difference", "difference_low", "difference_high", "ratio", "ratio_low", "ratio_high",
       "difference_bound_low", "difference_bound_high")
EXTRAS = ("group_value", "reference_value", *GAP[3:], *ADJUSTED)


@dataclass(frozen=True)
class Comparison:
    """What is compared: the group column, the reference (None: the largest group), the smallest group shown."""

    group: str
    reference: Any
    min_n: float
    confidence: float


def gap(tables: Any, name: str, group: str, reference: Any = None, within: str | None = None, min_n: float = 10,
        where: Mapping[str, Any] | None = None, by: Sequence[str] = (), **variant: Any) -> pd.DataFrame:
    """Compare the groups of a column on one measure: differences from and ratios to a reference group.

    `name` is a measure that answers shares or rates; `variant` (and `standard`) are handed to it. `reference` is a
    value of `group`, by default the group with the largest denominator. Groups with a denominator below `min_n` are put
    together as "small groups" or, where that is not enough, left without numbers. `within` (shares only) adds figures
    adjusted for a column that may differ between the groups: see `mantel_haenszel.adjusted`.

    Columns: *by, group, numerator, denominator, value, low, high, the bounds that the measure has, `reference`,
    `difference`, `ratio` and their limits, `difference_bound_low` and `difference_bound_high` (missing values all to
    the one group, or all to the other), rows_used, contacts_used, rows_left_out, reasons, aggregate_share, label, those
    of `within`. Differences are in the unit of the measure.

    Limits: Newcombe's for differences of shares and Katz's for their ratios; for rates the exact conditional ratio;
    differences of rates and all figures of standardised rates combine the limits of the two. The groups whose value is
    not known are shown and compared with none. UserError for other measures, or a reference that is not there.
    """
    asked = Comparison(group, reference, min_n, float(variant.get("confidence") or 0.95))
    answer = measure(tables, name, by=(*by, group), where=where, **variant)
    answer = completed(answer, (*by, group), asked.confidence)
    frame = compare(answer, asked)
    if within is None:
        return frame
    if answer.attrs["unit"] != "share":
        raise UserError(f"within is for shares; '{name}' is a {answer.attrs['unit']}: standardise it with standard=")
    cells = measure(tables, name, by=(*by, group, within), where=where, **variant)
    return adjusted(frame, completed(cells, (*by, group, within), asked.confidence), group, within, asked.confidence)


def compare(answer: pd.DataFrame, asked: Comparison) -> pd.DataFrame:
    """Compare the groups of an answer, within each combination of its other key columns."""
    keys = list(answer.columns[:answer.columns.get_loc("numerator")])
    if asked.group not in keys:
        raise UserError(f"the answer is not by '{asked.group}'{nearest(asked.group, keys)}")
    if answer.attrs.get("unit") != "share" and "per" not in answer:
        raise UserError(f"groups are compared on shares and rates; '{answer.attrs.get('measure')}' is in "
                        f"{answer.attrs.get('unit')}")
    _check_reference(answer, asked)
    others = [key for key in keys if key != asked.group]
    parts = [part for _key, part in answer.groupby(others, dropna=False, sort=False)] if others else [answer]
    frame = pd.concat([_compared(part, asked) for part in parts], ignore_index=True)
    bounds = [name for name in ("bound_low", "bound_high") if name in frame]
    frame = frame[[*keys, *NUMBERS, *bounds, "reference", *GAP, *LEDGER, "label"]]
    frame.attrs = dict(answer.attrs)
    return frame


def _check_reference(answer: pd.DataFrame, asked: Comparison) -> None:
    """UserError where the reference is no group of the answer, or too small to be compared with."""
    if asked.reference is None or answer["value"].isna().all():
        return
    mine = answer[_named(answer, asked)]
    if mine.empty:
        names = answer[asked.group].dropna().astype(str).unique()
        close = nearest(str(asked.reference), names) or f" (one of {', '.join(sorted(names))})"
        raise UserError(f"there is no {asked.group} '{asked.reference}' to compare with{close}")
    if not (mine["denominator"] >= asked.min_n).any():
        raise UserError(f"{asked.group} '{asked.reference}' has a denominator below min_n={asked.min_n:g}: choose "
                        "another reference")


def _named(frame: pd.DataFrame, asked: Comparison) -> pd.Series:
    """Tell which rows are of the reference, as it is written."""
    return frame[asked.group].astype(str) == str(asked.reference)


def known_groups(frame: pd.DataFrame, group: str) -> pd.Series:
    """Tell which rows belong to a group that is known."""
    return frame[group].notna() & ~frame[group].isin(dictionary.KINDS)


def _compared(answer: pd.DataFrame, asked: Comparison) -> pd.DataFrame:
    """Add the reference, differences, ratios and their limits to the rows of one answer."""
    frame = merged(answer, asked.group, known_groups(answer, asked.group), asked.min_n, asked.confidence)
    frame = frame.assign(reference=None, **dict.fromkeys(GAP, np.nan))
    fit = known_groups(frame, asked.group) & frame["value"].notna()
    choice = frame[fit] if asked.reference is None else frame[fit & _named(frame, asked)]
    if choice.empty:
        return frame
    base = choice.loc[choice["denominator"].idxmax()]
    rows = frame[fit & (frame.index != base.name)]
    frame.loc[fit, "reference"] = base[asked.group]
    frame.loc[base.name, ["difference", "ratio"]] = [0.0, 1.0]
    for name, values in _figures(rows, base, asked.confidence).items():
        frame.loc[rows.index, name] = values
    return frame


def _figures(rows: pd.DataFrame, base: pd.Series, confidence: float) -> dict[str, Any]:
    """Return the columns of `GAP` for rows against the reference."""
    value, other = rows["value"].to_numpy("float64"), float(base["value"])
    low, high = intervals.difference(value, rows["low"], rows["high"], other, base["low"], base["high"])
    k, n, other_k, other_n = rows["numerator"], rows["denominator"], base["numerator"], base["denominator"]
    if "per" not in rows:
        ratio_low, ratio_high = intervals.share_ratio(k, n, other_k, other_n, confidence)
    elif pd.notna(base["per"]) and rows["per"].notna().all():
        ratio_low, ratio_high = intervals.rate_ratio(k, n, other_k, other_n, confidence)
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [np.log(np.asarray(x, float)) for x in (value, rows["low"], rows["high"], other, base["low"],
                                                           base["high"])]
            ratio_low, ratio_high = map(np.exp, intervals.difference(*logs))
    ratio = value / other if other > 0 else np.full(len(value), np.nan)
    figures = dict(zip(GAP, (value - other, low, high, ratio, ratio_low, ratio_high), strict=False))
    if "bound_low" in rows:
        figures |= {"difference_bound_low": rows["bound_low"] - base["bound_high"],
                    "difference_bound_high": rows["bound_high"] - base["bound_low"]}
    return figures


def difference(request: Request) -> pd.DataFrame:
    """Answer the catalogue's measure: the difference of `of` between each value of `group` and the reference.

    `value`, `low` and `high` are the difference; `numerator` and `denominator` are the group's own, whose ratio is
    `group_value`. Reasons are those of the measure compared.
    """
    asked = request.variant
    if asked["group"] in request.by:
        raise UserError(f"measure 'difference' is by '{asked['group']}' already; leave it out of by")
    frame = gap(request.tables, asked["of"], asked["group"], asked["reference"], asked["within"], asked["min_n"],
                request.where, request.by, confidence=asked["confidence"], fiscal=asked["fiscal"])
    keys = list(frame.columns[:frame.columns.get_loc("numerator")])
    against = ["" if pd.isna(base) else "the reference" if name == base else f"compared with {base}"
               for name, base in zip(frame[asked["group"]], frame["reference"], strict=True)]
    frame = frame.reindex(columns=[*frame.columns, *(name for name in ADJUSTED if name not in frame)]).assign(
        group_value=frame["value"], reference_value=frame["value"] - frame["difference"], value=frame["difference"],
        low=frame["difference_low"], high=frame["difference_high"],
        reasons=["; ".join(filter(None, pair)) for pair in zip(frame["reasons"], against, strict=True)])
    return shape(request, frame, [key for key in keys if key != "statistic"], EXTRAS)
