"""The programme's effect by dummies: Denver's published figures, least squares by hand, what must hold."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.did import twfe
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import randomise
from crisiskit.simulate.panels import panel

TREATED = ("123", "211", "311", "611", "612", "621", "622", "623")
RATES = ("arrests", "black", "white", "asian", "amer_ind", "male", "female")


def _expected(folder: Path) -> tuple[pd.Series, pd.Series]:
    table = pd.read_csv(folder / "expected.csv", index_col="quantity")
    return table["value"], table["tolerance_abs"]


@pytest.fixture(scope="module")
def star(benchmarks: Path) -> Panel:
    """36 precincts by 12 months of Denver, the outcome and the treated precincts of the benchmark's README."""
    rows = pd.read_csv(benchmarks / "denver_star_panel" / "denver_precinct_month.csv", dtype={"precinct": str})
    chosen = rows["offense_category"].isin(["all-other-crimes", "drug-alcohol"])
    chosen &= rows["month"].between("2019-12", "2020-11")
    wide = rows[chosen].pivot_table(index="precinct", columns="month", values="n", aggfunc="sum", fill_value=0)
    status = wide.index.isin(TREATED)[:, None] & (wide.columns >= "2020-06")[None, :]
    starts = tuple(date.fromisoformat(f"{month}-01") for month in wide.columns)
    return Panel(tuple(wide.index), starts, "month", wide.to_numpy("float64"), status, "targeted offences")


def test_denver_star(star: Panel, benchmarks: Path) -> None:
    value, tolerance = _expected(benchmarks / "denver_star_panel")
    log, counts = twfe(star, "log"), twfe(star)
    got = {
        "published_pct_effect": 100 * log.relative,
        "twfe_log_b": log.estimate,
        "twfe_log_se_nested": log.details["se_nested"],
        "twfe_log_se_linearmodels": log.details["se_linearmodels"],
        "twfe_log_se_lsdv": log.details["se_lsdv"],
        "twfe_log_pct": 100 * log.relative,
        "poisson_b": counts.estimate,
        "n_precincts": len(star.units),
        "n_panel_rows": log.n,
    }
    for name, found in got.items():
        assert found == pytest.approx(value[name], abs=tolerance[name]), name
    rest = {"event_jun2020", "event_nov2020", "pretrend_wald_chi2_df5", "pretrend_p_chi2"}
    rest |= {"randomisation_p_20000_draws"}
    assert set(value.index) == set(got) | rest  # the rest: the next test, and those of the event study
    assert (log.clusters, log.treated_units) == (36, 8)
    assert "8 treated areas" in log.notes[0]
    assert log.correction == twoway.CORRECTION


def test_denver_star_randomisation(star: Panel, benchmarks: Path) -> None:
    """The benchmark deals out the coefficient; t, the library's own statistic, comes out at 0.009 on these data."""
    value, tolerance = _expected(benchmarks / "denver_star_panel")
    name = "randomisation_p_20000_draws"
    test = randomise(star, "log", draws=20_000, statistic="estimate")
    assert (test.draws, test.exact) == (20_000, False)
    assert test.p == pytest.approx(value[name], abs=tolerance[name])
    assert randomise(star, "log", draws=20_000).p == pytest.approx(0.009, abs=0.003)


@pytest.fixture(scope="module")
def metro(benchmarks: Path) -> pd.DataFrame:
    return pd.read_csv(benchmarks / "denver_metro_arrests" / "nonviolent_arrests.csv",
                       dtype={"fips_state_county_code": str})  # fmt: skip


def _counties(rows: pd.DataFrame, group: str) -> Panel:
    rows = rows.assign(status=rows["treatment"] * rows["post_treatment"])
    wide = rows.pivot(index="fips_state_county_code", columns="date", values=f"arrest_rate_gt_{group}")
    status = rows.pivot(index="fips_state_county_code", columns="date", values="status")
    starts = tuple(date.fromisoformat(day) for day in wide.columns)
    return Panel(tuple(wide.index), starts, "month", wide.to_numpy(), status.to_numpy(), group)


