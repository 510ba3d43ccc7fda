"""Sections of the response-patterns notebook about what happened: how contacts came, why, who went, how it ended."""

from typing import TYPE_CHECKING

from crisiskit.release import plots
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.tables import name_of, reasons_text, share, text_of, words
from crisiskit.release.view import View, joined, nothing_known, shows
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

TOP = 12  # values drawn of a column; the rest are put together and named so
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


@shows(NOTEBOOK, "access")
def access(report: "Report", section: Section) -> View:
    """How requests reached the service."""
    return _mix(report, section, "access", "Contacts by the way they came in")


@shows(NOTEBOOK, "modality")
def modality(report: "Report", section: Section) -> View:
    """How contacts took place."""
    return _mix(report, section, "modality", "Contacts by how they took place")


@shows(NOTEBOOK, "need")
def need(report: "Report", section: Section) -> View:
    """What people needed: the main need where it is recorded, else every need named."""
    if "need" in report.recorded["interventions"]:
        return _mix(report, section, "need", "Contacts by main need")
    return _mix(report, section, "needs", "Contacts by every need named")


@shows(NOTEBOOK, "responder")
def responder(report: "Report", section: Section) -> View:
    """Who responded."""
    return _mix(report, section, "responder", "Contacts by responder")


def _mix(report: "Report", section: Section, column: str, title: str) -> View:
    """Contacts by the known values of a column; what is not known is said in words, never drawn as a bar."""
    by = (report.split,) if report.split else ()
    asked = report.ask("share", by, of=column).dropna(subset=["value", column])
    if asked.empty:
        return nothing_known(section, "no contact has a known value")
    data = _top(asked, column, by).assign(label=lambda rows: rows[column].map(words))
    if asked[column].nunique() == 1:
        said = f"Always {words(asked[column].iloc[0])}, where it is known: "
        each = [f"{_group(row, by, True)}{share(row['numerator'], row['denominator'])}" for _, row in asked.iterrows()]
        why = "; ".join(
            f"{_group(row, by)}{reasons_text(row['reasons'])}" for _, row in asked.iterrows() if row["reasons"]
        )
        return View(said + "; ".join(each) + "." + (f" Not known: {why}." if why else ""))
    known = asked.drop_duplicates(list(by))["denominator"].sum() if by else asked["denominator"].iloc[0]
    if by:
        picture, unit = plots.dots(data, "label", "share of contacts (%)", report.split, percent=True), "share"
    else:
        picture, unit = plots.bars(data.drop(columns=["low", "high"]), "label", "numerator", "contacts"), "contacts"
    why = {
        f"{_group(row, by)}{reasons_text(row['reasons'])}"
        for _, row in asked.drop_duplicates(list(by) or None).iterrows()
    }
    left = "; ".join(sorted(text for text in why if text))
    figure = report.figures.save(
        picture,
        f"contacts_by_{column}",
        title=title + (f" and {words(report.split)}" if by else ""),
        caption=f"{_meaning(column)} Shares are of contacts where it is known.",
        alt=_spoken(data, by),
        data=data[[*by, "label", "numerator", "denominator", "value", "low", "high", "bound_low", "bound_high"]],
        n=int(known),
        unit=unit,
        left_out=left,
    )
    return View(_first_of_each(data, by) + (f"\nNot in the shares: {left}." if left else ""), figure)


def _top(asked: "pd.DataFrame", column: str, by: tuple[str, ...]) -> "pd.DataFrame":
    """The most frequent values in order; beyond TOP, the others are put together in one row without an interval."""
    import pandas as pd

    order = asked.groupby(column)["numerator"].sum().sort_values(ascending=False, kind="stable").index
    if len(order) <= TOP + 1:
        return asked.sort_values(column, key=lambda names: names.map(order.get_loc), kind="stable", ignore_index=True)
    together = f"{len(order) - TOP} other values together"
    rest = asked[asked[column].isin(order[TOP:])].assign(**{column: together}).groupby([*by, column], as_index=False)
    merged = rest.agg(numerator=("numerator", "sum"), denominator=("denominator", "first"))
    merged = merged.assign(value=merged["numerator"] / merged["denominator"])
    kept = asked[asked[column].isin(order[:TOP])]
    return pd.concat([_top(kept, column, by), merged], ignore_index=True)


@shows(NOTEBOOK, "outcome")
def outcome(report: "Report", section: Section) -> View:
    """How records ended, as shares of known outcomes with Wilson intervals."""
    by = (report.split,) if report.split else ()
    return _shares(report, section, "outcomes", "How contacts ended", by)


@shows(NOTEBOOK, "outcome_by_responder")
def outcome_by_responder(report: "Report", section: Section) -> View:
    """How records ended, by who responded: description, not effect."""
    return _shares(report, section, "outcomes_by_responder", "How contacts ended, by responder", ("responder",))


