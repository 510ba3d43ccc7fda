"""Adjusted gaps by hand: two strata, one that only one group has, and figures that are not defined."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.measures.equity import gap


def _tables(*cells: tuple) -> dict[str, pd.DataFrame]:
    rows = [(gender, need, number < yes) for gender, need, total, yes in cells for number in range(total)]
    return {"interventions": pd.DataFrame(rows, columns=["gender", "need", "referred"]).assign(contacts=1)}


def _row(*cells: tuple, **options) -> pd.Series:
    frame = gap(_tables(*cells), "referred", "gender", reference="male", within="need", **options)
    return frame.set_index("gender").loc["female"]


def test_by_hand() -> None:
    """Odds ratio (10*30/100 + 20*40/120) / (20*40/100 + 10*50/120); differences weighed by 100 and 120."""
    row = _row(("female", "a", 30, 10), ("male", "a", 70, 40), ("female", "b", 30, 20), ("male", "b", 90, 50))
    odds = (10 * 30 / 100 + 20 * 40 / 120) / (20 * 40 / 100 + 10 * 50 / 120)
    assert row["adjusted_odds_ratio"] == pytest.approx(odds)
    one, two = 10 / 30 - 40 / 70, 20 / 30 - 50 / 90
    assert row["adjusted_difference"] == pytest.approx((100 * one + 120 * two) / 220)
    spread = (100 / 220) ** 2 * (10 * 20 / 30**3 + 40 * 30 / 70**3) + (120 / 220) ** 2 * (
        20 * 10 / 30**3 + 50 * 40 / 90**3)
    assert row["adjusted_difference_high"] - row["adjusted_difference"] == pytest.approx(1.959963985 * spread**0.5)
    assert row["same_in_strata_p"] < 0.05  # below one in the first stratum, above one in the second


def test_a_stratum_of_one_group_is_left_out_and_counted() -> None:
    row = _row(("female", "a", 30, 10), ("male", "a", 70, 40), ("female", "b", 25, 20))
    assert row["adjusted_difference"] == pytest.approx(10 / 30 - 40 / 70)
    assert row["reasons"] == "not compared within need (only one group has the stratum): 25"
    assert np.isnan(row["same_in_strata_p"])


def test_no_stratum_in_common_is_no_figure() -> None:
    row = _row(("female", "a", 30, 10), ("male", "b", 70, 40))
    assert np.isnan(row["adjusted_difference"])
    assert row["reasons"] == "not compared within need (only one group has the stratum): 100"


def test_an_odds_ratio_without_limits_is_not_given() -> None:
    row = _row(("female", "a", 30, 0), ("male", "a", 70, 40))
    assert np.isnan(row["adjusted_odds_ratio"])
    assert row["adjusted_difference"] == pytest.approx(-40 / 70)


def test_small_groups_stay_together_within_strata() -> None:
    frame = gap(_tables(("x", "a", 6, 3), ("y", "a", 6, 3), ("male", "a", 40, 10)), "referred", "gender", within="need")
    row = frame.set_index("gender").loc["small groups"]
    assert row["adjusted_difference"] == pytest.approx(0.25)
