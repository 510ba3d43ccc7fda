"""Sections of the response-patterns notebook about how contacts divide: how they came, what for, who responded."""

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
    data = top(asked, column, by).assign(label=lambda rows: rows[column].map(words))
    if asked[column].nunique() == 1:
        said = f"Always {words(asked[column].iloc[0])}, where it is known: "
        each = [
            f"{group_of(row, by, True)}{share(row['numerator'], row['denominator'])}" for _, row in asked.iterrows()
        ]
        why = "; ".join(
            f"{group_of(row, by)}{reasons_text(row['reasons'])}" for _, row in asked.iterrows() if row["reasons"]
        )
        return View(said + "; ".join(each) + "." + (f" Not known: {why}." if why else ""))
    if by:
        picture, unit = plots.dots(data, "label", "share of contacts (%)", report.split, percent=True), "share"
    else:
        picture, unit = plots.bars(data.drop(columns=["low", "high"]), "label", "numerator", "contacts"), "contacts"
    groups = asked.drop_duplicates(list(by)) if by else asked.head(1)
    left = "; ".join(
        f"{group_of(row, by)}{reasons_text(row['reasons'])}" for _, row in groups.iterrows() if row["reasons"]
    )
    figure = report.figures.save(
        picture,
        f"contacts_by_{column}",
        title=title + (f" and {words(report.split)}" if by else ""),
        caption=f"{_meaning(column)} Shares are of contacts where it is known.",
        alt=spoken(data, by),
        data=data[[*by, "label", "numerator", "denominator", "value", "low", "high", "bound_low", "bound_high"]],
        n=int(groups["denominator"].sum()),
        unit=unit,
        left_out=left,
    )
    return View(first_of_each(data, by) + (f"\nNot in the shares: {left}." if left else ""), figure)


def top(asked: "pd.DataFrame", column: str, by: tuple[str, ...]) -> "pd.DataFrame":
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
    return pd.concat([top(kept, column, by), merged], ignore_index=True)


def group_of(row: "pd.Series", by: tuple[str, ...], always: bool = False) -> str:
    """The group's name before its reasons (or always); "" where there is one group, or nothing to say of it."""
    return f"{name_of(row[by[0]], by[0])}: " if by and (always or row["reasons"]) else ""


def _meaning(column: str) -> str:
    return dictionary.table("interventions").column(column).meaning.rstrip(".") + "."


def spoken(data: "pd.DataFrame", by: tuple[str, ...], most: int = 30) -> str:
    """The drawn shares in words, for those who cannot see them."""
    said = [
        f"{f'{row[by[0]]}, ' if by else ''}{row['label']} {100 * row['value']:.1f} %"
        for _, row in data.head(most).iterrows()
    ]
    return "; ".join(said) + ("; the others are in the table." if len(data) > most else ".")


def first_of_each(data: "pd.DataFrame", by: tuple[str, ...]) -> str:
    """The three most frequent values (of each group) with their n."""
    groups = [("", data)] if not by else list(data.groupby(by[0], sort=False))
    said = []
    for name, rows in groups:
        top = rows.sort_values("numerator", ascending=False, kind="stable").head(3)
        parts = joined(f"{row.label} {share(row.numerator, row.denominator)}" for row in top.itertuples())
        said.append(f"{text_of(name)}: {parts}." if by else f"Most often: {parts}.")
    return "\n".join(said)
