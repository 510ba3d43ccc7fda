"""A site's own history, and studies that are pretended in it: what power before a programme is simulated from.

Nothing is drawn from a model. Counts, season, autocorrelation and over-dispersion are those that the site has had; only
the effect is put in.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from crisiskit.errors import UserError
from crisiskit.impact.panel import Panel

if TYPE_CHECKING:
    from numpy.random import Generator

PER_YEAR = {"week": 52, "month": 12, "quarter": 4, "year": 1}
LEAST = 4  # periods without which there is no history to speak of
COVERED = 0.5  # share of the periods that an area must have, or it is left out


def pre_period(panel: Panel) -> Panel:
    """What the panel looked like before the programme: all areas, the periods before any start; all, where none ran.

    Areas that miss more than half of those periods are left out, then the periods that any other area misses; `notes`
    say which. UserError where fewer than `LEAST` periods remain.
    """
    if not panel.before.any():
        raise UserError(f"the programme runs in the first {panel.step} of the data, {panel.starts[0]}: "
                        "there is no history before it to simulate from")
    history = panel.only(periods=panel.before)
    seen = np.isfinite(history.outcome)
    enough = seen.mean(axis=1) > COVERED
    notes = list(panel.notes)
    if not enough.all():
        gone = [name for name, kept in zip(history.units, enough, strict=True) if not kept]
        notes.append(f"left out of the history, as it misses more than half of its periods: area {', '.join(gone)}")
    whole = seen[enough].all(axis=0) if enough.any() else np.zeros(seen.shape[1], bool)
    if not whole.all():
        notes.append(f"{int((~whole).sum())} of {len(whole)} periods of the history are left out: an area misses them")
    if whole.sum() < LEAST:
        raise UserError(f"the history before the programme has {int(whole.sum())} {panel.step}s that are covered in "
                        f"every area; at least {LEAST} are needed to simulate from")
    kept = {name for name, good in zip(history.units, enough, strict=True) if good}
    return replace(history.only(units=kept, periods=whole), notes=tuple(notes))


def periods_of(months: int, step: str) -> int:
    """Periods of the panel's step in so many months; UserError where they are no whole number (weeks are rounded)."""
    exact = months * PER_YEAR[step] / 12
    periods = round(exact)
    if periods < 1 or (step != "week" and exact != periods):
        raise UserError(f"{months} months are no whole number of {step}s; ask for a multiple of {12 // PER_YEAR[step]}")
    return periods


def halves(length: int, step: str) -> tuple[int, bool]:
    """Periods of a short history that stand on each side of a pretended start, and if the season is kept.

    It is kept where each half has a year: whole years are halved then, and what is left over is left out at random.
    """
    year = PER_YEAR[step]
    if length >= 2 * year:
        return length // year * year // 2, True
    return length // 2, False


def positions(length: int, before: int, after: int, step: str, rng: "Generator") -> np.ndarray:
    """Positions (before + after,) in a history of `length` periods that make one pretended study.

    A stretch at random where the history is long enough. Else a block resampling: the history, closed to a circle, is
    cut at random into two blocks of consecutive periods, one for each side of the start, and a side that is longer than
    its block goes through it again, at the same season where a block has a year (all areas at once, in every case).
    No period stands on both sides: drawn with replacement (a plain moving-block bootstrap) it would, its chance would
    cancel in before and after, and power would be overstated, the more the shorter the history. Source: circular
    blocks, Politis and Romano, in: Exploring the Limits of Bootstrap (1992) 263-270.
    """
    span = before + after
    if length >= span:
        return int(rng.integers(length - span + 1)) + np.arange(span)
    half, seasonal = halves(length, step)
    year = PER_YEAR[step] if seasonal else half
    first, cut = int(rng.integers(length - 2 * half + 1)), int(rng.integers(2 * half))
    targets = np.arange(span)
    places = np.empty(span, "int64")
    for side, pool in ((targets < before, np.arange(half)), (targets >= before, half + np.arange(half))):
        for at in targets[side]:
            same = pool[pool % year == at % year]
            places[at] = same[(at // year) % len(same)]
    return first + (cut + places) % (2 * half)


def how(length: int, before: int, after: int, step: str) -> str:
    """One sentence: how a study of so many periods is made from a history of `length` periods."""
    span = before + after
    if length >= span:
        return (f"studies of {span} {step}s are stretches of the history of {length} {step}s, which has room for "
                f"{length - span + 1} of them")
    half, seasonal = halves(length, step)
    season = "at the same season" if seasonal else "whatever the season, as a half has no year"
    return (f"the history of {length} {step}s is shorter than a study of {span}: it is cut anywhere into two blocks of "
            f"{half} {step}s, one before and one after the start, which are gone through again {season}; so no {step} "
            "stands on both sides, and power is understated rather than overstated")


def inject(outcome: np.ndarray, status: np.ndarray, relative: float, rng: "Generator") -> np.ndarray:
    """The counts with an effect of `relative` in the cells where `status` is 1; whole numbers stay whole numbers.

    A reduction keeps each event with chance 1 + relative (binomial thinning: a Poisson count stays Poisson). An
    increase adds each event again with chance `relative` (with 1.5: once for sure, once more with chance 0.5); it
    varies a little more than real events would, so that power for increases is understated, not overstated. The
    expected count is (1 + relative) times the old one in every cell. Counts that are no whole numbers (weighted) are
    multiplied. Any shape; ValueError for a relative effect of -1 or less.
    """
    if not relative > -1:
        raise ValueError(f"relative {relative}: an effect is above -1, which would leave nothing")
    on = np.asarray(status) > 0
    changed = np.array(outcome, "float64")
    cells = changed[on]
    if (cells != np.floor(cells)).any():
        changed[on] = cells * (1 + relative)
        return changed
    whole = int(np.floor(1 + relative))
    changed[on] = whole * cells + rng.binomial(cells.astype("int64"), 1 + relative - whole)
    return changed


def pretend(
    history: Panel, treated: int, months_before: int, months_after: int, relative: float, rng: "Generator"
) -> tuple[np.ndarray, np.ndarray]:
    """One pretended study in a history without gaps: outcome and status, areas x periods before and after the start.

    The stretch, or the two blocks, are drawn at random (`positions`), then `treated` areas, then their counts after the
    start are changed by `relative` (`inject`). UserError where the months are no whole number of periods.
    """
    units, length = history.outcome.shape
    if not 0 < treated <= units:
        raise ValueError(f"{treated} treated areas of {units}")
    before, after = periods_of(months_before, history.step), periods_of(months_after, history.step)
    outcome = history.outcome[:, positions(length, before, after, history.step, rng)]
    status = np.zeros(outcome.shape)
    status[np.sort(rng.choice(units, treated, replace=False)), before:] = 1
    return inject(outcome, status, relative, rng), status
