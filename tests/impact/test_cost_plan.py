"""The cost part of an evaluation: nothing without its source, and nothing that could not be."""

from typing import Any

import pytest

from crisiskit.errors import UserError
from crisiskit.impact.cost_plan import Averted, Costs, figures
from crisiskit.params import to_model

LEAST: dict[str, Any] = {
    "currency": "USD of 2020",
    "programme_cost": {"value": "208141", "source": "council grant"},
    "contacts": {"value": "748", "source": "six-month report"},
}
HOUR = {"officer_hour": {"value": "50", "low": "40", "high": "65", "source": "city budget"}}
MINUTES = {
    "value": "60", "source": "dispatch", "counterfactual": "one officer would have gone",
    "counterfactual_share": {"value": "0.7", "low": "0.5", "high": "0.9", "source": "call types"},
}  # fmt: skip
DIVERSION = {
    "count": {"value": "100", "source": "records"}, "counterfactual": "arrest", "unit_cost": "officer_hour",
    "counterfactual_share": {"value": "0.2", "source": "year before"},
}  # fmt: skip


def _plan(**more: Any) -> Costs:
    return to_model({**LEAST, **more}, Costs, "e.yaml")


def test_text_becomes_figures() -> None:
    plan = _plan(unit_costs=HOUR, officer_minutes_saved=MINUTES, diversions={"arrest": DIVERSION})
    found = figures(plan)
    assert list(found) == [
        "programme_cost", "contacts", "unit_costs.officer_hour", "officer_minutes_saved",
        "officer_minutes_saved.counterfactual_share", "diversions.arrest.count",
        "diversions.arrest.counterfactual_share",
    ]  # fmt: skip
    assert (found["unit_costs.officer_hour"].value, found["unit_costs.officer_hour"].high) == (50, 65)


def test_unused_unit_costs_are_no_figures_and_an_estimate_replaces_the_plans() -> None:
    plan = _plan(unit_costs={**HOUR, "jail_day": {"value": "90", "source": "county"}},
                 averted={"value": "10", "source": "guess"})  # fmt: skip
    assert [name for name in figures(plan) if name.startswith("unit_costs")] == []
    assert figures(plan)["averted"].value == 10
    estimate = Averted(value=-4, low=-9, high=1, source="impact estimate")
    assert figures(plan, estimate)["averted"] is estimate


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"unit_costs": {"arrest": {"value": "900"}}}, r"unit_costs.arrest: 900 has no source: a unit cost needs its"),
        ({"programme_cost": {"value": "9", "source": " "}}, "programme_cost: 9 has no source: every figure of"),
        ({"contacts": {"value": "748"}}, "748 has no source"),
        ({"eligible": {"value": "9", "low": "8", "source": "x"}}, "one end of its range"),
        ({"eligible": {"value": "9", "low": "10", "high": "12", "source": "x"}}, "should be in this order"),
        ({"programme_cost": {"value": "-1", "source": "x"}}, "programme_cost.value: '-1'"),
        ({"contacts": {"value": "0", "source": "x"}}, "contacts of 0"),
        ({"contacts": {"value": "5", "low": "0", "high": "9", "source": "x"}}, "contacts of 0"),
        ({"officer_minutes_saved": MINUTES}, "needs a unit cost officer_hour"),
        ({"officer_minutes_saved": MINUTES, "unit_costs": {"oficer_hour": HOUR["officer_hour"]}},
         "did you mean 'oficer_hour'"),
        ({"diversions": {"jail": {**DIVERSION, "unit_cost": "oficer_hour"}}, "unit_costs": HOUR},
         r"diversions.jail: unit_cost 'oficer_hour' is not among unit_costs \(officer_hour\); did you mean"),
        ({"diversions": {"jail": {**DIVERSION, "count": {"value": "749", "source": "x"}}}, "unit_costs": HOUR},
         "more than the contacts"),
        ({"diversions": {"jail": {**DIVERSION, "share": {"value": "0.1", "source": "x"}}}, "unit_costs": HOUR},
         "one of them"),
        ({"diversions": {"jail": {**DIVERSION, "counterfactual_share": {"value": "1.2", "source": "x"}}},
          "unit_costs": HOUR}, "counterfactual_share.value: '1.2'"),
        ({"volunteer_hours": {"value": "5", "source": "rota"}}, "go together"),
        ({"programm_cost": "5"}, "unknown key; did you mean 'programme_cost'"),
    ],
)  # fmt: skip
def test_mistakes_are_one_message(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        _plan(**change)
    assert "\n" not in str(caught.value)


def test_averted_may_be_negative_with_any_interval() -> None:
    assert _plan(averted={"value": "-3", "low": "-8", "high": "2", "source": "x"}).averted.low == -8
