"""Smoothness against published intervals, a second library, closed forms, programmes, and what must hold of it."""

import numpy as np
import pytest
from event_studies import BETA, COVARIANCE, benzarti_carloni, drawn
from scipy.optimize import brentq, linprog, minimize_scalar
from scipy.stats import norm

from crisiskit.impact.honest_sets import Study
from crisiskit.impact.honest_smooth import _path, folded, lasso_path, smooth


def _interval(study: Study, bend: float, working=None) -> tuple[float, float]:
    return tuple(smooth(study, (bend,), working=working).table[["low", "high"]].iloc[0])


def _critical(shift: float, confidence: float = 0.95) -> float:
    return brentq(lambda x: norm.cdf(x - shift) - norm.cdf(-x - shift) - confidence, 0, shift + 10)


def test_published_intervals() -> None:
    """HonestDiD (R): FLCI of the first period, `tests/r_test_results.json` of github.com/anzonyquispe/honestdid.

    R's critical value is simulated and its search coarse: the interval moves by some 1e-3 between its versions.
    """
    published = {
        0.0: (0.13141131596381356, 0.216169648209591),
        0.01: (0.1549652670807741, 0.2703845303265206),
        0.02: (0.17730108790014376, 0.31595646819476952),
        0.03: (0.18940446443439926, 0.34854775003919292),
    }
    for bend, (low, high) in published.items():
        found = _interval(benzarti_carloni(1, 0, 0, 0), bend)
        assert found == pytest.approx((low, high), abs=1e-3)
        assert found[1] - found[0] == pytest.approx(high - low, abs=3e-4)


@pytest.mark.parametrize(("weight", "published"), [
    ((1, 0, 0, 0), {0.0449: (0.174, 0.363), 0.1: (0.119, 0.419), 0.2022: (0.017, 0.521), 0.3: (-0.081, 0.619)}),
    ((0, 0, 1, 0), {0.0: (0.144, 0.260), 0.1: (-0.244, 1.161), 0.2: (-0.844, 1.761), 0.3: (-1.444, 2.361)}),
    ((0.25, 0.25, 0.25, 0.25), {0.0: (0.133, 0.230), 0.1: (-0.186, 0.988), 0.2: (-0.686, 1.49), 0.3: (-1.19, 1.99)}),
])  # fmt: skip
def test_other_periods_as_r_and_stata_have_them(weight, published) -> None:
    """stata-honestdid, `test/unit-tests-consistency`, as for relative magnitudes; printed to three figures."""
    for bend, ends in published.items():
        assert _interval(benzarti_carloni(*weight), bend) == pytest.approx(ends, abs=5e-3 if bend > 0.1 else 1.2e-3)


def test_many_periods_before_one_after() -> None:
    """The same log, "one post-period": seven coefficients before the start."""
    study = Study(BETA, COVARIANCE, 7, np.ones(1))
    published = {0.0: (-0.182, -0.106), 0.1: (0.192, 0.539), 0.2: (0.0919, 0.639), 0.3: (-0.00812, 0.739)}
    for bend, ends in published.items():
        assert _interval(study, bend) == pytest.approx(ends, abs=6e-4)


@pytest.mark.parametrize(("seed", "pre", "post", "bend"), [(1, 3, 2, 0.3), (2, 2, 3, 0.05)])
def test_a_second_library_has_the_same(seed: int, pre: int, post: int, bend: float) -> None:
    """The optimal FLCI of diff-diff, a private function that takes half a second."""
    from diff_diff.honest_did import _compute_optimal_flci

    study = drawn(seed, pre, post)
    theirs = _compute_optimal_flci(study.beta[:pre], study.beta[pre:], study.covariance, study.weight, pre, post, bend)
    found = _interval(study, bend)
    assert found == pytest.approx(theirs, abs=1e-4)
    assert found[1] - found[0] <= theirs[1] - theirs[0] + 1e-7


def test_one_period_on_either_side_has_a_closed_form() -> None:
    """The line through the two points before the start goes on to minus the first: the effect is the sum of both."""
    cover = np.array([[0.04, 0.01], [0.01, 0.09]])
    study = Study(np.array([0.3, -1.1]), cover, 1, np.ones(1))
    error = np.sqrt(cover.sum())
    for bend in (0.0, 0.1, 1.0, 5.0):
        half = error * _critical(bend / error)
        assert _interval(study, bend) == pytest.approx((-0.8 - half, -0.8 + half), abs=1e-9)
    held = brentq(lambda bend: error * _critical(bend / error) - 0.8, 0, 5)
    assert smooth(study, (0.0,)).breakdown == pytest.approx(held, rel=1e-6)


