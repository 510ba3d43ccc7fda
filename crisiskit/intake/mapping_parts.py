"""The small parts of a mapping: source columns and what is taken of them, code books, units, lengths that are added."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from crisiskit.intake.read import ReadSpec
from crisiskit.params import Strict

Kind = Literal["blank", "unknown", "declined", "not_asked", "not_applicable"]
Unit = Literal["seconds", "minutes", "hours", "days", "clock", "mm:ss"]
Precision = Literal["hour", "day", "week", "month", "quarter", "year"]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])]


class Part(Strict):
    """One source column, whole, or the part of its text that the first group of `pattern` takes, then padded."""

    column: str
    pattern: str | None = None
    pad: int | None = Field(None, ge=1, le=20, description="Fill with zeros on the left to this many characters")


def _parts(value: Any) -> Any:
    return tuple({"column": item} if isinstance(item, str) else item for item in _listed(value))


PartsInput = str | Part | tuple[str | Part, ...]
Parts = Annotated[tuple[Part, ...], BeforeValidator(_parts, json_schema_input_type=PartsInput)]


class CodeBook(Strict):
    """A code list in a file: `key` column to `value` column; a key that stands twice keeps its first meaning."""

    file: str
    key: str
    value: str
    read: ReadSpec | None = None


class UnitBy(Strict):
    """The unit depends on another source column: its values to units."""

    by: str
    units: dict[str, Unit]


class Plus(Strict):
    """A length of time in a source column that is added to a clock, such as a response time in seconds."""

    column: str
    unit: Unit
