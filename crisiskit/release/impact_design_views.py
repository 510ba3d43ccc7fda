"""Sections of the impact notebook about other designs and further outcomes."""

from typing import TYPE_CHECKING

import numpy as np

from crisiskit.impact.result import Estimate
from crisiskit.release import impact_plots as plots
from crisiskit.release.impact_study import credited, studied
from crisiskit.release.impact_views import DESIGNS, PERCENT
from crisiskit.release.sections import Section
from crisiskit.release.view import View, nothing_known

if TYPE_CHECKING:
    from crisiskit.impact.study import Study
    from crisiskit.release.report import Report


MOST_GAPS = 100  # lines of other areas that a plot can bear


@studied("other_designs")
def other_designs(report: "Report", study: "Study", section: Section) -> View:
    """The relative effect by every design that the data allow, with the reason where one is lacking."""
    import pandas as pd

    found: dict[str, Estimate] = {}
    lacking = {}
    for title, answer in study.others.items():
        if isinstance(answer, Estimate):
            found[title] = answer
        else:
            lacking[title] = answer
    main, asked = study.main, study.question
    rows = [(f"Main: {DESIGNS[study.design]}", main.relative, main.relative_low, main.relative_high, main.p, True)]
    rows += [(title, one.relative, one.relative_low, one.relative_high, one.p, False) for title, one in found.items()]
    data = pd.DataFrame(rows, columns=["label", "value", "low", "high", "p", "main"])
    data[["value", "low", "high"]] *= 100
    data = data[np.isfinite(data["value"])].reset_index(drop=True)
    points = [*(one.sentence() for one in found.values()),
              *(f"{title}: not here, for {reason}." for title, reason in lacking.items())]  # fmt: skip
    if len(data) < 2:
        return View("No other design can be used on these data.", points=tuple(points))
    unit = PERCENT.format(label=asked.outcome.label)
    figure = credited(report, study).save(
        plots.intervals(data, unit, "main"),
        "impact_designs",
        title="The same question by other designs",
        caption="Relative effect with 95 % intervals, each by the inference of its design. The designs share the data, "
        "so agreement among them is not several proofs.",
        alt="; ".join(f"{row.label} {row.value:+.0f} %" for row in data.itertuples()) + ".",
        data=data, n=study.estimate.n, unit=unit, counted="cells of areas and periods",
    )  # fmt: skip
    same = int((np.sign(data["value"]) == np.sign(100 * main.relative)).sum())
    return View(f"{same} of {len(data)} estimates have the sign of the main one.", figure, points=tuple(points))


@studied("synthetic")
def synthetic(report: "Report", study: "Study", section: Section) -> View:
    """The treated areas' mean against its synthetic control, with the weights."""
    import pandas as pd

    title = next((name for name in study.others if name.startswith("Synthetic control")), "")
    answer = study.others.get(title, study.estimate if study.design == "synthetic_control" else "")
    if not isinstance(answer, Estimate) or answer.series is None:
        return nothing_known(section, str(answer) or "no synthetic control was asked for")
    series = answer.series.rename(columns={"observed": "treated areas", "expected": "mix of other areas"})
    series = series[["at", "treated areas", "mix of other areas"]]
    starts = study.longer.starts if len(series) == len(study.longer.starts) else study.panel.starts
    series = series.assign(at=pd.to_datetime(list(starts)))
    start = study.panel.starts[int((~study.panel.before).argmax())]
    unit = f"{study.panel.label} an area and {study.question.step}"
    gaps = answer.model.table
    shown = list(dict.fromkeys(gaps.loc[~gaps["treated"], "area"]))[:MOST_GAPS]
    gaps = gaps[gaps["treated"] | gaps["area"].isin(shown)]
    gaps = gaps.assign(at=pd.to_datetime([starts[at] for at in gaps["at"]]))
    figure = credited(report, study).save(
        plots.mixed(series, gaps, (unit, "seen less the mix"), start),
        "impact_synthetic",
        title="The treated areas and a mix of others that moved alike",
        caption="The mix is fitted on the periods before the start alone; lines that lie apart before it show a mix "
        f"that does not exist in these data. Below the gap, beside those of {len(shown)} other areas (or sets of as "
        "many areas) that are treated for show.",
        alt=answer.sentence(), data=series, n=answer.n, unit=unit, counted="cells of areas and periods",
    )  # fmt: skip
    check = next((check for check in study.checks if check.id == "donor_pool"), None)
    folds = (("Donors, and how well they fit", check.table),) if check is not None and check.table is not None else ()
    return View("\n".join([answer.sentence(), *([check.finding] if check else [])]), figure, folds=folds)


@studied("outcomes")
def outcomes(report: "Report", study: "Study", section: Section) -> View:
    """The main and the further outcomes, with p values adjusted for their number."""
    table = study.secondary
    if table is None:
        return nothing_known(section, "the question names no further outcomes (`secondary`)")
    left = table[table["p_romano_wolf"] < 0.05]
    note = (
        f"{len(table)} outcomes; {int((table['p'] < 0.05).sum())} have p below 0.05 alone, and {len(left)} after the "
        "adjustment of Romano and Wolf, which uses how the outcomes move together."
    )
    return View(note, table=table, caption="Outcomes, with raw and adjusted p values")
