"""The plots of the kit: each takes a DataFrame and returns a matplotlib Figure, and knows nothing of files or sources.

Every axis says its unit. Nothing here computes a measure: the numbers are drawn as they came.
"""

from collections.abc import Sequence
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from crisiskit.release.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
    MARKERS,
    SERIES,
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
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def bars(data: "pd.DataFrame", label: str, value: str, unit: str) -> "Figure":
    """Draw one horizontal bar per row, the first on top, with its value and any interval (`low`, `high`)."""
    with house():
        names = wrapped(data[label])
        figure, axes = canvas(0.45 + 0.13 * len(data) + 0.14 * lines_of(names))
        places = range(len(data))
        axes.barh(places, data[value], color=BLUE, height=0.7)
        ends = data[value]
        if {"low", "high"} <= set(data.columns) and data["high"].notna().any():
            axes.hlines(places, data["low"], data["high"], color=INK, linewidth=1.2)
            ends = data["high"].fillna(data[value])
        for place, end, number in zip(places, ends, data[value], strict=True):
            _value(axes, end, place, number)
        label_rows(axes, names)
        axes.set_xlim(0, max(ends.max(), 1e-9) * 1.14)
        value_axis(axes, unit)
    return figure


def lines(
    data: "pd.DataFrame", x: str, value: str, unit: str, group: str = "", changes: Sequence[tuple[Any, str]] = ()
) -> "Figure":
    """Draw values over time, one line per `group`; periods flagged in column `incomplete` are hollow and dashed.

    `changes` are (day, what) pairs from the source's log of changes: numbered vertical lines, named in the legend.
    """
    with house():
        figure, axes = canvas(2.9)
        series = [("", data)] if not group else list(data.groupby(group, sort=False))
        for place, (name, rows) in enumerate(series):
            _line(axes, rows, x, value, place, str(name))
        for number, (day, what) in enumerate(changes, 1):
            axes.axvline(day, color=GREY, linestyle=":", linewidth=1.2, label=wrap(f"{number}: {what}", 5.8))
            axes.annotate(f" {number}", (day, 1), xycoords=("data", "axes fraction"), va="top", fontsize=8)
        if data["incomplete"].any():
            axes.plot([], [], "o--", color=INK, markerfacecolor="white", label="incomplete period")
        highest = data["high"].max() if "high" in data and data["high"].notna().any() else data[value].max()
        axes.set_ylim(0, max(float(highest), 1e-9) * 1.08)
        value_axis(axes, unit, "y")
        _dates(axes)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside upper left", ncols=1 if changes else 3)
    return figure


def _line(axes: "Axes", rows: "pd.DataFrame", x: str, value: str, place: int, name: str) -> None:
    """One series: solid between complete periods, dashed to an incomplete one, a band where the interval is known."""
    color, marker = SERIES[place % len(SERIES)], MARKERS[place % len(MARKERS)]
    whole = rows[value].where(~rows["incomplete"])
    many = len(rows) > 70
    axes.plot(rows[x], rows[value], linestyle="--", color=color, linewidth=1)
    axes.plot(rows[x], whole, marker="" if many else marker, color=color, label=name or "_")
    part = rows[rows["incomplete"]]
    axes.plot(part[x], part[value], linestyle="", marker=marker, color=color, markerfacecolor="white")
    if {"low", "high"} <= set(rows.columns) and rows["high"].notna().any():
        axes.fill_between(rows[x], rows["low"], rows["high"], color=color, alpha=0.15, linewidth=0)


def _dates(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=True))


