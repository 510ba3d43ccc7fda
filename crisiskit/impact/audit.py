"""Merges that say what they did: matched, unmatched and duplicated keys, and the outcome's total on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crisiskit.errors import UserError
from crisiskit.impact.result import Check

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 3
SAME = 1e-9  # relative difference of totals that is rounding


@dataclass(frozen=True)
class Join:
    """What one merge did. Rows are rows of the frames; totals are of the outcome, before and after the merge.

    `matched` and `unmatched_left` add up to `left_rows`. `lost` is the share of the outcome's total that found no
    partner: it is missing from the result (inner merge), or stands there without the other side's columns (left).
    """

    name: str
    left_rows: int
    right_rows: int
    matched: int
    unmatched_left: int
    unmatched_right: int
    examples_left: tuple[str, ...]
    examples_right: tuple[str, ...]
    duplicated_keys: int
    total_before: float
    total_after: float
    lost: float

    def sentence(self) -> str:
        """What the merge did, in one sentence."""
        said = f"{self.name}: {self.matched:,} of {self.left_rows:,} rows matched"
        if self.unmatched_left:
            said += f", {self.unmatched_left:,} not (such as {'; '.join(self.examples_left)})"
        if self.unmatched_right:
            said += f", {self.unmatched_right:,} of the other side not used (such as {'; '.join(self.examples_right)})"
        said += f"; total {self.total_before:,.10g} before and {self.total_after:,.10g} after"
        return said + (f", {self.lost:.2%} of it without a match." if self.lost > 0 else ".")


def merged(
    left: "pd.DataFrame", right: "pd.DataFrame", on: Sequence[str], name: str, value: str, limit: float,
    how: Literal["left", "inner"] = "left",
) -> tuple["pd.DataFrame", Join]:  # fmt: skip
    """Merge `right` onto `left` by the columns `on`, and say what happened.

    `value` names the column whose total is watched, of the left side or of the right. Keys of the right side must be
    unique; an empty key matches nothing. UserError when they are not (a duplicate would count rows twice), when the
    total changes by more than what found no match, or when the share of the total without a match is above `limit`.
    """
    keys = list(on)
    if (value in left.columns) == (value in right.columns):
        raise ValueError(f"column '{value}' must stand on one side of the merge")
    usable = right.dropna(subset=keys)
    twice = usable.duplicated(keys)
    of_left = value in left.columns
    if twice.any():
        inflated = left.merge(usable, on=keys, how=how)[value].sum()
        before = (left if of_left else right)[value].sum()
        raise UserError(
            f"merge '{name}': {int(twice.sum())} keys of the other side stand there more than once, such as "
            f"{_key(usable[twice], keys)[0]}; that would make the total {inflated:,.10g} where it is {before:,.10g}"
        )
    marked = left.merge(usable, on=keys, how="left", indicator="_side", validate="many_to_one")
    here = (marked["_side"] == "both").to_numpy()
    seen = usable.merge(left[keys].drop_duplicates(), on=keys, how="left", indicator="_side")["_side"] == "both"
    out = marked.drop(columns="_side")
    out = out[here].reset_index(drop=True) if how == "inner" else out
    before = float((left if of_left else right)[value].sum())
    after = float(out[value].sum())
    alone = float(left[value][~here].sum()) if of_left else before - float(usable[value][seen.to_numpy()].sum())
    blank = right[right[keys].isna().any(axis=1)]
    join = Join(
        name, len(left), len(right), int(here.sum()), int((~here).sum()), int((~seen).sum()) + len(blank),
        _key(left[~here], keys), _key(usable[~seen.to_numpy()], keys) or _key(blank, keys), 0, before, after,
        abs(alone) / abs(before) if before else 0.0,
    )  # fmt: skip
    _refuse(join, before - (alone if how == "inner" or not of_left else 0.0), limit)
    return out, join


def _refuse(join: Join, expected: float, limit: float) -> None:
    if abs(join.total_after - expected) > SAME * max(1.0, abs(join.total_before)):
        raise UserError(f"merge '{join.name}': the total was {join.total_before:,.10g} and became "
                        f"{join.total_after:,.10g}; a merge must not change it")  # fmt: skip
    if join.lost > limit:
        examples = join.examples_left or join.examples_right
        raise UserError(
            f"merge '{join.name}': {join.lost:.1%} of the total {join.total_before:,.10g} found no match (such as "
            f"{'; '.join(examples)}), above join_limit {limit:.1%}; mend the keys, or raise join_limit if that is right"
        )


def _key(rows: "pd.DataFrame", keys: list[str]) -> tuple[str, ...]:
    """The first few distinct keys as text, in order."""
    texts = {" ".join(_text(cell) for cell in row) for row in rows[keys].itertuples(index=False)}
    return tuple(sorted(texts)[:EXAMPLES])


def _text(cell: object) -> str:
    if cell is None or cell != cell:
        return "(empty)"
    return str(cell).removesuffix(" 00:00:00")


def table(joins: Sequence[Join]) -> "pd.DataFrame":
    """One row per merge: every count, both totals and the share without a match."""
    import pandas as pd

    names = ("name", "left_rows", "right_rows", "matched", "unmatched_left", "unmatched_right", "duplicated_keys",
             "total_before", "total_after", "lost")  # fmt: skip
    return pd.DataFrame([[getattr(join, name) for name in names] for join in joins], columns=list(names))


def check(joins: Sequence[Join], limit: float, silent: Sequence[str] = ()) -> Check:
    """The merges as a check: pass, or warn where one left more than half of `limit` of the total without a match.

    It warns, too, where cells are missing because nothing was recorded or sent (`silent`, a sentence per stretch): that
    is judged by chance, and the estimate rests on it. A merge over the limit raises before it comes here; a list of
    such joins (made elsewhere) fails.
    """
    if not joins and not silent:
        return Check("joins", "Merges", "pass", "The panel needed no merge.")
    if not joins:
        return Check("joins", "Merges", "warn", _unsaid(silent).strip(), {"silent": len(silent)})
    worst = max(joins, key=lambda join: (join.lost, join.name))
    status: Literal["pass", "warn", "fail"] = (
        "fail" if worst.lost > limit else "warn" if worst.lost > limit / 2 else "pass"
    )
    finding = (f"{len(joins)} merge{'s' * (len(joins) != 1)}; the worst left {worst.lost:.2%} of the outcome without a "
               f"match, {limit:.1%} is allowed ({worst.name}).")  # fmt: skip
    numbers = {"worst_lost": worst.lost, "limit": limit} | ({"silent": len(silent)} if silent else {})
    status = "warn" if silent and status == "pass" else status
    return Check("joins", "Merges", status, finding + _unsaid(silent), numbers, table=table(joins))


def _unsaid(silent: Sequence[str]) -> str:
    if not silent:
        return ""
    first, more = silent[0], len(silent) - 1
    return f" {first}" + (f" The same holds for {more} more stretch{'es' * (more > 1)} of cells." if more else "")
