"""Contacts along the calendar: which step suits the span, which periods are there, which of them are incomplete."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.release.report import Report

WEEKDAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
STEPS = {"day": 92, "week": 560, "month": 10_000, "year": 100_000}
"""Step to the longest span, in days, for which it is used: at most about 90 points."""
FIRST_MONTH = {"calendar": 1, "state": 7, "federal": 10}


def choose_step(report: "Report") -> str:
    """The finest step that suits the span, that most contacts are dated to, and in which few periods stand empty."""
    span = report.span
    days = (span[1] - span[0]).days + 1
    suited = [step for step, longest in STEPS.items() if days <= longest]
    for step in suited[:-1]:
        found = report.ask("contacts", (step,))
        known = found.dropna(subset=step)
        periods = len(bounds(step, span, report.fiscal_year))
        if known["value"].sum() >= 0.95 * found["value"].sum() and len(known) >= 0.8 * periods:
            return step
    return suited[-1]


def timeline(report: "Report", step: str) -> "pd.DataFrame":
    """Contacts by period and, where the report is split, by its groups, each over the days that it covers itself.

    Columns: `period` (label), the split column, `contacts`, `low`, `high` (95 % Poisson interval), `incomplete`, `date`
    (first day). A period without any record has null contacts: nothing is known of it, and zero is not known either.
    """
    import pandas as pd

    keys = ["period", report.split] if report.split else ["period"]
    asked = report.ask("contacts", (step, report.split) if report.split else (step,)).dropna(subset=step)
    asked = asked.assign(period=asked[step].astype(str), contacts=asked["value"])
    frames = []
    for group, (first, last) in report.spans.items():
        frame = pd.DataFrame(bounds(step, (first, last), report.fiscal_year), columns=["period", "date", "end"])
        before = frame["date"] + timedelta(days=report.slack) < pd.Timestamp(first)
        after = frame["end"] - timedelta(days=report.slack) > pd.Timestamp(last)
        frame = frame.assign(incomplete=before | after)
        frames.append(frame.assign(**{report.split: group}) if report.split else frame)
    merged = pd.concat(frames, ignore_index=True).merge(asked[[*keys, "contacts", "low", "high"]], on=keys, how="left")
    return merged[[*keys, "contacts", "low", "high", "incomplete", "date"]]


def month_name(period: str) -> str:
    """A month label as words: "2024-08" -> "August 2024"."""
    return f"{date.fromisoformat(f'{period}-01'):%B %Y}"


def bounds(step: str, span: tuple[date, date], fiscal_year: str) -> "list[tuple[str, pd.Timestamp, pd.Timestamp]]":
    """Label, first and last day of every period from that of the first day to that of the last."""
    import pandas as pd

    first, last = (pd.Timestamp(day) for day in span)
    if step == "fiscal_year":
        month = FIRST_MONTH[fiscal_year]
        shift = pd.DateOffset(months=(13 - month) % 12)
        years = range((first + shift).year, (last + shift).year + 1)
        starts = [pd.Timestamp(year if month == 1 else year - 1, month, 1) for year in years]
        return [
            (str(year), day, day + pd.DateOffset(years=1, days=-1)) for year, day in zip(years, starts, strict=True)
        ]
    code, label = {"day": ("D", "%Y-%m-%d"), "week": ("W-SUN", "%G-W%V"), "month": ("M", "%Y-%m"), "year": ("Y", "%Y")}[
        step
    ]
    periods = pd.period_range(first, last, freq=code)
    return [(period.start_time.strftime(label), period.start_time, period.end_time.normalize()) for period in periods]
