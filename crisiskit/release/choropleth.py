"""The map of areas by classes of a rate; areas without a rate are hatched and named, never left white or zero."""

from collections.abc import Mapping, Sequence
from math import cos, radians
from typing import TYPE_CHECKING

from crisiskit.release.boundaries import Boundaries, Polygon
from crisiskit.release.style import GREY, WIDTH_IN, canvas, house, wrap

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch

CLASSES = 5  # shades that are told apart on paper
TALLEST_IN = 6.0


def class_limits(values: Sequence[float], classes: int = CLASSES) -> list[float]:
    """Limits of classes with about as many areas each: quantiles of the values, fewer where values repeat.

    Returns rising limits, lowest value first and highest last; a value lies in the last class whose lower limit it
    reaches.
    """
    import numpy as np

    limits = np.unique(np.quantile(np.asarray(values, float), np.linspace(0, 1, min(classes, len(values)) + 1)))
    return [float(limit) for limit in limits] if len(limits) > 1 else [float(limits[0])] * 2


def class_of(value: float, limits: Sequence[float]) -> int:
    """Place of the class that a value lies in, from 0."""
    return max(0, sum(value >= limit for limit in limits[:-1]) - 1)


def choropleth(boundaries: Boundaries, values: Mapping[str, float], unit: str, absent: str) -> "Figure":
    """Draw every area of `boundaries` in the shade of its class; `values` are area id to rate.

    `absent` names, in the legend, the areas that have no value. Longitudes are shortened by the cosine of the middle
    latitude, so that the map keeps its shape there (equirectangular projection).
    """
    from matplotlib import colormaps
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Patch

    with house():
        limits = class_limits([values[name] for name in boundaries.areas if name in values])
        number = len(limits) - 1
        shades = [colormaps["viridis_r"](0.05 + 0.9 * place / max(number - 1, 1)) for place in range(number)]
        figure, axes = canvas(_height(boundaries))
        for name, polygons in boundaries.areas.items():
            known = name in values
            look = {"facecolor": shades[class_of(values[name], limits)]} if known else \
                {"facecolor": "white", "hatch": "////"}  # fmt: skip
            axes.add_collection(PatchCollection([_patch(rings) for rings in polygons], edgecolor=GREY, linewidth=0.6,
                                                label=name, **look))  # fmt: skip
        axes.autoscale_view()
        axes.set_aspect(1 / cos(radians(boundaries.middle)))
        axes.set_axis_off()
        keys = [Patch(facecolor=shade, edgecolor=GREY, label=f"{low:,.4g} to {high:,.4g}")
                for shade, low, high in zip(shades, limits, limits[1:], strict=False)]  # fmt: skip
        if absent:
            keys.append(Patch(facecolor="white", edgecolor=GREY, hatch="////", label=wrap(absent, WIDTH_IN - 1)))
        figure.legend(handles=keys, loc="outside upper left", ncols=1 if absent else 3, title=unit, title_fontsize=8,
                      alignment="left")  # fmt: skip
    return figure


def _height(boundaries: Boundaries) -> float:
    """Height in inches that gives the map the column's width, up to a limit."""
    places = [place for polygons in boundaries.areas.values() for rings in polygons for ring in rings for place in ring]
    across = (max(x for x, _ in places) - min(x for x, _ in places)) * cos(radians(boundaries.middle))
    up = max(y for _, y in places) - min(y for _, y in places)
    return min(TALLEST_IN, max(2.0, (WIDTH_IN - 0.4) * up / max(across, 1e-9)))


def _patch(rings: Polygon) -> "PathPatch":
    """One polygon: its outer ring counter-clockwise and its holes clockwise, so that they are cut out."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    paths = []
    for place, ring in enumerate(rings):
        turned = ring if (_signed_area(ring) > 0) == (place == 0) else ring[::-1]
        codes = [Path.MOVETO, *[Path.LINETO] * (len(turned) - 2), Path.CLOSEPOLY]
        paths.append(Path(list(turned), codes))
    return PathPatch(Path.make_compound_path(*paths))


def _signed_area(ring: Sequence[tuple[float, float]]) -> float:
    """Twice the area within a ring, positive counter-clockwise (shoelace formula)."""
    return sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in zip(ring, ring[1:], strict=False))
