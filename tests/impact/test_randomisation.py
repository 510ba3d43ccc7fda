"""Randomisation inference against hand-worked cases, statsmodels, scipy, and what must hold of it."""

import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import imputation, twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import block, deal, interval, p_value, possible, randomise
from crisiskit.simulate.panels import panel

ROOT = Path(__file__).resolve().parents[2]


def _panel(seed: int, **settings) -> Panel:
    drawn = panel(seed, **settings)
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")


def _two(before: list[float], after: list[float], treated: int = 1) -> Panel:
    """Areas with one period before and one after; the first `treated` are treated."""
    outcome = np.array([before, after], "float64").T
    status = np.zeros_like(outcome)
    status[:treated, 1] = 1
    names = tuple(f"a{i}" for i in range(len(before)))
    return Panel(names, (date(2020, 1, 1), date(2020, 2, 1)), "month", outcome, status, "events")


def _slow(*arguments):
    """Two-way fixed effects by iteration: an engine of its own, so that no closed form is taken."""
    return twoway.reassigned(*arguments)


def test_one_of_four_by_hand() -> None:
    """Changes -4, 1, 0, 2, each area in turn: the effect's share is 1 of 4, as -4 against a mean of 1 is the largest.

    The error of a deal is that of the other three: the spread of their changes. t of area 1: -5 / sqrt(2/9 x 4/3).
    """
    hand = _two([10, 10, 10, 10], [6, 11, 10, 12])
    test = randomise(hand, "linear")
    assert test.estimate == pytest.approx(-5)
    assert test.observed == pytest.approx(-5 / math.sqrt(2 / 9 * 4 / 3))
    assert (test.exact, test.assignments, test.draws) == (True, 4, 3)
    assert test.p == test.smallest_p == 0.25
    assert sorted(np.abs(test.distribution))[-1] == abs(test.observed)


def test_poisson_by_hand() -> None:
    """Ratio of ratios of totals; the pull of an area is its share after less its share before."""
    hand = _two([10, 20, 30, 40], [5, 30, 30, 60], treated=1)
    assert randomise(hand).estimate == pytest.approx(math.log((5 / 10) / (120 / 90)))
    pulls = np.array([30, 30, 60]) / 120 - np.array([20, 30, 40]) / 90
    assert randomise(hand).observed == pytest.approx(math.log(3 / 8) / math.sqrt((pulls**2).sum() * 4 / 3))


@pytest.mark.parametrize("model", ["poisson", "linear", "log"])
@pytest.mark.parametrize("settings", [{"treated": 1}, {"treated": 4, "months": 12}, {"treated": 8, "start": 7}])
def test_closed_form_is_two_way_fixed_effects(model: str, settings: dict) -> None:
    one = _panel(3, effect=-0.3, **settings)
    one = replace(one, outcome=one.outcome + 1)
    dealt = deal(one, model, 99)
    effects, t = block(one, dealt.orders, model, -0.2)
    b, se = twoway.reassigned(one.outcome, one.status, dealt.orders, model, None, -0.2)
    np.testing.assert_allclose(effects, b, atol=1e-9)
    np.testing.assert_allclose(t, b / se, rtol=1e-7)


def test_closed_form_of_a_programme_that_stops_and_of_a_fixed_exposure() -> None:
    one = _panel(4, treated=5)
    status = one.status.copy()
    status[:, -4:] = 0
    people = np.repeat(np.random.default_rng(1).uniform(100, 900, (36, 1)), 24, axis=1)
    one = replace(one, status=status, exposure=people)
    dealt = deal(one, draws=50)
    assert dealt.engine is None
    b, se = twoway.reassigned(one.outcome, status, dealt.orders, "poisson", people, 0.1)
    effects, t = block(one, dealt.orders, "poisson", 0.1)
    np.testing.assert_allclose(effects, b, atol=1e-8)
    np.testing.assert_allclose(t, b / se, rtol=1e-6)


def test_no_closed_form_where_cells_are_missing_exposure_moves_or_starts_differ() -> None:
    one = _panel(4, treated=5)
    holed = one.outcome.copy()
    holed[3, 4] = np.nan
    grows = np.outer(np.ones(36), np.arange(1, 25.0))
    grows[0] = 7
    for other in (replace(one, outcome=holed), replace(one, exposure=grows), _panel(4, cohorts=2, stagger=3)):
        assert deal(other, draws=9).engine is twoway.reassigned


