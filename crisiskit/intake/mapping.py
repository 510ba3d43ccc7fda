"""What a mapping file may say: strict, frozen models of the YAML in `params/sources/`. Mapping needs no Python."""

from datetime import date
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from crisiskit.errors import UserError, nearest
from crisiskit.intake.mapping_parts import CodeBook, Kind, Parts, Plus, Precision, Texts, Unit, UnitBy
from crisiskit.intake.read import ReadSpec
from crisiskit.params import Strict, load_yaml, to_model
from crisiskit.standard import dictionary


class ColumnMap(Strict):
    """How one standard column is made. Exactly one of the origins is given; the rest refines it."""

    # origins
    source: Parts = Field((), alias="from", description="One source column, or several that are joined")
    first_of: Parts = Field((), description="The first of these source columns that is filled")
    constant: str | None = None
    gather: Parts = Field((), description="Several columns collected into one list")
    flags: dict[str, str] = Field({}, description="Code to the yes/no column that stands for it")
    minutes_between: tuple[str, str] | None = Field(None, description="Two standard clock columns of the same row")
    # text
    join: str = " "
    pattern: str | None = Field(None, description="Regular expression; its first group (or the whole match) is taken")
    split: str | None = Field(None, description="A separator between several values in one cell (list columns)")
    replace: dict[str, str] = Field({}, description="Texts that the publisher got wrong to what they should be")
    missing: dict[str, Kind] = Field({}, description="Spellings that mean missing, beyond those of the table")
    optional: bool = Field(False, description="The column may be absent from some of the files")
    needed: bool = Field(False, description="A record without it cannot be counted and is quarantined")
    codes: dict[str, str] = Field({}, description="Source value to standard code; '*' stands for all others")
    codes_file: CodeBook | None = None
    pad: int | None = Field(None, ge=1, le=20, description="Fill with zeros on the left to this many characters")
    prefix: str = ""
    slug: bool = Field(False, description="Lower case, accents removed, blanks and punctuation to hyphens")
    # values
    formats: Texts = Field(
        (), description="Date formats tried in turn: strptime directives, `iso`, `excel_serial`, `epoch_s`, `epoch_ms`"
    )
    midnight: Literal["keep", "missing"] = "keep"
    after: str | None = Field(
        None, description="A clock column that this one follows: a time 12 h or more before it is the next day's"
    )
    plus: Plus | None = Field(None, description="A length of time, in another source column, that is added to a clock")
    zone: str | None = Field(None, description="Zone of this column where it differs from the source's, e.g. UTC")
    unit: Unit | Literal["auto"] | UnitBy | None = None
    decimal: Literal[".", ","] = "."
    yes: Texts = Field((), description="Spellings of yes; '*' for all others, '' for a blank cell")
    no: Texts = Field((), description="Spellings of no; '*' for all others, '' for a blank cell")
    # identifiers
    hash: bool = False
    band: tuple[int, ...] = ()
    coarsen: str | None = Field(None, description="year, month, a number of characters, or of decimals")

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        """Tell editors of the short form too: one source column's name, or a list of them."""
        full = handler.resolve_ref_schema(handler(schema))
        return {"anyOf": [{"type": ["string", "number"]}, {"type": "array"}, full]}

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"from": value} if isinstance(value, str | list) else value

    @model_validator(mode="after")
    def _one_origin(self) -> "ColumnMap":
        origins = {
            "from": self.source,
            "first_of": self.first_of,
            "constant": self.constant is not None,
            "gather": self.gather,
            "flags": self.flags,
            "minutes_between": self.minutes_between,
        }
        given = [name for name, there in origins.items() if there]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(origins)}; it has {' and '.join(given) or 'none'}")
        if self.replace and not (self.source or self.first_of):
            raise ValueError("replace belongs to a column made by from or first_of")
        return self

    @property
    def inputs(self) -> tuple[str, ...]:
        """The source columns that it reads."""
        names = [part.column for part in (*self.source, *self.first_of, *self.gather)] + list(self.flags.values())
        if isinstance(self.unit, UnitBy):
            names.append(self.unit.by)
        if self.plus:
            names.append(self.plus.column)
        return tuple(names)


class Condition(Strict):
    """A declared filter on one source column; rows that it leaves out are counted as excluded, with `because`."""

    column: str
    values: Texts = Field((), alias="is")
    excluded: Texts = Field((), alias="is_not")
    matches: str | None = None
    filled: bool | None = None
    because: str

    @model_validator(mode="after")
    def _one_test(self) -> "Condition":
        if sum([bool(self.values), bool(self.excluded), self.matches is not None, self.filled is not None]) != 1:
            raise ValueError("needs exactly one of is, is_not, matches, filled")
        return self


Combine = Literal["first", "last", "min", "max", "sum", "any", "all", "list"]


