"""Weights, sandwich, standardised differences, E-values: by hand, by other libraries, by published values."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.weightstats import DescrStatsW
from statsmodels.treatment.treatment_effects import TreatmentEffect

from crisiskit.errors import UserError
from crisiskit.impact.exact_strata import mantel_haenszel, matched, stratified
from crisiskit.impact.weighting import bounds, e_value, propensity, standardised, weighted, weights


def _data(seed: int = 3, n: int = 800) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    columns = pd.DataFrame({"severe": (rng.random(n) < 0.4).astype(float), "age": rng.normal(40, 12, n)})
    logit = 0.4 - 1.4 * columns["severe"] + 0.02 * (columns["age"] - 40)
    treated = rng.random(n) < 1 / (1 + np.exp(-logit.to_numpy()))
    risk = 0.12 + 0.3 * columns["severe"].to_numpy() - 0.05 * treated
    return columns, treated, (rng.random(n) < risk).astype(float)


def _mu(columns: pd.DataFrame, treated: np.ndarray, y: np.ndarray, kind: str) -> tuple[float, float]:
    """Hajek's means with weights written out, from a logistic regression by Newton steps of our own."""
    x = np.column_stack([np.ones(len(columns)), columns])
    b = np.zeros(x.shape[1])
    for _step in range(50):
        e = 1 / (1 + np.exp(-x @ b))
        b = b + np.linalg.solve((x * (e * (1 - e))[:, None]).T @ x, x.T @ (treated - e))
    w1 = {"att": np.ones(len(e)), "ate": 1 / e, "overlap": 1 - e}[kind]
    w0 = {"att": e / (1 - e), "ate": 1 / (1 - e), "overlap": e}[kind]
    one, nought = w1[treated] @ y[treated] / w1[treated].sum(), w0[~treated] @ y[~treated] / w0[~treated].sum()
    return float(one), float(nought)


@pytest.mark.parametrize("kind", ["att", "ate", "overlap"])
def test_hajek_means_by_hand(kind: str) -> None:
    columns, treated, y = _data()
    found = weighted(y, treated, propensity(columns, treated), kind)
    assert (found.treated, found.comparison) == pytest.approx(_mu(columns, treated, y, kind), abs=1e-9)
    w = weights(propensity(columns, treated).score, treated, kind)
    assert found.comparison == pytest.approx(DescrStatsW(y[~treated], w[~treated]).mean, abs=1e-9)
    assert [w[side].mean() for side in (treated, ~treated)] == pytest.approx([1, 1])
    assert found.size[1] == pytest.approx(w[~treated].sum() ** 2 / (w[~treated] ** 2).sum())


@pytest.mark.parametrize(("kind", "group"), [("att", 1), ("ate", "all")])
def test_weighted_is_statsmodels_treatment_effect(kind: str, group: int | str) -> None:
    """Its one-step GMM has no n/(n-1); the means, their difference and the errors are the same otherwise."""
    columns, treated, y = _data()
    x = sm.add_constant(columns)
    score = sm.Logit(treated.astype(float), x).fit(disp=0)
    other = TreatmentEffect(sm.OLS(y, x), treated.astype(int), results_select=score).ipw(effect_group=group)
    found = weighted(y, treated, propensity(columns, treated), kind)
    table = other.summary_frame()
    assert table["coef"].to_list() == pytest.approx([found.difference, found.comparison, found.treated], abs=1e-8)
    assert found.se == pytest.approx(table["std err"].iloc[0] * np.sqrt(len(y) / (len(y) - 1)), rel=1e-5)


@pytest.mark.parametrize("kind", ["att", "ate", "overlap"])
def test_sandwich_is_the_jackknife(kind: str) -> None:
    """The delete-one jackknife refits the propensity each time: another way to the same standard error."""
    columns, treated, y = _data(5, 300)
    found = weighted(y, treated, propensity(columns, treated), kind)
    n = len(y)
    left = []
    for gone in range(n):
        rest = np.arange(n) != gone
        one, nought = _mu(columns[rest], treated[rest], y[rest], kind)
        left.append((one - nought, np.log(one / nought)))
    jackknife = np.sqrt((n - 1) / n * ((left - np.mean(left, axis=0)) ** 2).sum(axis=0))
    assert found.se == pytest.approx(jackknife[0], rel=0.03)
    log_se = (np.log(found.ratio_high) - np.log(found.ratio_low)) / (2 * norm.ppf(0.975))
    assert log_se == pytest.approx(jackknife[1], rel=0.04)


