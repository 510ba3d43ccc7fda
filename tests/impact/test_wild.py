"""The wild cluster bootstrap against one that refits every draw, and against what is known of few treated areas."""

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.panel import Panel
from crisiskit.impact.wild import WEBB, margins_met, p_values, restricted_scores, wild
from crisiskit.simulate.panels import panel


def _panel(seed: int, **settings) -> Panel:
    drawn = panel(seed, **settings)
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")


def _dummies(known: np.ndarray) -> np.ndarray:
    n, t = known.shape
    return np.column_stack([np.kron(np.eye(n), np.ones((t, 1))), np.kron(np.ones((n, 1)), np.eye(t))[:, 1:]])


def _refitted(one: Panel, null: float, restricted: bool) -> float:
    """p by fitting each of the 2^G samples anew, with dummies and least squares by numpy."""
    known = np.isfinite(one.outcome).ravel()
    x, d, y = _dummies(one.outcome)[known], one.status.ravel()[known], one.outcome.ravel()[known]
    unit = np.repeat(np.arange(len(one.units)), len(one.starts))[known]

    def t_of(values: np.ndarray, about: float) -> float:
        left = d - x @ np.linalg.lstsq(x, d, rcond=None)[0]
        both = np.column_stack([d, x])
        beta = np.linalg.lstsq(both, values, rcond=None)[0]
        scores = np.bincount(unit, left * (values - both @ beta)) / (left @ left)
        return (beta[0] - about) / math.sqrt((scores**2).sum() * len(one.units) / (len(one.units) - 1))

    full = np.linalg.lstsq(np.column_stack([d, x]), y, rcond=None)[0]
    about = null if restricted else full[0]
    fitted = about * d + x @ np.linalg.lstsq(x, y - about * d, rcond=None)[0]
    observed = abs(t_of(y, null))
    signs = np.array(list(product((-1, 1), repeat=len(one.units))))
    drawn = [abs(t_of(fitted + w[unit] * (y - fitted), about)) for w in signs]
    return float(np.mean(np.array(drawn) >= observed * (1 - 1e-9)))


@pytest.mark.parametrize("null", [0.0, -2.0])
@pytest.mark.parametrize("holes", [False, True])
def test_linear_as_by_refitting_every_sample(null: float, holes: bool) -> None:
    one = _panel(4, areas=7, months=6, treated=3, effect=-0.5)
    if holes:
        outcome = one.outcome.copy()
        outcome[1, 2], outcome[5, 4:] = np.nan, np.nan
        one = replace(one, outcome=outcome)
    restricted, unrestricted = p_values(one, "linear", null=null, weights="rademacher")
    assert restricted == pytest.approx(_refitted(one, null, True))
    assert unrestricted == pytest.approx(_refitted(one, null, False))


def test_scores_as_from_statsmodels() -> None:
    """The effect held at -0.2 by an offset; scores of the areas with the dummies projected out at those means."""
    from statsmodels.api import GLM, WLS, families

    one = _panel(6, areas=9, months=8, treated=4)
    x, d = _dummies(one.outcome), one.status.ravel()
    mean = GLM(one.outcome.ravel(), x, family=families.Poisson(), offset=-0.2 * d).fit(tol=1e-12, maxiter=200).mu
    left = d - WLS(d, x, weights=mean).fit().fittedvalues
    there = (left * (one.outcome.ravel() - mean)).reshape(one.outcome.shape).sum(axis=1)
    np.testing.assert_allclose(restricted_scores(one, -0.2), there, atol=1e-6)


def test_score_bootstrap_by_hand() -> None:
    """All 2^5 sign patterns of the five scores, recentred for the error."""
    one = _panel(6, areas=5, months=8, treated=2)
    scores = restricted_scores(one, 0.0)

    def t_of(values: np.ndarray) -> float:
        return abs(values.sum()) / math.sqrt(((values - values.mean()) ** 2).sum())

    drawn = np.array([t_of(np.array(w) * scores) for w in product((-1, 1), repeat=5)])
    assert p_values(one, weights="rademacher")[0] == pytest.approx(np.mean(drawn >= t_of(scores) * (1 - 1e-9)))


def test_proportional_fitting_meets_the_margins() -> None:
    rng = np.random.default_rng(1)
    y, base = rng.poisson(5, (6, 9)) * 1.0, rng.uniform(0.5, 2, (6, 9))
    y[2] = 0
    y[:, 3] = 0
    base[0, 0] = y[0, 0] = 0
    mean = margins_met(y, base)
    np.testing.assert_allclose(mean.sum(axis=1), y.sum(axis=1), atol=1e-8)
    np.testing.assert_allclose(mean.sum(axis=0), y.sum(axis=0), atol=1e-8)
    assert mean[0, 0] == 0


