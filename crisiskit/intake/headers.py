"""Headers as plain words; words that were written together (`calldescription`) are taken apart by known words."""

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from crisiskit.intake.identifiers import plain

_CALENDAR = frozenset(["date", "time", "dt", "tm", "of", "the", "day", "hour", "hhmm", "fecha", "hora", "dia", "y"])
_CALENDAR |= {"de", "del", "la", "datum", "uhrzeit", "zeit", "stunde", "heure", "jour", "du", "d"}
LEAST = 4  # letters of a part; shorter ones stand inside too many words by chance


@cache
def synonyms() -> dict[str, Any]:
    """`synonyms.yaml`, every scalar as text."""
    return yaml.load(files("crisiskit.intake").joinpath("synonyms.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)


@cache
def _known() -> frozenset[str]:
    """All words that headers are compared with."""
    texts = [" ".join(synonyms()["beside"].values())]
    for entry in synonyms()["interventions"].values():
        texts += [*entry.get("words", []), *entry.get("maybe", []), *entry.get("never", []), entry.get("beside", "")]
    return frozenset(word for text in texts for phrase in text.split() for word in phrase.split("|"))


@cache
def _apart(word: str) -> tuple[str, ...]:
    """The known words that a word is made of, the fewest; the word itself where it is known or made of none."""
    if word in _known() or len(word) < 2 * LEAST:
        return (word,)
    for cut in range(len(word) - LEAST, LEAST - 1, -1):
        if word[:cut] in _known():
            rest = _apart(word[cut:])
            if all(part in _known() for part in rest):
                return (word[:cut], *rest)
    return (word,)


@cache
def header_words(name: str) -> str:
    """A header in lower-case words without accents: `totalResponsetime` is `total response time`."""
    return " ".join(part for word in plain(name).split() for part in _apart(word))


def stem(words: str) -> set[str]:
    """The words of a header without those that say only that it is a day or a time."""
    return set(words.split()) - _CALENDAR