def test_unweighted_is_least_squares_with_robust_and_clustered_errors() -> None:
    """statsmodels: HC0 times sqrt(n/(n-1)), and clusters with its correction G/(G-1) x (n-1)/(n-k) taken off."""
    _, treated, y = _data()
    x = sm.add_constant(treated.astype(float))
    found = weighted(y, treated, None)
    n = len(y)
    assert found.se == pytest.approx(sm.OLS(y, x).fit(cov_type="HC0").bse[1] * np.sqrt(n / (n - 1)), rel=1e-9)
    cluster = np.arange(n) // 8
    fit = sm.OLS(y, x).fit(cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False})
    by = weighted(y, treated, None, cluster=cluster)
    assert by.se == pytest.approx(fit.bse[1] * np.sqrt(100 / 99), rel=1e-9)
    assert by.clusters == 100
    assert by.difference == pytest.approx(fit.params[1])


def test_constant_score_changes_nothing() -> None:
    """Weights by a covariate that says nothing of the group leave the risks as they are."""
    treated, y = np.tile([True, False], 40), np.tile([1.0, 0, 0, 1, 0, 0, 1, 1], 10)
    columns = pd.DataFrame({"x": np.repeat([0.0, 1.0], 2).tolist() * 20})
    fit = propensity(columns, treated)
    found, plain = weighted(y, treated, fit), weighted(y, treated, None)
    assert fit.score == pytest.approx([0.5] * 80)
    assert (found.treated, found.comparison) == pytest.approx((plain.treated, plain.comparison))


def test_repeated_columns_are_left_out() -> None:
    columns, treated, y = _data()
    severe, age = columns["severe"], columns["age"]
    fit = propensity(columns.assign(mild=1 - severe, both=severe * 2 + age, last=age**2), treated)
    assert fit.dropped == ("mild", "both")
    assert fit.names == ("severe", "age", "last")
    same = propensity(columns.assign(last=age**2), treated)
    np.testing.assert_allclose(fit.score, same.score, atol=1e-10)


def test_separation_names_the_column() -> None:
    columns, treated, _ = _data()
    apart = columns.assign(hours=np.where(treated, 5.0, 1.0) + columns["severe"])
    with pytest.raises(UserError, match=r"'hours' tells the two groups apart without exception \(perfect separation\)"):
        propensity(apart, treated)
    nearly = columns.assign(level=(treated & (columns["age"] > 45)).astype(float))  # 1 only among the treated
    with pytest.raises(UserError, match=r"'level' \(with the other covariates\) tells.*perfect separation"):
        propensity(nearly, treated)


def test_outside_the_limits_and_not_recorded_count_nothing() -> None:
    """Events moved onto encounters that are left out or not recorded change no risk."""
    columns, treated, y = _data()
    fit = propensity(columns, treated)
    kept = fit.score < 0.6
    lost = np.where(np.arange(len(y)) % 7 == 0, np.nan, y)
    found = weighted(lost, treated, fit, "att", kept)
    other = weighted(np.where(kept, lost, 1.0), treated, fit, "att", kept)
    assert found == other
    use = kept & np.isfinite(lost)
    odds = fit.score / (1 - fit.score)
    assert found.comparison == pytest.approx(np.average(y[use & ~treated], weights=odds[use & ~treated]))
    assert found.treated == pytest.approx(y[use & treated].mean())


def test_no_event_in_a_group_has_newcombes_limits() -> None:
    """0 of 20 against 10 of 20: Newcombe's (1998) hybrid score limits are those of statsmodels."""
    from statsmodels.stats.proportion import confint_proportions_2indep

    treated, y = np.repeat([True, False], 20), np.r_[np.zeros(20), np.repeat([1.0, 0.0], 10)]
    found = weighted(y, treated, None)
    assert (found.low, found.high) == pytest.approx(confint_proportions_2indep(0, 20, 10, 20, method="newcomb"))
    assert found.low < found.difference == -0.5 < found.high < 0
    assert np.isnan([found.p, found.ratio_low, found.ratio_high]).all()
    assert "no event" in found.limits


