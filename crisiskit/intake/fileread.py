"""What reading is asked for and what it gives: the reading part of a mapping, a file as read, a line that was not."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from crisiskit.errors import UserError

if TYPE_CHECKING:
    from ibis.expr.types import Table

Stamp = tuple[int, int]  # size in bytes, time of the last change in ns


class ReadSpec(BaseModel):
    """The reading part of a mapping: which files, and whatever cannot be seen in the files themselves.

    `files` are paths or globs under the data folder; "a.zip" means all its members, "a.zip!*.csv" some of them.
    `sheet` names one sheet of a workbook, several in a list, or all with "*".
    `header_row` is the physical line (or sheet row) of the header, counted from 1; `skip_rows` lines under it are
    passed over; `column_names` names the columns of a file without a header. From the first row whose first
    non-empty cell matches a regular expression of `footer`, all rows to the end are totals or notes, not records.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: tuple[str, ...] = ()
    format: Literal["auto", "csv", "excel", "jsonl", "parquet", "sql"] = "auto"
    encoding: str | None = None
    delimiter: str | None = None
    quote: str = '"'
    sheet: str | tuple[str, ...] | None = None
    header_row: int = Field(1, ge=1)
    skip_rows: int = Field(0, ge=0)
    column_names: tuple[str, ...] | None = None
    footer: tuple[str, ...] = ()
    connection: str | None = None
    query: str | None = None

    @field_validator("delimiter", mode="before")
    @classmethod
    def _named_delimiter(cls, value: object) -> object:
        return "\t" if value in ("tab", "\\t") else value

    @model_validator(mode="after")
    def _consistent(self) -> "ReadSpec":
        if (self.format == "sql" or self.query is not None) != (self.connection is not None and self.query is not None):
            raise ValueError("reading by SQL needs both `connection` and `query`")
        if bool(self.files) == bool(self.query):
            raise ValueError("say either `files`, or `connection` and `query`")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise ValueError(f"delimiter '{self.delimiter}' is not one character (or the word tab)")
        if len(self.quote) > 1 or self.quote == self.delimiter:
            raise ValueError(f"quote '{self.quote}' is neither empty nor one character other than the delimiter")
        for pattern in self.footer:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"footer '{pattern}' is no regular expression ({error})") from None
        return self


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that could not be parsed into cells (or a footer row): where it stood, why, and its text."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True)
class FileRead:
    """One file, archive member, sheet or query as text: what it was, its rows, and the lines left out of them.

    `table` holds every column as string (blank cell = null) and `source_row`, the physical line, sheet row or
    ordinal. rows_read = rows of `table` + len(rejects). `blanks` says what cells may begin or end with: nothing,
    spaces, or also tabs, no-break spaces and line breaks.
    """

    file: str
    bytes: int
    sha256: str
    format: str
    encoding: str | None
    delimiter: str | None
    columns: tuple[str, ...]
    rows_read: int
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]
    table: "Table"
    origin: Path | None = None
    stamp: Stamp | None = None
    blanks: Literal["none", "spaces", "odd"] = "odd"

    def check_unchanged(self) -> None:
        """Raise UserError when the file as delivered is no longer the one that was read."""
        if self.origin is not None and stamp(self.origin) != self.stamp:
            raise changed(self.file)


def stamp(path: Path) -> Stamp:
    """Size and time of last change, by which a file that changes while it is read is noticed."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def changed(name: str) -> UserError:
    """The error for a file that changed while it was read."""
    return UserError(f"{name} changed while it was being read; nothing was kept. Run again when it is complete")
