"""The plots of the gaps notebook: a way with losses, a clock with its service hours, bounds, pairs, shares by hour.

As in `crisiskit.release.plots`, each takes a DataFrame and returns a matplotlib Figure, and computes no measure.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crisiskit.release.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
    MARKERS,
    SERIES,
    SKY,
    VERMILLION,
    canvas,
    house,
    label_rows,
    lines_of,
    value_axis,
    wrap,
    wrapped,
)  # fmt: skip

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

START, STAGE, LOSS = "start", "stage", "loss"
"""Kinds of rows of a way with losses: where a way begins, what is still on it, and what leaves it there."""


def way(data: "pd.DataFrame", label: str, value: str, kind: str, unit: str) -> "Figure":
    """Draw stages as bars from zero and, between them, each loss where it is taken off the stage before.

    Several ways may stand below each other, each from its own START to its last STAGE. Raises ValueError where a stage
    is not the one before it less the losses between: a way that leaks is not drawn.
    """
    starts = _starts(data, value, kind)
    kinds = list(data[kind])
    with house():
        names = wrapped(data[label], 2.3)
        figure, axes = canvas(0.45 + 0.08 * len(data) + 0.13 * lines_of(names))
        for place, (here, number) in enumerate(zip(kinds, data[value], strict=True)):
            last = kinds[place + 1 :][:1] in ([], [START])
            color = VERMILLION if here == LOSS else GREEN if last else BLUE
            axes.barh(place, number, left=starts[place], height=0.7, color=color)
            _value(axes, starts[place] + number, place, f"{number:,.10g}")
            if here == START and place:
                axes.axhline(place - 0.5, color=GREY, linewidth=0.8)
        label_rows(axes, names)
        axes.set_xlim(0, max(float(data[value].max()), 1e-9) * 1.14)
        value_axis(axes, unit)
    return figure


def _starts(data: "pd.DataFrame", value: str, kind: str) -> list[float]:
    """Where each bar begins: a stage at zero, a loss at what is left after it."""
    level, starts = float("nan"), []
    for here, number in zip(data[kind], data[value].astype(float), strict=True):
        if here == LOSS:
            level -= number
            starts.append(level)
            continue
        if here == STAGE and not abs(level - number) < 1e-9:
            raise ValueError(f"the way does not close: {level:,.10g} left before a stage of {number:,.10g}")
        level = number
        starts.append(0.0)
    return starts


def clock(table: "pd.DataFrame", served: "np.ndarray | None", unit: str) -> "Figure":
    """Draw numbers by weekday (rows) and hour (columns) as shades, with the hours in service (`served`) outlined.

    `served` holds a truth value per cell; None draws no outline.
    """
    with house():
        figure, axes = canvas(0.9 + 0.27 * len(table))
        image = axes.imshow(table.to_numpy(dtype=float), cmap="viridis", aspect="auto", vmin=0)
        axes.set_xticks(range(0, table.shape[1], 2), [str(name) for name in table.columns[::2]])
        axes.set_yticks(range(len(table)), wrapped(table.index))
        axes.set_xlabel("hour of day (local clock)")
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        if served is not None and served.any():
            _outline(axes, served)
            axes.plot([], [], color=VERMILLION, linewidth=2.2, label="service hours")
            figure.legend(loc="outside upper left")
        figure.colorbar(image, ax=axes, label=wrap(unit, 0.8 + 0.27 * len(table), 9), format="{x:,.10g}", pad=0.02)
    return figure


def _outline(axes: "Axes", served: "np.ndarray") -> None:
    """Draw a line along every edge between a cell that is served and one that is not, or the rim."""
    import numpy as np

    padded = np.pad(served.astype(bool), 1)
    for row, column in np.argwhere(padded[:, 1:] != padded[:, :-1]):
        axes.plot([column - 0.5] * 2, [row - 1.5, row - 0.5], color=VERMILLION, linewidth=2.2, clip_on=False)
    for row, column in np.argwhere(padded[1:, :] != padded[:-1, :]):
        axes.plot([column - 1.5, column - 0.5], [row - 0.5] * 2, color=VERMILLION, linewidth=2.2, clip_on=False)


def bounds(data: "pd.DataFrame", label: str, unit: str, percent: bool = True) -> "Figure":
    """Draw, per row, the value among known records with its interval, over the bar within which the truth must lie.

    Columns: `value`, `low`, `high`, `bound_low`, `bound_high`. With `percent`, they are shares 0..1.
    """
    scale = 100 if percent else 1
    with house():
        names = wrapped(data[label], 2.1)
        figure, axes = canvas(0.5 + 0.16 * len(data) + 0.13 * lines_of(names))
        places = range(len(data))
        left, right = scale * data["bound_low"], scale * data["bound_high"]
        axes.barh(places, right - left, left=left, height=0.5, color=SKY, alpha=0.6, label="where the truth can lie")
        axes.hlines(places, scale * data["low"], scale * data["high"], color=INK, linewidth=1.6)
        known = "among known records, with its 95 % interval"
        axes.plot(scale * data["value"], places, "o", color=BLUE, label=known, clip_on=False)
        label_rows(axes, names)
        top = scale * float(data[["high", "bound_high"]].max().max())
        end = min(100.0, 10 * (int(top / 10 - 1e-9) + 1)) if percent else top
        axes.set_xlim(-0.015 * end, 1.02 * end)
        value_axis(axes, unit)
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def dumbbell(data: "pd.DataFrame", label: str, ends: tuple[str, str], names: tuple[str, str], unit: str,
             percent: bool = True) -> "Figure":
    """Draw two values per row (columns `ends`, named `names`) joined by a line: a gap, or a change of position."""
    scale = 100 if percent else 1
    with house():
        rows = wrapped(data[label], 2.1)
        figure, axes = canvas(0.5 + 0.14 * len(data) + 0.13 * lines_of(rows))
        places = range(len(data))
        axes.hlines(places, scale * data[ends[0]], scale * data[ends[1]], color=GREY, linewidth=2)
        for color, marker, end, name in zip(SERIES, MARKERS, ends, names, strict=False):
            axes.plot(scale * data[end], places, marker, color=color, label=name, clip_on=False)
        label_rows(axes, rows)
        top = max(scale * float(data[list(ends)].max().max()), 1e-9)
        axes.set_xlim(-0.015 * top, 1.06 * top)
        value_axis(axes, unit)
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def gaps(data: "pd.DataFrame", label: str, unit: str) -> "Figure":
    """Draw differences from a reference (in points) with intervals, over the bar that missing values leave open.

    Columns: `difference`, `difference_low`, `difference_high`, `difference_bound_low`, `difference_bound_high`, and
    `adjusted_difference` (compared within strata, a square) with its limits; a missing number is not drawn.
    """
    with house():
        names = wrapped(data[label], 2.3)
        figure, axes = canvas(0.5 + 0.16 * len(data) + 0.13 * lines_of(names))
        places = range(len(data))
        ends = [100 * data[f"difference_bound_{end}"].fillna(data["difference"]) for end in ("low", "high")]
        axes.barh(places, ends[1] - ends[0], left=ends[0], height=0.6, color=SKY, alpha=0.6,
                  label="where the truth can lie")  # fmt: skip
        axes.axvline(0, color=GREY, linewidth=1)
        for name, color, marker, words, shift in (("", BLUE, "o", "as counted", -0.12),
                                                  ("adjusted_", VERMILLION, "s", "within strata", 0.12)):  # fmt: skip
            value = data[f"{name}difference"]
            if value.isna().all():
                continue
            y = [place + shift for place in places]
            low, high = (100 * data[f"{name}difference_{end}"] for end in ("low", "high"))
            axes.hlines(y, low, high, color=color, linewidth=1.6)
            axes.plot(100 * value, y, marker, color=color, label=words, clip_on=False)
        label_rows(axes, names)
        value_axis(axes, unit)
        figure.legend(loc="outside upper left", ncols=3)
    return figure


def by_hour(data: "pd.DataFrame", value: str, unit: str, series: str = "", percent: bool = True) -> "Figure":
    """Draw `value` with its interval against column `hour` (0 to 23), one line per `series`."""
    scale = 100 if percent else 1
    with house():
        figure, axes = canvas(2.8)
        groups = list(data.groupby(series, sort=False)) if series else [("", data)]
        for place, (name, rows) in enumerate(groups):
            rows = rows.set_index("hour").reindex(range(24))
            color = SERIES[place % len(SERIES)]
            marker = MARKERS[place % len(MARKERS)]
            axes.plot(rows.index, scale * rows[value], marker=marker, color=color, markersize=4, label=str(name) or "_")
            band = [scale * rows[end].astype(float) for end in ("low", "high")]
            axes.fill_between(rows.index, *band, color=color, alpha=0.15, linewidth=0)
        axes.set_xticks(range(0, 24, 2))
        axes.set_xlim(-0.5, 23.5)
        axes.set_ylim(0, min(100, 1.08 * scale * float(data["high"].max())) if percent else None)
        axes.set_xlabel("hour of day (local clock)")
        value_axis(axes, unit, "y")
        if series:
            figure.legend(loc="outside upper left", ncols=3)
    return figure


def grid(table: "pd.DataFrame", unit: str, wide: Sequence[str] = ()) -> "Figure":
    """Draw shares (0..1) of a small table as shades with the per cent written in each cell; a missing cell stays white.

    `wide` are the column labels where they differ from the table's own.
    """
    import numpy as np

    with house():
        numbers = 100 * table.to_numpy(dtype=float)
        names, heads = wrapped(table.index, 1.7), wrapped(wide or table.columns, 4.4 / table.shape[1], 7)
        tallest = max(lines_of([head]) for head in heads)
        figure, axes = canvas(0.3 + 0.12 * tallest + 0.08 * len(table) + 0.14 * lines_of(names))
        axes.imshow(numbers, cmap="Blues", aspect="auto", vmin=0, vmax=130)
        for row, column in np.argwhere(~np.isnan(numbers)):
            number = numbers[row, column]
            text = f"{number:.0f}" if number == 0 or number >= 0.5 else "<1"
            color = "white" if number > 70 else INK
            axes.annotate(text, (column, row), ha="center", va="center", fontsize=7, color=color)
        axes.set_xticks(range(table.shape[1]), heads, fontsize=7)
        axes.xaxis.tick_top()
        axes.set_yticks(range(len(table)), names)
        axes.set_xlabel(unit)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        for place in range(1, len(table)):
            axes.axhline(place - 0.5, color=LIGHT, linewidth=0.8)
    return figure


def _value(axes: "Axes", end: float, place: int, text: str) -> None:
    """Write a bar's number beside its end."""
    axes.annotate(text, (end, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
