"""Periods before the start: the statistic against the event study, power against its own definition, false alarms."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2, ncx2
from small_panels import diverging, small_panel

from crisiskit.errors import UserError
from crisiskit.impact import pretrends, twoway
from crisiskit.impact.did import twfe
from crisiskit.impact.event_study import event_study, joint_test, path
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import deal, p_value
from crisiskit.impact.slope_test import explaining_slope, slope_test
from crisiskit.simulate.panels import panel


@pytest.mark.parametrize("model", twoway.MODELS)
@pytest.mark.parametrize("treated", [4, 6])
def test_wald_is_that_of_the_event_study_for_every_deal(model: str, treated: int) -> None:
    """Up to the constants G/(G-1) and (N-1)/(N-K) that the event study's covariance carries."""
    data = small_panel(7, treated=treated, months=8, start=5)
    orders = deal(data, model, 30, 1).orders[:40]
    y = data.outcome[:, data.before]
    y = np.log(y) if model == "log" else y
    found = pretrends._wald(y, data.treated[orders].astype(float), model == "poisson")
    slow, factor = [], np.nan
    for order in orders:
        one = path(replace(data, status=data.status[order]), model)
        factor = one.nested * 12 / 11
        slow.append(joint_test(one)[0] * factor)
    np.testing.assert_allclose(found, slow, rtol=1e-6)
    assert factor > 1


def test_randomised_p_is_the_rank_of_the_event_study_among_all_deals() -> None:
    data = small_panel(2, areas=7, treated=2, months=6, start=3)
    orders = deal(data).orders
    assert len(orders) == 21
    loop = [joint_test(path(replace(data, status=data.status[order])))[0] for order in orders]
    rank = float((np.array(loop) >= loop[0] * (1 - 1e-9)).mean())
    assert pretrends.randomised(data) == pytest.approx(rank)
    assert pretrends.randomised(data) == pretrends.randomised(data, seed=5)  # all deals listed: no seed


def test_randomised_is_nan_where_it_cannot_be_formed() -> None:
    data = small_panel()
    hole = data.outcome.copy()
    hole[::2, 0] = np.nan
    assert np.isnan(pretrends.randomised(replace(data, outcome=hole)))
    assert np.isnan(pretrends.randomised(small_panel(start=1)))
    hole[::2, 0], hole[0, 9] = data.outcome[::2, 0], np.nan  # a hole after the start does not matter
    assert pretrends.randomised(replace(data, outcome=hole)) == pretrends.randomised(data)


def test_an_area_with_an_unknown_cell_is_left_out() -> None:
    data = small_panel()
    hole = data.outcome.copy()
    hole[-1, 0] = np.nan
    without = data.only(units=data.units[:-1])
    assert pretrends.randomised(replace(data, outcome=hole)) == pretrends.randomised(without)


def test_an_exposure_that_moves_is_taken_out() -> None:
    """Counts that double with their exposure say nothing of a trend; one that stands still changes nothing."""
    data = small_panel()
    growing = np.where(data.treated[:, None], 2.0 ** np.arange(len(data.starts))[None] / 8, 1.0)
    doubled = replace(data, outcome=data.outcome * growing, exposure=growing)
    still = replace(data, exposure=np.full(data.outcome.shape, 7.0))
    assert pretrends.randomised(still) == pretrends.randomised(data)
    assert pretrends.randomised(doubled) > 0.05
    assert pretrends.randomised(replace(doubled, exposure=None)) <= 0.05


def test_deal_without_events_in_a_group_counts_as_extreme() -> None:
    """One of 5 areas treated; one area has a month without events, so its statistic is infinite."""
    outcome = np.array([[9, 12, 10, 9], [11, 10, 12, 10], [8, 9, 7, 11], [12, 9, 11, 10], [10, 0, 9, 12]], "float64")
    member = np.eye(5)
    found = pretrends._wald(outcome[:, :3], member, True)
    assert np.isnan(found).tolist() == [False] * 4 + [True]
    assert p_value(np.sqrt(found)) >= 2 / 5


