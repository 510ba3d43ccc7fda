"""Dimensions: the calendar by the period's first day, as fine as the record knows it; the hour by the local clock."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure


def groups(data: dict, by: str, **variant: str) -> dict:
    frame = measure(data, "records", by=by, **variant)
    keys = [None if pd.isna(key) else key for key in frame[by]]
    return dict(zip(keys, frame["value"].astype("int64"), strict=True))


@pytest.fixture
def days(rows) -> dict:
    return rows(period_start=["2024-06-30", "2024-07-01", "2024-09-30", "2024-10-01", "2024-12-30", None])


def test_labels(days) -> None:
    assert groups(days, "year") == {2024: 5, None: 1}
    assert groups(days, "month") == {"2024-06": 1, "2024-07": 1, "2024-09": 1, "2024-10": 1, "2024-12": 1, None: 1}
    assert groups(days, "week") == {"2024-W26": 1, "2024-W27": 1, "2024-W40": 2, "2025-W01": 1, None: 1}
    assert groups(days, "day")["2024-06-30"] == 1
    assert groups(days, "weekday") == {"Mon": 3, "Tue": 1, "Sun": 1, None: 1}


@pytest.mark.parametrize(("fiscal", "years"), [
    ("calendar", {2024: 5}), ("state", {2024: 1, 2025: 4}), ("federal", {2024: 3, 2025: 2})])
def test_fiscal_years_are_named_after_their_end(days, fiscal: str, years: dict) -> None:
    assert groups(days, "fiscal_year", fiscal=fiscal) == {**years, None: 1}
    frame = measure(days, "records", by="fiscal_year", fiscal=fiscal)
    assert frame["label"].iloc[0] == f"Records ({fiscal} fiscal year)"


def test_years_are_whole_numbers_beside_a_null(days) -> None:
    assert str(measure(days, "records", by="year")["year"].dtype) == "Int64"


PRECISIONS = ["second", "day", "week", "month", "quarter", "year"]


@pytest.mark.parametrize(("by", "known"), [("day", 2), ("weekday", 2), ("week", 3), ("month", 4), ("year", 6),
                                           ("fiscal_year", 6)])
def test_a_dimension_is_known_where_the_precision_is_fine_enough(rows, by: str, known: int) -> None:
    data = rows(time_precision=PRECISIONS, period_start=["2024-01-01"] * 6)
    frame = measure(data, "records", by=by)
    assert frame.dropna(subset=by)["value"].sum() == known
    assert frame["value"].sum() == 6


def test_a_calendar_year_total_fits_no_other_fiscal_year(rows) -> None:
    data = rows(time_precision=["quarter", "year"], period_start=["2024-07-01", "2024-01-01"])
    assert groups(data, "fiscal_year", fiscal="state") == {2025: 1, None: 1}


def test_counts_know_a_month_where_both_ends_agree() -> None:
    counts = pd.DataFrame({"measure": "offered", "value": 1, "source_row": [1, 2], "level": ["a", "b"],
                           "period_start": ["2024-01-01", "2024-01-15"], "period_end": ["2024-01-31", "2024-02-14"]})
    counts = pd.concat([counts, counts.assign(measure="answered")])
    frame = measure({"counts": counts}, "answer_rate", by="month", where={"group": None})
    assert frame["month"].isna().to_list() == [False, True]


def test_hour_is_that_of_the_local_clock(rows) -> None:
    data = rows(received_at=["2025-01-01T04:30:00Z"] * 2, received_local=["2024-12-31T23:30:00", None])
    assert groups(data, "hour") == {23: 1, None: 1}


def test_null_is_a_group_of_its_own_and_kinds_are_groups(rows) -> None:
    assert groups(rows(need=["legal", None, "unknown", None]), "need") == {"legal": 1, "unknown": 1, None: 2}


def test_a_column_without_values_is_one_group_and_said_to_be(rows) -> None:
    frame = measure(rows(contacts=[1, 2]), "contacts", by="need")
    assert frame["value"].to_list() == [3]
    assert frame["reasons"].to_list() == ["'need' is null in every row"]


@pytest.mark.parametrize(("where", "kept"), [
    ({"month": "2024-06"}, 1), ({"month": ["2024-06", "2024-07"]}, 2), ({"week": "2024-W40"}, 2),
    ({"day": "2024-12-30"}, 1), ({"weekday": ["Mon", "sunday"]}, 4), ({"year": "2024"}, 5), ({"year": None}, 1),
    ({"year": [2024, None]}, 6), ({"weekday": "Mon", "month": "2024-07"}, 1)])
def test_where_on_dimensions(days, where: dict, kept: int) -> None:
    assert measure(days, "records", where=where)["value"].iloc[0] == kept


@pytest.mark.parametrize(("where", "kept"), [
    ({"access": "911"}, 2), ({"access": ["911", "hotline"]}, 3), ({"needs": "legal"}, 2), ({"needs": None}, 1),
    ({"weapon": "yes"}, 1), ({"weapon": False}, 1), ({"age": 30}, 1), ({"age": "30"}, 1), ({"latitude": 41.5}, 1)])
def test_where_on_columns(rows, where: dict, kept: int) -> None:
    data = rows(access=["911", "911", "hotline", None], needs=[["legal"], ["suicide", "legal"], ["suicide"], None],
                weapon=[True, False, None, None], age=[30, None, 31, None], latitude=[41.5, 1, 2, 3])
    assert measure(data, "records", where=where)["value"].iloc[0] == kept


@pytest.mark.parametrize(("where", "message"), [
    ({"month": "May"}, "where month: 'May' is not right; write it like 2024-05"),
    ({"week": "2024-05"}, "write it like 2024-W05"), ({"weekday": "Xyz"}, "write it like Mon"),
    ({"period_start": "1/2/2024"}, "write it like 2024-05-31"), ({"hour": "noon"}, "write it like a number"),
    ({"weapon": "perhaps"}, "write it like true or false"), ({"access": "hotlin"}, "did you mean 'hotline'"),
    ({"acces": "911"}, "did you mean 'access'"), ({"received_at": "2024-01-01"}, "moments cannot be listed")])
def test_where_that_is_not_right(rows, where: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure(rows(contacts=[1]), "records", where=where)


def test_where_by_fiscal_year(days) -> None:
    frame = measure(days, "records", where={"fiscal_year": 2025}, fiscal="federal")
    assert frame["value"].iloc[0] == 2
