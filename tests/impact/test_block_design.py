"""The closed form of a block design against two-way fixed effects, and its tests against other ways to the same p."""

from itertools import combinations

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.block_design import assignments, block_t, few_t, segmented_p, smallest_p

RNG = np.random.default_rng(11)
COUNTS = RNG.negative_binomial(3, 0.2, (12, 20)).astype(float) + 1


def status_of(chosen: np.ndarray, before: int, periods: int) -> np.ndarray:
    status = np.zeros((len(chosen), periods))
    status[:, before:] = chosen[:, None]
    return status


@pytest.mark.parametrize("model", twoway.MODELS)
@pytest.mark.parametrize("treated", [1, 2, 5, 11])
def test_effects_and_t_are_those_of_two_way_fixed_effects(model, treated):
    chosen = assignments(12, treated, 9, np.random.default_rng(1))
    b, t = block_t(COUNTS[None], 8, chosen, model)
    for place, who in enumerate(chosen):
        fit = twoway.fit(COUNTS, status_of(who, 8, 20), model)
        assert b[0, place] == pytest.approx(fit.b, abs=1e-9)
        assert t[0, place] == pytest.approx(fit.t, rel=1e-7)


def test_assignments_are_listed_where_they_can_be():
    rng = np.random.default_rng(2)
    listed = assignments(6, 2, 199, rng)
    assert {tuple(np.flatnonzero(row)) for row in listed} == set(combinations(range(6), 2))
    assert listed[0].tolist() == [1, 1, 0, 0, 0, 0]
    drawn = assignments(36, 4, 199, rng)
    assert drawn.shape == (200, 36)
    assert (drawn.sum(axis=1) == 4).all()
    assert np.flatnonzero(drawn[0]).tolist() == [0, 1, 2, 3]
    assert drawn[1:].mean(axis=0) == pytest.approx(np.full(36, 4 / 36), abs=0.09)  # four errors of a share in 199


@pytest.mark.parametrize(("units", "treated", "draws", "p"), [(10, 1, 199, 0.1), (36, 1, 199, 1 / 36), (6, 3, 199, 0.1),
                                                              (36, 4, 199, 1 / 200), (20, 1, 199, 0.05)])  # fmt: skip
def test_the_smallest_p(units, treated, draws, p):
    assert smallest_p(units, treated, draws) == pytest.approx(p)


def test_p_is_the_share_of_all_assignments_that_are_as_extreme():
    """Every assignment fitted anew by two-way fixed effects, and counted."""
    studies = np.stack([COUNTS[np.random.default_rng(seed).permutation(12)][:7] for seed in range(5)])
    found = few_t(studies, 8, 2, "poisson", assignments(7, 2, 199, np.random.default_rng(3)))
    for study, p in zip(studies, found, strict=True):
        ts = []
        for who in combinations(range(7), 2):
            chosen = np.isin(np.arange(7), who).astype(float)
            ts.append(abs(twoway.fit(study, status_of(chosen, 8, 20), "poisson").t))
        assert p == pytest.approx(np.mean(np.array(ts) >= ts[0] - 1e-9))


def test_the_clustered_t_test_has_one_degree_less_than_areas():
    from scipy.stats import t

    fit = twoway.fit(COUNTS, status_of(np.arange(12) < 4, 8, 20), "poisson")
    assert few_t(COUNTS[None], 8, 4, "poisson")[0] == pytest.approx(2 * t.sf(abs(fit.t), 11))


def test_counts_that_allow_no_estimate():
    empty = COUNTS.copy()
    empty[0, 8:] = 0  # the treated area has nothing after its start
    chosen = assignments(12, 1, 199, np.random.default_rng(4))
    assert np.isnan(few_t(empty[None], 8, 1, "poisson", chosen)).all()
    assert np.isnan(few_t(empty[None], 8, 1, "poisson")).all()
    assert np.isnan(few_t(empty[None], 8, 1, "log")).all()
    assert np.isfinite(few_t(empty[None], 8, 1, "linear", chosen)).all()
    other = COUNTS.copy()
    other[5, 8:] = 0  # one of the others has: it counts as more extreme, never as less
    p = few_t(np.stack([COUNTS, other]), 8, 1, "poisson", chosen)
    t = np.abs(block_t(other[None], 8, chosen, "poisson")[1][0])
    assert np.isnan(t).sum() == 1
    assert p[1] == pytest.approx((np.nansum(t >= t[0] - 1e-12) + 1) / 12)
    pair = few_t(COUNTS[None, :2], 8, 1, "poisson", assignments(2, 1, 199, np.random.default_rng(4)))
    assert np.isnan(pair).all()  # one and one: the error is 0


def test_the_segmented_fit_against_least_squares_by_hand():
    """Newton steps on the likelihood by hand, Pearson's dispersion, a t test."""
    from scipy.stats import t

    rng = np.random.default_rng(5)
    at = np.arange(36)
    series = rng.negative_binomial(20, 0.4, (3, 36)).astype(float)
    x = np.column_stack([np.ones(36), at >= 20, at / 36, np.sin(np.pi * at / 6), np.cos(np.pi * at / 6)]).astype(float)
    for counts, p in zip(series, segmented_p(series, 20, 12), strict=True):
        beta = np.linalg.lstsq(x, np.log(counts + 0.5), rcond=None)[0]
        for _ in range(30):
            mean = np.exp(x @ beta)
            beta += np.linalg.solve(x.T @ (mean[:, None] * x), x.T @ (counts - mean))
        mean = np.exp(x @ beta)
        scale = ((counts - mean) ** 2 / mean).sum() / (36 - 5)
        error = np.sqrt(scale * np.linalg.inv(x.T @ (mean[:, None] * x))[1, 1])
        assert p == pytest.approx(2 * t.sf(abs(beta[1]) / error, 31), rel=1e-5)


def test_a_series_too_short_for_a_trend_or_without_counts():
    with pytest.raises(UserError, match="1 periods before the start and 5 after it are too few for a trend"):
        segmented_p(np.ones((1, 6)), 1, 12)
    series = np.ones((2, 12))
    series[0, 6:], series[1, :6] = 0, 0
    assert np.isnan(segmented_p(series, 6, 12)).all()
