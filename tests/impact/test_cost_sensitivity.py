"""Sensitivity against cases whose answer is known: moments, quantiles, swings, quadrants."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, norm

from crisiskit.errors import UserError
from crisiskit.impact.cost_plan import Amount, Averted, Costs, Proportion
from crisiskit.impact.cost_sensitivity import QUADRANTS, draw, sensitivity, tornado
from crisiskit.params import to_model

N = 200_000


def _f(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    return {"value": value, "source": "s"} | ({} if low is None else {"low": low, "high": high})


def _plan(**more: Any) -> Costs:
    return to_model({"currency": "USD", "programme_cost": _f(1000), "contacts": _f(100), **more}, Costs, "e.yaml")


SAVING: dict[str, Any] = {
    "unit_costs": {"officer_hour": _f(60, 40, 90), "offence": _f(50, 40, 60)},
    "officer_minutes_saved": _f(45, 30, 60) | {"counterfactual": "x", "counterfactual_share": _f(0.4, 0.2, 0.6)},
}


def test_lognormal_has_its_median_limits_and_mean() -> None:
    """Median 100, 95 % within 50 and 200: sigma = ln 2 / 1.96, mean = 100 exp(sigma^2 / 2)."""
    found, word = draw(Amount(value=100, low=50, high=200, source="s"), N, 1, "x")
    sigma = np.log(2) / norm.ppf(0.975)
    assert word == "lognormal"
    assert np.quantile(found, [0.025, 0.5, 0.975]) == pytest.approx([50, 100, 200], rel=0.01)
    assert found.mean() == pytest.approx(100 * np.exp(sigma**2 / 2), rel=0.005)


def test_a_skewed_range_is_met_at_both_ends() -> None:
    found, word = draw(Amount(value=100, low=80, high=300, source="s"), N, 1, "x")
    assert word == "two-piece lognormal"
    assert np.quantile(found, [0.025, 0.5, 0.975]) == pytest.approx([80, 100, 300], rel=0.015)


def test_averted_is_normal_and_knows_its_confidence() -> None:
    found, word = draw(Averted(value=10, low=-10, high=30, confidence=0.9, source="s"), N, 1, "x")
    assert word == "normal"
    assert found.mean() == pytest.approx(10, abs=0.15)
    assert found.std() == pytest.approx(20 / norm.ppf(0.95), rel=0.01)


def test_share_is_a_beta_with_the_mean_and_spread_of_its_range() -> None:
    found, word = draw(Proportion(value=0.3, low=0.2, high=0.4, source="s"), N, 1, "x")
    sd = 0.2 / (2 * norm.ppf(0.975))
    total = 0.3 * 0.7 / sd**2 - 1
    assert word == "beta"
    assert (found.mean(), found.std()) == pytest.approx((0.3, sd), rel=0.01)
    limits = beta.ppf([0.025, 0.975], 0.3 * total, 0.7 * total)
    assert np.quantile(found, [0.025, 0.975]) == pytest.approx(limits, abs=2e-3)


@pytest.mark.parametrize(("value", "low", "high"), [(0.02, 0.005, 0.1), (0.9, 0.3, 0.95), (0.1, 0.02, 0.6)])
def test_a_share_that_no_beta_fits_meets_its_three_figures(value: float, low: float, high: float) -> None:
    found, word = draw(Proportion(value=value, low=low, high=high, source="s"), N, 1, "x")
    assert word == "two-piece normal on the logit"
    assert np.quantile(found, [0.025, 0.5, 0.975]) == pytest.approx([low, value, high], rel=0.03)
    assert 0 < found.min() < found.max() < 1


@pytest.mark.parametrize(
    "figure",
    [
        Proportion(value=1, low=0.8, high=1, source="s"),
        Proportion(value=0, low=0, high=0.2, source="s"),
        Amount(value=5, low=0, high=10, source="s"),
    ],
)
def test_figures_at_the_edge_stay_possible(figure: Any) -> None:
    found, word = draw(figure, 20_000, 1, "x")
    assert "cut at what is possible" in word
    assert found.min() >= 0
    assert found.max() <= (1 if isinstance(figure, Proportion) else np.inf)
    assert np.median(found) == pytest.approx(figure.value, abs=0.1)
    assert np.quantile(found, 0.975) == pytest.approx(figure.high, rel=0.05)


@pytest.mark.parametrize("ends", [{}, {"low": 7.0, "high": 7.0}])
def test_no_range_is_the_point(ends: dict[str, float]) -> None:
    found, word = draw(Amount(value=7, source="s", **ends), 50, 1, "x")
    assert (found == 7).all()
    assert word == "held: no range"


def test_degenerate_accounts_have_no_spread() -> None:
    table = sensitivity(_plan(), Averted(value=4, source="s")).summary.set_index("quantity")
    assert table.loc["cost_per_offence_averted", ["value", "mean", "low", "high"]].to_list() == [250] * 4
    assert (table["sd"] == 0).all()
    assert len(tornado(_plan())) == 0


def test_a_product_of_lognormals_is_lognormal() -> None:
    """Officer value = contacts x minutes / 60 x wage: the variances on the logarithm add up."""
    minutes = _f(45, 22.5, 90) | {"counterfactual": "x", "counterfactual_share": _f(1)}
    saving = {**SAVING, "officer_minutes_saved": minutes}
    plan = _plan(**saving, draws=N)
    row = sensitivity(plan).summary.set_index("quantity").loc["officer_value_gross"]
    z = norm.ppf(0.975)
    sigma = np.hypot(np.log(2) / z, np.log(1.5) / z)
    assert row["median"] == pytest.approx(4500, rel=0.01)
    assert (row["low"], row["high"]) == pytest.approx((4500 * np.exp(-z * sigma), 4500 * np.exp(z * sigma)), rel=0.015)


def test_net_benefit_of_a_normal_effect_is_normal() -> None:
    """Benefit = 50 x averted - 1000, averted N(30, 10): above 0 with probability Phi(10 / 10)."""
    half = 10 * norm.ppf(0.975)
    averted = Averted(value=30, low=30 - half, high=30 + half, source="s")
    found = sensitivity(_plan(draws=N, willingness_to_pay=[50, 25]), averted)
    table = found.acceptability.set_index("willingness_to_pay")
    assert list(table.index) == [25, 50]
    assert table.loc[50, "share_worth_it"] == pytest.approx(norm.cdf(1), abs=0.004)
    assert table.loc[25, "share_worth_it"] == pytest.approx(norm.cdf(-1), abs=0.004)
    assert table.loc[50, "net_benefit"] == pytest.approx(500, abs=4)
    assert table.loc[50, "low"] == pytest.approx(500 - 50 * half, abs=10)
    shares = found.quadrants.set_index("quadrant")["share"]
    assert shares[QUADRANTS[2]] == pytest.approx(norm.cdf(-3), abs=5e-4)
    assert shares.sum() == 1


def test_quadrants_count_the_plane() -> None:
    found = sensitivity(_plan(**SAVING), Averted(value=5, low=-10, high=20, source="s"))
    plane = found.plane
    assert len(plane) == found.draws == 10_000
    shares = found.quadrants.set_index("quadrant")["share"]
    assert (shares > 0).all()
    assert shares["saves, averts offences"] == ((plane["cost"] <= 0) & (plane["effect"] > 0)).mean()


def test_a_quotient_that_may_not_exist_has_no_limits() -> None:
    """Where some draws avert nothing, the cost per offence has neither mean nor limits, and says how often it is."""
    row = sensitivity(_plan(), Averted(value=5, low=-5, high=15, source="s")).summary.set_index("quantity")
    row = row.loc["cost_per_offence_averted"]
    assert np.isnan([row["mean"], row["low"], row["high"], row["sd"]]).all()
    assert row["defined"] == pytest.approx(norm.cdf(norm.ppf(0.975) / 2), abs=0.01)
    assert row["value"] == 200


def test_tornado_of_a_linear_figure_by_hand() -> None:
    """Net cost = 1000 - 100 x minutes / 60 x share x wage, at 45, 0.4, 60: -800."""
    table = tornado(_plan(**SAVING, programme_cost=_f(1000, 900, 1100)))
    by = table.set_index("figure")
    assert by.loc["programme_cost", ["at_low", "at_high", "swing"]].to_list() == pytest.approx([-900, -700, 200])
    assert by.loc["officer_minutes_saved", "swing"] == pytest.approx(100 * 30 / 60 * 0.4 * 60)
    assert by.loc["officer_minutes_saved.counterfactual_share", "swing"] == pytest.approx(100 * 45 / 60 * 0.4 * 60)
    assert by.loc["unit_costs.officer_hour", "swing"] == pytest.approx(100 * 45 / 60 * 0.4 * 50)
    assert table["swing"].is_monotonic_decreasing
    assert len(table) == 4  # the cost of an offence moves no net cost
    assert (table["base"] == -800).all()


def test_tornado_shows_first_what_is_not_defined() -> None:
    averted = Averted(value=5, low=-5, high=15, source="s")
    table = tornado(_plan(programme_cost=_f(1000, 500, 1500)), "cost_per_offence_averted", averted)
    assert table["figure"].to_list() == ["averted", "programme_cost"]
    assert "not defined at an end" in table.loc[0, "status"]
    assert table.loc[1, "swing"] == 200
    with pytest.raises(UserError, match="'net_costs' is not in the accounts; did you mean 'net_cost'"):
        tornado(_plan(), "net_costs")


def test_the_seed_decides_and_one_figure_does_not_move_another() -> None:
    averted = Averted(value=5, low=1, high=9, source="s")
    one, again = sensitivity(_plan(**SAVING), averted), sensitivity(_plan(**SAVING), averted)
    pd.testing.assert_frame_equal(one.summary, again.summary)
    other = sensitivity(_plan(**SAVING, seed=7), averted)
    assert not one.plane["effect"].equals(other.plane["effect"])
    more = sensitivity(_plan(**SAVING, eligible=_f(200, 150, 400)), averted)
    pd.testing.assert_frame_equal(one.plane, more.plane)


def test_inputs_name_their_distribution() -> None:
    table = sensitivity(_plan(**SAVING)).inputs.set_index("figure")
    assert table.loc["programme_cost", "distribution"] == "held: no range"
    assert table.loc["officer_minutes_saved.counterfactual_share", "distribution"] == "beta"
    assert table.loc["unit_costs.officer_hour", "drawn_high"] == pytest.approx(90, rel=0.03)
