"""When an outcome was recorded at all: which of its empty cells are zeros, and which are silence."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np

from crisiskit.impact.cells import Cells, known, last_day
from crisiskit.impact.silence import (
    DOUBTFUL,
    ENOUGH,
    SPREAD,
    TINY,
    Gap,
    by_others,
    by_season,
    chance_of_none,
    gaps,
    runs,
    spread_of,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd

    from crisiskit.days import Span

SHOWN = 5  # stretches of one kind that are told one by one
ZERO = "say empty: zero in the outcome"


@dataclass(frozen=True)
class Stretch:
    """Periods without a row, first days `starts`: of the outcome in every area, of one area, or of one of its parts.

    `expected`: how many should be there; `missing`: whether the periods are taken as not recorded; `share`: of a part,
    its share of the outcome elsewhere; `renamed`: of a part, whether the others hold as much more.
    """

    kind: Literal["outcome", "area", "part", "edge"]
    name: str
    starts: tuple[date, ...]
    expected: float
    missing: bool
    share: float = 1.0
    renamed: bool = False


@dataclass(frozen=True)
class Recorded:
    """The stretches of one outcome, over all whole periods of its source, in whatever window."""

    stretches: tuple[Stretch, ...] = ()

    @property
    def nowhere(self) -> frozenset[date]:
        """Periods in which the outcome, as it is asked for, was not recorded in any area."""
        found = [one.starts for one in self.stretches if one.missing and one.kind != "area"]
        return frozenset(day for starts in found for day in starts)

    def silent(self, area: str) -> frozenset[date]:
        """Periods in which an area sent nothing, though others did."""
        found = [one.starts for one in self.stretches if one.missing and one.kind == "area" and one.name == area]
        return frozenset(day for starts in found for day in starts)

    def stated(self, empty: str) -> "Recorded":
        """The same where the outcome says itself what its empty cells are: zero or missing; judge keeps all."""
        if empty == "judge":
            return self
        outcome = [replace(one, missing=empty == "missing") for one in self.stretches if one.kind == "outcome"]
        return Recorded(tuple(outcome))


def judge(
    cells: Cells, step: str, vouched: "Mapping[str, Span] | None" = None, tolerance: float = 0.0, enough: int = ENOUGH
) -> Recorded:
    """Judge every stretch without a row that the source could have filled.

    A stretch is silence, and no zero, where chance gives it with a probability below `silence.TINY`: of the outcome in
    all areas, by its own other periods (`by_season`); of one area, by its share of the others (`by_others`), unless
    `vouched` says on which days it reported; of a part of the outcome that is a sum, by its own other periods, where
    more than `tolerance` of the sum is lost with it. Rows, zeros among them, are never silence. `enough`: as in
    `silence.gaps`.
    """
    starts = [day for day in sorted(cells.covered) if day >= cells.first and last_day(day, step) <= cells.last]
    frame = cells.frame[cells.frame["area"].map(known).astype(bool) & cells.frame["start"].isin(starts)]
    if not len(frame):
        return Recorded()
    by_area = frame.pivot(index="area", columns="start", values="seen").reindex(columns=starts)
    rows, values = by_area.notna().to_numpy(), by_area.fillna(0.0).to_numpy("float64")
    totals, seasons = values.sum(axis=0), np.array([day.month for day in starts])
    all_gaps = gaps(rows.any(axis=0), totals, by_season(totals, seasons), enough)
    found = [_stretch("outcome", "", starts, gap) for gap in all_gaps]
    there = ~np.isin(np.arange(len(starts)), [starts.index(day) for one in found if one.missing for day in one.starts])
    found += _edges(frame, starts, totals, there, step)
    parts = cells.parts[cells.parts["area"].map(known).astype(bool)].dropna(subset=["part"])
    for part, some in parts.groupby("part", sort=True) if parts["part"].nunique() > 1 else ():
        own = some.groupby("start")["seen"].sum().reindex(starts)
        made = _of_part(str(part), own, totals, there, starts, seasons, tolerance, enough)
        gone = [starts.index(day) for one in made if one.missing for day in one.starts]
        with_it = there & ~np.isin(np.arange(len(starts)), gone)
        edges = _edges(some, starts, own.fillna(0.0).to_numpy("float64"), with_it, step) if gone else []
        found += [*made, *(replace(one, name=str(part)) for one in edges)]
    for row, area in enumerate(by_area.index):
        found += _of_area(area, rows[row], values[row], totals, there, starts, step, (vouched or {}).get(area), enough)
    return Recorded(tuple(found))


def _of_area(
    area: str, has: np.ndarray, values: np.ndarray, totals: np.ndarray, there: np.ndarray, starts: Sequence[date],
    step: str, vouched: "Span | None", enough: int,
) -> list[Stretch]:  # fmt: skip
    """Stretches of one area that are doubtful or past chance; none is missing inside the days that are vouched for."""
    if vouched is not None:
        inside = [vouched.first <= day and last_day(day, step) <= vouched.last for day in starts]
        there = there & np.array(inside)
    if not _suspicious(has[there], float(values[there].sum())):
        return []
    own, days = values[there], [day for day, one in zip(starts, there, strict=True) if one]
    found = gaps(has[there], own, by_others(own, totals[there] - own), enough)
    made = [_stretch("area", area, days, gap) for gap in found if gap.chance < DOUBTFUL]
    return [replace(one, missing=one.missing and vouched is None) for one in made]


def _suspicious(has: np.ndarray, events: float) -> bool:
    """Whether the longest silence of an area could be past chance at all: its rate is at most its mean elsewhere."""
    longest = max((stop - first for first, stop in runs(~has)), default=0)
    return chance_of_none(events, longest, len(has) - longest, SPREAD) < DOUBTFUL if longest < len(has) else False


def _stretch(kind: Literal["outcome", "area", "part"], name: str, starts: Sequence[date], gap: Gap) -> Stretch:
    return Stretch(kind, name, tuple(starts[gap.first : gap.last + 1]), gap.expected, gap.missing)


def _of_part(
    name: str, own: "pd.Series", totals: np.ndarray, there: np.ndarray, starts: Sequence[date], seasons: np.ndarray,
    tolerance: float, enough: int,
) -> list[Stretch]:  # fmt: skip
    """Stretches past chance in which one of the levels that are added up has no row, though others have.

    They are missing where the sum is smaller by more than half of what is lacking, and `tolerance` of it: a level that
    only changed its name leaves the sum as it was, and stands.
    """
    values, sums, found = own.fillna(0.0).to_numpy("float64")[there], totals[there], []
    places = np.flatnonzero(there)
    for gap in gaps(own.notna().to_numpy()[there], values, by_season(values, seasons[there]), enough):
        if not gap.missing:
            continue
        inside = np.zeros(len(sums), bool)
        inside[gap.first : gap.last + 1] = True
        usual = float(sums[~inside].mean())
        share = float(values[~inside].mean()) / usual
        smaller = float(sums[inside].mean()) < usual * (1 - share / 2)
        days = tuple(starts[at] for at in places[inside])
        found.append(Stretch("part", name, days, gap.expected, smaller and share > tolerance, share, not smaller))
    return found


def _edges(
    frame: "pd.DataFrame", starts: Sequence[date], totals: np.ndarray, there: np.ndarray, step: str
) -> list[Stretch]:
    """Periods at the edge of recording of which only a part was recorded, by the days of the first and last row.

    Days without a row count as lost as far as no other period has as many there.
    """
    days = frame.groupby("start").agg(first=("first", "min"), last=("last", "max"))
    opening, closing = np.zeros(len(starts)), np.zeros(len(starts))
    for at, start in enumerate(starts):
        if start in days.index:
            opening[at] = (days["first"][start] - start).days
            closing[at] = (last_day(start, step) - days["last"][start]).days
    found = []
    for at in np.flatnonzero(there).tolist():
        use = there.copy()
        use[at] = False
        if use.sum() < ENOUGH:
            continue
        opens, closes = at == 0 or not there[at - 1], at == len(starts) - 1 or not there[at + 1]
        lost = max(opening[at] - opening[use].max(), 0.0) * opens + max(closing[at] - closing[use].max(), 0.0) * closes
        share = lost / ((last_day(starts[at], step) - starts[at]).days + 1)
        mean, events = float(totals[use].mean()), float(totals[use].sum())
        spread = spread_of(totals[use], np.full(int(use.sum()), mean))
        if share > 0 and chance_of_none(events, share, float(use.sum()), spread) < TINY:
            found.append(Stretch("edge", "", (starts[at],), mean * share, True))
    return found


def missing(recorded: Recorded, starts: Sequence[date], units: Collection[str], step: str) -> tuple[str, ...]:
    """Every stretch inside a panel that is taken as not recorded, a sentence each."""
    return tuple(_told(one, step) for one in _inside(recorded, starts, units) if one.missing)


def _inside(recorded: Recorded, starts: Sequence[date], units: Collection[str]) -> list[Stretch]:
    days = set(starts)
    return [one for one in recorded.stretches if days & set(one.starts) and (one.kind != "area" or one.name in units)]


def told(recorded: Recorded, starts: Sequence[date], units: Collection[str], step: str, empty: str) -> list[str]:
    """What was decided about the stretches in the panel, and how to overrule it; `empty` is the outcome's key."""
    seen = _inside(recorded, starts, units)
    none = [one for one in seen if one.kind == "outcome" and not (one.missing and empty == "judge")]
    days = sorted(set(starts) & {day for one in none for day in one.starts})
    rest = [one for one in seen if one not in none]
    notes = [_told(one, step) for one in rest if one.kind in ("outcome", "edge")]
    for kind in ("part", "area"):
        some = sorted((one for one in rest if one.kind == kind), key=lambda one: not one.missing)
        notes += [_told(one, step) for one in some[:SHOWN]]
        if more := some[SHOWN:]:
            lost = sum(one.missing for one in more)
            notes.append(f"{len(more)} more stretches of {len({one.name for one in more})} {kind}s were looked at in "
                         f"the same way; {lost} of them are taken as missing.")  # fmt: skip
    if not days:
        return notes
    many = "1 period has" if len(days) == 1 else f"{len(days)} periods have"
    said = f"{many} no row of the outcome in any area (the first from {days[0]}), yet the source has "
    if empty != "judge":
        return [*notes, f"{said}other rows; they count as {empty}, for the outcome says empty: {empty}."]
    due = sum(one.expected for one in none)
    advice = "If the outcome was not recorded then, say empty: missing in the outcome, or narrow the window."
    return [*notes, f"{said}other rows; they count as zeros, for chance can give that (about {due:,.3g} would be "
            f"expected). {advice}"]  # fmt: skip


