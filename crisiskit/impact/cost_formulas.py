"""What each figure of the accounts is: its unit, its formula in words, and the figures that it rests on."""

from collections.abc import Mapping

from crisiskit.impact.cost_plan import OFFENCE, OFFICER_HOUR, Costs, Figure, used_unit_costs

Row = tuple[str, str, tuple[str, ...]]


def described(plan: Costs, given: Mapping[str, Figure]) -> dict[str, Row]:
    """Name of each quantity to unit, formula, and dotted names of the figures in it, in the order of the accounts."""
    money, cost, contacts = plan.currency, "programme_cost", "contacts"
    rows: dict[str, Row] = {
        "programme_cost": (money, "as given", (cost,)),
        "cost_per_contact": (f"{money} per contact", "programme cost / contacts", (cost, contacts)),
    }
    if "eligible" in given:
        rows["coverage_of_eligible"] = ("share", "contacts / eligible calls", (contacts, "eligible"))
    rows |= _officers(plan, money)
    for name in plan.diversions:
        rows |= _diversion(plan, name, money)
    saved = tuple(
        part for part in given if part.startswith(("officer_minutes", "diversions", "unit_costs"))
        and part != f"unit_costs.{OFFENCE}"
    )  # fmt: skip
    base = (contacts, *saved) if saved else ()
    rows |= {
        "savings_gross": (money, "officer value + values of diversions, gross", base),
        "savings_net": (money, "officer value + values of diversions, net of the counterfactual", base),
        "net_cost": (money, "programme cost - net savings", (cost, *base)),
        "net_cost_per_contact": (f"{money} per contact", "net cost / contacts", (cost, contacts, *saved)),
    }
    if "averted" in given:
        rows |= _offences(given, money, base)
    if "volunteer_hours" in given:
        rows["volunteer_value"] = (money, "volunteer hours x wage; in no cost", ("volunteer_hours", "volunteer_wage"))
    return rows


def _officers(plan: Costs, money: str) -> dict[str, Row]:
    if plan.officer_minutes_saved is None:
        return {}
    gross = ("contacts", "officer_minutes_saved")
    net = (*gross, "officer_minutes_saved.counterfactual_share")
    price, share = f"unit_costs.{OFFICER_HOUR}", "share of contacts that police would have gone to"
    return {
        "officer_minutes_saved_gross": ("minutes", "contacts x minutes saved", gross),
        "officer_minutes_saved_net": ("minutes", f"gross x {share}", net),
        "officer_hours_saved_gross": ("hours", "gross minutes / 60", gross),
        "officer_hours_saved_net": ("hours", "net minutes / 60", net),
        "officer_value_gross": (money, "gross hours x cost of an officer hour", (*gross, price)),
        "officer_value_net": (money, "net hours x cost of an officer hour", (*net, price)),
    }


def _diversion(plan: Costs, name: str, money: str) -> dict[str, Row]:
    one, at = plan.diversions[name], f"diversions.{name}."
    gross = (at + "count",) if one.count is not None else ("contacts", at + "share")
    net = (*gross, at + "counterfactual_share")
    price = (f"unit_costs.{one.unit_cost}", *([at + "units"] if one.units is not None else []))
    words = f"cost of {one.unit_cost}" + (" x units of it" if one.units is not None else "")
    each = f"{money} per diversion"
    return {
        f"{name}_diverted_gross": ("diversions", "as given" if one.count is not None else "contacts x share", gross),
        f"{name}_diverted_net": ("diversions", "gross x share that would have ended so without the programme", net),
        f"cost_per_{name}_diverted_gross": (each, "programme cost / gross diversions", ("programme_cost", *gross)),
        f"cost_per_{name}_diverted_net": (each, "programme cost / net diversions", ("programme_cost", *net)),
        f"{name}_value_gross": (money, f"gross diversions x {words}", (*gross, *price)),
        f"{name}_value_net": (money, f"net diversions x {words}", (*net, *price)),
    }


def _offences(given: Mapping[str, Figure], money: str, base: tuple[str, ...]) -> dict[str, Row]:
    cost, each = "programme_cost", f"{money} per offence"
    rows: dict[str, Row] = {
        "offences_averted": ("offences", "the impact estimate", ("averted",)),
        "offences_averted_per_contact": ("per contact", "offences averted / contacts", ("averted", "contacts")),
        "cost_per_offence_averted": (each, "programme cost / offences averted", (cost, "averted")),
        "net_cost_per_offence_averted": (each, "net cost / offences averted", (cost, *base, "averted")),
    }
    if (police := f"unit_costs.{OFFENCE}") in given:
        rows |= {
            "police_to_programme_ratio": (
                "ratio", "police cost per offence / programme cost per offence averted", (police, cost, "averted")),
            "break_even_offences": (
                "offences", "net cost / police cost per offence", (police, cost, *base)),
        }  # fmt: skip
    return rows


def notes(plan: Costs, averted: Figure | None) -> tuple[str, ...]:
    """What has to be said with the accounts: counterfactuals, what may be counted twice, what is an estimate."""
    found = ["cost per contact divides by what was delivered, cost per offence averted by an estimate: they are not "
             "the same kind of figure"]  # fmt: skip
    if plan.officer_minutes_saved is not None:
        found.append(f"officer time is net of: {plan.officer_minutes_saved.counterfactual}")
    found += [f"{name} diversions are net of: {one.counterfactual}" for name, one in plan.diversions.items()]
    if plan.officer_minutes_saved is not None and plan.diversions:
        found.append("officer minutes of an arrest must not be in the unit cost of an arrest as well")
    if len(plan.diversions) > 1:
        found.append("one contact may be diverted from several of these; the unit costs must not contain each other")
    if plan.officer_minutes_saved is not None or plan.diversions:
        found.append("time and places that are saved are worth their price only where they are used otherwise")
    if averted is None:
        found.append("no estimate of averted offences: nothing is said of cost per offence")
    if plan.volunteer_hours is not None:
        found.append("volunteer time is valued apart and is in no cost")
    if unused := sorted(set(plan.unit_costs) - used_unit_costs(plan)):
        found.append(f"unit costs that nothing uses: {', '.join(unused)}")
    return tuple(found)
