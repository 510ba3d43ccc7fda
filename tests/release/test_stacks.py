"""Completeness: the drawn shares are those of the counts, and a kind that never occurs is not in the legend."""

import numpy as np
import pandas as pd

from crisiskit.release import stacks


def test_completeness_stacks_the_kinds_to_a_hundred_and_leaves_an_empty_row_empty():
    data = pd.DataFrame({"field": ["age", "site"], "known": [6, 0], "blank": [3, 0], "set_aside": [3, 0]})
    axes = stacks.stacked(data, "field").axes[0]
    widths = np.array([patch.get_width() for patch in axes.patches]).reshape(3, 2)
    assert widths[:, 0].tolist() == [50, 25, 25]
    assert np.isnan(widths[:, 1]).all()
    assert [patch.get_x() for patch in axes.patches][::2] == [0, 50, 75]


PANELS = pd.DataFrame(
    {"field": ["age", "age", "site"], "of": ["x", "y", "y"], "known": [1, 3, 1], "unknown": [1, 1, 0], "blank": 0}
)


def test_panels_of_rows_align_what_a_field_lacks_and_draw_no_kind_that_never_occurs():
    age, site = stacks.stacked_rows(PANELS, "field", "of").axes
    assert [patch.get_width() for patch in age.patches] == [50, 75, 50, 25]
    assert np.isnan(site.patches[0].get_width())
    assert [patch.get_width() for patch in site.patches[1:]] == [100]
    assert [label.get_text() for label in age.get_yticklabels()] == ["x", "y"]


def test_panels_of_steps_hold_the_shares_of_each_month():
    figure = stacks.stacked_panels(PANELS, "field", "of", "month", ["x", "y"])
    known, unknown = (part.get_paths()[0].vertices for part in figure.axes[0].collections)
    assert {(0, 50), (1, 75)} <= {tuple(point) for point in known.tolist()}
    assert unknown[:, 1].max() == 100
    only = figure.axes[1].collections[0].get_paths()[0].vertices
    assert (only[:, 0].min(), only[:, 1].max()) == (1, 100)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["known", "unknown"]
