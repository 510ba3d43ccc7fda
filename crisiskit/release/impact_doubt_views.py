"""Sections of the impact notebook about doubt: the reassigned programme, the event study, trends that may differ."""

from typing import TYPE_CHECKING

import numpy as np

from crisiskit.release import impact_plots as plots
from crisiskit.release.impact_study import credited, studied
from crisiskit.release.sections import Section
from crisiskit.release.view import View, nothing_known

if TYPE_CHECKING:
    from crisiskit.impact.study import Study
    from crisiskit.release.report import Report


@studied("reassigned")
def reassigned(report: "Report", study: "Study", section: Section) -> View:
    """Where the real assignment stands among all that chance could have made."""
    import pandas as pd

    drawn = study.drawn
    if drawn is None:
        return nothing_known(section, "this design does not compare areas that could have been exchanged")
    known = drawn.distribution[np.isfinite(drawn.distribution)]
    ends = np.quantile(known, [0.025, 0.975]) if drawn.smallest_p <= 0.05 else None
    how = f"{'all' if drawn.exact else f'{drawn.draws:,} of'} {drawn.assignments:,} possible assignments"
    how += "" if drawn.exact else f", drawn with seed {study.question.seed}"
    unit = f"t of the effect on {study.panel.label}"
    figure = credited(report, study).save(
        plots.distribution(known.tolist(), drawn.observed, unit, None if ends is None else (ends[0], ends[1])),
        "impact_reassigned",
        title="The programme dealt out to other areas",
        caption=f"t statistic of the effect had other areas got the programme: {how}. It supposes that any area might "
        "as well have been chosen; areas chosen because they were worse are no such lottery.",
        alt=f"The real assignment has t {drawn.observed:.2f}; p {drawn.p:.4f}.",
        data=pd.DataFrame({"assignment": np.arange(len(known)), "t": known}),
        n=len(known), unit=unit, counted="assignments",
        left_out=f"{drawn.not_fitted} that allow no estimate; p counts them as extreme" if drawn.not_fitted else "",
    )  # fmt: skip
    note = (
        f"t is {drawn.observed:.2f}; among {how} at least as extreme a value comes up with p {drawn.p:.4f}. "
        f"The smallest p that this design could reach is {drawn.smallest_p:.4f}."
    )
    if drawn.smallest_p > 0.05:
        note += " That is above 5 %: whatever the data, chance cannot be excluded at that level."
    return View(note, figure)


@studied("event_study")
def event_study(report: "Report", study: "Study", section: Section) -> View:
    """Coefficients by period around the start, with the joint test of those before it."""
    event = study.event
    if event is None or event.series is None:
        return nothing_known(section, _why_not(study))
    check = next(check for check in study.checks if check.id == "pre_trends")
    step = study.question.step
    unit = "log rate ratio" if event.scale == "log" else study.panel.label
    before = event.series[event.series["at"] < 0]
    figure = credited(report, study).save(
        plots.coefficients(event.series, f"{unit}, against the last {step} before", f"{step}s since the start"),
        "impact_event_study",
        title=f"{study.panel.label.capitalize()} around the start, against the other areas",
        caption=f"Coefficient of each {step} against the last before the start, 95 % intervals ({event.correction})."
        " Those before the start show how far the areas moved apart without the programme.",
        alt=f"{len(before)} coefficients before the start, from {before['estimate'].min():.2f} to "
        f"{before['estimate'].max():.2f}; {len(event.series) - len(before)} after it.",
        data=event.series, n=event.n, unit=unit, counted="cells of areas and periods",
    )  # fmt: skip
    return View(f"{check.finding}", figure)


def _why_not(study: "Study") -> str:
    why, helps = study.no_event
    return f"{why}; what would help: {helps}"


@studied("trends")
def trends(report: "Report", study: "Study", section: Section) -> View:
    """Intervals that allow the trends after the start to differ: by a multiple of the past, and by a bent line."""
    check = next(check for check in study.checks if check.id == "honest_pre_trends")
    if check.table is None or not len(check.table):
        return nothing_known(section, f"{check.finding.rstrip('.')}; what would help: {check.asks or 'more periods'}")
    table, log = check.table, study.estimate.scale == "log"
    unit = "log rate ratio" if log else study.panel.label
    bent = table[["bend", "bend_low", "bend_high"]].set_axis(["bend", "low", "high"], axis=1)
    panels = [
        (table[["mbar", "low", "high"]], "change of trend, as a multiple of the largest change before the start"),
        (bent.assign(bend=100 * np.expm1(bent["bend"])) if log else bent,
         "bend of the trend before the start, drawn on, from one step to the next" + ", %" * log),
    ]  # fmt: skip
    two = bool(bent["low"].notna().all())
    right = " (left), or goes on as before the start in a line that bends by up to so much at each step (right)" * two
    figure = credited(report, study).save(
        plots.bands(panels if two else panels[:1], unit),
        "impact_trends",
        title="How far the trends may differ before the result is gone",
        caption="95 % intervals of the mean effect after the start (after Rambachan and Roth 2023) if the difference "
        "in trends changes from one step to the next by up to a multiple of its largest change before the start"
        f"{right}. The result is gone where a band holds zero.",
        alt=check.finding, data=table, n=study.estimate.n, unit=unit, counted="cells of areas and periods",
    )  # fmt: skip
    return View(check.finding, figure)
