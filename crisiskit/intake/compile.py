"""One standard column of a mapping as Ibis expressions: its text, then its value, its kind of missing, its faults.

Text and value are made in two steps with a view between them, so that the engine reads each cell once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
from ibis.expr.types import StringValue, Table, Value

from crisiskit.errors import UserError, nearest
from crisiskit.intake import cells, clock
from crisiskit.intake.mapping import ColumnMap, TableMap
from crisiskit.intake.mapping_parts import Part
from crisiskit.standard import dictionary
from crisiskit.standard.dictionary import Column

TO_BASE = {  # unit of a duration cell -> factor to the column's unit
    "min": {"seconds": 1 / 60, "minutes": 1.0, "hours": 60.0, "days": 1440.0, "clock": 1.0, "mm:ss": 1.0},
    "s": {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0, "clock": 60.0, "mm:ss": 60.0},
    "h": {"seconds": 1 / 3600, "minutes": 1 / 60, "hours": 1.0, "days": 24.0, "clock": 1 / 60, "mm:ss": 1 / 60},
}
FIELD, ENTRY = "\x1f", "\x1e"  # separators inside the working columns `_aside` and `_other`


@dataclass
class Cell:
    """A compiled column: its value, the kind of missing, and entries for what was set aside or met no code."""

    value: Value
    kind: StringValue | None = None
    aside: StringValue | None = None
    other: StringValue | None = None
    extra: dict[str, Value] = field(default_factory=dict)


class Headers:
    """Finds source columns by name: exactly, else ignoring case and blanks at the ends, else with the nearest name."""

    def __init__(self, columns: tuple[str, ...], file: str):
        self.columns, self.file = columns, file
        self.folded: dict[str, list[str]] = {}
        for name in columns:
            self.folded.setdefault(cells.fold(name), []).append(name)

    def find(self, name: str, optional: bool = False) -> str | None:
        """The header as it stands in the file; None for an optional column that is absent; else UserError."""
        if name in self.columns:
            return name
        alike = self.folded.get(cells.fold(name), [])
        if len(alike) == 1:
            return alike[0]
        if f"{name} (1)" in self.columns:
            raise UserError(
                f"{self.file}: column '{name}' stands more than once; say '{name} (1)' or '{name} (2)' in the mapping"
            )
        if optional:
            return None
        what = f"is there {len(alike)} times in other spellings" if alike else "is not there"
        raise UserError(
            f"{self.file}: column '{name}' {what}{nearest(name, self.columns)} "
            f"(columns: {', '.join(self.columns[:60])})"
        )


def part_text(table: Table, part: Part, headers: Headers, optional: bool) -> StringValue | None:
    """The text of a source column, or what its pattern takes of it; None for an optional column that is absent."""
    header = headers.find(part.column, optional)
    if header is None:
        return None
    text = cells.pick(table[header], part.pattern) if part.pattern else table[header]
    return padded(text, part.pad) if part.pad else text


def padded(text: StringValue, width: int) -> StringValue:
    """A text with zeros on the left, up to `width` characters; a longer one as it is."""
    return ibis.ifelse(text.length() < width, text.lpad(width, "0"), text)


def text_of(
    table: Table, spec: ColumnMap, headers: Headers, missing: Mapping[str, str]
) -> tuple[StringValue, StringValue | None]:
    """The text of a mapped cell (null where blank or missing) and the kind of missing where a spelling says so."""
    if spec.constant is not None:
        return ibis.literal(spec.constant), None
    spellings = {**missing, **spec.missing}

    def one(part: Part) -> tuple[StringValue | None, StringValue | None]:
        found = part_text(table, part, headers, spec.optional)
        if found is not None and spec.replace:
            found = cells.choose([(found == wrong, right) for wrong, right in spec.replace.items()], found)
        return found, None if found is None else cells.missing_kind(found, spellings)

    pairs = [(found, kind) for found, kind in map(one, spec.source or spec.first_of) if found is not None]
    if not pairs:
        return ibis.null("string"), None
    texts = [found if kind is None else ibis.ifelse(kind.isnull(), found, ibis.null("string")) for found, kind in pairs]
    kinds = [kind for _, kind in pairs if kind is not None]
    text = ibis.coalesce(*texts) if spec.first_of else texts[0]
    if spec.source and len(texts) > 1:
        complete = cells.any_of([part.isnull() for part in texts])
        text = ibis.ifelse(complete, ibis.null("string"), ibis.literal(spec.join).join(texts))
    if spec.pattern:
        text = cells.pick(text, spec.pattern)
    if spec.pad:
        text = padded(text, spec.pad)
    if spec.prefix:
        text = ibis.literal(spec.prefix) + text
    if spec.slug:
        text = cells.slug(text)
    return text, ibis.coalesce(*kinds) if kinds else None


def entry(name: str, reason: str | StringValue, raw: StringValue) -> StringValue:
    """One entry of a working column: name, reason and the raw text, with separators that no cell holds."""
    return ibis.literal(name + FIELD) + reason + FIELD + raw + ENTRY


def _set_aside(name: str, text: StringValue, value: Value, reason: str) -> StringValue:
    return ibis.ifelse(text.notnull() & value.isnull(), entry(name, reason, text), ibis.null("string"))


def _coarse(text: StringValue, how: str, name: str) -> StringValue:
    if how == "year":
        return cells.pick(text, r"(\d{4})")
    if how == "month":
        return cells.pick(text, r"(\d{4}-\d{2})")
    if not how.isdigit():
        raise UserError(f"columns.{name}.coarsen: '{how}' is none of year, month, a number of characters")
    return text.left(int(how))


def known_codes(column: Column, spec: ColumnMap) -> list[str] | None:
    """The codes that a string column knows beside the mapping's; None for a column whose text stays as it is."""
    free = spec.constant is not None or spec.hash or spec.band or spec.coarsen
    if column.type != "string" or free or not (spec.codes or (column.codes and not column.open_codes)):
        return None
    return [*column.codes, *cells.FOUR] if column.codes else []


