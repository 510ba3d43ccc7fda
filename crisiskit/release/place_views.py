"""Sections of the response-patterns notebook about place: contacts per population, with the noise of small areas."""

from typing import TYPE_CHECKING

from crisiskit.release import funnel_plot
from crisiskit.release.area_rates import (
    Rates,
    definition_of,
    left_out,
    rate_table,
    rates_of,
    unit_of,
    who,
    widened,
)
from crisiskit.release.funnel_plot import Panel
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, text_of
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

PANELS = 2  # groups that are drawn; the others are named
ROWS = 40  # areas that a figure of rows holds; beyond, the highest and the lowest
NAMED = 8  # areas that are named in a sentence
SIDES = {"far above": "above", "far below": "below"}
LIMITS = "Limits: where an area of that size would lie by chance, around the rate of all areas together."
CHANCE = (
    "By chance alone one area in twenty lies outside the inner limits and one in five hundred outside the outer ones; "
    "an order of areas that all lie inside says nothing."
)


@shows(NOTEBOOK, "rates")
def rates(report: "Report", section: Section) -> View:
    """Contacts per population by area, sorted, each row over the limits that chance gives an area of its size."""
    every = rates_of(report)
    drawn = [item for item in every if len(item.areas)][:PANELS]
    if not drawn:
        return nothing_known(section, _refusals(every))
    figure = report.figures.save(
        funnel_plot.rows_in_limits([_panel(report, item, _ends(item.areas)) for item in drawn], unit_of(drawn[0])),
        "rates_by_area",
        title="Contacts per population, by area",
        caption=f"{definition_of(drawn[0])} Lines: exact 95 % Poisson interval. {LIMITS} {widened(drawn)}",
        alt=" ".join(_ranked(report, item) for item in drawn),
        data=rate_table(report, drawn),
        n=sum(item.contacts for item in drawn),
        unit=unit_of(drawn[0]),
        left_out=left_out(report, drawn),
    )
    lines = [_ranked(report, item) for item in drawn]
    lines += [line for item in every if (line := _about(report, item))]
    half = ROWS // 2
    lines += [f"Drawn are the {half} highest and the {half} lowest of {len(item.areas)} areas; the table has all."
              for item in drawn if len(item.areas) > ROWS]  # fmt: skip
    return View("\n".join([*lines, *_undrawn(report, every, drawn)]), figure)


@shows(NOTEBOOK, "funnel")
def funnel(report: "Report", section: Section) -> View:
    """The same rates over population: small areas scatter, and only those outside the funnel ask for a reason."""
    every = rates_of(report)
    drawn = [item for item in every if len(item.areas) > 1][:PANELS]
    if not drawn:
        alone = any(len(item.areas) for item in every)
        return nothing_known(section, "there is one area with a population" if alone else _refusals(every))
    lines = [_outliers(report, item) for item in drawn]
    figure = report.figures.save(
        funnel_plot.funnel([_panel(report, item, item.areas) for item in drawn], unit_of(drawn[0])),
        "rates_funnel",
        title="Contacts per population, against population",
        caption=f"One point is one area. {definition_of(drawn[0])} {LIMITS} {widened(drawn)}",
        alt=" ".join(lines),
        data=rate_table(report, drawn),
        n=sum(item.contacts for item in drawn),
        unit=unit_of(drawn[0]),
        left_out=left_out(report, drawn),
    )
    return View("\n".join([*lines, CHANCE, *_undrawn(report, every, drawn)]), figure)


