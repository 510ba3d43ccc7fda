"""What an evaluation says of money: the programme's cost, unit costs, and what would have happened without it.

Every figure carries its source and, where it is uncertain, the low and high end of its 95 % range. Volunteers are not
paid: their hours are valued apart and are in no cost.
"""

from typing import Annotated

from pydantic import Field, model_validator

from crisiskit.errors import nearest
from crisiskit.params import Strict

OFFICER_HOUR, OFFENCE = "officer_hour", "offence"
"""Names in unit_costs that the accounts look for: an hour of an officer, and an offence handled by police."""


class Figure(Strict):
    """A figure with its source and range."""

    value: float = Field(description="the figure itself")
    low: float | None = Field(None, description="lower end of its 95 % range; empty: taken as certain")
    high: float | None = Field(None, description="upper end of its 95 % range")
    source: str = Field("", description="where it comes from: publication, contract, account; required")
    unit: str = Field("", description="unit, such as 'USD of 2020 an hour'")

    @model_validator(mode="after")
    def _whole(self) -> "Figure":
        if not self.source.strip():
            raise ValueError(f"{self.value:g} has no source: {self._what} needs its source")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"{self.value:g} has one end of its range; give low and high, or neither")
        if self.low is not None and self.high is not None and not self.low <= self.value <= self.high:
            raise ValueError(f"low {self.low:g}, value {self.value:g} and high {self.high:g} should be in this order")
        return self

    @property
    def _what(self) -> str:
        return "every figure of the cost"


class Amount(Figure):
    """A figure of 0 or more: money, hours, contacts."""

    value: float = Field(ge=0, description="the figure itself, 0 or more")
    low: float | None = Field(None, ge=0, description="lower end of its 95 % range; empty: taken as certain")


class Proportion(Figure):
    """A figure between 0 and 1."""

    value: float = Field(ge=0, le=1, description="a share between 0 and 1")
    low: float | None = Field(None, ge=0, le=1, description="lower end of its 95 % range; empty: taken as certain")
    high: float | None = Field(None, ge=0, le=1, description="upper end of its 95 % range")


class UnitCost(Amount):
    """What one hour, arrest, day or visit costs."""

    @property
    def _what(self) -> str:
        return "a unit cost"


class OfficerTime(Amount):
    """Officer minutes saved by one contact, and in which share of contacts an officer would have gone at all."""

    counterfactual: str = Field(min_length=1, description="what would have happened instead, in words")
    counterfactual_share: Proportion = Field(description="share of contacts that police would have gone to")


class Diversion(Strict):
    """Contacts that did not end in arrest, jail or hospital; net are those that would have ended so."""

    count: Amount | None = Field(None, description="how many; or give share")
    share: Proportion | None = Field(None, description="share of contacts; or give count")
    counterfactual: str = Field(min_length=1, description="what would have happened instead, in words")
    counterfactual_share: Proportion = Field(
        description="share of these that would have ended so without the programme; the rest were avoided anyway"
    )
    unit_cost: str = Field(description="name of what one costs, among unit_costs")
    units: Amount | None = Field(None, description="units for each, such as jail days; empty: 1")

    @model_validator(mode="after")
    def _one_of(self) -> "Diversion":
        if (self.count is None) == (self.share is None):
            raise ValueError("give count (how many) or share (of contacts), one of them")
        return self


class Averted(Figure):
    """Offences averted over the period, as the impact estimate has them; negative where there were more."""

    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(0.95, description="of low and high")


class Costs(Strict):
    """The accounts of a programme over one period."""

    currency: str = Field(min_length=1, description="currency and its year, such as 'USD of 2020'")
    period: str = Field("", description="the period that cost and contacts belong to, in words")
    programme_cost: Amount = Field(description="total cost of the programme over the period")
    contacts: Amount = Field(description="contacts delivered in the period")
    eligible: Amount | None = Field(None, description="calls that it could have gone to")
    unit_costs: dict[str, UnitCost] = Field({}, description="name to what one costs: officer_hour, arrest, jail_day, "
                                            "emergency_department, hospital_day, offence")  # fmt: skip
    officer_minutes_saved: OfficerTime | None = Field(None, description="officer minutes saved by one contact")
    diversions: dict[str, Diversion] = Field({}, description="arrest, jail, emergency_department")
    volunteer_hours: Amount | None = Field(None, description="unpaid hours over the period; in no cost")
    volunteer_wage: Amount | None = Field(None, description="what an hour would cost if it were paid")
    averted: Averted | None = Field(None, description="offences averted; the impact estimate's where there is one")
    willingness_to_pay: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        (), description="amounts per offence averted at which the programme is judged"
    )
    seed: int = Field(144, ge=0)
    draws: int = Field(10_000, ge=100, le=1_000_000)

    @model_validator(mode="after")
    def _fits(self) -> "Costs":
        if self.contacts.value == 0 or self.contacts.low == 0:
            raise ValueError("contacts of 0 (or a range from 0): there is nothing to divide the cost by")
        if self.officer_minutes_saved is not None and OFFICER_HOUR not in self.unit_costs:
            raise ValueError("officer_minutes_saved needs a unit cost officer_hour"
                             f"{nearest(OFFICER_HOUR, self.unit_costs)}")  # fmt: skip
        for name, diversion in self.diversions.items():
            if (wanted := diversion.unit_cost) not in self.unit_costs:
                known = ", ".join(self.unit_costs) or "none"
                raise ValueError(f"diversions.{name}: unit_cost '{wanted}' is not among unit_costs ({known})"
                                 f"{nearest(wanted, self.unit_costs)}")  # fmt: skip
            if diversion.count is not None and diversion.count.value > self.contacts.value:
                raise ValueError(f"diversions.{name}: {diversion.count.value:g} are more than the contacts "
                                 f"({self.contacts.value:g})")  # fmt: skip
        if (self.volunteer_hours is None) != (self.volunteer_wage is None):
            raise ValueError("volunteer_hours and volunteer_wage go together")
        return self


def figures(plan: Costs, averted: Averted | None = None) -> dict[str, Figure]:
    """Every figure of the accounts by its dotted name, in order; `averted` replaces the plan's.

    Figures that nothing is computed from (unit costs that no diversion uses) are left out, so that they move nothing.
    """
    used = used_unit_costs(plan)
    found: dict[str, Figure | None] = {
        "programme_cost": plan.programme_cost,
        "contacts": plan.contacts,
        "eligible": plan.eligible,
    }
    found |= {f"unit_costs.{name}": cost for name, cost in plan.unit_costs.items() if name in used}
    if plan.officer_minutes_saved is not None:
        found["officer_minutes_saved"] = plan.officer_minutes_saved
        found["officer_minutes_saved.counterfactual_share"] = plan.officer_minutes_saved.counterfactual_share
    for name, one in plan.diversions.items():
        parts = {"count": one.count, "share": one.share, "counterfactual_share": one.counterfactual_share,
                 "units": one.units}  # fmt: skip
        found |= {f"diversions.{name}.{part}": figure for part, figure in parts.items()}
    found |= {"volunteer_hours": plan.volunteer_hours, "volunteer_wage": plan.volunteer_wage,
              "averted": averted if averted is not None else plan.averted}  # fmt: skip
    return {name: figure for name, figure in found.items() if figure is not None}


def used_unit_costs(plan: Costs) -> set[str]:
    """Names of the unit costs that the accounts look up; an offence's is always one."""
    used = {one.unit_cost for one in plan.diversions.values()} | {OFFENCE}
    return used | ({OFFICER_HOUR} if plan.officer_minutes_saved is not None else set())
