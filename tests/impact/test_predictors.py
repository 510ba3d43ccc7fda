"""Synthetic control with predictors: the published Basque and West German figures, the search and its spread."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel
from crisiskit.impact.predictors import Predictors, given_v, means, regression_v, search_v, solver
from crisiskit.impact.synthetic_control import pool_of

SCHOOL = ("school.illit", "school.prim", "school.med", "school.high", "school.post.high", "invest")
SECTORS = ("agriculture", "energy", "industry", "construction", "services.venta", "services.nonventa")


def panel_of(table, unit, value, treated, start):
    wide = table.pivot(index=unit, columns="year", values=value).sort_index()
    years = wide.columns.to_numpy().astype(int)
    status = ((wide.index == treated)[:, None] & (years >= start)[None]) * 1.0
    starts = tuple(date(year, 1, 1) for year in years)
    return Panel(tuple(wide.index), starts, "year", wide.to_numpy(), status, "GDP per head"), years


def expected(folder):
    table = pd.read_csv(folder / "expected.csv")
    return {row.quantity: pytest.approx(row.value, abs=row.tolerance_abs) for row in table.itertuples()}


def test_the_basque_country_with_importances_given(benchmarks):
    folder = benchmarks / "sc_basque"
    table, want = pd.read_csv(folder / "basque.csv"), expected(folder)
    data, years = panel_of(table, "regionname", "gdpcap", "Basque Country (Pais Vasco)", 1975)
    wanted = [(name, range(1964, 1970)) for name in SCHOOL] + [("gdpcap", range(1960, 1970))]
    wanted += [(f"sec.{name}", range(1961, 1970, 2)) for name in SECTORS] + [("popdens", [1969])]
    v = pd.read_csv(folder / "predictor_weights.csv")["v"].to_numpy()
    found = given_v(data, means(table, "regionname", "year", wanted), v, (years >= 1960) & (years <= 1969))
    weights = found.table.set_index("area")["weight"]
    assert weights["Cataluna"] == want["givenV_w_Cataluna"]
    assert weights["Madrid (Comunidad De)"] == want["givenV_w_Madrid"]
    assert weights.drop(["Cataluna", "Madrid (Comunidad De)"]).sum() == want["givenV_w_all_others_sum"]
    assert found.mspe == want["givenV_mspe_1960_1969"]
    assert found.estimate.estimate == want["givenV_att_1975_1997"]
    assert found.details["unique"] == 1


@pytest.fixture(scope="module")
def germany(benchmarks):
    folder = benchmarks / "sc_west_germany"
    table = pd.read_csv(folder / "germany.csv")
    data, years = panel_of(table, "country", "gdp", "West Germany", 1990)

    def predictors(first, schooling, invest):
        decade = range(first, first + 10)
        wanted = [(name, decade) for name in ("gdp", "trade", "infrate", "industry")]
        return means(table, "country", "year", [*wanted, ("schooling", schooling), (invest, [1980])])

    training = predictors(1971, [1970, 1975], "invest70")
    search = search_v(data, training, (years >= 1981) & (years <= 1990), starts=6)
    return data, years, predictors(1981, [1980, 1985], "invest80"), search, expected(folder)


def test_west_germany_from_equal_importances_in_training(germany):
    """The published figures start their one search from equal importances; that is the first row of `starts`."""
    data, years, main, search, want = germany
    v = search.starts.filter(like="v_").iloc[0].to_numpy("float64")
    found = given_v(data, main, v, (years >= 1960) & (years < 1990))
    weights = found.table.set_index("area")["weight"]
    for name in ("Austria", "USA", "Japan", "Switzerland", "Netherlands"):
        assert weights[name] == want[f"w_{name}"]
    assert found.estimate.estimate == want["att_1990_2003"]


def test_the_search_shows_its_spread(germany):
    search = germany[3]
    assert 6 <= len(search.starts) <= 7  # the last may go on from the best of the six
    assert search.synthetic.mspe == search.starts["mspe"].min()
    details = search.synthetic.details
    assert details["mspe_max"] == search.starts["mspe"].max() > 1.5 * details["mspe_min"]
    assert (details["gap_min"], details["gap_max"]) == (search.starts["gap"].min(), search.starts["gap"].max())
    assert "searched from 6 starts" in search.synthetic.notes[-1]
    assert search.v.sum() == pytest.approx(1)


@pytest.fixture
def small():
    rng = np.random.default_rng(8)
    others = 30 + rng.normal(0, 4, (6, 12))
    status = np.zeros((7, 12))
    status[0, 8:] = 1
    units = tuple(f"a{i}" for i in range(7))
    outcome = np.vstack([others[:3].mean(axis=0), others])
    data = Panel(units, tuple(date(2000 + i, 1, 1) for i in range(12)), "year", outcome, status, "offences")
    values = rng.normal(5, 2, (3, 7))
    values[:, 0] = values[:, 1:4] @ [0.2, 0.3, 0.5]
    return data, Predictors(("x", "y", "z"), units, values)


def test_only_the_ratios_of_importances_and_no_unit_of_a_predictor_matter(small):
    data, predictors = small
    one = given_v(data, predictors, [1, 2, 3])
    two = given_v(data, predictors, [10, 20, 30])
    scaled = Predictors(predictors.names, predictors.units, predictors.values * [[1000], [1], [0.01]])
    assert two.weights == pytest.approx(one.weights, abs=1e-9)
    assert given_v(data, scaled, [1, 2, 3]).expected == pytest.approx(one.expected, abs=1e-7)


def test_a_search_is_the_same_again(small):
    one, two = (search_v(*small, starts=3, seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one.starts, two.starts)


def test_what_is_missing_is_named(small):
    data, predictors = small
    for v, said in (([1, 2], "2 importances for 3"), ([1, -1, 0], "0 or more"), ([0, 0, 0], "not all 0")):
        with pytest.raises(UserError, match=said):
            given_v(data, predictors, v)
    holes, flat = predictors.values.copy(), predictors.values.copy()
    holes[1, 2], flat[2] = np.nan, 4.0
    with pytest.raises(UserError, match="predictor 'y' has no value for a2"):
        given_v(data, Predictors(predictors.names, predictors.units, holes), [1, 1, 1])
    with pytest.raises(UserError, match="predictor 'z' is 4 in every area"):
        given_v(data, Predictors(predictors.names, predictors.units, flat), [1, 1, 1])
    with pytest.raises(UserError, match="area 'a6' has no predictors"):
        given_v(data, Predictors(predictors.names, predictors.units[:6], predictors.values[:, :6]), [1, 1, 1])
    table = pd.DataFrame({"area": ["a", "b"], "year": [1, 1], "x": [1.0, 2.0]})
    with pytest.raises(UserError, match="predictor 'w' is no column"):
        means(table, "area", "year", [("w", [1])])
    with pytest.raises(UserError, match="period 2 is not in the table"):
        means(table, "area", "year", [("x", [1, 2])])


def test_a_column_wanted_twice_has_the_periods_in_its_name():
    table = pd.DataFrame({"area": ["a", "b"] * 3, "year": [1, 1, 2, 2, 3, 3], "x": np.arange(6.0), "z": np.arange(6.0)})
    found = means(table, "area", "year", [("x", [1]), ("x", [2, 3]), ("z", [1])])
    assert found.names == ("x 1", "x 2 to 3", "z")
    with pytest.raises(UserError, match="predictor 'x 1' is wanted twice"):
        means(table, "area", "year", [("x", [1]), ("x", [1])])


def test_a_solver_makes_the_same_as_the_searched_or_the_given(small):
    data, predictors = small
    pool = pool_of(data)
    assert solver(predictors, [1, 2, 3])(pool).weights == pytest.approx(given_v(data, predictors, [1, 2, 3]).weights)
    searched = search_v(data, predictors, starts=2, seed=5)
    assert solver(predictors, starts=2, seed=5)(pool).weights == pytest.approx(searched.synthetic.weights)
    assert searched.synthetic.mspe <= searched.starts["mspe"].iloc[:2].min()


def test_importances_by_regression_are_squared_coefficients(small):
    data, predictors = small
    z = data.outcome[:, :8]
    scaled = predictors.values / predictors.values.std(axis=1, ddof=1)[:, None]
    x = np.column_stack([np.ones(7), scaled.T])
    squares = (np.linalg.solve(x.T @ x, x.T @ z)[1:] ** 2).sum(axis=1)
    assert regression_v(data, predictors) == pytest.approx(squares / squares.sum(), rel=1e-9)
    many = Predictors(tuple("stuvwxyz"), predictors.units, np.random.default_rng(1).normal(size=(8, 7)))
    with pytest.raises(UserError, match="8 predictors of 7 areas cannot be told apart"):
        regression_v(data, many)