@pytest.mark.parametrize("group", RATES)
def test_denver_metro(metro: pd.DataFrame, benchmarks: Path, group: str) -> None:
    """Every published coefficient and error; and the t of one treated county of seven is not to be believed.

    The source's month effects are of the calendar (12 and a dummy for after), which leaves the coefficient and the
    sandwich as they are: 20 columns, not 31, count in N/(N-K), and so its error is met to the last digit printed.
    """
    value, tolerance = _expected(benchmarks / "denver_metro_arrests")
    assert len(value) == 2 * len(RATES)
    counties = _counties(metro, group)
    found = twfe(counties, "linear")
    name = f"did_arrest_rate_gt_{group}"
    assert found.estimate == pytest.approx(value[name], abs=tolerance[name])
    name = f"se_arrest_rate_gt_{group}_as_published"
    assert found.details["se_linearmodels"] == pytest.approx(value[name], abs=tolerance[name])
    assert found.se == pytest.approx(value[name], abs=tolerance[name])
    columns = 1 + 1 + 11 + 7
    calendar = found.details["se_sandwich"] * np.sqrt(found.n / (found.n - columns))
    assert calendar == pytest.approx(value[name], rel=5e-4)
    assert found.notes[0].startswith("One treated area of 7: the clustered error is not to be believed")
    assert "0.143" in found.notes[0]
    test = randomise(counties, "linear")
    assert test.smallest_p == pytest.approx(1 / 7)
    assert test.p >= 1 / 7 - 1e-12


def _simulated(seed: int = 1, **settings) -> Panel:
    drawn = panel(seed, **({"areas": 12, "months": 10, "treated": 4, "effect": -0.4, "mean": 30} | settings))
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome + 1, drawn.status, "events")


def _holed(full: Panel, exposed: bool, model: str) -> Panel:
    outcome = full.outcome.copy()
    outcome[0, 1] = outcome[5, 7:] = np.nan
    exposure = np.random.default_rng(2).uniform(1, 4, outcome.shape) if exposed else None
    if exposure is not None:
        exposure[3, 3] = 0
        exposure[int(np.flatnonzero(full.treated)[0]), -1] = np.nan
    return replace(full, outcome=outcome, exposure=exposure)


@pytest.mark.parametrize("model", twoway.MODELS)
@pytest.mark.parametrize("exposed", [False, True])
@pytest.mark.parametrize("cohorts", [1, 2])
def test_same_as_the_matrices_and_expected_adds_up(model: str, exposed: bool, cohorts: int) -> None:
    data = _holed(_simulated(cohorts=cohorts, stagger=2), exposed, model)
    found = twfe(data, model)
    quick = twoway.fit(data.outcome, data.status, model, data.exposure)
    assert found.estimate == pytest.approx(quick.b, abs=1e-8)
    assert found.se == pytest.approx(quick.se, abs=1e-8)
    detail = found.details
    on = (data.status > 0) & np.isfinite(quick.expected)
    assert detail["treated_cells"] == on.sum()
    assert detail["expected"] == pytest.approx(quick.expected[on].sum(), rel=1e-8)
    assert detail["observed"] == data.outcome[on].sum()
    assert detail["averted"] == pytest.approx(detail["expected"] - detail["observed"], rel=1e-12)
    assert detail["averted_low"] < detail["averted"] < detail["averted_high"]
    if model == "poisson":  # its own equation for the programme
        assert detail["observed"] / detail["expected"] == pytest.approx(np.exp(found.estimate), rel=1e-9)
        assert detail["averted_high"] / detail["observed"] == pytest.approx(np.expm1(-found.low), rel=1e-9)
    if model == "linear":
        size = data.exposure[on].sum() if exposed else on.sum()
        assert found.relative == pytest.approx(found.estimate * size / detail["expected"], rel=1e-8)
        assert found.relative_low == pytest.approx(found.low * size / detail["expected"], rel=1e-8)
        if not exposed:  # the residuals of treated cells cancel
            assert found.estimate * size == pytest.approx(-detail["averted"], rel=1e-8)
    else:
        assert found.relative == pytest.approx(np.expm1(found.estimate))
        assert found.relative_high == pytest.approx(np.expm1(found.high))


def test_rate_or_count_the_same_share() -> None:
    """With the same exposure everywhere, dividing by it changes no share: only the unit of the difference."""
    data = _simulated()
    bare = twfe(data, "linear")
    rate = twfe(replace(data, exposure=np.full(data.outcome.shape, 250.0)), "linear")
    assert rate.estimate == pytest.approx(bare.estimate / 250)
    assert rate.relative == pytest.approx(bare.relative)
    assert rate.details["averted"] == pytest.approx(bare.details["averted"])


def test_interval_and_conventions_by_hand() -> None:
    from scipy.stats import t as student

    data = _simulated()
    found = twfe(data, "linear", confidence=0.9)
    sandwich, n, k, g = found.details["se_sandwich"], 120, 1 + 12 + 9, 12
    assert (found.n, found.clusters) == (n, g)
    assert found.se == pytest.approx(sandwich * np.sqrt(g / (g - 1)))
    assert found.details["se_lsdv"] == pytest.approx(sandwich * np.sqrt(g / (g - 1) * (n - 1) / (n - k)))
    assert found.details["se_nested"] == pytest.approx(sandwich * np.sqrt(g / (g - 1) * (n - 1) / (n - (k - g) - 1)))
    assert found.details["se_linearmodels"] == pytest.approx(sandwich * np.sqrt(n / (n - k)))
    assert found.high - found.estimate == pytest.approx(student.ppf(0.95, g - 1) * found.se)
    assert found.p == pytest.approx(2 * student.sf(abs(found.estimate / found.se), g - 1))


