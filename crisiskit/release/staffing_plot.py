"""Staff by hour of the week: what the load needs, with the noise of the arrivals, and what is scheduled."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crisiskit.release.style import BLUE, LIGHT, VERMILLION, canvas, house, value_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def staff_week(panels: "Mapping[str, pd.DataFrame]", unit: str) -> "Figure":
    """Draw a week of 168 hours per panel: `value` with the band `low`..`high`, and `scheduled` where it is known.

    The tables have their rows in the order of the week, from Monday 00:00. An hour without a value stays empty.
    """
    from matplotlib.ticker import MaxNLocator

    with house():
        figure, grid = canvas(2.3 * len(panels), len(panels), 1, squeeze=False)
        for axes, (title, rows) in zip(grid.flat, panels.items(), strict=True):
            hours = range(len(rows))
            axes.fill_between(hours, rows["low"], rows["high"], step="post", color=BLUE, alpha=0.2, linewidth=0,
                              label="at the limits of the arrival rate")  # fmt: skip
            axes.step(hours, rows["value"], where="post", color=BLUE, linewidth=1.2, label="needed")
            if rows["scheduled"].notna().any():
                axes.step(hours, rows["scheduled"], where="post", color=VERMILLION, linestyle="--", linewidth=1.2,
                          label="scheduled")  # fmt: skip
            for day in range(1, len(DAYS)):
                axes.axvline(24 * day, color=LIGHT, linewidth=0.8)
            axes.set_xlim(0, len(rows))
            highest = rows[["value", "high", "scheduled"]].max().max()
            axes.set_ylim(0, max(float(highest), 1.0) * 1.08)
            axes.set_title(title, fontsize=8, loc="left")
            value_axis(axes, unit, "y")
            axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.set_xticks([24 * day + 12 for day in range(len(DAYS))], list(DAYS))
            axes.tick_params(axis="x", length=0)
        handles, names = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=3)
    return figure
