"""The section of the reporting lag: how late records are written, and how much of the last months is still to come."""

from typing import TYPE_CHECKING

from crisiskit.measures import lag
from crisiskit.release import series_plots
from crisiskit.release.calendar import month_name
from crisiskit.release.pattern_views import NOTEBOOK
from crisiskit.release.sections import Section
from crisiskit.release.series_parts import Part, parts
from crisiskit.release.series_plots import Panel
from crisiskit.release.tables import reasons_text
from crisiskit.release.view import View, counted, joined, nothing_known, shows

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.measures.lag import Delays
    from crisiskit.release.report import Report

ALL = 0.99
"""A month of which so much is expected to be written is not listed."""


@shows(NOTEBOOK, "reporting_lag")
def reporting_lag(report: "Report", section: Section) -> View:
    """Share of records written within 1, 7 and 30 days by month of contact, and what is still expected of the last."""
    import pandas as pd

    every = parts(report, "month")
    found = {part.name: lag.delays(report.whole, part.where) for part in every}
    fit = [(part, delays) for part in every if (delays := found[part.name]) is not None]
    if not fit:
        return nothing_known(section, "no record has both a day of contact and a day on which it was written")
    shown, tables, lines = [], [], []
    for part, delays in fit:
        expected = lag.expected_completeness(part.series, delays)
        shares = _shares_by_month(report, part)
        shown.append(Panel(part.name, shares, "share of records (%)", expected))
        tables.append(expected[expected["expected_share"] < ALL].tail(6).assign(series=part.name))
        lines.append(f"{part.lead}{_delayed(delays)}{_coming(expected)}")
    data = pd.concat([panel.data.assign(series=panel.title) for panel in shown], ignore_index=True)
    if data.empty:
        return nothing_known(section, "no month holds a record that is old enough to tell")
    figure = report.figures.save(
        series_plots.delays(shown),
        "reporting_lag",
        title="Share of records written within 1, 7 and 30 days of the contact",
        caption="By month of contact, among records old enough to tell, with 95 % Wilson intervals. Dotted: share of "
        "each month's records expected to be written by the end of the data.",
        alt=f"Lines by month. {' '.join(lines)}",
        data=data[["series", "month", "days", "numerator", "denominator", "value", "low", "high", "reasons"]],
        n=int(data.groupby(["series", "month"])["denominator"].max().sum()),
        unit="share",
        counted="records",
        left_out="; ".join(f"{part.lead}{text}" for part, delays in fit if (text := _left(report, part, delays))),
    )
    absent = [part.name for part in every if found[part.name] is None]
    lines += [f"Not recorded: {joined(absent)}."] if absent else []
    table = pd.concat(tables, ignore_index=True)
    columns = [*(["series"] if report.split else []), "period", "contacts", "expected_share", "expected_contacts"]
    if table.empty:
        return View("\n".join(lines), figure)
    return View("\n".join(lines), figure, table[columns], "Months of which records are still expected")


def _shares_by_month(report: "Report", part: Part) -> "pd.DataFrame":
    """The measure `recorded_within` by month for each number of days; months without a record old enough are out."""
    import pandas as pd

    by = ("month", report.split) if report.split else ("month",)
    frames = []
    for days in series_plots.LAGS:
        asked = report.ask("recorded_within", by, days=days).dropna(subset=["month", "value"])
        asked = asked[asked[report.split] == part.where[report.split]] if report.split else asked
        frames.append(asked.assign(days=days, first_day=pd.to_datetime(asked["month"] + "-01")))
    return pd.concat(frames, ignore_index=True)


def _delayed(found: "Delays") -> str:
    """Which stamp, how many records, and the delays within which half and nine tenths of them were written."""
    within = lag.distribution(found)
    half, most = (int((within >= part).idxmax()) for part in (0.5, 0.9))
    meant = {"reported_at": "the moment of writing", "recorded_on": "the day of the last revision, which is later than "
             "the first entry"}[found.stamp]  # fmt: skip
    return (f"half of the records were written {_within(half)}, nine tenths {_within(most)} (n = {found.records:,}; "
            f"stamp: {meant}; end of the data {found.last}).")


def _within(days: int) -> str:
    return f"within {counted(days, 'day')} of the contact" if days else "on the day of the contact"


def _coming(expected: "pd.DataFrame") -> str:
    """Name the last months that are not yet complete, with the share that is expected to be there."""
    late = expected[expected["expected_share"] < lag.ENOUGH].tail(3)
    said = [f"{month_name(row.period)} {100 * row.expected_share:.0f} %" for row in late.itertuples()]
    return f" Not yet complete (share expected to be written): {joined(said)}." if said else ""


def _left(report: "Report", part: Part, found: "Delays") -> str:
    """Why records of the study's period have no delay, with their numbers; `found` is of all records of the source."""
    inside = found if report.period == ("", "") else lag.delays(report.data, part.where)
    left = inside.left_out if inside else {}
    return reasons_text("; ".join(f"{label} {rows}" for label, rows in left.items()))
