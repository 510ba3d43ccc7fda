"""Kaplan-Meier on counted times: a published curve, hand-derived limits, and what cannot be known."""

import numpy as np
import pytest

from crisiskit.measures.intervals import wilson
from crisiskit.measures.survival import curve, quantile, share_by

REMISSION = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
RELAPSED = [1] * 9 + [0] * 12
"""Weeks in remission of the 6-MP arm: Freireich et al., Blood 21 (1963) 699-716."""


@pytest.mark.parametrize(("when", "staying", "error"), [
    (6, 0.857, 0.0764), (7, 0.807, 0.0869), (10, 0.753, 0.0963), (13, 0.690, 0.1068), (16, 0.627, 0.1141),
    (22, 0.538, 0.1282), (23, 0.448, 0.1346)])
def test_the_published_curve_of_remission(when: int, staying: float, error: float) -> None:
    """Survival and Greenwood's error as printed (3 and 4 decimals) for these data in textbooks and in R's survival."""
    estimate = share_by(REMISSION, RELAPSED, np.ones(21), when)
    assert 1 - estimate.value == pytest.approx(staying, abs=6e-4)
    z, log = 1.959964, np.log(staying)
    assert [1 - estimate.high, 1 - estimate.low] == pytest.approx(
        [staying ** np.exp(z * error / (staying * -log)), staying ** np.exp(-z * error / (staying * -log))], abs=2e-3)


def test_units_that_are_counted_together_are_the_same_units() -> None:
    apart = share_by(REMISSION, RELAPSED, np.ones(21), 10)
    counted = share_by([6, 6, 7, 9, 10, 10, 35], [1, 0, 1, 0, 1, 0, 0], [3, 1, 1, 1, 1, 1, 13], 10)
    assert (apart.value, apart.low, apart.high) == pytest.approx((counted.value, counted.low, counted.high), abs=1e-12)


def test_the_median_of_remission() -> None:
    """23 weeks, as printed by R's survival; its log-log limits are 13 and none."""
    estimate = quantile(curve(REMISSION, RELAPSED, np.ones(21)), 0.5)
    assert estimate.value == 23
    assert estimate.low == 13
    assert np.isnan(estimate.high)


def test_beyond_the_last_one_watched_nothing_is_known() -> None:
    assert np.isnan(share_by([5, 10], [1, 0], [1, 1], 11).value)
    assert share_by([5, 10], [1, 0], [1, 1], 10).value == 0.5
    assert np.isnan(share_by([], [], [], 10).value)


def test_where_nobody_or_everybody_had_it_wilson_stands_in() -> None:
    nobody = share_by([3, 10], [0, 0], [4, 6], 10)
    low, high = map(float, wilson(0, 6))
    assert (nobody.value, nobody.low, nobody.high) == pytest.approx((0, low, high))
    assert np.isnan(share_by([3], [0], [4], 10).value)
    everybody = share_by([3, 10], [1, 1], [4, 6], 10)
    low, high = map(float, wilson(10, 10))
    assert (everybody.value, everybody.low, everybody.high) == pytest.approx((1, low, high))


def test_a_curve_that_ends_at_nobody_has_its_quantiles() -> None:
    """Four units, all with the event: S falls to 1/2 at 2, which is not below it, so the median is 3."""
    estimate = quantile(curve([1, 2, 3, 4], [1, 1, 1, 1], [1, 1, 1, 1]), 0.5)
    assert (estimate.value, estimate.low) == (3, 1)
    one = quantile(curve([1], [1], [5]), 0.5)
    assert one.value == 1
    assert np.isnan([one.low, one.high]).all()
    last = share_by([1, 2, 3], [1, 0, 1], [1, 1, 1], 4)
    assert last.value == 1
    assert np.isnan([last.low, last.high]).all()
