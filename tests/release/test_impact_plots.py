"""Plots of the impact report: what is handed in is what is drawn, whatever its size."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.release import impact_plots as plots

DAYS = pd.date_range("2024-01-01", periods=4, freq="MS")


def test_an_interval_without_an_end_runs_to_the_edge():
    data = pd.DataFrame({"label": ["a", "b"], "value": [-5.0, 3.0], "low": [-np.inf, 1.0], "high": [2.0, 4.0],
                         "main": [True, False]})  # fmt: skip
    axes = plots.intervals(data, "effect", "main", ((0, ""), (-10, "worth"))).axes[0]
    left, right = axes.get_xlim()
    bars = [line for line in axes.lines if len(line.get_xdata()) == 2 and len(set(line.get_ydata())) == 1]
    assert bars[0].get_xdata() == pytest.approx([left, 2.0])
    assert bars[1].get_xdata() == pytest.approx([1.0, 4.0])
    assert left < -10 < 4 < right


def test_a_row_without_an_interval_is_a_point():
    data = pd.DataFrame({"label": ["published"], "value": [-34.0], "low": [np.nan], "high": [np.nan]})
    axes = plots.intervals(data, "effect").axes[0]
    assert [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1] == [-34.0]


def test_coefficients_before_the_start_stand_apart():
    data = pd.DataFrame({"at": [-2, -1, 0, 1], "estimate": [0.1, 0.0, -0.4, -0.5]})
    data = data.assign(low=data["estimate"] - 0.1, high=data["estimate"] + 0.1)
    before, after = plots.coefficients(data, "log rate ratio", "months").axes[0].lines[:2]
    assert list(before.get_ydata()) == [0.1, 0.0]
    assert list(after.get_ydata()) == [-0.4, -0.5]


def test_the_distribution_counts_every_value():
    axes = plots.distribution(list(np.linspace(-2, 2, 50)), 3.0, "t", (-1.9, 1.9)).axes[0]
    assert sum(patch.get_height() for patch in axes.patches) == 50
    assert axes.lines[0].get_xdata()[0] == 3.0


def test_series_mark_starts_by_number_and_shade_shocks():
    data = pd.DataFrame({"at": DAYS, "treated areas": [4.0, 5, 2, 1], "other areas": [4.0, 4, 4, 4]})
    figure = plots.series([("Means", "calls", data)], [(date(2024, 3, 1), "the programme begins")],
                          [(date(2024, 2, 1), date(2024, 3, 1), "storm")])  # fmt: skip
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["treated areas", "other areas", "1: the programme begins", "storm"]
    assert figure.axes[0].lines[0].get_ydata().tolist() == [4, 5, 2, 1]


def test_the_curve_shows_what_each_variant_is_made_of():
    data = pd.DataFrame({"value": [-9.0, -4.0, 1.0], "low": [-12.0, -6.0, -1.0], "high": [-6.0, -2.0, 3.0],
                         "main": [False, True, False], "model": ["log", "poisson", "log"]})  # fmt: skip
    top, bottom = plots.curve(data, "effect", [("model", ["poisson", "log"])]).axes
    assert [y for _, y in top.collections[1].get_offsets()] == [-9, -4, 1]
    dots = [[x for x, _ in part.get_offsets()] for part in bottom.collections]
    assert dots == [[1], [0, 2]]


def test_the_gap_is_drawn_over_those_of_other_areas():
    data = pd.DataFrame({"at": DAYS, "treated areas": [4.0, 5, 2, 1], "mix of other areas": [4.0, 5, 4, 4]})
    gaps = pd.DataFrame({"at": [*DAYS, *DAYS], "area": ["x"] * 4 + ["y"] * 4, "treated": [True] * 4 + [False] * 4,
                         "gap": [0.0, 0, -2, -3, 1, 1, 1, 1]})  # fmt: skip
    _, below = plots.mixed(data, gaps, ("calls", "gap"), date(2024, 3, 1)).axes
    assert [line.get_ydata().tolist() for line in below.lines[:2]] == [[1, 1, 1, 1], [0, 0, -2, -3]]


def test_bounds_are_drawn_to_both_sides():
    data = pd.DataFrame({"mbar": [0.0, 1.0], "low": [-0.5, -0.9], "high": [-0.1, 0.3]})
    figure = plots.bands([(data, "multiple"), (data.assign(low=[-0.7, -0.8]), "bend")], "log rate ratio")
    (low, high), (other, _) = (axes.lines[:2] for axes in figure.axes)
    assert (low.get_ydata().tolist(), high.get_ydata().tolist()) == ([-0.5, -0.9], [-0.1, 0.3])
    assert other.get_ydata().tolist() == [-0.7, -0.8]
    assert [axes.get_ylabel() for axes in figure.axes] == ["log rate ratio", ""]
