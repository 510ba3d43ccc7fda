"""The numbers inside the drawn artists are the numbers that went in, and a way that leaks is never drawn."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from crisiskit.release import gap_plots
from crisiskit.release.style import BLUE, GREEN, VERMILLION


def colours(patches):
    from matplotlib.colors import to_hex

    return [to_hex(patch.get_facecolor()).upper() for patch in patches]


def segments(axes):
    pieces = [piece for part in axes.collections if isinstance(part, LineCollection) for piece in part.get_segments()]
    return [(round(float(piece[0][0]), 9), round(float(piece[1][0]), 9)) for piece in pieces]


def rows(*items):
    return pd.DataFrame(items, columns=["label", "kind", "n"])


def test_a_way_starts_its_losses_where_they_leave_it():
    data = rows(("all", "start", 10), ("lost: a", "loss", 4), ("b", "stage", 6), ("lost", "loss", 6), ("d", "stage", 0))
    axes = gap_plots.way(data, "label", "n", "kind", "contacts").axes[0]
    assert [(patch.get_x(), patch.get_width()) for patch in axes.patches] == [(0, 10), (6, 4), (0, 6), (0, 6), (0, 0)]
    assert colours(axes.patches) == [BLUE, VERMILLION, BLUE, VERMILLION, GREEN]
    assert [text.get_text() for text in axes.texts] == ["10", "4", "6", "6", "0"]


def test_two_ways_stand_below_each_other_and_each_ends_in_green():
    data = rows(("all", "start", 3), ("b", "stage", 3), ("all", "start", 5), ("lost", "loss", 1), ("c", "stage", 4))
    axes = gap_plots.way(data, "label", "n", "kind", "contacts").axes[0]
    assert colours(axes.patches) == [BLUE, GREEN, BLUE, VERMILLION, GREEN]


@pytest.mark.parametrize("items", [
    [("all", "start", 10), ("lost", "loss", 3), ("b", "stage", 6)],
    [("lost", "loss", 3), ("b", "stage", 6)],
    [("b", "stage", 6)],
])  # fmt: skip
def test_a_way_that_leaks_is_never_drawn(items):
    with pytest.raises(ValueError, match="does not close"):
        gap_plots.way(rows(*items), "label", "n", "kind", "contacts")


def test_the_clock_outlines_the_hours_in_service_and_only_them():
    table = pd.DataFrame(np.arange(7 * 24).reshape(7, 24), index=list("abcdefg"))
    served = np.zeros((7, 24), bool)
    served[2, 8:10] = True  # two cells beside each other: six edges of length one, none between them
    axes = gap_plots.clock(table, served, "contacts").axes[0]
    lines = [line.get_xydata().tolist() for line in axes.lines if len(line.get_xydata())]
    assert axes.images[0].get_array().tolist() == table.to_numpy().tolist()
    assert sorted(lines) == sorted([
        [[7.5, 1.5], [7.5, 2.5]], [[9.5, 1.5], [9.5, 2.5]],
        [[7.5, 1.5], [8.5, 1.5]], [[8.5, 1.5], [9.5, 1.5]], [[7.5, 2.5], [8.5, 2.5]], [[8.5, 2.5], [9.5, 2.5]],
    ])  # fmt: skip
    assert not gap_plots.clock(table, None, "contacts").axes[0].lines


def test_bounds_hold_value_interval_and_bar():
    data = pd.DataFrame({"label": ["x"], "value": [0.5], "low": [0.4], "high": [0.6], "bound_low": [0.2],
                         "bound_high": [0.9]})  # fmt: skip
    axes = gap_plots.bounds(data, "label", "share (%)").axes[0]
    bar = axes.patches[0]
    assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx((20, 90))
    assert segments(axes) == [(40, 60)]
    assert list(axes.lines[0].get_xdata()) == [50]
    assert axes.get_xlim()[1] >= 90


def test_a_dumbbell_joins_its_two_values():
    data = pd.DataFrame({"label": ["x", "y"], "now": [0.5, 0.2], "then": [0.7, 0.2]})
    axes = gap_plots.dumbbell(data, "label", ("now", "then"), ("before", "after"), "%").axes[0]
    assert segments(axes) == [(50, 70), (20, 20)]
    assert [line.get_label() for line in axes.lines] == ["before", "after"]
    assert [list(line.get_xdata()) for line in axes.lines] == [[50, 20], [70, 20]]


def test_hours_without_a_number_break_the_line():
    data = pd.DataFrame({"hour": [0, 2], "value": [0.1, 0.3], "low": [0.0, 0.2], "high": [0.2, 0.4]})
    axes = gap_plots.by_hour(data, "value", "%").axes[0]
    drawn = axes.lines[0].get_ydata()
    assert drawn[[0, 2]].tolist() == pytest.approx([10, 30])
    assert np.isnan(drawn[1])
    assert len(drawn) == 24


def test_a_grid_writes_each_per_cent_and_leaves_missing_cells_white():
    table = pd.DataFrame({"a": [0.5, 0.0], "b": [np.nan, 0.001]}, index=["x", "y"])
    axes = gap_plots.grid(table, "% not known").axes[0]
    assert [text.get_text() for text in axes.texts] == ["50", "0", "<1"]


def test_gaps_stand_around_zero_in_points():
    data = pd.DataFrame({
        "label": ["x"], "difference": [-0.05], "difference_low": [-0.1], "difference_high": [0.02],
        "difference_bound_low": [-0.3], "difference_bound_high": [0.1], "adjusted_difference": [np.nan],
        "adjusted_difference_low": [np.nan], "adjusted_difference_high": [np.nan],
    })  # fmt: skip
    axes = gap_plots.gaps(data, "label", "points").axes[0]
    assert segments(axes) == [(-10, 2)]
    bar = axes.patches[0]
    assert (bar.get_x(), bar.get_x() + bar.get_width()) == pytest.approx((-30, 10))
    assert [line.get_label() for line in axes.lines if not line.get_label().startswith("_")] == ["as counted"]
