"""Shrunken rates: small areas go to the mean, a planted under-served county is found, noise is not."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, nbinom

from crisiskit.errors import UserError
from crisiskit.measures.shrink import Prior, prior, shrink, shrink_locally, shrunken


def _answer(count, exposure, areas=None) -> pd.DataFrame:
    frame = pd.DataFrame({"area_id": areas or [f"c{n}" for n in range(len(count))], "numerator": count,
                          "denominator": exposure, "per": 1000.0})
    return frame.assign(value=1000 * frame["numerator"] / frame["denominator"])


def test_the_posterior_is_the_gamma_that_it_should_be() -> None:
    """Gamma(4, mean 0.02) and 7 events in 100: posterior gamma with shape 11 and rate 4/0.02 + 100."""
    found = shrink([7], [100], Prior(0.02, 4))
    known = gamma(11, scale=1 / 300)
    assert found.value == pytest.approx([known.mean()])
    assert [found.low[0], found.high[0]] == pytest.approx(known.ppf([0.025, 0.975]))


def test_moments_by_hand() -> None:
    """Rates 0.1, 0.2, 0.3 of 100 each: mean 0.2, spread 2/300, of which chance is 0.2/100, so shape 0.04/(0.014/3)."""
    found = prior([10, 20, 30], [100, 100, 100], "moments")
    assert found.mean == pytest.approx(0.2)
    assert found.shape == pytest.approx(0.04 / (2 / 300 - 0.002))


def test_likelihood_is_the_negative_binomial_s() -> None:
    """No other mean or shape on a grid is likelier by scipy's own negative binomial."""
    random = np.random.default_rng(5)
    exposure = random.uniform(50, 5000, 60)
    counts = random.poisson(exposure * random.gamma(6, 0.02 / 6, 60))
    found = prior(counts, exposure)

    def likelihood(mean: float, shape: float) -> float:
        return nbinom.logpmf(counts, shape, shape / (shape + mean * exposure)).sum()

    best = likelihood(found.mean, found.shape)
    for mean in found.mean * np.array([0.9, 0.97, 1, 1.03, 1.1]):
        for shape in found.shape * np.array([0.7, 0.9, 1, 1.1, 1.4]):
            assert likelihood(mean, shape) <= best + 1e-4
    assert found.mean == pytest.approx(0.02, rel=0.15)


def test_areas_that_differ_by_chance_alone_are_one() -> None:
    found = prior([5, 5, 5, 5], [100, 100, 100, 100])
    assert np.isinf(found.shape)
    result = shrink([5, 5, 5, 5], [100, 100, 100, 100], found)
    assert result.value == pytest.approx([0.05] * 4, rel=1e-3)
    assert (result.low < 0.05).all()
    assert (result.high > 0.05).all()


def test_a_tiny_county_is_pulled_to_the_mean_and_a_large_one_keeps_its_rate() -> None:
    counts, exposure = [3, 4000, 900, 1300, 2200], [30, 50000, 50000, 50000, 50000]
    frame = shrunken(_answer(counts, exposure))
    tiny, large = frame.iloc[0], frame.iloc[1]
    assert tiny["value"] == 100
    assert abs(tiny["shrunk"] - tiny["towards"]) < 0.4 * abs(tiny["value"] - tiny["towards"])
    assert large["shrunk"] == pytest.approx(large["value"], rel=0.01)
    assert tiny["finding"] == "not told apart"
    assert large["finding"] == "above"


def test_the_planted_under_served_county_is_found_and_small_noisy_ones_are_not() -> None:
    """Sixty counties of true rates near 20 per 1000; one of 100 000 gets 6. Twenty have 200 residents each."""
    random = np.random.default_rng(12)
    exposure = np.concatenate([np.full(20, 200.0), random.uniform(5e3, 2e5, 39), [1e5]])
    true = random.gamma(40, 0.02 / 40, 60)
    true[-1] = 0.006
    frame = shrunken(_answer(random.poisson(true * exposure), exposure))
    assert frame["finding"].iloc[-1] == "below"
    assert frame["shrunk"].idxmin() == 59
    assert frame["value"].idxmin() < 20  # by its crude rate a tiny county would be the worst served
    assert (frame["finding"].iloc[:20] == "not told apart").all()


def test_neighbours_draw_to_the_neighbourhood() -> None:
    """Two regions, of rates 10 and 40 per 1000: a tiny county of the second goes to 40, and to about 25 without."""
    counts, exposure = [100, 110, 90, 400, 390, 410, 0], [10000] * 6 + [20]
    areas = list("abcdefg")
    beside = {"g": ["d", "e", "f", "x"], "a": ["b", "c"], "b": ["a", "c"], "c": ["a", "b"], "d": ["e", "f", "g"],
              "e": ["d", "f"], "f": ["d", "e"]}
    alone = shrunken(_answer(counts, exposure, areas)).set_index("area_id")
    near = shrunken(_answer(counts, exposure, areas), beside).set_index("area_id")
    assert near.loc["g", "towards"] == pytest.approx(1000 * 1200 / 30020)
    assert near.loc["g", "shrunk"] == pytest.approx(40, rel=0.05)
    assert alone.loc["g", "shrunk"] < 30


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(1, 1e4)), min_size=3, max_size=12))
def test_a_shrunken_rate_lies_between_the_own_and_the_mean(areas) -> None:
    count, exposure = map(np.array, zip(*areas, strict=True))
    towards = prior(count, exposure, "moments")
    found = shrink(count, exposure, towards)
    own = count / exposure
    assert (found.value >= np.minimum(own, towards.mean) * (1 - 1e-9) - 1e-12).all()
    assert (found.value <= np.maximum(own, towards.mean) * (1 + 1e-9) + 1e-12).all()
    assert (found.low <= found.high).all()


def test_what_cannot_be_shrunk() -> None:
    with pytest.raises(UserError, match="at least two areas"):
        prior([1], [10])
    with pytest.raises(UserError, match="did you mean 'moments'"):
        prior([1, 2], [10, 10], "moment")
    with pytest.raises(UserError, match="neighbours of 1 areas for 2"):
        shrink_locally([1, 2], [10, 10], [[1]])
    with pytest.raises(UserError, match="standardised rate by area"):
        shrunken(_answer([1, 2], [10, 10]).assign(per=np.nan))
    assert prior([0, 0], [10, 10]) == Prior(0, np.inf)
