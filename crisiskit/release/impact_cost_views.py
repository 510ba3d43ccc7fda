"""Sections of the impact notebook about encounters and money."""

from typing import TYPE_CHECKING

from crisiskit.release import impact_cost_plots
from crisiskit.release import impact_plots as plots
from crisiskit.release.impact_study import credited, studied
from crisiskit.release.sections import Section
from crisiskit.release.tables import text_of, words
from crisiskit.release.view import View, nothing_known

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.study import Study
    from crisiskit.release.report import Report

MAIN_COSTS = (
    "cost_per_contact", "cost_per_offence_averted", "net_cost", "net_cost_per_contact", "coverage_of_eligible",
)  # fmt: skip


@studied("encounters")
def encounters(report: "Report", study: "Study", section: Section) -> View:
    """Outcomes of encounters by who responded: as recorded, weighted, and within exact strata."""
    found = study.comparison
    if found is None:
        return nothing_known(section, "the question names no `encounters`: responders, outcomes and covariates known "
                                      "before anybody went")  # fmt: skip
    table = found.table
    shown = table[["outcome", "method", "difference", "low", "high", "p", "ratio"]].copy()
    shown["label"] = [f"{words(row.outcome)}, {row.method}" for row in table.itertuples()]
    shown["value"] = 100 * shown["difference"]
    shown[["low", "high"]] *= 100
    shown["main"] = shown["method"] == "weighted"
    unit, said = "difference in percentage points of encounters", _said(table)
    figure = report.figures.save(
        plots.intervals(shown, unit, "main"),
        "impact_encounters",
        title="Outcomes of encounters: the programme's responders against others",
        caption=f"Risk differences with 95 % intervals; the squares are weighted so that both groups had alike "
        f"encounters in {', '.join(words(name) for name in found.plan.covariates)}. What was not recorded is not "
        "balanced.",
        alt=said[0],
        data=shown[["outcome", "method", "value", "low", "high", "p", "ratio"]], n=int(table["programme"].max()
        + table["comparison"].max()), unit=unit, counted="encounters at most",
    )  # fmt: skip
    folds = (("Risks, ratios and E-values", table), ("Recorded or missing", found.missing),
             ("Balance before and after weighting", found.balance), ("Overlap of the groups", found.histogram),
             ("Encounters left after each step", found.flow))  # fmt: skip
    points = (*(f"{check.title} {check.status.capitalize()}: {check.finding}" for check in found.checks), *found.notes)
    return View("\n".join(said), figure, folds=folds, points=points)


def _said(table: "pd.DataFrame") -> list[str]:
    """The weighted comparison of each outcome in words."""
    rows = table[table["method"] == "weighted"]
    return [
        f"{words(row.outcome).capitalize()}: in {row.risk_programme:.1%} of the programme's encounters, and in "
        f"{row.risk_comparison:.1%} of the others once they are weighted to be alike; difference "
        f"{100 * row.difference:+.1f} points ({100 * row.low:+.1f} to {100 * row.high:+.1f}, "
        f"{row.programme + row.comparison:,} encounters). Something unrecorded would have to go with both responder "
        f"and outcome by a risk ratio of {row.e_value:.1f} to explain it away, and of {row.e_value_limit:.1f} for its "
        "interval to reach no difference."
        for row in rows.itertuples()
    ]


@studied("money")
def money(report: "Report", study: "Study", section: Section) -> View:
    """The accounts: every quantity with its formula and source, gross and net, volunteers apart."""
    found = study.accounts
    if found is None:
        return nothing_known(section, "the question states no `costs`: no cost is assumed without a source")
    table = found.tidy()
    known = table.set_index("quantity")
    parts = [f"{words(name)} {text_of(known.loc[name, 'value'])}" for name in MAIN_COSTS if name in known.index
             and known.loc[name, "value"] == known.loc[name, "value"]]  # fmt: skip
    note = f"In {found.currency}: {'; '.join(parts)}."
    if "volunteer_value" in known.index:
        note += f" Apart from all costs: volunteers' time worth {text_of(known.loc['volunteer_value', 'value'])}."
    table = table.assign(quantity=table["quantity"].map(words))
    folds = (("How each figure was made, and its source", table[["quantity", "value", "formula", "source"]]),)
    return View(note, table=table.drop(columns=["formula", "source"]), caption="The accounts", folds=folds,
                points=found.notes)  # fmt: skip


@studied("cost_doubt")
def cost_doubt(report: "Report", study: "Study", section: Section) -> View:
    """Every figure drawn from its range: limits, tornado, cost-effectiveness plane, acceptability."""
    from crisiskit.impact.cost_sensitivity import sensitivity, tornado

    plan = study.question.costs
    if plan is None or study.accounts is None:
        return nothing_known(section, "the question states no `costs`")
    moved = tornado(plan, "net_cost", study.averted)
    drawn = sensitivity(plan, study.averted)
    folds = [("What was drawn", drawn.inputs), ("The accounts under their doubt", drawn.summary)]
    note = f"{drawn.draws:,} draws with seed {drawn.seed}; figures are drawn independently of each other."
    if drawn.quadrants is not None:
        there = [f"{row.share:.0%} of the draws: {row.quadrant}" for row in drawn.quadrants.itertuples() if row.share]
        note += f" {'; '.join(there)}."
        folds.append(("Shares of the draws", drawn.quadrants))
    if drawn.acceptability is not None:
        folds.append(("Worth it at what price of an averted offence", drawn.acceptability))
    if moved.empty:
        return View(f"{note} No figure of the costs has a range, so that nothing can be moved.", folds=tuple(folds))
    unit = f"net cost, {plan.currency}"
    figure = credited(report, study).save(
        impact_cost_plots.doubt(_named(moved), drawn.plane, unit, "offences averted"),
        "impact_cost_doubt",
        title="What moves the net cost, and cost against effect",
        caption="Left: one figure at a time at the low and the high end of its range. Right: each point is one draw of "
        "all figures; below zero the programme saves money, right of zero it averts offences.",
        alt=f"The widest swing comes from {words(moved['figure'].iloc[0])}.",
        data=moved, n=drawn.draws, unit=unit, counted="draws",
    )  # fmt: skip
    return View(note, figure, folds=tuple(folds))


def _named(moved: "pd.DataFrame") -> "pd.DataFrame":
    return moved.assign(label=[words(name.replace(".", ", ")) for name in moved["figure"]])
