"""The periods of a panel: whole ones, inside the data and the window, in which the outcome was recorded."""

from collections.abc import Sequence
from datetime import date as Date
from datetime import timedelta

from crisiskit.errors import UserError
from crisiskit.impact.cells import Cells, last_day, step_of
from crisiskit.impact.question import Question, Running
from crisiskit.impact.recorded import Recorded


def periods(cells: Cells, question: Question) -> tuple[tuple[Date, ...], list[str]]:
    """First days of the whole periods inside the data and the window, and notes on those that were left out."""
    step, window = question.step, question.window
    if window and (window.last < cells.first or window.first > cells.last):
        raise UserError(f"window {window.first} to {window.last} does not meet the data ({cells.first} to "
                        f"{cells.last})")  # fmt: skip
    if window and step_of(window.first, step) < step_of(cells.first, step):
        raise UserError(f"window begins on {window.first}, but the data begin on {cells.first}; begin it "
                        "there or later")  # fmt: skip
    starts: list[Date] = []
    partial: list[Date] = []
    day = step_of(window.first if window else cells.first, step)
    stop = min(window.last, cells.last) if window else cells.last
    low = max(window.first, cells.first) if window else cells.first
    while day <= stop:
        end = last_day(day, step)
        (starts if low <= day and end <= stop else partial).append(day)
        day = end + timedelta(days=1)
    if not starts:
        raise UserError(f"no whole {step} lies between {low} and {stop}")
    notes = [f"The {step} from {day} is left out: only part of it lies between {low} and {stop}." for day in partial]
    if window and window.last > cells.last:
        notes.append(f"The window ends on {window.last}, the data end on {cells.last}.")
    return tuple(starts), notes


def kept(starts: tuple[Date, ...], main: Recorded, question: Question) -> tuple[tuple[Date, ...], list[str]]:
    """The periods from the first to the last in which the question's own outcome was recorded, and a note on the cut.

    Every outcome of a question has the same periods, so that they can be tested together.
    """
    there = [place for place, day in enumerate(starts) if day not in main.nowhere]
    if not there:
        raise UserError(f"outcome '{question.outcome.label}' was not recorded in any {question.step} from {starts[0]} "
                        f"to {starts[-1]}; if it was and is 0, say empty: zero in the outcome")  # fmt: skip
    left = starts[there[0] : there[-1] + 1]
    if left == starts:
        return starts, []
    sides = " and ".join(word for word, off in (("before", there[0]), ("after", left[-1] != starts[-1])) if off)
    return left, [f"The panel goes from {left[0]} to {last_day(left[-1], question.step)}: {sides} that, outcome "
                  f"'{question.outcome.label}' was not recorded."]  # fmt: skip


def within(
    runs: Sequence[Running], cells: Cells, starts: Sequence[Date], ends: Sequence[Date], cut: Sequence[str]
) -> tuple[tuple[Running, ...], list[str]]:
    """The stretches that begin by the last day of the panel; UserError for those after all the data, or before it."""
    why = f" ({cut[0].rstrip('.')}; if it was and is 0, say empty: zero in the outcome)" if cut else ""
    for run in runs:
        if run.start > cells.last:
            raise UserError(f"roll-out: area '{run.area}' starts on {run.start}, after the data end on {cells.last}")
        if cut and run.start <= ends[0] and (run.end is None or run.end >= starts[0]):
            raise UserError(f"roll-out: area '{run.area}' starts on {run.start}, in or before the first period in "
                            f"which the outcome was recorded, so there is nothing to compare with{why}")  # fmt: skip
    inside, notes = begun(runs, ends[-1])
    if not inside:
        raise UserError(f"the programme starts on {min(run.start for run in runs)}, after the panel ends on "
                        f"{ends[-1]}; no treated area is left{why}")  # fmt: skip
    return inside, notes


def begun(runs: Sequence[Running], last: Date) -> tuple[tuple[Running, ...], list[str]]:
    """The stretches that begin by a day, and notes on the others."""
    later = [run for run in runs if run.start > last]
    notes = [f"Area {run.area}: the stretch from {run.start} lies after the panel." for run in later]
    return tuple(run for run in runs if run.start <= last), notes
