"""The period that a row of totals covers: month, year, year and month in two columns, quarter, fiscal year."""

import calendar
import re
from dataclasses import replace

from crisiskit.intake import spans
from crisiskit.intake.lines import Line
from crisiskit.intake.matching import MEDIUM
from crisiskit.intake.profile import Profile

_YEAR, _MONTH = re.compile(r"\b(year|ano|annee|jahr)\b"), re.compile(r"\b(month|mes|mois|monat)\b")


def of_rows(profiles: list[Profile]) -> Profile | None:
    """The column (or the year and the month, as one profile with two parts) that says what a row covers; else None."""
    years = [p for p in profiles if p.kind == "integer" and _YEAR.search(p.words) and 1900 <= p.low <= p.high <= 2100]
    months = [p for p in profiles if _MONTH.search(p.words) and p.kind in ("text", "integer")]
    for p in profiles:
        if p.kind == "date" and p.dates and p.dates.by_month:
            return p
        if p.kind == "text" and (spans.over_two(p.values) or spans.quarters(p.values)):
            return p
        if p in years:
            named = next(((m, form) for m in months if (form := spans.months_of(m.values))), None)
            if named is None:
                return p
            month, form = named
            both = f"{p.name} {month.name}"
            return replace(p, name=both, kind="date", parts=(p, month), formats=(f"%Y {form}",))
    return None


def worded(p: Profile, zone: str) -> tuple[list[Line], list[str]]:
    """Lines for quarters and for years such as 2021/22, with the first and last day of each, and what is to be said."""
    days, said, why = spans.quarters(p.values) or {}, [], "quarters of calendar years"
    if not days:
        month = spans.fiscal_month(zone)
        begin = calendar.month_name[month]
        days = {value: spans.fiscal(first, month) for value, first in (spans.over_two(p.values) or {}).items()}
        why = f"years that run over two; they are taken to begin in {begin}"
        said = [f"THE YEARS ARE TAKEN TO BEGIN IN {begin.upper()}: check period_start and period_end"]
    lines = []
    for i, column in enumerate(("period_start", "period_end")):
        spec = {"from": p.name, "replace": {value: both[i] for value, both in days.items()}}
        lines.append(Line(column, spec, p.name, MEDIUM, why, p.examples()))
    return lines, said
