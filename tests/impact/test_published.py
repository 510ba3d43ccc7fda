"""Published results of other studies, each by the functions that a researcher would call, with small data beside.

The data are public facts. `proposition_99.csv`, Abadie, Diamond and Hainmueller 2010: packs of cigarettes per head, and
means of log income, price and share aged 15-24 over 1980-88, of beer over 1984-88. `castle_doctrine.csv`, Cheng and
Hoekstra, Journal of Human Resources 48 (2013): homicides per 100,000, and the first year of the law.
`texas_prisons.csv`, Cunningham, Causal Inference: The Mixtape (2021), chapter 10: black men in prison by state, and
means of predictors. `california_traffic.csv`, McCarthy, Economics Letters 46 (1994), as in Wooldridge, Introductory
Econometrics, exercise C10.11.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crisiskit.impact.before_after import two_by_two
from crisiskit.impact.did import twfe
from crisiskit.impact.from_table import panel_of
from crisiskit.impact.its import interrupted
from crisiskit.impact.placebo_areas import placebos, with_placebos
from crisiskit.impact.predictors import Predictors, given_v, regression_v, search_v, solver
from crisiskit.impact.staggered import bacon, synthetic_did
from crisiskit.impact.synthetic_control import outcome_only
from crisiskit.impact.weighting import e_value

DATA = Path(__file__).parent / "data"


def yearly(name, unit, first):
    """A table of areas (rows) by years, long, with the first treated year of each."""
    wide = pd.read_csv(DATA / name, dtype={unit: str}).set_index(unit)
    years = [column for column in wide if column.isdigit()]
    long = wide[years].reset_index().melt(unit, var_name="year", value_name="y").astype({"year": int})
    return long.assign(first=long[unit].map(first(wide))), wide


@pytest.fixture(scope="module")
def smoking():
    long, wide = yearly("proposition_99.csv", "area", lambda wide: {"California": 1989})
    return panel_of(long, unit="area", period="year", outcome="y", first="first"), wide


def test_proposition_99_by_four_estimators(smoking):
    """Arkhangelsky and others, American Economic Review 111 (2021), table 1: -15.6, -19.6, -27.3, -11.1.

    Their synthetic control has a small penalty; without it other software gives -19.51.
    """
    panel, _ = smoking
    assert synthetic_did(panel, draws=2).estimate == pytest.approx(-15.604, abs=0.005)
    assert outcome_only(panel).estimate.estimate == pytest.approx(-19.5136, abs=0.001)
    assert twfe(panel, "linear").estimate == pytest.approx(-27.349, abs=0.001)
    assert outcome_only(panel, demeaned=True).estimate.estimate == pytest.approx(-11.1, abs=0.05)


def test_proposition_99_with_predictors(smoking):
    """Abadie, Diamond and Hainmueller, JASA 105 (2010), table 2 and figure 8: California's ratio is first of 39."""
    panel, wide = smoking
    years = [start.year for start in panel.starts]
    rows = [wide.loc[list(panel.units), name].to_numpy() for name in ("income", "price", "young", "beer")]
    lagged = [panel.outcome[:, years.index(year)] for year in (1975, 1980, 1988)]
    names = ("income", "price", "young", "beer", "1975", "1980", "1988")
    given = Predictors(names, panel.units, np.array(rows + lagged))
    search = search_v(panel, given, starts=3)
    weights = search.synthetic.table.set_index("area")["weight"]
    for area, weight in {"Utah": 0.334, "Nevada": 0.234, "Montana": 0.199, "Colorado": 0.164,
                         "Connecticut": 0.069}.items():  # fmt: skip
        assert weights[area] == pytest.approx(weight, abs=0.006)
    assert weights.iloc[5:].max() < 1e-6
    assert search.synthetic.mspe < 3.0892  # of the published weights, which have three digits
    assert search.synthetic.estimate.estimate == pytest.approx(-19.0, abs=0.1)
    found = with_placebos(panel, solve=solver(given, search.v))
    assert found.p == pytest.approx(1 / 39)
    assert found.details["statistic"] ** 2 == pytest.approx(130, abs=2)
    assert placebos(panel).p > 1 / 39  # fitted on the outcome alone it is not the first


def test_texas_with_importances_by_regression():
    """The Mixtape, chapter 10, by Stata's synth: California .408, Illinois .36, Louisiana .122, Florida .109.

    Its fit runs to 1993, the first year with the new prisons; so does the mask here.
    """
    long, wide = yearly("texas_prisons.csv", "state", lambda wide: {"Texas": 1993})
    panel = panel_of(long, unit="state", period="year", outcome="y", first="first")
    years = np.array([start.year for start in panel.starts])
    names = [name for name in wide if not name.isdigit()]
    values = np.vstack([wide.loc[list(panel.units), ["1988", "1990", "1991", "1992", *names]].to_numpy("float64").T])
    given = Predictors(("1988", "1990", "1991", "1992", *names), panel.units, values)
    fit = years <= 1993
    found = given_v(panel, given, regression_v(panel, given, fit), fit)
    weights = found.table.set_index("area")["weight"]
    published = {"California": 0.408, "Illinois": 0.36, "Louisiana": 0.122, "Florida": 0.109}
    for area, weight in published.items():
        assert weights[area] == pytest.approx(weight, abs=0.001)
    assert weights.drop(list(published)).max() < 1e-6


