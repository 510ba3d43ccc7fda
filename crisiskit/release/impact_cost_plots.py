"""Plots of cost: what moves the net cost, and cost against effect."""

from typing import TYPE_CHECKING

from crisiskit.release.style import BLUE, GREY, INK, VERMILLION, canvas, house, label_rows, value_axis, wrap, wrapped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ROWS, POINTS = 10, 1500


def doubt(moved: "pd.DataFrame", plane: "pd.DataFrame | None", unit: str, effect: str) -> "Figure":
    """Draw the tornado (`label`, `at_low`, `at_high`, `base`) and, where it is there, the plane of cost and effect."""
    with house():
        rows = moved.head(ROWS)
        figure, grid = canvas(0.9 + 0.3 * len(rows) + 0.6 * (plane is not None), 1, 1 if plane is None else 2,
                              squeeze=False)  # fmt: skip
        bars = grid.flat[0]
        base = float(rows["base"].iloc[0])
        for side, color in (("at_low", BLUE), ("at_high", VERMILLION)):
            name = "figure at its low end" if side == "at_low" else "figure at its high end"
            bars.barh(range(len(rows)), rows[side] - base, left=base, height=0.6, color=color, label=name)
        bars.axvline(base, color=INK, linewidth=0.9)
        label_rows(bars, wrapped(rows["label"], 1.3, 7))
        value_axis(bars, wrap(unit, 2.2, 8))
        bars.tick_params(labelsize=7)
        bars.locator_params(axis="x", nbins=4)
        if plane is not None:
            points = grid.flat[1]
            some = plane.head(POINTS)
            points.scatter(some["effect"], some["cost"], s=3, color=GREY, alpha=0.4, linewidths=0)
            points.plot(plane["effect"].mean(), plane["cost"].mean(), "s", color=VERMILLION, label="mean of the draws")
            points.axhline(0, color=INK, linewidth=0.9)
            points.axvline(0, color=INK, linewidth=0.9)
            value_axis(points, wrap(effect, 2.2, 8))
            value_axis(points, wrap(unit, 1.8, 8), "y")
            points.tick_params(labelsize=7)
            points.locator_params(nbins=4)
        figure.legend(loc="outside upper left", ncols=3)
    return figure
