"""Sections of the response-patterns notebook about outcomes: how contacts ended, and what was found, by responder."""

from typing import TYPE_CHECKING

from crisiskit.release import plots
from crisiskit.release.mix_views import first_of_each, group_of, spoken, top
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, share, words
from crisiskit.release.view import View, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

FLAGS = {
    "force_used": "force used",
    "injury_subject": "person injured",
    "injury_responder": "responder injured",
    "arrested": "arrested",
    "hospitalized": "taken to hospital",
    "involuntary": "held against their will",
    "deescalated": "recorded as de-escalated",
    "referred": "referred to a service",
    "police_involved": "police took part",
}
MAIN = 6  # the findings that are compared between responders
CAUTION = "Who went was chosen by call type, hour and place: differences are not effects of the responder."
CAUTIONS = {
    "responder": CAUTION,
    "need": "The need is what was coded when help was asked for, and each need is met by another mix of responders.",
}


@shows(NOTEBOOK, "outcome")
def outcome(report: "Report", section: Section) -> View:
    """How records ended, as shares of known outcomes with Wilson intervals."""
    by = (report.split,) if report.split else ()
    return _shares(report, section, "outcomes", "How contacts ended", by)


@shows(NOTEBOOK, "outcome_by_responder")
def outcome_by_responder(report: "Report", section: Section) -> View:
    """How records ended, by who responded: description, not effect."""
    return _shares(report, section, "outcomes_by_responder", "How contacts ended, by responder", ("responder",))


@shows(NOTEBOOK, "outcome_by_need")
def outcome_by_need(report: "Report", section: Section) -> View:
    """How records ended, by what people needed: the most frequent needs, as description."""
    return _shares(report, section, "outcomes_by_need", "How contacts ended, by need", ("need",))


def _shares(report: "Report", section: Section, name: str, title: str, by: tuple[str, ...]) -> View:
    asked = report.ask("outcome_share", by).dropna(subset=["value", "outcome", *by])
    noun = by[0] if by and by[0] != report.split else ""
    rest = ""
    if noun:
        asked = _largest(asked, noun)
        rest = _undrawn(report.ask("outcome_share", by), asked, noun)
        if asked[noun].nunique() == 1:
            return nothing_known(section, f"all records have one {noun}, {words(asked[noun].iloc[0])}")
    if asked.empty:
        return nothing_known(section, "no record has a known outcome")
    asked = _zeros(asked, by) if by else asked
    data = top(asked, "outcome", by).assign(label=lambda rows: rows["outcome"].map(words))
    for column in by:
        data[column] = data[column].map(lambda value, column=column: name_of(value, column)) + data["denominator"].map(
            _n
        )
    groups = asked.drop_duplicates(list(by)) if by else asked.head(1)
    left = "; ".join(
        text for _, row in groups.iterrows() if (text := f"{group_of(row, by)}{reasons_text(row['reasons'])}")
    )
    figure = report.figures.save(
        plots.dots(data, "label", "share of records with a known outcome (%)", by[0] if by else "", percent=True),
        name,
        title=title,
        caption="Share of each outcome among records whose outcome is known, with 95 % Wilson intervals.",
        alt=spoken(data, by),
        data=data[[*by, "label", "numerator", "denominator", "value", "low", "high", "bound_low", "bound_high"]],
        n=int(groups["denominator"].sum()),
        unit="share",
        counted="records",
        left_out=left if not by else "",
    )
    lines = [first_of_each(data, by), f"{CAUTIONS[noun]}{report.pooled}" if noun else ""]
    lines += [f"Not in the shares: {left}." if left else "", rest]
    return View("\n".join(line for line in lines if line), figure)


@shows(NOTEBOOK, "flags")
def flags(report: "Report", section: Section) -> View:
    """Yes/no findings, each as a share of the records where yes or no was recorded."""
    by = (report.split,) if report.split else ()
    return _flags(report, section, "findings", "Force, injury, arrest, hospital and other findings", by)


@shows(NOTEBOOK, "flags_by_responder")
def flags_by_responder(report: "Report", section: Section) -> View:
    """The same findings by who responded: description, not effect."""
    return _flags(report, section, "findings_by_responder", "Findings by responder", ("responder",))


