"""Control charts: limits worked by hand, rules on made runs, a planted step found, and chance that seldom signals."""

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.measures.control_charts import RULES, p_chart, rules, u_chart


def test_u_chart_limits_are_those_worked_by_hand() -> None:
    """Counts 4, 9, 2 over 2, 3, 1 days: centre 15 / 6 = 2.5; sigma of the second point sqrt(2.5 / 3)."""
    chart = u_chart([4, 9, 2], [2, 3, 1], laney=False)
    assert chart.centre == 2.5
    assert chart.frame["value"].tolist() == [2, 3, 2]
    assert chart.frame["high"].tolist() == pytest.approx([2.5 + 3 * (2.5 / n) ** 0.5 for n in (2, 3, 1)])
    assert chart.frame["low"].tolist() == pytest.approx([0, 0, 0])  # never below zero
    assert chart.frame["score"][1] == pytest.approx(0.5 / (2.5 / 3) ** 0.5)


def test_p_chart_limits_follow_the_denominators_and_stay_within_0_and_1() -> None:
    """Shares 10/100 and 30/300: p = 0.1; sigma sqrt(0.09 / n) = 0.03 and 0.0173."""
    chart = p_chart([10, 30], [100, 300], laney=False)
    assert chart.frame["high"].tolist() == pytest.approx([0.19, 0.1 + 3 * (0.09 / 300) ** 0.5])
    assert chart.frame["low"].tolist() == pytest.approx([0.01, 0.1 - 3 * (0.09 / 300) ** 0.5])
    tight = p_chart([9, 10, 9, 10], [10, 10, 10, 10])
    assert tight.frame["high"].max() == 1


def test_laney_widens_by_the_mean_moving_range_over_1_128() -> None:
    """z of 60, 140, 60, 140 about 100 is -4, 4, -4, 4: mean moving range 8, sigma_z 8 / 1.128."""
    chart = u_chart([60, 140, 60, 140], [1, 1, 1, 1])
    assert chart.sigma_z == pytest.approx(8 / 1.128, rel=1e-3)
    assert chart.frame["high"][0] == pytest.approx(100 + 30 * chart.sigma_z)
    assert not chart.frame["signal"].any()
    assert u_chart([60, 140, 60, 140], [1, 1, 1, 1], laney=False).frame["beyond"].all()


def test_limits_are_never_narrower_than_chance() -> None:
    calm = u_chart([100, 101, 100, 101], [1, 1, 1, 1])
    assert calm.sigma_z < 1
    assert not calm.widened
    assert calm.frame["high"][0] == pytest.approx(100.5 + 3 * 100.5**0.5)


@pytest.mark.parametrize(("score", "rule", "marked"), [
    ([0, 3.01, 0], "beyond", [1]),
    ([0, 3.0, 0], "beyond", []),
    ([-1, *[0.5] * 8, -1], "shift", list(range(1, 9))),
    ([-1, *[0.5] * 7, -1], "shift", []),
    ([0.5] * 4 + [np.nan] + [0.5] * 4, "shift", []),
    ([0.5] * 4 + [0] + [0.5] * 4, "shift", []),
    ([1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.1], "trend", [1, 2, 3, 4, 5, 6]),
    ([0, 0.1, 0.2, 0.3, 0.4, 0.1], "trend", []),
    ([0.5, 0.4, 0.3, 0.2, 0.1, 0], "trend", [0, 1, 2, 3, 4, 5]),
    ([2.5, 0, 2.5, 0], "two_of_three", [0, 2]),
    ([2.5, 0, 0, 2.5], "two_of_three", []),
    ([2.5, -2.5, 0], "two_of_three", []),
    ([2.5, np.nan, 2.5], "two_of_three", []),
])
def test_each_rule_marks_its_run_and_no_more(score: list[float], rule: str, marked: list[int]) -> None:
    assert np.flatnonzero(rules(score)[rule]).tolist() == marked


def test_a_planted_step_is_signalled_where_it_stands() -> None:
    """24 months at 300 contacts, then 12 at 400: 5.8 sigma of chance above the first level."""
    rng = np.random.default_rng(7)
    counts = rng.poisson([300] * 24 + [400] * 12)
    chart = u_chart(counts, [30] * 36, baseline=24)
    assert chart.frame["signal"][24:].all()
    assert chart.frame["beyond"][24:].sum() >= 10
    assert not chart.frame["beyond"][:24].any()
    whole = u_chart(counts, [30] * 36)  # with the step inside the baseline, the runs still tell it
    assert whole.frame["shift"][24:].all()


def test_a_stable_series_signals_as_seldom_as_stated() -> None:
    """For a normal score 0.27 % lie beyond 3 sigma, and 8 on one side begin at a point with chance 2 / 2^8.

    200 series of 60 points: 12 000 points. All four rules together mark under 9 % of the points here.
    """
    rng = np.random.default_rng(11)
    charts = [u_chart(rng.poisson(200, 60), np.full(60, 30.0), laney=False).frame for _ in range(200)]
    assert np.mean([chart["beyond"].mean() for chart in charts]) == pytest.approx(0.0027, abs=0.0015)
    assert np.mean([chart["signal"].mean() for chart in charts]) < 0.09


def test_points_without_exposure_have_no_value_and_no_signal() -> None:
    chart = u_chart([5, np.nan, 7, 6], [1, 1, 0, 1])
    assert chart.frame["value"].isna().tolist() == [False, True, True, False]
    assert chart.centre == 5.5
    assert not chart.frame.loc[[1, 2], list(RULES)].any().any()


def test_what_is_no_chart_is_an_error() -> None:
    with pytest.raises(UserError, match="no point has both"):
        u_chart([1, 2], [0, 0])
    with pytest.raises(UserError, match="cannot be negative"):
        u_chart([-1, 2], [1, 1])
    with pytest.raises(UserError, match="above its total"):
        p_chart([3], [2])