@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_interval_is_the_inverted_test(model: str) -> None:
    one = _panel(8, areas=30, treated=10, effect=-0.3)
    found = wild(one, model, draws=399)
    inward = 0.02 * found.se
    for tail, which in ((found.restricted, 0), (found.unrestricted, 1)):
        assert p_values(one, model, draws=399)[which] == tail.p
        for end, step in ((tail.low, inward), (tail.high, -inward)):
            assert p_values(one, model, draws=399, null=end - step)[which] <= 0.05
            assert p_values(one, model, draws=399, null=end + step)[which] > 0.05


@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_with_many_areas_all_agree(model: str) -> None:
    """120 areas, half of them treated: within a fifth of the width of the cluster-robust interval."""
    one = _panel(12, areas=120, treated=60, effect=-0.2)
    found = wild(one, model)
    fitted = twoway.fit(one.outcome, one.status, model)
    assert found.estimate == pytest.approx(fitted.b)
    assert found.note == ""
    for tail in (found.restricted, found.unrestricted):
        assert [tail.low, tail.high] == pytest.approx(
            [fitted.b - 1.98 * fitted.se, fitted.b + 1.98 * fitted.se], abs=0.4 * fitted.se)  # fmt: skip


@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_one_treated_area_makes_them_fall_apart(model: str) -> None:
    """MacKinnon and Webb 2018: restricted hardly ever rejects, unrestricted nearly always; believe neither."""
    apart = [wild(_panel(seed, treated=1), model, draws=199) for seed in range(10)]
    assert min(found.restricted.p for found in apart) > 0.05
    assert np.mean([found.unrestricted.p < 0.05 for found in apart]) > 0.4
    assert sum("believe neither" in found.note for found in apart) >= 7
    wide = [(found.restricted.high - found.restricted.low) / (found.unrestricted.high - found.unrestricted.low)
            for found in apart]  # fmt: skip
    assert min(wide) > 4


def test_weights_by_number_of_clusters() -> None:
    few, some, many = (wild(_panel(3, areas=n, treated=4), draws=99) for n in (10, 13, 20))
    assert (few.weights, few.exact, few.draws) == ("webb", False, 99)
    assert (some.weights, some.exact, some.draws) == ("rademacher", True, 2**13)
    assert (many.weights, many.exact, many.draws) == ("rademacher", False, 99)
    assert WEBB.mean() == pytest.approx(0)
    assert (WEBB**2).mean() == pytest.approx(1)


def test_the_seed_decides() -> None:
    one = _panel(3)
    assert wild(one, draws=199, seed=1) == wild(one, draws=199, seed=1)
    assert wild(one, draws=199, seed=1).restricted != wild(one, draws=199, seed=2).restricted


def test_too_few_draws_have_no_interval() -> None:
    """With 9 draws the smallest p is 0.1: no effect is rejected at 5 %."""
    found = wild(_panel(3), draws=9)
    assert (found.unrestricted.low, found.unrestricted.high) == (-math.inf, math.inf)
    assert (found.restricted.low, found.restricted.high) == (-math.inf, math.inf)


def test_exposure_that_doubles_everywhere_changes_nothing() -> None:
    one = _panel(3)
    twice = replace(one, exposure=np.full(one.outcome.shape, 2.0))
    here, there = wild(one, draws=99), wild(twice, draws=99)
    assert [there.restricted.low, there.unrestricted.high] == pytest.approx(
        [here.restricted.low, here.unrestricted.high], abs=1e-6)  # fmt: skip


def test_refused() -> None:
    one = _panel(3)
    with pytest.raises(ValueError, match="one of"):
        wild(one, weights="mammen")
    pair = [one.units[one.treated.argmax()], one.units[(~one.treated).argmax()]]
    with pytest.raises(UserError, match="the standard error is 0"):
        wild(one.only(units=pair))
    with pytest.raises(UserError, match="perfect separation"):
        wild(replace(one, outcome=one.outcome * (1 - one.status)))


def test_an_area_that_says_nothing_is_no_cluster() -> None:
    one = _panel(3, areas=13, months=12, treated=3, effect=0.0, mean=20)
    silent = replace(one, outcome=np.where(np.arange(13)[:, None] == 12, np.nan, one.outcome))
    bare = one.only(one.units[:12])
    for model in ("poisson", "linear"):
        assert wild(silent, model, draws=99) == wild(bare, model, draws=99)
    none = replace(one, outcome=np.where(np.arange(13)[:, None] == 12, 0.0, one.outcome))
    found, alone = wild(none, draws=99), wild(bare, draws=99)
    assert (found.clusters, found.restricted.p) == (12, alone.restricted.p)
    assert found.se == pytest.approx(alone.se)