def _statsmodels_t(one: Panel, who: tuple[int, ...]) -> float:
    """t of Poisson with dummies and errors clustered by area with the factor G / (G - 1)."""
    from statsmodels.api import GLM, families

    n, periods = one.outcome.shape
    status = np.zeros((n, periods))
    status[list(who)] = one.status.max(axis=0)
    x = np.column_stack([status.ravel(), np.kron(np.eye(n), np.ones((periods, 1))),
                         np.kron(np.ones((n, 1)), np.eye(periods))[:, 1:]])  # fmt: skip
    groups = np.repeat(np.arange(n), periods)
    fit = GLM(one.outcome.ravel(), x, family=families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, tol=1e-12, maxiter=200)  # fmt: skip
    return float(fit.params[0] / (fit.bse[0] * math.sqrt(n / (n - 1))))


@pytest.mark.parametrize("treated", [1, 2])
def test_every_assignment_fitted_by_statsmodels(treated: int) -> None:
    one = _panel(8, areas=7, months=6, treated=treated, effect=-0.7)
    was = tuple(np.flatnonzero(one.treated).tolist())
    others = [abs(_statsmodels_t(one, who)) for who in combinations(range(7), treated)]
    test = randomise(one)
    assert test.assignments == len(others) == math.comb(7, treated)
    np.testing.assert_allclose(np.sort(np.abs(test.distribution)), np.sort(others), rtol=1e-6)
    assert test.p == pytest.approx(np.mean(np.array(others) >= abs(_statsmodels_t(one, was)) * (1 - 1e-9)))


def test_the_estimate_alone_as_scipys_permutation_test() -> None:
    from scipy.stats import permutation_test

    one = _panel(11, areas=9, treated=3, effect=-0.4)
    on = one.status.max(axis=0) > 0
    change = one.outcome[:, on].mean(axis=1) - one.outcome[:, ~on].mean(axis=1)
    there = permutation_test(
        (change[one.treated], change[~one.treated]), lambda x, y, axis: np.abs(x.mean(axis=axis) - y.mean(axis=axis)),
        vectorized=True, alternative="greater", n_resamples=np.inf)  # fmt: skip
    here = randomise(one, "linear", statistic="estimate")
    assert here.exact
    assert here.p == pytest.approx(there.pvalue)
    assert abs(here.estimate) == pytest.approx(there.statistic)


def test_staggered_paths_are_all_listed_once() -> None:
    """Two start early, one late, three never: 6! / (2! 1! 3!) = 60 assignments."""
    one = _panel(2, areas=6, months=10, treated=3, start=4, cohorts=2, stagger=3)
    dealt = deal(one)
    assert (dealt.assignments, dealt.exact, len(dealt.orders)) == (60, True, 60)
    np.testing.assert_array_equal(dealt.orders[0], np.arange(6))
    assert (np.sort(dealt.orders, axis=1) == np.arange(6)).all()
    assert len({one.status[order].tobytes() for order in dealt.orders}) == 60


def test_how_many_assignments_and_the_smallest_p() -> None:
    assert possible(_panel(1, treated=1).status) == (36, 1 / 36)
    assert possible(_panel(1, areas=6, treated=3).status) == (20, 2 / 20)
    assert possible(_panel(1, treated=8).status)[0] == 30_260_340
    assert deal(_panel(1, treated=8), draws=199).smallest_p == 1 / 200


def test_equal_halves_swapped_are_as_extreme() -> None:
    one = _panel(5, areas=6, treated=3, effect=-3.0, mean=40.0)
    assert randomise(one).p == pytest.approx(2 / 20)


def test_draws_come_near_to_the_exact_share() -> None:
    one = _panel(21, areas=16, treated=3, effect=-0.3)
    exact = randomise(one)
    assert exact.assignments == 560
    forced = replace(deal(one), orders=deal(_panel(21, areas=16, treated=3), draws=999).orders)
    assert randomise(one, dealing=forced).p == pytest.approx(exact.p)
    rng = np.random.default_rng(1)
    orders = np.vstack([np.arange(16), rng.permuted(np.tile(np.arange(16), (4000, 1)), axis=1)])
    drawn = randomise(one, dealing=replace(deal(one), orders=orders, exact=False))
    assert drawn.p == pytest.approx(exact.p, abs=4 * math.sqrt(exact.p * (1 - exact.p) / 4000))


def test_ties_count_and_so_do_deals_without_a_fit() -> None:
    assert p_value(np.array([2.0, -2.0, 1.0, 2.0 - 1e-12])) == 3 / 4
    assert p_value(np.array([2.0, np.nan, 1.0, 0.0])) == 2 / 4


def test_areas_that_cannot_be_fitted_are_reported_and_count_against() -> None:
    """Two quiet areas without an event after the start have no log ratio: their deals are extreme."""
    hand = _two([20, 20, 22, 18, 3, 2], [5, 21, 20, 19, 0, 0])
    test = randomise(hand)
    assert test.not_fitted == 2
    assert test.p == pytest.approx(3 / 6)


def test_the_seed_decides_and_nothing_else() -> None:
    one = _panel(7, treated=8, effect=-0.2)
    assert randomise(one, seed=1) == randomise(one, seed=1)
    assert not np.array_equal(randomise(one, seed=1).distribution, randomise(one, seed=2).distribution)


