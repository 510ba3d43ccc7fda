"""Interrupted time series: the published smoking ban of Sicily, a known truth, second computations, refusals."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.its import from_panel, interrupted
from crisiskit.impact.panel import Panel

BAN = date(2005, 1, 1)


@pytest.fixture(scope="module")
def sicily(benchmarks):
    table = pd.read_csv(benchmarks / "its_sicily" / "sicily.csv")
    start = pd.to_datetime(table[["year", "month"]].assign(day=1))
    return pd.DataFrame({"start": start, "outcome": table["aces"], "exposure": table["stdpop"]})


def test_every_figure_of_sicily(benchmarks, sicily):
    m1 = interrupted(sicily, BAN, harmonics=0, dispersion=False)
    m2 = interrupted(sicily, BAN, harmonics=0)
    m3, m3b = interrupted(sicily, BAN), interrupted(sicily, BAN, harmonics=3)
    nb = interrupted(sicily, BAN, model="negbin")
    found = {
        "m1_poisson_b_smokban": m1.estimate, "m1_poisson_se_smokban": m1.se, "m1_poisson_RR": 1 + m1.relative,
        "m1_poisson_RR_lo": 1 + m1.relative_low, "m1_poisson_RR_hi": 1 + m1.relative_high,
        "m1_b_time": m1.details["b_time"],
        "m2_quasi_se_smokban": m2.se, "m2_quasi_dispersion": m2.details["dispersion"], "m2_quasi_p_smokban_t": m2.p,
        "m3_harm2_RR": 1 + m3.relative, "m3_harm2_RR_lo": 1 + m3.relative_low, "m3_harm2_RR_hi": 1 + m3.relative_high,
        "m3_annual_trend": m3.details["annual_trend"], "m3_harm2_b_smokban": m3.estimate, "m3_harm2_se_smokban": m3.se,
        "m3b_harm3_b_smokban": m3b.estimate, "m3b_harm3_se_smokban": m3b.se,
        "m3b_harm3_dispersion": m3b.details["dispersion"],
        "m4_slope_change_F": m3.details["slope_f"], "m4_slope_change_p": m3.details["slope_p"],
        "m3_negbin_b_smokban": nb.estimate, "m3_negbin_se_smokban": nb.se,
        "mean_aces_before": m3.details["mean_before"], "mean_aces_after": m3.details["mean_after"],
    }  # fmt: skip
    expected = pd.read_csv(benchmarks / "its_sicily" / "expected.csv").set_index("quantity")
    assert set(found) == set(expected.index)
    missed = {
        name: (found[name], row["value"]) for name, row in expected.iterrows()
        if not abs(found[name] - row["value"]) <= row["tolerance_abs"]
    }  # fmt: skip
    assert not missed


def test_the_naive_comparison_has_the_wrong_sign(sicily):
    found = interrupted(sicily, BAN)
    assert found.details["naive_ratio"] == pytest.approx(857.5217 / 810.8611 - 1, abs=1e-6)
    assert found.details["naive_ratio"] > 0 > found.relative_high


def test_the_slope_is_tested_alike_whether_it_is_in_the_model_or_not(sicily):
    without, bent = interrupted(sicily, BAN), interrupted(sicily, BAN, slope=True)
    for name in ("slope_f", "slope_p", "slope_change"):
        assert bent.details[name] == pytest.approx(without.details[name], rel=1e-9)


def test_the_order_of_the_rows_does_not_matter(sicily):
    mixed = sicily.sample(frac=1, random_state=4)
    assert interrupted(mixed, BAN) == interrupted(sicily, BAN)


def test_what_was_expected_is_the_fit_without_the_level(sicily):
    found = interrupted(sicily, BAN)
    drawn, after = found.series, np.asarray(found.series["at"] >= pd.Timestamp(BAN))
    fitted = np.asarray(found.model.fittedvalues)
    np.testing.assert_allclose(drawn["expected"][~after], fitted[~after], rtol=1e-9)
    np.testing.assert_allclose(drawn["expected"][after] * np.exp(found.estimate), fitted[after], rtol=1e-9)
    assert (drawn["expected_low"] < drawn["expected"]).all()
    assert (drawn["expected"] < drawn["expected_high"]).all()
    assert drawn["observed"].sum() == sicily["outcome"].sum()
    # a Poisson fit with a level of its own keeps the totals on both sides
    assert fitted[after].sum() == pytest.approx(drawn["observed"][after].sum(), rel=1e-9)


TRUTH = float(np.log(0.7))


def made(truth=TRUTH, months=60, base=40.0, trend=0.002, seed=1, rho=0.0, first="2015-01-01", at=36):
    """Monthly counts with a season, a trend, AR(1) noise of the logarithm and a level change from month `at` on."""
    rng = np.random.default_rng(seed)
    starts = pd.date_range(first, periods=months, freq="MS")
    noise = np.zeros(months)
    shocks = rng.normal(0, 0.15 if rho else 0.0, months)
    for t in range(1, months):
        noise[t] = rho * noise[t - 1] + shocks[t]
    level = np.where(np.arange(months) >= at, truth, 0.0)
    season = 0.2 * np.sin(2 * np.pi * starts.month / 12)
    y = rng.poisson(base * np.exp(trend * np.arange(months) + season + level + noise))
    return pd.DataFrame({"start": starts, "outcome": y})


START = date(2018, 1, 1)


@pytest.mark.parametrize("model", ["poisson", "log"])
def test_a_known_effect_is_found_on_average(model):
    found = [interrupted(made(base=200, seed=seed), START, model=model) for seed in range(40)]
    effects = np.array([one.estimate for one in found])
    assert abs(effects.mean() - TRUTH) < 4 * effects.std(ddof=1) / np.sqrt(40)
    held = np.mean([one.low <= TRUTH <= one.high for one in found])
    assert held >= 0.8


def test_hac_covers_better_than_the_classic_error_under_autocorrelation():
    """AR(1) of 0.6: both are too narrow in a short series, the robust one less so."""
    held = {0: 0, 8: 0}
    for seed in range(60):
        series = made(months=120, at=72, rho=0.6, base=400, seed=seed)
        for lags in held:
            found = interrupted(series, date(2021, 1, 1), model="log", hac_lags=lags)
            held[lags] += found.low <= TRUTH <= found.high
    assert held[8] >= held[0] + 4
    assert held[8] / 60 > 0.7


@pytest.mark.parametrize(("months", "warned"), [(55, True), (56, False)])
def test_newey_west_with_few_periods_after_the_start_is_warned_of(months, warned):
    """Under 20 periods: a 5 % test of independent counts rejected 29 % with 4 after, 11 % with 18."""
    series = made(months=months)
    notes = {how: interrupted(series, START, model=how).notes for how in ("log", "poisson")}
    assert any("robust to autocorrelation are too small" in note for note in notes["log"]) is warned
    assert not any("robust to autocorrelation are too small" in note for note in notes["poisson"])


def test_newey_west_by_hand():
    """Bartlett weights on the scores, written out; the factor n/(n-k)."""
    series, lags = made(rho=0.5), 4
    found = interrupted(series, START, model="log", hac_lags=lags)
    x, e = found.model.model.exog, np.asarray(found.model.resid)
    n, k = x.shape
    scores = x * e[:, None]
    middle = scores.T @ scores
    for lag in range(1, lags + 1):
        part = scores[lag:].T @ scores[:-lag]
        middle += (1 - lag / (lags + 1)) * (part + part.T)
    bread = np.linalg.inv(x.T @ x)
    assert found.se == pytest.approx(np.sqrt((bread @ middle @ bread)[1, 1] * n / (n - k)), rel=1e-9)
    assert found.correction == "Newey-West, 4 lags, n/(n-k)"


def test_a_controlled_series_is_the_difference_of_two_single_ones():
    mine, other = made(seed=3), made(truth=np.log(0.9), base=300, seed=4)
    both = interrupted(mine, START, comparison=other)
    alone, theirs = interrupted(mine, START), interrupted(other, START)
    assert both.estimate == pytest.approx(alone.estimate - theirs.estimate, abs=1e-8)
    assert both.se == pytest.approx(np.hypot(alone.se, theirs.se), rel=1e-7)
    assert len(both.series) == 60
    assert both.n == 120


def test_a_controlled_log_series_is_the_single_series_of_the_ratio():
    """Least squares with every term twice equals least squares of the difference of logarithms, errors and all."""
    mine, other = made(seed=3, rho=0.5), made(base=300, seed=4, rho=0.5)
    both = interrupted(mine, START, model="log", comparison=other, hac_lags=3)
    ratio = interrupted(mine.assign(exposure=other["outcome"]), START, model="log", hac_lags=3)
    assert both.estimate == pytest.approx(ratio.estimate, abs=1e-9)
    assert both.se == pytest.approx(ratio.se, rel=1e-7)
    assert (both.low, both.high) == pytest.approx((ratio.low, ratio.high), rel=1e-7)


def test_a_common_change_is_taken_off_by_the_comparison():
    mine, other = made(base=2000, seed=5), made(base=2000, seed=6)
    assert interrupted(mine, START).relative_high < -0.2
    both = interrupted(mine, START, comparison=other)
    assert both.low < 0 < both.high


def test_a_shock_of_its_own_gets_a_term_and_one_outside_gets_a_note():
    series = made(base=300)
    hit = series["start"].between("2019-03-01", "2019-05-31")
    struck = series.assign(outcome=series["outcome"].where(~hit, series["outcome"] // 3))
    shocks = [("lockdown", date(2019, 3, 10), date(2019, 5, 20)), ("flood", date(2030, 1, 1), date(2030, 2, 1))]
    plain, cared = interrupted(struck, START), interrupted(struck, START, shocks=shocks)
    truth = interrupted(series, START).estimate
    assert abs(cared.estimate - truth) < abs(plain.estimate - truth) / 3
    assert any("'flood'" in note for note in cared.notes)
    # months with a term of their own that are dropped leave the same estimate
    months = [(str(day), day.date(), day.date()) for day in struck.loc[hit, "start"]]
    assert interrupted(struck, START, shocks=months).estimate == pytest.approx(
        interrupted(struck[~hit], START).estimate, abs=1e-6
    )


def test_a_shock_that_is_the_programme_itself_cannot_be_told_apart():
    found = interrupted(made(), START, shocks=[("law", START, date(2019, 12, 31))])
    assert any("'law' cannot be told" in note for note in found.notes)
    assert found.estimate == interrupted(made(), START).estimate


def test_a_gap_in_time_stays_a_gap():
    """Counts close to a straight line: the trend is per calendar month though five months are missing."""
    months = np.arange(48)
    y = np.round(1e6 * np.exp(0.01 * months) * np.where(months >= 30, 0.8, 1.0))
    series = pd.DataFrame({"start": pd.date_range("2015-01-01", periods=48, freq="MS"), "outcome": y})
    found = interrupted(series.drop(index=[10, 11, 12, 13, 33]), date(2017, 7, 1), harmonics=0)
    assert found.details["b_time"] == pytest.approx(0.01, abs=1e-7)
    assert found.relative == pytest.approx(-0.2, abs=1e-6)


def test_a_short_series_has_no_season_and_says_so():
    found = interrupted(made(months=20, at=12), date(2016, 1, 1))
    assert any("under two: no season" in note for note in found.notes)
    assert found.model.model.exog.shape[1] == 3


def test_a_start_inside_a_period_counts_that_period():
    inside = interrupted(made(), date(2018, 1, 20))
    assert inside.estimate == interrupted(made(), START).estimate
    assert any("counts as treated" in note for note in inside.notes)


@pytest.mark.parametrize(("how", "said"), [
    ({"start": date(2015, 6, 1)}, "5 periods lie before"),
    ({"start": date(2019, 11, 1)}, "2 periods lie after"),
    ({"start": date(2024, 1, 1)}, "outside the series"),
    ({"start": date(2015, 1, 1)}, "outside the series"),
    ({"harmonics": 7}, "harmonics=7"),
    ({"hac_lags": 99}, "hac_lags=99"),
    ({"hac_lags": 3, "model": "negbin"}, "hac_lags goes with"),
])  # fmt: skip
def test_what_cannot_be_asked(how, said):
    with pytest.raises(UserError, match=said):
        interrupted(made(), **({"start": START} | how))


@pytest.mark.parametrize(("change", "model", "said"), [
    (lambda y: 0 * y, "poisson", "0 in every period: there is nothing"),
    (lambda y: y.where(y.index < 36, 0), "poisson", "0 in every period after the start"),
    (lambda y: y.where(y.index >= 36, 0), "negbin", "0 in every period before the start"),
    (lambda y: y.where(y.index != 5, 0), "log", "1 periods are 0"),
    (lambda y: -y, "poisson", "below 0"),
    (lambda y: 0 * y + 7, "linear", "fit every period exactly"),
    (lambda y: 40 + y.index.to_series() % 2, "negbin", "vary less than Poisson"),
])  # fmt: skip
def test_data_that_hold_no_answer(change, model, said):
    series = made()
    with pytest.raises(UserError, match=said):
        interrupted(series.assign(outcome=change(series["outcome"]).astype("float64")), START, model=model)


def test_more_terms_than_points():
    series = made(months=26, at=20).drop(index=range(1, 12))
    with pytest.raises(UserError, match="15 terms for 15 periods"):
        interrupted(series, date(2016, 9, 1), harmonics=6, slope=True)


def panel(status, outcome, step="month", exposure=None):
    n, t = outcome.shape
    starts = tuple(day.date() for day in pd.date_range("2015-01-01", periods=t, freq="MS"))
    return Panel(tuple(f"a{i}" for i in range(n)), starts, step, outcome, status, "thefts", exposure=exposure)


def counts(n=4, t=60, seed=2):
    return np.random.default_rng(seed).poisson(30, (n, t)).astype("float64")


def block(n=4, t=60, treated=2, at=36):
    status = np.zeros((n, t))
    status[:treated, at:] = 1
    return status


def test_a_panel_is_its_sums():
    y = counts()
    found = from_panel(panel(block(), y))
    starts = pd.date_range("2015-01-01", periods=60, freq="MS")
    mine, other = (pd.DataFrame({"start": starts, "outcome": y[rows].sum(axis=0)}) for rows in (slice(2), slice(2, 4)))
    by_hand = interrupted(mine, START, comparison=other)
    assert (found.estimate, found.se, found.p) == (by_hand.estimate, by_hand.se, by_hand.p)
    assert (found.units, found.treated_units, found.outcome) == (4, 2, "thefts")
    alone = from_panel(panel(block(treated=4), y))
    assert "controlled" not in alone.method


def test_a_missing_cell_takes_its_period_out():
    y = counts()
    y[0, 7] = np.nan
    found = from_panel(panel(block(), y))
    assert len(found.series) == 59
    assert any("1 periods with a missing cell of the treated" in note for note in found.notes)


def test_short_panels_have_no_season():
    found = from_panel(panel(block(t=20, at=10), counts(t=20)))
    assert found.model.model.exog.shape[1] == 6


@pytest.mark.parametrize(("treated", "said"), [(2, "use the staggered design"), (4, "no area is without it")])
def test_several_starts_are_another_design(treated, said):
    status = block(treated=treated)
    status[0, 30:36] = 1
    with pytest.raises(UserError, match=said):
        from_panel(panel(status, counts()))


def test_a_panel_without_a_programme():
    with pytest.raises(UserError, match="no area of the panel is treated"):
        from_panel(panel(np.zeros((4, 60)), counts()))


def test_covariates_are_those_of_least_squares():
    rng = np.random.default_rng(3)
    series = made(base=200).assign(rain=rng.normal(5, 2, 60), heat=rng.normal(20, 8, 60))
    series["outcome"] += 10 * series["rain"]
    found = interrupted(series, START, model="linear", harmonics=0, covariates=("rain", "heat"))
    level = (np.arange(60) >= 36) * 1.0
    x = np.column_stack([np.ones(60), level, np.arange(60) + 1, series["rain"], series["heat"]])
    b = np.linalg.lstsq(x, series["outcome"].to_numpy(), rcond=None)[0]
    assert found.estimate == pytest.approx(b[1], rel=1e-9)
    assert found.details["b_covariate_rain"] == pytest.approx(b[3], rel=1e-9)
    assert abs(found.details["b_covariate_rain"] - 10) < 4 * found.details["se_covariate_rain"]


def test_each_series_has_covariates_of_its_own():
    rng = np.random.default_rng(4)
    mine, other = (made(base=300, seed=seed).assign(rain=rng.normal(5, 2, 60)) for seed in (5, 6))
    both = interrupted(mine, START, comparison=other, covariates=("rain",))
    alone, theirs = (interrupted(one, START, covariates=("rain",)) for one in (mine, other))
    assert both.estimate == pytest.approx(alone.estimate - theirs.estimate, abs=1e-8)
    assert both.details["b_covariate_rain"] == pytest.approx(alone.details["b_covariate_rain"], abs=1e-8)
    flat = other.assign(rain=5.0)
    with pytest.raises(UserError, match="cannot be told apart"):
        interrupted(mine, START, comparison=flat, covariates=("rain",))


def test_a_period_without_its_covariate_is_unknown():
    series = made().assign(rain=np.random.default_rng(1).normal(size=60))
    series.loc[7, "rain"] = np.nan
    found = interrupted(series, START, covariates=("rain",))
    assert found.n == 59
    assert any("1 periods of the series are unknown" in note for note in found.notes)
    for values, said in (("wet", "row 1: rain is 'wet'"), (3.0, "cannot be told apart")):
        with pytest.raises(UserError, match=said):
            interrupted(series.assign(rain=values), START, covariates=("rain",))


def test_a_linear_model_takes_values_below_zero_and_no_share_of_them():
    series = made(base=200)
    lower = series.assign(outcome=series["outcome"] - 1000.0)
    one, two = (interrupted(table, START, model="linear") for table in (series, lower))
    assert (two.estimate, two.se) == pytest.approx((one.estimate, one.se), rel=1e-9)
    assert np.isnan(two.relative)
    with pytest.raises(UserError, match="below 0"):
        interrupted(lower, START, model="log")


def test_what_outweighs_everything_and_what_is_the_same_is_refused():
    series = made()
    with pytest.raises(UserError, match="outweighs all others"):
        interrupted(series.assign(outcome=series["outcome"].where(series.index != 10, 10**7)), START)
    with pytest.raises(UserError, match="move alike"):
        interrupted(series, START, model="log", comparison=series)
    with pytest.raises(ValueError, match="slope_from=2"):
        interrupted(series, START, slope_from=2)


def test_an_area_without_any_record_is_named():
    y = counts()
    y[1] = np.nan
    with pytest.raises(UserError, match="area 'a1' has no known outcome in any period, so that the treated"):
        from_panel(panel(block(), y))
