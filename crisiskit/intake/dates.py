"""Date formats of a column, by the shapes of all its values; month first or day first is decided by evidence alone."""

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import ibis
from ibis.expr.types import Table

from crisiskit.intake import cells, clock

_TIMES = [  # shapes (9 for a digit; two digits may be one, f is any number of them) and their directives
    ("99:99:99.f", "%H:%M:%S.%f"),
    ("99:99:99", "%H:%M:%S"),
    ("99:99", "%H:%M"),
    ("99:99:99.f am", "%I:%M:%S.%f %p"),
    ("99:99:99 am", "%I:%M:%S %p"),
    ("99:99 am", "%I:%M %p"),
    ("99:99:99am", "%I:%M:%S%p"),
    ("99:99am", "%I:%M%p"),
    ("99:99:99:999am", "%I:%M:%S:%g%p"),
    ("99h99", "%Hh%M"),
    ("99 h 99", "%H h %M"),
]
_DAYS = [  # `?` and a separator stand for month and day in an order that is not known
    ("9999-99-99", "%Y-%m-%d"),
    ("9999/99/99", "%Y/%m/%d"),
    ("9999.99.99", "%Y.%m.%d"),
    *((f"9999{s}jan{s}99", f"%Y{s}%b{s}%d") for s in ("-", " ")),
    *((f"99{s}99{s}9999", f"?{s}%Y") for s in "/-."),
    *((f"99{s}99{s}99", f"?{s}%y") for s in "/-."),
    *((f"99{s}jan{s}9999", f"%d{s}%b{s}%Y") for s in ("-", " ", "")),
    *((f"99{s}jan{s}99", f"%d{s}%b{s}%y") for s in ("-", " ", "")),
    ("jan 99, 9999", "%b %d, %Y"),
    ("jan 99 9999", "%b %d %Y"),
    ("january 99, 9999", "%B %d, %Y"),
    ("january 99 9999", "%B %d %Y"),
    ("99 january 9999", "%d %B %Y"),
]
_OTHERS = [
    ("99999999", "%Y%m%d"),
    ("99999999999999", "%Y%m%d%H%M%S"),
    ("99999999 9999", "%Y%m%d %H%M"),
    ("99999999t999999", "%Y%m%dT%H%M%S"),
    ("99jan9999:99:99:99", "%d%b%Y:%H:%M:%S"),
    ("9999-99", "%Y-%m"),
    ("9999/99", "%Y/%m"),
    ("99/9999", "%m/%Y"),
    ("99-9999", "%m-%Y"),
    ("jan-9999", "%b-%Y"),
    ("jan 9999", "%b %Y"),
    ("jan-99", "%b-%y"),
    ("jan 99", "%b %y"),
    ("january 9999", "%B %Y"),
]
ZONES = {  # labels of time zones beside a time: the wall clock of a zone, with and without daylight saving
    "America/New_York": ("EST", "EDT"),
    "America/Chicago": ("CST", "CDT"),
    "America/Denver": ("MST", "MDT"),
    "America/Los_Angeles": ("PST", "PDT"),
    "Europe/London": ("BST",),
    "Europe/Berlin": ("CET", "CEST"),
    "Australia/Sydney": ("AEST", "AEDT"),
}
_LABEL = re.compile("(.*\\d.*?)( (?:" + "|".join(label.lower() for pair in ZONES.values() for label in pair) + "))?")
_WEEKDAY = re.compile("((?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun)(,? )(?=.*\\d)")
SAYS_DATE = re.compile(r"\b(date|time|datetime|timestamp|fecha|hora|received|dispatched|arrived|cleared|datum)\b")
SERIAL = re.compile(r"[345]\d{4}(\.\d+)?")  # Excel's day numbers from 1982 to 2064
_DIGITS = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])(([01]\d|2[0-3])[0-5]\d[0-5]\d)?")
_MONTH_NAMES = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]


def _regex(shape: str) -> re.Pattern[str]:
    if set(shape) == {"9"}:
        return re.compile(rf"\d{{{len(shape)}}}")
    text = re.escape(shape).replace(r"\.f", r"\.\d+").replace("january", "|".join(_MONTH_NAMES).join(("(?:", ")")))
    text = text.replace("jan", "(?:" + "|".join(name[:3] for name in _MONTH_NAMES) + ")").replace("am", "[ap]m")
    text = text.replace("9999", r"\d{4}")
    return re.compile(re.sub("(?<!9)99(?!9)", r"\\d{1,2}", text).replace("9", r"\d"))


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    found = [*_DAYS, *_OTHERS]
    for (day, form), joint, (time, clocked), tail in product(_DAYS, (" ", "t", ", "), _TIMES, ("", "z", " utc")):
        found.append((day + joint + time + tail, form + joint.upper() + clocked + tail.upper()))
    for (day, form), joint, (time, clocked), blank in product(_DAYS[:2], (" ", "t"), _TIMES[:3], ("", " ")):
        stem = f"{form}{joint.upper()}{clocked}{blank}%z"
        offsets = [sign + offset for sign in "+-" for offset in ("99:99", "9999", "99")]
        found += [(day + joint + time + blank + offset, stem) for offset in offsets]
    return [(_regex(shape), form) for shape, form in found]