def test_covariates_are_those_of_least_squares() -> None:
    data = _simulated()
    z = np.random.default_rng(4).standard_normal((2, *data.outcome.shape))
    data = replace(data, covariates={"rain": z[0], "heat": z[1]}, outcome=data.outcome + 5 * z[0])
    found = twfe(data, "linear", covariates=("rain", "heat"))
    units, times = np.indices(data.outcome.shape)
    x = np.column_stack([data.status.ravel(), z[0].ravel(), z[1].ravel(), np.eye(12)[units.ravel()],
                         np.eye(10)[times.ravel()][:, 1:]])  # fmt: skip
    y = data.outcome.ravel()
    solved, *_ = np.linalg.lstsq(x, y, rcond=None)
    assert found.estimate == pytest.approx(solved[0], abs=1e-9)
    left = y - x @ solved
    pulls = np.stack([(x * left[:, None])[units.ravel() == unit].sum(axis=0) for unit in range(12)])
    bread = np.linalg.inv(x.T @ x)
    cover = bread @ (pulls.T @ pulls) @ bread * 12 / 11
    assert found.se == pytest.approx(np.sqrt(cover[0, 0]), rel=1e-8)
    assert abs(found.estimate - twfe(data, "linear").estimate) > 1e-3


def test_areas_without_events_are_left_out_of_poisson() -> None:
    """They say nothing of the effect; unlike the matrices, the clusters are then those that are left."""
    data = _simulated()
    more = replace(data, units=(*data.units, "z1", "z2"), outcome=np.vstack([data.outcome, np.zeros((2, 10))]),
                   status=np.vstack([data.status, data.status[data.treated][:1], np.zeros((1, 10))]))  # fmt: skip
    one, two = twfe(data), twfe(more)
    assert two.estimate == pytest.approx(one.estimate, abs=1e-9)
    assert two.se == pytest.approx(one.se, rel=1e-8)
    assert (two.units, two.clusters, two.treated_units) == (14, 12, 5)
    assert two.details["expected"] == pytest.approx(one.details["expected"])


def test_order_of_periods_with_other_names_changes_nothing() -> None:
    data = _simulated()
    order = np.random.default_rng(8).permutation(12)
    mixed = replace(data, outcome=data.outcome[order], status=data.status[order])
    assert twfe(mixed).estimate == pytest.approx(twfe(data).estimate, abs=1e-10)
    assert twfe(mixed).se == pytest.approx(twfe(data).se, rel=1e-9)


def _refused(data: Panel, model: str = "poisson", covariates: tuple[str, ...] = ()) -> str:
    with pytest.raises(UserError) as refusal:
        twfe(data, model, covariates)
    return str(refusal.value)


def test_data_that_hold_no_answer_are_refused() -> None:
    data = _simulated()
    after, ever = data.status > 0, data.treated[:, None]
    separated = {"before": ever & ~after, "others after": ~ever & (np.arange(10) >= 5)}
    for name, cells in separated.items():
        said = _refused(replace(data, outcome=np.where(cells, 0, data.outcome)))
        assert "perfect separation" in said, name
    assert "0 in every treated area" in _refused(replace(data, outcome=np.where(after, 0, data.outcome)))
    assert "0 in every area and period" in _refused(replace(data, outcome=data.outcome * 0))
    assert "have no logarithm" in _refused(replace(data, outcome=np.where(after, 0, data.outcome)), "log")
    assert "nothing to compare with" in _refused(replace(data, status=np.ones(data.status.shape)))
    assert "no period of a treated area" in _refused(replace(data, status=np.zeros(data.status.shape)))
    everywhere = np.broadcast_to(np.arange(10) >= 5, data.status.shape)
    for model in twoway.MODELS:
        assert "cannot be told from" in _refused(replace(data, status=everywhere), model)
    alone = replace(data, outcome=np.where(np.arange(12)[:, None] == np.flatnonzero(data.treated)[0], data.outcome, 0))
    assert "only one area is left" in _refused(alone)


