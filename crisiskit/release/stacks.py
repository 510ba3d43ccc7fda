"""Stacked plots of completeness: known, the five kinds of missing, and set aside, as shares of all records."""

from typing import TYPE_CHECKING, Any

from crisiskit.release.style import (
    BLUE,
    GREY,
    LIGHT,
    ORANGE,
    PURPLE,
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
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What a field can hold: known, the five kinds of missing, and a value set aside. Colour and hatch both tell.
KINDS: dict[str, tuple[str, str, str]] = {
    "known": ("known", BLUE, ""),
    "blank": ("left blank", LIGHT, ""),
    "unknown": ("unknown", ORANGE, ""),
    "declined": ("declined", PURPLE, ""),
    "not_asked": ("not asked", SKY, "////"),
    "not_applicable": ("not applicable", "#FFFFFF", "...."),
    "set_aside": ("set aside", VERMILLION, "xxxx"),
}
EDGE = {"edgecolor": GREY, "linewidth": 0.4}


def stacked(data: "pd.DataFrame", label: str, unit: str = "share of records (%)") -> "Figure":
    """Draw one 100 % bar per row of `data` from its counts, in columns named as in KINDS (an absent column is none)."""
    with house():
        names = wrapped(data[label])
        figure, axes = canvas(0.9 + 0.1 * len(data) + 0.14 * lines_of(names))
        _stack(axes, data)
        label_rows(axes, names)
        axes.set_xlim(0, 100)
        value_axis(axes, unit)
        _kinds_legend(figure)
    return figure


def stacked_panels(data: "pd.DataFrame", panel: str, label: str, x_label: str, ticks: list[str]) -> "Figure":
    """Draw stacked 100 % steps along `label` (a month), one small panel per field, two abreast.

    `ticks` are all labels in order; one that `data` lacks stays empty.
    """
    with house():
        fields = list(dict.fromkeys(data[panel]))
        figure, grid = _panels(len(fields), 1.35)
        for axes, field in zip(grid.flat, fields, strict=False):
            _steps(axes, data[data[panel] == field].set_index(label).reindex(ticks))
            axes.set_title(wrap(str(field), 2.9, 9), fontsize=9, loc="left")
            axes.set_ylim(0, 100)
        step = -(-len(ticks) // 4)
        grid[0, 0].set_xticks([place + 0.5 for place in range(0, len(ticks), step)], ticks[::step], fontsize=7)
        grid[0, 0].set_xlim(0, len(ticks))
        for axes in grid[:, 0]:
            axes.set_ylabel("% of records")
        for axes in grid[-1]:
            axes.set_xlabel(x_label)
        _kinds_legend(figure)
    return figure


def stacked_rows(data: "pd.DataFrame", panel: str, label: str) -> "Figure":
    """Draw stacked 100 % bars, a row per `label` (a site), one small panel per field, two abreast."""
    with house():
        fields, ticks = list(dict.fromkeys(data[panel])), list(dict.fromkeys(data[label]))
        names = wrapped(ticks, 1.3, 7)
        figure, grid = _panels(len(fields), 0.55 + 0.05 * len(ticks) + 0.12 * lines_of(names))
        for axes, field in zip(grid.flat, fields, strict=False):
            _stack(axes, data[data[panel] == field].set_index(label).reindex(ticks))
            axes.set_title(wrap(str(field), 2.4, 9), fontsize=9, loc="left")
            axes.set_xlim(0, 100)
        label_rows(grid[0, 0], names)
        for axes in grid[-1]:
            axes.set_xlabel("% of records")
        _kinds_legend(figure)
    return figure


def _panels(number: int, height_in: float) -> "tuple[Figure, Any]":
    """Small panels that share both axes, two abreast; a place without a panel stays empty."""
    across = min(2, number)
    down = -(-number // across)
    figure, grid = canvas(0.5 + height_in * down, down, across, sharex=True, sharey=True, squeeze=False)
    for axes in list(grid.flat)[number:]:
        axes.set_visible(False)
    return figure, grid


def _shares(data: "pd.DataFrame") -> "pd.DataFrame":
    """The kinds that occur, in the order of KINDS, in per cent of their sum; a row without records stays empty."""
    kinds = [kind for kind in KINDS if kind in data.columns and data[kind].sum() > 0]
    return 100 * data[kinds].div(data[kinds].sum(axis=1).where(lambda total: total > 0), axis=0)


def _stack(axes: "Axes", data: "pd.DataFrame") -> None:
    """Stack the kinds as horizontal bars, one per row of `data`."""
    left = 0.0
    for kind, share in _shares(data).items():
        name, color, hatch = KINDS[str(kind)]
        axes.barh(range(len(data)), share, left=left, color=color, hatch=hatch, label=name, height=0.75, **EDGE)
        left = left + share.fillna(0)


def _steps(axes: "Axes", data: "pd.DataFrame") -> None:
    """Stack the kinds as one stepped area each, a step per row of `data`: fewer artists than bars would be."""
    bottom = data.index.map(lambda _: 0.0).to_numpy(dtype=float)
    for kind, share in _shares(data).items():
        name, color, hatch = KINDS[str(kind)]
        top = bottom + share.to_numpy()
        edges = [[*values, values[-1]] for values in (bottom, top)]
        axes.fill_between(range(len(data) + 1), *edges, step="post", facecolor=color, hatch=hatch, label=name, **EDGE)
        bottom = top


def _kinds_legend(figure: "Figure") -> None:
    """One legend for all panels, with the kinds that occur in any of them, in the order of KINDS."""
    found: dict[str, Any] = {}
    for axes in figure.axes:
        found |= {name: handle for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)}
    order = [name for name, *_ in KINDS.values() if name in found]
    figure.legend([found[name] for name in order], order, loc="outside upper left", ncols=4)
