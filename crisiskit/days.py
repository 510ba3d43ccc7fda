"""Days and stretches of days as a parameter file writes them."""

import re
from contextlib import suppress
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from crisiskit.params import Strict


def iso_day(value: Any) -> Any:
    """Only YYYY-MM-DD; pydantic would read a bare number such as 2020 as seconds since 1970."""
    if value is None or isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        with suppress(ValueError):
            return date.fromisoformat(value)
    raise ValueError(f"'{value}' is no day; write YYYY-MM-DD, such as 2020-02-28")


Day = Annotated[date, BeforeValidator(iso_day)]


class Span(Strict):
    """Days from the first to the last, both inclusive."""

    first: Day = Field(alias="from")
    last: Day = Field(alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> "Span":
        if self.last < self.first:
            raise ValueError(f"ends on {self.last}, before it begins on {self.first}")
        return self