def _flags(report: "Report", section: Section, name: str, title: str, by: tuple[str, ...]) -> View:
    import pandas as pd

    asked_for = tuple(FLAGS)[:MAIN] if by == ("responder",) else FLAGS
    recorded = [flag for flag in asked_for if flag in report.recorded["interventions"]]
    asked = pd.concat([report.ask(flag, by).assign(finding=FLAGS[flag]) for flag in recorded])
    asked = asked.dropna(subset=["value", *by])
    if by == ("responder",):
        asked = _largest(asked, "responder")
        if asked["responder"].nunique() == 1:
            return nothing_known(section, f"all records have one responder, {words(asked['responder'].iloc[0])}")
    if asked.empty:
        return nothing_known(section, "no record says yes or no")
    data = asked.assign(label=asked["finding"]).reset_index(drop=True)
    if not by:
        data["label"] = data["finding"] + data["denominator"].map(_n)
    for column in by:
        data[column] = data[column].map(lambda value, column=column: name_of(value, column))
    columns = [
        *by,
        "label",
        "numerator",
        "denominator",
        "value",
        "low",
        "high",
        "recorded_share",
        "bound_low",
        "bound_high",
    ]
    figure = report.figures.save(
        plots.dots(data, "label", "share of records where it is recorded (%)", by[0] if by else "", percent=True),
        name,
        title=title,
        caption="Share of yes among the records with yes or no, with 95 % Wilson intervals; each finding has its n.",
        alt=spoken(data, by),
        data=data[columns],
        n=int(data["denominator"].max()),
        unit="share",
        counted="records at most (n of each finding is in the table)",
    )
    if by == ("responder",):
        return View(f"{CAUTION}{report.pooled}", figure)
    absent = [label for flag, label in FLAGS.items() if flag not in recorded]
    groups = [("", data)] if not by else [(f"{name}: ", rows) for name, rows in data.groupby(by[0], sort=False)]
    lines = [f"{name}{_found(rows)}" for name, rows in groups]
    lines.append(f"Not recorded in this source: {joined(absent)}." if absent else "")
    return View("\n".join(line for line in lines if line), figure)


def _found(data: "pd.DataFrame") -> str:
    """Each finding with its n; where it is not recorded for one record in twenty or more, how far the truth may lie."""
    said = "; ".join(f"{row.finding} {share(row.numerator, row.denominator)}" for row in data.itertuples())
    bounds = "; ".join(
        f"{row.finding} is recorded for {100 * row.recorded_share:.1f} % of records, so the true share lies from "
        f"{100 * row.bound_low:.1f} to {100 * row.bound_high:.1f} %"
        for row in data[data["recorded_share"] < 0.95].itertuples()
    )
    return f"{said}.\n{bounds}." if bounds else f"{said}."


def _n(number: float) -> str:
    """The number that a share rests on, after its label, never parted from it by a line's end."""
    return f" (n\u00a0=\u00a0{number:,.0f})"


def _zeros(asked: "pd.DataFrame", by: tuple[str, ...]) -> "pd.DataFrame":
    """Add the outcomes that no record of a group has: none of a known number is a zero with an interval, not a gap."""
    import pandas as pd

    from crisiskit.measures.intervals import wilson

    groups = asked.drop_duplicates(list(by)).drop(columns=["outcome", "numerator", "value", "low", "high"])
    every = groups.merge(asked[["outcome"]].drop_duplicates(), how="cross").merge(
        asked[[*by, "outcome"]], how="left", indicator=True
    )
    absent = every[every["_merge"] == "left_only"].drop(columns="_merge")
    low, high = wilson(0 * absent["denominator"], absent["denominator"])
    absent = absent.assign(
        numerator=0.0, value=0.0, low=low, high=high, bound_low=0.0, bound_high=1 - absent["recorded_share"]
    )
    return pd.concat([asked, absent[asked.columns]], ignore_index=True) if len(absent) else asked


def _largest(asked: "pd.DataFrame", column: str, most: int = 6) -> "pd.DataFrame":
    """Only known groups, and of them the `most` with the most records: more cannot be told apart in one figure."""
    known = asked[~asked[column].isin(dictionary.KINDS)]
    sizes = known.groupby(column)["denominator"].max().sort_values(ascending=False, kind="stable")
    kept = known[known[column].isin(sizes.index[:most])]
    return kept.sort_values(column, key=lambda names: names.map(sizes.index.get_loc), kind="stable")


def _undrawn(every: "pd.DataFrame", drawn: "pd.DataFrame", column: str) -> str:
    """A sentence that names the groups left out of a figure, each with the records whose outcome is known."""
    known = every.dropna(subset="denominator").fillna({column: f"no {words(column)} recorded"})
    rest = known[~known[column].isin(drawn[column])].groupby(column)["denominator"].max()
    rest = rest.sort_values(ascending=False, kind="stable")
    named = joined(f"{name_of(name, column)} (n\u00a0=\u00a0{number:,.0f})" for name, number in rest.items())
    return f"Not drawn: {named}." if named else ""