def text_cell(
    name: str,
    column: Column,
    spec: ColumnMap,
    text: StringValue,
    kind: StringValue | None,
    found: StringValue | None,
    key: str,
) -> Cell:
    """A string column: codes (`found`), bands, hashes or the text itself, with the kinds of missing in-band."""
    cell = Cell(text)
    if spec.hash:
        cell.value = cells.sha256(ibis.literal(key + FIELD) + cells.folded(text)).left(32)
    elif spec.band:
        value = cells.number(text)
        cell.value = cells.band(value, spec.band)
        cell.aside = _set_aside(name, text, value, "no number")
    elif spec.coarsen:
        cell.value = _coarse(text, spec.coarsen, name)
    elif found is not None:
        strange = text.notnull() & found.isnull()
        value = found
        if "*" not in spec.codes:
            cell.other = ibis.ifelse(strange, entry(name, "unmapped code", text), ibis.null("string"))
            if not column.codes:
                value = ibis.ifelse(strange, text, found)
            elif column.open_codes or "other" in column.codes:
                value = ibis.ifelse(strange, ibis.literal("other"), found)
            else:
                cell.aside, cell.other = _set_aside(name, text, found, "no code of the dictionary"), None
        cell.value = value
    if kind is not None:
        cell.value = ibis.ifelse((kind != "blank").fill_null(False), kind, cell.value)
    return cell


def length(text: StringValue, unit: str, decimal: str = ".") -> Value:
    """The number of a length: minutes of h:mm or h:mm:ss (`clock`) and of m:ss or h:mm:ss (`mm:ss`), else the number
    as it stands; null where it is none."""
    if unit not in ("clock", "mm:ss"):
        return cells.number(text, decimal)
    first, second, third = (
        text.re_extract(r"^(\d+):(\d{1,2}(?:\.\d+)?)(?::(\d{1,2}(?:\.\d+)?))?$", group).nullif("").try_cast("float64")
        for group in (1, 2, 3)
    )
    whole = first * 60 + second + third / 60
    two = first * 60 + second if unit == "clock" else first + second / 60
    inside = (second < 60) & (third.fill_null(0.0) < 60)
    return ibis.ifelse(inside, ibis.coalesce(whole, two), ibis.null("float64"))


def number_cell(name: str, column: Column, spec: ColumnMap, text: StringValue) -> Cell:
    """A number column, in the column's unit; a text that is none is set aside."""
    value = length(text, str(spec.unit), spec.decimal)
    reason = "no number"
    if column.type == "integer":
        value = ibis.ifelse(value == value.round(), value, ibis.null("float64"))
        reason = "no whole number"
    if spec.coarsen:
        value = value.round(int(spec.coarsen))
    cell = Cell(value, aside=_set_aside(name, text, value, reason))
    if isinstance(spec.unit, str) and spec.unit != "auto" and column.unit in TO_BASE:
        cell.value = value * TO_BASE[column.unit][spec.unit]
    if column.type == "integer":
        cell.value = cell.value.cast("int64")
    return cell


