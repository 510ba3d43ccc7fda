"""First sections of the impact notebook: question, designs, panel, what the data look like, and the estimate."""

from typing import TYPE_CHECKING, Any

from crisiskit.impact.result import p_words, share_text
from crisiskit.release import impact_plots as plots
from crisiskit.release.impact_study import credited, studied
from crisiskit.release.sections import Section
from crisiskit.release.tables import text_of
from crisiskit.release.view import View, counted, joined

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.impact.question import Question
    from crisiskit.impact.study import Study
    from crisiskit.release.report import Report

DESIGNS = {
    "did": "difference in differences with effects of areas and periods",
    "staggered": "imputation from untreated areas and periods",
    "its": "interrupted time series",
    "synthetic_control": "synthetic control",
}
PERCENT = "effect on {label}, % of what would have been"


@studied("question")
def question(report: "Report", study: "Study", section: Section) -> View:
    """What is asked, who was reached, compared with whom, and which direction would be good."""
    import pandas as pd

    asked, panel = study.question, study.panel
    words = asked.question or f"Did {asked.programme} lead to {asked.outcome.better} {asked.outcome.label}?"
    others = int((~panel.treated).sum())
    against = f"compared with {counted(others, 'area')}" if others else "and no area is left to compare with"
    lines = [
        f"{words.strip()}",
        f"{asked.programme} reached {counted(int(panel.treated.sum()), 'area')} "
        f"({joined([name for name, on in zip(panel.units, panel.treated, strict=True) if on][:12])}"
        f"{' and more' if panel.treated.sum() > 12 else ''}), {against}; "
        f"{counted(len(panel.starts), asked.step)} from {panel.starts[0]} on, "
        f"{int(panel.before.sum())} of them before the first start.",
        f"Good would be {asked.outcome.better} {asked.outcome.label}"
        f"{f', for {asked.outcome.why.rstrip(chr(46))}' if asked.outcome.why else ''}."
        + (" More records may themselves mean success." if asked.outcome.more_may_be_success else ""),
        f"Design: {DESIGNS[study.design]}. The smallest effect that would be worth funding is {asked.worth:.0%}.",
    ]
    if asked.treated_are_assumed:
        lines.append(f"The list of treated areas is assumed. {asked.treated_are_assumed.strip()}")
    runs = pd.DataFrame([run.model_dump() for run in asked.roll_out])
    runs = runs.astype({"start": "string", "end": "string"}).fillna({"end": "still runs"})
    runs = runs[[name for name in runs if runs[name].notna().any() and (runs[name] != "").any()]]
    return View("\n".join(lines), folds=(("Where and when it ran", runs),))


@studied("designs")
def designs(report: "Report", study: "Study", section: Section) -> View:
    """Every design: usable or not, what it rests on, which assumption fails, what data would help."""
    import pandas as pd

    from crisiskit.impact.designs import possible

    found, rows = possible(study.panel), []
    for item, longer in zip(found, possible(study.longer), strict=True):
        since = f"on all periods from {study.longer.starts[0]} on" if longer.usable else "no"
        lacks = ("", "") if item.usable or longer.usable else (item.why_not, item.would_help)
        rows.append((item.title, "yes" if item.usable else since, item.rests_on, *lacks))
    table = pd.DataFrame(rows, columns=["design", "usable here", "rests on", "why not", "what would help"])
    usable = [title for title, here, *_ in rows if here != "no"]
    note = f"{len(usable)} of {len(found)} designs can be used{': ' if usable else ''}{joined(usable)}."
    note += f" The main estimate is by {DESIGNS[study.design]}; it was chosen by the roll-out, before any result."
    return View(note, table=table, caption="Designs, and what stands in their way")


@studied("panel")
def panel(report: "Report", study: "Study", section: Section) -> View:
    """The merges with matched, unmatched and duplicated keys, what was left out, and how cells were filled."""
    import pandas as pd

    built = study.built
    made, total = built.panel, float(pd.Series(built.panel.outcome.ravel()).sum())
    cells = made.outcome.size
    note = (
        f"{counted(len(made.units), 'area')} by {counted(len(made.starts), study.question.step)}: {cells:,} cells, of "
        f"which {int((made.outcome == 0).sum()):,} are zeros and {int(pd.isna(made.outcome).sum()):,} are missing; "
        f"{text_of(total)} {made.label} in all."
    )
    joins = pd.DataFrame(
        [(join.name, join.left_rows, join.right_rows, join.matched, join.unmatched_left, join.unmatched_right,
          join.duplicated_keys, join.total_before, join.total_after) for join in built.joins],
        columns=["merge", "rows left", "rows right", "matched", "unmatched left", "unmatched right",
                 "duplicated keys", "total before", "total after"],
    )  # fmt: skip
    out = pd.DataFrame(list(built.left_out), columns=["left out", "rows", "total"])
    folds = (("What was left out of the panel", out),) if len(out) else ()
    return View(note, table=joins, caption="Every merge, with the outcome's total on both sides", folds=folds,
                points=tuple(made.notes))  # fmt: skip