@cache
def _by_shape(shape: str) -> str | None:
    return next((form for pattern, form in _forms() if pattern.fullmatch(shape)), None)


def form_of(text: str) -> str | None:
    """The date format of a text: strptime directives in which `?` with a separator is a pair of month and day.

    A day of the week before it (`Tue 1/3/2024`) and a label of the zone after it (`EST`) belong to the format.
    """
    if len(text) > 48 or not text[:1].isalnum() or not any(map(str.isdigit, text)):
        return None
    low = _halves(text)
    week, head = _WEEKDAY.match(low), ""
    if week:
        head, low = ("%A" if week[1].endswith("day") else "%a") + week[2], low[week.end() :]
    label = _LABEL.fullmatch(low)
    low, tail = (label[1], (label[2] or "").upper()) if label else (low, "")
    form = _by_shape(re.sub(r"\d", "1", low))
    if form and "?" not in form and "%Y" in form and not re.search(r"(19|20)\d\d", text):
        return None
    if form in ("%Y-%m", "%Y/%m") and int(low[5:]) > 12:  # a year that runs over two, such as 2021/22
        return None
    return None if form is None or text.isdigit() and not _DIGITS.fullmatch(text) else head + form + tail


def dated(text: str) -> bool:
    """Whether a text is a date, or the number that Excel makes of one."""
    return form_of(text) is not None or SERIAL.fullmatch(text) is not None


def time_of(text: str) -> str | None:
    """The format of a time of day without a date, else None."""
    return _clock_by_shape(re.sub(r"\d", "1", _halves(text))) if text[:1].isdigit() and len(text) < 20 else None


def _halves(text: str) -> str:
    """Lower case, blanks single, with the halves of the day as `clock.halves` has them."""
    return re.sub(r"([ap])\. ?m\.?$", r"\1m", re.sub(" +", " ", text.lower().replace("\u202f", " ")))


@cache
def _clock_by_shape(shape: str) -> str | None:
    return next((form for each, form in _TIMES if _regex(each).fullmatch(shape)), None)


def spelled(form: str, order: str) -> str:
    """The strptime directives of a form, with month and day in the given order (`mdy` or `dmy`)."""
    if "?" not in form:
        return form
    sign = form[form.index("?") + 1]
    return form.replace("?", f"%m{sign}%d" if order == "mdy" else f"%d{sign}%m")


@dataclass
class Dates:
    """How a column is dated: forms with the values of each, what decides between month and day first, times of day.

    `order`: `mdy`, `dmy`, `both` (each is proven by some values), `tie` (all fit both), or `` where there is no pair.
    """

    forms: dict[str, int]
    order: str
    timed: bool = False
    parsed: int = 0
    midnights: int = 0
    full_hours: int = 0
    impossible: int = 0
    hours: dict[int, int] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    month_starts: int = 0
    month_ends: int = 0
    days: int = 0
    times: int = 0  # different times of day
    latest: int = 0  # the latest of them [s]

    @property
    def by_month(self) -> bool:
        """Whether the values name months, or only first or last days of months."""
        named = all("%d" not in form and "?" not in form and "%" in form for form in self.forms)
        return named or (self.days > 2 and max(self.month_starts, self.month_ends) == self.parsed)

    def formats(self, order: str) -> tuple[str, ...]:
        """What a mapping says: nothing where all is ISO, else the formats with the most frequent first."""
        orders = {"mdy": ["mdy"], "dmy": ["dmy"], "both": [order, "dmy" if order == "mdy" else "mdy"]}[
            self.order if self.order in ("mdy", "dmy", "both") else order
        ]
        texts = [spelled(form, each) for each in orders for form in sorted(self.forms, key=lambda f: -self.forms[f])]
        plain = [text for text in dict.fromkeys(texts) if text not in clock.ISO]
        return tuple(plain + ["iso"] * (len(plain) < len(set(texts)))) if plain else ()


