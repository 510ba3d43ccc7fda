"""Relative magnitudes against published intervals, linear programmes, simulation, and what must hold of them."""

import numpy as np
import pytest
from event_studies import BETA, COVARIANCE, benzarti_carloni, drawn
from scipy.optimize import linprog
from scipy.stats import norm

from crisiskit.errors import UserError
from crisiskit.impact import honest_sets
from crisiskit.impact.honest_sets import Study, first_gone, relative, relative_interval


def test_first_period_as_the_package_of_the_authors_has_it() -> None:
    """HonestDiD 0.2.6, C-LF, as in `tests/r_test_results.json` of the Python port (github.com/anzonyquispe/honestdid).

    Its ends are points of a grid 0.00076 apart, and its first stage is simulated with 1000 draws. The upper end of
    Mbar 2 lies outside of its grid.
    """
    published = {0.5: (0.11812948578177346, 0.27158386602562062), 1.0: (0.06723125075039843, 0.31868372530838568),
                 1.5: (0.013294315120135292, 0.36958196033976071), 2.0: (-0.042161970809571847, None)}  # fmt: skip
    for mbar, (low, high) in published.items():
        found = relative_interval(benzarti_carloni(1, 0, 0, 0), mbar)
        assert found[0] == pytest.approx(low, abs=1e-3)
        assert high is None or found[1] == pytest.approx(high, abs=1e-3)


@pytest.mark.parametrize(("weight", "published"), [
    ((1, 0, 0, 0), {0: (0.172, 0.232), 0.5: (0.131, 0.253), 1: (0.071, 0.313), 1.5: (0.030, 0.354),
                    2: (-0.030, 0.414)}),
    ((0, 0, 1, 0), {0: (0.212, 0.273), 0.5: (0.071, 0.414), 1: (-0.091, 0.576), 1.5: (-0.253, 0.737),
                    2: (-0.434, 0.919)}),
    ((0.25, 0.25, 0.25, 0.25), {0: (0.192, 0.253), 0.5: (0.0707, 0.354), 1: (-0.0505, 0.495), 1.5: (-0.192, 0.636),
                                2: (-0.333, 0.778)}),
])  # fmt: skip
def test_other_periods_as_r_and_stata_have_them(weight, published) -> None:
    """stata-honestdid, `test/unit-tests-consistency`: R and Stata alike, on 100 grid points from -1 to 1.

    Their ends are the outermost points that are let stand: the next point on either side is not. The last three lines
    are those of the log in which the mean of the periods was asked for.
    """
    step = 2 / 99
    for mbar, (low, high) in published.items():
        found = relative_interval(benzarti_carloni(*weight), mbar)
        assert low - step - 5e-4 < found[0] <= low + 5e-4
        assert high - 5e-4 <= found[1] < high + step + 5e-4


def test_one_period_after_as_r_has_it() -> None:
    """The same log, "one post-period" (C-LF): there R keeps the moments of the periods before too, to little effect.

    Its grid is 0.0011 wide, and its upper ends from Mbar 1.5 on lie outside.
    """
    published = {0: (0.0713, 0.181), 0.5: (-0.0315, 0.306), 1: (-0.151, 0.441), 1.5: (-0.278, None), 2: (-0.411, None)}
    for mbar, (low, high) in published.items():
        found = relative_interval(Study(BETA, COVARIANCE, 7, np.ones(1)), mbar)
        assert found[0] == pytest.approx(low, abs=1.6e-3)
        assert high is None or found[1] == pytest.approx(high, abs=1.6e-3)


def test_breakdown_lies_between_the_published_grid_values() -> None:
    """The same table on Mbar from 0 to 2 by 2/9: 0.00722 at 1.556 and -0.0171 at 1.778."""
    assert 1.556 < relative(benzarti_carloni(1, 0, 0, 0), (0.0,)).breakdown < 1.778


def test_without_violation_it_is_the_usual_interval() -> None:
    for study in (benzarti_carloni(1, 0, 0, 0), drawn(1, 3, 4), drawn(2, 1, 1)):
        error = np.sqrt(study.weight @ study.covariance[study.pre :, study.pre :] @ study.weight)
        expected = study.effect + norm.ppf([0.025, 0.975]) * error
        assert relative_interval(study, 0.0) == pytest.approx(expected, abs=1e-6)
        expected = study.effect + norm.ppf([0.05, 0.95]) * error
        assert relative_interval(study, 0.0, 0.9) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("pre", "post", "weight"), [
    (2, 1, None), (3, 3, None), (2, 4, (0, 0, 1, 0)), (3, 3, (-1, 0, 1)), (2, 3, (0.5, -1, 0.2)),
])  # fmt: skip
def test_vertices_solve_the_programme(pre: int, post: int, weight) -> None:
    """Andrews, Roth and Pakes: the least eta for which some path of effects with that mean keeps every moment below
    eta errors."""
    study = drawn(7 * pre + post, pre, post, weight)
    changes = study.changes
    for at in range(pre):
        for sign in (1.0, -1.0):
            for mbar in (0.3, 1.5):
                vertices = honest_sets._vertices(study, at, sign, mbar)
                moments = np.vstack([side * changes[pre:] - mbar * sign * changes[at] for side in (1, -1)])
                errors = np.sqrt(np.diag(moments @ study.covariance @ moments.T))
                for effect in (-1.0, 0.2, 2.0):
                    solved = linprog(
                        np.r_[1.0, np.zeros(post)],
                        A_ub=np.column_stack([-errors, -moments[:, pre:]]), b_ub=-moments @ study.beta,
                        A_eq=np.r_[0.0, study.weight][None, :], b_eq=[effect], bounds=(None, None),
                    )  # fmt: skip
                    values = vertices.rows @ (vertices.pair - [effect, 0.0])
                    assert values.max() == pytest.approx(solved.fun, abs=1e-7)


