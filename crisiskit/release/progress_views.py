"""Sections of the gaps notebook about change: distress before and after a contact, and scores over time."""

from typing import TYPE_CHECKING

from crisiskit.release import plots, practice_plots
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, share, text_of, words
from crisiskit.release.view import View, counted, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

LEAST = 30  # pairs of scores of a need below which its change is not drawn
DRAWN = 12
OCCASIONS = 12
LIMITS = ["value", "low", "high"]
EXPECTED = "People call at their worst, so a fall is expected without help as well: a change alone is no effect."


@shows(NOTEBOOK, "progress")
def progress(report: "Report", section: Section) -> View:
    """Mean change of distress over those with both scores, in all and by need; and how many have the second score."""
    answer = report.ask("distress_change", ("source",))
    whole = answer[answer["statistic"] == "change"].dropna(subset=["value"]) if "statistic" in answer else answer[:0]
    if whole.empty:
        reasons = dict.fromkeys(reasons_text(text) for text in answer["reasons"])
        return nothing_known(section, "; ".join(filter(None, reasons)) or "no record has both scores")
    several = len(whole) > 1
    rows = whole.assign(label="all" + (" (" + whole["source"] + ")" if several else ""))
    data = _with_size(_and_needs(report, rows, several))
    lines = [(f"{row.source}: " if several else "") + _change(answer, str(row.source), row.n_before, row.rows_used)
             for row in whole.itertuples()]  # fmt: skip
    figure = report.figures.save(
        practice_plots.around_zero(data, "label", "mean change of distress, points (below zero: less distress)"),
        "distress_change",
        title="Change of distress over the contact",
        caption=f"Mean change over the records with both scores, with 95 % intervals (paired t); needs with fewer than "
        f"{LEAST} such records are not drawn. The scale goes from 0 to 10.",
        alt="; ".join(f"{row.label} {row.value:+.2f} points" for row in data.itertuples()) + ".",
        data=data[["label", *LIMITS, "rows_used", "rows_left_out"]],
        n=int(whole["rows_used"].sum()),
        unit="points",
        counted="records with both scores",
        left_out=reasons_text("; ".join(dict.fromkeys(filter(None, whole["reasons"])))),
    )
    return View("\n".join([*lines, EXPECTED]), figure)


def _change(answer: "pd.DataFrame", source: str, first: float, both: int) -> str:
    """The change of one source in words, with how many of those with a first score have the second."""
    means = answer[answer["source"] == source].set_index("statistic")
    change = means.loc["change"]
    return (f"Distress {means.loc['before', 'value']:.2f} before and {means.loc['after', 'value']:.2f} after, a mean "
            f"change of {change['value']:+.2f} points ({text_of(change['low'])} to {text_of(change['high'])}). Of the "
            f"records with a first score, {share(both, first)} have a second one too; the others are in no "
            "mean.")  # fmt: skip


def _and_needs(report: "Report", whole: "pd.DataFrame", several: bool) -> "pd.DataFrame":
    """The changes of all, then of each need with enough pairs, the most frequent first."""
    import pandas as pd

    if "need" not in report.recorded["interventions"]:
        return whole.reset_index(drop=True)
    parts = report.ask("distress_change", ("source", "need"))
    parts = parts[(parts["statistic"] == "change") & (parts["rows_used"] >= LEAST)].dropna(subset=["value", "need"])
    parts = parts[~parts["need"].isin(dictionary.KINDS)]
    parts = parts.sort_values("rows_used", ascending=False, kind="stable").head(DRAWN)
    names = parts["need"].map(words) + (" (" + parts["source"] + ")" if several else "")
    return pd.concat([whole, parts.assign(label=names)], ignore_index=True)


def _with_size(data: "pd.DataFrame") -> "pd.DataFrame":
    return data.assign(label=data["label"] + data["rows_used"].map(lambda n: f" (n = {n:,})"))


@shows(NOTEBOOK, "score_change")
def score_change(report: "Report", section: Section) -> View:
    """Change of each score in 30 days, from a mixed model; and who is still there at each occasion."""
    keys = ["source", "instrument", "item"]
    answer = report.ask("score_trend", ("source",))
    known = answer.dropna(subset=["value"]).reset_index(drop=True)
    if known.empty:
        rows = counted(int((answer["rows_used"] + answer["rows_left_out"]).sum()), "row")
        return nothing_known(section, f"no trend of persons with two scores ({rows} of follow-ups looked at)")
    named = keys if known["source"].nunique() > 1 else keys[1:]
    lines = [f"{', '.join(name_of(row[key], 'source') for key in named)}: {row['value']:+.2f} points in 30 days "
             f"({text_of(row['low'])} to {text_of(row['high'])}), {counted(int(row['persons']), 'person')}; one score "
             f"only, and in no trend: {int(row['persons_left_out']):,}." for _, row in known.iterrows()]  # fmt: skip
    largest = known.sort_values("persons", ascending=False, kind="stable").iloc[0]
    held = _attrition(report, str(largest["source"]), str(largest["instrument"]), str(largest["item"]))
    name = f"{largest['instrument']}, {largest['item']}"
    said = "; ".join(f"{row.label} {share(row.n, held['n'].iloc[0])}" for row in held.itertuples())
    figure = report.figures.save(
        plots.dots(held, "label", "persons with a first score who have this one too (%)", percent=True),
        "score_attrition",
        title=f"Who is still there: {name}",
        caption="Share of the persons with a first score, with 95 % Wilson intervals. Where the first scores of those "
        "who left differ from those who stayed, a mean of those left changes because people leave.",
        alt=f"{said}.",
        data=held.drop(columns="label"),
        n=int(held["n"].iloc[0]),
        unit="share",
        counted="persons with a first score",
    )
    table = answer[[*keys, *LIMITS, "persons", "persons_left_out", "rows_used", "rows_left_out", "reasons"]]
    folds = (("Change in 30 days, by instrument and item", table.assign(reasons=table["reasons"].map(reasons_text))),
             (f"At each occasion: {name}", held.drop(columns="label")))  # fmt: skip
    return View("\n".join([*lines, EXPECTED]), figure, folds=folds)


def _attrition(report: "Report", source: str, instrument: str, item: str) -> "pd.DataFrame":
    """Who is left at the first occasions of one source's instrument; `value` is the share retained."""
    from crisiskit.measures.progress import attrition, scores
    from crisiskit.measures.tables import Tables

    table = report.data.tables["follow_ups"]
    own = Tables(report.data.backend, {"follow_ups": table.filter(table.source == source)})
    found = attrition(scores(own, instrument, item)).head(OCCASIONS).rename(columns={"retained": "value"})
    return found.assign(label=[f"score {number}" for number in found["occasion"]])
