"""Text cells to values: what is missing and how, codes, numbers, yes and no. Ibis expressions, nothing is guessed.

Every function takes text (blank is already null) and gives an expression; a value that does not fit is null, and the
caller sets it aside with the text in the reason.
"""

from collections.abc import Iterable, Mapping
from functools import reduce

import ibis
import ibis.expr.datatypes as dt
from ibis.expr.types import BooleanValue, StringValue, Value

YES = ("y", "yes", "true", "t", "1", "x", "si", "sí", "s")
NO = ("n", "no", "false", "f", "0")
FOUR = ("unknown", "declined", "not_asked", "not_applicable")


@ibis.udf.scalar.builtin(name="strip_accents")
def strip_accents(text: str) -> str:
    """Remove accents from letters (an engine function)."""


@ibis.udf.scalar.builtin(name="sha256")
def sha256(text: str) -> str:
    """Hash text (an engine function)."""


@ibis.udf.scalar.builtin(name="trim")
def trim(text: str) -> str:
    """Take spaces away at both ends (an engine function, ten times as fast as trimming a set of characters)."""


@ibis.udf.scalar.builtin(name="list_position", signature=((dt.Array(dt.string), dt.string), dt.int64))
def list_position(words, text):
    """Where a text stands in a list, counted from 1; null where it does not (an engine function)."""


@ibis.udf.scalar.builtin(name="list_extract", signature=((dt.Array(dt.string), dt.int64), dt.string))
def list_extract(words, index):
    """The text at a position of a list, counted from 1 (an engine function)."""


@ibis.udf.scalar.builtin(name="list_contains", signature=((dt.Array(dt.string), dt.string), dt.boolean))
def list_contains(words, text):
    """Whether a list holds a text (an engine function)."""


def clean(text: StringValue, blanks: str = "odd") -> StringValue:
    """Trim blanks at both ends and make an empty cell null; `blanks` says which there can be in the file.

    `none`: the file has no cell that begins or ends with a blank; `spaces`: plain spaces only; `odd`: also tabs,
    no-break spaces and line breaks. Most of the cost of reading is here, so no more is done than a file needs.
    """
    if blanks == "none":
        return text
    if blanks == "odd":
        text = text.replace("\u00a0", " ").re_replace(r"^\s+|\s+$", "")
    return trim(text).nullif("")


def folded(text: StringValue) -> StringValue:
    """The form in which spellings are compared: lower case, runs of blanks as one."""
    squeezed = ibis.ifelse(text.contains("  "), text.re_replace(r"\s+", " "), text)
    return squeezed.lower()


def fold(text: str) -> str:
    """The same for a spelling in a mapping."""
    return " ".join(text.split()).lower()


def pick(text: StringValue, pattern: str) -> StringValue:
    """What the first group of `pattern` matches (the whole match if it has none); null where nothing matches."""
    import re

    return text.re_extract(pattern, 1 if re.compile(pattern).groups else 0).nullif("")


def choose(pairs: Iterable[tuple[BooleanValue, Value | str]], otherwise: Value | None = None) -> Value:
    """CASE WHEN: the value of the first pair that holds, else `otherwise` (null text)."""
    branches = list(pairs)
    rest = ibis.null("string") if otherwise is None else otherwise
    return ibis.cases(*branches, else_=rest) if branches else rest


def look_up(text: StringValue, table: Mapping[str, str]) -> StringValue:
    """What a constant table says of a text; null where it says nothing.

    One look-up in two constant lists: the engine would turn a long IN into a join, and many of them into many joins.
    """
    if not table:
        return ibis.null("string")
    keys, values = (ibis.literal(list(side), type="array<string>") for side in (table.keys(), table.values()))
    return list_extract(values, list_position(keys, text))


def among(text: StringValue, words: Iterable[str]) -> BooleanValue:
    """Whether a text is one of the words; null where it is null."""
    return list_contains(ibis.literal(list(words), type="array<string>"), text)


def missing_kind(text: StringValue, spellings: Mapping[str, str]) -> StringValue | None:
    """The kind of missing that a spelling stands for, else null; None when no spelling is declared."""
    if not spellings:
        return None
    return look_up(folded(text), {fold(spelling): kind for spelling, kind in spellings.items()})


def coded(form: StringValue, codes: Mapping[str, str], known: Iterable[str]) -> StringValue:
    """The code of a folded text: by a mapping's spellings first, else a known code as it is; null where neither."""
    table = {fold(spelling): code for spelling, code in codes.items() if spelling != "*"}
    for code in known:
        table.setdefault(fold(code), code)
    value = look_up(form, table)
    if "*" in codes:
        return ibis.coalesce(value, ibis.ifelse(form.notnull(), ibis.literal(codes["*"]), ibis.null("string")))
    return value


def number(text: StringValue, decimal: str = ".") -> Value:
    """A number, with thousands separators only where they stand in threes; null where the text is none."""
    separator = "." if decimal == "," else ","
    plain = ibis.ifelse(
        text.contains(separator),
        ibis.ifelse(
            text.re_search(rf"^[-+]?\d{{1,3}}(\{separator}\d{{3}})+(\{decimal}\d*)?$"),
            text.replace(separator, ""),
            ibis.null("string"),
        ),
        text,
    )
    if decimal == ",":
        plain = plain.replace(",", ".")
    value = plain.try_cast("float64")
    return ibis.ifelse(value.isinf() | value.isnan(), ibis.null("float64"), value)


def yes_no(form: StringValue, yes: Iterable[str] = (), no: Iterable[str] = ()) -> BooleanValue:
    """True or false of a folded text by spelling (`*` stands for all other texts); null where neither fits."""
    yes, no = list(yes) or ([] if "*" in no else list(YES)), list(no) or ([] if "*" in yes else list(NO))
    says_yes = form.notnull() if "*" in yes else among(form, map(fold, yes))
    says_no = form.notnull() if "*" in no else among(form, map(fold, no))
    first, second = (says_no, says_yes) if "*" in yes else (says_yes, says_no)
    truth = ibis.literal("*" not in yes)
    return ibis.cases((first, truth), (second, ~truth), else_=ibis.null("boolean"))


def slug(text: StringValue) -> StringValue:
    """Lower case without accents, everything that is no letter or digit as one hyphen."""
    return strip_accents(text).lower().re_replace(r"[^a-z0-9]+", "-").re_replace(r"^-|-$", "").nullif("")


def joined(parts: list[StringValue], separator: str) -> StringValue:
    """The filled texts with the separator between; null when none is filled."""
    return ibis.literal(separator).join(parts).nullif("")


def tokens(pairs: Mapping[str, StringValue]) -> StringValue:
    """`column=kind` for every column that has a kind, joined by semicolons; null where none has."""
    if not pairs:
        return ibis.null("string")
    return joined([ibis.literal(f"{name}=") + kind for name, kind in pairs.items()], ";")


def band(age: Value, starts: Iterable[int]) -> StringValue:
    """Age bands named by their ends: 0-7, 8-9, ..., 65+."""
    edges = sorted(starts)
    names = [f"{low}-{high - 1}" for low, high in zip(edges, edges[1:], strict=False)] + [f"{edges[-1]}+"]
    pairs = [(age >= low, ibis.literal(name)) for low, name in zip(reversed(edges), reversed(names), strict=True)]
    return choose(pairs)


def any_of(tests: list[BooleanValue]) -> BooleanValue:
    """True where one of the tests holds."""
    return reduce(lambda left, right: left | right, tests)
