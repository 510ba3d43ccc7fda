"""What numbers and times without a date are: times of day in other spellings, lengths of time, instants as numbers."""

import re
from collections.abc import Callable, Mapping

CLOCK = re.compile(r"(\d{1,3}):(\d{2})(:(\d{2})(\.\d+)?)?")
EPOCH = {"epoch_ms": re.compile(r"1\d{12}(\.0+)?"), "epoch_s": re.compile(r"1\d{9}(\.0+)?")}  # from 2001 to 2033
SAYS_MOMENT = re.compile(
    r"\b(date|time|datetime|timestamp|ts|fecha|hora|received|rcvd|create[ds]?|opened|dispatch(ed)?|disp|assigned|enroute|arriv"
    r"(al|ed|e)|arrivd|arvd|cleared|clrd|closed|call ?time|start|end|heure|date|uhrzeit|datum|zeit|out|occurr?ed)\b"
)
ABOUT = re.compile(
    r"\b(duration|length|minutes|hours|elapsed|total|spent|wait|talk|handle|handling|speed|asa|aht|hold|travel|turnout"
    r"|duree|dauer|duracion|tiempo|mm ss|m ss)\b"
)
OF_DAY = re.compile(
    r"\b(of|at|call|start|begin|received|rcvd|dispatch(ed)?|arriv(al|ed)|clear(ed)?|hora|heure|uhrzeit|zeit)\b"
)
HOUR = re.compile(r"\b(hour|hora|heure|stunde)\b")
_HHMM = re.compile(r"([01]?\d|2[0-3])?[0-5]\d|\d")
_FRACTION = re.compile(r"0?\.\d+|0|0\.0+")

LEADING = r"^\d+(?:[.,]\d+)?"
_UNITED = {
    "minutes": re.compile(LEADING + r" ?(m|mins?|minutes?|minutos?)\.?", re.IGNORECASE),
    "hours": re.compile(LEADING + r" ?(h|hrs?|hours?|horas?|std)\.?", re.IGNORECASE),
    "seconds": re.compile(LEADING + r" ?(s|secs?|seconds?|segundos?)\.?", re.IGNORECASE),
}

Share = Callable[[Callable[[str], object]], float]


def epoch(words: str, share: Share) -> str | None:
    """`epoch_ms` or `epoch_s` where a header speaks of a moment and all numbers are such since 2001; else None."""
    if not SAYS_MOMENT.search(words):
        return None
    return next((name for name, pattern in EPOCH.items() if share(pattern.fullmatch) >= 0.95), None)


def is_length(words: str, values: Mapping[str, int]) -> bool:
    """Whether cells such as 0:41 are lengths and no times of day: by the header, by hours past 24, by hours all small.

    `On Scene Time` may be either: hours from 0 to 4 in nearly all rows are no day's.
    """
    parsed = {v: match for v in values if (match := CLOCK.fullmatch(v))}
    if len(parsed) < 0.9 * len(values):
        return False
    first = {v: int(match[1]) for v, match in parsed.items()}
    if max(first.values()) > 24 or ABOUT.search(words):
        return True
    total, small = sum(values[v] for v in parsed), sum(values[v] for v, hour in first.items() if hour <= 4)
    return total >= 20 and small >= 0.95 * total and not OF_DAY.search(words)


def length_unit(words: str, values: Mapping[str, int]) -> tuple[str, str]:
    """(`clock` for h:mm or `mm:ss`, what is to be said of it) for cells that are lengths with colons."""
    two = {v: int(match[1]) for v in values if (match := CLOCK.fullmatch(v)) and not match[3]}
    if not two or re.search(r"\bhh? mm\b", words):
        return "clock", ""
    if re.search(r"\bmm? ss\b", words):
        return "mm:ss", ""
    total = sum(values[v] for v in two)
    long = sum(values[v] for v, first in two.items() if first >= 5)
    if long >= 0.5 * total:
        return "mm:ss", "read as m:ss, since h:mm would be hours on end; check it"
    if re.search(r"\b(wait|answer|asa|queue|ring|speed)\b", words):
        return "mm:ss", "read as m:ss, as waits are; say unit: clock if it is h:mm"
    return "clock", "NOTHING TELLS H:MM FROM M:SS: read as h:mm; say unit: mm:ss if it is not"


def of_day(words: str, values: Mapping[str, int]) -> str | None:
    """The format of times of day that are written as numbers: `%H%M` (0034, 2359), `%H` (0 to 23), `fraction` of a day.

    None for other numbers. Every value must fit, and the header must speak of a time (for `%H`: of an hour).
    """
    if HOUR.search(words) and all(re.fullmatch(r"\d|[01]\d|2[0-3]", v) for v in values):
        return "%H" if len(values) > 1 else None
    if not SAYS_MOMENT.search(words) or ABOUT.search(words) or all(re.fullmatch(r"(19|20)\d\d", v) for v in values):
        return None  # years look like times of the evening
    total = sum(values.values())
    if all(_HHMM.fullmatch(v) for v in values) and sum(n for v, n in values.items() if len(v) == 4) >= 0.4 * total:
        return "%H%M" if len(values) >= 5 else None
    if all(_FRACTION.fullmatch(v) for v in values) and sum(n for v, n in values.items() if len(v) >= 6) >= 0.5 * total:
        return "fraction"
    return None


def unit_of(values: Mapping[str, int]) -> str | None:
    """The unit that stands behind the number in every cell (`45 min`), else None."""
    return next((unit for unit, pattern in _UNITED.items() if all(map(pattern.fullmatch, values))), None)
