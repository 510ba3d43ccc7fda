"""Which inference is believed, at the declared boundaries, and the table of them all."""

import math
from dataclasses import replace

import numpy as np
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import imputation, twoway
from crisiskit.impact.believe import METHODS, inference_table, recommend
from crisiskit.impact.panel import Panel
from crisiskit.impact.randomisation import interval, randomise
from crisiskit.impact.result import Estimate
from crisiskit.impact.wild import wild
from crisiskit.simulate.panels import panel


def _panel(seed: int = 3, **settings) -> Panel:
    drawn = panel(seed, **settings)
    return Panel(drawn.units, drawn.starts, "month", drawn.outcome, drawn.status, "events")


def _estimate(**fields) -> Estimate:
    given = {"design": "did", "outcome": "events", "scale": "log", "estimate": -0.3, "se": 0.1, "low": -0.5,
             "high": -0.1, "p": 0.004, "relative": -0.26, "relative_low": -0.39, "relative_high": -0.1, "n": 864,
             "units": 36, "treated_units": 8, "clusters": 36, "method": "m", "correction": "c"}  # fmt: skip
    return Estimate(**given | fields)


@pytest.mark.parametrize(("areas", "treated", "kind"), [
    (80, 40, "cluster"), (90, 40, "cluster"), (90, 50, "cluster"), (90, 39, "randomisation"),
    (90, 51, "randomisation"), (79, 40, "randomisation"),
    (40, 10, "randomisation"), (36, 1, "randomisation"), (20, 1, "randomisation"), (19, 1, "none"), (10, 1, "none"),
    (4, 2, "none"), (7, 3, "randomisation"), (6, 2, "none"),
])  # fmt: skip
def test_boundaries(areas: int, treated: int, kind: str) -> None:
    """20 areas, one treated: p can be 1/20 and no smaller, which is 5 %; 6 areas, two treated: 1/15."""
    advice = recommend(_panel(areas=areas, treated=treated))
    assert advice.kind == kind
    assert (advice.treated, advice.clusters) == (treated, areas)
    assert advice.assignments == math.comb(areas, treated)
    assert f"{treated} treated and {areas - treated} untreated areas" in advice.reason
    assert ("cannot reach 5 %" in advice.reason) == (kind == "none")


def test_what_is_advised_does_not_ask_for_the_outcome() -> None:
    one = _panel(treated=4)
    assert recommend(replace(one, outcome=np.zeros_like(one.outcome))) == recommend(one)


def test_areas_of_one_kind_cannot_be_compared() -> None:
    one = _panel(treated=4)
    alike = replace(one, status=np.repeat(one.status.max(axis=0)[None], 36, axis=0))
    advice = recommend(alike)
    assert (advice.kind, advice.assignments, advice.smallest_p) == ("none", 1, 1.0)
    assert "36 treated and 0 untreated areas: all have the same programme" in advice.reason
    with pytest.raises(UserError, match="every covered period is treated|none to compare with|cannot be told"):
        inference_table(alike, draws=99)


@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_the_table_holds_what_the_tests_say(model: str) -> None:
    from scipy.stats import t

    one = _panel(treated=4, effect=-0.3)
    table = inference_table(one, draws=199, model=model).set_index("method")
    assert table.index.to_list() == list(METHODS.values())
    rows = {name: table.loc[label] for name, label in METHODS.items()}
    fitted, boot = twoway.fit(one.outcome, one.status, model), wild(one, model, 199)
    test, span = randomise(one, model, 199), interval(one, model, 199)
    assert rows["cluster"]["p"] == pytest.approx(2 * t.sf(abs(fitted.t), 35))
    assert rows["cluster"]["high"] == pytest.approx(fitted.b + t.ppf(0.975, 35) * fitted.se)
    assert rows["randomisation"][["p", "low", "high"]].to_list() == [test.p, span.low, span.high]
    for name, tail in (("wild_restricted", boot.restricted), ("wild_unrestricted", boot.unrestricted)):
        assert rows[name][["p", "low", "high"]].to_list() == [tail.p, tail.low, tail.high]
    shares = table[["relative_low", "relative_high"]].to_numpy("float64")
    if model == "linear":
        assert np.isnan(shares).all()
    else:
        np.testing.assert_allclose(shares, np.expm1(table[["low", "high"]].to_numpy("float64")))
    assert table["estimate"].to_numpy() == pytest.approx(np.full(4, fitted.b))


def test_one_row_is_believed_and_every_row_says_why() -> None:
    few = inference_table(_panel(treated=4), draws=199)
    assert few["believed"].to_list() == [False, False, False, True]
    assert few["why"].str.len().min() > 10
    assert "rejects too often with 4 treated of 36 areas" in few["why"][0]
    assert inference_table(_panel(areas=90, treated=45), draws=99)["believed"].to_list() == [True, False, False, False]
    none = inference_table(_panel(areas=10, treated=1), draws=99)
    assert not none["believed"].any()
    assert "cannot reach 5 %" in none["why"][3]
    assert none.loc[3, ["low", "high", "relative_low"]].to_list() == [-math.inf, math.inf, -1.0]


def test_the_first_row_is_the_designs_own() -> None:
    table = inference_table(_panel(treated=8), _estimate(), draws=99)
    assert table.loc[0, ["estimate", "p", "low", "high"]].to_list() == [-0.3, 0.004, -0.5, -0.1]


def test_a_difference_is_bootstrapped_as_a_difference() -> None:
    one = _panel(treated=8)
    table = inference_table(one, _estimate(scale="difference"), draws=99)
    assert table.loc[3, "estimate"] == pytest.approx(twoway.fit(one.outcome, one.status, "linear").b)


def test_a_staggered_design_deals_out_its_own_estimate() -> None:
    one = _panel(mean=30.0, treated=12, effect=-0.3, start=6, cohorts=3, stagger=5, growing=-0.04)
    table = inference_table(one, _estimate(design="staggered"), draws=99)
    assert table.loc[3, "estimate"] == pytest.approx(imputation.impute(one.outcome, one.status).b, abs=1e-6)
    assert "two-way fixed effects, which mislead where starts differ" in table["why"][1]
    assert table.loc[1, "estimate"] == pytest.approx(twoway.fit(one.outcome, one.status).b)


def test_deals_that_cannot_be_fitted_are_told() -> None:
    one = _panel(treated=1)
    quiet = np.flatnonzero(~one.treated)[:3]
    outcome = one.outcome.copy()
    outcome[quiet, 12:] = 0
    assert "3 assignments could not be fitted and count as extreme" in inference_table(
        replace(one, outcome=outcome), draws=99)["why"][3]  # fmt: skip
