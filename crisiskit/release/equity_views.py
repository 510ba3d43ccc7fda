"""Sections of the gaps notebook about equity: gaps between groups with their noise, and diversion."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from crisiskit.release import gap_plots
from crisiskit.release.data_gap_views import NOTEBOOK, each_source, held
from crisiskit.release.outcome_views import FLAGS
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, share, words
from crisiskit.release.view import View, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

GROUPS = ("race_ethnicity", "gender", "language", "housing", "age_band")
MEASURES = {flag: FLAGS[flag] for flag in (
    "deescalated", "referred", "involuntary", "hospitalized", "arrested", "force_used")}  # fmt: skip
"""The last ones recorded are compared first; before all of them, whether eligible contacts were reached."""
REACHED = "eligible, reached"
EACH = 2  # measures, and group columns, of one source
FEWEST = 20  # records of a group below which it is put together with other small ones
DRAWN = 22
NUMBERS = ["numerator", "denominator", "value", "low", "high"]
DIFFERENCES = ["difference", "difference_low", "difference_high", "difference_bound_low", "difference_bound_high"]
ADJUSTED = ["adjusted_difference", "adjusted_difference_low", "adjusted_difference_high"]
CAUTION = (
    "Groups differ in what they call about, and their records in what they leave out: no gap here is an effect of who "
    "people are. With many groups, one interval in twenty misses zero by chance."
)


@shows(NOTEBOOK, "equity")
def equity(report: "Report", section: Section) -> View:
    """Differences of each group from the largest, as counted and within needs, with intervals and bounds."""
    import pandas as pd

    parts = []
    for name, where in each_source(report):
        for measure, column in _pairs(held(report, name)):
            parts.append(_compared(report, measure, column, where, name))
    parts = [part for part in parts if part["difference"].notna().sum() > 1]
    if not parts:
        return nothing_known(section, "no share is recorded for two groups or more of which each has enough records")
    every = pd.concat(parts, ignore_index=True)
    others = every[every["difference_low"].notna()].reset_index(drop=True)
    data = others.head(DRAWN)
    sure = others[(others["difference_low"] > 0) | (others["difference_high"] < 0)]
    said = joined(f"{row.label} {100 * row.difference:+.1f} points ({100 * row.difference_low:+.1f} to "
                  f"{100 * row.difference_high:+.1f}; {share(row.numerator, row.denominator)})"
                  for row in sure.head(6).itertuples())  # fmt: skip
    figure = report.figures.save(
        gap_plots.gaps(data, "label", "difference from the largest group, in points"),
        "gaps_between_groups",
        title="Differences between groups",
        caption="Each group against the largest one of its column. Lines: 95 % intervals. Squares: compared within "
        "needs. Bar: where the difference can lie whatever the missing findings were. Groups of fewer than "
        f"{FEWEST} records are put together.",
        alt="; ".join(f"{row.label} {100 * row.difference:+.1f} points" for row in data.itertuples()) + ".",
        data=data[["label", "reference", *NUMBERS, *DIFFERENCES, *ADJUSTED]],
        n=int(data["denominator"].max()),
        unit="points of a share",
        counted="records at most (n of each group is in the table)",
        left_out=f"{len(others) - len(data)} more differences, in the table" if len(others) > len(data) else "",
    )
    lines = [f"Beyond chance: {said}." if said else f"None of {len(others)} differences lies beyond chance.", CAUTION]
    lines += [text for part in parts if (text := _silent(part))]
    folds = (("Every group", every[["label", "reference", *NUMBERS, *DIFFERENCES, *ADJUSTED, "reasons"]]),)
    return View("\n".join(lines), figure, folds=folds)


def _pairs(recorded: Collection[str]) -> list[tuple[str, str]]:
    """The measures and group columns that a source records: two measures by the first column, one by the second."""
    measures = [name for name in MEASURES if name in recorded]
    measures += ["reach"] if {"eligible", "arrived_at"} <= set(recorded) else []
    columns = [name for name in GROUPS if name in recorded][:EACH]
    pairs = [(measure, column) for column in columns for measure in reversed(measures[-EACH:])]
    return pairs[: EACH + 1]


def _compared(report: "Report", measure: str, column: str, where: dict[str, str], name: str) -> "pd.DataFrame":
    """One measure compared between the groups of a column, also within needs where they are recorded."""
    from crisiskit.measures.equity import gap

    within = "need" if "need" in held(report, name) else None
    question = ("gap", measure, column, name)
    if question not in report.answers:
        report.answers[question] = gap(report.data, measure, column, within=within, min_n=FEWEST, where=where or None,
                                       fiscal=report.fiscal_year)  # fmt: skip
    found = report.answers[question].reindex(
        columns=[column, *NUMBERS, "reference", *DIFFERENCES, *ADJUSTED, "reasons"])  # fmt: skip
    what = f"{MEASURES.get(measure, REACHED)}{f' ({name})' if name else ''}"
    group = found[column].map(lambda value: name_of(value, column), na_action="ignore").fillna("not recorded")
    label = f"{what}, {words(column)}: " + group
    return found.assign(label=label, group=group, what=f"{what}, by {words(column)}")


def _silent(part: "pd.DataFrame") -> str:
    """The share among records whose group is not known, which no comparison holds."""
    rest = part[part["reference"].isna() & part["denominator"].gt(0)]
    if rest.empty:
        return ""
    total, records = rest["numerator"].sum(), rest["denominator"].sum()
    return f"{part['what'].iloc[0]}: where the group is not known, {share(total, records)}; they are in no comparison."


@shows(NOTEBOOK, "diversion")
def diversion(report: "Report", section: Section) -> View:
    """Eligible events that ended in none of arrest and hospital, of those whose ending is known, with bounds."""
    by = (report.split,) if report.split else ()
    asked = report.ask("diversion", by)
    known = asked.dropna(subset=["value", *by])
    if known.empty:
        return nothing_known(section, reasons_text(asked["reasons"].iloc[0]) or "no event is known to be eligible")
    said = [
        f"{f'{name_of(row[by[0]], by[0])}: ' if by else ''}{share(row['numerator'], row['denominator'])}; 95 % "
        f"interval {100 * row['low']:.1f} to {100 * row['high']:.1f} %; bounds {100 * row['bound_low']:.1f} to "
        f"{100 * row['bound_high']:.1f} %. Left out: {reasons_text(row['reasons']) or 'nothing'}."
        for _, row in known.iterrows()
    ]
    note = f"{known['label'].iloc[0]}. Without a group to compare with it is no effect of the programme."
    return View(note, points=tuple(said))