def _panel(report: "Report", item: Rates, areas: "pd.DataFrame") -> Panel:
    """What is drawn of one group: its areas, and limits from the smallest population to beyond the largest."""
    import numpy as np
    import pandas as pd

    from crisiskit.measures.funnel import BANDS, rate_limits

    first = item.areas.iloc[0]
    sizes = np.linspace(item.areas["population"].min() / 2, item.areas["population"].max() * 1.08, 120)
    limits = pd.DataFrame({"population": sizes})
    for name, confidence in BANDS:
        exposure, centre = sizes * first["years"], first["baseline"] / first["per"]
        low, high = rate_limits(centre, exposure, confidence, first["dispersion"])
        limits[f"low{name}"], limits[f"high{name}"] = low * first["per"], high * first["per"]
    title = f"{name_of(item.name, report.split)} " if item.name else ""
    return Panel(f"{title}(n\u00a0=\u00a0{item.contacts:,})", areas, limits, item.centre)


def _ends(areas: "pd.DataFrame") -> "pd.DataFrame":
    """All areas, or the highest and the lowest of very many."""
    import pandas as pd

    return areas if len(areas) <= ROWS else pd.concat([areas.head(ROWS // 2), areas.tail(ROWS // 2)])


def _ranked(report: "Report", item: Rates) -> str:
    """The common rate, the highest and the lowest area with their numbers, and what the limits say of them."""
    said = (f"{who(report, item)}{text_of(item.centre)} {unit_of(item)} over {counted(len(item.areas), 'area')} "
            f"({item.contacts:,} contacts)")  # fmt: skip
    if len(item.areas) < 2:
        return f"{said}."
    ends = [f"{name} {row['label']} {text_of(row['value'])} ({row['numerator']:,.0f} contacts, population "
            f"{row['population']:,.0f}; {row['verdict']} the limits)"
            for name, row in (("highest", item.areas.iloc[0]), ("lowest", item.areas.iloc[-1]))]  # fmt: skip
    return f"{said}; {', '.join(ends)}."


def _outliers(report: "Report", item: Rates) -> str:
    """Which areas lie outside the outer limits, and how many between the two."""
    parts = []
    for verdict, side in SIDES.items():
        rows = item.areas[item.areas["verdict"] == verdict]
        if len(rows):
            parts.append(f"far {side} what chance gives: {_names(rows)}")
    near = int(item.areas["verdict"].isin(["above", "below"]).sum())
    inside = int((item.areas["verdict"] == "inside").sum())
    parts.append(f"{near} between the two limits, {inside} of {counted(len(item.areas), 'area')} inside both")
    return f"{who(report, item)}{'; '.join(parts)}."


def _names(rows: "pd.DataFrame") -> str:
    named = [f"{row.label} ({text_of(row.value)})" for row in rows.head(NAMED).itertuples()]
    more = [f"{len(rows) - NAMED} more"] if len(rows) > NAMED else []
    return joined([*named, *more])


def _about(report: "Report", item: Rates) -> str:
    """What the rate is not, which contacts and areas have no partner, and how far unknown places could move a rate."""
    parts = [reasons_text(item.note)] if item.note and len(item.areas) else []
    if item.unknown:
        top = item.areas.loc[(item.areas["bound_high"] - item.areas["value"]).idxmax()]
        parts.append(f"{counted(item.unknown, 'contact')} without a known area are in no rate; were all of them from "
                     f"{top['label']}, its rate would be {text_of(top['bound_high'])}")  # fmt: skip
    alone = item.join.get("with contacts only", [])
    if alone:
        parts.append(f"no population for {counted(len(alone), 'area')} with contacts ({joined(alone[:NAMED])}"
                     f"{' and others' if len(alone) > NAMED else ''})")  # fmt: skip
    return f"{who(report, item)}{'; '.join(parts)}." if parts else ""


def _undrawn(report: "Report", every: list[Rates], drawn: list[Rates]) -> list[str]:
    """Groups that have no place in the figure, with the reason."""
    return [f"Not drawn: {name_of(item.name, report.split) if item.name else 'the rates'} "
            f"({item.refused or 'fewer contacts than the groups drawn'})."
            for item in every if item not in drawn]  # fmt: skip


def _refusals(every: list[Rates]) -> str:
    return "; ".join(dict.fromkeys(f"{item.name + ': ' if item.name else ''}{item.refused}" for item in every))
