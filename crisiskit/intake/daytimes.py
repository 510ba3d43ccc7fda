"""Month or day first, dates whose time is none, and the time column that goes with a date column."""

import re
from dataclasses import replace

import ibis
from ibis.expr.types import Table

from crisiskit.intake import clock, dates
from crisiskit.intake.dates import Dates
from crisiskit.intake.headers import stem
from crisiskit.intake.profile import Profile


def settle(rows: Table, found: list[Profile]) -> tuple[str, str]:
    """Decide month or day first for the columns whose values leave it open, measure all dates; return (order, why).

    The other columns decide; else the order in which the file's rows stand; else Spanish headers speak for day first,
    and month first is taken, and said.
    """
    open_ones = [p for p in found if p.dates and p.dates.order == "tie"]
    proven = [p.dates.order for p in found if p.dates and p.dates.order in ("mdy", "dmy")]
    order, why = "mdy", ""
    if proven:
        order = max(sorted(set(proven)), key=proven.count)
        why = f"as the other date columns, {_named(order)}"
    elif open_ones:
        order, why = _by_sequence(rows, open_ones[0], found)
    for profile in found:
        if profile.dates:
            dates.measure(rows, profile.name, profile.dates, order)
            profile.formats = profile.dates.formats(order)
            if profile.dates.timed:
                profile.kind = "datetime"
                _dateless(profile, profile.dates)
    return order, why


def _dateless(profile: Profile, read: Dates) -> None:
    """A time of day that is the same in all rows (or two, summer and winter) is none: midnight in another zone.

    The day alone is taken. Where the same time is of the evening, the day has passed in the zone of the event, and the
    text is read as UTC.
    """
    if read.times > 2 or read.days < 10 or read.parsed < 20:
        return
    profile.kind = "date"
    tells = any(map(clock.tells_zone, profile.formats))
    marked = any(form.endswith(("Z", " UTC")) for form in profile.formats)
    profile.utc = not tells and (marked or read.latest >= 12 * 3600)
    profile.cut = not tells and not profile.utc
    if profile.cut:
        days = (re.split(r"[ T,]+%[HI]", form)[0] for form in profile.formats)
        profile.formats = tuple(dict.fromkeys("%Y-%m-%d" if form == "iso" else form for form in days))
        profile.formats = () if profile.formats == ("%Y-%m-%d",) else profile.formats


def joined(found: list[Profile]) -> list[Profile]:
    """A profile for every date column and the time column that goes with it, by the words of their headers.

    Where there is one column of days, it is the day of every time.
    """
    times = [p for p in found if p.kind == "time"]
    days = [p for p in found if p.kind == "date" and p.dates and not p.utc and not p.dates.by_month]
    days = [p for p in days if not any(form.startswith("epoch") for form in p.formats)]
    pairs = [(day, time) for day in days for time in times if stem(day.words) == stem(time.words)]
    left = [time for time in times if time not in [pair[1] for pair in pairs]]
    if len(days) == 1:
        pairs += [(days[0], time) for time in left]
    elif not pairs and days and len(left) == 1 and not stem(left[0].words):
        pairs = [(days[0], time) for time in left]
    return [both for day, time in pairs if (both := _join(day, time))]


def _join(day: Profile, time: Profile) -> Profile | None:
    """A day and a time as one moment; None where one is a number of Excel's and the other is not."""
    whole = day.formats or tuple(day.dates.forms if day.dates else ())
    serial = "excel_serial" in whole
    if serial != (time.formats == ("fraction",)):
        return None
    starts = tuple(dict.fromkeys(re.split("[ T]%[HI]", form)[0] for form in whole if form != "iso"))
    formats = ("excel_serial",) if serial else tuple(f"{start} {form}" for start in starts for form in time.formats)
    plain_iso = all(form in clock.ISO for form in formats)
    return replace(
        day,
        name=f"{day.name} {time.name}",
        kind="datetime",
        files=day.files & time.files,
        parts=(day, time),
        filled=min(day.filled, time.filled),
        dates=replace(day.dates, timed=True, midnights=0, hours={}) if day.dates else None,
        formats=() if plain_iso else formats,
    )


def _named(order: str) -> str:
    return "month first" if order == "mdy" else "day first"


def _by_sequence(rows: Table, profile: Profile, found: list[Profile]) -> tuple[str, str]:
    steps = {}
    for order in ("mdy", "dmy"):
        formats = profile.dates.formats(order) if profile.dates else ()
        moment, day = clock.parse(rows[profile.name], formats or ("iso",))
        table = rows.select(d=moment.coalesce(day), _file=rows["_file"], _row=rows["_row"]).filter(ibis._.d.notnull())
        window = ibis.window(group_by="_file", order_by="_row")
        table = table.mutate(before=table.d.lag().over(window))
        turns = table.aggregate(up=(table.d > table.before).sum(), down=(table.d < table.before).sum()).execute()
        steps[order] = int(turns.fillna(0).iloc[0].min())
    order = min(steps, key=lambda key: steps[key])
    if max(steps.values()) >= 3 * steps[order] + 3:
        return order, f"no value decides; {_named(order)}, because the rows then stand in order of time"
    spanish = any(re.search(r"\b(fecha|hora|edad|genero|llamada)\b", p.words) for p in found)
    order = "dmy" if spanish else "mdy"
    return order, f"NO VALUE DECIDES between month and day first: {_named(order)} is taken; check it"
