"""The curve of those still waiting, with how many it rests on at each time below it."""

from typing import TYPE_CHECKING

from crisiskit.release.style import SERIES, canvas, house, value_axis

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_IN = 0.17  # height of one row of the table of numbers at risk, inches


def still_waiting(data: "pd.DataFrame", unit: str, group: str = "", until: float | None = None) -> "Figure":
    """Draw `survival` (0..1) over `time_s` as steps with its band, and below the axis `at_risk` at its ticks.

    The number at a tick is that of the first row at or after it: still waiting just before somebody was answered.
    Where no row follows, nobody was, and the place stays empty.
    """
    with house():
        series = [("", data)] if not group else list(data.groupby(group, sort=False))
        below = 0.3 + ROW_IN * len(series)
        figure, (axes, table) = canvas(2.8 + below, 2, 1, sharex=True, height_ratios=[2.8, below])
        for place, (name, rows) in enumerate(series):
            color = SERIES[place % len(SERIES)]
            axes.step(rows["time_s"], 100 * rows["survival"], where="post", color=color, label=str(name) or "_")
            axes.fill_between(rows["time_s"], 100 * rows["low"], 100 * rows["high"], step="post", color=color,
                              alpha=0.18, linewidth=0)  # fmt: skip
        axes.set_ylim(0, 100)
        axes.set_xlim(0, until or float(data["time_s"].max()))
        value_axis(axes, "still without an answer (%)", "y")
        value_axis(axes, unit)
        axes.tick_params(axis="x", labelbottom=True)
        _at_risk(table, series, [tick for tick in axes.get_xticks() if 0 <= tick <= axes.get_xlim()[1]])
        if group:
            figure.legend(loc="outside upper left", ncols=3)
    return figure


def _at_risk(axes: "Axes", series: "list[tuple[object, pd.DataFrame]]", ticks: list[float]) -> None:
    """Write the numbers at risk, a row per group in the group's colour and order."""
    for place, (_name, rows) in enumerate(series):
        for tick in ticks:
            later = rows.loc[rows["time_s"] >= tick, "at_risk"]
            if len(later):
                axes.annotate(f"{int(later.iloc[0]):,}", (tick, place), ha="center", va="center", fontsize=7,
                              color=SERIES[place % len(SERIES)], annotation_clip=False)  # fmt: skip
    axes.set_yticks(range(len(series)), [str(name) or "all" for name, _ in series], fontsize=7)
    axes.set_ylim(len(series) - 0.4, -0.6)
    axes.set_title("still waiting, just before the next answer", fontsize=7, loc="left", pad=2)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelbottom=False)
    axes.tick_params(axis="y", pad=16)  # so that a number at zero does not touch its row's name
