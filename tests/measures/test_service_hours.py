"""Service hours: schedules are read as people write them, errors say what would be right, midnight is no edge."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures.dimensions import WEEKDAYS
from crisiskit.measures.service_hours import DAY, WEEK, inside, read
from crisiskit.measures.tables import open_tables

MONDAY = pd.Timestamp("2025-01-06")


@pytest.mark.parametrize(("text", "hours"), [
    ("Mon-Fri 08:00-20:00; Sat 10:00-18:00; Sun closed", 5 * 12 + 8), ("Mon-Fri 8-20\nSat 10-18", 68),
    ("monday - friday: 08:00-12:00, 13:00-17:00", 40), ("daily 20:00-04:00", 56), ("24/7", 168),
    ("Fri-Mon 00:00-24:00", 96), ("Mon, Wed 22:30-23:00", 1), ("Mon 08:00-12:00; Mon 10:00-14:00", 6)])
def test_hours_per_week(text: str, hours: float) -> None:
    assert read(text).hours_per_week == hours


def test_a_mapping_is_a_schedule() -> None:
    given_hours = read({"Mon-Fri": "08:00-20:00", "Sun": "closed"})
    assert given_hours.spans == read("Mon-Fri 08:00-20:00").spans
    assert str(given_hours) == "Mon-Fri 08:00-20:00; Sun closed"
    assert read(given_hours) is given_hours


def test_a_span_over_midnight_belongs_to_the_next_day_and_sunday_runs_into_monday() -> None:
    assert read("Fri 22:00-02:00").spans == ((4 * DAY + 22 * 60, 5 * DAY + 2 * 60),)
    assert read("Sun 22:00-02:00").spans == ((0, 120), (WEEK - 120, WEEK))


@pytest.mark.parametrize(("text", "message"), [
    ("Mon-Fri", "is not days and times; write it like 'Mon-Fri 08:00-20:00"), ("", "holds no hours of service"),
    ("Sun closed", "holds no hours of service"), ("Mon 08:00-08:00", "has no length; a whole day is 00:00-24:00"),
    ("Mon 08:00-25:00", "outside the day"), ("Mon 08:75-09:00", "outside the day"), ("Mon 8am-8pm", "no span of times"),
    ("Mondey 08:00-20:00", "'Mondey' in 'Mondey 08:00-20:00' is no day; did you mean 'monday'"),
    ("Mo 08:00-20:00", "is no day"), ("Mon-Tue-Wed 08:00-20:00", "no range of days"),
    ("Sat-Sun closed; Sun 10:00-12:00", "says that Sun is closed and gives hours for it")])
def test_a_schedule_that_cannot_be_read_says_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(text)


def test_the_share_of_each_hour_that_is_open() -> None:
    share = read("Mon 08:30-10:00").open_share
    assert share.shape == (168,)
    assert share[[7, 8, 9, 10]].tolist() == [0, 0.5, 1, 0]


@pytest.mark.parametrize(("moment", "within"), [
    ("2025-01-06T07:59:59", False), ("2025-01-06T08:00:00", True), ("2025-01-06T19:59:59", True),
    ("2025-01-06T20:00:00", False), ("2025-01-12T23:00:00", True), ("2025-01-13T01:59:00", True),
    ("2025-01-13T02:00:00", False), (None, None)])
def test_inside_is_half_open_and_null_without_a_time(rows, moment: str | None, within: bool | None) -> None:
    tables = open_tables(rows(received_local=[moment, "2025-01-06T00:00:00"]))
    table = tables.tables["interventions"]
    answer = tables.fetch(table.select(within=inside(table, read("Mon 08:00-20:00; Sun 22:00-02:00"))))["within"][0]
    assert pd.isna(answer) if within is None else bool(answer) is within


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 6), st.integers(0, 23), st.integers(1, 24), st.lists(st.integers(0, WEEK - 1), min_size=1))
def test_the_engine_and_the_minutes_agree(rows, day: int, start: int, length: int, minutes: list[int]) -> None:
    end = (start + length) % 24
    text = f"{WEEKDAYS[day]} {start:02d}:00-{end or 24:02d}:00" if length < 24 else f"{WEEKDAYS[day]} 00:00-24:00"
    hours = read(text)
    tables = open_tables(rows(received_local=[str(MONDAY + pd.Timedelta(minutes=minute)) for minute in minutes]))
    table = tables.tables["interventions"]
    found = tables.fetch(table.select(within=inside(table, hours)))["within"]
    assert found.tolist() == hours.minutes[minutes].tolist()
