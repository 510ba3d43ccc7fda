"""A steady drift before the start: least squares by hand, power against planted panels, the slope that is seen."""

from dataclasses import replace

import numpy as np
import pytest
from small_panels import diverging, small_panel

from crisiskit.errors import UserError
from crisiskit.impact import pretrends, twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.slope_test import explaining_slope, slope_seen, slope_test
from crisiskit.simulate.panels import panel


def test_power_said_is_the_share_of_panels_seen_and_more_than_that_of_any_difference() -> None:
    """20 areas, 12 months before: the share of 60 drifting panels whose drift is found."""
    said, of_any, seen = [], [], []
    for seed in range(60):
        drawn = panel(seed, areas=20, months=24, treated=8, mean=30)
        data = Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")
        said.append(slope_test(data, draws=199).power(0.04, 0.05))
        of_any.append(pretrends.randomised_power(data, 0.04, draws=199))
        seen.append(slope_test(diverging(data, 0.04), draws=199, seed=seed).p <= 0.05)
    assert np.mean(said) == pytest.approx(np.mean(seen), abs=0.15)  # two standard errors and more
    assert np.mean(said) > np.mean(of_any) + 0.15


def test_power_of_no_slope_is_the_level() -> None:
    line = slope_test(small_panel())
    assert line.power(0.0, 0.05) == pytest.approx(0.05, abs=0.01)
    assert line.power(0.05, 0.025) <= line.power(0.05, 0.05) <= line.power(0.1, 0.05)


@pytest.mark.parametrize("wanted", [0.5, 0.8])
def test_slope_seen_inverts_the_power(wanted) -> None:
    line = slope_test(small_panel())

    def both(slope: float) -> float:
        return (line.power(slope, 0.05) + line.power(-slope, 0.05)) / 2

    assert both(slope_seen(both, wanted, 0.05)) == pytest.approx(wanted, abs=0.01)  # a step is 1/494
    with pytest.raises(ValueError, match="wanted 0.05"):
        slope_seen(both, 0.05, 0.05)
    assert slope_seen(lambda slope: 0.1, wanted, 0.05) == float("inf")


def test_one_period_before_the_start_has_no_slope() -> None:
    with pytest.raises(UserError):
        slope_test(small_panel(start=1))


def test_explaining_slope_gives_back_the_estimate() -> None:
    """A panel that diverges in a straight line and has no effect: its estimate is that slope, over the halves."""
    data = small_panel(months=11, start=4)
    size = np.arange(12.0)[:, None] + np.sin(np.arange(11.0))[None, :]
    straight = replace(data, outcome=50 + size - 0.7 * data.treated[:, None] * np.arange(11.0)[None, :])
    estimate = twoway.fit(straight.outcome, straight.status, "linear").b
    assert estimate == pytest.approx(-0.7 * ((4 + 10) / 2 - (0 + 3) / 2))
    assert explaining_slope(straight, estimate) == pytest.approx(-0.7)
    logs = replace(data, outcome=np.exp(straight.outcome / 20))
    estimate = twoway.fit(logs.outcome, logs.status, "log").b
    assert explaining_slope(logs, estimate) == pytest.approx(-0.7 / 20)


def test_linear_trend_is_that_of_least_squares() -> None:
    """Balanced: the difference of the groups' mean slopes."""
    data = small_panel()
    found = slope_test(data, "log")
    each = np.polyfit(np.arange(5), np.log(data.outcome[:, :5]).T, 1)[0]
    treated = data.treated
    assert found.slope == pytest.approx(each[treated].mean() - each[~treated].mean())
    spread = each[treated].var() / 4 + each[~treated].var() / 8
    assert found.se == pytest.approx(np.sqrt(spread * 12 / 11))
    assert 1 / 495 <= found.p <= 1  # 12 choose 4 deals
    parted = slope_test(diverging(data, 0.5), "log")
    assert parted.slope == pytest.approx(found.slope + 0.5, abs=0.02)
    assert parted.p < 0.02
