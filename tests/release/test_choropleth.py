"""The map: every area in the shade of its class, holes cut out, areas without a rate hatched and named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiskit.release.boundaries import Boundaries
from crisiskit.release.choropleth import choropleth, class_limits, class_of


def square(x, size=1.0):
    return ((x, 0.0), (x + size, 0.0), (x + size, size), (x, size), (x, 0.0))


def patches(figure):
    """Area to its drawn patches."""
    return {patch.get_label(): patch for patch in figure.axes[0].collections}


def test_quantile_classes_hold_about_as_many_areas_each():
    values = list(range(1, 11))
    limits = class_limits(values)
    assert limits == pytest.approx([1, 2.8, 4.6, 6.4, 8.2, 10])  # numpy's type 7 quantiles of 1..10
    assert [class_of(value, limits) for value in values] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_repeated_values_give_fewer_classes_and_one_value_gives_one():
    assert class_limits([1, 1, 1, 1, 9]) == pytest.approx([1, 2.6, 9])  # four of six limits are 1
    assert class_limits([3, 3]) == [3, 3]
    assert class_of(3, [3, 3]) == 0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_every_value_lies_in_a_class_and_a_larger_one_never_in_a_lower(values):
    limits = class_limits(values)
    places = [class_of(value, limits) for value in sorted(values)]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= max(len(limits) - 2, 0)


def test_areas_have_the_shade_of_their_class_and_one_without_a_rate_is_hatched():
    areas = {name: ((square(2.0 * place),),) for place, name in enumerate("abc")}
    figure = choropleth(Boundaries(areas), {"a": 1.0, "b": 5.0}, "contacts per 1,000", "no rate: c")
    drawn = patches(figure)
    colors = {name: tuple(np.round(patch.get_facecolor()[0], 3)) for name, patch in drawn.items()}
    assert len(set(colors.values())) == 3
    assert colors["c"] == (1, 1, 1, 1)
    assert drawn["c"].get_hatch() == "////"
    assert drawn["a"].get_hatch() is None
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["1 to 3", "3 to 5", "no rate: c"]
    assert legend.get_title().get_text() == "contacts per 1,000"


def test_a_hole_is_cut_out_whichever_way_its_ring_runs():
    for hole in (square(0.25, 0.5), square(0.25, 0.5)[::-1]):
        hole = tuple((x, y + 0.25) for x, y in hole)
        figure = choropleth(Boundaries({"a": ((square(0.0), hole),)}), {"a": 1.0}, "rate", "")
        path = patches(figure)["a"].get_paths()[0]
        assert path.contains_point((0.1, 0.1))
        outer, inner = path.to_polygons(closed_only=True)
        assert signed(outer) > 0 > signed(inner)  # opposite turns: the renderer leaves the hole empty


def signed(ring):
    return sum(x * v - u * y for (x, y), (u, v) in zip(ring, ring[1:], strict=False))


def test_a_map_keeps_its_shape_at_its_middle_latitude():
    north = tuple((x, y + 59.5) for x, y in square(0.0))
    figure = choropleth(Boundaries({"a": ((north,),)}), {"a": 1.0}, "rate", "")
    assert figure.axes[0].get_aspect() == pytest.approx(2.0, abs=0.001)  # 1 / cos(60 degrees)
