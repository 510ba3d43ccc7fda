"""Sections of the impact notebook that conclude: the verdict, other evidence, and how often the method is wrong."""

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crisiskit.release import impact_plots as plots
from crisiskit.release.impact_study import credited, studied
from crisiskit.release.impact_views import DESIGNS, PERCENT
from crisiskit.release.sections import Section
from crisiskit.release.view import View, counted, nothing_known

if TYPE_CHECKING:
    from crisiskit.impact.study import Study
    from crisiskit.release.report import Report

CALIBRATED = ["size_randomisation", "size_cluster", "coverage_randomisation", "coverage_cluster", "bias_of_effect"]
HEADINGS = {"supported": "Supported.", "not supported": "Not supported.", "inconclusive": "Inconclusive."}


@studied("verdict")
def verdict(report: "Report", study: "Study", section: Section) -> View:
    """The verdict in plain words, with the reasons for and against it."""
    import pandas as pd

    found = study.verdict
    lines = [f"{HEADINGS[found.kind]} {found.sentence}"]
    if study.question.treated_are_assumed:
        lines.append("The list of treated areas is assumed, so that the verdict is one about that list.")
    lines.append(
        f"{counted(len(found.reasons_for), 'check')} held, {counted(len(found.reasons_against), 'point')} against or "
        f"in doubt, {counted(len(found.open_points), 'check')} not possible here."
    )
    rows = [("for", text) for text in found.reasons_for] + [("open", text) for text in found.open_points]
    table = pd.DataFrame(rows, columns=["side", "what was seen"])
    points = tuple(found.reasons_against)
    folds = (("What held, and what stays open", table), _rules(study.design))
    return View("\n".join(lines), points=points, folds=folds)


def _rules(design: str) -> tuple[str, Any]:
    """The declared rules as a table."""
    import pandas as pd

    from crisiskit.impact.verdict import critical_for, rules

    declared = rules()
    table = pd.DataFrame(list(critical_for(design).items()), columns=["critical check", "what its failure means"])
    return (f"The rules: p below {declared['level']}, no critical check failed, at most {declared['most_warnings']} "
            "critical warnings, and a look at what would have been", table)  # fmt: skip


@studied("context")
def context(report: "Report", study: "Study", section: Section) -> View:
    """The estimate beside published figures, and beside the truth where the data are simulated."""
    import pandas as pd

    asked, main = study.question, study.main
    if asked.known_relative is not None and not report.simulated:
        return nothing_known(section, "known_relative is for simulated data only, and these are not marked as such")
    rows = [("this report", main.relative, main.relative_low, main.relative_high, True)]
    nan = float("nan")
    rows += [(item.source, item.relative, nan, nan, False) for item in asked.published]
    if asked.known_relative is not None:
        rows.append(("the truth, as it was simulated", asked.known_relative, nan, nan, False))
    if len(rows) == 1:
        return nothing_known(section, "no published figure is named, and nobody knows the truth of real data")
    data = pd.DataFrame(rows, columns=["label", "value", "low", "high", "main"])
    data[["value", "low", "high"]] *= 100
    unit = PERCENT.format(label=asked.outcome.label)
    figure = credited(report, study).save(
        plots.intervals(data, unit, "main"),
        "impact_context",
        title="This estimate beside other evidence",
        caption="The interval is that of the believed inference. Published figures rest on their own definitions.",
        alt="; ".join(f"{row.label} {row.value:+.1f} %" for row in data.itertuples()) + ".",
        data=data, n=study.estimate.n, unit=unit, counted="cells of areas and periods",
    )  # fmt: skip
    lines = [f"{item.source} reports {item.relative:+.0%}; here it is {main.relative:+.1%}. {item.note}".strip()
             for item in asked.published]  # fmt: skip
    if asked.known_relative is not None:
        inside = main.relative_low <= asked.known_relative <= main.relative_high
        lines.append(
            f"The simulated effect is {asked.known_relative:+.1%}; the estimate {main.relative:+.1%} is "
            f"{100 * abs(main.relative - asked.known_relative):.1f} points off, and the interval "
            f"{'holds' if inside else 'misses'} the truth."
        )
    return View("\n".join(lines), figure)


