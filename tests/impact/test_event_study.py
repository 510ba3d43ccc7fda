"""Coefficients by period: Denver's, differences of means by hand, and what must hold of them."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_panels import small_panel

from crisiskit.errors import UserError
from crisiskit.impact.did import twfe
from crisiskit.impact.event_study import event_study, joint_test, path
from crisiskit.impact.panel import Panel
from crisiskit.simulate.panels import panel

TREATED = ("123", "211", "311", "611", "612", "621", "622", "623")


def _panel(seed: int = 1, **settings) -> Panel:
    drawn = panel(seed, **({"areas": 12, "months": 10, "treated": 4, "effect": -0.4, "mean": 30} | settings))
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome + 1, drawn.status, "events")


def test_denver_star(benchmarks: Path) -> None:
    """36 precincts by 12 months, May 2020 as reference; outcome and precincts as in the benchmark's README."""
    folder = benchmarks / "denver_star_panel"
    rows = pd.read_csv(folder / "denver_precinct_month.csv", dtype={"precinct": str})
    chosen = rows["offense_category"].isin(["all-other-crimes", "drug-alcohol"])
    chosen &= rows["month"].between("2019-12", "2020-11")
    wide = rows[chosen].pivot_table(index="precinct", columns="month", values="n", aggfunc="sum", fill_value=0)
    status = wide.index.isin(TREATED)[:, None] & (wide.columns >= "2020-06")[None, :]
    starts = tuple(date.fromisoformat(f"{month}-01") for month in wide.columns)
    star = Panel(tuple(wide.index), starts, "month", wide.to_numpy("float64"), status, "targeted offences")
    found = event_study(star, "log")
    by_time = found.series.set_index("at")["estimate"]
    got = {
        "event_jun2020": by_time[0],
        "event_nov2020": by_time[5],
        "pretrend_wald_chi2_df5": found.details["pre_chi2"],
        "pretrend_p_chi2": found.details["pre_p"],
    }
    expected = pd.read_csv(folder / "expected.csv", index_col="quantity")
    for name, value in got.items():
        assert value == pytest.approx(expected["value"][name], abs=expected["tolerance_abs"][name]), name
    assert found.details["pre_df"] == 5
    assert by_time.index.tolist() == list(range(-6, 6))


@pytest.mark.parametrize("reference", [-1, -3])
def test_log_coefficients_are_differences_of_mean_changes(reference: int) -> None:
    data = _panel()
    change = np.log(data.outcome) - np.log(data.outcome)[:, [5 + reference]]
    by_hand = change[data.treated].mean(axis=0) - change[~data.treated].mean(axis=0)
    found = path(data, "log", reference)
    assert found.reference == reference
    np.testing.assert_allclose(found.estimate, by_hand[found.at + 5], atol=1e-10)
    spread = sum(np.cov(change[group][:, found.at + 5].T, ddof=0) / group.sum()
                 for group in (data.treated, ~data.treated))  # fmt: skip
    np.testing.assert_allclose(found.covariance, spread * 12 / 11, atol=1e-10)
    n, k = 120, 9 + 12 + 9
    assert found.nested == pytest.approx((n - 1) / (n - (k - 12) - 1))


def test_poisson_coefficients_are_ratios_of_totals() -> None:
    data = _panel()
    ratio = np.log(data.outcome[data.treated].sum(axis=0) / data.outcome[~data.treated].sum(axis=0))
    found = path(data)
    np.testing.assert_allclose(found.estimate, (ratio - ratio[4])[found.at + 5], atol=1e-9)


@pytest.mark.parametrize("model", ["log", "linear"])
def test_after_less_before_is_the_overall_effect(model: str) -> None:
    """In a full panel: mean after the start less mean before it, the reference a 0 among these."""
    data = _panel(3, months=9, start=5)
    found = path(data, model)
    overall = found.estimate[~found.before].mean() - found.estimate[found.before].sum() / 5
    assert overall == pytest.approx(twfe(data, model).estimate, abs=1e-10)
    shown = event_study(data, model)
    assert shown.estimate == pytest.approx(found.estimate[~found.before].mean())
    weight = ~found.before / 4
    assert shown.se == pytest.approx(np.sqrt(weight @ found.covariance @ weight))
    share = np.expm1(shown.estimate) if model == "log" else np.nan
    assert shown.relative == pytest.approx(share, nan_ok=True)


def test_series_holds_the_reference_and_t_intervals() -> None:
    from scipy.stats import t as student

    data = _panel()
    found = event_study(data, confidence=0.9)
    series = found.series
    assert series["at"].tolist() == list(range(-5, 5))
    assert series.loc[series["at"] == -1, ["estimate", "low", "high"]].to_numpy().tolist() == [[0, 0, 0]]
    errors = np.sqrt(np.diag(found.model.covariance))
    wide = (series["high"] - series["low"])[series["at"] != -1].to_numpy()
    np.testing.assert_allclose(wide, 2 * student.ppf(0.95, 11) * errors)
    assert found.p == pytest.approx(2 * student.sf(abs(found.estimate / found.se), 11))


