"""The plots of practice: values on both sides of zero, distances from the whole, a score over its thresholds.

As in `crisiskit.release.plots`, each takes a DataFrame and returns a matplotlib Figure, and computes no measure.
"""

from typing import TYPE_CHECKING

from crisiskit.release.style import (
    GREY,
    INK,
    LIGHT,
    SERIES,
    canvas,
    house,
    label_rows,
    lines_of,
    value_axis,
    wrapped,
)  # fmt: skip

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

FAR = 6.0  # distance from the rest at which a shade is at its darkest


def around_zero(data: "pd.DataFrame", label: str, unit: str, top: float | None = None) -> "Figure":
    """Draw `value` as a dot and `low`..`high` as a line, a row per `label`, on an axis that always holds zero.

    `top` is the end of the axis where the values have a highest one, as an agreement has 1.
    """
    with house():
        names = wrapped(data[label])
        figure, axes = canvas(0.6 + 0.14 * len(data) + 0.14 * lines_of(names))
        places = range(len(data))
        axes.axvline(0, color=GREY, linewidth=1)
        axes.hlines(places, data["low"], data["high"], color=SERIES[0], linewidth=1.6)
        axes.plot(data["value"], places, "o", color=SERIES[0], clip_on=False)
        label_rows(axes, names)
        ends = data[["value", "low", "high"]]
        lowest, highest = min(float(ends.min().min()), 0.0), max(float(ends.max().max()), 0.0)
        highest = highest if top is None else top
        room = 0.03 * max(highest - lowest, 1e-9)
        axes.set_xlim(lowest - room, highest + room)
        value_axis(axes, unit)
        for place in range(1, len(data)):
            axes.axhline(place - 0.5, color=LIGHT, linewidth=0.8)
    return figure


def distances(table: "pd.DataFrame", unit: str) -> "Figure":
    """Draw signed numbers as shades of two colours with the number in each cell; a missing cell stays white.

    White is zero; a number of `FAR` or more on either side has the darkest shade. The first row stands on top.
    """
    import numpy as np

    with house():
        numbers = table.to_numpy(dtype=float)
        size = 7 if table.shape[1] < 8 else 6  # so that no word of a head is broken
        names, heads = wrapped(table.index, 1.9), wrapped(table.columns, 4.3 / table.shape[1], size)
        tallest = max(lines_of([head]) for head in heads)
        figure, axes = canvas(0.5 + 0.12 * tallest + 0.1 * len(table) + 0.14 * lines_of(names))
        image = axes.imshow(numbers, cmap="PuOr_r", aspect="auto", vmin=-FAR, vmax=FAR)
        for row, column in np.argwhere(~np.isnan(numbers)):
            number = numbers[row, column]
            color = "white" if abs(number) > 0.75 * FAR else INK
            text = "0.0" if abs(number) < 0.05 else f"{number:+.1f}"
            axes.annotate(text, (column, row), ha="center", va="center", fontsize=7, color=color)
        axes.set_xticks(range(table.shape[1]), heads, fontsize=size)
        axes.xaxis.tick_top()
        axes.set_yticks(range(len(table)), names)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        figure.colorbar(image, ax=axes, label=unit, location="bottom", shrink=0.6, aspect=40, extend="both")
    return figure


def thresholds(data: "pd.DataFrame", unit: str) -> "Figure":
    """Draw sensitivity and specificity, each with its band, over the score from which on a case is flagged."""
    with house():
        figure, axes = canvas(2.8)
        few = len(data) < 30
        for place, name in enumerate(("sensitivity", "specificity")):
            color, marker = SERIES[place], ("o", "s")[place] if few else ""
            axes.plot(data["threshold"], 100 * data[name], marker=marker, color=color, label=name)
            axes.fill_between(data["threshold"], 100 * data[f"{name}_low"], 100 * data[f"{name}_high"], color=color,
                              alpha=0.15, linewidth=0)  # fmt: skip
        axes.set_ylim(0, 102)
        value_axis(axes, "share (%)", "y")
        value_axis(axes, unit)
        figure.legend(loc="outside upper left", ncols=2)
    return figure
