"""The numbers inside the drawn figures are those that went in, and outliers are told apart by more than colour."""

import pandas as pd
import pytest

from crisiskit.release.funnel_plot import Panel, funnel, rows_in_limits

LIMITS = {"low95": [1.0, 4.0], "high95": [9.0, 6.0], "low998": [0.0, 3.0], "high998": [99.0, 7.0]}


@pytest.fixture
def panel():
    areas = pd.DataFrame(
        {
            "label": ["Far", "Large", "Small"],
            "population": [500.0, 900.0, 100.0],
            "value": [20.0, 5.0, 4.0],
            "low": [15.0, 4.0, 1.0],
            "high": [26.0, 6.0, 9.0],
            "low95": 2.0,
            "high95": 8.0,
            "low998": 1.0,
            "high998": 10.0,
            "far": [True, False, False],
        }
    )
    return Panel("all", areas, pd.DataFrame({"population": [50.0, 1000.0], **LIMITS}), 5.0)


def by_name(axes):
    return {line.get_label(): line for line in axes.lines}


def test_points_and_limits_stand_where_they_belong(panel):
    lines = by_name(funnel([panel], "contacts per 1,000").axes[0])
    assert list(lines["95 % limits"].get_ydata()) == [1, 4]
    assert list(lines["99.8 % limits"].get_ydata()) == [0, 3]
    assert list(lines["all areas together"].get_ydata()) == [5, 5]
    inside, outside = lines["area"], lines["area far outside"]
    assert list(zip(inside.get_xdata(), inside.get_ydata(), strict=True)) == [(900, 5), (100, 4)]
    assert list(zip(outside.get_xdata(), outside.get_ydata(), strict=True)) == [(500, 20)]


def test_an_outlier_is_named_and_has_a_marker_of_its_own(panel):
    axes = funnel([panel], "contacts per 1,000").axes[0]
    assert [text.get_text() for text in axes.texts] == ["Far"]
    assert by_name(axes)["area far outside"].get_marker() != by_name(axes)["area"].get_marker()


def test_the_wide_end_of_the_funnel_does_not_press_the_rates_against_the_axis(panel):
    assert funnel([panel], "rate").axes[0].get_ylim() == (0, 3 * 20 * 1.06)


def test_rows_hold_the_rate_its_interval_and_the_limits_of_each_area(panel):
    axes = rows_in_limits([panel], "rate").axes[0]
    bands = [(patch.get_x(), patch.get_width()) for patch in axes.patches]
    assert bands == [(1, 9)] * 3 + [(2, 6)] * 3
    assert list(by_name(axes)["area far outside"].get_ydata()) == [0]
    assert list(by_name(axes)["area"].get_ydata()) == [1, 2]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Far", "Large", "Small"]


def test_a_second_panel_has_the_rows_of_the_first(panel):
    other = Panel("other", panel.areas.iloc[[2, 0]].reset_index(drop=True), panel.limits, 4.0)
    second = rows_in_limits([panel, other], "rate").axes[1]
    assert list(by_name(second)["area"].get_ydata()) == [2]  # Small keeps its row, though it comes first here
    assert list(by_name(second)["area far outside"].get_ydata()) == [0]
