"""What `crisiskit power` does: an evaluation's own records before the programme, and what a study there could find."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.history import PER_YEAR, pre_period
from crisiskit.impact.panel import Panel
from crisiskit.impact.power import Design, Power, percent
from crisiskit.impact.power import power as simulated_power
from crisiskit.impact.question import Question
from crisiskit.runs import record
from crisiskit.runs.plan import make_plan
from crisiskit.runs.runner import Say, read_all

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AREAS, MONTHS, ENOUGH = (1, 2, 4, 8), (6, 12, 24), 0.8
EFFECTS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
STUDIES, FITS = 400, 50  # studies a cell; of an interrupted time series, each of which a library fits


def power(evaluation: Path, data: Path | None, out: Path | None, say: Say = print) -> Power:
    """Read what an evaluation names, simulate studies in its history before the programme, and say what they find.

    Writes power.csv, .png, .svg and .json into the folder `out`, nothing where it is None. Raises UserError where the
    evaluation asks of no programme, or its history holds no study.
    """
    plan = make_plan(Path(evaluation), data)
    question = plan.study.evaluation.impact
    if question is None:
        raise UserError(f"{evaluation}: has no `impact:`; power needs the outcome and the areas that it is asked for")
    with tempfile.TemporaryDirectory(prefix="crisiskit-power-") as temporary:
        tables = read_all(plan, data, Path(temporary))
        about = record.read_json(tables / "quality.json")["about"]
        panel = _panel(tables, question)
    found = of_panel(panel, question)
    for line in lines(found):
        say(line)
    if out is not None:
        _save(found, panel, Path(out), about)
        say(f"written: {Path(out) / 'power.csv'}, .png, .svg, .json")
    return found


def _panel(tables: Path, question: Question) -> Panel:
    """The areas of the question over all the periods that the data cover, not only its window."""
    from crisiskit.impact.build import build
    from crisiskit.measures.tables import open_tables

    return build(open_tables(tables), question.model_copy(update={"window": None}), planned=True).panel


def of_panel(panel: Panel, question: Question) -> Power:
    """Power in the history of a panel, over a grid that suits its number of areas and the step of its periods."""
    history = pre_period(panel)
    units = len(history.units)
    treated = int(panel.treated.sum()) or len({run.area for run in question.roll_out})  # planned, where none yet
    alone = question.design == "its" or units == 1 or (question.design == "auto" and treated == units)
    design: Design = "its" if alone else "did"
    most = units if alone else max(1, units // 2)
    areas = sorted({number for number in (*AREAS, treated) if 1 <= number <= most})
    months = [number for number in MONTHS if number * PER_YEAR[panel.step] % 12 == 0 or panel.step == "week"]
    sign = 1 if question.outcome.better == "more" else -1
    effects = sorted({sign * effect for effect in (*EFFECTS, question.worth) if 0 < effect < 1}, key=abs)
    return simulated_power(
        history, effects, months, areas, design, question.model, worth=question.worth, seed=question.seed,
        repetitions=FITS if alone else STUDIES,
    )  # fmt: skip


def lines(found: Power) -> list[str]:
    """What to print: the sentence, the smallest detectable effect of every design, and how it was found."""
    said = [found.sentence(ENOUGH), f"smallest effect found with {ENOUGH:.0%} power, by treated areas and months after"]
    word = _word(found)
    for row in found.detectable(ENOUGH).itertuples():
        what = f"{percent(row.effect)} {word}" if row.effect == row.effect else str(row.reason)
        said.append(f"  {row.areas:>3} of {found.units} areas, {row.months:>2} months: {what}")
    said.append(f"by {found.repetitions} studies a cell, pretended in what was before the programme; {_method(found)}")
    return said + [f"note: {note}" for note in found.notes]


def _word(found: Power) -> str:
    return "fewer" if found.table["effect"].iloc[0] < 0 else "more"


def _method(found: Power) -> str:
    if found.design == "its":
        return "interrupted time series of the treated areas together, quasi-Poisson, t test"
    return f"before and after with comparison, all areas at once, {found.model}, {found.inference} inference"


def _save(found: Power, panel: Panel, out: Path, about: list[dict[str, Any]]) -> None:
    from crisiskit.release.figures import Figures

    history = pre_period(panel)
    parts = [[source.get("publisher") or source["source"], source.get("dataset") or ""] for source in about]
    line = "; ".join(dict.fromkeys(", ".join(part for part in some if part) for some in parts))
    names = ("design", "model", "inference", "level", "seed", "worth", "notes")
    context = {"history": [str(history.starts[0]), str(history.starts[-1])], "step": history.step}
    context |= {name: getattr(found, name) for name in names}
    figures = Figures(out, line, any(source["simulated"] for source in about), context)
    curves = len(found.table[["months", "areas"]].drop_duplicates())
    figures.save(
        curve(found), "power", title=f"Power to find an effect on {found.label}",
        caption=f"{found.sentence(ENOUGH)} Share of pretended studies that find the effect at the {found.level:.0%} "
        f"level; {_method(found)}. At 0 the curve is the share of false alarms; shaded: chance of the simulation. "
        f"How studies are pretended: {'; '.join(found.notes)}.",
        alt=f"{curves} curves of power by size of the effect. {found.sentence(ENOUGH)}",
        data=found.table, n=len(found.table) * found.repetitions, unit="share of studies",
        counted=f"pretended studies, {found.repetitions} a point",
    )  # fmt: skip


def curve(found: Power) -> "Figure":
    """Draw power by effect size: a panel per months after the start, a line per number of treated areas."""
    from crisiskit.release.style import GREY, INK, MARKERS, SERIES, canvas, house

    months, areas = sorted(set(found.table["months"])), sorted(set(found.table["areas"]))
    word = _word(found)
    with house():
        figure, panels = canvas(2.6, 1, len(months), sharey=True, squeeze=False)
        for axes, month in zip(panels[0], months, strict=True):
            axes.axhline(100 * ENOUGH, color=INK, linewidth=0.8, linestyle="--", label=f"{ENOUGH:.0%} power")
            axes.axvline(100 * found.worth, color=GREY, linewidth=1.2, linestyle=":", label="smallest worth funding")
            for place, number in enumerate(areas):
                rows = found.table[(found.table["months"] == month) & (found.table["areas"] == number)]
                rows = rows.sort_values("effect", key=abs)
                x = 100 * np.abs([0.0, *rows["effect"]])
                y, low, high = (100 * np.array([rows[f"size{end}"].iloc[0], *rows[f"power{end}"]])
                                for end in ("", "_low", "_high"))  # fmt: skip
                color = SERIES[place % len(SERIES)]
                axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
                axes.plot(x, y, color=color, markersize=3.5, marker=MARKERS[place % len(MARKERS)],
                          label=f"{number} treated")  # fmt: skip
            axes.set_title(f"{month} months", loc="left", fontsize=9)
            axes.set_xlabel(f"effect, % {word}")
            axes.set_ylim(0, 102)
            axes.set_xlim(0)
            axes.grid(axis="y")
        panels[0, 0].set_ylabel("studies that find it, %")
        handles, labels = panels[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=4)
    return figure
