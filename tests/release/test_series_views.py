"""Calendar, trend and forecast: the numbers said are those planted by hand, and a short series says so in a line."""

from datetime import date, timedelta

import numpy as np
import pytest

from crisiskit.release import series_views as series

NOTEBOOK = "10_response_patterns"


def counted(record, first, contacts, number=0, **values):
    """One record a day with these contacts."""
    return [record(number + i, period_start=first + timedelta(days=i), contacts=int(n), **values)
            for i, n in enumerate(contacts)]  # fmt: skip


@pytest.fixture
def three_years(record):
    """1 096 days: twice the contacts on Saturdays, half as many again from June to August, Poisson."""
    days = [date(2021, 1, 1) + timedelta(days=i) for i in range(1096)]
    rate = [20 * (2 if day.weekday() == 5 else 1) * (1.5 if 6 <= day.month <= 8 else 1) for day in days]
    return counted(record, days[0], np.random.default_rng(6).poisson(rate))


def test_calendar_effects_find_the_busy_day_and_months(report, three_years):
    view = series.calendar_effects(report(NOTEBOOK, three_years))
    data = view.figure.data.set_index("label")["value"]
    assert data["Saturday"] / data["Monday"] == pytest.approx(2, abs=0.1)
    assert data["July"] / data["March"] == pytest.approx(1.5, abs=0.08)
    assert data["day 1 to 3 of the month"] == pytest.approx(1, abs=0.05)
    assert view.note.startswith("weekday highest Saturday 1.8")
    assert "15th and last day of the month" in view.note
    assert len(view.figure.data) == 7 + 2 + 12


def test_days_that_are_too_few_are_said(report, record):
    view = series.calendar_effects(report(NOTEBOOK, counted(record, date(2024, 1, 1), [1] * 55)))
    assert view.absent
    assert view.note.endswith("56 whole days with contacts are needed, no series has so many.")


def test_a_series_too_short_is_named_beside_one_that_is_not(report, record):
    rows = counted(record, date(2024, 1, 1), [3, 4] * 40)
    rows += counted(record, date(2024, 1, 1), [3] * 10, 200, source="other")
    view = series.calendar_effects(report(NOTEBOOK, rows))
    assert view.note.startswith("calls: weekday highest")
    assert "Not shown, too few whole days: other." in view.note
    assert view.figure.data["series"].unique().tolist() == ["calls"]


def test_trend_and_season_say_growth_with_its_interval(report, three_years):
    view = series.trend_season(report(NOTEBOOK, three_years))
    assert view.note.startswith("change a year ")
    assert "95 % interval" in view.note
    low = float(view.note.split("interval ")[1].split(" to ")[0])
    assert low < 0 < float(view.note.split(" to ")[1].split(" %")[0])  # no growth was planted
    assert any(f"highest in {month}" in view.note for month in ("June", "July", "August"))
    assert view.figure.data["period"].tolist()[0] == "2021-01"
    assert view.figure.title == "Trend and season of contacts a day, by month"


def test_a_forecast_says_its_model_and_how_wrong_it_was(report, three_years):
    view = series.forecast(report(NOTEBOOK, three_years))
    assert view.figure.data["period"].tolist() == [f"2024-{month:02d}" for month in range(1, 13)]
    assert "Tried on the past from 12 starting months, it was wrong by" in view.note
    assert "% (" in view.note.split("its own 95 % interval held")[1]
    assert "seasonal naive" in view.table["model"].tolist()
    july = view.figure.data.set_index("period").loc["2024-07"]
    assert july["low"] < 31 * 20 * 1.5 * 8 / 7 < july["high"]


@pytest.mark.parametrize("name", ["trend_season", "forecast"])
def test_under_two_years_the_reason_is_said_for_each_series(report, record, name):
    rows = counted(record, date(2024, 1, 1), [1] * 366) + counted(record, date(2024, 1, 1), [1] * 31, 900, source="b")
    view = getattr(series, name)(report(NOTEBOOK, rows))
    assert view.absent
    assert "b: 24 full months are needed, there are 1; calls: 24 full months are needed, there are 12." in view.note


def test_without_dates_every_section_says_what_it_needs(report, record):
    made = report(NOTEBOOK, [record(1)])
    for name in ("calendar_effects", "trend_season", "control_chart", "forecast"):
        view = getattr(series, name)(made)
        assert view.absent
        assert "Not recorded in this source" in view.note
        assert "period_start" in view.note
