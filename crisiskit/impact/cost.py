"""Accounts of a programme: what a contact, a diversion and an averted offence cost, gross and net of what would be.

Cost per response and cost per offence averted are different things and stand apart: the first divides by what was
delivered, the second by an estimate, with its doubt. Volunteer time is valued beside the accounts and is in no cost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError, nearest
from crisiskit.impact.cost_formulas import described, notes
from crisiskit.impact.cost_plan import OFFENCE, OFFICER_HOUR, Averted, Costs, Figure, figures

if TYPE_CHECKING:
    import pandas as pd

Values = Mapping[str, "float | np.ndarray"]
COLUMNS = ("quantity", "value", "low", "high", "unit", "status", "formula", "source")
SAVES = "saves more than it costs: no cost to divide"


@dataclass(frozen=True)
class Quantity:
    """One figure of the accounts: value, unit, formula in words, the sources of what it was computed from.

    `low` and `high` are there where the interval of the averted offences gives them; `status` says what a figure can
    bear: "" for plain arithmetic, else why it has no value or no limit. Other ranges come from the sensitivity.
    """

    name: str
    value: float
    unit: str
    formula: str
    source: str
    low: float = float("nan")
    high: float = float("nan")
    status: str = ""


@dataclass(frozen=True)
class Accounts:
    """The quantities, in order, and what has to be said with them."""

    currency: str
    quantities: tuple[Quantity, ...]
    notes: tuple[str, ...] = field(default=())

    def __getitem__(self, name: str) -> Quantity:
        """The quantity of that name; UserError for one that these accounts do not hold."""
        known = {quantity.name: quantity for quantity in self.quantities}
        if name not in known:
            raise UserError(f"'{name}' is not in the accounts{nearest(name, known)}; they hold {', '.join(known)}")
        return known[name]

    def tidy(self) -> "pd.DataFrame":
        """A row per quantity: value, limits, unit, status, formula, source."""
        import pandas as pd

        rows = [(q.name, q.value, q.low, q.high, q.unit, q.status, q.formula, q.source) for q in self.quantities]
        return pd.DataFrame(rows, columns=list(COLUMNS))


def accounts(plan: Costs, averted: Averted | None = None) -> Accounts:
    """The accounts at the figures' values; `averted` (the impact estimate's) replaces the plan's.

    The cost per offence averted has the interval of the averted offences: cost / high to cost / low. Where that
    interval holds 0 there is no upper limit, and where the estimate itself is 0 or less there is no such cost: the
    status says so. Nothing is added up twice: the value of averted offences is not in the net cost.
    """
    given = figures(plan, averted)
    values = quantities(plan, {name: figure.value for name, figure in given.items()})
    offences = given.get("averted")
    found = []
    for name, (unit, formula, parts) in described(plan, given).items():
        value, low, high, status = float(values[name]), float("nan"), float("nan"), ""
        if offences is not None and name in PER_OFFENCE:
            value, low, high, status = _per_offence(value, float(values[PER_OFFENCE[name]]), offences)
        elif offences is not None and name in ("offences_averted", "offences_averted_per_contact"):
            scale = 1.0 if name == "offences_averted" else plan.contacts.value
            low, high = (np.nan if end is None else end / scale for end in (offences.low, offences.high))
            over = name != "offences_averted" and value > 1
            status = "more than one offence averted by each contact: implausible without a stated mechanism" * over
        elif offences is not None and name == "police_to_programme_ratio":
            scale = float(values["programme_cost"]) / given[f"unit_costs.{OFFENCE}"].value
            low, high = (np.nan if end is None or scale <= 0 else end / scale for end in (offences.low, offences.high))
            status = "its interval holds 0, as that of averted offences does" * bool(low <= 0 <= high)
            status = "not above 0: no offence averted by the estimate" if value <= 0 else status
        elif not np.isfinite(value):
            status = "not defined: nothing to divide by"
        elif name == "break_even_offences" and value <= 0:
            status = SAVES
        source = "; ".join(dict.fromkeys(given[part].source for part in parts))
        found.append(Quantity(name, value, unit, formula, source, low, high, status))
    return Accounts(plan.currency, tuple(found), notes(plan, offences))


PER_OFFENCE = {"cost_per_offence_averted": "programme_cost", "net_cost_per_offence_averted": "net_cost"}


def _per_offence(value: float, cost: float, averted: Figure) -> tuple[float, float, float, str]:
    """Cost over averted offences with the interval that the latter gives it, and what it can bear."""
    nan = float("nan")
    low, high = averted.low, averted.high
    if cost < 0:
        return nan, nan, nan, SAVES + (", and averts offences" if averted.value > 0 else "")
    if averted.value <= 0:
        best = high is not None and high > 0
        tail = f"; at best {cost / high:,.2f} per offence, where {high:g} are averted" if best and high else ""
        return nan, nan, nan, f"dominated: costs money and averts none by the estimate ({averted.value:g}){tail}"
    if low is None or high is None:
        return value, nan, nan, "no interval: the averted offences have none"
    if low <= 0:
        return value, cost / high, nan, (
            f"not defined above: the interval of averted offences ({low:g} to {high:g}) holds 0, so the cost per "
            f"offence runs from {cost / high:,.2f} without limit, and the programme may be dominated")  # fmt: skip
    return value, cost / high, cost / low, "interval of the averted offences only"


def implied_averted(programme_cost: float, cost_per_offence: float) -> float:
    """Offences that a stated cost per offence implies: cost / cost per offence. UserError unless both are above 0."""
    if programme_cost <= 0 or cost_per_offence <= 0:
        raise UserError(f"a cost of {programme_cost:g} and {cost_per_offence:g} per offence imply no number of them")
    return programme_cost / cost_per_offence


def averted_from(
    relative: float, low: float, high: float, observed: float, source: str, confidence: float = 0.95
) -> Averted:
    """Offences averted from a relative effect (-0.2: a fifth fewer) and what was observed under the programme.

    Without the programme there would have been observed / (1 + relative); averted is that less observed. UserError for
    an effect of -100 % or less, which has no counterpart, and for limits that are not in order.
    """
    if not low <= relative <= high:
        raise UserError(f"relative effect {relative:g} is not within its interval {low:g} to {high:g}")
    if low <= -1 or observed < 0:
        raise UserError(f"a relative effect of {low:g} on {observed:g} observed: nothing tells what would have been")
    value, most, least = (-observed * r / (1 + r) + 0.0 for r in (relative, low, high))
    return Averted(value=value, low=least, high=most, source=source, confidence=confidence)


def quantities(plan: Costs, values: Values) -> dict[str, "float | np.ndarray"]:
    """Every figure of the accounts from figures by their dotted names (`cost_plan.figures`); numbers or arrays alike.

    NaN where a quotient is not defined: nothing averted, nothing diverted. A cost per offence averted is given where
    offences are averted, whatever the sign of the cost.
    """
    v = values
    cost, contacts = v["programme_cost"], v["contacts"]
    found: dict[str, float | np.ndarray] = {"programme_cost": cost, "cost_per_contact": cost / contacts}
    if "eligible" in v:
        found["coverage_of_eligible"] = _over(contacts, v["eligible"])
    savings: float | np.ndarray = 0.0
    gross: float | np.ndarray = 0.0
    if plan.officer_minutes_saved is not None:
        minutes = contacts * v["officer_minutes_saved"]
        hours, wage = minutes / 60, v[f"unit_costs.{OFFICER_HOUR}"]
        share = v["officer_minutes_saved.counterfactual_share"]
        found |= {
            "officer_minutes_saved_gross": minutes, "officer_minutes_saved_net": minutes * share,
            "officer_hours_saved_gross": hours, "officer_hours_saved_net": hours * share,
            "officer_value_gross": hours * wage, "officer_value_net": hours * share * wage,
        }  # fmt: skip
        gross, savings = gross + hours * wage, savings + hours * share * wage
    for name, one in plan.diversions.items():
        at = f"diversions.{name}."
        number = v[at + "count"] if one.count is not None else contacts * v[at + "share"]
        net = number * v[at + "counterfactual_share"]
        price = v[f"unit_costs.{one.unit_cost}"] * (v[at + "units"] if one.units is not None else 1.0)
        found |= {
            f"{name}_diverted_gross": number, f"{name}_diverted_net": net,
            f"cost_per_{name}_diverted_gross": _over(cost, number), f"cost_per_{name}_diverted_net": _over(cost, net),
            f"{name}_value_gross": number * price, f"{name}_value_net": net * price,
        }  # fmt: skip
        gross, savings = gross + number * price, savings + net * price
    found |= {"savings_gross": gross, "savings_net": savings, "net_cost": cost - savings,
              "net_cost_per_contact": (cost - savings) / contacts}  # fmt: skip
    if "averted" in v:
        found |= _of_offences(v, cost, found["net_cost"], contacts)
    if "volunteer_hours" in v:
        found["volunteer_value"] = v["volunteer_hours"] * v["volunteer_wage"]
    return found


def _of_offences(
    v: Values, cost: "float | np.ndarray", net: "float | np.ndarray", contacts: "float | np.ndarray"
) -> "dict[str, float | np.ndarray]":
    averted = v["averted"]
    per = _over(cost, averted)
    found = {"offences_averted": averted, "offences_averted_per_contact": averted / contacts,
             "cost_per_offence_averted": per, "net_cost_per_offence_averted": _over(net, averted)}  # fmt: skip
    if f"unit_costs.{OFFENCE}" in v:
        police = v[f"unit_costs.{OFFENCE}"]
        found |= {"police_to_programme_ratio": _over(police * averted, cost), "break_even_offences": _over(net, police)}
    return found


def _over(top: "float | np.ndarray", bottom: "float | np.ndarray") -> "float | np.ndarray":
    """Quotient where the divisor is above 0, NaN elsewhere (and where it is NaN)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where(np.asarray(bottom) > 0, np.asarray(top, "float64") / np.asarray(bottom, "float64"), np.nan)
    return found if found.ndim else float(found)
