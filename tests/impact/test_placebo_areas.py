"""Placebo areas: ranks by hand, intervals that are the inversion of the test, its size under no effect."""

from dataclasses import replace
from datetime import date
from time import perf_counter

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.placebo_areas import placebos, with_placebos
from crisiskit.impact.synthetic_control import of_pool, outcome_only


def panel(seed=0, n=40, t=24, treated=1, start=16, effect=1.0, mean=40.0):
    rng = np.random.default_rng(seed)
    level = mean * np.exp(rng.normal(0, 0.3, n)[:, None] + rng.normal(0, 0.1, t)[None])
    status = np.zeros((n, t))
    status[:treated, start:] = 1
    counts = rng.poisson(level * effect**status).astype("float64")
    starts = tuple(date(2015 + i // 12, 1 + i % 12, 1) for i in range(t))
    return Panel(tuple(f"a{i:03d}" for i in range(n)), starts, "month", counts, status, "offences")


def changed(data, how):
    """The panel with the treated cells changed by a function."""
    return replace(data, outcome=np.where(data.status > 0, how(data.outcome), data.outcome))


def test_a_placebo_is_the_fit_of_a_panel_in_which_that_area_was_treated():
    data = panel(n=12)
    found = placebos(data)
    assert found.sets == tuple((name,) for name in data.units[1:])
    status = np.zeros((11, 24))
    status[4, 16:] = 1
    shown = Panel(data.units[1:], data.starts, "month", data.outcome[1:], status, "offences")
    alone = outcome_only(shown)
    assert found.gaps[4] == pytest.approx(alone.gap)
    assert found.ratios[4] == pytest.approx(alone.rmspe_after / np.sqrt(alone.mspe))


def test_p_is_a_rank_and_its_smallest_value_is_told():
    found = placebos(panel(n=12, effect=0.2))
    assert found.ratio > found.ratios.max()
    assert found.p == found.smallest_p == 1 / 12
    plain = placebos(panel(n=12))
    assert plain.p == (1 + (plain.ratios >= plain.ratio).sum()) / 12


def test_a_large_effect_is_found_with_its_interval():
    found = with_placebos(panel(effect=0.4, n=60), statistic="mean")
    assert found.p == pytest.approx(1 / 60)
    assert found.low < found.estimate < found.high < 0
    assert -1 < found.relative_low < -0.6 < found.relative_high < 0
    assert found.model.table.groupby("area").size().eq(24).all()
    assert found.model.table["treated"].sum() == 24


@pytest.mark.parametrize("statistic", ["rmspe", "mean"])
@pytest.mark.parametrize("treated", [1, 3])
def test_the_intervals_are_what_the_test_does_not_reject(statistic, treated):
    data = panel(seed=3, n=40, treated=treated, effect=0.8)
    found = with_placebos(data, statistic=statistic, draws=99)
    assert np.isfinite([found.low, found.high, found.relative_low, found.relative_high]).all()

    def p(how):
        return placebos(changed(data, how), statistic=statistic, draws=99).p

    for end, out in ((found.low, -1), (found.high, 1)):
        assert p(lambda y, e=end, o=out: y - e + o * 1e-6) > 0.05
        assert p(lambda y, e=end, o=out: y - e - o * 1e-6) <= 0.05
    for end, out in ((found.relative_low, -1), (found.relative_high, 1)):
        assert p(lambda y, e=end, o=out: y / (1 + e - o * 1e-8)) > 0.05
        assert p(lambda y, e=end, o=out: y / (1 + e + o * 1e-8)) <= 0.05


def test_too_few_placebos_bound_nothing_and_say_so():
    found = with_placebos(panel(n=12, effect=0.2))
    assert (found.low, found.high) == (-np.inf, np.inf)
    assert (found.relative_low, found.relative_high) == (-1, np.inf)
    assert any("cannot fall below 0.083" in note for note in found.notes)
    assert np.isfinite(with_placebos(panel(n=21, effect=0.5), statistic="mean").low)  # 20 placebos: p can be 1/21


def test_gaps_that_vary_too_much_have_no_constant_effect_and_say_so():
    data = panel(n=60)
    swing = np.where(np.arange(24) % 2, 60.0, -30.0)
    found = with_placebos(changed(data, lambda y: np.maximum(y + swing, 0)))
    assert found.p < 0.05
    assert np.isnan([found.low, found.high]).all()
    assert any("vary too much for a constant difference" in note for note in found.notes)
    assert np.isfinite(with_placebos(changed(data, lambda y: y + swing + 30), statistic="mean").low)


def test_without_an_effect_p_is_small_as_often_as_it_should_be():
    found = np.array([placebos(panel(seed=seed, n=20, t=16, start=10)).p for seed in range(300)])
    assert 0.06 < (found <= 0.1).mean() < 0.15  # 0.1 is exact: 2 of 20 ranks; three standard errors are 0.05
    assert abs(found.mean() - 0.525) < 0.06


def test_sets_of_areas_are_all_or_a_seeded_sample():
    every = placebos(panel(n=12, treated=2))
    assert every.exact
    assert len(set(every.sets)) == 45  # 10 donors, two at a time
    some, again, other = (placebos(panel(n=40, treated=3), draws=60, seed=seed) for seed in (1, 1, 2))
    assert not some.exact
    assert len(set(some.sets)) == 60
    assert (some.sets, some.p) == (again.sets, again.p)
    assert some.sets != other.sets
    assert all(name not in pair for pair in some.sets for name in ("a000", "a001", "a002"))


def test_a_perfect_fit_before_has_a_ratio_that_ranks():
    data = panel(n=30, t=10, start=3)  # three periods before, 29 donors
    found = placebos(data)
    assert np.isfinite([found.ratio, *found.ratios]).all()
    assert np.sqrt(found.synthetic.mspe) < found.floor


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(UserError, match="3 donors for 2 treated"):
        placebos(panel(n=5, treated=2))
    data = panel(n=12)
    with pytest.raises(UserError, match="the same in every area and period"):
        placebos(replace(data, outcome=np.full(data.outcome.shape, 3.0)))
    with pytest.raises(ValueError, match="statistic 'other'"):
        placebos(data, statistic="other")


def test_two_hundred_donors_take_seconds():
    began = perf_counter()
    found = placebos(panel(n=201, t=60, start=40))
    assert len(found.sets) == 200
    assert perf_counter() - began < 10


def test_another_way_to_fit_serves_every_placebo():
    data = panel(n=12)
    usual, same = placebos(data, demeaned=True), placebos(data, solve=lambda pool: of_pool(pool, demeaned=True))
    assert same.ratio == usual.ratio
    assert same.ratios == pytest.approx(usual.ratios)
    with pytest.raises(ValueError, match="solve says how"):
        placebos(data, demeaned=True, solve=of_pool)
