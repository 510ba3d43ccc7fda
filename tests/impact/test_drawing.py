"""The artists hold the numbers of the estimate: read back from the axes, never from pixels."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from crisiskit.impact.drawing import draw
from crisiskit.impact.result import Estimate


def made(series=None, scale="log"):
    return Estimate(
        design="x", outcome="thefts", scale=scale, estimate=-0.2, se=0.1, low=-0.4, high=0.1, p=0.05, relative=-0.18,
        relative_low=-0.33, relative_high=0.1, n=10, units=2, treated_units=1, clusters=2, method="m",
        correction="none", series=series,
    )  # fmt: skip


@pytest.fixture
def axes():
    return Figure().subplots()


def bars(axes):
    """Ends of the error bars, as (low, high) pairs along the direction in which they run."""
    (lines,) = axes.containers[0].lines[2]
    return np.array(lines.get_segments())


OBSERVED = pd.DataFrame({"at": [0, 1, 2], "observed": [5.0, 7.0, 3.0], "expected": [6.0, 6.5, 6.0]})
BY_TIME = pd.DataFrame({"at": [-2, 0, 1], "estimate": [0.1, -0.2, -0.3], "low": [-0.1, -0.5, -0.7],
                        "high": [0.2, 0.0, -0.1]})  # fmt: skip


def test_one_estimate_is_a_point_with_its_own_interval(axes):
    draw(made(), axes)
    assert axes.containers[0].lines[0].get_xydata().tolist() == [[-0.2, 0]]
    np.testing.assert_allclose(bars(axes)[0][:, 0], [-0.4, 0.1])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["thefts"]


@pytest.mark.parametrize(("scale", "words"), [("log", "log rate ratio"), ("difference", "difference")])
def test_the_axis_names_the_scale(axes, scale, words):
    assert draw(made(scale=scale), axes).get_xlabel() == words
    other = Figure().subplots()
    assert draw(made(BY_TIME, scale), other).get_ylabel() == words


def test_observed_and_expected_are_two_lines(axes):
    draw(made(OBSERVED), axes)
    seen, expected = axes.lines
    assert seen.get_ydata().tolist() == [5.0, 7.0, 3.0]
    assert expected.get_ydata().tolist() == [6.0, 6.5, 6.0]
    assert seen.get_linestyle() == "None"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["observed", "expected without the programme"]
    assert axes.get_ylabel() == "thefts"
    assert not axes.collections


def test_limits_of_the_expectation_are_a_band(axes):
    draw(made(OBSERVED.assign(expected_low=[5.0, 5.5, 5.0], expected_high=[7.0, 7.5, 8.0])), axes)
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].min() == 5.0
    assert corners[:, 1].max() == 8.0
    assert set(corners[:, 0]) == {0.0, 1.0, 2.0}


def test_coefficients_by_event_time_stand_between_their_limits(axes):
    draw(made(BY_TIME), axes)
    assert axes.containers[0].lines[0].get_xydata().tolist() == [[-2, 0.1], [0, -0.2], [1, -0.3]]
    np.testing.assert_allclose(bars(axes)[:, :, 1], [[-0.1, 0.2], [-0.5, 0.0], [-0.7, -0.1]])
    assert axes.get_xlabel() == "periods since the start"


def test_no_effect_is_drawn_as_a_line_at_nothing(axes):
    draw(made(BY_TIME), axes)
    assert any(list(line.get_ydata()) == [0, 0] for line in axes.lines)
    other = draw(made())
    assert any(list(line.get_xdata()) == [0, 0] for line in other.lines)


def test_axes_that_are_given_are_used_and_others_are_new(axes):
    assert made().plot(axes) is axes
    assert made().plot() is not made().plot()