def is_date(text: str) -> bool:
    """Whether a value reads as a date by itself, in one of the forms that a draft knows."""
    return _form(text) is not None


def _form(text: str) -> str | None:
    return form_of(text) or ("excel_serial" if SERIAL.fullmatch(text) else None)


def study(table: Table, column: str, skip: list[str]) -> Dates | None:
    """The dates of a column of text, by all its values but `skip` (spellings of missing); None where it holds none.

    Values are put together by shape (digits as 9), which leaves a few examples for the forms to be read from.
    """
    kept = table.select(v=table[column]).filter(ibis._.v.notnull())
    kept = kept.filter(~cells.folded(kept.v).isin(skip or [""]))
    if _runs_over(kept):
        return None
    one, two = (
        kept.v.re_extract(pattern, 1).try_cast("int64")
        for pattern in (r"^(?:[A-Za-z]+,? )?(\d{1,2})\D", r"^(?:[A-Za-z]+,? )?\d{1,2}\D(\d{1,2})\D")
    )
    shapes = (
        kept.group_by(shape=kept.v.re_replace("[0-9]", "9"))
        .aggregate(n=kept.count(), example=kept.v.min(), big_one=(one > 12).sum(), big_two=(two > 12).sum())
        .execute()
    )
    forms: dict[str, int] = {}
    one_big = two_big = 0
    for row in shapes.itertuples():
        form = _form(row.example)
        if form:
            forms[form] = forms.get(form, 0) + int(row.n)
            if "?" in form:
                one_big, two_big = one_big + int(row.big_one or 0), two_big + int(row.big_two or 0)
    total = int(shapes["n"].sum())
    if not forms or sum(forms.values()) < 0.9 * total:
        return None
    pair = any("?" in form for form in forms)
    order = ("both" if one_big and two_big else "dmy" if one_big else "mdy" if two_big else "tie") if pair else ""
    if order == "both" and min(one_big, two_big) < 0.01 * max(one_big, two_big):  # slips, such as 13/32/2024
        order = "dmy" if one_big > two_big else "mdy"
    return Dates(forms, order)


def _runs_over(kept: Table) -> bool:
    """Whether all values are pairs of following years (2010/11, 2011/12): such are no months, though some look so."""
    year, end = (kept.v.re_extract(r"^(\d{4})[-/](\d{2})$", group).try_cast("int64") for group in (1, 2))
    row = kept.aggregate(all=((year + 1) % 100 == end).fill_null(False).all(), n=kept.v.nunique()).execute().iloc[0]
    return bool(row["all"]) and int(row["n"]) > 1


def measure(table: Table, column: str, dates: Dates, order: str) -> None:
    """Fill in what the parsed values say: how many parse, midnights, sentinels, the hours of the day, the span."""
    moment, day = clock.parse(table[column], dates.formats(order) or ("iso",))
    seen = table.select(m=moment, d=moment.coalesce(day)).filter(ibis._.d.notnull())
    good = seen.filter(~clock.impossible(seen.d))
    rest, on = good.m % clock.DAY, clock.wall(good.d)
    midnight, full = rest == 0, (rest != 0) & (rest % (3600 * clock.MICRO) == 0)
    next_day = clock.wall(good.d + clock.DAY)
    row = (
        good.aggregate(
            n=good.count(),
            timed=good.m.count(),
            midnights=midnight.sum(),
            full=full.sum(),
            first=on.min(),
            last=on.max(),
            starts=(on.day() == 1).sum(),
            ends=(next_day.day() == 1).sum(),
            days=on.cast("date").nunique(),
            times=rest.nunique(),
            latest=rest.max(),
        )
        .execute()
        .iloc[0]
    )
    dates.parsed, dates.impossible = int(row["n"]), int(seen.count().execute()) - int(row["n"])
    dates.midnights, dates.full_hours, timed = (int(row[n] or 0) for n in ("midnights", "full", "timed"))
    dates.month_starts, dates.month_ends, dates.days = (int(row[n] or 0) for n in ("starts", "ends", "days"))
    dates.timed = timed > dates.midnights
    dates.times, dates.latest = int(row["times"] or 0), int(row["latest"] or 0) // clock.MICRO if timed else 0
    if dates.parsed:
        dates.first, dates.last = str(row["first"])[:10], str(row["last"])[:10]
    if dates.timed:
        clocked = good.filter(good.m.notnull() & ~midnight)
        hours = clocked.group_by(hour=clock.wall(clocked.m).hour()).aggregate(n=ibis._.count()).execute()
        dates.hours = dict(zip(hours["hour"].astype(int), hours["n"].astype(int), strict=True))
