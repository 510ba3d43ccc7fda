"""Direct identifiers are refused unless the mapping says what becomes of them.

A column is judged by its header and by a sample of its cells together, since neither is enough: `Phone_Time` holds
seconds, ten digits are mostly an incident number, and a place has the shape of a name.
"""

import re
import statistics
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

from crisiskit.errors import UserError
from crisiskit.intake.mapping import TableMap
from crisiskit.standard import dictionary

if TYPE_CHECKING:
    from crisiskit.intake.compile import Headers
    from crisiskit.intake.fileread import FileRead

NAME, PHONE, EMAIL = "a person's name", "a telephone number", "an e-mail address"
SSN, BIRTH, TEXT = "a social security number", "a full birth date", "free text"
NET, ADDRESS = "an internet address", "a street address"
HEAD, CELLS = 20_000, 1_000  # rows looked at, and filled cells taken of each column

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", re.IGNORECASE)
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_BARE_SSN = re.compile(r"\d{3}[- ]?\d{2}[- ]?\d{4}")
_PHONE = re.compile(  # North American with separators, or international with a plus
    r"(\+?1[-. ])?(\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}( ?(x|ext).*)?|\+\d[\d ()-]{7,17}")
_INSIDE = re.compile(r"(?<!\d)(\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])[2-9]\d{2}[-. ]\d{4}(?!\d)")
_NET = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_STREET = re.compile(  # with the number of a house, not of a block of a hundred
    r"(?!\d*00 )\d{1,6}[a-z]? .*\b(st|street|ave?|avenue|rd|road|dr|drive|ln|lane|blvd|boulevard|ct|court|way"
    r"|pl|place|cir|circle|ter|terrace|pkwy|hwy|apt|unit)\b.*", re.IGNORECASE)
_BADGE = re.compile(r"[#\d()\[\]]+|(?<=\s)-(?=\s)")
_DIGITS = re.compile(r"[\d ().+/-]{7,20}(\.0)?")
_DATE = re.compile(
    r"(?P<iso>\d{4})[-/]\d{1,2}[-/]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](?P<end>\d{4}|\d{2})( .*)?"
    r"|\w{3,9} \d{1,2},? (?P<long>\d{4})")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_PIECE = rf"{_WORD.pattern}\.?"
_NAME_SHAPE = re.compile(rf"{_PIECE}(?:,? {_PIECE}){{1,4}}")


@cache
def _lists() -> dict:
    return yaml.safe_load(files("crisiskit.intake").joinpath("identifiers.yaml").read_text("utf-8"))


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(_lists()[key].split())


@cache
def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(rf"\b({_lists()['says'][key]})\b")


def plain(text: str) -> str:
    """A header as lower-case words without accents: `CallerName`, `caller_name` and `Caller Name` are one."""
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(re.split(r"[^a-z0-9#]+", text.lower())).strip()


def _share(hits: Iterable[object], of: int) -> float:
    return sum(map(bool, hits)) / of


def looks_like(header: str, values: list[str]) -> str | None:
    """What direct identifier a column looks like, or None. `values`: a sample of filled cells, repetitions included."""
    cells = [value.strip() for value in values if value and value.strip()]
    distinct = list(dict.fromkeys(cells))
    if not distinct:
        return None
    says, n = plain(header), len(distinct)
    if any("@" in v for v in distinct) and _share((_EMAIL.search(v) for v in distinct), n) >= 0.1:
        return EMAIL
    if any(v[0].isdigit() or v[0] in "(+" for v in distinct):
        found = _by_digits(says, distinct, n)
        if found:
            return found
        if n >= 5 and _share((_STREET.fullmatch(v) and "/" not in v for v in distinct), n) >= 0.5:
            return ADDRESS
    if not any(_WORD.search(v) for v in distinct):
        return None
    lettered = [v for v in distinct if _WORD.search(v)]
    if _is_free_text(says, cells, distinct) or _share(map(_INSIDE.search, lettered), n) >= 0.05:
        return TEXT
    return NAME if _is_name(says, distinct, n) else None


