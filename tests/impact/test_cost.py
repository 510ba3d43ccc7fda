"""Accounts against the published Denver figures and by hand, and what they refuse to say."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact.cost import accounts, averted_from, implied_averted, quantities
from crisiskit.impact.cost_plan import Averted, Costs, figures
from crisiskit.params import to_model


def _f(value: float, low: float | None = None, high: float | None = None, source: str = "s") -> dict[str, Any]:
    return {"value": value, "source": source} | ({} if low is None else {"low": low, "high": high})


def _plan(**more: Any) -> Costs:
    tree = {"currency": "USD", "programme_cost": _f(1000, source="grant"), "contacts": _f(100, source="report"), **more}
    return to_model(tree, Costs, "e.yaml")


FULL: dict[str, Any] = {
    "eligible": _f(400),
    "unit_costs": {"officer_hour": _f(60), "emergency_department": _f(30), "offence": _f(50, source="police")},
    "officer_minutes_saved": _f(45) | {"counterfactual": "one officer", "counterfactual_share": _f(0.4)},
    "diversions": {
        "emergency_department": {"share": _f(0.2), "counterfactual": "ambulance", "counterfactual_share": _f(0.5),
                                 "unit_cost": "emergency_department", "units": _f(2)},
    },
    "volunteer_hours": _f(10), "volunteer_wage": _f(20),
}  # fmt: skip


@pytest.fixture(scope="module")
def denver(benchmarks: Path) -> tuple[Costs, pd.Series, pd.DataFrame]:
    """The published inputs as a plan, and what must come out."""
    folder = benchmarks / "cost_denver_star"
    given = pd.read_csv(folder / "inputs.csv").set_index("input")["value"]
    plan = _plan(
        programme_cost=_f(given["program_cost_usd"]), contacts=_f(given["calls_answered"]),
        eligible=_f(given["calls_eligible_at_least"]), unit_costs={"offence": _f(given["unit_cost_police_usd"])},
        averted=_f(given["offences_averted_quoted"]),
    )  # fmt: skip
    return plan, given, pd.read_csv(folder / "expected.csv").set_index("quantity")


def test_denver(denver: tuple[Costs, pd.Series, pd.DataFrame]) -> None:
    """Every row of the benchmark."""
    plan, given, expected = denver
    found = accounts(plan)
    mine = {
        "cost_per_offence_averted_usd": found["cost_per_offence_averted"].value,
        "ratio_to_police_cost": found["police_to_programme_ratio"].value,
        "cost_per_response_usd": found["cost_per_contact"].value,
        "coverage_of_eligible_calls": found["coverage_of_eligible"].value,
        "implied_offences_averted": implied_averted(plan.programme_cost.value, given["unit_cost_star_usd"]),
    }
    assert sorted(mine) == sorted(expected.index)
    for name, row in expected.iterrows():
        assert mine[name] == pytest.approx(row["value"], abs=row["tolerance_abs"]), name


def test_denver_averts_more_than_one_offence_per_contact(denver: tuple[Costs, pd.Series, pd.DataFrame]) -> None:
    dose = accounts(denver[0])["offences_averted_per_contact"]
    assert dose.value == pytest.approx(1380 / 748)
    assert "implausible" in dose.status
    assert accounts(denver[0])["cost_per_offence_averted"].status == "no interval: the averted offences have none"


def test_by_hand() -> None:
    found = accounts(_plan(**FULL), Averted(value=10, low=5, high=20, source="did"))
    hand = {
        "programme_cost": 1000, "cost_per_contact": 10, "coverage_of_eligible": 0.25,
        "officer_minutes_saved_gross": 4500, "officer_minutes_saved_net": 1800, "officer_hours_saved_gross": 75,
        "officer_hours_saved_net": 30, "officer_value_gross": 4500, "officer_value_net": 1800,
        "emergency_department_diverted_gross": 20, "emergency_department_diverted_net": 10,
        "cost_per_emergency_department_diverted_gross": 50, "cost_per_emergency_department_diverted_net": 100,
        "emergency_department_value_gross": 1200, "emergency_department_value_net": 600,
        "savings_gross": 5700, "savings_net": 2400, "net_cost": -1400, "net_cost_per_contact": -14,
        "offences_averted": 10, "offences_averted_per_contact": 0.1, "cost_per_offence_averted": 100,
        "net_cost_per_offence_averted": np.nan, "police_to_programme_ratio": 0.5, "break_even_offences": -28,
        "volunteer_value": 200,
    }  # fmt: skip
    table = found.tidy().set_index("quantity")
    assert table["value"].to_dict() == pytest.approx(hand, nan_ok=True)
    assert list(table.index) == list(hand)
    per = found["cost_per_offence_averted"]
    assert (per.low, per.high) == (50, 200)
    assert (found["police_to_programme_ratio"].low, found["police_to_programme_ratio"].high) == (0.25, 1)
    assert (found["offences_averted_per_contact"].low, found["offences_averted_per_contact"].high) == (0.05, 0.2)
    saves = "saves more than it costs: no cost to divide"
    assert found["net_cost_per_offence_averted"].status == f"{saves}, and averts offences"
    assert found["break_even_offences"].status == saves
    assert per.source == "grant; did"
    assert per.formula == "programme cost / offences averted"


def test_volunteers_are_in_no_cost() -> None:
    apart = accounts(_plan(**{key: value for key, value in FULL.items() if not key.startswith("volunteer")})).tidy()
    with_them = accounts(_plan(**FULL)).tidy()
    pd.testing.assert_frame_equal(with_them[with_them["quantity"] != "volunteer_value"], apart)


def test_without_an_estimate_nothing_is_said_of_offences() -> None:
    found = accounts(_plan(**FULL))
    assert not [q.name for q in found.quantities if "offence" in q.name]
    assert any("nothing is said of cost per offence" in note for note in found.notes)
    with pytest.raises(UserError, match="'cost_per_offence' is not in the accounts"):
        found["cost_per_offence"]


@pytest.mark.parametrize(
    ("averted", "value", "low", "high", "status"),
    [
        ((10, 5, 20), 100, 50, 200, "interval of the averted offences only"),
        ((10, 0, 20), 100, 50, np.nan, "not defined above"),
        ((10, -5, 20), 100, 50, np.nan, r"holds 0, so the cost per offence runs from 50.00 without limit"),
        ((0, -5, 5), np.nan, np.nan, np.nan, "dominated.*at best 200.00 per offence, where 5 are averted"),
        ((-3, -9, -1), np.nan, np.nan, np.nan, r"dominated: costs money and averts none by the estimate \(-3\)$"),
    ],
)
def test_cost_per_offence_is_honest(averted: Any, value: float, low: float, high: float, status: str) -> None:
    point, least, most = averted
    found = accounts(_plan(), Averted(value=point, low=least, high=most, source="x"))
    for name in ("cost_per_offence_averted", "net_cost_per_offence_averted"):  # nothing is saved: both are the same
        figure = found[name]
        assert (figure.value, figure.low, figure.high) == pytest.approx((value, low, high), nan_ok=True)
        assert re.search(status, figure.status)


def test_ratio_to_police_says_when_its_interval_holds_nothing() -> None:
    plan = _plan(unit_costs={"offence": _f(50)})
    ratio = {value: accounts(plan, Averted(value=value, low=value - 10, high=value + 10, source="x"))
             ["police_to_programme_ratio"] for value in (20.0, 4.0, -4.0)}  # fmt: skip
    assert [(q.value, q.low, q.high) for q in ratio.values()] == [(1, 0.5, 1.5), (0.2, -0.3, 0.7), (-0.2, -0.7, 0.3)]
    assert ratio[20.0].status == ""
    assert "holds 0" in ratio[4.0].status
    assert "no offence averted" in ratio[-4.0].status


def test_averted_from_a_relative_effect() -> None:
    """75 seen, a quarter fewer: there would have been 100. Limits turn round."""
    found = averted_from(-0.25, -0.4, 0.25, 75, "its")
    assert found.value == pytest.approx(25)
    assert found.high == pytest.approx(75 / 0.6 - 75)
    assert found.low == pytest.approx(60 - 75)
    assert averted_from(0, -0.1, 0.1, 75, "x").value == 0
    with pytest.raises(UserError, match="not within its interval"):
        averted_from(-0.5, -0.4, 0, 75, "x")
    with pytest.raises(UserError, match="nothing tells"):
        averted_from(-0.5, -1, 0, 75, "x")


def test_nothing_diverted_has_no_cost_each() -> None:
    none = {"arrest": {"count": _f(0), "counterfactual": "x", "counterfactual_share": _f(0.5), "unit_cost": "a"}}
    found = accounts(_plan(diversions=none, unit_costs={"a": _f(9)}))
    assert np.isnan(found["cost_per_arrest_diverted_gross"].value)
    assert found["cost_per_arrest_diverted_gross"].status == "not defined: nothing to divide by"
    assert found["net_cost"].value == 1000


def test_implied_averted_refuses_nothing() -> None:
    with pytest.raises(UserError, match="imply no number"):
        implied_averted(1000, 0)


def test_arrays_and_numbers_agree() -> None:
    """What the sensitivity draws goes through the same formulas."""
    plan = _plan(**FULL, averted=_f(10))
    point = {name: figure.value for name, figure in figures(plan).items()}
    many = quantities(plan, {name: np.array([value, value]) for name, value in point.items()})
    one = quantities(plan, point)
    assert list(many) == list(one)
    for name, value in one.items():
        np.testing.assert_allclose(many[name], [value, value])
