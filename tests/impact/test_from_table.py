"""Panels from tables that others made: the published studies' own columns, holes, and mistakes."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import twoway
from crisiskit.impact.from_table import panel_of
from crisiskit.simulate.panels import panel

NAMES = {"unit": "area", "period": "year", "outcome": "calls"}


@pytest.fixture
def table():
    return pd.DataFrame({
        "area": ["b", "a", "a", "b"], "year": [2020, 2020, 2021, 2021], "calls": [3, 1, 2, 4],
        "on": [0, 0, 1, 0], "first": [0, 2021, 2021, 0], "people": [10, 20, 21, 11],
    })  # fmt: skip


@pytest.mark.parametrize("programme", [{"status": "on"}, {"first": "first"}])
def test_rows_are_put_in_order_and_the_programme_is_read_either_way(table, programme):
    found = panel_of(table, **NAMES, **programme, exposure="people", covariates=["people"], better="more")
    assert found.units == ("a", "b")
    assert found.starts == (date(2020, 1, 1), date(2021, 1, 1))
    assert found.step == "year"
    assert found.outcome.tolist() == [[1, 2], [3, 4]]
    assert found.status.tolist() == [[0, 1], [0, 0]]
    assert found.exposure.tolist() == found.covariates["people"].tolist() == [[20, 21], [10, 11]]
    assert (found.label, found.better, found.notes) == ("calls", "more", ())


def test_a_panel_survives_the_way_through_a_table():
    drawn = panel(3, areas=12, months=18, treated=5, effect=-0.3, cohorts=2, stagger=4)
    frame = pd.DataFrame({
        "unit": np.repeat(drawn.units, 18), "day": np.tile(np.array(drawn.starts, "datetime64[ns]"), 12),
        "y": drawn.outcome.ravel(), "ran": drawn.status.ravel(),
    })  # fmt: skip
    found = panel_of(frame.sample(frac=1, random_state=1), unit="unit", period="day", outcome="y", status="ran")
    assert found.step == "month"
    assert found.roll_out == "staggered"
    assert twoway.fit(found.outcome, found.status).b == twoway.fit(drawn.outcome, drawn.status).b


@pytest.mark.parametrize(("days", "step"), [
    (["2024-01-01", "2024-01-08"], "week"), (["2024-02-01", "2024-03-01"], "month"),
    (["2024-01-01", "2024-04-01"], "quarter"), (["2024-01-01", "2025-01-01"], "year"),
    (["2024-01-01", "2024-01-02"], "period"), (["2024-01-01", "2024-01-01"], "period"),
])  # fmt: skip
def test_periods_are_called_by_their_distance(days, step):
    frame = pd.DataFrame({"area": ["a", "b"], "year": days, "calls": [1, 2], "on": 0})
    assert panel_of(frame, **NAMES, status="on").step == step


def test_a_row_that_is_not_there_is_not_known_and_the_programme_goes_on(table):
    more = pd.concat([table, pd.DataFrame({"area": ["b"], "year": [2022], "calls": [5], "on": [0], "first": [0]})])
    found = panel_of(more, **NAMES, status="on")
    assert np.isnan(found.outcome[0, 2])
    assert found.status[0].tolist() == [0, 1, 1]
    assert "1 cells are not in the table" in found.notes[0]


@pytest.mark.parametrize(("change", "asked", "words"), [
    ({}, {"outcome": "cals"}, "no column 'cals'.*did you mean 'calls'"),
    ({}, {"status": ""}, "by `status` or by `first`: one of the two"),
    ({}, {"first": "first"}, "by `status` or by `first`: one of the two"),
    ({"year": [2020, 2020, 2020, 2021]}, {}, "two rows of 'a' in 2020-01-01"),
    ({"on": [0, 0, 0.5, 0]}, {}, "0.5 for 'a' in 2021-01-01 is neither 0 nor 1"),
    ({"calls": ["3", "1", "x", "4"]}, {}, "column 'calls': 'x' is no number"),
    ({"year": ["spring", 2020, 2021, 2021]}, {}, "period 'spring'"),
    ({"year": [0, 1, 2, 2]}, {}, "period 0 is no year"),
    ({"first": [0, 2021, 2020, 0]}, {"status": "", "first": "first"}, "'first' changes within 'a': 2021-01-01 and"),
    ({"area": ["b", None, "a", "b"]}, {}, "column 'area' is empty in 1 rows"),
])  # fmt: skip
def test_mistakes_are_told(table, change, asked, words):
    with pytest.raises(UserError, match=words):
        panel_of(table.assign(**change), **({**NAMES, "status": "on"} | asked))