def _by_digits(says: str, distinct: list[str], n: int) -> str | None:
    """Number-like identifiers: formatted ones by themselves, bare digits only where the header says so."""
    if _share((_SSN.fullmatch(v) for v in distinct), n) >= 0.3:
        return SSN
    if _pattern("ssn").search(says) and _share((_BARE_SSN.fullmatch(v) for v in distinct), n) >= 0.3:
        return SSN
    if _share((_PHONE.fullmatch(v) for v in distinct), n) >= 0.3:
        return PHONE
    if _pattern("phone").search(says) and not _pattern("no_phone").search(says):
        bare = (v for v in distinct if _DIGITS.fullmatch(v) and 7 <= sum(c.isdigit() for c in v) <= 15)
        if _share((not _DATE.fullmatch(v) for v in bare), n) >= 0.3:
            return PHONE
    if _share((_NET.fullmatch(v) for v in distinct), n) >= 0.5:
        return NET
    return BIRTH if _is_birth_date(says, distinct, n) else None


def _is_birth_date(says: str, distinct: list[str], n: int) -> bool:
    """Full dates under a header that speaks of birth; or, where it says nothing of time, dates over a lifetime."""
    dates = [match for v in distinct if (match := _DATE.fullmatch(v))]
    if len(dates) < 0.5 * n:
        return False
    if _pattern("birth").search(says):
        return True
    spelled = (next(filter(None, match.groupdict().values()), "0") for match in dates)
    years = sorted(year for year in map(int, spelled) if 1900 < year < 2100)
    if len(years) < 30 or _pattern("event").search(says):
        return False
    spread = years[int(0.9 * len(years))] - years[int(0.1 * len(years))]
    return spread >= 30 and statistics.median(years) <= datetime.now(UTC).year - 15


def _is_free_text(says: str, cells: list[str], distinct: list[str]) -> bool:
    """Running text: most cells differ, and they are sentences (or long, or the header announces notes)."""
    if len(distinct) < 0.3 * len(cells):
        return False
    words = [[w.lower() for w in _WORD.findall(v)] if " " in v else [] for v in distinct]  # a code has no blanks
    if statistics.median(map(len, words)) >= 20:
        return True
    running = _words("sentence")
    if _share((len(w) >= 5 and sum(x in running for x in w) >= 2 for w in words), len(words)) >= 0.3:
        return True
    if _pattern("notes").search(says) and len(distinct) > 0.5 * len(cells) and statistics.median(map(len, words)) >= 3:
        return True
    announced = bool(_pattern("text").search(says)) and len(distinct) > 0.5 * len(cells)
    return announced and _share((len(w) >= 3 and not running.isdisjoint(w) for w in words), len(words)) >= 0.2


def _is_name(says: str, distinct: list[str], n: int) -> bool:
    """Names by given names; where the header speaks of persons, by family names and the mere shape as well."""
    header = set(re.sub(r"[\d#]+", " ", says).split())
    about = bool(header & _words("person")) and header <= _words("person") | _words("around")
    naming = header & _words("naming")
    full, lone, shaped, single = _names(distinct, about)
    if naming == header:  # "Name" alone may be that of a place; "Surname" may not
        return full >= 0.3 * n or (not header <= _words("of_anything") and shaped + single >= 0.6 * n)
    if not about:
        return full >= 0.5 * n and n >= 3
    if naming and shaped + single >= 0.6 * n and (n >= 3 or full + lone):  # "first name", "name of caller"
        return True
    return full + lone >= 0.2 * n or (shaped >= 0.6 * n and n >= 8)


def _names(distinct: list[str], about: bool) -> tuple[int, int, int, int]:
    """Of the texts without digits and titles: full names, given names alone, texts shaped like a name, single words."""
    given, family, other = _words("given"), _words("family"), _words("not_names")
    full = lone = shaped = single = 0
    for value in distinct:
        value = " ".join(_BADGE.sub(" ", value).split()).strip(" ,-") if about else value
        words = [plain(w) for w in _WORD.findall(value)]
        if not words or any(c.isdigit() for c in value) or other & set(words):
            continue
        if len(words) == 1:
            single += 1
            lone += words[0] in given or (about and len(distinct) >= 8 and words[0] in family)
        elif _NAME_SHAPE.fullmatch(value):
            shaped += 1
            first = words[1:] if "," in value else words[:1]
            full += bool(given & set(first) or (about and (given | family) & set(words)))
    return full, lone, shaped, single


