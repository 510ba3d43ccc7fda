"""Series: no hole, no invented zero, no month's total in a day, and the ends that the data do not cover are marked."""

from datetime import date, timedelta

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures.series import complete, gaps, periods, series, slack


def daily(rows, first: str, days: int, **columns):
    day = pd.date_range(first, periods=days).date
    return rows(period_start=day, period_end=day, contacts=[2] * days, **columns)


def test_an_empty_day_within_the_span_is_zero(rows) -> None:
    day = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 4)]
    found = series(rows(period_start=day, period_end=day, contacts=[3, 1, 2]), "day")
    assert found.frame["period"].tolist() == ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
    assert found.frame["contacts"].tolist() == [3, 1, 0, 2]
    assert not found.frame[["gap", "incomplete"]].any().any()
    assert found.frame["high"][2] == pytest.approx(3.688879454)  # Garwood's limit of a count of 0


def test_a_months_total_counts_in_months_and_never_in_days(rows) -> None:
    day = pd.date_range("2024-01-01", periods=31).date
    table = rows(period_start=[*day, date(2024, 1, 1)], period_end=[*day, date(2024, 1, 31)],
                 contacts=[1] * 31 + [500], is_aggregate=[False] * 31 + [True],
                 time_precision=["minute"] * 31 + ["month"])
    days, months = series(table, "day"), series(table, "month")
    assert (days.frame["contacts"].sum(), days.undated) == (31, 500)
    assert (months.frame["contacts"].sum(), months.undated) == (531, 0)


def test_ends_that_the_data_do_not_cover_are_incomplete(rows) -> None:
    found = series(daily(rows, "2024-01-15", 60), "month")  # to 14 March
    assert found.frame["incomplete"].tolist() == [True, False, True]
    assert found.whole["period"].tolist() == ["2024-02"]
    assert found.frame["days"].tolist() == [31, 29, 31]


@pytest.mark.parametrize(("fiscal", "labels"), [("calendar", ["2023", "2024"]), ("state", ["2024"]),
                                                ("federal", ["2023", "2024"])])
def test_fiscal_years_are_labelled_by_the_year_in_which_they_end(rows, fiscal: str, labels: list[str]) -> None:
    found = series(daily(rows, "2023-07-01", 366), "fiscal_year", fiscal=fiscal)
    assert found.frame["period"].tolist() == labels
    assert found.frame["incomplete"].tolist() == [fiscal != "state"] * len(labels)
    assert found.frame["contacts"].sum() == 732


def test_a_long_silence_of_a_busy_line_is_a_gap_and_not_zero(rows) -> None:
    before, after = pd.date_range("2024-01-01", periods=40).date, pd.date_range("2024-03-01", periods=40).date
    day = [*before, *after]
    found = series(rows(period_start=day, period_end=day, contacts=[5] * 80), "day")
    silent = found.frame["first_day"].between("2024-02-10", "2024-02-29")
    assert found.frame["gap"].tolist() == silent.tolist()
    assert found.frame.loc[silent, "contacts"].isna().all()


def test_closed_weekends_and_rare_contacts_are_no_gaps() -> None:
    week = pd.Series([20, 20, 20, 20, 20, 0, 0] * 4)
    assert not gaps(week, pd.Series([1] * 28)).any()
    rare = pd.Series([1] + [0] * 9 + [1] + [0] * 9)  # a contact in ten days: nine empty days are chance
    assert not gaps(rare, pd.Series([1] * 20)).any()


def test_a_period_whose_rows_lack_their_contacts_is_not_zero(rows) -> None:
    table = rows(period_start=[date(2024, month, 1) for month in (1, 2, 3)], contacts=[4, None, 4],
                 period_end=[date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)])
    found = series(table, "month")
    assert found.frame["gap"].tolist() == [False, True, False]
    assert pd.isna(found.frame["contacts"][1])


def test_weeks_cross_the_year_by_their_iso_label() -> None:
    assert [label for label, *_ in periods("week", (date(2024, 12, 29), date(2025, 1, 1)))] == ["2024-W52", "2025-W01"]


def test_slack_is_the_usual_distance_between_records() -> None:
    span = (date(2024, 1, 1), date(2024, 1, 1) + timedelta(days=27))
    assert slack(span, 28) == 0
    assert slack(span, 4) == 6  # one day a week


def test_conditions_narrow_the_series_and_its_span(rows) -> None:
    day = [date(2024, 1, 1), date(2024, 2, 1), date(2024, 6, 1)]
    table = rows(period_start=day, period_end=day, contacts=[1, 1, 1], need=["legal", "legal", "grief"])
    assert series(table, "month", where={"need": "legal"}).frame["period"].tolist() == ["2024-01", "2024-02"]


def test_errors_say_what_would_be_right(rows) -> None:
    with pytest.raises(UserError, match="'months' is not known.*month"):
        series(daily(rows, "2024-01-01", 3), "months")
    with pytest.raises(UserError, match="no record that meets the conditions has a date"):
        series(rows(contacts=[1], period_start=[None]), "month")
    with pytest.raises(UserError, match="these tables hold no interventions"):
        series({"counts": pd.DataFrame({"measure": ["population"], "value": [5.0]})}, "month")
    with pytest.raises(UserError, match="is not known"):
        complete(pd.DataFrame({"quarter": [], "value": []}), "quarter", (date(2024, 1, 1), date(2024, 2, 1)))
