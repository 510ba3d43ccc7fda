"""Sections of the gaps notebook about triage: a rule against what proved true, and a score over its thresholds."""

from typing import TYPE_CHECKING

from crisiskit.release import gap_plots, practice_plots
from crisiskit.release.data_gap_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, share, text_of, words
from crisiskit.release.view import View, counted, joined, not_recorded, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

ACCURACY = ("sensitivity", "specificity", "positive_predictive_value", "negative_predictive_value")
ERRORS = ("sensitivity", "specificity")
GROUPS = ("race_ethnicity", "gender", "age_band", "language")
"""Columns by whose groups the errors are shown, where they are recorded."""
FEWEST = 30  # cases behind a share of a group below which it is not shown
NUMBERS = ["numerator", "denominator", "value", "low", "high"]
BOUNDS = ["recorded_share", "bound_low", "bound_high"]


@shows(NOTEBOOK, "triage")
def triage(report: "Report", section: Section) -> View:
    """Sensitivity, specificity and predictive values of the rule, with bounds for what nobody adjudicated."""
    sides = _sides(report)
    answer = report.ask("triage_accuracy", ("source",), **sides)
    if "statistic" not in answer:
        return not_recorded(section, ())
    told = answer[answer["source"].isin(_told_apart(answer))]
    known = told[told["statistic"].isin(ACCURACY)].dropna(subset=["value"]).reset_index(drop=True)
    if known.empty:
        return nothing_known(section, "; ".join(_unanswered(answer, told)))
    several = answer["source"].nunique() > 1
    names = known["statistic"].map(words) + (" (" + known["source"] + ")" if several else "")
    shown = known.assign(label=names + known["denominator"].map(lambda n: f" (n = {n:,.0f})"))
    said = [f"{name} {share(row.numerator, row.denominator)}"
            for name, row in zip(names, known.itertuples(), strict=True)]  # fmt: skip
    cases = told[told["statistic"] == "flagged_share"]
    figure = report.figures.save(
        gap_plots.bounds(shown, "label", "share (%)"),
        "triage_accuracy",
        title=f"Triage: {_spelled(sides['decision'])} against {_spelled(sides['truth'])}",
        caption="Dot and line: share among cases whose truth is known, with its 95 % Wilson interval. Bar: where the "
        "share can lie whatever proved true of the others.",
        alt=f"{'; '.join(said)}.",
        data=shown[["label", *NUMBERS, *BOUNDS]],
        n=int(cases["denominator"].sum()),
        unit="share",
        counted="cases with a decision",
        left_out=reasons_text("; ".join(dict.fromkeys(filter(None, cases["reasons"])))),
    )
    lines = [f"{'; '.join(said)}. Predictive values hold where the truth is as frequent as here.", _prevalence(told)]
    lines += [f"Not computed: {'; '.join(silent)}."] if (silent := _unanswered(answer, told)) else []
    folds = [("Every share, and what was left out", _table(answer))]
    groups = _groups(report)
    folds += [("Errors by group", groups)] if len(groups) else []
    return View("\n".join(filter(None, lines)), figure, folds=tuple(folds))


def _told_apart(answer: "pd.DataFrame") -> list[str]:
    """The sources in which some cases proved true and others not, or in which that cannot be said (see the bias).

    Where the truth is the same for all, whatever is flagged is right, or wrong: no rule is told from another.
    """
    prevalence = answer[(answer["statistic"] == "prevalence") & (answer["rows_used"] > 0)].set_index("source")["value"]
    return list(prevalence[~prevalence.isin([0, 1])].index)


def _unanswered(answer: "pd.DataFrame", told: "pd.DataFrame") -> list[str]:
    """What is not computed, by source, and why."""
    silent = []
    for source, rows in answer.groupby("source"):
        shares = rows[rows["statistic"].isin(ACCURACY)]
        if source in set(told["source"]):
            refused = shares[shares["value"].isna()]
            silent += [f"{joined(refused['statistic'].map(words))} of {source} "
                       f"({reasons_text(refused['reasons'].iloc[0])})"] if len(refused) else []  # fmt: skip
            continue
        same = rows.loc[rows["statistic"] == "prevalence", ["numerator", "denominator"]].iloc[0]
        why = f"proved true: {share(*same)}, so nothing tells the cases apart" if same.notna().all() else (
            reasons_text(rows["reasons"].iloc[0]))  # fmt: skip
        silent.append(f"any share of {source} ({why})")
    return silent


def _sides(report: "Report") -> dict[str, str]:
    """The decision and the truth that the notebook's parameters name, else the measure's own."""
    from crisiskit.measures import catalogue

    usual = catalogue()["triage_accuracy"].variants
    return {side: str(report.settings.get(f"triage_{side}") or usual[side].default) for side in ("decision", "truth")}