def _told(one: Stretch, step: str) -> str:
    first, last, many = one.starts[0], last_day(one.starts[-1], step), len(one.starts)
    when = f"from {first} to {last} ({many} {step}{'s' * (many > 1)})"
    due = f"about {one.expected:,.3g} would be expected"
    if one.kind == "area" and not one.missing:
        return (f"Area {one.name} has no row {when}, where {due}: it counts as zero, since chance might give that or "
                "coverage says so; if it did not report, narrow its days in coverage, or exclude it.")  # fmt: skip
    if one.kind == "area":
        return (f"Area {one.name} has no row {when}, where {due} from its share of what the other areas recorded: it "
                "is taken as not having reported, so that its cells are missing, not zero. If they are zeros, name the "
                f"area in coverage, or {ZERO}.")  # fmt: skip
    if one.kind == "part":
        lost = f"{one.name} has no row in any area {when}, where {due}, {one.share:.1%} of the outcome"
        if one.renamed:
            return f"{lost}; the sum is no smaller there, as where a level changes its name, so that it stands."
        if not one.missing:
            return f"{lost}: less than join_limit, so that the smaller sum stands."
        return (f"{lost}: the sum without it is no count of the outcome, so that the cells are missing. If it truly "
                f"was zero, {ZERO}; else leave it out, or narrow the window.")  # fmt: skip
    if one.kind == "edge":
        what = f"{one.name}: only" if one.name else "Only"
        return (f"{what} a part of the {step} from {first} was recorded, by the days of its rows, where {due} in the "
                f"rest: its cells are missing. If the rest is zero, {ZERO}.")  # fmt: skip
    return (f"No area has a row of the outcome {when}, though the source has other rows: {due} at the rate of the "
            f"other {step}s, and chance gives such a silence less than once in a million. It is taken as not recorded, "
            f"so that the cells are missing, not zero. If they are zeros, {ZERO}.")  # fmt: skip
