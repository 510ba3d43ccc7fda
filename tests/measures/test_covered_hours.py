"""Hours covered: clock changes drop and repeat an hour, holes in an export are no quiet days."""

import pandas as pd
import pytest

from crisiskit.measures.covered_hours import hours_covered
from crisiskit.measures.request import ask


def grid(days: list[str], by=(), where=None, each: int = 1, zone: str | None = "America/New_York"):
    """Hours covered by contacts at noon of these days."""
    local = pd.to_datetime([f"{day}T12:00" for day in days for _ in range(each)])
    frame = pd.DataFrame({"received_local": local, "period_start": local.date, "time_zone": zone, "contacts": 1})
    return hours_covered(ask({"interventions": frame}, "staff_needed", by, where))


def hours(covered, weekday: int, hour: int) -> int:
    frame = covered.grid
    return int(frame.loc[(frame["_weekday"] == weekday) & (frame["_hour"] == hour), "_hours"].sum())


@pytest.mark.parametrize(("days", "counts"), [
    (["2025-03-08", "2025-03-10"], (1, 0, 1)),  # Sunday the 9th has no hour from 2 to 3
    (["2025-11-01", "2025-11-03"], (2, 1, 1)),  # Sunday the 2nd has the hour from 1 to 2 twice
    (["2025-06-07", "2025-06-09"], (1, 1, 1))])
def test_clock_changes(days: list[str], counts: tuple) -> None:
    covered = grid(days)
    assert tuple(hours(covered, 6, hour) for hour in (1, 2, 3)) == counts
    assert not covered.notes


def test_without_one_time_zone_clock_changes_are_not_counted_and_it_says_so() -> None:
    covered = grid(["2025-03-08", "2025-03-10"], zone=None)
    assert hours(covered, 6, 2) == 1
    assert covered.notes == ("no single time zone: clock changes are not in the hours covered",)


def test_a_quiet_day_is_covered_and_a_hole_is_not() -> None:
    days = ["2025-06-02", "2025-06-04"]
    quiet = grid(days)
    assert hours(quiet, 1, 5) == 1
    hole = grid(days, each=25)
    assert hours(hole, 1, 5) == 0
    assert hours(hole, 0, 5) == 1
    assert hole.notes == ("days without any record, not covered 1",)


def test_conditions_on_the_calendar_narrow_the_hours() -> None:
    """Two Junes asked about are not the year between them."""
    covered = grid(["2024-06-03", "2025-06-30"], where={"month": ("2024-06", "2025-06")})
    assert int(covered.grid["_hours"].sum()) == 24 * (28 + 30)
    monthly = grid(["2024-06-03", "2024-07-31"], by="month")
    assert monthly.keys == ("month",)
    assert monthly.grid.groupby("month")["_hours"].sum().to_list() == [24 * 28, 24 * 31]


def test_no_known_time_covers_nothing() -> None:
    frame = pd.DataFrame({"received_local": [pd.NaT], "contacts": [1]})
    assert hours_covered(ask({"interventions": frame}, "staff_needed")).grid.empty
