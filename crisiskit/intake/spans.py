"""Periods that stand in words: months as headers and in titles, and years that run over two (2021/22)."""

import calendar
import re
from collections.abc import Iterable

_MONTHS = {
    1: "january jan enero ene janvier janv januar",
    2: "february feb febrero fevrier fev februar",
    3: "march mar marzo mars marz",
    4: "april apr abril abr avril avr",
    5: "may mayo mai",
    6: "june jun junio juin juni",
    7: "july jul julio juillet juil juli",
    8: "august aug agosto ago aout",
    9: "september sept sep septiembre septembre",
    10: "october oct octubre octobre oktober okt",
    11: "november nov noviembre novembre",
    12: "december dec diciembre dic decembre dezember dez",
}
_NUMBER = {word: number for number, words in _MONTHS.items() for word in words.split()}
_NAMES = "|".join(sorted(_NUMBER, key=len, reverse=True))
_WORDED = re.compile(rf"\b(?P<name>{_NAMES})\.?[-_/ ,']*(?P<year>(?:19|20)\d\d|\d\d)\b")
_TURNED = re.compile(rf"\b(?P<year>(?:19|20)\d\d)[-_/ ]*(?P<name>{_NAMES})\b")
_DIGITS = re.compile(r"\b(?P<year>(?:19|20)\d\d)[-_/ ](?P<number>0[1-9]|1[0-2])\b(?![-_/]?\d)")
_QUARTER = re.compile(r"((?:19|20)\d\d)[- /]*q([1-4])|q([1-4])[- /]*((?:19|20)\d\d)", re.IGNORECASE)
_OVER = re.compile(r"(?:fy ?)?((?:19|20)\d\d) ?[-/–] ?((?:19|20)?\d\d)", re.IGNORECASE)


def month_in(text: str) -> str | None:
    """The one month that a text names, as 2022-07; None where it names none, or several."""
    low = re.sub(r"[_]+", " ", text.lower())
    found = set()
    for pattern in (_WORDED, _TURNED, _DIGITS):
        for match in pattern.finditer(low):
            parts = match.groupdict()
            number = _NUMBER[parts["name"]] if parts.get("name") else int(parts["number"])
            year = int(parts["year"]) + (2000 if len(parts["year"]) == 2 else 0)
            found.add(f"{year}-{number:02}")
        if found:
            break
    return found.pop() if len(found) == 1 else None


def month_header(name: str) -> tuple[str, str] | None:
    """(month as 2022-07, the other words) of a header with one month (`Jul-22`, `Calls January 2023`); else None."""
    low = re.sub("_+", " ", name.lower()).strip()
    month = month_in(low)
    if month is None:
        return None
    for pattern in (_WORDED, _TURNED, _DIGITS):
        rest, found = pattern.subn(" ", low)
        if found:
            return month, " ".join(rest.split()).strip(" -:/")
    return None


def quarters(values: Iterable[str]) -> dict[str, tuple[str, str]] | None:
    """First and last day of each value, where all are quarters of calendar years (2023 Q1, Q1-2023); else None."""
    found = {}
    for value in values:
        match = _QUARTER.fullmatch(value.strip())
        if not match:
            return None
        year, number = int(match[1] or match[4]), int(match[2] or match[3])
        last = 3 * number
        found[value] = (f"{year}-{last - 2:02}-01", f"{year}-{last:02}-{calendar.monthrange(year, last)[1]:02}")
    return found or None


def months_of(values: Iterable[str]) -> str | None:
    """The strptime directive of months without a year: `%B`, `%b` or `%m`; None where the values are none."""
    texts = [value.strip() for value in values]
    if texts and all(text.lower() in map(str.lower, calendar.month_name[1:]) for text in texts):
        return "%B"
    if texts and all(text.lower() in map(str.lower, calendar.month_abbr[1:]) for text in texts):
        return "%b"
    return "%m" if texts and all(re.fullmatch("0?[1-9]|1[0-2]", text) for text in texts) else None


def over_two(values: Iterable[str]) -> dict[str, int] | None:
    """The first of the two years of each value, where all are such as 2021/22, FY2021-22, 2021-2022; else None."""
    found = {}
    for value in values:
        match = _OVER.fullmatch(value.strip())
        if not match or (int(match[1]) + 1) % 100 != int(match[2]) % 100:
            return None
        found[value] = int(match[1])
    return found or None


def fiscal(first: int, month: int) -> tuple[str, str]:
    """First and last day of a year that begins in `month` of the year `first`."""
    year, last = (first, 12) if month == 1 else (first + 1, month - 1)
    return f"{first}-{month:02}-01", f"{year}-{last:02}-{calendar.monthrange(year, last)[1]:02}"


def fiscal_month(zone: str) -> int:
    """The month in which public years usually begin: April in Britain and Ireland, else July."""
    return 4 if zone in ("Europe/London", "Europe/Dublin") else 7
