"""Small multiples: one heat map for each group, all on one scale, so that shapes are compared and not sizes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crisiskit.release.style import canvas, house, wrap

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

COLUMNS = 2  # panels side by side
PANEL_IN = 1.15  # height of one heat map of seven rows, inches
TITLE_IN = 3.0  # room for the title of one panel, inches


def heat_maps(tables: "Mapping[str, pd.DataFrame]", unit: str, x_label: str) -> "Figure":
    """Draw one table of numbers per panel as shades (viridis, dark is few) on one common scale from zero.

    `tables` are panel titles to tables of one shape: rows down, columns across. A missing cell stays white.
    """
    with house():
        names = [wrap(name, TITLE_IN, 8) for name in tables]
        across = min(COLUMNS, len(names))
        rows = -(-len(names) // across)
        titles = sum(max(name.count("\n") + 1 for name in names[across * row : across * (row + 1)])
                     for row in range(rows))  # fmt: skip
        figure, panels = canvas(0.5 + PANEL_IN * rows + 0.16 * titles, rows, across, squeeze=False)
        top = max((float(table.max().max()) for table in tables.values()), default=0.0)
        image = None
        for place, (name, table) in enumerate(zip(names, tables.values(), strict=True)):
            axes = panels.flat[place]
            image = axes.imshow(table.to_numpy(dtype=float), cmap="viridis", aspect="auto", vmin=0, vmax=top or 1)
            axes.set_title(name, fontsize=8, loc="left", pad=3)
            lowest = place + across >= len(names)
            every = range(0, table.shape[1], max(1, table.shape[1] // 8))
            axes.set_xticks(every, [str(table.columns[column]) for column in every] if lowest else [])
            axes.set_yticks(range(len(table)), list(table.index) if place % across == 0 else [])
            axes.set_xlabel(x_label if place >= across * (rows - 1) else "")
            axes.spines[:].set_visible(False)
            axes.tick_params(length=0)
        for axes in panels.flat[len(names) :]:
            axes.set_axis_off()
        figure.colorbar(image, ax=panels, label=wrap(unit, 0.4 + PANEL_IN * rows, 9), format="{x:,.10g}", pad=0.02)
    return figure