@pytest.mark.parametrize("alike", [0.0, 0.99999, 1.0])
def test_first_stage_exceeds_its_value_as_often_as_it_should(alike: float) -> None:
    """Also where the effect and the change are all but one and the same, and the integrand ends sharply."""
    study = drawn(3, 3, 2)
    root = np.random.default_rng(1).standard_normal((5, 1))
    cover = (1 - alike) * study.covariance + alike * root @ root.T
    vertices = honest_sets._vertices(Study(study.beta, cover, 3, study.weight), 1, 1.0, 0.8)
    cut = honest_sets._least_favourable(vertices, 0.05)
    values, vectors = np.linalg.eigh(vertices.spread)
    pairs = np.random.default_rng(0).standard_normal((200_000, 2)) * np.sqrt(np.maximum(values, 0)) @ vectors.T
    assert ((pairs @ vertices.rows.T).max(axis=1) > cut).mean() == pytest.approx(0.05, abs=0.002)


def test_true_effect_is_rejected_no_more_often_than_said() -> None:
    """A change of 6 errors before the start and as much in each period after it: the worst that Mbar 1 allows."""
    cover = 0.5 + 0.5 * np.eye(6)
    root = np.linalg.cholesky(cover)
    truth = np.r_[-6.0, 0, 0, 6.0, 12.0, 18.0]
    draws = truth + np.random.default_rng(5).standard_normal((2000, 6)) @ root.T
    cut, rejected = None, 0
    for beta in draws:
        vertices = honest_sets._vertices(Study(beta, cover, 3, np.full(3, 1 / 3)), 0, 1.0, 1.0)
        cut = cut or honest_sets._least_favourable(vertices, 0.005)  # of the covariance alone
        rejected += bool(honest_sets._rejected(vertices, np.zeros(1), cut, 0.05)[0])
    assert 0.03 < rejected / 2000 < 0.065


def test_intervals_grow_with_the_bound_and_turn_with_the_sign() -> None:
    study = drawn(11, 3, 3)
    table = relative(study, (0.0, 0.5, 1.0, 3.0)).table
    assert (np.diff(table["low"]) < 0).all()
    assert (np.diff(table["high"]) > 0).all()
    turned = Study(-study.beta, study.covariance, 3, study.weight)
    scaled = Study(100 * study.beta, 1e4 * study.covariance, 3, study.weight)
    low, high = relative_interval(study, 0.7)
    assert relative_interval(turned, 0.7) == pytest.approx((-high, -low), abs=1e-7)
    assert relative_interval(scaled, 0.7) == pytest.approx((100 * low, 100 * high), rel=1e-6)
    assert relative(turned, (0.0,)).breakdown == relative(study, (0.0,)).breakdown


def test_breakdown_is_where_an_end_reaches_nought() -> None:
    for sign in (1, -1):
        study = Study(sign * BETA, COVARIANCE, 4, np.full(4, 0.25))
        held = relative(study, (0.0,)).breakdown
        assert 0 < held < 1
        assert min(np.abs(relative_interval(study, held))) == pytest.approx(0, abs=1e-6)
    assert relative(Study(np.r_[1.0, 0.1], np.eye(2), 1, np.ones(1)), (0.0,)).breakdown == 0
    flat = Study(np.r_[0.0, 9.0], np.diag([0.0, 1.0]), 1, np.ones(1))  # no change, and no error of it
    assert relative(flat, (0.0, 2.0)).breakdown == np.inf


def test_first_gone_is_found_between_neighbours() -> None:
    tried = np.array([0.0, 1.0, 2.0])
    assert first_gone(lambda bound: bound >= 1.3, tried) == pytest.approx(1.3, rel=1e-6)
    assert first_gone(lambda _: True, tried) == 0
    assert first_gone(lambda _: False, tried) == np.inf


@pytest.mark.parametrize("parts", [
    (np.ones(3), np.eye(2), 1, np.ones(2)), (np.ones(3), np.eye(3), 0, np.ones(3)), (np.ones(3), np.eye(3), 3, []),
    (np.ones(3), np.eye(3), 1, np.ones(1)), (np.ones(3), np.eye(3), 1, np.zeros(2)),
    (np.r_[1, np.nan, 1], np.eye(3), 1, np.ones(2)),
])  # fmt: skip
def test_parts_that_do_not_fit_are_refused(parts) -> None:
    with pytest.raises(UserError):
        Study(*parts)