def test_false_alarms_of_the_randomised_test() -> None:
    """Without any effect or divergence 5 % of 200 panels fail; by Wald's chi-square over 20 %."""
    alarms, wald = 0, 0
    for seed in range(200):
        drawn = panel(seed, areas=14, months=16, treated=3, mean=15)
        data = Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")
        alarms += pretrends.randomised(data, draws=199, seed=seed) <= 0.05
        early = data.only(periods=data.before)
        y, member = early.outcome, data.treated[None].astype(float)
        wald += chi2.sf(pretrends._wald(y, member, True)[0], early.outcome.shape[1] - 1) <= 0.05
    assert 2 <= alarms <= 19  # 99.9 % of binomial(200, 0.05)
    assert wald > 40  # what the randomised test is for


def test_power_is_the_level_at_no_slope_and_rises() -> None:
    found = path(small_panel())
    assert pretrends.power(found, 0) == pytest.approx(0.05)
    assert pretrends.power(found, 1e-6) == pytest.approx(0.05, abs=1e-4)
    rising = [pretrends.power(found, slope) for slope in (0, 0.02, 0.05, 0.1, 0.2, 1, 1e6)]
    assert (np.diff(rising) >= 0).all()
    assert rising[2] > rising[1] > rising[0]
    assert rising[-1] == pytest.approx(1)
    assert pretrends.power(found, -0.05) == pytest.approx(rising[2])
    assert pretrends.power(found, 0.05, level=0.2) > rising[2]


@pytest.mark.parametrize("reference", [-1, -3])
def test_power_by_hand(reference: int) -> None:
    """Noncentral chi-square of a straight line that is 0 at the reference; and the share of draws that are seen."""
    found = path(small_panel(), reference=reference)
    early = found.before
    line = 0.08 * (found.at[early] - reference)
    cover = found.covariance[np.ix_(early, early)] * found.nested
    away = line @ np.linalg.solve(cover, line)
    by_hand = ncx2.sf(chi2.isf(0.05, 4), 4, away)
    assert pretrends.power(found, 0.08) == pytest.approx(by_hand, rel=1e-9)
    draws = np.random.default_rng(1).multivariate_normal(line, cover, 20_000)
    seen = np.einsum("st,tu,su->s", draws, np.linalg.inv(cover), draws) > chi2.isf(0.05, 4)
    assert seen.mean() == pytest.approx(by_hand, abs=0.012)


def test_detectable_slope_inverts_power() -> None:
    found = path(small_panel())
    for wanted in (0.5, 0.8, 0.99):
        slope = pretrends.detectable_slope(found, wanted)
        assert slope > 0
        assert pretrends.power(found, slope) == pytest.approx(wanted, abs=1e-6)
    with pytest.raises(ValueError, match="wanted 0.05"):
        pretrends.detectable_slope(found, 0.05)
    alone = path(small_panel(months=6, start=2), lead=1)
    assert np.isnan(pretrends.detectable_slope(alone, 0.5))
    assert np.isnan(pretrends.power(alone, 0.1))


@pytest.mark.parametrize("model", twoway.MODELS)
def test_randomised_power_is_that_of_planted_deals(model: str) -> None:
    """The long way: the slope planted in the cells of each deal's own areas, and its statistic formed anew."""
    data = small_panel()
    slope, early = (2.0 if model == "linear" else 0.1), data.outcome[:, :5]
    member = data.treated[deal(data, model, 499, 144).orders].astype("float64")
    line = slope * np.arange(-4, 1)
    y = np.log(early) if model == "log" else early
    bare = pretrends._wald(y, member, model == "poisson")[1:]
    critical = np.sort(bare)[int(np.ceil(0.95 * (len(bare) - 1)))]
    seen = []
    for own in member[1:]:
        planted = y * np.exp(np.outer(own, line)) if model == "poisson" else y + np.outer(own, line)
        seen.append(pretrends._wald(planted, own[None], model == "poisson")[0] > critical)
    assert pretrends.randomised_power(data, slope, model) == pytest.approx(np.mean(seen), abs=1e-12)
    assert 0.05 < np.mean(seen) < 1


