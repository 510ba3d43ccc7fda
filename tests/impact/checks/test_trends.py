"""Trends before the start, with and without an event study."""

import numpy as np
import pytest

from crisiskit.impact.checks.trends import trends
from crisiskit.impact.panel import Panel
from crisiskit.impact.result import Estimate
from crisiskit.simulate.panels import panel


def made(drawn, outcome=None) -> Panel:
    counts = drawn.outcome if outcome is None else outcome
    return Panel(drawn.units, drawn.starts, "month", counts, drawn.status, "calls")


def estimate(b=-0.3) -> Estimate:
    nan = float("nan")
    return Estimate("staggered", "calls", "log", b, 0.1, b, b, 0.01, b, b, b, 1, 1, 1, 1, "", "", details={"x": nan})


WHY = ("areas start at different times", "nothing")


@pytest.fixture(scope="module")
def staggered():
    return panel(11, 36, 24, 12, 0.0, 12, cohorts=2, stagger=4)


def test_staggered_starts_are_judged_by_what_lies_before_any_of_them(staggered):
    pre, bounds = trends(made(staggered), "poisson", estimate(), None, WHY)
    assert (pre.id, bounds.id) == ("pre_trends", "honest_pre_trends")
    assert pre.status in ("pass", "warn")
    assert 0 < pre.numbers["randomised_p"] <= 1
    assert "11 periods before the first start" in pre.finding
    assert bounds.status == "not possible"


def test_a_planted_divergence_fails(staggered):
    drawn = made(staggered)
    growing = np.where(drawn.treated[:, None], np.exp(0.12 * np.arange(24))[None], 1.0)
    pre, _ = trends(made(staggered, np.round(drawn.outcome * growing)), "poisson", estimate(), None, WHY)
    assert pre.status == "fail"
    assert pre.numbers["slope"] == pytest.approx(0.12, abs=0.05)


def test_where_all_are_treated_nothing_can_be_compared(staggered):
    every = made(staggered).only(units=[name for name, on in zip(staggered.units, staggered.status.any(axis=1),
                                                                 strict=True) if on])  # fmt: skip
    pre, bounds = trends(every, "poisson", estimate(), None, WHY)
    assert pre.status == bounds.status == "not possible"
    assert WHY[0] in pre.finding


def test_many_missing_cells_before_the_start_are_told(staggered):
    holed = made(staggered).outcome.copy()
    holed[::2, 0] = np.nan
    pre, _ = trends(made(staggered, holed), "poisson", estimate(), None, WHY)
    assert pre.status == "not possible"
    assert pre.asks
