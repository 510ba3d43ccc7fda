"""Simulated panels hold the truth that they say they hold."""

import numpy as np
import pytest

from crisiskit.simulate.panels import gamma_levels, panel


def test_the_same_seed_gives_the_same_panel_and_another_gives_another() -> None:
    one, again, other = panel(5), panel(5), panel(6)
    assert np.array_equal(one.outcome, again.outcome)
    assert not np.array_equal(one.outcome, other.outcome)


def test_shapes_and_names_stand_in_order() -> None:
    drawn = panel(1, areas=12, months=14, treated=3)
    assert drawn.outcome.shape == drawn.status.shape == drawn.effect.shape == drawn.expected.shape == (12, 14)
    assert list(drawn.units) == sorted(set(drawn.units))
    assert [day.isoformat() for day in drawn.starts[10:14]] == ["2020-11-01", "2020-12-01", "2021-01-01", "2021-02-01"]


def test_counts_are_like_the_fields() -> None:
    """Whole counts, from none to some sixty, most of them small."""
    counts = np.stack([panel(seed).outcome for seed in range(50)])
    assert (counts == counts.round()).all()
    assert counts.min() == 0
    assert counts.mean() == pytest.approx(12, rel=0.05)
    assert 0.99 < (counts <= 60).mean() < 1


def test_levels_have_the_mean_variance_and_autocorrelation_asked_for() -> None:
    level = gamma_levels(np.random.default_rng(2), 4000, 30, 0.25, 0.5)
    assert level.mean() == pytest.approx(1, abs=0.01)
    assert level.var() == pytest.approx(0.25, rel=0.03)
    for lag in (1, 2, 3):
        found = np.corrcoef(level[:, lag:].ravel(), level[:, :-lag].ravel())[0, 1]
        assert found == pytest.approx(0.5**lag, abs=0.015)


def test_levels_are_gamma() -> None:
    from scipy.stats import gamma, kstest

    last = gamma_levels(np.random.default_rng(3), 3000, 12, 0.25, 0.6)[:, -1]
    assert kstest(last, gamma(4, scale=0.25).cdf).pvalue > 0.01


def test_without_dispersion_counts_are_poisson() -> None:
    drawn = panel(4, areas=400, months=100, treated=0, dispersion=0.0)
    chi = ((drawn.outcome - drawn.expected) ** 2 / drawn.expected).mean()
    assert chi == pytest.approx(1, abs=0.03)


def test_the_effect_is_the_ratio_of_what_is_counted_to_what_was_expected() -> None:
    on = []
    for seed in range(200):
        drawn = panel(seed, effect=np.log(0.75))
        on.append([drawn.outcome[drawn.status > 0].sum(), drawn.expected[drawn.status > 0].sum()])
        assert drawn.true_relative == pytest.approx(-0.25)
    seen, expected = np.sum(on, axis=0)
    assert seen / expected == pytest.approx(0.75, abs=0.01)


def test_any_area_can_be_treated() -> None:
    often = np.mean([panel(seed, months=4, treated=9).status[:, -1] for seed in range(400)], axis=0)
    assert often == pytest.approx(np.full(36, 0.25), abs=0.1)


def test_staggered_effects_grow_from_each_start() -> None:
    drawn = panel(1, months=24, treated=6, effect=-0.1, start=6, cohorts=3, stagger=5, growing=-0.02)
    starts = sorted(int(row.argmax()) for row in drawn.status if row.any())
    assert starts == [6, 6, 11, 11, 16, 16]
    for status, effect in zip(drawn.status, drawn.effect, strict=True):
        since = np.cumsum(status) - 1
        assert effect == pytest.approx(np.where(status > 0, -0.1 - 0.02 * since, 0))


def test_unequal_effects_differ_between_areas_and_not_within() -> None:
    drawn = panel(1, treated=8, effect=-0.3, unequal=0.1)
    last = drawn.effect[drawn.status[:, -1] > 0]
    assert np.ptp(last[:, 12:], axis=1) == pytest.approx(np.zeros(8))
    assert len(set(last[:, -1])) == 8


def test_no_programme_has_no_effect() -> None:
    drawn = panel(1, treated=0, effect=-1.0)
    assert not drawn.effect.any()
    assert drawn.true_relative == 0


@pytest.mark.parametrize("wrong", [
    {"treated": 37}, {"months": 1}, {"areas": 1}, {"dispersion": -1.0}, {"autocorrelation": 1.0}, {"start": 24},
    {"start": 20, "cohorts": 3, "stagger": 2}, {"start": 0},
])  # fmt: skip
def test_settings_that_make_no_panel(wrong: dict) -> None:
    with pytest.raises(ValueError, match="make no panel|dispersion|leave the"):
        panel(1, **wrong)
