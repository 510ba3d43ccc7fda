"""The numbers inside the drawn artists are the numbers that went in."""

import numpy as np
import pandas as pd

from crisiskit.release import practice_plots as plots


def test_values_below_zero_stay_on_the_page_and_zero_is_always_there():
    data = pd.DataFrame({"item": ["a", "b"], "value": [-0.4, -0.1], "low": [-0.8, -0.2], "high": [-0.1, 0.0]})
    axes = plots.around_zero(data, "item", "coefficient", 1.0).axes[0]
    left, right = axes.get_xlim()
    assert left < -0.8
    assert right >= 1
    drawn = [line for line in axes.lines if line.get_marker() == "o"]
    assert list(drawn[0].get_xdata()) == [-0.4, -0.1]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
    free = plots.around_zero(data, "item", "points").axes[0]
    assert free.get_xlim()[1] > 0


def test_distances_are_written_in_their_cells_and_what_is_missing_stays_empty():
    table = pd.DataFrame({"index": [1.25, -0.04], "need": [7.0, np.nan]}, index=["North, day", "South, night"])
    axes = plots.distances(table, "standard errors").axes[0]
    assert [text.get_text() for text in axes.texts] == ["+1.2", "+7.0", "0.0"]
    shades = axes.images[0]
    assert shades.get_clim() == (-plots.FAR, plots.FAR)  # white is zero
    assert np.ma.filled(shades.get_array(), np.nan)[0].tolist() == [1.25, 7.0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["index", "need"]


def test_thresholds_draw_both_sides_in_per_cent():
    data = pd.DataFrame({"threshold": [1, 2], "sensitivity": [1.0, 0.5], "sensitivity_low": [0.9, 0.4],
                         "sensitivity_high": [1.0, 0.6], "specificity": [0.0, 0.75], "specificity_low": [0.0, 0.7],
                         "specificity_high": [0.1, 0.8]})
    axes = plots.thresholds(data, "score").axes[0]
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert drawn == {"sensitivity": [100, 50], "specificity": [0, 75]}
    assert axes.get_xlabel() == "score"
    assert len(axes.collections) == 2  # a band for each