def test_proposition_99_as_a_single_series(smoking):
    """Linden, Stata Journal 15 (2015): itsa cigsale, single trperiod(1989) lag(1) posttrend."""
    panel, _ = smoking
    packs = panel.outcome[panel.units.index("California")]
    series = pd.DataFrame({"start": panel.starts, "outcome": packs})
    asked = {"model": "linear", "slope": True, "harmonics": 0, "hac_lags": 1, "period": 1}
    found = interrupted(series, date(1989, 1, 1), slope_from=0, **asked)
    assert (found.estimate, found.se) == pytest.approx((-20.0581, 4.724395), rel=1e-5)
    assert (found.low, found.high) == pytest.approx((-29.75175, -10.36444), rel=1e-5)
    assert found.details["slope_change"] == pytest.approx(-1.494652, rel=1e-5)
    assert found.details["b_time"] == pytest.approx(-1.779474, rel=1e-5)
    after = found.details["trend_after"], found.details["trend_after_se"]
    assert after == pytest.approx((-3.2741, 0.2688), abs=5e-5)
    other = interrupted(series, date(1989, 1, 1), **asked)
    assert other.estimate == pytest.approx(found.estimate - found.details["slope_change"], rel=1e-9)
    for name in ("effect_first", "effect_first_se", "effect_last", "trend_after", "breusch_godfrey_p"):
        assert other.details[name] == pytest.approx(found.details[name], rel=1e-6)
    assert found.details["effect_first"] == pytest.approx(found.estimate, rel=1e-9)


def test_castle_doctrine_decomposed():
    """Package bacondecomp for R, its vignette: weights and means of the comparisons, two-way estimate 0.0818."""
    long, _ = yearly("castle_doctrine.csv", "sid", lambda wide: wide["first"])
    panel = panel_of(long, unit="sid", period="year", outcome="y", first="first")
    found = bacon(panel, model="log")
    published = {"treated_vs_never": (0.90834, 0.08796), "earlier_vs_later": (0.05976, -0.00554),
                 "later_vs_earlier": (0.03190, 0.07032)}  # fmt: skip
    for name, (weight, effect) in published.items():
        assert found.details[f"weight_{name}"] == pytest.approx(weight, abs=6e-6)
        assert found.details[f"effect_{name}"] == pytest.approx(effect, abs=2e-5)
    assert found.estimate == pytest.approx(0.0818116, abs=1e-5)
    assert twfe(panel, "log").estimate == pytest.approx(found.estimate, abs=1e-9)


def test_two_laws_and_covariates_in_one_series():
    """Wooldridge, exercise C10.11: share of fatal accidents; belt law -0.0295 (0.0232), speed law 0.0671 (0.0206)."""
    table = pd.read_csv(DATA / "california_traffic.csv", index_col=0).T
    series = table.assign(start=pd.to_datetime(table.index), outcome=100 * table["fatacc"] / table["totacc"])
    law = [("speed", date(1987, 5, 1), date(1989, 12, 31))]
    asked = {"harmonics": 0, "month_effects": True, "shocks": law, "covariates": ("wkends", "unem")}
    found = interrupted(series, date(1986, 1, 1), model="linear", **asked)
    assert (found.estimate, found.details["se_iid"]) == pytest.approx((-0.0295, 0.0232), abs=5e-5)
    assert found.details["b_shock_speed"] == pytest.approx(0.0671, abs=5e-5)
    assert found.details["b_covariate_unem"] == pytest.approx(-0.0154, abs=5e-5)
    total = interrupted(series.assign(outcome=table["totacc"]), date(1986, 1, 1), model="log", **asked)
    assert (total.estimate, total.details["b_shock_speed"]) == pytest.approx((0.0954, -0.0538), abs=6e-5)


def test_an_incinerator_by_repeated_cross_sections():
    """Kiel and McClain (1995), as in Wooldridge, example 13.3: -11,863.9 (7,456.65); from means and deviations."""
    cells = {(0, 0): (123, 82517.2276, 20831.0996), (0, 1): (102, 101307.5136, 29741.1184),
             (1, 0): (56, 63692.8571, 42722.0269), (1, 1): (40, 70619.2398, 34816.7953)}  # fmt: skip
    rows = []
    for (near, late), (n, mean, deviation) in cells.items():
        scores = np.arange(n) - (n - 1) / 2
        prices = mean + deviation * scores / scores.std(ddof=1)
        rows += [(near, late, price) for price in prices]
    frame = pd.DataFrame(rows, columns=["near", "late", "price"])
    found = two_by_two(frame, None, "near", "late", "price")
    assert found.all_rows.estimate == pytest.approx(-11863.9, abs=0.05)
    assert found.all_rows.details["se_iid"] == pytest.approx(7456.65, abs=0.01)
    assert found.balanced is None
    assert "No paired comparison: 0 units of group 1" in found.all_rows.notes[0]
    named = two_by_two(frame.assign(house=range(len(frame))), "house", "near", "late", "price")
    assert named.all_rows.se == pytest.approx(found.all_rows.se, rel=1e-9)


@pytest.mark.parametrize(("ratio", "low", "high", "expected"), [
    (3.9, 1.8, 8.7, (7.26, 3.0)), (0.8, 0.71, 0.91, (1.81, 1.43)), (1.1, 0.9, 1.3, (1.43, 1.0)),
])  # fmt: skip
def test_e_values(ratio, low, high, expected):
    """VanderWeele and Ding, Annals of Internal Medicine 167 (2017): breastfeeding and deaths, 7.26 and 3.0."""
    assert e_value(ratio, low, high) == pytest.approx(expected, abs=0.006)
