"""The tornado and the plane draw what they are given."""

import pandas as pd

from crisiskit.release.impact_cost_plots import ROWS, doubt


def moved(rows=3):
    return pd.DataFrame({"label": [f"figure {k}" for k in range(rows)], "at_low": [80.0] * rows,
                         "at_high": [130.0] * rows, "base": [100.0] * rows})  # fmt: skip


def test_bars_run_from_the_base_to_the_ends():
    bars = doubt(moved(), None, "net cost", "offences").axes[0]
    assert {patch.get_x() for patch in bars.patches} == {100}
    assert sorted({patch.get_width() for patch in bars.patches}) == [-20, 30]


def test_only_the_widest_swings_are_drawn():
    assert len(doubt(moved(25), None, "net cost", "offences").axes[0].patches) == 2 * ROWS


def test_each_draw_is_a_point_of_the_plane():
    plane = pd.DataFrame({"cost": [1.0, 3.0], "effect": [5.0, 7.0]})
    axes = doubt(moved(), plane, "net cost", "offences").axes[1]
    assert axes.collections[0].get_offsets().tolist() == [[5, 1], [7, 3]]
    assert axes.lines[0].get_xydata().tolist() == [[6, 2]]
