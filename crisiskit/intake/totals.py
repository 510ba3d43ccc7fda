"""Files that hold totals instead of records: recognised, and drafted as rows of `counts`."""

import re
from dataclasses import dataclass, field
from typing import Any

from ibis.expr.types import Table

from crisiskit.intake import periods, spans
from crisiskit.intake.headers import header_words, synonyms
from crisiskit.intake.lines import Line
from crisiskit.intake.matching import HIGH, MEDIUM, Choice, is_yes_no
from crisiskit.intake.profile import Profile
from crisiskit.intake.proposal import slug

YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
NO_TOTAL = re.compile(
    r"\b(pct|percent|percentage|share|rate|ratio|avg|average|mean|med|median|percentile|capita|asa|porcentaje|promedio)\b"
)
COUNTED = re.compile(
    r"\b(count|number|no|n|total|cases|incidents|calls|contacts|events|persons|people|detentions|visits|admissions|anzahl|nombre"
    r"|cantidad|numero)\b"
)
GENDERS = {"male": "male", "female": "female", "men": "male", "women": "female", "hombres": "male", "mujeres": "female"}


NO_PERIOD = "NO PERIOD: add period_start: {constant: '2024-01-01', formats: '%Y-%m-%d'} and period_end to columns"


@dataclass
class Totals:
    """A draft for `counts`: its columns, its wide rules (as mapping trees), and the period of a row if it has one."""

    lines: list[Line]
    wide: list[dict[str, Any]]
    period: str = ""
    date_is: str = "first"
    notes: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


def find(
    rows: Table, profiles: list[Profile], chosen: dict[str, Choice], names: str, zone: str = ""
) -> Totals | None:
    """Draft totals where the file clearly holds them; None for a file of records.

    Clear are: three or more columns that are years, or months; or one row per area and period (month, quarter, year),
    or per area where nothing is dated, with numbers in the other columns and nothing that only records have. Groups of
    people (gender, age) may be keys of a row beside a column of counts. `zone` tells when public years begin.
    """
    numbers = [p for p in profiles if p.kind in ("integer", "number")]
    months = {p.name: month for p in numbers if (month := spans.month_header(p.name))}
    if len(months) >= 3 and len(months) >= 0.5 * len(numbers):
        return _by_month(rows, profiles, months, names)
    years = [p for p in numbers if YEAR.search(p.name)]
    if len(years) >= 3 and len(years) >= 0.5 * len(numbers):
        return _by_year(rows, profiles, years, names)
    if (
        any(is_yes_no(p) and p.kind == "text" for p in profiles)
        or any(p.identifier for p in profiles)
        or "record_id" in chosen
    ):
        return None
    period = periods.of_rows(profiles)
    dated = [p for p in profiles if p.kind in ("date", "datetime")]
    values = [p for p in numbers if p is not period and _is_total(p)]
    if values:  # beside counts, whole numbers that are 0 or 1 throughout are rare counts
        rare = [p for p in numbers if p is not period and p.kind == "integer" and _is_total(p, over=-1)]
        values = [p for p in numbers if p in values or p in rare]
    hourly = [p for p in dated if p.distinct > 0.95 * p.rows and len(numbers) >= 0.8 * len(profiles)]
    if not values or (dated and not period and not hourly):
        return None
    people = {"age", "gender", "age_band", "call_type_initial"} & chosen.keys()
    if people and ("age" in people or len(values) > 3 or not all(COUNTED.search(p.words) for p in values)):
        return None
    when = period or (hourly[0] if hourly else None)
    texts = [
        p for p in profiles if p.kind in ("text", "integer") and p not in values and p is not when and p.share > 0.5
    ]
    texts = [p for p in texts if not when or p not in when.parts]
    keys = [] if hourly and not period else _keys(rows, when, texts)
    if keys is None or (when is None and not keys):
        return None
    return _by_row(when, keys, values, names, zone, hourly=not period and bool(hourly))


def _is_total(p: Profile, over: int = 1) -> bool:
    """Whether a column of numbers may be counts, one of them above `over`: no key, share or mean, no class 1 to 9."""
    a_class = p.kind == "integer" and p.low >= 1 and p.high <= 9 and p.filled > 30
    return not _is_key(p) and not NO_TOTAL.search(p.words) and p.high > over and not a_class


