"""Which source column is which standard column: words of the header and the look of the values must both say so.

The best score wins and each source column serves once (a few pairs of standard columns may share one). A column whose
values contradict its header is not proposed at all: a gap is seen, a wrong mapping is believed.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache

from crisiskit.intake import cells
from crisiskit.intake.headers import synonyms
from crisiskit.intake.identifiers import BIRTH, TEXT
from crisiskit.intake.profile import Profile
from crisiskit.standard import dictionary

BAND = re.compile(r"\d+ ?(-|to|a|–) ?\d+|\d+ ?\+|(under|over|less|older|<|>|menor|mayor).*\d")
UNSURE = "u"  # beside Y and N, unknown
HIGH, MEDIUM, LOW = "high", "medium", "low"


@dataclass
class Choice:
    """A standard column and the source column (or several) proposed for it. `codes`: source value to standard code."""

    column: str
    source: Profile
    score: float
    confidence: str
    why: str
    codes: dict[str, str] = field(default_factory=dict)
    also: list[Profile] = field(default_factory=list)


@cache
def _phrases(column: str, key: str) -> list[list[frozenset[str]]]:
    entry = synonyms()["interventions"][column]
    return [[frozenset(word.split("|")) for word in phrase.split()] for phrase in entry.get(key, [])]


def header_score(column: str, words: str) -> tuple[float, str] | None:
    """(score, confidence) of a header in plain words for a standard column, None where it does not speak of it."""
    entry, known = synonyms()["interventions"][column], synonyms()["beside"]
    header = set(words.split())
    if header & set(entry.get("never", [])):
        return None
    beside = set(known.get(entry["values"], "").split()) | set(entry.get("beside", "").split())
    best: tuple[float, str] | None = None
    for key, base in (("words", 3.0), ("maybe", 2.0)):
        for place, phrase in enumerate(_phrases(column, key)):
            if not all(alternatives & header for alternatives in phrase):
                continue
            rest = {w for w in header if not any(w in each for each in phrase)} - beside
            if len(rest) > (2 if len(phrase) > 1 else 1):
                continue
            level = [HIGH, MEDIUM, LOW][min((key == "maybe") + bool(rest), 2)]
            score = base - 0.02 * place - 0.4 * len(rest) + 0.01 * len(phrase)
            if best is None or score > best[0]:
                best = (score, level)
    return best


@lru_cache(maxsize=100_000)
def code_of(column: str, value: str) -> str | None:
    """The standard code that a spelling means, by the expressions of the synonym list; None where none is met."""
    known = dictionary.table("interventions").columns[column].codes
    if known and cells.fold(value) in {*known, *cells.FOUR}:
        return cells.fold(value)
    text = " ".join(plain_value(value).split())
    return next((code for code, pattern in _patterns(column) if pattern.search(text)), None)


@cache
def _patterns(column: str) -> list[tuple[str, re.Pattern[str]]]:
    return [(code, re.compile(text)) for code, text in synonyms()["codes"].get(column, {}).items()]


def plain_value(text: str) -> str:
    """A value in lower case without accents."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().strip()


def codes_for(column: str, profile: Profile) -> dict[str, str]:
    """Codes of the values of a column; a lone M is no man unless there is an F beside it (it may be a mujer)."""
    found = {value: code for value in profile.values | profile.missing if (code := code_of(column, value))}
    if column == "gender" and "f" not in {value.lower() for value in profile.values}:
        found = {value: code for value, code in found.items() if value.lower() not in ("m", "h", "v")}
    return found


def _recognised(column: str, profile: Profile) -> float:
    codes, values = codes_for(column, profile), profile.values
    return sum(n for value, n in values.items() if codes.get(value)) / max(sum(values.values()), 1)


def is_yes_no(profile: Profile) -> bool:
    """Whether all values are spellings of yes or no; one of both alone counts where a blank may be the other."""
    known = {*synonyms()["yes_words"].split(), *synonyms()["no_words"].split()}
    values = {flag(value) for value in profile.values} - {UNSURE}
    return bool(values) and len(values) <= 6 and values <= known


def flag(value: str) -> str:
    """A yes/no spelling as the synonym list has it."""
    return re.sub(r"[ _]+", "-", plain_value(value))