class OneRowPer(Strict):
    """Denormalised rows that are one record: their key, and how cells that differ are combined."""

    key: Texts
    missing_key: Literal["quarantine", "own_record"] = "quarantine"
    combine: dict[str, Combine] = {}


class Aggregate(Strict):
    """Which rows are period totals, what period they cover, and which date of it the source writes."""

    always: bool = False
    contacts_above: int | None = Field(None, ge=0)
    column: str | None = None
    values: Texts = Field((), alias="is")
    period: Precision
    date_is: Literal["first", "last"] = "last"

    @model_validator(mode="after")
    def _one_test(self) -> "Aggregate":
        if sum([self.always, self.contacts_above is not None, self.column is not None]) != 1:
            raise ValueError("needs exactly one of always, contacts_above, column (with is)")
        return self


class Wide(Strict):
    """Wide columns that become rows of `counts`. Named groups of `pattern` may stand in braces in the other keys."""

    pattern: str = Field(description="Regular expression that a whole source column name must match")
    measure: str
    unit: str = ""
    group: str = ""
    level: str = ""
    levels: dict[str, str] = {}
    period: str | None = Field(None, description="A year or month such as {year}; without it, the row's own period")
    add: bool = Field(False, description="Columns that give one measure, level and period are added up, such as bins")
    missing: dict[str, Kind] = {}


class Tally(Strict):
    """Events counted into `counts`: one row per area, period and level. `distinct` counts different values."""

    measure: str
    unit: str = ""
    date: ColumnMap
    period: Precision = "month"
    area_id: ColumnMap | None = None
    area_level: str = ""
    group: str = ""
    level: ColumnMap | None = None
    distinct: str | None = None
    families: dict[str, Texts] = Field({}, description="Family to its levels, `*` for any text; families may overlap")


class TableMap(Strict):
    """How one group of files becomes rows of one standard table."""

    into: Literal["interventions", "follow_ups", "counts"]
    read: ReadSpec
    missing: dict[str, Kind] = {}
    keep_where: tuple[Condition, ...] = ()
    one_row_per: OneRowPer | None = None
    duplicates: Literal["keep", "collapse"] = "keep"
    undated: Literal["quarantine", "keep"] = "quarantine"
    aggregate: Aggregate | None = None
    columns: dict[str, ColumnMap] = {}
    wide: tuple[Wide, ...] = ()
    tally: tuple[Tally, ...] = ()
    drop: Texts = Field((), description="Source columns left out on purpose, such as names")

    @model_validator(mode="after")
    def _known_columns(self) -> "TableMap":
        known = dictionary.table(self.into).columns
        for name in self.columns:
            if name not in known:
                raise ValueError(f"'{name}' is no column of {self.into}{nearest(name, known)}")
        for name, spec in self.columns.items():
            for other in (*(spec.minutes_between or ()), *([spec.after] if spec.after else [])):
                if other not in self.columns or not other.endswith("_at"):
                    raise ValueError(f"columns.{name}: '{other}' is no mapped clock{nearest(other, self.columns)}")
        for name in self.one_row_per.combine if self.one_row_per else ():
            if name not in self.columns:
                raise ValueError(f"one_row_per.combine: '{name}' is not mapped{nearest(name, self.columns)}")
        if (self.wide or self.tally) and self.into != "counts":
            raise ValueError("wide and tally make rows of counts: say into: counts")
        if not (self.columns or self.tally):
            raise ValueError("maps no column")
        return self


class Change(Strict):
    """A change of form, coding or coverage that can look like an effect."""

    on: date
    what: str


class SourceMap(Strict):
    """One source: who publishes it, what it cannot tell, and how its files become standard tables."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    publisher: str
    dataset: str
    address: str = ""
    licence: str = "not stated"
    cannot_tell: Texts = ()
    next_export: Texts = ()
    changes: tuple[Change, ...] = ()
    simulated: bool = False
    time_zone: str
    extends: str | None = None
    tables: dict[str, TableMap]

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"'{value}' is no IANA time zone{nearest(value, available_timezones())}")
        return ZoneInfo(value).key


def _merged(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        merged = {**base, **{key: _merged(base.get(key), value) for key, value in over.items()}}
        return {key: value for key, value in merged.items() if value is not None}
    return over


def load(path: Path) -> SourceMap:
    """Read a mapping; `extends: other.yaml` starts from that mapping and replaces the keys given here.
    A key with nothing behind it (`codes:`) takes away what the other mapping says there.

    Raises UserError for an unknown key, a wrong type, or a mapping that extends itself.
    """
    tree, seen, file = load_yaml(path), [Path(path).resolve()], Path(path)
    while tree.get("extends"):
        file = file.parent / str(tree.pop("extends"))
        if file.resolve() in seen:
            raise UserError(f"{path}: extends goes round in a circle through {file.name}")
        seen.append(file.resolve())
        tree = _merged(load_yaml(file), tree)
    return to_model(tree, SourceMap, path)
