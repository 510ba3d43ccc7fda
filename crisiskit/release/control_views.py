"""The section of control charts: is the number of contacts steady, is the share answered or the share with force?"""

from typing import TYPE_CHECKING

from crisiskit.measures.control_charts import RULES, Chart, p_chart, u_chart
from crisiskit.release import series_plots
from crisiskit.release.calendar import choose_step, month_name
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.series_parts import Part, parts, undated, unfit
from crisiskit.release.series_plots import Panel
from crisiskit.release.tables import text_of
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

LEAST_POINTS, LEAST_SHARE = 12, 0.5
"""The fewest points from which limits are drawn, and the share of the periods of which something must be known."""
STEPS = ("day", "week")
LEAST_COUNT = 3.0
"""The least mean count a period: below it three sigma say little, as the counts can hardly fall."""
SHARES = (("answer_rate", ("answered", "offered"), "answered / offered"), ("force_used", ("force_used",), "force used"))
"""Measure, the columns that it needs on the records, and its name: the shares for which a p-chart is drawn."""

@shows(NOTEBOOK, "control_chart")
def control_chart(report: "Report", section: Section) -> View:
    """U-chart of contacts a day, and p-charts of shares that the records hold; signals are named by period and rule."""
    import pandas as pd

    step, every = _step(report)
    made = [chart for part in every for chart in (_contacts_chart(part), *_share_charts(report, part, step))]
    charts = [item for item in made if not isinstance(item, str)]
    if not charts:
        return nothing_known(section, "; ".join(str(item).rstrip(".") for item in made))
    panels = [panel for panel, _ in charts]
    data = pd.concat([panel.data.assign(chart=panel.title) for panel in panels], ignore_index=True)
    lines = [_signalled(panel, chart, step) for panel, chart in charts]
    figure = report.figures.save(
        series_plots.control(panels),
        "control_charts",
        title=f"Control charts by {step}",
        caption="Limits at 3 sigma follow each period's days or denominator; where the points scatter more than chance "
        f"they are widened (Laney). Signals: {'; '.join(RULES.values())}.",
        alt=f"Lines between control limits. {' '.join(lines)}",
        data=data.drop(columns=["first_day"]),
        n=int(sum(part.series.whole["contacts"].sum() for part in every)),
        unit="contacts a day, or share",
        left_out=undated(every, step),
    )
    lines += [item for item in made if isinstance(item, str)]
    note = "A signal says that something changed, not what: trend, season and a change of form signal as well."
    return View("\n".join(filter(None, [*lines, note, unfit(every, step)])), figure)


def _step(report: "Report") -> tuple[str, list[Part]]:
    """The step that suits the span, or a coarser one where some series has too few contacts in it for limits."""
    chosen = choose_step(report)
    for step in STEPS[STEPS.index(chosen):] if chosen in STEPS else ():
        found = parts(report, step)
        if all(part.series.whole["contacts"].mean() >= LEAST_COUNT for part in found):
            return step, found
    return "month", parts(report, "month")


def _contacts_chart(part: Part) -> tuple[Panel, Chart] | str:
    """The u-chart of one series, or why there is none. Incomplete periods are drawn, and set no limit."""
    frame = part.series.frame
    fit = ~(frame["incomplete"] | frame["gap"])
    title = f"{part.name}: contacts a day" if part.name else "Contacts a day"
    lacks = _lacks(fit, frame["contacts"])
    if lacks:
        return f"{title}: no chart, {lacks}."
    chart = u_chart(frame["contacts"].where(fit), frame["days"].where(fit))
    return _chart_panel(title, "contacts a day", part, chart, frame["contacts"] / frame["days"]), chart


def _share_charts(report: "Report", part: Part, step: str) -> "list[tuple[Panel, Chart] | str]":
    """The p-charts of one series, or why there is none: one for each of `SHARES` that its records hold."""
    found: list[tuple[Panel, Chart] | str] = []
    for name, needs, label in SHARES:
        rows = _shares(report, part, step, name) if set(needs) <= report.recorded["interventions"] else None
        if rows is None or not rows["denominator"].sum():
            continue
        sound = (rows["denominator"] > 0) & (rows["numerator"] <= rows["denominator"])
        fit = ~part.series.frame["incomplete"].set_axis(rows.index) & sound
        title = f"{part.name}: {label}" if part.name else label[0].upper() + label[1:]
        rest = rows["denominator"] - rows["numerator"]
        rarer = rows["numerator"] if rows["numerator"].sum() <= rest.sum() else rest
        lacks = _lacks(fit, rarer)
        if lacks:
            found.append(f"{title}: no chart, {lacks}.")
            continue
        chart = p_chart(rows["numerator"].where(fit), rows["denominator"].where(fit))
        found.append((_chart_panel(title, "share (%)", part, chart, rows["value"]), chart))
    return found


def _shares(report: "Report", part: Part, step: str, name: str) -> "pd.DataFrame":
    """A measure's answer for one series, one row per period of it."""
    options = {"table": "interventions"} if name == "answer_rate" else {}
    asked = report.ask(name, (step, report.split) if report.split else (step,), **options).dropna(subset=step)
    asked = asked[asked[report.split] == part.where[report.split]] if report.split else asked
    return asked.assign(period=asked[step].astype(str)).set_index("period").reindex(part.series.frame["period"])


def _lacks(fit: "pd.Series", counts: "pd.Series") -> str:
    """Say why limits would mean nothing: too few points, more holes than points, or too few events in each."""
    if fit.sum() < LEAST_POINTS:
        return f"{LEAST_POINTS} complete points are needed, there are {int(fit.sum())}"
    if fit.mean() < LEAST_SHARE:
        return f"something is known of {int(fit.sum())} periods of {len(fit)} only"
    mean = counts[fit].mean()
    return f"{mean:.1f} a period on average are too few for limits" if mean < LEAST_COUNT else ""


def _chart_panel(title: str, unit: str, part: Part, chart: Chart, values: "pd.Series") -> Panel:
    """A chart's numbers beside its periods; `values` holds the incomplete periods too, which the chart leaves out."""
    frame = part.series.frame[["period", "first_day", "incomplete"]].reset_index(drop=True)
    data = frame.join(chart.frame.drop(columns="value")).assign(value=values.to_numpy(), centre=chart.centre)
    return Panel(title, data, unit, percent=chart.kind == "p")


def _signalled(panel: Panel, chart: Chart, step: str) -> str:
    """Centre and limits of a chart, and where it signals, in words."""
    label = (lambda period: month_name(period)) if step == "month" else str
    centre = f"centre {100 * chart.centre:.1f} %" if chart.kind == "p" else f"centre {text_of(chart.centre)}"
    wide = f", limits widened {chart.sigma_z:.1f} times" if chart.widened else ""
    far = panel.data.loc[panel.data["beyond"], "period"]
    said = [f"beyond the limits in {counted(len(far), step)} ({joined(map(label, far[:3]))}"
            f"{' and later' if len(far) > 3 else ''})"] if len(far) else []  # fmt: skip
    said += [f"{RULES[name]}: {counted(points, 'point')}" for name, points in chart.signals.items() if name != "beyond"]
    return f"{panel.title}: {centre}{wide}; {'; '.join(said) or 'no signal'}."
