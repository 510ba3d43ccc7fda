"""Silence or zero: the chance against a second library and by hand, and stretches whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from crisiskit.impact.silence import DOUBTFUL, SPREAD, TINY, by_others, by_season, chance_of_none, gaps, spread_of


@pytest.mark.parametrize(("events", "inside", "outside", "spread"), [
    (2, 30, 2, 0.1), (70, 2, 2, 0.1), (12, 12, 12, 0.5), (1200, 1, 12, 0.1), (5, 0.5, 20, 2.0),
])  # fmt: skip
def test_chance_is_that_of_the_beta_binomial(events, inside, outside, spread):
    """What a Dirichlet-multinomial gives to one part of two is beta-binomial."""
    expected = betabinom(events, inside / spread, outside / spread).pmf(0)
    assert chance_of_none(events, inside, outside, spread) == pytest.approx(expected, rel=1e-9)


def test_chance_by_hand():
    """Geometric counts (spread 1) in two halves: every split of n is as probable, 1 / (n + 1); no spread: (3/4)^n."""
    assert chance_of_none(9, 1, 1, 1.0) == pytest.approx(1 / 10)
    assert chance_of_none(10, 1, 3, 1e-7) == pytest.approx(0.75**10, rel=1e-4)
    assert chance_of_none(0, 5, 5, 0.1) == chance_of_none(50, 0, 5, 0.1) == 1


def test_spread_is_the_one_that_the_counts_were_drawn_with():
    """By statsmodels' likelihood, to the step of the grid (12 %), where moments give no more; the moments by hand."""
    from statsmodels.discrete.discrete_model import NegativeBinomial

    rng = np.random.default_rng(3)
    counts = rng.poisson(20 * rng.gamma(1 / 0.8, 0.8, 300)).astype("float64")
    alpha = NegativeBinomial(counts, np.ones(300)).fit(disp=0).params[1]
    assert spread_of(counts, np.full(300, counts.mean())) == pytest.approx(alpha, rel=0.13)
    moments = ((counts - counts.mean()) ** 2 - counts.mean()).sum() / 299 / counts.mean() ** 2
    assert moments < alpha
    assert spread_of(np.array([4.0, 16, 4, 16]), np.full(4, 10.0)) == pytest.approx((4 * 26 * 4 / 3) / 400)
    assert spread_of(np.full(9, 10.0), np.full(9, 10.0)) == SPREAD
    assert spread_of(np.array([10.0]), np.full(1, 10.0)) == SPREAD


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 500), st.floats(0.1, 30), st.floats(1, 30), st.floats(0.1, 50), st.floats(1, 10))
def test_more_spread_makes_silence_more_probable(events, inside, outside, spread, times):
    less, more = (chance_of_none(events, inside, outside, size) for size in (spread, spread * times))
    assert less <= more * (1 + 1e-9)


def found(values, seasons=None):
    values = np.array(values, "float64")
    seasons = np.zeros(len(values)) if seasons is None else np.array(seasons)
    return gaps(values > 0, values, by_season(values, seasons))


def missing(values, seasons=None):
    return [(gap.first, gap.last) for gap in found(values, seasons) if gap.missing]


MONTHS = [place % 12 for place in range(36)]


@pytest.mark.parametrize(("values", "expected"), [
    ([0] * 12 + [40] * 24, [(0, 11)]),  # begins later
    ([40] * 24 + [0] * 12, [(24, 35)]),  # ends earlier
    ([40] * 12 + [0] * 6 + [40] * 18, [(12, 17)]),  # a hole
    ([0] + [100] * 11 + [0] * 24, [(0, 0), (12, 35)]),  # both, the short one seen once the long one is known
    ([0] * 3 + [100] * 14 + [0] + [100] * 6, [(0, 2), (17, 17)]),  # two that might hide each other
    ([0] * 20 + [1] + [0] * 14 + [1], []),  # two events in three years
    ([1] + [0] * 30 + [1, 2, 0, 0, 0], []),
    ([0, 0, 0, 200, 0, 0, 0, 0, 150, 0, 0, 0, 0, 0, 0, 0] + [0] * 20, []),  # bursts
    ([0] * 9 + [1, 0, 1, 2, 1, 3, 4, 4, 6, 8, 9, 12, 15, 16, 20, 22, 25, 27, 30], []),  # grows from nothing
    ([30, 27, 25, 22, 20, 16, 15, 12, 9, 8, 6, 4, 4, 3, 1, 2, 1, 0, 1] + [0] * 9, []),
    ([3, 1, 0, 2, 0, 0, 0, 1, 2, 0, 3, 1] * 3, []),
])  # fmt: skip
def test_stretches_of_known_truth(values, expected):
    assert missing(values, MONTHS[: len(values)]) == expected


def test_an_outcome_that_rests_every_winter_is_zero_then():
    year = [0, 0, 0, 60, 90, 120, 130, 110, 80, 50, 0, 0]
    assert missing(year * 3, MONTHS) == []
    assert max(gap.chance for gap in found(year * 3, MONTHS)) == 1
    late = [0] * 12 + year * 3  # but a year without a summer was not recorded, with the winter that follows it
    assert missing(late, [place % 12 for place in range(48)]) == [(0, 14)]


def test_one_area_is_judged_by_its_share_of_the_others():
    others = np.array([100.0] * 12 + [0.5] * 3 + [100] * 9)
    quiet = np.array([20.0] * 12 + [0] * 3 + [20] * 9)
    gone = np.array([20.0] * 12 + [0] * 12)
    assert [gap.missing for gap in gaps(quiet > 0, quiet, by_others(quiet, others))] == [False]
    assert [gap.missing for gap in gaps(gone > 0, gone, by_others(gone, others))] == [True]


def test_a_burst_elsewhere_raises_nothing():
    others = np.array([10.0] * 11 + [5000])
    rare = np.array([1.0, 0, 1, 0, 2, 0, 1, 1, 0, 1, 1, 0])
    assert not any(gap.missing for gap in gaps(rare > 0, rare, by_others(rare, others)))
    assert by_others(rare, others)(np.arange(12) < 11).max() <= rare[:11].mean()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=30))
def test_every_empty_period_is_judged_once_and_no_other(values):
    judged = [place for gap in found(values) for place in range(gap.first, gap.last + 1)]
    assert judged == ([place for place, value in enumerate(values) if not value] if any(values) else [])
    assert all(0 <= gap.chance <= 1 for gap in found(values))
    assert TINY < DOUBTFUL


@pytest.mark.parametrize(("rate", "spread"), [(0.5, 0.2), (3, 0.5), (30, 1.0)])
def test_true_zeros_of_over_dispersed_counts_are_left_alone(rate, spread):
    """600 series of 30 months with true zeros: none is called silence (by chance 1 in a million a stretch)."""
    rng = np.random.default_rng(7)
    counts = rng.poisson(rate * rng.gamma(1 / spread, spread, (600, 30)))
    assert sum(bool(missing(row)) for row in counts if row.any()) == 0