@cache
def _shipped(name: str) -> dict[str, Any]:
    """What a calibration on simulated truth found, as the package brings it."""
    import yaml

    text = files("crisiskit.impact").joinpath(name).read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def _verdicts(treated: int) -> tuple[str, tuple[str, Any]]:
    """How often the declared rules reach each verdict in worlds whose truth is known: a sentence, and the table."""
    import pandas as pd

    held = _shipped("verdict_calibration.yaml")
    table = pd.DataFrame(held["worlds"])
    near = min(sorted(set(table["treated"])), key=lambda count: abs(count - treated))
    rows = table[table["treated"] == near].set_index("world")
    idle = rows[rows.index.str.startswith("no effect")]
    works = rows.drop(index=idle.index)["supported"]
    words = [f"{100 * share:.0f} % with an {world.replace('effect', 'effect of')}" for world, share in works.items()]
    supported = 100 * idle["supported"]
    note = (
        f"The whole way to a verdict, every check included, was tried on {held['panels']} simulated programmes a world "
        f"({near} of {held['areas']} areas treated, {held['months']} months, about 12 events a month and area). "
        f"Without an effect {supported['no effect']:.1f} % of them were called supported, at worst "
        f"{supported.max():.0f} % ({supported.idxmax().removeprefix('no effect, ')}); of working ones "
        f"{' and '.join(words)}: open is the answer where little can be told."
    )
    shown = table.drop(columns="failed")
    for name in shown.columns.difference(["treated", "world"]):
        shown[name] = 100 * shown[name] + 0.0
    return note, ("Verdicts in worlds whose truth is known, per cent of the programmes", shown)


@studied("calibration")
def calibration(report: "Report", study: "Study", section: Section) -> View:
    """Size, coverage and bias of the inference on simulated panels, nearest to this one first."""
    import pandas as pd

    held = _shipped("calibration.yaml")
    table = pd.DataFrame(held["cells"])
    shares = [name for name in table if name not in ("months", "treated")]
    treated, months = int(study.panel.treated.sum()), len(study.panel.starts)
    apart = (table["treated"] - treated).abs() + (table["months"] - months).abs() / 12
    table = table.iloc[apart.argsort(kind="stable")].reset_index(drop=True)
    near = table.iloc[0]
    note = (
        f"Simulated panels of {held['areas']} areas with counts from 0 to about 60, more varied than chance and with "
        f"memory from month to month; {held['replications']:,} panels a row. In those nearest to this one "
        f"({near['treated']:.0f} treated, {near['months']:.0f} months) a 5 % test by randomisation rejects a true null "
        f"in {100 * near['size_randomisation']:.1f} % of panels, the usual cluster-robust test in "
        f"{100 * near['size_cluster']:.1f} %; the 95 % interval holds the truth in "
        f"{100 * near['coverage_randomisation']:.1f} %."
    )
    if near["treated"] == 1:
        note += " With one treated area of 36 the smallest p is 1/36, so that the test cannot come nearer to 5 %."
    if study.design != "did":
        note += (" These are panels in which all areas start at once, by difference in differences; the main estimate "
                 f"here is by {DESIGNS[study.design]}, of which these figures say nothing.")  # fmt: skip
    every = table.assign(**{name: 100 * table[name] + 0.0 for name in shares})
    few = every[["months", "treated", *CALIBRATED]]
    said, verdicts = _verdicts(treated)
    return View(f"{note}\n{said}", table=few,
                caption="Calibration on simulated truth, per cent of the panels (bias: of the effect)",
                folds=(("With the bootstraps, which are shown for comparison", every), verdicts))  # fmt: skip