def _spelled(side: str) -> str:
    """A decision or truth in words: "risk=high,imminent" -> "risk high or imminent"."""
    column, _equals, values = side.partition("=")
    return f"{words(column)} {joined(map(words, filter(None, values.split(','))), 'or')}".strip()


def _prevalence(answer: "pd.DataFrame") -> str:
    """How often the truth is yes, by source."""
    rows = answer[answer["statistic"] == "prevalence"].dropna(subset=["value"])
    several = len(rows) > 1
    parts = [f"{f'{row.source}: ' if several else ''}{share(row.numerator, row.denominator)}"
             for row in rows.itertuples()]  # fmt: skip
    return f"Proved true: {'; '.join(parts)}." if parts else ""


def _table(answer: "pd.DataFrame") -> "pd.DataFrame":
    table = answer[["source", "statistic", *NUMBERS, *BOUNDS, "rows_left_out", "reasons"]]
    return table.assign(statistic=table["statistic"].map(words), reasons=table["reasons"].map(reasons_text))


def _groups(report: "Report") -> "pd.DataFrame":
    """Sensitivity and specificity of each group that rests on `FEWEST` cases; what is smaller is not shown."""
    import pandas as pd

    held = report.recorded["interventions"]
    frames = []
    for column in GROUPS:
        needed = "age" if column == "age_band" else column
        if not {needed, column} & held:
            continue
        answer = report.ask("triage_accuracy", ("source", column), **_sides(report)).dropna(subset=[column])
        answer = answer[~answer[column].isin(dictionary.KINDS)]
        rows = answer[answer["statistic"].isin(ERRORS) & answer["denominator"].ge(FEWEST)]
        frames.append(pd.DataFrame({"group": [f"{words(column)}: {name_of(value, column)}" for value in rows[column]],
                                    "source": rows["source"], "statistic": rows["statistic"]}
                                   | {name: rows[name] for name in [*NUMBERS, *BOUNDS]}))  # fmt: skip
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


@shows(NOTEBOOK, "triage_score")
def triage_score(report: "Report", section: Section) -> View:
    """Sensitivity and specificity of a score, at each value from which on a case could be flagged."""
    from crisiskit.measures.triage import curve, scored

    instrument = str(report.settings.get("triage_score") or "")
    if not instrument:
        names = joined(_instruments(report)) or "none has a name"
        return nothing_known(section, f"triage_score is not given in the settings (instruments with scores: {names})")
    truth = _sides(report)["truth"]
    frame = scored(report.data, instrument, truth)
    told = frame.dropna()
    if told["truth"].nunique() < 2:
        kind = "no scored record says whether it is" if told.empty else f"all {len(told):,} scored records are alike:"
        return nothing_known(section, f"{kind} {_spelled(truth)}")
    data = curve(frame, "score", "truth")
    best = data.loc[(data["sensitivity"] + data["specificity"]).idxmax()]
    said = (f"At {text_of(float(best['threshold']))} or more, where the two add up to most, sensitivity is "
            f"{_with_limits(best, 'sensitivity')} and specificity {_with_limits(best, 'specificity')}; "
            f"{100 * best['flagged_share']:.1f} % of {len(told):,} cases would be flagged.")  # fmt: skip
    left = len(frame) - len(told)
    lost = [f"{counted(left, 'record')} whose truth is not known"] if left else []
    lost += [f"{counted(frame.attrs['left_out'], 'score')} without a record"] if frame.attrs["left_out"] else []
    figure = report.figures.save(
        practice_plots.thresholds(data, f"score of {instrument} from which on a case is flagged"),
        "triage_thresholds",
        title=f"{instrument} against {_spelled(truth)}",
        caption="Sensitivity and specificity with 95 % Wilson bands. Only cases whose truth is known can be traced, so "
        "the curve inherits their selection.",
        alt=said,
        data=data,
        n=len(told),
        unit="share",
        counted="scored records",
        left_out="; ".join(lost),
    )
    return View(f"{said} The best threshold of the records that it was found in looks better than it is.", figure)


def _with_limits(row: "pd.Series", name: str) -> str:
    return f"{100 * row[name]:.1f} % ({100 * row[f'{name}_low']:.1f} to {100 * row[f'{name}_high']:.1f} %)"


def _instruments(report: "Report") -> list[str]:
    """Instruments of the source that have a total score."""
    table = report.data.tables["follow_ups"]
    total = table.filter(table.score.notnull(), table["item"] == "total")
    return sorted(report.data.fetch(total.select("instrument").distinct())["instrument"].dropna())
