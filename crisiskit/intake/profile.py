"""What stands in the columns of a source's files: how filled, which values, missing spellings, dates, identifiers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import islice
from typing import Any

import ibis
from ibis.expr.types import Table

from crisiskit.intake import cells, dates, kinds
from crisiskit.intake.dates import Dates
from crisiskit.intake.fileread import FileRead
from crisiskit.intake.headers import header_words, stem, synonyms
from crisiskit.intake.identifiers import looks_like, mask

MOST = 5_000  # distinct values of a column that are looked at one by one, the most frequent first
SAMPLE = 1_000
NUMBER = re.compile(r"[-+]?[$€]?\d{1,3}(,\d{3})+(\.\d*)?%?|[-+]?[$€]?\d*\.?\d+%?|[-+]?\d+\.")
COMMA = re.compile(r"-?\d+,\d+")
CLOCK = re.compile(r"\d{1,3}:\d{2}(:\d{2}(\.\d+)?)?")
NARROW = re.compile("#{3,}")  # what a spreadsheet shows of a cell that is too narrow, and saves in its place


@cache
def _missing_words() -> dict[str, str]:
    return {word: kind for kind, words in synonyms()["missing"].items() for word in words}


@dataclass(eq=False)
class Profile:
    """One column over all files. `counts`: its most frequent values; `missing`: those that stand for nothing, by kind.

    `kind` is empty, datetime, date (days or months), time (of day), clock (a length as h:mm), integer, number or text;
    `low` and `high` are the ends of the numbers. `files` are the places of the files that have the column.
    """

    name: str
    files: frozenset[int]
    rows: int
    filled: int
    distinct: int
    counts: Mapping[str, int]
    sample: list[str]
    missing: dict[str, str] = field(default_factory=dict)
    kind: str = "text"
    dates: Dates | None = None
    low: float = 0.0
    high: float = 0.0
    decimal: str = "."
    identifier: str | None = None
    parts: tuple["Profile", ...] = ()
    formats: tuple[str, ...] = ()
    cut: bool = False  # the time beside the day is no time of the event: the day alone is taken
    unit: str = ""  # of numbers that carry their unit in the cell (45 min)
    utc: bool = False  # a day that a system wrote as an instant in UTC

    @property
    def words(self) -> str:
        """The header as plain words; of a time beside a day that is not its own, those of the time."""
        day, time = ([part.words for part in self.parts] + ["", ""])[:2]
        if stem(day) != stem(time) and stem(time):
            return f"{time} date"
        return header_words(self.name)

    @property
    def values(self) -> dict[str, int]:
        """The values that are not missing."""
        return {value: n for value, n in self.counts.items() if value not in self.missing}

    @property
    def share(self) -> float:
        """Filled cells, spellings of missing not counted, among all rows."""
        lost = sum(self.counts[value] for value in self.missing)
        return (self.filled - lost) / self.rows if self.rows else 0.0

    def examples(self, most: int = 3) -> str:
        """A few values; by their shape alone where they may identify a person, as addresses and numbers of cases do."""
        shown = list(self.values)[:most]
        if self.parts:
            return " + ".join(part.examples(1) for part in self.parts)
        single = self.kind == "text" and self.distinct > max(50, 0.2 * self.filled)
        return ", ".join(mask(value) if self.identifier or single else value[:40] for value in shown)


def together(con: Any, reads: list[FileRead]) -> tuple[Table, list[tuple[str, frozenset[int]]]]:
    """All files as one table with a column `_file`, and (header, files that have it), in the order of the headers."""
    names: dict[str, str] = {}
    where: dict[str, set[int]] = {}
    for i, read in enumerate(reads):
        for name in read.columns:
            names.setdefault(cells.fold(name), name)
            where.setdefault(cells.fold(name), set()).add(i)
    parts = []
    for i, read in enumerate(reads):
        own = {cells.fold(name): name for name in read.columns}
        nothing = ibis.null("string")
        texts = {name: cells.clean(read.table[own[key]]) if key in own else nothing for key, name in names.items()}
        parts.append(read.table.select(**texts, _row=read.table["source_row"], _file=ibis.literal(i)))
    rows = con.create_table("profiled", parts[0] if len(parts) == 1 else ibis.union(*parts), temp=True)
    return rows, [(name, frozenset(where[key])) for key, name in names.items()]


def profiles(rows: Table, columns: list[tuple[str, frozenset[int]]]) -> list[Profile]:
    """Profile every column of `together`; dates are measured later, once the order of month and day is settled."""
    every = {
        f"{what}{i}": made
        for i, (c, _) in enumerate(columns)
        for what, made in (
            ("f", rows[c].count()),
            ("d", rows[c].nunique()),
            ("s", rows[c].collect(where=rows[c].notnull())[:SAMPLE]),
        )
    }
    sums = rows.aggregate(n=rows.count(), **every).to_pyarrow().to_pylist()[0]
    found = []
    for i, (column, where) in enumerate(columns):
        filled = rows.filter(rows[column].notnull())
        top = filled.group_by(v=column).aggregate(n=filled.count(), first=filled["_row"].min())
        frame = top.order_by([top.n.desc(), top.first, top.v]).limit(MOST).execute()
        counts = dict(zip(frame["v"], frame["n"].astype(int), strict=True))
        sample = sums[f"s{i}"] or []
        found.append(_known(rows, Profile(column, where, sums["n"], sums[f"f{i}"], sums[f"d{i}"], counts, sample)))
    return found


def _known(rows: Table, profile: Profile) -> Profile:
    """Fill in missing spellings, kind and identifier."""
    words = _missing_words()
    missing = {value: words[cells.fold(value)] for value in profile.counts if cells.fold(value) in words}
    missing |= {value: "blank" for value in profile.counts if NARROW.fullmatch(value)}
    profile = replace(profile, missing=missing)
    values = profile.values
    if not values:
        return replace(profile, kind="empty")
    likely = dict(islice(values.items(), 500))
    total = sum(likely.values())

    def share(test: Any) -> float:
        return sum(n for value, n in likely.items() if test(value)) / total

    number = kinds.epoch(profile.words, share)
    if number:
        return replace(profile, kind="date", dates=Dates({number: total}, ""))
    if share(dates.form_of) >= (0 if dates.SAYS_DATE.search(profile.words) else 0.3) and share(dates.dated) >= 0.9:
        read = dates.study(rows, profile.name, [cells.fold(value) for value in missing])
        if read:
            return replace(profile, kind="date", dates=read, identifier=looks_like(profile.name, profile.sample))
    if share(CLOCK.fullmatch) >= 0.95 or share(dates.time_of) >= 0.95:
        if kinds.is_length(profile.words, values):
            return replace(profile, kind="clock")
        forms = dict.fromkeys(form for value in values if (form := dates.time_of(value)))
        return replace(profile, kind="time", formats=tuple(forms))
    unit = kinds.unit_of(values)
    if unit:
        lengths = [float(match[0].replace(",", ".")) for v in values if (match := re.match(kinds.LEADING, v))]
        return replace(profile, kind="number", unit=unit, low=min(lengths), high=max(lengths))
    of_day = kinds.of_day(profile.words, values)
    if of_day:
        return replace(profile, kind="time", formats=(of_day,))
    if share(lambda v: NUMBER.fullmatch(v) or COMMA.fullmatch(v)) >= 0.9:
        comma = share(lambda v: COMMA.fullmatch(v) and not NUMBER.fullmatch(v))  # 12,5 and not 1,250
        return _numbers(profile, values, "," if comma > share(lambda v: NUMBER.fullmatch(v) and "." in v) else ".")
    return replace(profile, identifier=looks_like(profile.name, profile.sample))


def _numbers(profile: Profile, values: dict[str, int], decimal: str) -> Profile:
    """A column of numbers: its ends without the sentinels, and whether all are whole."""
    numbers: dict[str, float] = {}
    for value in values:
        text = value.replace(",", "." if decimal == "," else "").lstrip("$€").rstrip("%")
        try:
            numbers[value] = float(text)
        except ValueError:
            continue
    odd = {float(text) for text in synonyms()["sentinels"].split()}
    usual = sorted(n for n in numbers.values() if n not in odd) or [0.0]
    most = max(abs(usual[0]), abs(usual[-1]), 1)
    far = {v for v, n in numbers.items() if n in odd and (usual[0] >= 0 > n or abs(n) > 20 * most)}
    missing = profile.missing | dict.fromkeys(far, "blank")
    whole = all(n == int(n) for value, n in numbers.items() if value not in far)
    kept = [n for value, n in numbers.items() if value not in far] or [0.0]
    return replace(
        profile,
        kind="integer" if whole else "number",
        missing=missing,
        low=min(kept),
        high=max(kept),
        decimal=decimal,
        identifier=looks_like(profile.name, profile.sample),
    )
