"""Periods by the calendar."""

from datetime import date, timedelta

import numpy as np
import pytest

from crisiskit.days import Span
from crisiskit.impact.checks.window import next_start, number, span, touched, year_before
from crisiskit.impact.panel import Panel


@pytest.mark.parametrize(
    ("step", "after"),
    [("week", date(2020, 12, 8)), ("month", date(2021, 1, 1)), ("quarter", date(2021, 3, 1)),
     ("year", date(2021, 12, 1))],
)  # fmt: skip
def test_the_next_period_begins_where_this_one_ends(step, after):
    assert next_start(date(2020, 12, 1), step) == after


@pytest.mark.parametrize(
    ("day", "origin", "step", "apart"),
    [
        (date(2020, 6, 30), date(2020, 6, 1), "month", 0),
        (date(2020, 5, 31), date(2020, 6, 1), "month", -1),
        (date(2021, 6, 1), date(2020, 6, 1), "month", 12),
        (date(2020, 6, 7), date(2020, 6, 1), "week", 0),
        (date(2020, 5, 31), date(2020, 6, 1), "week", -1),
        (date(2020, 3, 31), date(2020, 4, 1), "quarter", -1),
        (date(2020, 9, 30), date(2020, 4, 1), "quarter", 1),
        (date(2019, 12, 31), date(2020, 1, 1), "year", -1),
    ],
)
def test_days_fall_into_periods_counted_from_the_start(day, origin, step, apart):
    assert number(day, origin, step) == apart


def test_a_period_is_touched_by_one_day_of_it(panel_of):
    panel = panel_of(months=6, start=3, year=2020)
    edge = Span.model_validate({"from": "2020-02-29", "to": "2020-04-01"})
    assert touched(panel, edge).tolist() == [False, True, True, True, False, False]
    assert (span(panel).first, span(panel).last) == (date(2020, 1, 1), date(2020, 6, 30))


def test_the_year_before_pairs_the_same_months(panel_of):
    assert year_before(panel_of(months=30, start=14)) == [(at - 12, at) for at in range(14, 26)]
    assert year_before(panel_of(months=20, start=10)) == [(at - 12, at) for at in range(12, 20)]
    assert year_before(panel_of(months=12, start=6)) == []


def test_the_week_a_year_before_starts_on_the_same_weekday():
    weeks = tuple(date(2019, 1, 7) + timedelta(days=7 * k) for k in range(60))
    status = np.zeros((2, 60))
    status[0, 55:] = 1
    pairs = year_before(Panel(("a", "b"), weeks, "week", np.ones((2, 60)), status, "calls"))
    assert pairs == [(at - 52, at) for at in range(55, 60)]
