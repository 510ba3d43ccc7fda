"""Plots of the programme's evaluation: series, intervals by row, coefficients, distributions, curves.

Like the other plots: a DataFrame in, a matplotlib Figure out, nothing computed.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from crisiskit.release.style import (
    BLUE,
    GREY,
    INK,
    LIGHT,
    VERMILLION,
    canvas,
    house,
    label_rows,
    lines_of,
    value_axis,
    wrap,
    wrapped,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Mark = tuple[date, str]
Stretch = tuple[date, date, str]


def series(
    panels: Sequence[tuple[str, str, "pd.DataFrame"]], starts: Sequence[Mark], shaded: Sequence[Stretch]
) -> "Figure":
    """Draw panels of (title, unit, table) under each other: a table of `at` and a column per line, the treated first.

    `starts` are dated lines, numbered and named in the legend; `shaded` are stretches of days with a name.
    """
    with house():
        figure, grid = canvas(1.9 * len(panels), len(panels), 1, squeeze=False, sharex=True)
        for place, (axes, (title, unit, data)) in enumerate(zip(grid.flat, panels, strict=True)):
            for name, color, style in zip(data.columns[1:], (VERMILLION, BLUE, GREY), ("-", "--", ":"), strict=False):
                axes.plot(data["at"], data[name], linestyle=style, color=color, marker="o", markersize=3,
                          label=str(name) if place == 0 else "_")  # fmt: skip
            top = max(float(data.iloc[:, 1:].max().max()), 1e-9)
            axes.set_ylim(0, top * 1.12)
            for number, (day, what) in enumerate(starts, 1):
                axes.axvline(_day(day), color=INK, linewidth=0.9, linestyle="--",
                             label=f"{number}: {wrap(what, 5.4)}" if place == 0 else "_")  # fmt: skip
                axes.annotate(str(number), (_day(day), top * 1.12), (2, -8 - 8 * ((number - 1) % 3)),
                              textcoords="offset points", fontsize=7)  # fmt: skip
            for first, last, what in shaded:
                axes.axvspan(_day(first), _day(last), color=LIGHT, alpha=0.6, label=what if place == 0 else "_")
            axes.set_title(title, fontsize=8, loc="left")
            value_axis(axes, wrap(unit, 1.7, 9), "y")
        figure.legend(loc="outside upper left", ncols=1 if starts else 3)
        _months(grid.flat[-1])
    return figure


def _day(day: Any) -> Any:
    import pandas as pd

    return pd.Timestamp(day)


def _months(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def intervals(
    data: "pd.DataFrame", unit: str, marked: str = "", lines: Sequence[tuple[float, str]] = ((0, ""),)
) -> "Figure":
    """Draw a row per line of `data`: `label`, `value`, `low`, `high`; the row whose `marked` column is true stands out.

    `lines` are vertical lines with names. Intervals without an end run to the edge.
    """
    import numpy as np

    with house():
        names = wrapped(data["label"], 2.6)
        figure, axes = canvas(0.5 + 0.1 * len(names) + 0.13 * lines_of(names))
        known = data[["value", "low", "high"]].to_numpy("float64")
        known = known[np.isfinite(known)]
        apart = [*known, *(value for value, _ in lines)]
        left, right = min(apart), max(apart)
        edge = 0.06 * max(right - left, 1e-9)
        for place, row in enumerate(data.to_dict("records")):
            color = VERMILLION if marked and row[marked] else BLUE
            if row["low"] == row["low"]:
                ends = np.clip([row["low"], row["high"]], left - edge, right + edge)
                axes.plot(ends, [place, place], color=color, linewidth=1.6)
            axes.plot([row["value"]], [place], "s" if marked and row[marked] else "o", color=color)
        for value, what in lines:
            axes.axvline(value, color=INK, linewidth=0.9, linestyle="-" if not value else "--", label=what or "_")
        label_rows(axes, names)
        axes.set_xlim(left - edge, right + edge)
        value_axis(axes, wrap(unit, 3.8, 9))
        if any(what for _, what in lines):
            figure.legend(loc="outside upper left", ncols=2)
    return figure


def coefficients(data: "pd.DataFrame", unit: str, across: str) -> "Figure":
    """Draw `estimate` with `low` and `high` over `at`; periods before 0 apart from those after."""
    with house():
        figure, axes = canvas(2.8)
        for before, color, marker, name in ((True, GREY, "o", "before the start"), (False, VERMILLION, "s", "after")):
            rows = data[(data["at"] < 0) == before]
            if len(rows):
                axes.vlines(rows["at"], rows["low"], rows["high"], color=color, linewidth=1.4)
                axes.plot(rows["at"], rows["estimate"], marker, color=color, label=name)
        axes.axhline(0, color=INK, linewidth=0.9)
        axes.axvline(-0.5, color=INK, linewidth=0.9, linestyle="--")
        axes.set_xlabel(across)
        value_axis(axes, wrap(unit, 2.5, 9), "y")
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def distribution(
    values: "Sequence[float]", seen: float, unit: str, limits: tuple[float, float] | None = None
) -> "Figure":
    """Draw how `values` spread, with the one that was seen and the limits beyond which it would be rare."""
    with house():
        figure, axes = canvas(2.3)
        axes.hist(values, bins=min(60, max(10, len(values) // 8)), color=LIGHT, edgecolor=GREY, linewidth=0.5,
                  label="other areas, as if they had got the programme")  # fmt: skip
        axes.axvline(seen, color=VERMILLION, linewidth=2, label="the areas that got it")
        for number, limit in enumerate(limits or ()):
            axes.axvline(limit, color=INK, linewidth=0.9, linestyle="--", label="_" if number else "95 % of them")
        axes.set_xlabel(wrap(unit, 5.5, 9))
        value_axis(axes, "reassignments", "y")
        figure.legend(loc="outside upper left", ncols=1)
    return figure


def curve(data: "pd.DataFrame", unit: str, rows: Sequence[tuple[str, Sequence[str]]]) -> "Figure":
    """Draw sorted estimates with intervals above, and below a dot for what each variant is made of.

    `data` needs `value`, `low`, `high`, `main` (the report's own) and one column per dimension named in `rows`, which
    lists (column, its choices).
    """
    with house():
        lines = [(column, choice) for column, choices in rows for choice in choices]
        names = [wrap(f"{column}: {choice}", 2.2, 7) for column, choice in lines]
        below = 0.1 + 0.15 * lines_of(names)
        figure, (top, bottom) = canvas(2.3 + below, 2, 1, sharex=True, height_ratios=(2.3, below))
        at = range(len(data))
        colors = [VERMILLION if main else BLUE for main in data["main"]]
        top.vlines(at, data["low"], data["high"], color="#CFCFCF", linewidth=max(0.6, min(3, 120 / len(data))))
        top.scatter(at, data["value"], s=9, c=colors, zorder=3)
        main = [place for place, is_main in enumerate(data["main"]) if is_main]
        top.plot(main, data["value"].iloc[main], "s", color=VERMILLION, markersize=6, label="the one of this report")
        top.axhline(0, color=INK, linewidth=0.9)
        value_axis(top, wrap(unit, 2.1, 9), "y")
        for place, (column, choice) in enumerate(lines):
            there = [x for x, value in enumerate(data[column]) if value == choice]
            bottom.scatter(there, [place] * len(there), s=4, color=INK)
        bottom.set_yticks(range(len(names)), names, fontsize=7)
        bottom.set_ylim(len(names) - 0.5, -0.5)
        bottom.tick_params(axis="both", length=0)
        bottom.set_xticks([])
        bottom.set_xlabel("variants, from the lowest to the highest estimate")
        bottom.grid(axis="y")
        figure.legend(loc="outside upper left")
    return figure


def mixed(data: "pd.DataFrame", gaps: "pd.DataFrame", units: tuple[str, str], start: date) -> "Figure":
    """Draw what was seen and the mix above, and below the gap between them beside those of areas treated for show.

    `data`: `at`, then one column per line, the treated one first. `gaps`: `at`, `area`, `treated`, `gap`.
    """
    with house():
        figure, (top, below) = canvas(4.2, 2, 1, sharex=True)
        for name, color, style in zip(data.columns[1:], (VERMILLION, BLUE), ("-", "--"), strict=True):
            top.plot(data["at"], data[name], style, color=color, marker="o", markersize=3, label=str(name))
        for _, rows in gaps[~gaps["treated"]].groupby("area", sort=True):
            below.plot(rows["at"], rows["gap"], color="#CFCFCF", linewidth=0.7)
        own = gaps[gaps["treated"]]
        below.plot(own["at"], own["gap"], color=VERMILLION)
        below.plot([], [], color="#CFCFCF", label="gaps of other areas, as if they had been treated")
        below.axhline(0, color=INK, linewidth=0.9)
        for axes, unit in zip((top, below), units, strict=True):
            axes.axvline(_day(start), color=INK, linewidth=0.9, linestyle="--",
                         label="the programme begins" if axes is top else "_")  # fmt: skip
            value_axis(axes, wrap(unit, 1.9, 9), "y")
        top.set_ylim(0)
        _months(below)
        figure.legend(loc="outside upper left", ncols=2)
    return figure


def bands(panels: Sequence[tuple["pd.DataFrame", str]], unit: str) -> "Figure":
    """Draw `low` to `high` over the first column, with a line at zero: panels of (table, what runs across) abreast."""
    with house():
        figure, grid = canvas(2.6, 1, len(panels), squeeze=False)
        for axes, (data, across) in zip(grid.flat, panels, strict=True):
            x = data.iloc[:, 0]
            axes.fill_between(x, data["low"], data["high"], color=LIGHT)
            axes.plot(x, data["low"], color=GREY)
            axes.plot(x, data["high"], color=GREY)
            axes.axhline(0, color=INK, linewidth=0.9)
            axes.set_xlabel(wrap(across, 5.5 / len(panels), 9))
            value_axis(axes, wrap(unit, 2.2, 9) if axes is grid.flat[0] else "", "y")
    return figure
