"""The numbers inside the drawn artists are the numbers that went in: never a test on pixels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection

from crisiskit.release import plots
from crisiskit.release.style import BLUE, VERMILLION


def ends(axes):
    """(start, end) of every horizontal segment drawn with hlines."""
    segments = [piece for part in axes.collections if isinstance(part, LineCollection) for piece in part.get_segments()]
    return [(float(piece[0][0]), float(piece[1][0])) for piece in segments]


def test_bars_draw_each_value_in_order_with_its_interval():
    data = pd.DataFrame({"need": ["suicide", "grief"], "n": [12, 3], "low": [8, 1], "high": [20, 6]})
    axes = plots.bars(data, "need", "n", "contacts").axes[0]
    assert [patch.get_width() for patch in axes.patches] == [12, 3]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["suicide", "grief"]
    assert ends(axes) == [(8, 20), (1, 6)]
    assert [text.get_text() for text in axes.texts] == ["12", "3"]
    assert axes.get_xlabel() == "contacts"
    assert axes.yaxis_inverted()  # the first row stands on top


def test_groups_keep_their_own_numbers_even_as_categories_out_of_order():
    """pandas 3.0 gave categorical groups the wrong rows: known groups are drawn and read back."""
    months = pd.to_datetime(["2024-01-01", "2024-02-01"])
    data = pd.DataFrame(
        {
            "month": [*months, *months],
            "n": [1, 2, 30, 40],
            "incomplete": False,
            "source": pd.Categorical(["b", "b", "a", "a"], categories=["c", "b", "a"]),
        }
    )
    data["source"] = data["source"].cat.remove_unused_categories()
    axes = plots.lines(data, "month", "n", "contacts", group="source").axes[0]
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.lines if not line.get_label().startswith("_")}
    assert drawn == {"b": [1, 2], "a": [30, 40]}


def test_an_incomplete_period_is_left_out_of_the_solid_line_and_drawn_hollow():
    data = pd.DataFrame(
        {
            "month": pd.date_range("2024-01-01", periods=3, freq="MS"),
            "n": [10, 11, 4],
            "incomplete": [False, False, True],
        }
    )
    axes = plots.lines(data, "month", "n", "contacts a month").axes[0]
    dashed, solid, hollow = axes.lines[:3]
    assert (list(dashed.get_ydata()), dashed.get_linestyle()) == ([10, 11, 4], "--")
    assert np.isnan(solid.get_ydata()[2])
    assert list(solid.get_ydata()[:2]) == [10, 11]
    assert (list(hollow.get_ydata()), hollow.get_markerfacecolor()) == ([4], "white")
    assert axes.get_ylim()[0] == 0


def test_a_change_of_the_source_is_drawn_and_named():
    data = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=3), "n": [1, 2, 3], "incomplete": False})
    figure = plots.lines(data, "day", "n", "contacts", changes=[(pd.Timestamp("2024-01-02"), "a new form")])
    assert "1: a new form" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_heat_map_holds_the_table():
    table = pd.DataFrame([[1, 2], [3, np.nan]], index=["Monday", "Tuesday"], columns=[0, 1])
    figure = plots.heat_map(table, "contacts", "hour", "weekday")
    shades = figure.axes[0].images[0].get_array()
    assert shades.filled(-1).tolist() == [[1, 2], [3, -1]]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["Monday", "Tuesday"]
    assert figure.axes[1].get_ylabel() == "contacts"


def test_an_ecdf_steps_through_its_shares_in_per_cent():
    data = pd.DataFrame({"minutes": [0, 1, 5], "share": [0.2, 0.5, 1.0]})
    axes = plots.ecdf(data, "minutes", "share", "minutes", marks=[("median 1", 1.0)]).axes[0]
    assert list(axes.lines[0].get_xdata()) == [0, 1, 5]
    assert list(axes.lines[0].get_ydata()) == [20, 50, 100]
    assert list(axes.lines[1].get_xdata()) == [1, 1]


def test_marks_to_be_held_to_are_lettered_and_two_at_one_place_share_it():
    data = pd.DataFrame({"seconds": [0, 10, 30], "share": [0.2, 0.5, 1.0]})
    targets = [("one source", 15.0, 0.9), ("another", 20.0, 0.95), ("a third", 15.0, 0.9)]
    figure = plots.ecdf(data, "seconds", "share", "seconds", targets=targets)
    drawn = [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in figure.axes[0].lines[1:]]
    assert drawn == [(15, 90), (20, 95), (15, 90)]
    assert [text.get_text() for text in figure.axes[0].texts] == ["A, C", "B"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["A: one source", "B: another", "C: a third"]


def test_dots_keep_value_and_interval_on_the_row_of_their_label():
    data = pd.DataFrame(
        {
            "interval": ["travel", "travel", "answer"],
            "statistic": ["median", "p90", "median"],
            "value": [9.0, 20.0, 1.0],
            "low": [8.0, 18.0, 0.5],
            "high": [10.0, 25.0, 2.0],
        }
    )
    axes = plots.dots(data, "interval", "minutes", "statistic").axes[0]
    median, p90 = axes.lines[0], axes.lines[1]
    assert (median.get_label(), list(median.get_xdata())) == ("median", [9.0, 1.0])
    assert (p90.get_label(), list(p90.get_xdata())) == ("p90", [20.0])
    assert [round(place) for place in median.get_ydata()] == [0, 1]
    assert ends(axes) == [(8.0, 10.0), (0.5, 2.0), (18.0, 25.0)]


@pytest.mark.parametrize(("high", "top"), [(0.07, 10), (0.10, 10), (0.101, 20), (0.95, 100), (1.0, 100)])
def test_shares_stand_on_an_axis_of_whole_tens_of_per_cent(high, top):
    data = pd.DataFrame({"outcome": ["arrested"], "value": [0.04], "low": [0.02], "high": [high]})
    axes = plots.dots(data, "outcome", "share of contacts (%)", percent=True).axes[0]
    assert list(axes.lines[0].get_xdata()) == [4.0]
    assert axes.get_xlim()[1] == pytest.approx(top * 1.01)


def test_a_flow_falls_from_rows_read_to_standardized():
    data = pd.DataFrame({"step": ["read", "collapsed", "quarantined", "standardized"], "rows": [10, 3, 1, 6]})
    axes = plots.flow(data, "step", "rows", "rows").axes[0]
    assert [(patch.get_x(), patch.get_width()) for patch in axes.patches] == [(0, 10), (7, 3), (6, 1), (0, 6)]
    assert axes.patches[0].get_facecolor() != axes.patches[1].get_facecolor()
    assert BLUE != VERMILLION


def test_a_flow_that_leaks_is_not_drawn():
    with pytest.raises(ValueError, match="does not close: 10 in, 9 accounted for"):
        plots.flow(pd.DataFrame({"step": ["read", "standardized"], "rows": [10, 9]}), "step", "rows", "rows")
