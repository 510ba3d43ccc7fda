"""Two-way fixed effects by matrices against the dummies of statsmodels, a closed form, and what must hold of them."""

from itertools import product

import numpy as np
import pytest
from statsmodels.api import GLM, OLS, families

from crisiskit.errors import UserError
from crisiskit.impact import twoway

STAGES = {"block": (6, 6, 6, 6), "staggered": (4, 4, 6, 8)}
CASES = list(product(twoway.MODELS, (False, True), (False, True), STAGES))


def _data(roll_out: str, missing: bool, exposed: bool, seed: int = 3, n: int = 11, periods: int = 10):
    """Counts (positive, so that they have logarithms), status, exposure or None."""
    rng = np.random.default_rng(seed)
    status = np.zeros((n, periods))
    for unit, start in enumerate(STAGES[roll_out]):
        status[unit, start:] = 1
    exposure = rng.uniform(50, 200, (n, periods)) if exposed else None
    mean = rng.uniform(3, 12, (n, 1)) * np.exp(0.2 * rng.standard_normal(periods) - 0.4 * status)
    outcome = 1.0 + rng.poisson(mean)
    if missing:
        outcome[0, 2] = outcome[7, :3] = outcome[9, 9] = outcome[2, 7] = np.nan
        if exposure is not None:
            exposure[5, 5] = 0
            exposure[6, 1] = np.nan
    return outcome, status, exposure


def _by_dummies(outcome, status, model, exposure):
    """b, se with the factor G/(G-1), from statsmodels with a dummy per unit and period."""
    known = np.isfinite(outcome)
    if exposure is not None:
        known &= np.isfinite(exposure) & (exposure > 0)
    rows, columns = np.nonzero(known)
    n, periods = outcome.shape
    x = np.column_stack([status[known], np.eye(n)[rows], np.eye(periods)[columns][:, 1:]])
    groups = {"cov_type": "cluster", "cov_kwds": {"groups": rows, "use_correction": False}}
    y, size = outcome[known], None if exposure is None else exposure[known]
    if model == "poisson":
        offset = None if size is None else np.log(size)
        result = GLM(y, x, family=families.Poisson(), offset=offset).fit(tol=1e-13, maxiter=200, **groups)
    else:
        rate = y if size is None else y / size
        result = OLS(np.log(rate) if model == "log" else rate, x).fit(**groups)
    clusters = len(np.unique(rows))
    effect = result.params[0] * status[known]
    if model == "poisson":
        without = np.exp(x @ result.params - effect)
    else:
        without = np.exp(result.fittedvalues - effect) if model == "log" else result.fittedvalues - effect
    full = np.full(outcome.shape, np.nan)
    full[known] = without if size is None else without * size
    return result.params[0], result.bse[0] * np.sqrt(clusters / (clusters - 1)), full


@pytest.mark.parametrize(("model", "missing", "exposed", "roll_out"), CASES)
def test_fit_is_that_of_dummies(model: str, missing: bool, exposed: bool, roll_out: str) -> None:
    outcome, status, exposure = _data(roll_out, missing, exposed)
    b, se, without = _by_dummies(outcome, status, model, exposure)
    found = twoway.fit(outcome, status, model, exposure)
    assert found.b == pytest.approx(b, abs=1e-7)
    assert found.se == pytest.approx(se, abs=1e-7)
    assert found.t == pytest.approx(b / se, rel=1e-5)
    np.testing.assert_allclose(found.expected, without, rtol=1e-6)
    n = len(outcome)
    assert found.se == pytest.approx(np.sqrt(n / (n - 1) * (found.scores**2).sum()), rel=1e-12)


@pytest.mark.parametrize(("model", "missing", "exposed", "roll_out"), CASES)
def test_reassigned_is_a_loop_of_fits(model: str, missing: bool, exposed: bool, roll_out: str) -> None:
    outcome, status, exposure = _data(roll_out, missing, exposed)
    rng = np.random.default_rng(5)
    orders = np.vstack([np.arange(len(outcome)), *(rng.permutation(len(outcome)) for _ in range(12))])
    b, se = twoway.reassigned(outcome, status, orders, model, exposure)
    for at, order in enumerate(orders):
        one = twoway.fit(outcome, status[order], model, exposure)
        assert b[at] == pytest.approx(one.b, abs=1e-8)
        assert se[at] == pytest.approx(one.se, abs=1e-8)


