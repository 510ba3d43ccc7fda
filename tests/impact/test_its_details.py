"""Autocorrelation and what came after the start: second computations, and what holds by construction."""

from datetime import date

import numpy as np
import pytest
from scipy.stats import chi2
from wandering import wandering

from crisiskit.impact.its import interrupted

START = date(2018, 1, 1)


def test_breusch_and_godfrey_by_their_regression():
    """n R^2 of the residuals on the terms and their own lags, 0 before the series."""
    found = interrupted(wandering(rho=0.5), START, model="linear", slope=True)
    e, x = np.asarray(found.model.resid), found.model.model.exog
    lags = int(found.details["breusch_godfrey_lag"])
    wide = np.column_stack([x, *(np.concatenate([np.zeros(lag), e[:-lag]]) for lag in range(1, lags + 1))])
    left = e - wide @ np.linalg.lstsq(wide, e, rcond=None)[0]
    value = len(e) * (1 - (left @ left) / (e @ e))
    assert lags == 12
    assert found.details["breusch_godfrey"] == pytest.approx(value, rel=1e-8)
    assert found.details["breusch_godfrey_p"] == pytest.approx(chi2.sf(value, lags), rel=1e-8)


def test_autocorrelation_is_found_and_independence_seldom_taken_for_it():
    seen = {rho: [interrupted(wandering(seed, rho, 120, 80), date(2021, 9, 1), model="linear") for seed in range(30)]
            for rho in (0.6, 0.0)}  # fmt: skip
    small = {rho: np.mean([one.details["breusch_godfrey_p"] < 0.05 for one in found]) for rho, found in seen.items()}
    assert small[0.6] > 0.9
    assert small[0.0] < 0.35  # 12 % of 300 series; 17 % with 36 months
    for one in seen[0.6] + seen[0.0]:
        told = [note for note in one.notes if "autocorrelated" in note]
        either = min(one.details["breusch_godfrey_p"], one.details["ljung_box_p"]) < 0.05
        assert bool(told) is bool(either)
        assert all("Ljung-Box of 12 lags" in note and "Breusch-Godfrey of 12 lags" in note for note in told)


def test_counts_have_no_breusch_godfrey_and_a_short_series_fewer_lags():
    rounded = wandering().round({"outcome": 0})
    assert "breusch_godfrey_p" not in interrupted(rounded, START).details
    short = interrupted(wandering(months=26, at=20), date(2016, 9, 1), model="linear", month_effects=True, harmonics=0)
    assert short.details["breusch_godfrey_lag"] <= 26 - 14 - 1
    assert np.isfinite(short.details["breusch_godfrey_p"])


def test_with_a_comparison_the_tests_are_of_the_treated_series_alone():
    mine, other = wandering(seed=2, rho=0.5), wandering(seed=3)
    both = interrupted(mine, START, model="linear", comparison=other, slope=True)
    alone = interrupted(mine, START, model="linear", slope=True)
    for name in ("breusch_godfrey", "ljung_box_p", "trend_after"):
        assert both.details[name] == pytest.approx(alone.details[name], rel=1e-6)


@pytest.mark.parametrize("model", ["poisson", "log", "linear"])
def test_the_effect_in_the_first_and_the_last_period(model):
    """Seen less expected at the ends of the fit, on the model's scale; with both ways to count the slope."""
    series = wandering().round({"outcome": 0})
    found = [interrupted(series, START, model=model, slope=True, slope_from=step) for step in (0, 1)]
    assert found[0].details["effect_first"] == pytest.approx(found[0].estimate, rel=1e-9)
    for one in found:
        fitted = np.asarray(one.model.fittedvalues)
        fitted = np.exp(fitted) if model == "log" else fitted
        expected = one.series["expected"].to_numpy()
        gap = fitted - expected if model == "linear" else np.log(fitted / expected)
        for name, at in (("first", 36), ("last", 59)):
            assert one.details[f"effect_{name}"] == pytest.approx(gap[at], rel=1e-6)
    shared = ("effect_last", "effect_last_se", "effect_first_se", "trend_after", "trend_after_se", "slope_change")
    for name in shared:
        assert found[0].details[name] == pytest.approx(found[1].details[name], rel=1e-6)
    assert "effect_last" not in interrupted(series, START, model=model).details


def test_the_error_of_ordinary_least_squares():
    found = interrupted(wandering(rho=0.5), START, model="linear")
    x, e = found.model.model.exog, np.asarray(found.model.resid)
    classic = np.sqrt((e @ e) / (len(e) - x.shape[1]) * np.linalg.inv(x.T @ x)[1, 1])
    assert found.details["se_iid"] == pytest.approx(classic, rel=1e-9)