@studied("seen")
def seen(report: "Report", study: "Study", section: Section) -> View:
    """Treated and other areas in time, per area, with the starts, logged changes and shocks."""
    import numpy as np
    import pandas as pd

    from crisiskit.impact.panel import NEVER

    whole, asked = study.whole, study.question
    mean = {"treated areas": _mean(whole.outcome[whole.treated])}
    if (~whole.treated).any():
        mean["other areas"] = _mean(whole.outcome[~whole.treated])
    data = pd.DataFrame({"at": pd.to_datetime(list(whole.starts)), **mean})
    before = np.array(whole.before)
    index = data.copy()
    for name in mean:
        level = data.loc[before, name].mean()
        index[name] = 100 * data[name] / level if level else np.nan
    starts = [(whole.starts[place], "the programme begins") for place in sorted(set(whole.first) - {NEVER})]
    first, last = whole.starts[0], whole.starts[-1]
    marks = starts[:6] + [(day, what) for day, what in study.changes if first <= day <= last]
    shaded = [(shock.days.first, shock.days.last, shock.name) for shock in asked.shocks]
    shaded = [(max(a, first), min(b, last), what) for a, b, what in shaded if a <= last and b >= first]
    unit = f"{whole.label} an area and {asked.step}"
    drawn = [("Mean of the areas", unit, data)]
    if np.isfinite(index[list(mean)].to_numpy("float64")).any():
        drawn.append(("The same, where 100 is the mean before the first start", "% of the mean before", index))
    figure = credited(report, study).save(
        plots.series(drawn, sorted(marks), shaded),
        "impact_series",
        title=f"{whole.label.capitalize()} where {asked.programme} ran and elsewhere",
        caption="Means of the areas by period; below relative to their mean before the start, so that levels do not "
        "hide whether the lines moved alike. Numbers mark the start and logged changes of the source; grey is a shock.",
        alt=f"Lines of {joined(list(mean))} from {first} to {last}; the programme begins on {starts[0][0]}.",
        data=data.merge(index, on="at", suffixes=("", " (100 = before)")),
        n=int(np.nansum(whole.outcome)), unit=unit, counted=whole.label,
    )  # fmt: skip
    return View(_seen_note(data, before, list(mean)), figure)


def _mean(values: Any) -> Any:
    """Mean over the areas (rows) that are covered; NaN where none is."""
    import numpy as np

    known = np.isfinite(values)
    return np.where(known.any(axis=0), np.nansum(values, axis=0) / np.maximum(known.sum(axis=0), 1), np.nan)


def _seen_note(data: "pd.DataFrame", before: Any, names: list[str]) -> str:
    parts = [f"{name} {data.loc[before, name].mean():,.1f} before and {data.loc[~before, name].mean():,.1f} after"
             for name in names]  # fmt: skip
    return f"Mean of an area and period: {'; '.join(parts)}. A plain difference of these is no effect yet."


@studied("estimate")
def estimate(report: "Report", study: "Study", section: Section) -> View:
    """The estimate with every inference beside the others, and the one to be believed."""
    import pandas as pd

    table, found, asked = study.inference, study.estimate, study.question
    shown = pd.DataFrame({
        "label": table["method"], "value": 100 * found.relative, "low": 100 * table["relative_low"],
        "high": 100 * table["relative_high"], "believed": table["believed"], "p": table["p"], "why": table["why"],
    })  # fmt: skip
    unit = PERCENT.format(label=asked.outcome.label)
    figure = credited(report, study).save(
        plots.intervals(shown, unit, "believed", ((0, ""), (_worth(asked), "smallest effect worth funding"))),
        "impact_estimate",
        title=f"Effect of {asked.programme} on {asked.outcome.label}",
        caption=f"{_headline(study)} The coloured square is the interval to be believed, beside the others. "
        f"{_reason(study)}",
        alt=_headline(study),
        data=shown, n=found.n, unit=unit, counted="cells of areas and periods",
    )  # fmt: skip
    believed = shown[shown["believed"]]
    lines = [f"{_headline(study)} {_averted(study)}".strip(), _reason(study), *found.notes]
    if believed.empty or believed.index[0]:
        lines.append(f"By the model's own error alone, which is not to be believed here. {found.sentence()}")
    tidy = found.tidy().T.reset_index().set_axis(["what", "value"], axis=1).astype({"value": "object"})
    assumed = pd.DataFrame([(item.text, item.check) for item in found.assumptions], columns=["assumed", "checked by"])
    folds = [("The estimate in full", tidy), ("Every inference", shown.drop(columns="believed"))]
    folds += [("What the estimate assumes", assumed)] if len(assumed) else []
    return View("\n".join(line for line in lines if line), figure, folds=tuple(folds))


def _headline(study: "Study") -> str:
    """Size, interval and p of the inference that is believed, in a sentence that can stand alone."""
    main, label = study.main, study.panel.label
    size = f"{abs(main.relative):.1%} {'fewer' if main.relative < 0 else 'more'}"
    believed = study.inference[study.inference["believed"]]
    if believed.empty:
        doubt = "no interval is to be believed"
    else:
        span = f"{share_text(main.relative_low)} to {share_text(main.relative_high)}"
        doubt = f"95 % interval {span}, {p_words(main.p)}, by {believed['method'].iloc[0]}"
    return f"{label[:1].upper()}{label[1:]}: {size} than without {study.question.programme} ({doubt})."


def _reason(study: "Study") -> str:
    why = study.advice.reason
    return f"{why[:1].upper()}{why[1:]}."


def _worth(asked: "Question") -> float:
    return -100 * asked.worth if asked.outcome.better == "fewer" else 100 * asked.worth


def _averted(study: "Study") -> str:
    number = study.main.averted
    if number != number:
        return ""
    return f"That is {abs(number):,.0f} {'fewer' if number > 0 else 'more'} {study.panel.label} in treated areas."