def test_power_said_is_the_share_of_panels_seen() -> None:
    """20 areas, 12 months before: the share of 60 diverging panels that are found, and what Wald's power promised."""
    said, promised, seen = [], [], []
    for seed in range(60):
        drawn = panel(seed, areas=20, months=24, treated=8, mean=30)
        data = Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")
        said.append(pretrends.randomised_power(data, 0.1, draws=199))
        promised.append(pretrends.power(path(data), 0.1))
        line = 0.1 * np.arange(-11, 13)[None, :] * data.treated[:, None]
        parted = replace(data, outcome=np.round(data.outcome * np.exp(line)))
        seen.append(pretrends.randomised(parted, draws=199, seed=seed) <= 0.05)
    assert np.mean(said) == pytest.approx(np.mean(seen), abs=0.15)  # two standard errors and more
    assert np.mean(promised) > np.mean(seen) + 0.15


def _check(data: Panel, model: str = "poisson"):
    return pretrends.check(data, event_study(data, model), twfe(data, model))


def test_planted_divergence_fails() -> None:
    found = _check(diverging(small_panel(3, areas=20, treated=8, mean=80, dispersion=0.02), 0.15))
    assert found.status == "fail"
    assert found.numbers["randomised_p"] < 0.05
    assert found.numbers["slope"] == pytest.approx(0.15, abs=0.05)
    assert "reassigned areas" in found.finding


def test_quiet_and_powerful_passes_and_weak_warns() -> None:
    strong = _check(small_panel(1, areas=24, treated=10, mean=100, dispersion=0.01, effect=-0.8))
    assert strong.status == "pass"
    assert strong.numbers["power"] >= 0.5
    assert strong.numbers["slope_seen_50"] < strong.numbers["slope_seen_80"]
    assert abs(strong.numbers["explaining_slope"]) > strong.numbers["slope_seen_50"]
    weak = _check(small_panel(1, mean=4, dispersion=0.3, effect=-0.1))
    assert weak.numbers["randomised_p"] >= 0.05
    assert weak.numbers["slope_p"] >= 0.05
    assert weak.numbers["power"] < 0.5
    assert weak.status == "warn"


def test_numbers_are_those_of_the_parts() -> None:
    data = small_panel()
    event, estimate = event_study(data), twfe(data)
    found = pretrends.check(data, event, estimate)
    numbers = found.numbers
    assert (numbers["chi2"], numbers["df"], numbers["wald_p"]) == joint_test(event.model)
    assert numbers["randomised_p"] == pretrends.randomised(data)
    line = slope_test(data)
    assert (numbers["slope"], numbers["slope_se"], numbers["slope_p"]) == (line.slope, line.se, line.p)
    needed = explaining_slope(data, estimate.estimate)
    assert numbers["explaining_slope"] == needed
    assert numbers["level"] == 0.025  # two tests share 5 %
    joint = pretrends.randomised_power(data, needed, level=0.025)
    assert numbers["power"] == max(joint, line.power(needed, 0.025))
    assert numbers["wald_power"] == pretrends.power(event.model, needed)
    assert found.table is event.series


def test_missing_cells_fall_back_on_the_wald_test_and_say_so() -> None:
    data = small_panel()
    hole = data.outcome.copy()
    hole[::2, 0] = np.nan
    found = _check(replace(data, outcome=hole))
    assert found.status != "fail"
    assert np.isnan(found.numbers["randomised_p"])
    assert np.isnan(pretrends.randomised_power(replace(data, outcome=hole), 0.1))
    line = slope_test(replace(data, outcome=hole))
    assert found.numbers["power"] == line.power(found.numbers["explaining_slope"], 0.05)  # the only test: all of 5 %
    assert found.numbers["slope_seen_50"] > 0
    assert "rejects too often" in found.finding


def test_one_period_before_is_not_possible() -> None:
    data = small_panel(months=6, start=2)
    found = pretrends.check(data, event_study(data, lead=1), twfe(data))
    assert (found.status, found.asks) == ("not possible", "earlier periods")
    with pytest.raises(UserError, match="two periods"):
        event_study(small_panel(start=1))


def test_a_period_that_is_unknown_everywhere_is_left_out_and_keeps_its_distance() -> None:
    data = small_panel(3, months=14, areas=16)
    hole = data.outcome.copy()
    hole[:, 2] = np.nan
    gone, less = replace(data, outcome=hole), data.only(periods=np.arange(14) != 2)
    assert pretrends.randomised(gone) == pretrends.randomised(less)
    # the first two periods lie one further from the last: the same slope is a larger difference
    assert pretrends.randomised_power(gone, 0.2) > pretrends.randomised_power(less, 0.2)
