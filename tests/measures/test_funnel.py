"""Funnel limits against the published ones, and rankings that do not take noise for difference."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, poisson

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.funnel import dispersion, funnel, proportion_limits, rate_limits, scores


@pytest.fixture(scope="module")
def published(root: Path) -> Path:
    """Worked examples of the technical guide, where they stand beside the repository."""
    folder = root.parent / "shared" / "benchmarks" / "rates_phe"
    if not folder.is_dir():
        pytest.skip("the published worked examples are not here")
    return folder


def _areas(**columns) -> pd.DataFrame:
    frame = pd.DataFrame(columns).assign(per=1000.0)
    frame = frame.assign(value=1000 * frame["numerator"] / frame["denominator"].where(frame["denominator"] > 0))
    frame.attrs = {"measure": "rate_per_population", "unit": "rate"}
    return frame


def test_proportion_limits_published(published: Path) -> None:
    """Printed in per cent with six decimals."""
    table = pd.read_csv(published / "funnel_prop_limits.csv")
    areas = pd.read_csv(published / "funnel_prop_input.csv")
    baseline = areas["numerator"].sum() / areas["denominator"].sum()
    assert 100 * baseline == pytest.approx(table["Baseline"].iloc[0], abs=5e-7)
    for confidence, columns in ((0.95, ("Lower2s0025limit", "Upper2s0025limit")),
                                (0.998, ("Lower3s0001limit", "Upper3s0001limit"))):
        for limits, column in zip(proportion_limits(baseline, table["Population"], confidence), columns, strict=True):
            np.testing.assert_allclose(100 * limits, table[column], atol=1e-6)


def test_significance_published(published: Path) -> None:
    """Areas are called high and low where the published table calls them so."""
    table = pd.read_csv(published / "funnel_prop_input.csv")
    frame = table.assign(value=table["numerator"] / table["denominator"])
    frame.attrs = {"measure": "x", "unit": "share"}
    words = {"inside": "Not significant", "above": "High (0.025)", "below": "Low (0.025)", "far above": "High (0.001)",
             "far below": "Low (0.001)"}
    known = table["significance"].isin(words.values())
    assert known.sum() > 280  # the rest of the column holds numbers: another row's cells, slipped by one
    found = funnel(frame)["verdict"].map(words)
    assert (found[known] == table.loc[known, "significance"]).all()


def test_rate_limits_hold_the_stated_probability() -> None:
    """The limit, as a count, lies within one event of the Poisson quantile, from the inside."""
    exposure = np.array([50.0, 400.0, 5000.0])
    low, high = rate_limits(0.02, exposure, 0.95)
    mean = 0.02 * exposure
    for share, limit in ((0.025, low), (0.975, high)):
        quantile = poisson.ppf(share, mean)
        assert ((limit * exposure <= quantile) & (limit * exposure > quantile - 1)).all() or limit[0] == 0
    assert (low < 0.02).all()
    assert (high > 0.02).all()
    assert np.diff(high - low).max() < 0  # narrower, the larger the area


def test_limits_of_an_area_without_size() -> None:
    assert np.isnan(proportion_limits(0.5, 0)).all()
    assert np.isnan(rate_limits(0.5, [0.0])).all()


def test_dispersion_of_chance_is_one_and_outliers_do_not_hide_themselves() -> None:
    z = np.random.default_rng(1).normal(size=400)
    assert dispersion(z).factor < 1.1
    assert not dispersion(z).limits_widen
    assert dispersion(2 * z).limits_widen
    assert dispersion([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50]).factor == 0  # one outlier in eleven is drawn in
    assert dispersion([np.nan]).areas == 0


def test_scores() -> None:
    assert scores([0.6], 0.5, [100], "proportion") == pytest.approx([2])
    assert scores([0.5], 0.25, [16], "rate") == pytest.approx([2])


def test_a_small_area_at_the_top_is_inside() -> None:
    """The tiny area has the highest rate and tells nothing; the large one stands a little higher, and far outside."""
    frame = funnel(_areas(area_id=["tiny", "large", "rest"], numerator=[2, 300, 10000],
                          denominator=[100, 20000, 1000000]))
    assert frame.loc[0, "value"] == frame["value"].max()
    assert frame["verdict"].to_list() == ["inside", "far above", "inside"]
    baseline = 10302 / 1020100
    assert frame["baseline"].to_list() == pytest.approx([1000 * baseline] * 3)
    assert frame["expected"].to_list() == pytest.approx([baseline * n for n in (100, 20000, 1000000)])
    assert frame.loc[1, "high998"] == pytest.approx(1000 * rate_limits(baseline, 20000, 0.998)[1])


def test_areas_without_a_value_have_no_verdict() -> None:
    frame = funnel(_areas(area_id=["a", "b", "c"], numerator=[3, 5, np.nan], denominator=[100, 100, 0]))
    assert frame["verdict"].to_list()[:2] == ["inside", "inside"]
    assert pd.isna(frame["verdict"].iloc[2])


def test_overdispersed_areas_widen_the_limits() -> None:
    rates = np.tile([0.01, 0.02, 0.03, 0.04], 10)
    areas = _areas(area_id=list(map(str, range(40))), numerator=rates * 10000, denominator=[10000] * 40)
    narrow, wide = funnel(areas), funnel(areas, overdispersed=True)
    assert (narrow["verdict"] != "inside").all()
    assert (wide["verdict"] == "inside").all()
    assert wide["dispersion"].iloc[0] == pytest.approx(np.mean((rates - 0.025) ** 2) / 0.025 * 10000)


def test_a_measure_by_area_goes_through(rows) -> None:
    data = rows(contacts=[1] * 40, referred=[True] * 10 + [False] * 30, area_id=["a"] * 10 + ["b"] * 30)
    frame = funnel(measure(data, "referred", by="area_id"))
    assert frame["verdict"].to_list() == ["far above", "far below"]
    assert binom.sf(9, 10, 0.25) < 0.001  # as the exact binomial has it


def test_outcomes_of_several_kinds_have_no_common_figure(rows) -> None:
    data = rows(contacts=[1] * 4, outcome=["arrested", "resolved"] * 2, area_id=["a", "a", "b", "b"])
    answer = measure(data, "outcome_share", by="area_id")
    with pytest.raises(UserError, match="by area_id, outcome: its rows have no figure in common"):
        funnel(answer)
    one = answer[answer["outcome"] == "arrested"]
    assert funnel(one)["verdict"].to_list() == ["inside", "inside"]


def test_what_has_no_funnel(rows) -> None:
    with pytest.raises(UserError, match="'contacts' is a contacts"):
        funnel(measure(rows(contacts=[1], area_id=["a"]), "contacts", by="area_id"))
    with pytest.raises(UserError, match="at least one area"):
        funnel(_areas(area_id=["a"], numerator=[np.nan], denominator=[np.nan]))