def test_grouped_path_is_taken_and_equals_the_slow_one() -> None:
    """Adding up units that share path and cells changes nothing; an exposure of 1 takes the path without groups."""
    outcome, status, _ = _data("block", True, False)
    assert twoway.by_path(status[None], np.isfinite(outcome)) is not None
    wide = twoway.by_path(status[None], np.random.default_rng(1).random(status.shape) < 0.5)
    assert wide is None  # every unit its own cells: nothing is saved
    orders = np.vstack([np.arange(11), np.random.default_rng(2).permutation(11)])
    grouped = twoway.reassigned(outcome, status, orders)
    slow = twoway.reassigned(outcome, status, orders, "poisson", np.ones(status.shape))
    np.testing.assert_allclose(grouped, slow, atol=1e-8)


@pytest.mark.parametrize(("model", "missing", "exposed", "roll_out"), CASES)
def test_null_is_taken_off_before_dealing(model: str, missing: bool, exposed: bool, roll_out: str) -> None:
    """Least squares and the full block under Poisson move by the null exactly; Poisson weighs anew else, a little."""
    outcome, status, exposure = _data(roll_out, missing, exposed)
    found = twoway.fit(outcome, status, model, exposure)
    exact = model != "poisson" or (roll_out == "block" and not missing and not exposed)
    room = 1e-7 if exact else 0.15 * found.se
    same = np.arange(len(outcome))[None]
    for away in (0.0, 0.1):
        moved = twoway.reassigned(outcome, status, same, model, exposure, null=found.b - away)[0][0]
        assert moved == pytest.approx(away, abs=room)


def test_block_poisson_is_the_ratio_of_ratios() -> None:
    """By hand: treated 30 before and 20 after, others 50 and 60: (20/30) / (60/50) = 5/9."""
    outcome = np.array([[10, 10, 8, 2], [4, 6, 5, 5], [10, 15, 20, 10], [15, 10, 10, 20]], "float64")
    status = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0] * 4, [0] * 4], "float64")
    found = twoway.fit(outcome, status)
    assert found.b == pytest.approx(np.log(5 / 9), abs=1e-9)
    # a unit pulls by its share of the group's events after, less its share before
    pulls = np.array([10 / 20 - 20 / 30, 10 / 20 - 10 / 30, 30 / 60 - 25 / 50, 30 / 60 - 25 / 50])
    assert found.se == pytest.approx(np.sqrt((pulls**2).sum() * 4 / 3), abs=1e-8)


def test_linear_by_hand() -> None:
    """Changes of -4 where treated, of 1, 0 and 2 elsewhere: -5; the error is the spread of the others' changes."""
    outcome = np.array([[10, 6], [10, 11], [10, 10], [10, 12]], "float64")
    status = np.array([[0, 1], [0, 0], [0, 0], [0, 0]], "float64")
    found = twoway.fit(outcome, status, "linear")
    assert found.b == pytest.approx(-5)
    assert found.se == pytest.approx(np.sqrt(2 / 9 * 4 / 3))


@pytest.mark.parametrize("exposed", [False, True])
def test_mirror_images_have_the_error_of_the_dummies(exposed: bool) -> None:
    """Where treated and others have the same counts, b is 0 from the first step; the error must wait for the means."""
    half = np.random.default_rng(1).poisson(5, (4, 6)) + 1.0
    half[0] *= 5
    outcome, status = np.vstack([half, half]), np.zeros((8, 6))
    status[:4, 3:] = 1
    exposure = np.full((8, 6), 7.0) if exposed else None
    found = twoway.fit(outcome, status, "poisson", exposure)
    b, se, _ = _by_dummies(outcome, status, "poisson", exposure)
    assert found.b == pytest.approx(b, abs=1e-9)
    assert found.se == pytest.approx(se, abs=1e-8)


def test_units_without_events_do_not_matter_for_poisson() -> None:
    """Their pull is 0, and they are no clusters in G/(G-1): as in `did.twfe`, which drops them first."""
    outcome, status, _ = _data("staggered", False, False)
    one = twoway.fit(outcome, status)
    more = twoway.fit(np.vstack([outcome, np.zeros((2, 10))]), np.vstack([status, status[0], status[-1]]))
    assert more.b == pytest.approx(one.b, abs=1e-9)
    np.testing.assert_allclose(more.scores, [*one.scores, 0, 0], atol=1e-9)
    assert more.se == pytest.approx(one.se, rel=1e-7)
    np.testing.assert_allclose(more.expected[-2:], 0, atol=1e-12)


