"""What the rows themselves say about a draft: time zone, unit of a duration, and rows that are one record."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
from ibis.expr.types import Table

from crisiskit.intake import cells, clock, dates
from crisiskit.intake.compile import padded
from crisiskit.intake.headers import synonyms
from crisiskit.intake.identifiers import plain
from crisiskit.intake.mapping_parts import Part
from crisiskit.intake.matching import Choice
from crisiskit.intake.profile import Profile

BOXES = [  # (south, north, west, east, zone): rough, and in this order
    (24.0, 50.0, -86.0, -66.0, "America/New_York"),
    (24.0, 50.0, -101.5, -86.0, "America/Chicago"),
    (31.0, 37.0, -114.9, -109.05, "America/Phoenix"),
    (24.0, 50.0, -114.0, -101.5, "America/Denver"),
    (24.0, 50.0, -125.0, -114.0, "America/Los_Angeles"),
    (-56.0, -21.0, -74.0, -53.0, "America/Argentina/Buenos_Aires"),
    (49.8, 61.0, -11.0, 2.0, "Europe/London"),
    (36.0, 43.8, -9.5, 3.4, "Europe/Madrid"),
    (42.0, 51.2, -5.2, 7.5, "Europe/Paris"),
    (47.0, 55.2, 6.0, 15.1, "Europe/Berlin"),
    (-39.3, -34.0, 140.9, 150.0, "Australia/Melbourne"),
    (-37.6, -28.0, 148.0, 154.0, "Australia/Sydney"),
    (-48.0, -34.0, 166.0, 179.0, "Pacific/Auckland"),
]
DEFAULT_ZONE = "America/Chicago"
UNKNOWN_ZONE = (
    "NOTHING IN THE FILE TELLS THE ZONE: check it, since hours of the day and intervals across clock changes "
    "depend on it"
)
STARTS = ("received_at", "answered_at", "dispatched_at", "arrived_at")
PER_MINUTE = {"seconds": 60.0, "minutes": 1.0, "hours": 1 / 60}


def zone_of(files: list[Path], profiles: list[Profile], chosen: dict[str, Choice]) -> tuple[str, str]:
    """(time zone, why): by coordinates, else by labels of zones in the times, else by names of places in file names,
    headers and areas, else the default."""
    if "latitude" in chosen:
        lat, lon = (_middle(chosen[name].source) for name in ("latitude", "longitude"))
        for south, north, west, east, zone in BOXES:
            if south <= lat <= north and west <= lon < east:
                return zone, f"by the coordinates, about {lat:.1f}, {lon:.1f}; check it"
    labels = [where for p in profiles if p.dates for form in p.formats if (where := labelled(form))]
    if labels:
        return max(sorted(set(labels)), key=labels.count), "by the labels of the times; check it"
    places = re.compile("|".join(synonyms()["area_levels"].values()))
    texts = [plain(f"{path.parent.name} {path.name}") for path in files] + [p.words for p in profiles]
    for text in texts:
        for zone, word in _named(text).items():
            return zone, f"because of '{word}'; check it"
    areas = [value for p in profiles if places.search(p.words) for value in list(p.values)[:20]]
    met = {zone: word for value in areas for zone, word in _named(plain(value)).items()}
    if len(met) == 1:
        return next((zone, f"because of '{word}'; check it") for zone, word in met.items())
    return DEFAULT_ZONE, UNKNOWN_ZONE


def _named(text: str) -> dict[str, str]:
    """The zones of the places that a text names, with the word that names each."""
    found = {zone: re.search(rf"\b(?:{words})\b", text) for zone, words in synonyms()["zones"].items()}
    return {zone: match[0] for zone, match in found.items() if match}


def _middle(profile: Profile) -> float:
    numbers = sorted(float(v) for v in profile.values if re.fullmatch(r"-?\d+\.?\d*", v) and float(v))
    return numbers[len(numbers) // 2] if numbers else 0.0


def labelled(form: str) -> str | None:
    """The zone that a date format's label names: EST or EDT at its end, and the like."""
    last = form.rsplit(" ", 1)[-1]
    return next((zone for zone, labels in dates.ZONES.items() if last in labels), None)


def says_utc(profile: Profile) -> bool:
    """Whether the times are marked as UTC."""
    return any(form.endswith(("Z", " UTC")) for form in profile.formats)