def fits(column: str, look: str, p: Profile, level: str) -> tuple[float, str] | None:
    """(what the values add to the score, a note) where they look as they must for the column; None where not."""
    text, n, few = p.kind in ("text", "integer"), p.distinct, p.distinct <= 400
    if p.kind == "empty" or (p.identifier and look != "person"):
        return None
    if look == "clock":
        return (0.2, "") if p.kind == "datetime" else None
    if look == "day":
        good = p.kind in ("date", "datetime") and p.dates and (p.dates.days > 1 or p.filled < 10)
        return (0.3 if p.kind == "date" else 0.0, "") if good else None
    if look == "id":
        unique = n / max(p.filled, 1)
        good = text and p.share > 0.9 and unique > 0.2 and p.decimal == "." and p.low >= 0
        return (unique, f"{n:,} different") if good else None
    if look == "person":
        good = p.identifier not in (BIRTH, TEXT) and p.kind in ("text", "integer") and n > 0.02 * p.filled and n > 2
        return (0.2, "one person may have several records") if good else None
    if look == "count":
        return (0.1, "") if p.kind == "integer" and p.low >= 0 else None
    if look in ("wait", "duration"):
        return (0.1, "") if p.kind == "clock" or (p.kind in ("integer", "number") and p.high > 0) else None
    if look == "age":
        good = p.kind == "integer" and p.low >= -1 and 12 < p.high <= 130 and n > 8 and _inside(p, 0, 110) > 0.95
        return (0.3, "") if good else None
    if look == "bands":
        banded = sum(c for v, c in p.values.items() if BAND.search(v.lower()))
        return (0.3, "") if p.kind == "text" and banded > 0.5 * sum(p.values.values()) and n <= 40 else None
    if look == "flag":
        return (0.2, "") if is_yes_no(p) or column == "eligible" and n <= 3 and _negated(p) else None
    if look in ("latitude", "longitude"):
        limit = 90 if look == "latitude" else 180
        zeros = sum(c for v, c in p.values.items() if not v.strip("0."))
        good = p.kind == "number" and _inside(p, -limit, limit) > 0.99 and zeros < 0.9 * p.filled and p.high != p.low
        return (0.2, "") if good else None
    if look == "points":
        top = 5 if column == "satisfaction" else 10
        return (0.1, "") if p.kind in ("integer", "number") and p.low >= 0 and p.high <= top else None
    if look == "level":
        return (0.1, "") if text and n <= 40 and max(map(len, p.values)) <= 30 else None
    if look == "area":
        good = text and 1 < n <= 3_000 and (n < 0.5 * p.filled or p.filled < 50)
        return (0.2 if p.share > 0.5 else -0.5, "") if good else None
    if look in ("type", "name"):
        lettered = any(re.search("[A-Za-z]", value) for value in p.values)
        good = text and n <= 2_000 and (n <= 0.5 * p.filled or p.filled < 50) and (lettered or look == "type")
        return (0.1 + 0.3 * _wordy(p), "") if good and not is_yes_no(p) else None
    if look == "needs":
        share = _recognised("need", p) if text and n <= 2_000 else 0.0
        return (share, f"{share:.0%} of the rows have a word that is known") if share >= 0.01 else None
    share = _recognised(column, p) if text and few else 0.0  # codes
    least = 0.99 if column == "record_kind" else 0.3 if level != HIGH else 0.0 if column == "outcome" else 0.05
    if not text or not few or share < least or p.high > 10_000 or is_yes_no(p):
        return None
    return share + 0.2 * _wordy(p) - (0.5 if not share else 0), f"{share:.0%} of the rows have a code that is known"


def _wordy(p: Profile) -> bool:
    """Whether most values are words and not short codes, which a column beside often spells out."""
    return sum(n for v, n in p.values.items() if re.search("[A-Za-z]{4}", v)) > 0.5 * sum(p.values.values())


def _inside(p: Profile, low: float, high: float) -> float:
    good = total = 0
    for value, n in p.values.items():
        try:
            good += n * (low <= float(value.replace(",", ".")) <= high)
            total += n
        except ValueError:
            continue
    return good / total if total else 0.0


def _negated(p: Profile) -> bool:
    words = {flag(value) for value in p.values}
    return any(f"not-{word}" in words for word in words)


