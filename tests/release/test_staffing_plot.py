"""A week of hours is drawn in its order, with the schedule only where there is one."""

import numpy as np
import pandas as pd

from crisiskit.release.staffing_plot import staff_week


def week(scheduled):
    value = np.arange(168.0) % 24
    return pd.DataFrame({"value": value, "low": value, "high": value + 1, "scheduled": scheduled})


def test_needed_and_scheduled_stand_by_hour_of_the_week():
    axes = staff_week({"line": week(3.0)}, "people").axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    assert list(lines["needed"].get_ydata())[24:27] == [0, 1, 2]
    assert set(lines["scheduled"].get_ydata()) == {3.0}
    assert [label.get_text() for label in axes.get_xticklabels()][0] == "Mon"
    assert axes.get_xticks()[0] == 12


def test_without_a_schedule_none_is_drawn():
    axes = staff_week({"line": week(np.nan)}, "people").axes[0]
    assert "scheduled" not in [line.get_label() for line in axes.lines]