@pytest.mark.parametrize("model", twoway.MODELS)
def test_order_of_units_and_scale(model: str) -> None:
    outcome, status, exposure = _data("staggered", True, True)
    order = np.random.default_rng(9).permutation(len(outcome))
    one = twoway.fit(outcome, status, model, exposure)
    other = twoway.fit(outcome[order], status[order], model, exposure[order])
    assert (other.b, other.se) == (pytest.approx(one.b, abs=1e-9), pytest.approx(one.se, abs=1e-9))
    np.testing.assert_allclose(other.scores, one.scores[order], atol=1e-9)
    if model != "linear":  # per 100,000 or per person is the same ratio
        assert twoway.fit(outcome, status, model, exposure / 1e5).b == pytest.approx(one.b, abs=1e-8)


def test_effects_solve_their_own_equations() -> None:
    rng = np.random.default_rng(4)
    for n, periods in ((5, 9), (9, 5)):
        weight = rng.uniform(0, 2, (n, periods)) * (rng.random((n, periods)) < 0.7)
        z = rng.standard_normal((n, periods))
        u, v = twoway.effects((weight * z).sum(axis=1), (weight * z).sum(axis=0), weight)
        left = weight * (z - u[:, None] - v[None, :])
        np.testing.assert_allclose(left.sum(axis=1), 0, atol=1e-10)
        np.testing.assert_allclose(left.sum(axis=0), 0, atol=1e-10)


def test_an_order_that_cannot_be_fitted_is_nan_alone() -> None:
    """One area has no event before the start: dealt to it, the effect is infinite; the other deals stand."""
    outcome = np.array([[5, 6, 3, 2], [4, 5, 5, 4], [7, 6, 8, 7], [0, 0, 9, 8]], "float64")
    status = np.zeros((4, 4))
    status[0, 2:] = 1
    orders = np.array([[0, 1, 2, 3], [3, 1, 2, 0], [1, 0, 2, 3]])
    b, se = twoway.reassigned(outcome, status, orders)
    assert np.isfinite(b).tolist() == [True, False, True]
    assert b[2] == pytest.approx(twoway.fit(outcome, status[orders[2]]).b, abs=1e-8)
    assert np.isfinite(se[[0, 2]]).all()


def _refused(outcome, status, model="poisson", exposure=None) -> str:
    with pytest.raises(UserError) as refusal:
        twoway.fit(np.asarray(outcome, "float64"), np.asarray(status, "float64"), model, exposure)
    return str(refusal.value)


def test_data_that_hold_no_answer_are_refused() -> None:
    outcome, status, _ = _data("block", False, False)
    treated = status > 0
    assert "0 in every area and period" in _refused(outcome * 0, status)
    assert "0 in every treated area after its start" in _refused(np.where(treated, 0, outcome), status)
    assert "perfect separation" in _refused(np.where(status.any(axis=1)[:, None] & ~treated, 0, outcome), status)
    assert "every covered period is treated" in _refused(outcome, np.ones(outcome.shape))
    assert "every covered period is treated" in _refused(np.where(treated, outcome, np.nan), status)
    assert "no period of a treated area" in _refused(np.where(treated, np.nan, outcome), status)
    assert "no period of a treated area" in _refused(outcome, status * 0)
    zeros = outcome.copy()
    zeros[0, 0] = zeros[3, 3] = 0
    assert "2 cells are 0 and have no logarithm" in _refused(zeros, status, "log")
    everywhere = np.broadcast_to(np.arange(10) >= 6, outcome.shape)
    for model in twoway.MODELS:  # all areas at once: the periods take the effect
        assert "perfect separation" in _refused(outcome, everywhere, model)
    with pytest.raises(ValueError, match="model 'probit'"):
        twoway.fit(outcome, status, "probit")


def test_what_rounding_leaves_is_no_standard_error() -> None:
    rng = np.random.default_rng(2)
    pair, status = rng.poisson(30, (2, 8)) + 1.0, np.array([[0] * 4 + [1] * 4, [0] * 8])
    for model in twoway.MODELS:
        found = twoway.fit(pair, status, model)
        assert np.isfinite(found.b), model
        assert np.isnan(found.se), model
        assert np.isnan(found.t), model
    small = 1e-9 * rng.poisson(30, (6, 8))  # small is not the same as none
    assert twoway.fit(small, np.repeat(status, 3, axis=0), "linear").se > 0
