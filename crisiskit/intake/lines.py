"""The lines of a draft: one per standard column, and what they are made from."""

from dataclasses import dataclass, field
from typing import Any

from ibis.expr.types import Table

from crisiskit.intake import evidence, kinds
from crisiskit.intake.matching import Choice
from crisiskit.intake.profile import Profile

FIRST = ("answered_at", "dispatched_at", "enroute_at", "arrived_at", "engaged_at", "transported_at", "hospital_at")
UNITS = {
    "minutes": r"\b(minutes?|mins?|m|mm|minutos)\b",
    "hours": r"\b(hours?|hrs?|h|horas)\b",
    "seconds": r"\b(seconds?|secs?|s|segundos)\b",
}


@dataclass
class Line:
    """One standard column of the draft: its map, what stands behind it, and remarks that become comments below it."""

    column: str
    spec: dict[str, Any] | str
    label: str = ""
    confidence: str = ""
    why: str = ""
    examples: str = ""
    share: float | None = None
    after: list[str] = field(default_factory=list)


@dataclass
class Table_:
    """What the lines are made from: rows, profiles, number of files, and spellings of blank that hold everywhere."""

    rows: Table
    profiles: list[Profile]
    files: int
    blanks: set[str]
    zone: str


def source_of(choice: Choice, files: int) -> dict[str, Any]:
    """`from` (or `first_of` where the header drifts), and `optional` where not every file has the column."""
    p = choice.source
    if choice.also:
        return {"first_of": [p.name, *(other.name for other in choice.also)], "optional": "true"}
    names: list[Any] = [
        part.model_dump(exclude_none=True, mode="json") if part.pattern or part.pad else part.column
        for part in evidence.pieces(p)
    ]
    spec: dict[str, Any] = {"from": names[0] if len(names) == 1 else names}
    spec |= {"pattern": kinds.LEADING} if p.unit else {}
    return spec | ({"optional": "true"} if len(p.files) < files else {})