def heat_map(table: "pd.DataFrame", unit: str, x_label: str, y_label: str) -> "Figure":
    """Draw a table of numbers as shades (viridis, dark is few), the first row on top; a missing cell stays white."""
    with house():
        figure, axes = canvas(0.9 + 0.27 * len(table))
        image = axes.imshow(table.to_numpy(dtype=float), cmap="viridis", aspect="auto", vmin=0)
        step = -(-table.shape[1] // 24)
        axes.set_xticks(range(0, table.shape[1], step), [str(name) for name in table.columns[::step]])
        axes.set_yticks(range(len(table)), wrapped(table.index))
        axes.set_xlabel(x_label)
        axes.set_ylabel(y_label)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        figure.colorbar(image, ax=axes, label=wrap(unit, 0.8 + 0.27 * len(table), 9), format="{x:,.10g}", pad=0.02)
    return figure


def ecdf(
    data: "pd.DataFrame",
    x: str,
    share: str,
    unit: str,
    marks: Sequence[tuple[str, float]] = (),
    group: str = "",
    targets: Sequence[tuple[str, float, float]] = (),
) -> "Figure":
    """Draw the share of records (0..1) at or under each value as steps; `marks` are (name, value) guides.

    `targets` are (name, value, share) points that a curve may be held to: lettered, and named in the legend.
    """
    with house():
        figure, axes = canvas(3.0)
        series = [("", data)] if not group else list(data.groupby(group, sort=False))
        for place, (name, rows) in enumerate(series):
            color = SERIES[place % len(SERIES)]
            axes.step(rows[x], 100 * rows[share], where="post", color=color, label=str(name) or "_")
        for name, value in marks:
            axes.axvline(value, color=GREY, linestyle="--", linewidth=1)
            axes.annotate(name, (value, 3), (3, 0), textcoords="offset points", fontsize=8, rotation=90, va="bottom")
        letters: dict[tuple[float, float], str] = {}  # two figures may ask for the same: one point has both letters
        for letter, (name, value, height) in zip(ascii_uppercase, targets, strict=False):
            axes.vlines(value, 0, 100 * height, color=GREY, linestyle=":", linewidth=1)
            axes.plot(value, 100 * height, "D", color=INK, markerfacecolor="white", zorder=3,
                      label=wrap(f"{letter}: {name}", 5.6))  # fmt: skip
            letters[value, height] = letters.get((value, height), "") + letter
        for (value, height), text in letters.items():
            axes.annotate(", ".join(text), (value, 100 * height), (5, 2), textcoords="offset points", fontsize=8)
        axes.set_ylim(0, 104 if targets else 100)
        axes.set_xlim(0, None)
        value_axis(axes, "share within that time (%)", "y")
        value_axis(axes, unit)
        if group or targets:
            figure.legend(loc="outside upper left", ncols=1 if targets else 3)
    return figure


def dots(data: "pd.DataFrame", label: str, unit: str, series: str = "", percent: bool = False) -> "Figure":
    """Draw `value` as a dot and `low`..`high` as a line, a row per `label`; `series` (percentiles, say) share a row.

    With `percent`, values are shares 0..1 and are drawn on an axis from 0 to 100 % at most.
    """
    with house():
        scale = 100 if percent else 1
        labels = list(dict.fromkeys(data[label]))
        kinds = list(dict.fromkeys(data[series])) if series else [""]
        names = wrapped(labels)
        figure, axes = canvas(0.5 + max(0.14, 0.09 * len(kinds)) * len(labels) + 0.14 * lines_of(names))
        for place, kind in enumerate(kinds):
            rows = data[data[series] == kind] if series else data
            shift = 0.0 if len(kinds) == 1 else 0.7 / len(kinds) * (place - (len(kinds) - 1) / 2)
            y = [labels.index(name) + shift for name in rows[label]]
            color, marker = SERIES[place % len(SERIES)], MARKERS[place % len(MARKERS)]
            axes.hlines(y, scale * rows["low"], scale * rows["high"], color=color, linewidth=1.6)
            axes.plot(scale * rows["value"], y, marker, color=color, label=str(kind) or "_", clip_on=False)
        label_rows(axes, names)
        top = scale * data[["value", "high"]].max().max()
        end = min(100, _ceiling(top)) * 1.01 if percent else max(top, 1e-9) * 1.06
        axes.set_xlim(-0.015 * end, end)  # so that a dot at zero does not touch its label
        value_axis(axes, unit)
        for place in range(1, len(labels)):
            axes.axhline(place - 0.5, color=LIGHT, linewidth=0.8)
        if series:
            figure.legend(loc="outside upper left", ncols=3)
    return figure


def _ceiling(top: float) -> float:
    """The next ten per cent above `top`: an axis of shares that neither wastes the page nor cuts an interval."""
    return 10 * (int(top / 10 - 1e-9) + 1)


def flow(data: "pd.DataFrame", label: str, value: str, unit: str) -> "Figure":
    """Draw a waterfall: the first row is the total, each row between takes its value away, the last is what remains.

    Raises ValueError when the rows do not close to zero: a flow that leaks must never be drawn.
    """
    numbers = [float(number) for number in data[value]]
    if abs(numbers[0] - sum(numbers[1:])) > 1e-9:
        raise ValueError(f"the flow does not close: {numbers[0]:,.10g} in, {sum(numbers[1:]):,.10g} accounted for")
    with house():
        names = wrapped(data[label])
        figure, axes = canvas(0.45 + 0.16 * len(data) + 0.14 * lines_of(names))
        level = numbers[0]
        for place, number in enumerate(numbers):
            end = place in (0, len(numbers) - 1)
            left, color = (0.0, GREEN if place else BLUE) if end else (level - number, VERMILLION)
            axes.barh(place, number, left=left, height=0.7, color=color)
            _value(axes, left + number, place, number)
            if 0 < place < len(numbers) - 1:
                axes.vlines(level, place - 0.65, place + 0.35, color=GREY, linewidth=0.8)
                level -= number
        label_rows(axes, names)
        axes.set_xlim(0, max(numbers[0], 1e-9) * 1.14)
        value_axis(axes, unit)
    return figure


def _value(axes: "Axes", end: float, place: int, number: float) -> None:
    """Write a bar's number beside its end."""
    axes.annotate(f"{number:,.10g}", (end, place), (4, 0), textcoords="offset points", va="center", fontsize=8)