def is_utc(profile: Profile, zone: str) -> bool:
    """Whether times marked as UTC are: nights are quiet, so the reading with fewer events from 2 to 5 is right."""
    hours = profile.dates.hours if profile.dates else {}
    shift = ZoneInfo(zone).utcoffset(datetime.fromisoformat(profile.dates.first)) if profile.dates and hours else None
    if not shift:
        return True
    offset = round(shift.total_seconds() / 3600)
    local = sum(hours.get((hour - offset) % 24, 0) for hour in range(2, 6))
    return local < sum(hours.get(hour, 0) for hour in range(2, 6))


def pieces(profile: Profile) -> list[Part]:
    """The columns that a profile is made of, with the pattern that takes the day out of a date with a time of 0:00, and
    zeros before a time of day such as 34 for 0034."""
    day, *time = profile.parts or (profile,)
    timed = bool(time) and day.dates is not None and any(clock.has_time(form) for form in day.dates.forms)
    made = [Part(column=day.name, pattern="^[^ T]+" if timed or day.cut else None)]
    for part in time:
        short = part.formats == ("%H%M",) and any(len(value) < 4 for value in part.values)
        made.append(Part(column=part.name, pad=4 if short else None))
    return made


def moment(rows: Table, profile: Profile) -> ibis.Value:
    """The wall time of a clock column, in microseconds since 1970."""
    texts = []
    for part in pieces(profile):
        text = rows[part.column].re_extract(part.pattern or r"[\s\S]+", 0)
        texts.append(padded(text, part.pad) if part.pad else text)
    text = texts[0] if len(texts) == 1 else ibis.literal(" ").join(texts)
    return clock.parse(text, profile.formats or ("iso",))[0]


def unit_by_clocks(rows: Table, source: Profile, chosen: dict[str, Choice]) -> tuple[str | None, str]:
    """(unit, why) of a duration that agrees with two clocks of the same row; (None, "") where none tell."""
    value = cells.number(rows[source.name], source.decimal)
    for first in STARTS:
        if first not in chosen or "cleared_at" not in chosen:
            continue
        length = moment(rows, chosen["cleared_at"].source) - moment(rows, chosen[first].source)
        minutes = length / (60 * clock.MICRO)
        pairs = rows.select(value=value, minutes=minutes)
        pairs = pairs.filter((pairs.value > 0) & (pairs.minutes >= 2) & (pairs.minutes < 1440))
        within = 1 + 0.02 * pairs.minutes
        close = {
            unit: ((pairs.value / rate - pairs.minutes).abs() <= within).mean() for unit, rate in PER_MINUTE.items()
        }
        row = pairs.aggregate(n=pairs.count(), **close).execute().iloc[0]
        best = max(PER_MINUTE, key=lambda unit: row[unit] or 0)
        if row["n"] >= 20 and row[best] >= 0.6:
            return best, f"{row[best]:.0%} of the rows agree in {best} with cleared_at - {first}"
    return None, ""


@dataclass
class Repeats:
    """Rows that share an identifier: how many identifiers repeat, and the share of them in which each column agrees."""

    ids: int
    rows: int
    agree: dict[str, float]

    def one_record(self, moment_name: str | None) -> bool:
        """Whether repeated rows are one record: the same time of receipt, and most other columns alike."""
        alike = sum(share >= 0.9 for share in self.agree.values()) / max(len(self.agree), 1)
        return self.ids > 0 and alike >= 0.5 and (moment_name is None or self.agree.get(moment_name, 0) >= 0.95)


def repeats(rows: Table, key: str, columns: list[str]) -> Repeats:
    """Count the identifiers that stand in several rows, and in how many of them each column has one value."""
    counted = rows.filter(rows[key].notnull()).group_by(key=rows[key]).aggregate(n=ibis._.count())
    several = counted.filter(counted.n > 1)
    met = rows.join(several.limit(50_000), rows[key] == several["key"])
    others = {f"c{i}": c for i, c in enumerate(columns) if c != key}
    groups = met.group_by("key").aggregate(n=met.count(), **{short: met[c].nunique() for short, c in others.items()})
    shares = {short: (groups[short] <= 1).mean() for short in others}
    row = groups.aggregate(ids=groups.count(), rows=groups.n.sum(), **shares).execute().iloc[0]
    agree = {c: float(row[short]) for short, c in others.items()} if row["ids"] else {}
    return Repeats(int(row["ids"]), int(row["rows"] or 0), agree)
