"""Where and when the programme ran: the roll-out as a table, and as a status of areas by periods."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from crisiskit.days import iso_day
from crisiskit.errors import UserError, nearest
from crisiskit.impact.question import Running

COLUMNS = ("area", "start", "end", "hours", "dose")


def read(path: str | Path) -> tuple[Running, ...]:
    """The roll-out of a CSV file with the columns area, start, end, hours, dose (the last three may be absent).

    UTF-8 with or without byte-order mark; comma, semicolon or tab; spaces round cells and blank lines are forgiven.
    Areas are read as text, leading zeros and all; an empty `end` means that the programme still runs. UserError with
    file and line for an unknown column, a bad day, a negative dose, an end before its start, or stretches of one area
    that overlap.
    """
    lines = _lines(Path(path))
    if not lines:
        raise UserError(f"{path}: the file is empty; it should begin with the line {','.join(COLUMNS)}")
    number, header = lines[0]
    names = _header(header, f"{path}, line {number}")
    found = [(_running(dict(zip(names, cells, strict=False)), cells, names, f"{path}, line {line}"), line)
             for line, cells in lines[1:]]  # fmt: skip
    if not found:
        raise UserError(f"{path}: holds no line below its header; write one per area and stretch")
    _refuse_overlap([run for run, _ in found], [f"{path}, line {line}" for _, line in found])
    return tuple(run for run, _ in found)


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Line number and stripped cells of every line that is not blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not text in UTF-8 (byte {error.start}); save it as 'CSV UTF-8'") from error
    first = next((line for line in text.splitlines() if line.strip(" ,;\t")), "")
    reader = csv.reader(text.splitlines(), delimiter=max(",;\t", key=first.count), skipinitialspace=True)
    rows = [(reader.line_num, [cell.strip().strip("\u00a0") for cell in cells]) for cells in reader]
    return [(number, cells) for number, cells in rows if any(cells)]


def _header(cells: list[str], where: str) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    names = [cell.lower() for cell in cells]
    for name in names:
        if name not in COLUMNS:
            raise UserError(f"{where}: unknown column '{name}' (columns: {', '.join(COLUMNS)}){nearest(name, COLUMNS)}")
        if names.count(name) > 1:
            raise UserError(f"{where}: column '{name}' stands twice")
    if lacks := [name for name in ("area", "start") if name not in names]:
        raise UserError(f"{where}: column '{lacks[0]}' is missing (columns: {', '.join(COLUMNS)})")
    return names


def _running(cells: dict[str, str], raw: list[str], names: list[str], where: str) -> Running:
    if any(raw[len(names) :]):
        raise UserError(f"{where}: {len(raw)} cells, but the header has {len(names)}")
    area = cells.get("area", "")
    if not area:
        raise UserError(f"{where}: the area is empty")
    if not cells.get("start"):
        raise UserError(f"{where}: area '{area}' has no start; write its first day as YYYY-MM-DD")
    start = _day(cells["start"], f"{where}, start")
    end = _day(cells["end"], f"{where}, end") if cells.get("end") else None
    if end is not None and end < start:
        raise UserError(f"{where}: area '{area}' ends on {end}, before it starts on {start}")
    return Running(area=area, start=start, end=end, hours=cells.get("hours", ""),
                   dose=_dose(cells.get("dose", ""), where))  # fmt: skip


def _day(text: str, where: str) -> date:
    try:
        day: date = iso_day(text)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error
    return day


def _dose(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        dose = float(text)
    except ValueError as error:
        raise UserError(f"{where}: dose '{text}' is no number; write contacts delivered, such as 120") from error
    if not 0 <= dose < float("inf"):
        raise UserError(f"{where}: dose {text} should be 0 or more contacts")
    return dose


def _refuse_overlap(runs: Sequence[Running], where: Sequence[str]) -> None:
    order = sorted(range(len(runs)), key=lambda place: (runs[place].area, runs[place].start, place))
    for one, two in zip(order[:-1], order[1:], strict=True):
        earlier, later = runs[one], runs[two]
        if earlier.area == later.area and (earlier.end is None or later.start <= earlier.end):
            until = "has no end" if earlier.end is None else f"ends on {earlier.end}"
            raise UserError(
                f"{where[two]}: area '{later.area}' starts on {later.start}, but its stretch from {earlier.start} "
                f"({where[one]}) {until}; the stretches of an area must not overlap"
            )


@dataclass(frozen=True)
class Partly:
    """A period that the programme served on some of its days only, and whether it counts as treated."""

    area: str
    start: date
    served: float
    treated: bool


def served(runs: Sequence[Running], units: Sequence[str], starts: Sequence[date], ends: Sequence[date]) -> np.ndarray:
    """Share of the days of each period (columns) on which the programme ran in each unit (rows): N x T, 0 to 1.

    Raises the UserErrors that `status` names.
    """
    _refuse(runs, units, starts, ends)
    share = np.zeros((len(units), len(starts)))
    place = {name: row for row, name in enumerate(units)}
    for run in sorted(runs, key=lambda run: (run.area, run.start)):
        share[place[run.area]] += run_days(run, starts, ends)
    return share / np.array([(last - first).days + 1 for first, last in zip(starts, ends, strict=True)])


def run_days(run: Running, starts: Sequence[date], ends: Sequence[date]) -> np.ndarray:
    """Days of each period on which one stretch ran (T)."""
    spans = zip(starts, ends, strict=True)
    return np.array([max(0, (min(last, run.end or last) - max(first, run.start)).days + 1) for first, last in spans])


def status(
    runs: Sequence[Running], units: Sequence[str], starts: Sequence[date], ends: Sequence[date], share: float = 0.5
) -> np.ndarray:
    """1 where the programme ran on at least `share` of the days of the period, 0 elsewhere: N x T.

    `starts` and `ends` are the first and last days of the periods. Staggered starts, pauses and on/off are allowed.
    UserError for an area that is not among the units, stretches of one area that overlap, a stretch wholly before or
    after the data, and a programme that starts before or in the first period.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share} should lie above 0 and be at most 1")
    return (served(runs, units, starts, ends) >= share - 1e-9).astype("float64")


