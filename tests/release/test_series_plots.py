"""The numbers inside the drawn artists are those that went in; signals differ by shape, not by colour alone."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.release import series_plots
from crisiskit.release.series_plots import Panel
from crisiskit.release.style import INK

MONTHS = pd.date_range("2024-01-01", periods=4, freq="MS")


def drawn(axes) -> dict[str, list[float]]:
    """Label to the y values of every labelled line."""
    return {line.get_label(): list(line.get_ydata()) for line in axes.lines if not line.get_label().startswith("_")}


def legend(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_ratios_stand_against_a_line_at_one_and_effects_are_parted():
    data = pd.DataFrame({"label": ["Monday", "Tuesday", "June"], "effect": ["weekday", "weekday", "month"],
                         "value": [0.9, 1.1, 1.3], "low": [0.8, 1.0, 1.2], "high": [1.0, 1.2, 1.4]})  # fmt: skip
    axes = series_plots.ratios(data, "label", "ratio", "effect").axes[0]
    one, points, first, second = axes.lines
    assert (list(one.get_xdata()), one.get_color()) == ([1, 1], INK)
    assert list(points.get_xdata()) == [0.9, 1.1, 1.3]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Monday", "Tuesday", "June"]
    assert second.get_linewidth() > first.get_linewidth()


def test_series_share_a_row_and_keep_their_marks():
    data = pd.DataFrame({"label": ["Monday", "Monday"], "effect": "weekday", "value": [0.9, 1.1], "low": [0.8, 1.0],
                         "high": [1.0, 1.2], "series": ["calls", "line"]})  # fmt: skip
    figure = series_plots.ratios(data, "label", "ratio", "effect", "series")
    assert legend(figure) == ["calls", "line"]
    marks = [line for line in figure.axes[0].lines if line.get_marker() in ("o", "s")]
    assert [list(line.get_xdata()) for line in marks] == [[0.9], [1.1]]
    assert marks[0].get_ydata()[0] < marks[1].get_ydata()[0]


def test_a_decomposition_has_its_months_its_trend_and_its_season():
    data = pd.DataFrame({"first_day": MONTHS, "rate": [1.0, 2, 3, 4], "trend": [1.5, 2, 2.5, 3]})
    more = pd.DataFrame({"month": [1, 2], "season": [0.9, 1.1], "neutral": 1.0})
    figure = series_plots.decompositions([Panel("", data, "contacts a day", more)])
    assert drawn(figure.axes[0]) == {"month": [1, 2, 3, 4], "trend": [1.5, 2, 2.5, 3]}
    assert drawn(figure.axes[1]) == {"season": [0.9, 1.1]}
    assert figure.axes[1].get_ylabel() == "season (ratio)"
    assert legend(figure) == ["month", "trend", "season"]


@pytest.mark.parametrize(("percent", "scale"), [(False, 1), (True, 100)])
def test_a_control_chart_shows_its_limits_and_its_signals_by_shape(percent, scale):
    data = pd.DataFrame({"first_day": MONTHS, "value": [0.1, 0.2, 0.9, 0.3], "low": 0.0, "high": 0.5, "centre": 0.2,
                         "beyond": [False, False, True, False], "signal": [False, True, True, False],
                         "incomplete": [False, False, False, True]})  # fmt: skip
    figure = series_plots.control([Panel("calls", data, "share", percent=percent)])
    axes, lines = figure.axes[0], {line.get_label(): line for line in figure.axes[0].lines}
    found = drawn(axes)
    assert found["beyond the limits"] == [0.9 * scale]
    assert found["in a run"] == [0.2 * scale]
    assert found["incomplete period"] == [0.3 * scale]
    assert found["value"][:3] == [0.1 * scale, 0.2 * scale, 0.9 * scale]
    assert np.isnan(found["value"][3])
    assert found["limits (3 sigma)"] == [0] * 4
    marks = {lines[name].get_marker() for name in ("value", "in a run", "beyond the limits")}
    assert len(marks) == 3
    assert lines["incomplete period"].get_markerfacecolor() == "white"
    assert axes.get_title(loc="left") == "calls"


def test_a_kind_of_mark_that_no_panel_has_is_not_in_the_legend():
    data = pd.DataFrame({"first_day": MONTHS, "value": 1.0, "low": 0.0, "high": 2.0, "centre": 1.0, "beyond": False,
                         "signal": False, "incomplete": False})  # fmt: skip
    assert legend(series_plots.control([Panel("", data, "")])) == ["limits (3 sigma)", "centre", "value"]


def test_a_forecast_begins_where_the_months_end():
    seen = pd.DataFrame({"first_day": MONTHS[:2], "contacts": [10, 12]})
    ahead = pd.DataFrame({"first_day": MONTHS[2:], "contacts": [11, 13], "low": [8, 9], "high": [14, 17]})
    figure = series_plots.forecasts([Panel("", seen, "contacts a month", ahead)])
    axes = figure.axes[0]
    assert drawn(axes) == {"seen": [10, 12], "expected": [11, 13]}
    corners = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (corners.min(), corners.max()) == (8, 17)
    assert axes.get_ylim()[0] == 0
    assert "interval" in legend(figure)


def test_delays_break_where_no_month_is_known():
    data = pd.DataFrame({"first_day": MONTHS[[0, 2, 0]], "days": [1, 1, 7], "value": [0.2, 0.4, 0.9],
                         "low": [0.1, 0.3, 0.8], "high": [0.3, 0.5, 1.0]})  # fmt: skip
    more = pd.DataFrame({"first_day": MONTHS, "expected_share": [1, 1, 1, 0.5]})
    axes = series_plots.delays([Panel("", data, "share (%)", more)]).axes[0]
    found = drawn(axes)
    assert found["within 1 day"] == pytest.approx([20, np.nan, 40, np.nan], nan_ok=True)
    assert found["expected to be written by now"] == [100, 100, 100, 50]
    assert axes.get_ylim() == (0, 100)