def _shares(report: "Report", section: Section, name: str, title: str, by: tuple[str, ...]) -> View:
    asked = report.ask("outcome_share", by).dropna(subset=["value", "outcome", *by])
    if by == ("responder",):
        asked = _largest(asked)
        if asked["responder"].nunique() == 1:
            return nothing_known(section, f"all records have one responder, {words(asked['responder'].iloc[0])}")
    if asked.empty:
        return nothing_known(section, "no record has a known outcome")
    asked = _zeros(asked, by) if by else asked
    data = _top(asked, "outcome", by).assign(label=lambda rows: rows["outcome"].map(words))
    for column in by:
        data[column] = data[column].map(lambda value, column=column: name_of(value, column)) + data["denominator"].map(
            _n
        )
    groups = asked.drop_duplicates(list(by)) if by else asked.head(1)
    left = "; ".join(
        text for _, row in groups.iterrows() if (text := f"{_group(row, by)}{reasons_text(row['reasons'])}")
    )
    figure = report.figures.save(
        plots.dots(data, "label", "share of records with a known outcome (%)", by[0] if by else "", percent=True),
        name,
        title=title,
        caption="Share of each outcome among records whose outcome is known, with 95 % Wilson intervals.",
        alt=_spoken(data, by),
        data=data[[*by, "label", "numerator", "denominator", "value", "low", "high", "bound_low", "bound_high"]],
        n=int(groups["denominator"].sum()),
        unit="share",
        counted="records",
        left_out=left if not by else "",
    )
    warned = (
        " Who went was chosen by call type, hour and place: differences are not effects of the responder."
        if by == ("responder",)
        else ""
    )
    return View(f"{_first_of_each(data, by)}{warned}" + (f"\nNot in the shares: {left}." if left else ""), figure)


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
        asked = _largest(asked)
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
        alt=_spoken(data, by),
        data=data[columns],
        n=int(data["denominator"].max()),
        unit="share",
        counted="records at most (n of each finding is in the table)",
    )
    if by:
        return View(
            "Who went was chosen by call type, hour and place: differences are not effects of the responder.", figure
        )
    said = "; ".join(f"{row.finding} {share(row.numerator, row.denominator)}" for row in data.itertuples())
    partly = data[data["recorded_share"] < 0.95]
    bounds = "; ".join(
        f"{row.finding} is recorded for {100 * row.recorded_share:.1f} % of records, so the true share lies from "
        f"{100 * row.bound_low:.1f} to {100 * row.bound_high:.1f} %"
        for row in partly.itertuples()
    )
    absent = [label for flag, label in FLAGS.items() if flag not in recorded]
    lines = [
        f"{said}.",
        f"{bounds}." if bounds else "",
        f"Not recorded in this source: {joined(absent)}." if absent else "",
    ]
    return View("\n".join(line for line in lines if line), figure)


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


def _largest(asked: "pd.DataFrame", most: int = 6) -> "pd.DataFrame":
    """Only known responders, and of them the `most` with the most records: more cannot be told apart in one figure."""
    known = asked[~asked["responder"].isin(dictionary.KINDS)]
    sizes = known.groupby("responder")["denominator"].max().sort_values(ascending=False, kind="stable")
    kept = known[known["responder"].isin(sizes.index[:most])]
    return kept.sort_values("responder", key=lambda names: names.map(sizes.index.get_loc), kind="stable")


def _group(row: "pd.Series", by: tuple[str, ...], always: bool = False) -> str:
    """The group's name before its reasons (or always); "" where there is one group, or nothing to say of it."""
    return f"{name_of(row[by[0]], by[0])}: " if by and (always or row["reasons"]) else ""


def _meaning(column: str) -> str:
    return dictionary.table("interventions").column(column).meaning.rstrip(".") + "."


def _spoken(data: "pd.DataFrame", by: tuple[str, ...], most: int = 30) -> str:
    """The drawn shares in words, for those who cannot see them."""
    said = [
        f"{f'{row[by[0]]}, ' if by else ''}{row['label']} {100 * row['value']:.1f} %"
        for _, row in data.head(most).iterrows()
    ]
    return "; ".join(said) + ("; the others are in the table." if len(data) > most else ".")


def _first_of_each(data: "pd.DataFrame", by: tuple[str, ...]) -> str:
    """The three most frequent values (of each group) with their n."""
    groups = [("", data)] if not by else list(data.groupby(by[0], sort=False))
    said = []
    for name, rows in groups:
        top = rows.sort_values("numerator", ascending=False, kind="stable").head(3)
        parts = joined(f"{row.label} {share(row.numerator, row.denominator)}" for row in top.itertuples())
        said.append(f"{text_of(name)}: {parts}." if by else f"Most often: {parts}.")
    return "\n".join(said)