def test_the_panel_decides_not_the_order_of_its_rows() -> None:
    one = _panel(7, treated=8, effect=-0.2)
    rows = one.long().sample(frac=1, random_state=3)
    wide = [rows.pivot(index="unit", columns="start", values=name).sort_index() for name in ("outcome", "status")]
    again = Panel(tuple(wide[0].index), one.starts, "month", *(frame.to_numpy() for frame in wide), "events")
    assert randomise(again) == randomise(one)
    assert interval(again) == interval(one)


def test_interval_holds_what_is_not_rejected() -> None:
    one = _panel(7, treated=8, effect=math.log(0.75))
    found = interval(one)
    assert found.low < randomise(one).estimate < found.high
    for end, inward in ((found.low, 0.02), (found.high, -0.02)):
        assert randomise(one, null=end).p <= 0.05
        assert randomise(one, null=end + inward).p > 0.05
    wider, narrower = interval(one, confidence=0.99), interval(one, confidence=0.8)
    assert wider.low < found.low < narrower.low < narrower.high < found.high < wider.high


def test_no_effect_is_in_the_interval_if_and_only_if_it_is_kept() -> None:
    for seed in range(12):
        one = _panel(seed, treated=4, effect=-0.3)
        found, p = interval(one), randomise(one).p
        assert (found.low < 0 < found.high) == (p > 0.05)


def test_a_shift_of_the_treated_cells_shifts_the_interval() -> None:
    one = _panel(9, treated=6)
    moved = replace(one, outcome=one.outcome + 3 * one.status)
    here, there = interval(one, "linear"), interval(moved, "linear")
    assert [there.low - here.low, there.high - here.high] == pytest.approx([3, 3])
    halved = replace(one, outcome=one.outcome * np.where(one.status > 0, 0.5, 1.0))
    here, there = interval(one), interval(halved)
    assert [there.low - here.low, there.high - here.high] == pytest.approx([math.log(0.5)] * 2)


def test_one_of_36_has_an_interval_and_one_of_10_has_none() -> None:
    some, none = interval(_panel(3, treated=1)), interval(_panel(3, areas=10, treated=1))
    assert np.isfinite([some.low, some.high]).all()
    assert some.smallest_p == pytest.approx(1 / 36)
    assert (none.low, none.high) == (-math.inf, math.inf)
    assert "no 95 % interval: the smallest p that 10 assignments allow is 0.100" in none.note
    assert np.isfinite(interval(_panel(3, areas=10, treated=1), confidence=0.9).low)


def test_one_of_many_lies_far_from_its_own_tiny_error() -> None:
    """With one treated area the error knows nothing of it: the interval is dozens of such errors wide, and finite."""
    one = _panel(3, areas=200, months=48, treated=1, mean=40.0)
    found, fitted = interval(one), twoway.fit(one.outcome, one.status)
    assert np.isfinite([found.low, found.high]).all()
    assert found.high - found.low > 20 * fitted.se
    assert randomise(one, null=found.low + fitted.se).p > 0.05 >= randomise(one, null=found.low).p


@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_iteration_finds_the_interval_of_the_closed_form(model: str) -> None:
    one = _panel(7, areas=14, months=8, treated=3, effect=-0.3)
    quick, slow = interval(one, model), interval(one, model, engine=_slow)
    error = twoway.fit(one.outcome, one.status, model).se
    assert [slow.low, slow.high] == pytest.approx([quick.low, quick.high], abs=0.03 * error)
    assert randomise(one, model, engine=_slow).p == randomise(one, model).p


def test_another_engine_is_dealt_out() -> None:
    """Where starts differ and effects grow, imputation sees what two-way fixed effects miss."""
    one = _panel(5, mean=30.0, treated=12, effect=-0.3, start=6, cohorts=3, stagger=5, growing=-0.04)
    test = randomise(one, draws=99, engine=imputation.reassigned)
    assert test.estimate == pytest.approx(imputation.impute(one.outcome, one.status).b, abs=1e-6)
    assert test.p == 1 / 100
    found = interval(one, draws=99, engine=imputation.reassigned)
    assert found.low < test.estimate < found.high < 0


@pytest.mark.parametrize("engine", [None, imputation.reassigned])
def test_interpolated_ends_are_where_the_test_turns(engine) -> None:
    """Staggered starts: within a fortieth of a standard error of the end p crosses 5 %."""
    one = _panel(6, areas=20, months=14, treated=6, effect=-0.4, start=5, cohorts=2, stagger=4)
    found, fitted = interval(one, draws=299, engine=engine), twoway.fit(one.outcome, one.status)
    for end, inward in ((found.low, 0.025 * fitted.se), (found.high, -0.025 * fitted.se)):
        assert randomise(one, draws=299, engine=engine, null=end - inward).p <= 0.05
        assert randomise(one, draws=299, engine=engine, null=end + inward).p > 0.05


