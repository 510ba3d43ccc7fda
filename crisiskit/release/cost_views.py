"""Section of the response-patterns notebook about cost: what a contact and an outcome cost, at the wages given."""

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from crisiskit.errors import UserError, nearest
from crisiskit.release import plots
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, text_of
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

ASKED = {"cost_per_contact": "contact", "cost_per_outcome": "record that ended as resolved"}
"""Measure to what its cost is divided by."""
UNIT = "money, in the currency of the wage"
NUMBERS = ["numerator", "denominator", "value", "low", "high"]
PARTS = ["paid_min", "labour_cost", "fixed_cost", "volunteer_min", "volunteer_value", "volunteer_value_per_unit"]


@dataclass(frozen=True)
class Prices:
    """What the cost rests on; a wage of 0 is not given, and no cost can be computed without the first."""

    wage_per_h: float = 0.0
    funded_share: float = 1.0
    fixed_cost: float = 0.0
    volunteer_wage_per_h: float = 0.0

    @classmethod
    def of(cls, report: "Report") -> "Prices":
        """Read them from the notebook's parameter `prices`, such as "wage_per_h=45; funded_share=0.8".

        UserError for a name that is not known, and for what is no amount, or no share.
        """
        names = [field.name for field in fields(cls)]
        given: dict[str, float] = {}
        for part in filter(None, (text.strip() for text in str(report.settings.get("prices") or "").split(";"))):
            name, _equals, text = (word.strip() for word in part.partition("="))
            if name not in names:
                raise UserError(f"prices: there is no '{name}'{nearest(name, names) or f' ({joined(names)})'}")
            given[name] = _amount(name, text)
        if given.get("funded_share", 1) > 1:
            raise UserError(f"prices: funded_share is a share from 0 to 1, not '{given['funded_share']:g}'")
        return cls(**given)

    @property
    def variant(self) -> dict[str, float]:
        """The same as the measures name it; a volunteer's wage that is not given stays out."""
        named = {"wage_per_h": self.wage_per_h, "funded_share": self.funded_share, "fixed": self.fixed_cost}
        own = self.volunteer_wage_per_h
        return named | ({"volunteer_wage_per_h": own} if own else {})

    @property
    def words(self) -> str:
        """What was assumed, in a sentence."""
        own = (f"a volunteer's hour is valued at {text_of(self.volunteer_wage_per_h)}" if self.volunteer_wage_per_h else
               "volunteers' hours are not valued, for volunteer_wage_per_h is not given")  # fmt: skip
        fixed = f"fixed costs of {text_of(self.fixed_cost)}" if self.fixed_cost else "no fixed_cost is given"
        return (f"Assumed: {text_of(self.wage_per_h)} for an hour of paid work, of which "
                f"{100 * self.funded_share:g} % is funded; {fixed}; {own}.")  # fmt: skip


def _amount(name: str, text: str) -> float:
    """A number of 0 or more; UserError for anything else."""
    try:
        number = float(text)
    except ValueError as error:
        raise UserError(f"prices: {name} must be a number such as 45.5, not '{text}'") from error
    if not 0 <= number < float("inf"):
        raise UserError(f"prices: {name} must be 0 or more, not '{text}'")
    return number


@shows(NOTEBOOK, "cost")
def cost(report: "Report", section: Section) -> View:
    """Cost per contact and per outcome at the wages given, with the value of volunteers' time apart."""
    prices = Prices.of(report)
    if not prices.wage_per_h:
        return nothing_known(section, "the settings give no wage_per_h in prices, and no wage is assumed")
    every, lacking = _asked(report, prices)
    if every.empty:
        return nothing_known(section, "; ".join(lacking))
    said = [f"{row.label} {text_of(row.value)} ({text_of(row.low)} to {text_of(row.high)}): "
            f"{text_of(row.numerator)} / {row.denominator:,.0f}" for row in every.itertuples()]  # fmt: skip
    figure = report.figures.save(
        plots.dots(every, "label", UNIT),
        "cost_per_unit",
        title="Cost per contact and per outcome",
        caption="All paid minutes at the wage, and fixed costs, over all units; lines are 95 % intervals of the "
        "minutes per unit. Volunteers' time is in no cost. An outcome recorded is not one brought about.",
        alt=f"{'; '.join(said)}.",
        data=every[["label", *NUMBERS, *PARTS]],
        n=int(every["rows_used"].max()),
        unit=UNIT,
        counted="records at most (what each cost rests on is in the table)",
        left_out="; ".join(f"{row.label}: {left}" for row in every.itertuples() if (left := _dropped(row.reasons))),
    )
    lines = [f"{'; '.join(said)}.", *_volunteers(every), prices.words]
    lines += [f"Without an answer: {'; '.join(lacking)}."] if lacking else []
    table = every[["label", *NUMBERS, *PARTS, "rows_used", "rows_left_out", "reasons"]]
    table = table.assign(reasons=table["reasons"].map(reasons_text))
    return View("\n".join(lines), figure, folds=(("What each cost is made of", table),))


def _asked(report: "Report", prices: Prices) -> "tuple[pd.DataFrame, list[str]]":
    """Costs with a value, by the groups that the report keeps apart, with their label; and why others have none."""
    import pandas as pd

    by = (report.split,) if report.split else ()
    found, lacking = [], []
    for measure, unit in ASKED.items():
        answer = report.ask(measure, by, **prices.variant)
        known = answer.dropna(subset=["value", *by])
        groups = [f" ({name_of(group, by[0])})" for group in known[by[0]]] if by else [""] * len(known)
        found.append(known.assign(label=[f"per {unit}{group}" for group in groups], of=unit))
        for _, row in answer[answer["value"].isna()].iterrows():
            group = f" ({name_of(row[by[0]], by[0])})" if by else ""
            lacking.append(f"per {unit}{group}: {reasons_text(row['reasons']) or 'no row to judge'}")
    return pd.concat(found, ignore_index=True), lacking


def _dropped(reasons: str) -> str:
    """The reasons that count rows left out; notes and rows that were used are in the table."""
    parts = [part for part in reasons.split("; ") if part[-1:].isdigit() and not part.startswith("kept: ")]
    return reasons_text("; ".join(parts))


def _volunteers(every: "pd.DataFrame") -> list[str]:
    """Volunteers' hours and what they are worth, apart from every cost; once for each group, from its contacts."""
    rows = every[every["volunteer_min"] > 0]
    rows = rows[rows["of"] == rows["of"].iloc[0]] if len(rows) else rows
    if rows.empty:
        return []
    parts = []
    for row in rows.itertuples():
        hours = counted(round(row.volunteer_min / 60), "hour")
        worth = row.volunteer_value == row.volunteer_value
        value = f", worth {text_of(row.volunteer_value)}, or {text_of(row.volunteer_value_per_unit)} {row.label}"
        parts.append(f"{hours} of volunteers{value if worth else ''}")
    return [f"Apart from these costs: {'; '.join(parts)}."]