def series(profiles: list[Profile]) -> dict[str, list[Profile]]:
    """Columns that are alike but for a number at the end (`Reason #1`, `Reason #2`): the first one's name to all."""
    alike: dict[str, list[tuple[int, Profile]]] = {}
    for p in profiles:
        numbered = re.fullmatch(r"(.*[^\d#])#?(\d{1,2})", p.words)
        if numbered and p.kind in ("text", "integer", "empty"):
            alike.setdefault(numbered[1].strip(), []).append((int(numbered[2]), p))
    found = {}
    for members in alike.values():
        members.sort(key=lambda pair: pair[0])
        if [number for number, _ in members] == list(range(1, len(members) + 1)) and len(members) > 1:
            found[members[0][1].name] = [p for _, p in members]
    return found


def candidates(profiles: list[Profile]) -> Iterator[Choice]:
    """Every pair of standard and source column whose header and values agree."""
    longest = max((p.dates.days for p in profiles if p.dates), default=0)
    numbered = series(profiles)
    later = {p.name for members in numbered.values() for p in members[1:]}
    for p in profiles:
        if p.name in later or (p.kind == "datetime" and p.dates and 20 * p.dates.days < longest):
            continue  # the day of a download before every time of day says nothing of the record
        words = re.sub(r" ?#?1$", "", p.words) if p.name in numbered else p.words
        for column, entry in synonyms()["interventions"].items():
            said = header_score(column, words)
            agreed = fits(column, entry["values"], p, said[1]) if said else None
            if said and agreed:
                level = said[1] if entry["values"] != "codes" or agreed[0] >= 0.5 else MEDIUM
                level = LOW if LOW in (level, said[1]) or agreed[0] <= -0.5 else level
                codes = codes_for(column, p) if column in synonyms()["codes"] else {}
                why = f"header '{p.name}'" + (f"; {agreed[1]}" if agreed[1] else "")
                yield Choice(column, p, said[0] + agreed[0] + 0.1 * p.share, level, why, codes)


def choose(profiles: list[Profile]) -> dict[str, Choice]:
    """The best source column of each standard column. Where a header drifts from file to file, the others follow it.

    What has only a low score is left out: but for the disposition, whose codes someone must fill in anyway.
    """
    chosen: dict[str, Choice] = {}
    for choice in sorted(candidates(profiles), key=lambda choice: -choice.score):
        if choice.confidence == LOW and choice.column != "outcome":
            continue
        holders = [c for c, other in chosen.items() if choice.source in (other.source, *other.also)]
        if any(c not in _shares(choice.column) and choice.column not in _shares(c) for c in holders):
            continue
        first = chosen.setdefault(choice.column, choice)
        if (
            first is not choice
            and not holders
            and first.source.kind == choice.source.kind
            and not any(known.files & choice.source.files for known in (first.source, *first.also))
        ):
            first.also.append(choice.source)
            first.codes = choice.codes | first.codes
    if len({"latitude", "longitude"} & chosen.keys()) == 1:
        chosen.pop("latitude", None), chosen.pop("longitude", None)
    queued = "wait_s" in chosen and "queue" in chosen["wait_s"].source.words
    if queued and {"priority", "dispatched_at"} & chosen.keys():
        del chosen["wait_s"]  # the queue of a dispatcher, in which no caller waits
    if "need" not in chosen and "call_type_final" in chosen:  # the final type alone says what the call was about
        final = chosen["call_type_final"].source
        agreed = fits("need", "needs", final, MEDIUM)
        if agreed:
            why = f"header '{final.name}', which is the final type; {agreed[1]}"
            chosen["need"] = Choice("need", final, 1.0, MEDIUM, why, codes_for("need", final))
    for other in ("occurred_on", "enroute_at"):  # a time that may be either is the first that the event has
        moment = chosen.get(other)
        doubtful = other == "occurred_on" or (moment and moment.confidence != HIGH)
        if moment and moment.source.kind == "datetime" and doubtful and "received_at" not in chosen:
            chosen["received_at"] = chosen.pop(other)
            chosen["received_at"].column, chosen["received_at"].confidence = "received_at", MEDIUM
    return chosen


def _shares(column: str) -> list[str]:
    return synonyms()["interventions"][column].get("shares", "").split()
