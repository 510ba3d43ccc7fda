"""Periods: their limits, which of them are incomplete, and a gap that is not taken for zero."""

from datetime import date, timedelta

import pandas as pd
import pytest

from crisiskit.release.calendar import bounds, choose_step, month_name, timeline

NOTEBOOK = "10_response_patterns"
YEAR = (date(2024, 1, 1), date(2024, 12, 31))


@pytest.mark.parametrize(
    ("step", "span", "fiscal", "labels", "first", "last"),
    [
        (
            "day",
            (date(2024, 2, 28), date(2024, 3, 1)),
            "calendar",
            ["2024-02-28", "2024-02-29", "2024-03-01"],
            "2024-02-28",
            "2024-03-01",
        ),
        (
            "week",
            (date(2024, 12, 29), date(2025, 1, 1)),
            "calendar",
            ["2024-W52", "2025-W01"],
            "2024-12-23",
            "2025-01-05",
        ),
        (
            "month",
            (date(2024, 1, 31), date(2024, 2, 1)),
            "calendar",
            ["2024-01", "2024-02"],
            "2024-01-01",
            "2024-02-29",
        ),
        ("year", YEAR, "calendar", ["2024"], "2024-01-01", "2024-12-31"),
        ("fiscal_year", YEAR, "calendar", ["2024"], "2024-01-01", "2024-12-31"),
        ("fiscal_year", YEAR, "state", ["2024", "2025"], "2023-07-01", "2025-06-30"),
        ("fiscal_year", YEAR, "federal", ["2024", "2025"], "2023-10-01", "2025-09-30"),
        ("fiscal_year", (date(2024, 6, 30), date(2024, 7, 1)), "state", ["2024", "2025"], "2023-07-01", "2025-06-30"),
        ("fiscal_year", (date(2024, 9, 30), date(2024, 9, 30)), "federal", ["2024"], "2023-10-01", "2024-09-30"),
    ],
)
def test_periods_run_from_that_of_the_first_day_to_that_of_the_last(step, span, fiscal, labels, first, last):
    found = bounds(step, span, fiscal)
    assert [label for label, *_ in found] == labels
    assert (str(found[0][1].date()), str(found[-1][2].date())) == (first, last)


def daily(record, first, days, **values):
    return [record(i, period_start=first + timedelta(days=i), **values) for i in range(days)]


@pytest.mark.parametrize(("days", "step"), [(30, "day"), (92, "day"), (93, "week"), (560, "week"), (561, "month")])
def test_the_step_follows_the_span(report, record, days, step):
    made = report(NOTEBOOK, daily(record, date(2023, 1, 2), days))
    assert choose_step(made) == step


def test_a_step_that_most_contacts_are_not_dated_to_is_not_taken(report, record):
    rows = daily(record, date(2024, 1, 1), 60)
    rows.append(record(99, contacts=40, period_start=date(2024, 1, 1), period_end=date(2024, 1, 31), is_aggregate=True,
                       time_precision="month"))  # fmt: skip
    made = report(NOTEBOOK, rows)
    assert choose_step(made) == "month"


def test_incomplete_periods_are_marked_and_gaps_stay_unknown(report, record):
    rows = daily(record, date(2024, 1, 10), 22) + daily(record, date(2024, 3, 1), 31, contacts=2)
    made = report(NOTEBOOK, [row | {"record_id": str(i)} for i, row in enumerate(rows)])
    table = timeline(made, "month")
    assert table["period"].tolist() == ["2024-01", "2024-02", "2024-03"]
    assert table["contacts"].tolist()[::2] == [22, 62]
    assert pd.isna(table["contacts"][1])
    assert table["incomplete"].tolist() == [True, False, False]


def test_groups_have_a_row_for_every_period_that_they_cover_themselves(report, record):
    rows = [record(1, period_start=date(2024, 1, 1)), record(2, period_start=date(2024, 3, 31), source="other")]
    rows.append(record(3, period_start=date(2024, 2, 1), source="other"))
    made = report(NOTEBOOK, rows)
    table = timeline(made, "month")
    assert table[["source", "period", "contacts", "incomplete"]].to_numpy().tolist() == [
        ["calls", "2024-01", 1, False],
        ["other", "2024-02", 1, False],
        ["other", "2024-03", 1, False],
    ]


def test_a_month_has_a_name():
    assert month_name("2024-08") == "August 2024"
