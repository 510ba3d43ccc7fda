"""The models of an interrupted time series against formulas written out and a second fit."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

from crisiskit.errors import UserError
from crisiskit.impact.its_columns import series_of, terms
from crisiskit.impact.its_models import fitted, usual_lags


def made(alpha=0.05, seed=1, base=50.0, comparison=False):
    rng = np.random.default_rng(seed)

    def one():
        mean = base * np.exp(0.01 * np.arange(60)) * np.where(np.arange(60) >= 40, 0.8, 1.0)
        y = rng.poisson(mean * rng.gamma(1 / alpha, alpha, 60)).astype("float64")
        return series_of(pd.DataFrame({"start": pd.date_range("2015-01-01", periods=60, freq="MS"), "outcome": y}), 12)

    return terms(one(), date(2018, 5, 1), harmonics=0, month_effects=False, slope=False, shocks=(),
                 comparison=one() if comparison else None)  # fmt: skip


def test_quasi_poisson_is_the_poisson_error_times_the_root_of_the_dispersion():
    data = made()
    plain, quasi = fitted(data, "poisson", False, None), fitted(data, "poisson", True, None)
    mean = np.exp(data.x @ plain.params)
    assert quasi.dispersion == pytest.approx(((data.y - mean) ** 2 / mean).sum() / 57, rel=1e-9)
    assert plain.se(1) == pytest.approx(np.sqrt(np.linalg.inv(data.x.T * mean @ data.x)[1, 1]), rel=1e-9)
    assert quasi.se(1) == pytest.approx(plain.se(1) * np.sqrt(quasi.dispersion), rel=1e-9)
    assert quasi.df == 57
    assert np.isinf(plain.df)


def test_the_negative_binomial_is_at_the_top_of_its_likelihood():
    data = made()
    found = fitted(data, "negbin", True, None)

    def likelihood(b, alpha):
        mean, size = np.exp(data.x @ b), 1 / alpha
        return (gammaln(data.y + size) - gammaln(size) - gammaln(data.y + 1)
                - size * np.log1p(alpha * mean) + data.y * np.log(alpha * mean / (1 + alpha * mean))).sum()  # fmt: skip

    top = likelihood(found.params, found.alpha)
    assert top == pytest.approx(found.result.llf, rel=1e-9)
    for step in (-1e-2, 1e-2):
        assert likelihood(found.params, found.alpha * (1 + step)) < top
        for place in range(3):
            moved = found.params.copy()
            moved[place] += step * found.se(place)
            assert likelihood(moved, found.alpha) < top


def test_counts_that_vary_less_than_poisson_are_refused_a_negative_binomial():
    from dataclasses import replace

    data = made()
    even = replace(data, y=np.round(np.exp(data.x @ np.array([4.0, -0.2, 0.01]))))
    with pytest.raises(UserError, match="vary less than Poisson counts"):
        fitted(even, "negbin", True, None)


def test_two_series_keep_their_own_dispersion_and_welchs_df():
    data = made(comparison=True)
    found = fitted(data, "poisson", True, None)
    other = found.se(data.at("level")) ** 2
    own = found.se(data.effect) ** 2 - other
    assert found.df == pytest.approx(57 * (own + other) ** 2 / (own**2 + other**2))
    assert 57 < found.df < 2 * 57


@pytest.mark.parametrize(("periods", "lags"), [(11, 2), (60, 3), (100, 4), (300, 5)])
def test_the_rule_of_lags(periods, lags):
    assert usual_lags(periods) == lags


def test_a_model_that_is_unknown_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="one of"):
        fitted(made(), "gamma", True, None)