def _worst(study: Study, row: np.ndarray) -> float:
    """Largest bias of a mix of coefficients for an M of 1, by a linear programme over the trends."""
    path = np.insert(np.eye(len(study.beta)), study.pre, 0.0, axis=0)
    bends = np.diff(path, n=2, axis=0)
    solved = linprog(-row, A_ub=np.vstack([bends, -bends]), b_ub=np.ones(2 * len(bends)), bounds=(None, None))
    return float(-solved.fun)


def test_interval_is_the_shortest_of_all_mixes() -> None:
    """Two coefficients before the start leave one weight free: all its values, with bias and error found otherwise."""
    study = drawn(21, 2, 2)
    changes = study.changes
    mean = np.r_[0, 0, study.weight]
    for bend in (0.0, 0.2, 1.0):

        def half(x: float, bend: float = bend) -> float:
            row = mean - 1.5 * changes[1] - x * (changes[0] - changes[1])
            error = float(np.sqrt(row @ study.covariance @ row))
            return error * _critical(bend * _worst(study, row) / error)

        low, high = _interval(study, bend)
        assert (high - low) / 2 == pytest.approx(minimize_scalar(half, (-1, 1)).fun, rel=1e-6)


@pytest.mark.parametrize(("pre", "post", "weight"), [(4, 3, None), (3, 3, (1, 0, -1)), (3, 2, (-1, 0.2)), (1, 3, None)])
def test_worst_bias_is_that_of_the_programme(pre: int, post: int, weight) -> None:
    study = drawn(30 + pre, pre, post, weight)
    changes = study.changes
    mean = np.r_[np.zeros(pre), study.weight]
    span = float(study.weight @ np.arange(1, post + 1))
    bends = changes[: pre - 1] - changes[1:pre]
    ends = lasso_path(bends @ study.covariance @ bends.T, bends @ study.covariance @ (mean - span * changes[pre - 1]))
    path = _path(study, study.covariance)
    for x, bias, centre in zip(ends, path.bias, path.centre, strict=False):
        row = mean - span * changes[pre - 1] - x @ bends
        assert bias == pytest.approx(_worst(study, row), abs=1e-7)
        assert centre == pytest.approx(row @ study.beta, abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_lasso_path_meets_its_conditions(seed: int) -> None:
    """At every end: the correlation of what is in equals the penalty in its sign; that of what is out is below it."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 8))
    root = rng.standard_normal((k, k + 1))
    cover, mixed = root @ root.T, rng.standard_normal(k)
    ends = lasso_path(cover, mixed)
    assert ends[-1] == pytest.approx(np.linalg.solve(cover, mixed), rel=1e-6, abs=1e-8)
    last = np.inf
    for x in ends:
        rest = mixed - cover @ x
        penalty = np.abs(rest).max()
        assert penalty <= last + 1e-9
        active = np.abs(x) > 1e-10
        assert rest[active] == pytest.approx(penalty * np.sign(x[active]), abs=1e-8)
        last = penalty


def test_folded_normal() -> None:
    assert folded(np.array([0.0, 0.5, 3.0]), 0.95) == pytest.approx([_critical(shift) for shift in (0, 0.5, 3)])
    assert folded(np.array([100.0]), 0.95) == pytest.approx([100 + norm.ppf(0.95)])


def test_another_covariance_chooses_the_mix_and_the_own_one_measures_it() -> None:
    study, alike = drawn(5, 4, 3), 1 + np.eye(7)
    wider = Study(study.beta, 4 * study.covariance, 4, study.weight)
    (low, high), (wide_low, wide_high) = _interval(study, 0.0, alike), _interval(wider, 0.0, alike)
    assert wide_low + wide_high == pytest.approx(low + high)
    assert wide_high - wide_low == pytest.approx(2 * (high - low))
    shortest = _interval(study, 0.0)
    assert shortest[1] - shortest[0] < high - low
    assert _interval(study, 0.1, study.covariance) == _interval(study, 0.1)


def test_a_line_that_turns_the_sign_leaves_nothing() -> None:
    """-1 and then 1 around a line that rises by 1 a period: the effect is 0; by 2 it is negative and certain."""
    for slope in (1.0, 2.0):
        study = Study(np.array([-slope, 1.0]), 1e-6 * np.eye(2), 1, np.ones(1))
        assert smooth(study, (0.0,)).breakdown == 0
    low, high = _interval(study, 0.0)
    assert low < high < 0 < study.effect


def test_a_mix_without_error_has_no_interval() -> None:
    root = np.array([[1.0, 0.2, 0.2]]).T
    found = smooth(Study(np.array([0.1, 0.0, 1.0]), root @ root.T, 2, np.ones(1)), (0.0, 1.0))
    assert found.table[["low", "high"]].isna().all(axis=None)
    assert np.isnan(found.breakdown)
