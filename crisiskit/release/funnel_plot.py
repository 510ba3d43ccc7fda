"""Rates of areas within the noise of their size: as rows with the limits of each, and as a funnel over population."""

from collections.abc import Sequence
from dataclasses import dataclass
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

BANDS = (("95", "-"), ("998", "--"))
NAMES = {"95": "95 % limits", "998": "99.8 % limits"}


@dataclass(frozen=True)
class Panel:
    """Areas of one group: `areas` has a row per area, `limits` a row per population; `centre` is the common rate.

    `areas` needs `label`, `population`, `value`, `low`, `high`, `far` (outside the outer limits) and the columns of
    `limits`, which are `population`, `low95`, `high95`, `low998` and `high998`.
    """

    title: str
    areas: "pd.DataFrame"
    limits: "pd.DataFrame"
    centre: float


def funnel(panels: Sequence[Panel], unit: str) -> "Figure":
    """Draw each panel's areas over their population, within the limits; areas that lie far outside are named."""
    with house():
        figure, grid = canvas(3.0 * len(panels), len(panels), 1, squeeze=False)
        for axes, panel in zip(grid.flat, panels, strict=True):
            for name, style in BANDS:
                for side in ("low", "high"):
                    axes.plot(panel.limits["population"], panel.limits[f"{side}{name}"], linestyle=style, color=GREY,
                              linewidth=1.1, label=NAMES[name] if side == "low" else "_")  # fmt: skip
            axes.axhline(panel.centre, color=INK, linewidth=1, label="all areas together")
            _points(axes, panel)
            axes.set_xlim(0, float(panel.limits["population"].max()))
            highest = float(panel.areas["value"].max())
            widest = float(panel.limits["high998"].max())  # of a very small area, and far above every rate
            axes.set_ylim(0, max(highest, min(widest, 3 * highest), 1e-9) * 1.06)
            axes.set_title(panel.title, fontsize=8, loc="left")
            value_axis(axes, "population")
            value_axis(axes, wrap(unit, 2.6, 9), "y")
        _one_legend(figure, list(grid.flat))
    return figure


def _one_legend(figure: "Figure", panels: "Sequence[Axes]") -> None:
    """One legend over all panels, each thing once."""
    keys: dict[str, Any] = {}
    for axes in panels:
        handles, names = axes.get_legend_handles_labels()
        keys |= dict(zip(names, handles, strict=True))
    figure.legend(list(keys.values()), list(keys), loc="outside upper left", ncols=3)


def _points(axes: "Axes", panel: Panel) -> None:
    """The areas: colour and marker tell those far outside, and their names stand beside them."""
    for far, color, marker, label in ((False, BLUE, "o", "area"), (True, VERMILLION, "s", "area far outside")):
        rows = panel.areas[panel.areas["far"] == far]
        if len(rows):
            axes.plot(rows["population"], rows["value"], marker, color=color, label=label)
    middle = float(panel.limits["population"].max()) / 2
    for row in panel.areas[panel.areas["far"]].itertuples():
        right = row.population <= middle
        axes.annotate(str(row.label), (row.population, row.value), (5 if right else -5, 2), textcoords="offset points",
                      ha="left" if right else "right", fontsize=7)  # fmt: skip


def rows_in_limits(panels: Sequence[Panel], unit: str) -> "Figure":
    """Draw a row per area: its rate with its interval, over the limits that chance gives an area of its size.

    All panels stand side by side and have the rows of the first, in its order; an area that a panel lacks stays empty.
    """
    with house():
        labels = list(dict.fromkeys(name for panel in panels for name in panel.areas["label"]))
        names = wrapped(labels)
        figure, grid = canvas(0.6 + 0.09 * len(labels) + 0.14 * lines_of(names), 1, len(panels), squeeze=False,
                              sharey=True)  # fmt: skip
        for axes, panel in zip(grid.flat, panels, strict=True):
            places = [labels.index(name) for name in panel.areas["label"]]
            for name, height, shade in (("998", 0.8, LIGHT), ("95", 0.5, "#C9C9C9")):
                axes.barh(places, panel.areas[f"high{name}"] - panel.areas[f"low{name}"], height=height, color=shade,
                          left=panel.areas[f"low{name}"], label=NAMES[name])  # fmt: skip
            axes.axvline(panel.centre, color=INK, linewidth=1, label="all areas together")
            axes.hlines(places, panel.areas["low"], panel.areas["high"], color=INK, linewidth=1.2)
            for far, color, marker, label in ((False, BLUE, "o", "area"), (True, VERMILLION, "s", "area far outside")):
                rows = panel.areas[panel.areas["far"] == far]
                if len(rows):
                    axes.plot(rows["value"], [labels.index(name) for name in rows["label"]], marker, color=color,
                              label=label)  # fmt: skip
            axes.set_xlim(0, max(float(panel.areas[["high", "high998"]].max().max()), 1e-9) * 1.04)
            axes.set_title(panel.title, fontsize=8, loc="left")
            value_axis(axes, wrap(unit, 4.4 / len(panels), 9))
        label_rows(grid.flat[0], names)
        for axes in grid.flat:
            axes.tick_params(axis="y", length=0)
            axes.spines["left"].set_visible(False)
        _one_legend(figure, list(grid.flat))
    return figure