def test_bins_are_the_means_of_their_periods() -> None:
    data = _panel()
    found = path(data, "log", lead=3, lag=2)
    assert found.at.tolist() == [-3, -2, 0, 1, 2]
    assert (found.head, found.tail) == (True, True)
    whole = path(data, "log", lead=5, lag=4)  # bins of one period each
    assert (whole.head, whole.tail) == (False, False)
    y = np.log(data.outcome)
    gap = y[data.treated].mean(axis=0) - y[~data.treated].mean(axis=0)
    # the bins in a full panel: least squares of the gap on a dummy for each bin
    by_hand = np.array([gap[:3].mean(), gap[3], gap[5], gap[6], gap[7:].mean()]) - gap[4]
    np.testing.assert_allclose(found.estimate, by_hand, atol=1e-10)


def test_one_period_before_has_no_joint_test_and_two_have_one() -> None:
    two = _panel(2, months=6, start=2)
    chi2, df, p = joint_test(path(two))
    assert df == 1
    assert chi2 > 0
    assert 0 < p < 1
    binned = path(two, lead=1)  # everything before the start is the reference
    assert binned.at.tolist() == [0, 1, 2, 3]
    assert joint_test(binned)[1] == 0
    assert np.isnan(joint_test(binned)[::2]).all()
    assert np.isnan(event_study(two, lead=1).details["pre_p"])


def test_joint_test_is_the_square_of_t_with_one_period() -> None:
    found = path(_panel(2, months=6, start=2), "log")
    chi2, _, _ = joint_test(found)
    assert chi2 == pytest.approx(found.estimate[0] ** 2 / (found.covariance[0, 0] * found.nested))


def test_few_areas_and_many_periods_give_a_steady_joint_test() -> None:
    """With fewer areas than periods the covariance is singular; rounding must not decide: rescaling changes nothing."""
    data = _panel(5, areas=7, months=24, treated=1, start=17)
    one = joint_test(path(data, "linear"))
    other = joint_test(path(replace(data, outcome=data.outcome * 1e3 + 7), "linear"))
    assert other[0] == pytest.approx(one[0], rel=1e-6)
    assert np.linalg.matrix_rank(path(data, "linear").covariance, hermitian=True, tol=1e-8) < one[1]


def test_missing_cells_are_left_out() -> None:
    """Against statsmodels: a dummy per period of the treated, per area and per period."""
    from statsmodels.api import OLS

    data = _panel()
    outcome = data.outcome.copy()
    outcome[0, 3] = outcome[4, :2] = np.nan
    data = replace(data, outcome=outcome)
    rows, columns = np.nonzero(np.isfinite(outcome))
    event = (data.treated[rows, None] & (columns[:, None] == [0, 1, 2, 3, 5, 6, 7, 8, 9])).astype(float)
    x = np.column_stack([event, np.eye(12)[rows], np.eye(10)[columns][:, 1:]])
    result = OLS(outcome[rows, columns], x).fit(cov_type="cluster", cov_kwds={"groups": rows, "use_correction": False})
    found = path(data, "linear")
    np.testing.assert_allclose(found.estimate, result.params[:9], atol=1e-9)
    np.testing.assert_allclose(found.covariance, result.cov_params()[:9, :9] * 12 / 11, atol=1e-8)
    assert event_study(data, "linear").n == 117


def _refused(data: Panel, **settings) -> str:
    with pytest.raises(UserError) as refusal:
        event_study(data, **settings)
    return str(refusal.value)


def test_data_that_hold_no_answer_are_refused() -> None:
    data = _panel()
    assert "this roll-out is staggered" in _refused(_panel(cohorts=2, stagger=2))
    paused = data.status.copy()
    paused[:, 7] = 0
    assert "this roll-out is switching" in _refused(replace(data, status=paused))
    assert "this roll-out is none" in _refused(replace(data, status=data.status * 0))
    assert "two periods before the start" in _refused(_panel(start=1))
    assert "reference -6 is none of the periods before the start (-5 to -1)" in _refused(data, reference=-6)
    assert "reference 1 is none" in _refused(data, reference=1)
    gone = np.where(data.treated[:, None] & (np.arange(10) == 7), np.nan, data.outcome)
    assert "a period or a group has no event" in _refused(replace(data, outcome=gone))
    empty = np.where(data.treated[:, None] & (np.arange(10) == 7), 0, data.outcome)
    assert "perfect separation" in _refused(replace(data, outcome=empty))
    event_study(replace(data, outcome=empty), lag=1)  # in a bin with its neighbours it can be told
    assert "have no logarithm" in _refused(replace(data, outcome=empty), model="log")
    everywhere = np.broadcast_to(np.arange(10) >= 5, data.status.shape)
    assert "cannot be told apart" in _refused(replace(data, status=everywhere))


def test_a_period_that_is_unknown_everywhere_has_no_coefficient() -> None:
    data = small_panel(3, months=14, areas=16)
    hole = data.outcome.copy()
    hole[:, 2] = np.nan
    found = path(replace(data, outcome=hole))
    less = path(data.only(periods=np.arange(14) != 2))  # the same rows; event times one nearer
    assert found.at.tolist() == [-7, -6, -4, -3, -2, *range(7)]
    np.testing.assert_allclose(found.estimate, less.estimate, atol=1e-8)
    hole[:, 6] = np.nan
    with pytest.raises(UserError, match="unknown in all areas in the reference period"):
        path(replace(data, outcome=hole))
