"""Imputation: the ratio of ratios where all start at once, a second library where they do not, and refusals."""

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import imputation, twoway

N, T = 24, 18


@pytest.fixture
def counts():
    """Over-dispersed counts of areas and months."""
    rng = np.random.default_rng(7)
    mean = np.exp(rng.normal(2.6, 0.5, N)[:, None] + rng.normal(0, 0.2, T)[None])
    return rng.poisson(mean * rng.gamma(12, 1 / 12, (N, T))).astype("float64")


def block():
    status = np.zeros((N, T))
    status[:5, 9:] = 1
    return status


def staggered():
    status = np.zeros((N, T))
    status[:3, 7:], status[3:6, 10:], status[6:8, 13:] = 1, 1, 1
    return status


def test_where_all_start_at_once_it_is_the_ratio_of_ratios(counts):
    found = imputation.impute(counts, block())
    on, off = counts[:5], counts[5:]
    by_hand = np.log(on[:, 9:].sum() * off[:, :9].sum() / (on[:, :9].sum() * off[:, 9:].sum()))
    assert found.b == pytest.approx(by_hand, abs=1e-9)
    assert found.se == pytest.approx(twoway.fit(counts, block()).se, abs=1e-9)


def test_the_linear_estimate_is_that_of_a_second_library(counts):
    import pandas as pd
    from diff_diff import ImputationDiD

    status = staggered()
    first = np.where(status.any(axis=1), status.argmax(axis=1), 0)
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(N), T), "time": np.tile(np.arange(T), N), "y": counts.ravel(),
        "first": np.repeat(first, T),
    })  # fmt: skip
    other = ImputationDiD().fit(frame, outcome="y", unit="unit", time="time", first_treat="first")
    assert imputation.impute(counts, status, "linear").b == pytest.approx(other.overall_att, abs=1e-7)


@pytest.mark.parametrize("model", twoway.MODELS)
@pytest.mark.parametrize("broken", ["whole", "missing cells", "exposure"])
def test_the_error_is_near_that_of_leaving_one_area_out(counts, model, broken):
    rng = np.random.default_rng(3)
    y, exposure = counts + (model == "log"), None
    if broken == "missing cells":
        y = np.where(rng.random(y.shape) < 0.05, np.nan, y)
    if broken == "exposure":
        exposure = rng.uniform(0.7, 1.4, y.shape)
    found = imputation.impute(y, staggered(), model, exposure)
    without = [
        imputation.impute(np.delete(y, i, 0), np.delete(staggered(), i, 0), model,
                          None if exposure is None else np.delete(exposure, i, 0)).b for i in range(N)
    ]  # fmt: skip
    jackknife = np.sqrt((N - 1) / N * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert found.se == pytest.approx(jackknife, rel=0.2)


@pytest.mark.parametrize("model", twoway.MODELS)
@pytest.mark.parametrize("hole", [False, True])
def test_a_reassignment_is_a_fit_of_the_reassigned_roll_out(counts, model, hole):
    y = counts + (model == "log")
    if hole:
        y = y.copy()
        y[20, 3] = np.nan
    orders = np.array([np.random.default_rng(s).permutation(N) for s in range(6)])
    b, se = imputation.reassigned(y, staggered(), orders, model)
    for place, order in enumerate(orders):
        single = imputation.impute(y, staggered()[order], model)
        assert (b[place], se[place]) == pytest.approx((single.b, single.se), rel=1e-6)


def test_effects_that_grow_are_recovered_where_two_way_fixed_effects_fail():
    status = np.zeros((N, T))
    status[:12, 4:], status[12:18, 11:] = 1, 1
    since = np.cumsum(status, axis=1)
    level = np.linspace(20, 60, N)[:, None] + np.arange(T)[None]
    truth = -1.5 * since
    y = level + truth
    mean = truth[status > 0].mean()
    assert imputation.impute(y, status, "linear").b == pytest.approx(mean, abs=1e-8)
    assert abs(twoway.fit(y, status, "linear").b - mean) > 0.25 * abs(mean)


def test_what_was_expected_is_what_no_programme_would_have_left(counts):
    found = imputation.impute(counts, staggered())
    on = staggered() > 0
    assert np.exp(found.b) == pytest.approx(counts[on].sum() / found.expected[on].sum(), rel=1e-9)


def test_an_area_without_a_period_before_the_start_is_refused(counts):
    status = staggered()
    status[0] = 1
    with pytest.raises(UserError, match="before its start"):
        imputation.impute(counts, status)


def test_a_period_in_which_all_are_treated_is_refused(counts):
    status = np.zeros((N, T))
    status[:12, 6:], status[12:, 12:] = 1, 1
    with pytest.raises(UserError, match="every area is treated"):
        imputation.impute(counts, status)
