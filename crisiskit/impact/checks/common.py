"""What the checks share: estimates tried under other conditions, how far they move, and how they are said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.material import Material, Quick
from crisiskit.impact.panel import Panel
from crisiskit.impact.question import Outcome
from crisiskit.impact.result import Status, p_words
from crisiskit.impact.result import share_text as share

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
"""A p value below this is called an effect."""

MOVED = 0.25
"""An estimate that moves by more than this share of the main one has moved."""

ESTIMATE = ("relative", "low", "high", "p", "note")
"""Columns of every table of tried estimates, after those that say what was tried; low and high are of `relative`."""


@dataclass(frozen=True)
class Tried:
    """One estimate under other conditions: `keys` say which, `quick` is None where there is none and `note` why."""

    keys: tuple[str | float | bool, ...]
    quick: Quick | None
    note: str = ""

    def row(self) -> tuple[str | float | bool, ...]:
        """Cells of a table: the keys, then ESTIMATE."""
        q, nan = self.quick, float("nan")
        seen = (q.relative, q.relative_low, q.relative_high, q.p) if q else (nan, nan, nan, nan)
        return (*self.keys, *seen, self.note)

    @property
    def name(self) -> str:
        """The first key, for sentences."""
        return str(self.keys[0])


def attempt(keys: tuple[str | float | bool, ...], make: Callable[..., Quick], *given: object) -> Tried:
    """Try the estimate make(*given); data that cannot answer (UserError) give a note instead."""
    try:
        return Tried(keys, make(*given))
    except UserError as error:
        return Tried(keys, None, str(error))


def attempt_outcome(material: Material, outcome: Outcome) -> Tried:
    """The estimate for another outcome, all else as in the study."""
    return attempt((outcome.label,), lambda: material.refit(material.rebuild(outcome=outcome)))


def table_of(tried: Sequence[Tried], keys: Sequence[str]) -> "pd.DataFrame":
    """One row per try: `keys`, then ESTIMATE (shares; p; why there is no estimate)."""
    import pandas as pd

    return pd.DataFrame([item.row() for item in tried], columns=[*keys, *ESTIMATE])


def significant(q: Quick) -> bool:
    """Tell whether chance is excluded at LEVEL; never where there is no p."""
    return bool(q.p < LEVEL)


def conclusion(q: Quick) -> int:
    """-1 or 1: an effect of that sign at LEVEL; 0: none that can be told from chance."""
    return int(np.sign(q.b)) if significant(q) else 0


def sizes(one: Quick, other: Quick) -> tuple[float, float]:
    """Both effects on a common scale: as shares, or on the model's scale where a share has no meaning."""
    if np.isfinite(one.relative) and np.isfinite(other.relative):
        return one.relative, other.relative
    return one.b, other.b


def movement(main: Quick, other: Quick) -> float:
    """How far the estimate moves, as a share of the main one.

    An effect that cannot be told from none has no size to take a share of: there, the yardstick is half the width of
    its interval where that is larger (and known), so that moves within the noise stay small.
    """
    was, now = sizes(main, other)
    yard = abs(was)
    if not significant(main):
        ends = (main.relative_low, main.relative_high) if was == main.relative else (main.low, main.high)
        half = (ends[1] - ends[0]) / 2
        yard = max(yard, half) if np.isfinite(half) else yard
    return abs(now - was) / yard if yard > 0 else (0.0 if now == was else float("inf"))


def sign_changes(main: Quick, other: Quick) -> bool:
    """Tell whether the two effects point in opposite directions."""
    return bool(np.sign(main.b) * np.sign(other.b) < 0)


def stability(main: Quick, tried: Sequence[Quick]) -> Status:
    """How the main estimate stands beside variants of itself.

    fail: the sign of a significant estimate changes, or its conclusion at LEVEL changes and it moves by more than
    MOVED. warn: one of the two, or the sign of an estimate that could not be told from none changes by more than its
    noise. pass: neither.
    """
    found: Status = "pass"
    for other in tried:
        far, changed = movement(main, other) > MOVED, conclusion(main) != conclusion(other)
        if significant(main) and (sign_changes(main, other) or (far and changed)):
            return "fail"
        found = "warn" if far or changed else found
    return found


def farthest(main: Quick, tried: Sequence[Tried]) -> Tried | None:
    """The try that moves the estimate most; None where none could be made."""
    known = [item for item in tried if item.quick]
    return max(known, key=lambda item: movement(main, item.quick), default=None)  # type: ignore[arg-type]


def without(panel: Panel, areas: Sequence[str]) -> Panel:
    """The panel less some areas; UserError where no treated or no other area would be left."""
    kept = tuple(name for name in panel.units if name not in areas)
    left = panel.only(units=kept)
    if not kept or not left.treated.any():
        raise UserError("no treated area is left")
    if left.treated.all() and not panel.treated.all():
        raise UserError("no area to compare with is left")
    return left


def periods(panel: Panel, keep: np.ndarray) -> Panel:
    """The panel of some periods; UserError where none with, or none without, the programme would be left."""
    on = (panel.status[:, keep] > 0).any(axis=0)
    if not on.any():
        raise UserError("no period after the start is left")
    if on.all():
        raise UserError("no period before the start is left")
    return panel.only(periods=keep)


def said(q: Quick) -> str:
    """An estimate in words: size, interval, p."""
    if q.relative != q.relative:
        return f"a difference of {q.b:.4g} (interval {q.low:.4g} to {q.high:.4g}, {p_words(q.p)})"
    return f"{share(q.relative)} (interval {share(q.relative_low)} to {share(q.relative_high)}, {p_words(q.p)})"


def numbers_of(q: Quick, prefix: str = "") -> dict[str, float]:
    """The figures of an estimate by name."""
    return {f"{prefix}relative": q.relative, f"{prefix}low": q.relative_low, f"{prefix}high": q.relative_high,
            f"{prefix}p": q.p}  # fmt: skip