def test_covariates_that_cannot_serve_are_refused() -> None:
    data = _simulated()
    assert "covariate 'rain' is not in the panel (it has none)" in _refused(data, covariates=("rain",))
    size = np.broadcast_to(np.arange(12.0)[:, None], data.outcome.shape)
    hole = np.where(data.outcome == data.outcome[2, 2], np.nan, 1.0)
    data = replace(data, covariates={"size": size, "hole": hole})
    assert "covariate 'rain' is not in the panel (size, hole)" in _refused(data, covariates=("rain",))
    assert "covariates (size): the effects of areas and periods tell them" in _refused(data, covariates=("size",))
    assert f"no value in {np.isnan(hole).sum()} cells" in _refused(data, covariates=("hole",))


def test_weights_are_those_of_weighted_least_squares() -> None:
    data = _simulated()
    size = np.random.default_rng(9).uniform(1, 50, data.outcome.shape)
    found = twfe(data, "linear", weights=size)
    units, times = np.indices(data.outcome.shape)
    x = np.column_stack([data.status.ravel(), np.eye(12)[units.ravel()], np.eye(10)[times.ravel()][:, 1:]])
    y, w = data.outcome.ravel(), size.ravel()
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    solved = bread @ (x * w[:, None]).T @ y
    left = y - x @ solved
    pulls = np.stack([(x * (w * left)[:, None])[units.ravel() == unit].sum(axis=0) for unit in range(12)])
    assert found.estimate == pytest.approx(solved[0], rel=1e-9)
    assert found.se == pytest.approx(np.sqrt((bread @ (pulls.T @ pulls) @ bread)[0, 0] * 12 / 11), rel=1e-8)
    spread = (w * left**2).sum() / (len(y) - x.shape[1])
    assert found.details["se_iid"] == pytest.approx(np.sqrt(spread * bread[0, 0]), rel=1e-8)
    assert "weighted" in found.method
    by_area = twfe(data, "log", weights=np.full(12, 3.0))
    assert by_area.estimate == pytest.approx(twfe(data, "log").estimate, abs=1e-10)


def test_weights_that_cannot_serve_are_refused() -> None:
    data, size = _simulated(), np.ones(12)
    for weights, model, said in (
        (size, "poisson", "as the exposure"), (size[:5], "linear", r"weights are \(5,\)"),
        (np.where(np.arange(12) == 3, 0.0, 1.0), "linear", "the weight of area '.*' in .* is 0"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=said):
            twfe(data, model, weights=weights)


def test_a_covariate_that_others_tell_is_left_out_with_a_note() -> None:
    data = _simulated()
    z = np.random.default_rng(4).standard_normal(data.outcome.shape)
    size = np.broadcast_to(np.arange(12.0)[:, None], data.outcome.shape)
    data = replace(data, covariates={"rain": z, "twice": 2 * z + size, "size": size, "self": data.status + size})
    found = twfe(data, "linear", covariates=("rain", "twice", "size"))
    assert found.estimate == pytest.approx(twfe(data, "linear", covariates=("rain",)).estimate, abs=1e-9)
    assert "Covariates left out, told by the effects of areas and periods or by other covariates: twice, size." in (
        found.notes
    )
    assert "programme cannot be told from the covariates (self)" in _refused(data, "linear", covariates=("self",))


def test_two_areas_have_an_effect_and_no_error() -> None:
    data = _simulated()
    pair = data.only([data.units[int(data.treated.argmax())], data.units[int((~data.treated).argmax())]])
    for model in ("poisson", "log", "linear"):
        found = twfe(pair, model)
        assert np.isfinite(found.estimate), model
        assert np.isnan([found.se, found.p, found.low, found.high]).all(), model
        assert "No standard error: with 2 areas" in found.notes[0], model


def test_an_area_without_records_is_left_out_and_not_counted() -> None:
    data = _simulated()
    hole = np.where(np.arange(12)[:, None] == int(data.treated.argmax()), np.nan, data.outcome)
    found = twfe(replace(data, outcome=hole), "linear")
    bare = twfe(data.only([name for at, name in enumerate(data.units) if at != int(data.treated.argmax())]), "linear")
    assert (found.estimate, found.se) == pytest.approx((bare.estimate, bare.se), rel=1e-9)
    assert (found.units, found.treated_units, found.clusters) == (bare.units, bare.treated_units, bare.clusters)
    assert "without a known outcome in any period" in found.notes[0]


def test_a_difference_is_no_share_of_a_mean_below_zero() -> None:
    data = _simulated()
    found = twfe(replace(data, outcome=data.outcome - 1e4), "linear")
    assert found.estimate == pytest.approx(twfe(data, "linear").estimate, abs=1e-6)
    assert np.isnan([found.relative, found.relative_low, found.relative_high]).all()