def _is_key(p: Profile) -> bool:
    return bool(
        re.search(r"\b(fips|id|code|zip|geoid|year|month|week|hour|lat|latitude|lon|lng|longitude|objectid)\b", p.words)
        or _level(p)
        and p.kind == "integer"
        or p.words in ("x", "y")
    )


def _level(p: Profile) -> str:
    """The kind of area that a column names; a number whose header names a place among many words is none."""
    met = ((level, re.search(pattern, p.words)) for level, pattern in synonyms()["area_levels"].items())
    level, match = next(((level, match) for level, match in met if match), ("", None))
    if match and p.kind in ("integer", "number"):
        beside = set(p.words.split()) - {match[0], *synonyms()["beside"]["area"].split()}
        counted = any(re.search(known["words"], p.words) for known in synonyms()["measures"].values())
        return "" if counted or len(beside) > 1 else level
    return level


def _keys(rows: Table, when: Profile | None, texts: list[Profile]) -> list[Profile] | None:
    """The fewest columns that, with the period, differ in every row: the area first; None where no set does."""

    def unique(columns: list[Profile]) -> bool:
        chosen = [*((when.parts or [when]) if when else []), *columns]
        there = rows.select(*(p.name for p in chosen))
        for p in chosen:  # filler rows have no key
            there = there.filter(there[p.name].notnull() & ~there[p.name].isin([*p.missing, ""]))
        return bool(chosen) and int(there.distinct().count().execute()) == int(there.count().execute())

    if when and unique([]):
        return []
    areas = [p for p in texts if _level(p)]
    for area in areas:
        if unique([area]):
            return [area]
    order = [*areas[-1:], *(p for p in texts if p not in areas)]
    for n in range(1, len(order) + 1):
        if unique(order[:n]):
            return order[:n]
    return None


def _by_year(rows: Table, profiles: list[Profile], years: list[Profile], names: str) -> Totals:
    """One wide rule for all columns that differ in their year alone."""
    wide: list[dict[str, Any]] = []
    stems: dict[tuple[str, str], None] = {}
    for p in years:
        match = YEAR.search(p.name)
        stems[(p.name[: match.start()], p.name[match.end() :])] = None  # type: ignore[union-attr]
    for before, after in stems:
        rest = f"{before} {after}".strip()
        measure, unit = _measure(rest, names)
        rule = {
            "pattern": f"{_escaped(before)}(?P<year>\\d{{4}}){_escaped(after)}",
            "measure": measure,
            "unit": unit,
            "period": "{year}",
        }
        level = GENDERS.get(rest.strip(" _-").lower(), "")
        wide.append(rule | ({"group": "gender", "level": level} if level else {}))
    keys = _keys(
        rows, None, [p for p in profiles if p.kind in ("text", "integer") and p not in years and p.share > 0.5]
    )
    lines = _key_lines(keys or [])
    notes = (
        [] if keys is not None else ["SOME AREAS STAND IN SEVERAL ROWS: adding the rows up may count everyone twice"]
    )
    return Totals(lines, wide, notes=notes, used={p.name for p in years} | {p.name for p in keys or []})


def _by_month(rows: Table, profiles: list[Profile], months: dict[str, tuple[str, str]], names: str) -> Totals:
    """One wide rule for each column that is a month; a total of the months is left."""
    wide: list[dict[str, Any]] = []
    for name, (month, rest) in months.items():
        measure, unit = _measure(rest, "" if rest else names)
        wide.append({"pattern": _escaped(name), "measure": measure, "unit": unit, "period": month})
    texts = [p for p in profiles if p.kind in ("text", "integer") and p.name not in months and p.share > 0.5]
    keys = _keys(rows, None, [p for p in texts if p.kind == "text" or _level(p)])
    notes = [] if keys is not None else ["SOME KEYS STAND IN SEVERAL ROWS: adding the rows up may count twice"]
    left = [p.name for p in profiles if p.kind in ("integer", "number") and p.name not in months]
    if left:
        notes.append(f"not taken, since they may be totals of the months: {', '.join(left)}")
    return Totals(_key_lines(keys or []), wide, notes=notes, used={*months, *(p.name for p in keys or [])})


