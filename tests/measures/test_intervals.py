"""Intervals against published figures, against other libraries, and against their own properties."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiskit.measures.intervals import (
    byar,
    difference,
    garwood,
    order_ranks,
    poisson,
    rate_ratio,
    share_ratio,
    student,
    wilson,
)


@pytest.fixture(scope="module")
def published(root: Path) -> Path:
    """Worked examples of the public-health technical guide, where they stand beside the repository."""
    folder = root.parent / "shared" / "benchmarks" / "rates_phe"
    if not folder.is_dir():
        pytest.skip("the published worked examples are not here")
    return folder


def test_wilson_published(published: Path) -> None:
    table = pd.read_csv(published / "proportions.csv")
    table = table[table["method"] == "Wilson"]
    numbers = table["Numerator"] , table["Denominator"]
    for confidence, columns in ((0.95, ("lower95_0cl", "upper95_0cl")), (0.998, ("lower99_8cl", "upper99_8cl"))):
        for limits, column in zip(wilson(*numbers, confidence), columns, strict=True):
            np.testing.assert_allclose(limits * table["multiplier"], table[column], rtol=1e-9)


def test_byar_and_exact_published(published: Path) -> None:
    table = pd.read_csv(published / "rates.csv")
    methods = {"Exact": garwood, "Byars": byar}
    for name, method in methods.items():
        rows = table[table["method"] == name]
        assert len(rows) > 0
        for confidence, columns in ((0.95, ("lower95_0cl", "upper95_0cl")), (0.998, ("lower99_8cl", "upper99_8cl"))):
            for limits, column in zip(method(rows["Numerator"], confidence), columns, strict=True):
                rate = limits / rows["Denominator"] * rows["multiplier"]
                np.testing.assert_allclose(rate, rows[column], rtol=1e-9)


def test_byar_and_wilson_published(published: Path) -> None:
    table = pd.read_csv(published / "byars_wilson.csv")
    for row in table.itertuples():
        confidence = float(row.confidence.rstrip("%")) / 100
        low, high = byar(row.x, confidence) if row.method == "Byars" else wilson(row.x, row.n, confidence)
        assert float(low) == pytest.approx(row.lowercl, rel=1e-9, nan_ok=True)
        assert float(high) == pytest.approx(row.uppercl, rel=1e-9)


def test_printed_figures() -> None:
    """Figures printed in the guide: Wilson 65/100, exact 5, Byar 65."""
    assert np.ravel(wilson(65, 100)) == pytest.approx([0.5525444329688797, 0.7363575171], abs=1e-8)
    assert np.ravel(garwood(5)) == pytest.approx([1.62348639011842, 11.668332079322669])
    assert np.ravel(byar(65)) == pytest.approx([50.163187710459454, 82.84913854593984])


def test_wilson_as_statsmodels_and_garwood_as_scipy() -> None:
    from scipy.stats import chi2
    from statsmodels.stats.proportion import proportion_confint

    k, n = np.array([0, 1, 7, 50, 100]), np.array([3, 100, 9, 100, 100])
    np.testing.assert_allclose(wilson(k, n, 0.9), proportion_confint(k, n, alpha=0.1, method="wilson"), atol=1e-12)
    low, high = garwood(k)
    np.testing.assert_allclose(low[1:], chi2.ppf(0.025, 2 * k[1:]) / 2)
    np.testing.assert_allclose(high, chi2.ppf(0.975, 2 * k + 2) / 2)
    assert low[0] == 0


@pytest.mark.parametrize(("count", "total"), [(0, 0), (-1, 5), (6, 5), (np.nan, 5), (1, np.nan)])
def test_wilson_without_a_proportion(count: float, total: float) -> None:
    assert np.isnan(wilson(count, total)).all()


def test_poisson_is_exact_below_ten() -> None:
    low, high = poisson([9, 10], 0.95)
    assert (low[0], high[0]) == tuple(map(float, garwood(9)))
    assert (low[1], high[1]) == tuple(map(float, byar(10)))


def test_difference_of_shares_is_newcombes() -> None:
    """Newcombe 1998, table II, method 10: 56/70 - 48/80 and 9/10 - 3/10."""
    for one, other, printed in (((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090))):
        (low, high), (low0, high0) = wilson(*one), wilson(*other)
        found = difference(one[0] / one[1], low, high, other[0] / other[1], low0, high0)
        assert tuple(map(float, found)) == pytest.approx(printed, abs=5e-5)


def test_share_ratio_as_statsmodels() -> None:
    from statsmodels.stats.proportion import confint_proportions_2indep

    known = confint_proportions_2indep(7, 34, 1, 34, "log", "ratio")
    assert tuple(map(float, share_ratio(7, 34, 1, 34))) == pytest.approx(known)
    assert np.isnan(share_ratio([0, 5], [10, 10], [5, 0], [10, 10])).all()


def test_rate_ratio_turns_over_and_agrees_with_the_exact_test() -> None:
    """The limits are where the exact conditional test gives half of 5 %; the inverse ratio has the inverse limits."""
    from scipy.stats import binom

    low, high = map(float, rate_ratio(41, 28010, 15, 19017))
    for ratio, tail in ((low, lambda p: binom.sf(40, 56, p)), (high, lambda p: binom.cdf(41, 56, p))):
        share = ratio * 28010 / (ratio * 28010 + 19017)
        assert tail(share) == pytest.approx(0.025)
    turned = rate_ratio(15, 19017, 41, 28010)
    assert (1 / float(turned[1]), 1 / float(turned[0])) == pytest.approx((low, high))
    assert np.isinf(rate_ratio(3, 10, 0, 10)[1])
    assert rate_ratio(0, 10, 3, 10)[0] == 0
    assert np.isnan(rate_ratio(0, 10, 0, 10)).all()


def test_rates_without_a_count() -> None:
    assert np.isnan(garwood([-1, np.nan])).all()
    assert np.isnan(byar(0)[0])
    assert np.isnan(byar(1, 0.998)[0])


@pytest.mark.parametrize(("n", "ranks"), [(6, (1, 6)), (10, (2, 9)), (15, (4, 12)), (20, (6, 15)), (50, (18, 33))])
def test_ranks_of_the_median(n: int, ranks: tuple[int, int]) -> None:
    """The ranks printed in tables of the sign test's 95 % interval for a median."""
    assert tuple(map(float, order_ranks(n, 0.5))) == ranks