def zone_of(spec: ColumnMap, zone: str) -> str:
    """The zone in which a clock column is written: its own, UTC where the text gives an instant, else the source's."""
    return "UTC" if any(map(clock.tells_zone, spec.formats)) else spec.zone or zone


def clock_cell(name: str, column: Column, spec: ColumnMap, working: Table, zone: str) -> Cell:
    """A date or time column from the working columns x_ (text), m_ (wall time), d_ (day alone), b_ (impossible),
    c_ and q_ (offset and doubt, see `clock.offset_code`).

    `extra` holds the local day, the local wall time and the flag of a doubtful wall time.
    """
    text, moment, day, bad = (working[f"{part}_{name}"] for part in ("x", "m", "d", "b"))
    null = ibis.null("int64")
    why = f"fits none of the formats {', '.join(spec.formats or ('iso',))}"
    if spec.plus:
        why, text = f"no moment, or no length to add ({why})", text + " + " + working[f"p_{name}"]
    unread = _set_aside(name, text, ibis.coalesce(moment, day), why)
    aside = ibis.coalesce(unread, ibis.ifelse(bad, entry(name, "impossible date", text), ibis.null("string")))
    good_day = clock.wall(ibis.ifelse(bad, null, ibis.coalesce(moment, day))).cast("date")
    usable, other = ibis.ifelse(bad, null, moment), zone_of(spec, zone) != zone
    here, midnight = usable, (usable % clock.DAY) == 0
    if column.type == "timestamp" or other:
        code, doubt = working[f"c_{name}"], working[f"q_{name}"]
        micros = usable - (code - doubt)
    if other:
        here = micros + clock.offset_at(micros, zone)
        dateless = midnight if column.type == "date" or spec.midnight == "missing" else ibis.literal(False)
        good_day = ibis.ifelse(here.notnull() & ~dateless, clock.wall(here).cast("date"), good_day)
        midnight = midnight | ((here % clock.DAY) == 0)
    if column.type == "date":
        return Cell(good_day, aside=aside)
    if spec.midnight == "missing":
        gone = midnight.fill_null(False)
        aside = ibis.coalesce(aside, ibis.ifelse(gone, entry(name, "false midnight", text), ibis.null("string")))
        usable, here = ibis.ifelse(gone, null, usable), ibis.ifelse(gone, null, here)
    local = clock.wall(here)
    if column.type == "local":
        return Cell(local, aside=aside, extra={"day": good_day})
    micros = ibis.ifelse(usable.isnull(), null, micros)
    doubtful = usable.notnull() & (doubt != 0)
    said = ibis.ifelse(doubt == 1, f"{name}:ambiguous_time", f"{name}:nonexistent_time")
    flag = ibis.ifelse(doubtful, said, ibis.null("string"))
    if f"r_{name}" in working.columns:
        next_day = ibis.ifelse(working[f"r_{name}"], f"{name}:next_day", ibis.null("string"))
        flag = cells.joined([flag, next_day], ";")
    return Cell(clock.instant(micros), aside=aside, extra={"day": good_day, "local": local, "flag": flag})


def refuse_if_unmapped(table_map: TableMap, name: str) -> None:
    """A unit on a column that is no duration, and the like: mistakes that only the dictionary can show."""
    for column, spec in table_map.columns.items():
        kind = dictionary.table(table_map.into).columns[column].type
        if spec.unit is not None and kind not in ("integer", "number"):
            raise UserError(f"tables.{name}.columns.{column}: a unit belongs to a number; {column} is {kind}")
        if (spec.formats or spec.midnight == "missing") and kind not in ("timestamp", "date", "local"):
            raise UserError(f"tables.{name}.columns.{column}: formats and midnight belong to dates; {column} is {kind}")
        if spec.plus and kind != "timestamp":
            raise UserError(f"tables.{name}.columns.{column}: plus belongs to a clock; {column} is {kind}")
        told = [form for form in spec.formats if clock.tells_zone(form)]
        rest = [form for form in spec.formats if form not in told]
        if told and rest and spec.zone != "UTC":
            raise UserError(
                f"tables.{name}.columns.{column}: '{told[0]}' gives the instant and '{rest[0]}' does not: give formats "
                "of one kind, or `zone: UTC` if the others are in UTC"
            )
