"""Bounds of relative magnitudes against linear programmes, a second library, and what must hold of them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import t as student

from crisiskit.errors import UserError
from crisiskit.impact import honest
from crisiskit.impact.event_study import Path, event_study, path
from crisiskit.impact.honest import GRID, relative_magnitudes, sensitivity
from crisiskit.impact.panel import Panel
from crisiskit.simulate.panels import panel


def _path(before, after, error: float = 0.05, clusters: int = 30) -> Path:
    """An event study with the reference -1 between the coefficients given; independent errors."""
    at = np.r_[np.arange(-len(before) - 1, -1), np.arange(len(after))]
    return Path(at, np.r_[before, after].astype(float), np.eye(len(at)) * error**2, clusters, 1.0)


def _half(found: Path, confidence: float = 0.95) -> float:
    weight = ~found.before / (~found.before).sum()
    return student.ppf((1 + confidence) / 2, found.clusters - 1) * np.sqrt(weight @ found.covariance @ weight)


def _by_programme(found: Path, mbar: float) -> tuple[float, float]:
    """Identified set of the mean effect, Rambachan and Roth lemma 2.2: a programme for each past step as the largest.

    Unknown are the differences in trend at every time, 0 at -1 and as estimated before it; delta is what is in the
    post-period coefficients that is not the effect. Component s: steps after are at most mbar times step s.
    """
    before, after = found.estimate[found.before], found.estimate[~found.before]
    early, late = len(before), len(after)
    past = np.r_[before, 0.0]
    theta = after.mean()
    lows, highs = [], []
    for step in np.abs(np.diff(past)):
        cost = np.full(late, 1 / late)
        move = np.eye(late) - np.eye(late, k=-1)  # from each period to the next; the first from 0
        limits = {"A_ub": np.vstack([move, -move]), "b_ub": np.full(2 * late, mbar * step), "bounds": (None, None)}
        lows.append(theta - -linprog(-cost, **limits).fun)
        highs.append(theta - linprog(cost, **limits).fun)
    assert early == len(lows)
    return min(lows), max(highs)


@pytest.mark.parametrize("seed", range(8))
def test_bounds_are_those_of_the_linear_programmes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = _path(rng.standard_normal(rng.integers(1, 7)), rng.standard_normal(rng.integers(1, 7)))
    table = relative_magnitudes(found).table
    half = _half(found)
    assert tuple(table["mbar"]) == GRID
    for mbar, low, high in table.itertuples(index=False):
        set_low, set_high = _by_programme(found, mbar)
        assert low + half == pytest.approx(set_low, abs=1e-9)
        assert high - half == pytest.approx(set_high, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_bounds_are_those_of_diff_diff(seed: int) -> None:
    """Its own solver of the identified set, a private function."""
    from diff_diff.honest_did import _solve_rm_bounds_union

    rng = np.random.default_rng(100 + seed)
    before, after = rng.standard_normal(5), rng.standard_normal(4)
    found = _path(before, after)
    half = _half(found)
    for mbar, low, high in relative_magnitudes(found).table.itertuples(index=False):
        theirs = _solve_rm_bounds_union(before, after, np.full(4, 0.25), 5, mbar)
        assert (low + half, high - half) == pytest.approx(theirs, abs=1e-8)


def _panel(seed: int = 1, **settings) -> Panel:
    drawn = panel(seed, **({"areas": 20, "months": 10, "treated": 8, "effect": -0.5, "mean": 40} | settings))
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome + 1, drawn.status, "events")


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_without_violation_it_is_the_event_study_itself(confidence: float) -> None:
    event = event_study(_panel(), confidence=confidence)
    row = relative_magnitudes(event.model, confidence).table.iloc[0]
    assert (row["mbar"], row["low"], row["high"]) == (0, pytest.approx(event.low), pytest.approx(event.high))


def test_interval_widens_in_a_straight_line() -> None:
    """By hand: largest change 0.1, five periods after: the mean may be off by 0.1 x (1+2+3+4+5)/5 for each Mbar."""
    found = _path([0.2, 0.1, 0.1, 0.05], [-1.0] * 5)
    bounds = relative_magnitudes(found)
    assert bounds.largest == pytest.approx(0.1)
    table = bounds.table.set_index("mbar")
    for mbar in GRID:
        assert table.loc[0, "low"] - table.loc[mbar, "low"] == pytest.approx(0.3 * mbar)
        assert table.loc[mbar, "high"] - table.loc[0, "high"] == pytest.approx(0.3 * mbar)
    assert bounds.breakdown == pytest.approx((1 - _half(found)) / 0.3)


def test_last_step_into_the_reference_counts() -> None:
    assert relative_magnitudes(_path([0.1, 0.1, 0.4], [1.0])).largest == pytest.approx(0.4)


def test_breakdown_is_where_nought_is_reached() -> None:
    for sign in (-1, 1):
        found = _path([0.05, -0.1, 0.02], sign * np.array([0.4, 0.6, 0.7, 0.5]))
        held = relative_magnitudes(found).breakdown
        assert 0 < held < np.inf
        low, high = _by_programme(found, held)
        edge = high + _half(found) if sign < 0 else low - _half(found)
        assert edge == pytest.approx(0, abs=1e-9)
    table = relative_magnitudes(found).table
    holds = (table["low"] <= 0) & (table["high"] >= 0)
    assert (holds == (table["mbar"] >= held)).all()


def test_nothing_to_lose_is_nought_even_without_past_changes() -> None:
    assert relative_magnitudes(_path([0.1, 0.2], [0.01, -0.01])).breakdown == 0
    assert relative_magnitudes(_path([0.0, 0.0], [0.01, -0.01])).breakdown == 0
    assert relative_magnitudes(_path([0.0, 0.0], [1.0, 1.0])).breakdown == np.inf


def test_bins_count_by_their_distance() -> None:
    """From a bin at -4 to -2 are two steps of half the difference."""
    at = np.array([-4, -2, 0, 1])
    found = Path(at, np.array([0.4, 0.1, -1.0, -1.0]), np.eye(4) * 0.01, 20, 1.0)
    assert relative_magnitudes(found).largest == pytest.approx(0.15)


def test_another_reference_is_refused() -> None:
    with pytest.raises(UserError, match="not from -3"):
        relative_magnitudes(path(_panel(), reference=-3))


def test_bin_of_late_periods_is_refused() -> None:
    """Two periods in one bin would count as one: the same data would seem to bear more."""
    with pytest.raises(UserError, match="those from 3 are one bin"):
        relative_magnitudes(path(_panel(), lag=3))
    whole = relative_magnitudes(path(_panel()))
    assert relative_magnitudes(path(_panel(), lag=4)).breakdown == whole.breakdown  # 4 is the last: no bin


def test_check_judges_by_the_breakdown() -> None:
    event = event_study(_panel())
    base = relative_magnitudes(event.model)
    found = sensitivity(event)
    assert found.numbers["breakdown"] == base.breakdown
    assert found.numbers["largest_change"] == base.largest

    def judged(before: float, after: float):
        return sensitivity(replace(event, model=_path([before, 0.0], [after] * 3, error=0.01)))

    # reach for an Mbar of 1 is 2 x the change before
    statuses = {0.1: "pass", 0.4: "pass", 0.6: "warn", 0.9: "warn", 1.1: "fail"}
    for change, status in statuses.items():
        assert judged(change, -1.0).status == status, change
    nothing = judged(0.1, 0.0)
    assert (nothing.status, nothing.numbers["breakdown"]) == ("warn", 0)
    assert "even if trends were parallel" in nothing.finding


def test_one_period_before_is_not_possible() -> None:
    event = event_study(_panel(months=6, start=2), lead=1)
    found = sensitivity(event)
    assert (found.status, found.asks) == ("not possible", "more periods before the start")


def test_blocks_add_up_from_the_start_both_ways():
    rng = np.random.default_rng(5)
    outcome, status = rng.poisson(9, (6, 14)).astype("float64"), np.zeros((6, 14))
    status[:2, 8:] = 1
    starts = tuple(date(2020 + k // 12, k % 12 + 1, 1) for k in range(14))
    panel = Panel(tuple("abcdef"), starts, "month", outcome, status, "calls")
    blocks = honest.coarser(panel, 3)
    assert blocks.starts == tuple(starts[k] for k in (2, 5, 8, 11))  # two months are left over at the beginning
    assert blocks.outcome[:, 0] == pytest.approx(outcome[:, 2:5].sum(axis=1))
    assert blocks.outcome[:, 3] == pytest.approx(outcome[:, 11:14].sum(axis=1))
    assert (blocks.status == status[:, [2, 5, 8, 11]]).all()
    assert blocks.step == "3 months"
    assert honest.block_size(panel) == 2
    assert "steps of 2 months" in honest.of_panel(panel).finding