def test_ranks_where_values_are_too_few() -> None:
    assert np.isnan(order_ranks(5, 0.5)).all()
    low, high = order_ranks(20, 0.9)
    assert low == 15
    assert np.isnan(high)


def test_student() -> None:
    assert np.ravel(student(10.0, 1.0, 4)) == pytest.approx([10 - 3.182446305284263, 10 + 3.182446305284263])
    assert np.isnan(student(10.0, 1.0, 1)).all()


counts = st.integers(0, 10**6)


@given(counts, counts, st.sampled_from([0.8, 0.95, 0.998]))
def test_wilson_stays_inside_and_holds_the_share(a: int, b: int, confidence: float) -> None:
    k, n = min(a, b), max(a, b, 1)
    low, high = wilson(k, n, confidence)
    assert 0 <= low <= k / n <= high <= 1


@given(counts, st.sampled_from([0.8, 0.95, 0.998]))
def test_poisson_limits_hold_the_count(k: int, confidence: float) -> None:
    low, high = garwood(k, confidence)
    assert low <= k <= high
    wider = garwood(k, 0.999)
    assert wider[0] <= low
    assert high <= wider[1]


@given(st.integers(1, 5000), st.sampled_from([0.1, 0.5, 0.75, 0.9]))
def test_ranks_cover(n: int, share: float) -> None:
    """The interval between the ranks holds the quantile with at least the stated probability."""
    from scipy.stats import binom

    low, high = order_ranks(n, share)
    below = 0 if np.isnan(low) else binom.cdf(low - 1, n, share)
    above = 0 if np.isnan(high) else binom.sf(high - 1, n, share)
    assert below <= 0.025 + 1e-12
    assert above <= 0.025 + 1e-12