def test_bounds_by_hand() -> None:
    """Weights 1, 1, 2, 4 with yes, no, unknown, unknown: 1/8 to 7/8."""
    assert bounds(np.array([1.0, 0.0, np.nan, np.nan]), np.array([1.0, 1.0, 2.0, 4.0])) == (1 / 8, 7 / 8)


def test_exact_strata_by_hand() -> None:
    """Two strata with both groups (4 and 2 of the programme), one without counterpart."""
    stratum = np.array([0] * 8 + [1] * 4 + [2] * 3)
    treated = np.array([True] * 4 + [False] * 4 + [True] * 2 + [False] * 2 + [True] * 3)
    y = np.array([1.0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 1, 1])
    found, used, lost, thin = stratified(y, treated, stratum)
    assert (used, lost, thin) == (2, 3, 0)
    y[4:7] = np.nan  # one of the four others of the first stratum is left
    assert stratified(y, treated, stratum)[1:] == (2, 3, 4)
    assert found.treated == pytest.approx(2 / 6)
    assert found.comparison == pytest.approx((4 * 0.5 + 2 * 1) / 6)
    assert matched(y, treated, stratum).sum() == 9


def test_exact_strata_are_weights_with_a_parameter_per_stratum() -> None:
    """Estimate and standard error equal inverse-probability weighting on the saturated model."""
    columns, treated, y = _data()
    stratum = (columns["severe"] * 3 + pd.cut(columns["age"], 3, labels=False)).to_numpy().astype(int)
    dummies = pd.DataFrame({str(s): (stratum == s).astype(float) for s in range(1, 6)})
    cluster = np.arange(len(y)) // 4
    found, *_ = stratified(y, treated, stratum, cluster)
    other = weighted(y, treated, propensity(dummies, treated), "att", None, cluster)
    assert (found.difference, found.se, found.ratio_low) == pytest.approx(
        (other.difference, other.se, other.ratio_low), rel=1e-6)  # fmt: skip


def test_mantel_haenszel_against_statsmodels_and_one_table() -> None:
    columns, treated, y = _data()
    stratum = columns["severe"].to_numpy()
    tables = [np.array([[(y[g & t] == 1).sum(), (y[g & t] == 0).sum()] for t in (treated, ~treated)])
              for g in (stratum == 0, stratum == 1)]  # fmt: skip
    assert mantel_haenszel(y, treated, stratum)[0] == pytest.approx(StratifiedTable(tables).riskratio_pooled)
    one = mantel_haenszel(y, treated, np.zeros(len(y)))
    table = sm.stats.Table2x2(tables[0] + tables[1])
    assert one == pytest.approx((table.riskratio, *table.riskratio_confint()), rel=2e-3)
    assert np.isnan(mantel_haenszel(np.where(treated, 0.0, y), treated, stratum)).all()
    with pytest.raises(UserError, match="no stratum"):
        stratified(y, treated, treated.astype(int))


def test_standardised_difference_by_hand() -> None:
    """Shares 0.6 and 0.2: 0.4 / sqrt((0.24 + 0.16) / 2). Numbers: with n - 1 in each variance."""
    level, treated = np.r_[np.repeat([1.0, 0.0], [6, 4]), np.repeat([1.0, 0.0], [2, 8])], np.repeat([True, False], 10)
    assert standardised(level, treated) == pytest.approx(0.4 / np.sqrt(0.2))
    numbers = np.array([1.0, 2, 3, 5, 7, 9])
    sides = np.repeat([True, False], 3)
    assert standardised(numbers, sides) == pytest.approx((2 - 7) / np.sqrt((1 + 4) / 2))
    w = np.array([1.0, 1, 1, 3, 1, 0])
    assert standardised(numbers, sides, w) == pytest.approx((2 - 22 / 4) / np.sqrt(2.5))  # the scale stays
    assert standardised(np.ones(6), sides) == 0
    assert standardised(sides.astype(float), sides) == np.inf


