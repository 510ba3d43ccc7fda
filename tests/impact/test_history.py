"""The history that power is simulated from, and the studies that are pretended in it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.history import halves, how, inject, periods_of, positions, pre_period, pretend
from crisiskit.impact.panel import Panel


def panel(outcome, status=None, step="month") -> Panel:
    outcome = np.asarray(outcome, float)
    n, t = outcome.shape
    starts = tuple(date(2000 + at // 12, at % 12 + 1, 1) for at in range(t))
    status = np.zeros((n, t)) if status is None else status
    return Panel(tuple(f"{unit:03}" for unit in range(n)), starts, step, outcome, status, "offences")


def numbered(n: int, t: int) -> Panel:
    """Every cell says which it is: 1000 x area + period."""
    return panel(1000 * np.arange(n)[:, None] + np.arange(t)[None])


def test_the_history_ends_before_any_start():
    status = np.zeros((3, 10))
    status[0, 7:], status[1, 5:] = 1, 1
    found = pre_period(panel(np.ones((3, 10)), status))
    assert found.outcome.shape == (3, 5)
    assert not found.status.any()
    assert pre_period(numbered(3, 10)).outcome.shape == (3, 10)  # no programme: all of it


def test_gaps_leave_out_the_area_or_the_period_and_say_so():
    outcome = np.ones((4, 12))
    outcome[0, :6], outcome[1, 11], outcome[2, 0] = np.nan, np.nan, np.nan
    found = pre_period(panel(outcome))
    assert found.units == ("001", "002", "003")
    assert len(found.starts) == 10
    assert "area 000" in found.notes[0]
    assert "2 of 12 periods" in found.notes[1]


def test_without_history_there_is_nothing_to_simulate_from():
    status = np.zeros((2, 8))
    status[0] = 1
    with pytest.raises(UserError, match="the programme runs in the first month of the data, 2000-01-01"):
        pre_period(panel(np.ones((2, 8)), status))
    status = np.zeros((2, 8))
    status[0, 3:] = 1
    with pytest.raises(UserError, match="has 3 months that are covered in every area; at least 4"):
        pre_period(panel(np.ones((2, 8)), status))
    with pytest.raises(UserError, match="has 0 months"):
        pre_period(panel(np.full((2, 8), np.nan)))


@pytest.mark.parametrize(("months", "step", "periods"), [(6, "month", 6), (6, "quarter", 2), (12, "week", 52),
                                                         (24, "year", 2), (1, "week", 4)])  # fmt: skip
def test_months_in_periods(months, step, periods):
    assert periods_of(months, step) == periods


@pytest.mark.parametrize(("months", "step", "multiple"), [(6, "year", 12), (4, "quarter", 3), (0, "month", 1)])
def test_months_that_are_no_whole_number_of_periods(months, step, multiple):
    with pytest.raises(UserError, match=f"{months} months are no whole number of {step}s; ask for a multiple of"):
        periods_of(months, step)


def test_a_long_history_gives_stretches_of_itself():
    rng = np.random.default_rng(1)
    starts = set()
    for _ in range(200):
        at = positions(20, 6, 6, "month", rng)
        assert (np.diff(at) == 1).all()
        starts.add(int(at[0]))
    assert starts == set(range(9))  # every place, the last one too


@pytest.mark.parametrize(("length", "before", "after"), [(36, 24, 24), (24, 24, 24), (42, 24, 24), (30, 12, 24),
                                                         (25, 13, 13), (61, 60, 6)])  # fmt: skip
def test_a_short_history_keeps_season_and_order_and_no_month_stands_on_both_sides(length, before, after):
    rng = np.random.default_rng(2)
    half, seasonal = halves(length, "month")
    assert seasonal
    for _ in range(50):
        at = positions(length, before, after, "month", rng)
        assert at.min() >= 0
        assert at.max() < length
        assert not set(at[:before]) & set(at[before:])
        assert (np.diff(at) % 12 == 1).all()  # the calendar never jumps, whatever the cut
        joins = (np.diff(at) != 1).sum()
        assert joins <= 2 + (before + after) // 6  # blocks of half a year at least; inside they follow as they did
        assert len(set(at[:before])) == min(before, half)
        assert len(set(at[before:])) == min(after, half)  # all that a half has is used


def test_a_history_without_two_years_keeps_order_only():
    rng = np.random.default_rng(3)
    for _ in range(50):
        at = positions(9, 12, 6, "month", rng)
        assert not set(at[:12]) & set(at[12:])
        assert len(set(at[:12])) == len(set(at[12:])) == 4
        assert (np.diff(at) == 1).sum() >= 9


def test_how_says_which_it_is():
    assert "has room for 9 of them" in how(20, 6, 6, "month")
    assert "two blocks of 18 months" in how(36, 24, 24, "month")
    assert "at the same season" in how(36, 24, 24, "month")
    assert "whatever the season" in how(20, 24, 24, "month")


def test_blocks_are_taken_in_all_areas_at_once():
    history = numbered(5, 30)
    outcome, status = pretend(history, 2, 24, 24, 0.0, np.random.default_rng(4))
    assert outcome.shape == status.shape == (5, 48)
    at = outcome[0].astype(int)
    assert (outcome == 1000 * np.arange(5)[:, None] + at).all()
    assert status[:, :24].sum() == 0
    assert sorted(status[:, 24:].sum(axis=1)) == [0, 0, 0, 24, 24]


def test_every_area_may_be_treated_and_the_seed_decides():
    history = numbered(5, 30)
    seen = {tuple(pretend(history, 1, 6, 6, 0.0, np.random.default_rng(seed))[1][:, -1]) for seed in range(60)}
    assert len(seen) == 5
    for part in (0, 1):
        one, two = (pretend(history, 2, 6, 6, -0.3, np.random.default_rng(9))[part] for _ in range(2))
        assert (one == two).all()


@pytest.mark.parametrize("relative", [-0.9, -0.34, -0.05, 0.0, 0.2, 1.0, 1.5])
def test_the_expected_ratio_is_kept_and_counts_stay_whole(relative):
    rng = np.random.default_rng(5)
    counts = rng.negative_binomial(2, 0.1, (200, 500)).astype(float)
    status = np.zeros(counts.shape)
    status[:100] = 1
    found = inject(counts, status, relative, rng)
    assert (found == np.floor(found)).all()
    assert (found[100:] == counts[100:]).all()
    part = (1 + relative) % 1
    error = np.sqrt(part * (1 - part) * counts[:100].sum())  # of a binomial, given the counts
    assert abs(found[:100].sum() - (1 + relative) * counts[:100].sum()) <= 4 * error + 1e-6
    assert (found[counts == 0] == 0).all()
    assert relative != 1.0 or (found[:100] == 2 * counts[:100]).all()


def test_a_thinned_poisson_count_is_poisson_and_overdispersion_stays():
    rng = np.random.default_rng(6)
    poisson, on = rng.poisson(20, 200_000).astype(float), np.ones(200_000)
    thin = inject(poisson, on, -0.4, rng)
    assert thin.var() / thin.mean() == pytest.approx(1, abs=0.02)
    mixed = rng.poisson(20 * rng.gamma(5, 1 / 5, 200_000)).astype(float)  # variance: mean + mean^2 / 5
    thin = inject(mixed, on, -0.4, rng)
    assert thin.var() == pytest.approx(12 + 12**2 / 5, rel=0.03)


def test_weighted_counts_are_multiplied_and_nothing_falls_by_all():
    found = inject(np.array([0.5, 2.0]), np.ones(2), -0.2, np.random.default_rng(7))
    assert found == pytest.approx([0.4, 1.6])
    with pytest.raises(ValueError, match="above -1"):
        inject(np.ones(2), np.ones(2), -1.0, np.random.default_rng(7))
    with pytest.raises(ValueError, match="5 treated areas of 4"):
        pretend(numbered(4, 12), 5, 3, 3, 0.0, np.random.default_rng(7))


def test_month_to_month_correlation_survives():
    """AR(1) with 0.8, as the site had it: within a block the pretended study has it too."""
    rng = np.random.default_rng(8)
    level = np.zeros((200, 40))
    for at in range(1, 40):
        level[:, at] = 0.8 * level[:, at - 1] + rng.normal(size=200)
    history = replace(panel(level), outcome=level)

    def lag(values: np.ndarray) -> float:
        return float(np.corrcoef(values[:, 5:-1].ravel(), values[:, 6:].ravel())[0, 1])

    outcome, _ = pretend(history, 1, 24, 24, 0.0, rng)
    assert lag(outcome) == pytest.approx(lag(level), abs=0.12)
    assert lag(rng.permuted(level, axis=1)) < 0.2  # months alone would have lost it
