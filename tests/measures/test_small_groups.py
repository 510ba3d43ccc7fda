"""Small groups: put together as sums over sums, not put together where that would mislead."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.measures.intervals import garwood, wilson
from crisiskit.measures.small_groups import merged


def _answer(**columns) -> pd.DataFrame:
    numbers = {"group": ["big", "x", "y"], "numerator": [50.0, 3, 1], "denominator": [100.0, 6, 4]}
    frame = pd.DataFrame(numbers | columns)
    return frame.assign(value=frame["numerator"] / frame["denominator"], low=0.0, high=1.0, rows_used=[100, 6, 4],
                        contacts_used=[100, 6, 4], rows_left_out=0, reasons=frame.get("reasons", ""),
                        aggregate_share=[0, 0.5, 0])


def _merge(answer: pd.DataFrame, min_n: float = 10) -> pd.DataFrame:
    return merged(answer, "group", pd.Series([True] * 3), min_n, 0.95).set_index("group")


def test_sums_over_sums() -> None:
    row = _merge(_answer(recorded_share=[1, 0.5, 1], bound_low=[0.5, 0.25, 0.25], bound_high=[0.5, 0.75, 0.25])).loc[
        "small groups"]
    assert row[["numerator", "denominator", "value"]].to_list() == [4, 10, 0.4]
    assert [row["low"], row["high"]] == pytest.approx(np.ravel(wilson(4, 10)))
    assert [row["bound_low"], row["bound_high"]] == [4 / 16, 10 / 16]  # 6 more were not recorded
    assert row["aggregate_share"] == 0.3


def test_rates_keep_their_scale() -> None:
    answer = _answer(per=1000.0)
    row = _merge(answer.assign(value=1000 * answer["value"])).loc["small groups"]
    assert row["value"] == 400
    assert [row["low"], row["high"]] == pytest.approx(100 * np.ravel(garwood(4)))


@pytest.mark.parametrize("change", [
    {"reasons": ["", "multi-response: a record stands in each of its group, so groups overlap", ""]},
    {"per": np.nan}, {"denominator": [100.0, 6, 3]}])
def test_not_put_together_where_that_would_mislead(change) -> None:
    """Groups that overlap, standardised rates, and groups that together are still small."""
    frame = _merge(_answer(**change))
    assert frame.loc[["x", "y"], "value"].isna().all()
    assert frame["reasons"].str.startswith("denominator below 10: not shown").to_list() == [False, True, True]
    assert frame.loc["big", "value"] == 0.5
