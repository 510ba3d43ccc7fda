"""Clocks: text to local wall time to instants, with daylight saving.

Transitions come from the zone database and are compiled into look-ups in short constant lists, so that any engine runs
them and a doubtful wall time is found, not guessed: one that occurs twice is read as its first pass and flagged; one
that does not exist is read with the offset before the jump and flagged.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.types import BooleanValue, IntegerValue, StringValue

from crisiskit.intake.cells import any_of

MICRO = 1_000_000
DAY = 86_400 * MICRO
NEVER = 2**62
ISO = (
    "%Y-%m-%d %H:%M:%S.%f",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d",
)
NUMERIC = ("excel_serial", "epoch_s", "epoch_ms")  # formats that are numbers
SPAN = (1970, 2037)
SENTINELS = ("1899-12-30", "1899-12-31", "1900-01-01", "1970-01-01", "2099-12-31", "2999-12-31", "9999-12-31")


@ibis.udf.scalar.builtin(name="try_strptime")
def try_strptime(text: str, formats: dt.Array(dt.string)) -> datetime:  # type: ignore[valid-type]
    """Parse text by the first format that fits, null where none does (an engine function)."""


@ibis.udf.scalar.builtin(name="epoch_us", signature=((dt.Timestamp(),), dt.int64))
def epoch_us(moment):
    """Microseconds since 1970 (an engine function)."""


@ibis.udf.scalar.builtin(name="make_timestamptz", signature=((dt.int64,), dt.Timestamp("UTC")))
def instant(micros):
    """The instant that many microseconds after 1970 began in UTC (an engine function)."""


@ibis.udf.scalar.builtin(name="make_timestamp", signature=((dt.int64,), dt.Timestamp()))
def wall(micros):
    """The wall time that many microseconds after 1970 began (an engine function)."""


@ibis.udf.scalar.builtin(name="list_extract", signature=((dt.Array(dt.int64), dt.int64), dt.int64))
def list_extract(values, index):
    """The element of a list at a position counted from 1 (an engine function)."""


class Jump(NamedTuple):
    """A change of offset: the instant (s since 1970) and the offsets before and after (s)."""

    at: int
    before: int
    after: int


@lru_cache
def jumps(zone: str) -> tuple[Jump, ...]:
    """All changes of a zone's offset from 1970 to 2037."""
    info, found = ZoneInfo(zone), []

    def offset(second: int) -> int:
        return _seconds(datetime.fromtimestamp(second, UTC).astimezone(info))

    day = int(timedelta(days=1).total_seconds())
    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (SPAN[0], SPAN[1] + 1))
    for left in range(start, end, 7 * day):
        low, high = left, left + 7 * day
        if offset(low) == offset(high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
        found.append(Jump(high, offset(low), offset(high)))
    return tuple(found)


def _at(values: list[int], index: IntegerValue) -> IntegerValue:
    """The number at `index` (from 0) of a constant list."""
    return list_extract(ibis.literal(values, type="array<int64>"), index + 1)


def _passed(key: IntegerValue, edges: list[int]) -> IntegerValue:
    """How many of the sorted `edges` [us] lie at or before `key`: those of earlier years, and those it has passed."""
    years = range(SPAN[0], SPAN[1] + 2)
    starts = [day_number(date(year, 1, 1)) * DAY for year in years]
    before = [sum(edge < start for edge in edges) for start in starts]
    most = max(after - first for first, after in pairwise([*before, len(edges)]))
    year = wall(key).year().clip(years[0], years[-1]) - years[0]
    first = _at(before, year)
    padded = edges + [NEVER] * (most + 1)
    return first + sum(ibis.ifelse(key >= _at(padded, first + i), 1, 0) for i in range(most))


def offset_code(key: IntegerValue, zone: str) -> IntegerValue:
    """Offset [us] at a wall time [us], plus 1 where that time occurs twice and plus 2 where it does not exist."""
    changes = jumps(zone)
    if not changes:
        return ibis.ifelse(key.notnull(), _constant(zone), ibis.null("int64"))
    index = _passed(key, [(c.at + max(c.before, c.after)) * MICRO for c in changes])
    offsets = [c.before * MICRO for c in changes] + [changes[-1].after * MICRO]
    doubtful = [(c.at + min(c.before, c.after)) * MICRO for c in changes] + [NEVER]
    flags = [1 if c.after < c.before else 2 for c in changes] + [0]
    return _at(offsets, index) + ibis.ifelse(key >= _at(doubtful, index), _at(flags, index), 0)


def offset_at(key: IntegerValue, zone: str) -> IntegerValue:
    """Offset [us] at an instant given in microseconds since 1970."""
    changes = jumps(zone)
    if not changes:
        return ibis.ifelse(key.notnull(), _constant(zone), ibis.null("int64"))
    offsets = [c.before * MICRO for c in changes] + [changes[-1].after * MICRO]
    return _at(offsets, _passed(key, [c.at * MICRO for c in changes]))


def _constant(zone: str) -> int:
    return _seconds(datetime(2020, 1, 1, tzinfo=ZoneInfo(zone))) * MICRO


def _seconds(moment: datetime) -> int:
    """The offset of a moment that knows its zone [s]."""
    return int((moment.utcoffset() or timedelta()).total_seconds())


def doubt_of(code: IntegerValue) -> IntegerValue:
    """What `offset_code` says of a wall time: 0 it is plain, 1 it occurs twice, 2 it does not exist."""
    return ((code % MICRO) + MICRO) % MICRO


def has_time(form: str) -> bool:
    """Whether a date format also says the time of day."""
    return any(mark in form for mark in ("%H", "%I", "%X", "%c", "%p"))


def tells_zone(form: str) -> bool:
    """Whether a date format gives an instant by itself: it carries an offset, or counts from 1970 in UTC."""
    return "%z" in form or form.startswith("epoch_")


def _serial(text: StringValue) -> IntegerValue:
    """Excel's day number (1900 date system) as wall time, to the second; null where the text is no plausible one.

    A day and a part of a day that stood in two columns (`44995 0.53`) are added.
    """
    day, part = (text.re_extract(r"^(\d{5}(?:\.\d+)?)(?: (0?\.\d+|0))?$", group) for group in (1, 2))
    days = day.nullif("").try_cast("float64") + part.nullif("").try_cast("float64").fill_null(0.0)
    return ((days - 25569) * 86400).round().cast("int64") * MICRO


def _epoch(text: StringValue, name: str) -> IntegerValue:
    """Seconds or milliseconds since 1970 in UTC, as systems store them; null where the text is no plausible number."""
    digits, each = (r"\d{8,10}", MICRO) if name == "epoch_s" else (r"\d{11,13}", MICRO // 1000)
    number = ibis.ifelse(text.re_search(rf"^-?{digits}(\.0+)?$"), text.try_cast("float64"), ibis.null("float64"))
    return number.cast("int64") * each


def halves(text: StringValue) -> StringValue:
    """`p. m.`, `p.m.` as PM, and the narrow blank that newer systems write before it as a plain one."""
    text = text.replace("\u202f", " ")
    return ibis.ifelse(text.re_search(r"[AaPp]\. ?[Mm]\.?$"), text.re_replace(r"([AaPp])\. ?[Mm]\.?$", r"\1M"), text)


def parse(text: StringValue, formats: tuple[str, ...]) -> tuple[IntegerValue, IntegerValue]:
    """Wall time by the formats that hold a time, and the day by those that hold a date alone [us since 1970].

    `iso` stands for the usual ISO 8601 forms, `excel_serial` for Excel's day numbers, `epoch_s` and `epoch_ms` for
    seconds and milliseconds since 1970 (UTC, see `tells_zone`).
    """
    spelled = [form for name in formats for form in (ISO if name == "iso" else (name,)) if name not in NUMERIC]
    if any("%p" in form for form in spelled):
        text = halves(text)
    if any("%f" in form for form in spelled):  # databases write seven digits, the engine reads six
        text = ibis.ifelse(text.length() > 26, text.re_replace(r"(\.\d{6})\d+", r"\1"), text)
    timed, dated = [f for f in spelled if has_time(f)], [f for f in spelled if not has_time(f)]
    nothing = ibis.null("int64")
    moment = epoch_us(try_strptime(text, timed)) if timed else nothing
    for name in formats:
        if name in NUMERIC:
            number = _serial(text) if name == "excel_serial" else _epoch(text, name)
            moment = ibis.coalesce(moment, number) if moment is not nothing else number
    day = epoch_us(try_strptime(text, dated)) if dated else nothing
    return moment, day


def impossible(micros: IntegerValue) -> BooleanValue:
    """Where a wall time is one that systems write for 'none': a sentinel day, or a year outside 1905 to 2098."""
    first, last = (day_number(date(year, 1, 1)) for year in (1905, 2099))
    sentinels = [day_number(date.fromisoformat(text)) * DAY for text in SENTINELS]
    inside = [day for day in sentinels if first * DAY <= day < last * DAY]
    return (
        (micros < first * DAY)
        | (micros >= last * DAY)
        | any_of([(micros >= day) & (micros < day + DAY) for day in inside])
    )


def day_number(day: date) -> int:
    """Days since 1970."""
    return day.toordinal() - date(1970, 1, 1).toordinal()
