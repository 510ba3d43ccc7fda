"""Standardised rates and ratios against the worked examples of the public-health technical guide."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures.standardise import direct, expected, indirect

CONFIDENCE = {0.95: ("lower95_0cl", "upper95_0cl"), 0.998: ("lower99_8cl", "upper99_8cl")}


@pytest.fixture(scope="module")
def published(root: Path) -> Path:
    """Worked examples of the technical guide, where they stand beside the repository."""
    folder = root.parent / "shared" / "benchmarks" / "rates_phe"
    if not folder.is_dir():
        pytest.skip("the published worked examples are not here")
    return folder


def _per(statistic: str) -> float:
    return float(statistic.split()[-1])


def test_direct_published(published: Path) -> None:
    """Digits as printed (relative 1e-9); the 99.8 % limits of the area 1976 are in other units there, and skipped."""
    strata = pd.read_csv(published / "dsr_input.csv").fillna(0)  # one blank cell, a count of 0
    rows = pd.read_csv(published / "dsr_expected.csv")
    rows = rows[rows["area"].isin(strata["area"])]
    assert len(rows) >= 6
    for row in rows.itertuples():
        area = strata[strata["area"] == row.area]
        for confidence, (low, high) in CONFIDENCE.items():
            per = 1.0 if "NA" in row.statistic else _per(row.statistic)
            found = direct(area["count"], area["pop"], area["esp2013"], per, confidence)
            assert found.events == row.total_count
            assert found.base == row.total_pop
            assert found.value == pytest.approx(row.value, rel=1e-9, nan_ok=True)
            if confidence == 0.95 or not row.area.endswith("1976"):
                printed = [getattr(row, low), getattr(row, high)]
                assert [found.low, found.high] == pytest.approx(printed, rel=1e-9, nan_ok=True)


def test_indirect_published(published: Path) -> None:
    strata = pd.read_csv(published / "isr_input.csv").fillna(0)  # the blank row has no event in its reference either
    rows = pd.read_csv(published / "isr_expected.csv")
    rows = rows[rows["area"].isin(strata["area"])]
    assert set(rows["method"]) == {"Byars", "Exact"}
    for row in rows.itertuples():
        area = strata[strata["area"] == row.area]
        base = expected(area["pop"], area["refcount"], area["refpop"])
        assert base == pytest.approx(row.expected, rel=1e-9)
        crude = area["refcount"].sum() / area["refpop"].sum()
        scale = _per(row.statistic) * (crude if "rate" in row.statistic else 1)
        for confidence, (low, high) in CONFIDENCE.items():
            found = indirect(area["count"].sum(), base, scale, confidence)
            printed = [row.value, getattr(row, low), getattr(row, high)]
            assert [found.value, found.low, found.high] == pytest.approx(printed, rel=1e-9)


def test_direct_figures_printed_in_the_guide() -> None:
    """Two strata by hand: 10/100 and 30/100 weighed 3 to 1 is 0.15, and not the crude 0.20."""
    found = direct([10, 30], [100, 100], [3, 1])
    assert found.value == pytest.approx(0.15)
    assert found.low < 0.15 < found.high


def test_direct_is_not_given_for_few_events_or_an_empty_stratum() -> None:
    for result in (direct([4, 5], [100, 100], [1, 1]), direct([20, 0], [100, 0], [1, 1])):
        assert np.isnan([result.value, result.low, result.high]).all()
    assert direct([20, 0], [100, 0], [1, 0]).value == pytest.approx(0.2)


@given(st.lists(st.tuples(st.integers(5, 60), st.integers(100, 900)), min_size=2, max_size=6))
def test_direct_weighed_by_the_own_population_is_the_crude_rate(strata) -> None:
    """With the area's own people as the standard nothing is changed: value and Byar's limits are the crude ones."""
    from crisiskit.measures.intervals import byar

    count, people = map(np.array, zip(*strata, strict=True))
    found = direct(count, people, people)
    low, high = byar(count.sum())
    assert [found.value, found.low, found.high] == pytest.approx([x / people.sum() for x in (count.sum(), low, high)])


def test_what_cannot_be_standardised() -> None:
    with pytest.raises(UserError, match="different lengths"):
        direct([1], [1, 2], [1, 2])
    with pytest.raises(UserError, match="0 or more"):
        direct([np.nan, 1], [1, 2], [1, 2])
    with pytest.raises(UserError, match="no standard population"):
        expected([10, 10], [1, 1], [5, 0])
    assert np.isnan(indirect(3, 0).value)