def test_att_weights_balance_what_is_in_the_score() -> None:
    columns, treated, _ = _data()
    w = weights(propensity(columns, treated).score, treated)
    assert abs(standardised(columns["severe"].to_numpy(), treated)) > 0.3
    assert standardised(columns["severe"].to_numpy(), treated, w) == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(
    ("ratio", "low", "high", "point", "limit"),
    [
        (10.73, 8.02, 14.36, 20.95, 15.52),  # smoking and lung cancer, as the authors' R package EValue prints it
        (3.9, 1.8, 8.7, 7.26, 3.0),  # VanderWeele and Ding 2017: breast feeding and respiratory death
        (0.80, 0.71, 0.91, 1.81, 1.43),  # the same paper: a protective ratio, inverted
        (1.2, 0.9, 1.6, 1.2 + np.sqrt(0.24), 1.0),
        (0.7, 0.4, 1.1, 1 / 0.7 + np.sqrt(1 / 0.7 * (1 / 0.7 - 1)), 1.0),
        (1.0, 0.9, 1.1, 1.0, 1.0),
    ],
)
def test_e_value_published(ratio: float, low: float, high: float, point: float, limit: float) -> None:
    assert e_value(ratio, low, high) == pytest.approx((point, limit), abs=0.006)


def test_e_value_where_nothing_is_known() -> None:
    assert np.isnan(e_value(float("nan"))).all()
    assert np.isnan(e_value(0.0)).all()
    assert e_value(2.0)[0] == pytest.approx(2 + np.sqrt(2))
    assert np.isnan(e_value(2.0)[1])


def test_an_outcome_that_is_no_share_is_compared_by_means():
    """Five times a yes plus ten: everything is five times as large, and limits exist beyond 1."""
    rng = np.random.default_rng(6)
    treated, x = rng.random(400) < 0.4, rng.normal(size=400)
    yes = (rng.random(400) < 0.3 + 0.1 * (x > 0)) * 1.0
    fit = propensity(pd.DataFrame({"x": x}), treated)
    shares, minutes = weighted(yes, treated, fit), weighted(10 + 5 * yes, treated, fit)
    assert (minutes.difference, minutes.se) == pytest.approx((5 * shares.difference, 5 * shares.se), rel=1e-8)
    assert (minutes.low, minutes.high) == pytest.approx((5 * shares.low, 5 * shares.high), rel=1e-8)
    assert minutes.p == pytest.approx(shares.p, rel=1e-8)
    assert minutes.ratio == pytest.approx(minutes.treated / minutes.comparison)
    assert minutes.ratio_low < minutes.ratio < minutes.ratio_high
    below = weighted(yes - 5, treated, fit)
    assert below.difference == pytest.approx(shares.difference, rel=1e-8)
    assert np.isnan([below.ratio, below.ratio_low, below.ratio_high]).all()


def test_groups_and_columns_that_cannot_serve_are_refused():
    rng = np.random.default_rng(6)
    treated, x, y = rng.random(60) < 0.4, rng.normal(size=60), (rng.random(60) < 0.3) * 1.0
    with pytest.raises(UserError, match="'x' has no value in 1 of 60 encounters"):
        propensity(pd.DataFrame({"x": np.where(np.arange(60) == 4, np.nan, x)}), treated)
    with pytest.raises(UserError, match="every encounter is in the same group"):
        propensity(pd.DataFrame({"x": x}), np.ones(60, bool))
    for values, groups, said in (
        (y, np.zeros(60, bool), "none of the programme's"), (np.where(treated, y, np.nan), treated, "none of the comp"),
        (np.where(np.arange(60) == 4, np.inf, y), treated, "infinite in 1 encounters"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said):
            weighted(values, groups, None)


def test_powers_of_a_measurement_are_steep_and_no_separation():
    """As in the propensity of Dehejia and Wahba (1999): -52.7 a standard deviation for the square of age, t 6."""
    rng = np.random.default_rng(5)
    age = rng.uniform(20, 60, 4000)
    index = -((age - 40) ** 2) / 40 + 1
    treated = rng.random(4000) < 1 / (1 + np.exp(-index))
    columns = pd.DataFrame({"age": age, "square": age**2, "cube": age**3})
    found = propensity(columns, treated)
    assert np.abs(found.model.params[1:]).max() > 15
    np.testing.assert_allclose(found.score, 1 / (1 + np.exp(-index)), atol=0.05)