def compared(status: np.ndarray) -> int:
    """Periods (of T) up to the last in which some unit is untreated.

    T where all units of `status` start at once: then no shorter panel would have more to compare with.
    """
    on = status > 0
    if not on.any(axis=1).all() or len(set(on.argmax(axis=1))) == 1:
        return int(status.shape[1])
    return int(np.flatnonzero(~on.all(axis=0))[-1]) + 1


def partly(
    runs: Sequence[Running], units: Sequence[str], starts: Sequence[date], ends: Sequence[date], share: float = 0.5
) -> tuple[Partly, ...]:
    """The cells that the programme served on some of the days only, in order of area and time."""
    days = served(runs, units, starts, ends)
    cells = np.argwhere((days > 0) & (days < 1 - 1e-9))
    return tuple(
        Partly(units[row], starts[column], float(days[row, column]), bool(days[row, column] >= share - 1e-9))
        for row, column in cells
    )


def _refuse(runs: Sequence[Running], units: Sequence[str], starts: Sequence[date], ends: Sequence[date]) -> None:
    """Raise UserError for stretches that the units and periods cannot hold."""
    if not len(starts):
        raise UserError("the panel has no period")
    known = set(units)
    for run in runs:
        if run.area not in known:
            raise UserError(f"roll-out: area '{run.area}' is none of the {len(units)} areas of the data"
                            f"{nearest(run.area, units)}")  # fmt: skip
    _refuse_overlap(runs, [f"roll-out, line {line}" for line in range(1, len(runs) + 1)])
    for run in runs:
        if run.start > ends[-1]:
            raise UserError(f"roll-out: area '{run.area}' starts on {run.start}, after the data end on {ends[-1]}")
        if run.end is not None and run.end < starts[0]:
            raise UserError(f"roll-out: area '{run.area}' ends on {run.end}, before the data begin on {starts[0]}")
        if run.start <= ends[0]:
            raise UserError(
                f"roll-out: area '{run.area}' starts on {run.start}, in or before the first period ({starts[0]} to "
                f"{ends[0]}), so there is nothing to compare with; get earlier data, or exclude the area"
            )