def mask(value: str) -> str:
    """The shape of a value without its content: letters as x, digits as 9."""
    shape = re.sub(r"[^\W\d_]", lambda m: "X" if m[0].isupper() else "x", value[:60])
    return re.sub(r"\d", "9", shape)


def sample(read: "FileRead") -> dict[str, list[str]]:
    """Up to CELLS filled cells of each column among the first HEAD rows, by one query."""
    if not read.columns:
        return {}
    head = read.table.limit(HEAD)
    filled = {f"c{i}": head[c].collect(where=head[c].notnull())[:CELLS] for i, c in enumerate(read.columns)}
    row = head.aggregate(**filled).to_pyarrow().to_pylist()[0]
    return {column: row[f"c{i}"] or [] for i, column in enumerate(read.columns)}


def _stored(table_map: TableMap) -> Iterable[tuple[str, str, str]]:
    """(place in the mapping, type of the standard column, source column) wherever a cell's text would be stored."""
    known = dictionary.table(table_map.into).columns
    maps = [(f"columns.{name}", known[name].type, spec) for name, spec in table_map.columns.items()]
    for i, tally in enumerate(table_map.tally, 1):
        maps += [(f"tally[{i}].{key}", "string", spec) for key in ("area_id", "level") if (spec := getattr(tally, key))]
    for place, kind, spec in maps:
        if spec.hash or spec.band or spec.coarsen or spec.pattern or "*" in spec.codes or kind == "boolean":
            continue
        parts = (*spec.source, *spec.first_of, *spec.gather)
        yield from ((place, kind, part.column) for part in parts if not part.pattern)


def _keeps(kind: str, found: str) -> bool:
    """Whether a column of this type would hold the identifier: a date no name, a number no text."""
    if kind in ("timestamp", "date", "local"):
        return found == BIRTH
    return found in (PHONE, SSN) if kind in ("integer", "number") else True


def _mended(table_map: TableMap, where: str, place: str, kind: str, column: str, found: str) -> str:
    """The lines that mend a mapping which would store an identifier."""
    quoted, target = "'" + column.replace("'", "''") + "'", place.split(".")[-1]
    leave_out = f"leave it out: remove it from {where}.{place} and write `drop: [{quoted}]` under {where}."
    if kind in ("timestamp", "date", "local"):
        return f"Birth dates are not stored: {leave_out}"
    fix, effect = "hash: true", "keep a keyed hash of it"
    if found == BIRTH:
        fix, effect = "coarsen: year", "keep the year alone"
    elif found == TEXT:
        fix, effect = "pattern: '...'", "take the part that you need by a regular expression"
    elif "person_key" in dictionary.table(table_map.into).columns:
        target = "person_key"
    return (f"Say in the mapping what becomes of it. To {effect}:\n"
            f"    {target}:\n      from: {quoted}\n      {fix}\nor {leave_out}")


def refuse(table_map: TableMap, where: str, read: "FileRead", headers: "Headers") -> list[str]:
    """Refuse identifiers that the mapping would store as they are; return the unmapped columns that look like one.

    `where` names the table in messages, as `tables.calls`. One query takes the sample of all columns. Raises UserError
    with column, file, what it looks like, the shape of a value (never the value) and the lines that mend the mapping.
    """
    values, mapped = sample(read), set()
    seen = {column: looks_like(column, cells) for column, cells in values.items()}
    for place, kind, name in _stored(table_map):
        column = headers.find(name, optional=True)
        found = column and seen[column]
        if not column or not found or not _keeps(kind, found):
            continue
        shape = mask(next(v for v in values[column] if v.strip()))
        raise UserError(
            f"{read.file}, column '{column}': looks like {found} (such as {shape}), and {where}.{place} would store it."
            "\n" + _mended(table_map, where, place, kind, column, found)
        )
    tallied = [spec for tally in table_map.tally for spec in (tally.date, tally.area_id, tally.level) if spec]
    for spec in (*table_map.columns.values(), *tallied):
        mapped |= {header for name in spec.inputs if (header := headers.find(name, optional=True))}
    left_out = {header for name in table_map.drop if (header := headers.find(name, optional=True))}
    return [column for column, found in seen.items() if found and column not in mapped | left_out]