def _apart(wide: list[dict[str, Any]]) -> list[str]:
    """Columns that count the same measure become levels of it, so that nobody takes one for the other."""
    said = []
    for measure in dict.fromkeys(rule["measure"] for rule in wide):
        alike = [rule for rule in wide if rule["measure"] == measure and "period" not in rule]
        if len(alike) > 1:
            for rule in alike:
                rule |= {"group": "column", "level": slug(rule["pattern"].replace("\\", ""))}
            said.append(f"SEVERAL COLUMNS COUNT '{measure}': each is a level; add them up only if they do not overlap")
    return said


def _by_row(
    when: Profile | None, keys: list[Profile], values: list[Profile], names: str, zone: str, hourly: bool
) -> Totals:
    lines, period, first = _key_lines(keys), "", "first"
    notes = []
    if when and when.kind == "text":
        more, said = periods.worded(when, zone)
        lines, notes = lines + more, said
    elif when:
        spec: dict[str, Any] = {"from": [part.name for part in when.parts] or when.name}
        formats = when.formats or (() if when.kind != "integer" else ("%Y",))
        if formats:
            spec["formats"] = formats[0] if len(formats) == 1 else list(formats)
        period = "day" if hourly else "year" if when.kind == "integer" or set(formats) == {"%Y"} else "month"
        if when.dates and when.dates.month_ends > when.dates.month_starts:
            first = "last"
        lines.append(
            Line("period_start", spec, when.name, HIGH, f"one row per {period} and area", when.examples(), when.share)
        )
        if hourly:
            notes.append("SEVERAL ROWS PER DAY: the hour is not kept in counts")
    meant = [p for p in values if _measure(p.name, "")[1] != "count"]
    if len(values) > 12 and meant:
        notes.append(f"of {len(values)} columns of numbers those with known measures are taken; add others to wide")
        values = meant
    wide = []
    for p in values:
        measure, unit = _measure(p.name, "" if len(values) > 1 else names)
        year = YEAR.search(p.name) if when is None else None
        wide.append(
            {"pattern": _escaped(p.name), "measure": measure, "unit": unit} | ({"period": year[1]} if year else {})
        )
    if when is None and not all("period" in rule for rule in wide):
        notes.append(NO_PERIOD)
    notes += _apart(wide)
    used = {p.name for p in (*values, *keys)} | ({p.name for p in when.parts or (when,)} if when else set())
    return Totals(lines, wide, period, first, notes, used)


def _key_lines(keys: list[Profile]) -> list[Line]:
    lines: list[Line] = []
    area = next((p for p in keys if _level(p)), None)
    if area:
        lines.append(
            Line("area_id", {"from": area.name}, area.name, HIGH, f"header '{area.name}'", area.examples(), area.share)
        )
        lines.append(Line("area_level", {"constant": _level(area)}, "", HIGH, f"header '{area.name}'"))
    others = [p for p in keys if p is not area]
    if others:
        names = [p.name for p in others]
        lines.append(
            Line(
                "group", {"constant": "/".join(slug(name) for name in names)}, "", MEDIUM, "rows are broken down by it"
            )
        )
        spec: dict[str, Any] = {"from": names[0] if len(names) == 1 else names} | (
            {"join": "/"} if len(names) > 1 else {}
        )
        lines.append(
            Line(
                "level",
                spec,
                " + ".join(names),
                MEDIUM,
                "beware of a level that is the total of the others",
                ", ".join(p.examples() for p in others),
            )
        )
    return lines


def _escaped(text: str) -> str:
    return re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", text)


def _measure(header: str, names: str) -> tuple[str, str]:
    """(measure, unit) by the words of a header, else of the files; else the header itself."""
    for text in (header_words(header), header_words(names)):
        for measure, known in synonyms()["measures"].items():
            if re.search(known["words"], text):
                return measure, known["unit"]
    return slug(header or names, "measure"), "count"
