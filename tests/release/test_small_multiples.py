"""Panels hold their own tables on one common scale."""

import numpy as np
import pandas as pd

from crisiskit.release.small_multiples import heat_maps

DAYS = ["Mon", "Tue"]


def panel(*rows):
    return pd.DataFrame(rows, index=DAYS, columns=range(len(rows[0])), dtype=float)


def test_every_panel_holds_its_own_table_and_all_have_one_scale():
    tables = {"grief (n = 3)": panel([1, 2], [0, 0]), "suicide (n = 50)": panel([10, 0], [np.nan, 40])}
    figure = heat_maps(tables, "% of contacts", "hour")
    panels = figure.axes[:2]
    shades = [axes.images[0].get_array().filled(-1).tolist() for axes in panels]
    assert shades == [[[1, 2], [0, 0]], [[10, 0], [-1, 40]]]
    assert {axes.images[0].get_clim() for axes in panels} == {(0, 40)}
    assert [axes.get_title(loc="left") for axes in panels] == list(tables)
    assert figure.axes[-1].get_ylabel() == "% of contacts"


def test_an_odd_number_of_panels_leaves_the_last_place_empty():
    figure = heat_maps(dict.fromkeys("abc", panel([1, 2], [3, 4])), "contacts", "hour")
    assert [axes.axison for axes in figure.axes[:4]] == [True, True, True, False]
    labelled = [any(label.get_text() for label in axes.get_xticklabels()) for axes in figure.axes[:3]]
    assert labelled == [False, True, True]
    assert [axes.get_xlabel() for axes in figure.axes[:3]] == ["", "", "hour"]


def test_one_panel_takes_the_whole_width():
    figure = heat_maps({"all": panel([1, 2], [3, 4])}, "contacts", "hour")
    assert len(figure.axes) == 2  # the panel and its scale


def test_panels_of_zeros_are_dark_and_not_an_error():
    assert heat_maps({"none": panel([0, 0], [0, 0])}, "contacts", "hour").axes[0].images[0].get_clim() == (0, 1)