def test_missing_cells_stay_where_they_are() -> None:
    one = _panel(7, areas=12, months=10, treated=2, effect=-0.5)
    outcome = one.outcome.copy()
    outcome[0, :3], outcome[5, 7:] = np.nan, np.nan
    holed = replace(one, outcome=outcome)
    test = randomise(holed)
    assert test.estimate == pytest.approx(twoway.fit(outcome, one.status).b)
    assert (test.exact, test.assignments) == (True, 66)
    assert interval(holed).low < test.estimate < interval(holed).high


@pytest.mark.parametrize(("broken", "says"), [
    (lambda one: replace(one, status=np.zeros_like(one.status)), "no period of a treated area"),
    (lambda one: replace(one, outcome=np.zeros_like(one.outcome)), "the outcome is 0 in every area"),
    (lambda one: replace(one, outcome=one.outcome * (1 - one.status)), "perfect separation"),
    (lambda one: replace(one, status=np.repeat(one.status.max(axis=0)[None], 36, axis=0)), "none to compare with"),
    (lambda one: one.only(units=[one.units[one.treated.argmax()], one.units[(~one.treated).argmax()]]),
     "standard error is 0 with 1 treated of 2 areas"),
])  # fmt: skip
def test_data_without_an_answer(broken, says: str) -> None:
    bad = broken(_panel(3, treated=4))
    for ask in (randomise, interval):
        with pytest.raises(UserError, match=says):
            ask(bad)


def test_no_events_before_the_start_in_the_treated_area() -> None:
    with pytest.raises(UserError, match="perfect separation"):
        randomise(_two([0, 4, 5, 6], [4, 4, 5, 7]))


def test_unknown_statistic() -> None:
    with pytest.raises(ValueError, match="one of"):
        randomise(_panel(3), statistic="z")


PROGRAM = """
import math, numpy as np
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import interval, randomise
from crisiskit.impact.wild import wild
from crisiskit.simulate.panels import panel
for settings in ({"treated": 8}, {"treated": 6, "cohorts": 2, "stagger": 3}):
    drawn = panel(3, months=12, effect=-0.3, **settings)
    one = Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")
    span, boot = interval(one, draws=199), wild(one, draws=199)
    ends = (span.low, span.high, boot.restricted.low, boot.unrestricted.high)
    print(randomise(one, draws=199).p, boot.restricted.p, boot.unrestricted.p, *(f"{end:.9g}" for end in ends))
"""


def test_hash_seed_and_threads_change_nothing() -> None:
    said = set()
    for seed, threads in (("0", "1"), ("1", "2")):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        changed = os.environ | dict.fromkeys(names, threads) | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", PROGRAM], env=changed, capture_output=True, text=True, check=True)
        said.add(done.stdout)
    assert len(said) == 1
    assert len(said.pop().split()) == 14


def test_large_panels_are_quick() -> None:
    """200 areas, 60 months, 999 deals: what an evaluation runs many times."""
    import time

    one = _panel(3, areas=200, months=60, treated=20, effect=-0.3)
    start = time.perf_counter()
    found = interval(one)
    assert time.perf_counter() - start < 3
    assert found.high < 0
    assert isinstance(one.long(), pd.DataFrame)


@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_an_area_without_records_is_not_dealt_to(model) -> None:
    """Nothing would be seen of it; the test is that of the panel without it, and the orders keep the panel's rows."""
    one = _panel(3, areas=9, months=12, treated=3, effect=0.2, mean=20)
    at = int(one.treated.argmax())
    silent = replace(one, outcome=np.where(np.arange(9)[:, None] == at, np.nan, one.outcome))
    bare = one.only([name for name in one.units if name != one.units[at]])
    found, alone = randomise(silent, model), randomise(bare, model)
    assert found.p == alone.p
    assert (found.assignments, found.smallest_p) == (alone.assignments, alone.smallest_p) == (28, 1 / 28)
    assert found.estimate == pytest.approx(alone.estimate)
    orders = deal(silent, model).orders
    assert orders.shape == (28, 9)
    assert (orders[:, at] == at).all()
    ends, others = interval(silent, model), interval(bare, model)
    assert (ends.low, ends.high) == pytest.approx((others.low, others.high), abs=0.02)


def test_what_rounding_leaves_is_no_t() -> None:
    one = _panel(3, areas=6, months=12, treated=2, effect=0.0, mean=20)
    same = replace(one, outcome=np.broadcast_to(np.arange(1.0, 7.0)[:, None], one.outcome.shape))
    for model in ("poisson", "log", "linear"):
        with pytest.raises(UserError, match="t cannot be formed"):
            interval(same, model)
