"""Plots of series in time: ratios by calendar, trend beside season, control charts, forecasts, reporting lag.

Like the other plots: a DataFrame in, a matplotlib Figure out, nothing computed. Where there are several series each has
a panel of its own with its own axis, as their sizes may differ a hundredfold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from crisiskit.release.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
    MARKERS,
    SERIES,
    VERMILLION,
    WIDTH_IN,
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

PANEL_IN = 1.75
MANY = 70  # points beyond which a mark for each would run together
MONTHS = ("J", "F", "M", "A", "M", "J", "J", "A", "S", "O", "N", "D")
LAGS = (1, 7, 30)


@dataclass(frozen=True)
class Panel:
    """One series to draw: what it is called, its numbers, the unit of its axis; `more` are further numbers of it.

    With `percent`, values are shares 0 to 1 and are drawn as per cent.
    """

    title: str
    data: "pd.DataFrame"
    unit: str
    more: "pd.DataFrame | None" = None
    percent: bool = False


def ratios(data: "pd.DataFrame", label: str, unit: str, effect: str, series: str = "") -> "Figure":
    """Draw ratios (`value`, `low`, `high`) as dots with lines, a row per label, against a line at 1.

    A heavier rule parts the rows of one `effect` from those of the next; `series` share a row.
    """
    with house():
        labels = list(dict.fromkeys(data[label]))
        kinds = list(dict.fromkeys(data[series])) if series else [""]
        names = wrapped(labels)
        figure, axes = canvas(0.5 + max(0.06, 0.09 * len(kinds)) * len(labels) + 0.14 * lines_of(names))
        axes.axvline(1, color=INK, linewidth=1)
        for place, kind in enumerate(kinds):
            rows = data[data[series] == kind] if series else data
            shift = 0.0 if len(kinds) == 1 else 0.7 / len(kinds) * (place - (len(kinds) - 1) / 2)
            y = [labels.index(name) + shift for name in rows[label]]
            color, marker = SERIES[place % len(SERIES)], MARKERS[place % len(MARKERS)]
            axes.hlines(y, rows["low"], rows["high"], color=color, linewidth=1.6)
            axes.plot(rows["value"], y, marker, color=color, label=str(kind) or "_")
        label_rows(axes, names)
        value_axis(axes, unit)
        first = data.drop_duplicates(label).reset_index(drop=True)
        for place in range(1, len(first)):
            new = first[effect][place] != first[effect][place - 1]
            axes.axhline(place - 0.5, color=GREY if new else LIGHT, linewidth=1.2 if new else 0.6)
        if series:
            figure.legend(loc="outside upper left", ncols=3)
    return figure


def decompositions(panels: Sequence[Panel]) -> "Figure":
    """Draw, per series, contacts a day with their trend, and beside it the mean season by month.

    `data` has `first_day`, `rate`, `trend`; `more` has `month` (1 to 12), `season` and `neutral`, the season's level
    that means none.
    """
    with house():
        figure, grid = canvas(PANEL_IN * len(panels) + 0.4, len(panels), 2, squeeze=False, width_ratios=(1.7, 1))
        for (left, right), panel in zip(grid, panels, strict=True):
            left.plot(panel.data["first_day"], panel.data["rate"], "o", color=SERIES[5], markersize=3, label="month")
            left.plot(panel.data["first_day"], panel.data["trend"], color=BLUE, linewidth=2, label="trend")
            left.set_ylim(0, panel.data["rate"].max() * 1.1)
            _named(left, panel.title)
            value_axis(left, panel.unit, "y")
            _dates(left)
            assert panel.more is not None
            right.axhline(panel.more["neutral"].iloc[0], color=INK, linewidth=1)
            right.plot(panel.more["month"], panel.more["season"], "s-", color=GREEN, markersize=4, label="season")
            right.set_xticks(range(1, 13), MONTHS)
            value_axis(right, "season (ratio)" if panel.more["neutral"].iloc[0] else "season (contacts a day)", "y")
            right.margins(y=0.15)
        _legend(figure, [*grid[0]])
    return figure


def control(panels: Sequence[Panel]) -> "Figure":
    """Draw control charts: values, centre, limits that step with the exposure, and signals by shape and colour.

    `data` has `first_day`, `value`, `low`, `high`, `centre`, `beyond`, `signal`, `incomplete`.
    """
    with house():
        figure, grid = canvas(PANEL_IN * len(panels) + 0.3, len(panels), 1, squeeze=False)
        for axes, panel in zip(grid[:, 0], panels, strict=True):
            rows = panel.data.copy()
            rows[["value", "low", "high", "centre"]] *= 100 if panel.percent else 1
            whole = rows[~rows["incomplete"]]
            for end in ("low", "high"):
                axes.step(rows["first_day"], rows[end], where="mid", color=GREY, linestyle="--", linewidth=1,
                          label="limits (3 sigma)" if end == "low" else "_")  # fmt: skip
            axes.plot(rows["first_day"], rows["centre"], color=INK, linewidth=1, label="centre")
            many = len(rows) > MANY
            axes.plot(rows["first_day"], rows["value"].where(~rows["incomplete"]), marker="" if many else "o",
                      color=BLUE, linewidth=1, markersize=3, label="value")  # fmt: skip
            run, far = whole[whole["signal"] & ~whole["beyond"]], whole[whole["beyond"]]
            axes.plot(run["first_day"], run["value"], "s", color=SERIES[3], markersize=4.5, label="in a run")
            axes.plot(far["first_day"], far["value"], "D", color=VERMILLION, markersize=5, label="beyond the limits")
            part = rows[rows["incomplete"]]
            axes.plot(part["first_day"], part["value"], "o", color=BLUE, markerfacecolor="white", markersize=4,
                      label="incomplete period" if len(part) else "_")  # fmt: skip
            _named(axes, panel.title)
            value_axis(axes, panel.unit, "y")
            axes.margins(y=0.1)
            _dates(axes)
        _legend(figure, grid[:, 0])
    return figure


def forecasts(panels: Sequence[Panel]) -> "Figure":
    """Draw the months seen, and those expected with their interval: `data` and `more` have `first_day`, `contacts`."""
    with house():
        figure, grid = canvas(PANEL_IN * len(panels) + 0.5, len(panels), 1, squeeze=False)
        for axes, panel in zip(grid[:, 0], panels, strict=True):
            seen, ahead = panel.data, panel.more
            assert ahead is not None
            axes.plot(seen["first_day"], seen["contacts"], "o-", color=BLUE, markersize=3, linewidth=1.2, label="seen")
            axes.fill_between(ahead["first_day"], ahead["low"], ahead["high"], color=VERMILLION, alpha=0.2,
                              linewidth=0, label="interval")  # fmt: skip
            axes.plot(ahead["first_day"], ahead["contacts"], "s--", color=VERMILLION, markersize=3, linewidth=1.2,
                      label="expected")  # fmt: skip
            axes.set_ylim(0, max(seen["contacts"].max(), ahead["high"].max()) * 1.08)
            _named(axes, panel.title)
            value_axis(axes, panel.unit, "y")
            _dates(axes)
        _legend(figure, grid[:, 0])
    return figure


def delays(panels: Sequence[Panel]) -> "Figure":
    """Draw the share of records written within 1, 7 and 30 days by month of contact, and the share expected by now.

    The three stand a few days apart, so that equal shares do not hide each other.

    `data` has `first_day`, `days`, `value`, `low`, `high`; `more` has `first_day` and `expected_share` of every month.
    """
    with house():
        figure, grid = canvas(PANEL_IN * len(panels) + 0.6, len(panels), 1, squeeze=False)
        for axes, panel in zip(grid[:, 0], panels, strict=True):
            assert panel.more is not None
            months = panel.more["first_day"]
            for place, days in enumerate(LAGS):
                rows = panel.data[panel.data["days"] == days].set_index("first_day").reindex(months)
                color, beside = SERIES[place], months + timedelta(days=4 * (place - 1))
                axes.plot(beside, 100 * rows["value"], marker=MARKERS[place], color=color, markersize=3.5,
                          linewidth=1.2, label=f"within {days} day{'s' * (days > 1)}", clip_on=False)  # fmt: skip
                axes.vlines(beside, 100 * rows["low"], 100 * rows["high"], color=color, linewidth=1, alpha=0.5)
            axes.plot(months, 100 * panel.more["expected_share"], ":", color=INK, linewidth=1.4,
                      label="expected to be written by now", clip_on=False)  # fmt: skip
            axes.set_ylim(0, 100)
            _named(axes, panel.title)
            value_axis(axes, panel.unit, "y")
            _dates(axes)
        _legend(figure, grid[:, 0])
    return figure


def _named(axes: "Axes", title: str) -> None:
    """Write a panel's name above it, wrapped; a figure of one panel has none."""
    if title:
        axes.set_title(wrap(title, WIDTH_IN - 1.0, 9), loc="left", fontsize=9)


def _dates(axes: "Axes") -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=True))


def _legend(figure: "Figure", every: Sequence["Axes"]) -> None:
    """One legend for all panels: a kind of mark that any panel draws is named once."""
    named: dict[str, object] = {}
    for axes in every:
        for handle, name in zip(*axes.get_legend_handles_labels(), strict=True):
            if not hasattr(handle, "get_xdata") or len(handle.get_xdata()):
                named.setdefault(name, handle)
    figure.legend(list(named.values()), list(named), loc="outside upper left", ncols=3)
