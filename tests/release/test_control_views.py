"""Control charts of a report: a planted step is named, shares have their own chart, too little is said to be."""

from datetime import date, timedelta

import numpy as np

from crisiskit.release import series_views as series

NOTEBOOK = "10_response_patterns"


def counted(record, first, contacts, number=0, **values):
    return [record(number + i, period_start=first + timedelta(days=i), contacts=int(n), **values)
            for i, n in enumerate(contacts)]  # fmt: skip


def test_a_planted_step_is_signalled_and_named(report, record):
    """60 days at 20, then 30 at 40: the days after the step lie beyond the limits of the whole, or in its run."""
    counts = np.random.default_rng(3).poisson([20] * 60 + [40] * 30)
    view = series.control_chart(report(NOTEBOOK, counted(record, date(2024, 1, 1), counts)))
    data = view.figure.data
    assert data["signal"][60:].all()
    assert view.figure.title == "Control charts by day"
    assert "8 or more in a row on one side" in view.note
    assert "A signal says that something changed, not what" in view.note


def test_a_stable_series_has_no_point_beyond_the_limits(report, record):
    """By chance one point in 370 lies beyond: of these 90 none does."""
    counts = np.random.default_rng(12).poisson(100, 90)
    view = series.control_chart(report(NOTEBOOK, counted(record, date(2024, 1, 1), counts)))
    assert not view.figure.data["beyond"].any()
    assert view.note.startswith("Contacts a day: centre ")


def test_an_incomplete_period_is_drawn_and_sets_no_limit(report, record):
    rows = counted(record, date(2024, 1, 3), [10] * 250)  # a Wednesday, so the first week is cut
    view = series.control_chart(report(NOTEBOOK, rows))
    first = view.figure.data.iloc[0]
    assert view.figure.title == "Control charts by week"
    assert first["incomplete"]
    assert np.isnan(first["high"])
    assert np.isclose(view.figure.data["centre"], 10).all()
    assert "that the data do not cover whole" in view.note


def test_shares_have_charts_of_their_own(report, record):
    rng = np.random.default_rng(5)
    rows = [row | {"offered": 1, "answered": int(rng.random() < (0.8 if i // 20 < 60 else 0.2))}
            for i, row in enumerate(record(j, period_start=date(2024, 1, 1) + timedelta(days=j // 20))
                                    for j in range(1800))]  # fmt: skip
    view = series.control_chart(report(NOTEBOOK, rows))
    charts = view.figure.data.groupby("chart", sort=False)
    assert list(charts.groups) == ["Contacts a day", "Answered / offered"]
    share = charts.get_group("Answered / offered")
    assert share["value"].between(0, 1).all()
    assert share["signal"][-25:].all()
    assert "Answered / offered: centre 59.7 %" in view.note


def test_too_few_events_are_said_and_not_charted(report, record):
    rows = [row | {"force_used": i == 5} for i, row in enumerate(counted(record, date(2024, 1, 1), [5] * 60))]
    view = series.control_chart(report(NOTEBOOK, rows))
    assert "Force used: no chart, 0.0 a period on average are too few for limits." in view.note
    assert view.figure.data["chart"].unique().tolist() == ["Contacts a day"]


def test_rare_contacts_are_charted_by_a_longer_step(report, record):
    rows = counted(record, date(2024, 1, 1), [1, 0, 1] * 30)
    rows = [row for row in rows if row["contacts"]]
    view = series.control_chart(report(NOTEBOOK, rows))
    assert view.figure.title == "Control charts by week"


def test_a_short_series_says_so(report, record):
    view = series.control_chart(report(NOTEBOOK, counted(record, date(2024, 1, 1), [5] * 6)))
    assert view.absent
    assert "12 complete points are needed, there are" in view.note
