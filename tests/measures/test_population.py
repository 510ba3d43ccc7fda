"""Populations: joint levels, person-years from the nearest year, and no part that stands for the whole."""

import datetime as dt

import pandas as pd
import pytest

from crisiskit.measures.population import Window, calendar_window, person_years, residents, stand_in, summed
from crisiskit.measures.request import ask


def _people(*rows: tuple) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["area_id", "value", "start", "end"]).assign(area_level="county")
    return frame.assign(start=pd.to_datetime(frame["start"]), end=pd.to_datetime(frame["end"]))


def test_years_of_a_window_are_parts_of_each_year() -> None:
    assert Window(dt.date(2019, 1, 1), dt.date(2020, 12, 31)).years == 2
    assert Window(dt.date(2020, 2, 29), dt.date(2020, 2, 29)).years == 1 / 366
    assert Window(dt.date(2019, 12, 31), dt.date(2020, 1, 1)).years == pytest.approx(1 / 365 + 1 / 366)


def test_windows_of_the_calendar() -> None:
    assert str(calendar_window("month", dt.date(2024, 2, 1))) == "2024-02-01 to 2024-02-29"
    assert str(calendar_window("year", 2024.0)) == "2024-01-01 to 2024-12-31"
    assert str(calendar_window("fiscal_year", 2024, 7)) == "2023-07-01 to 2024-06-30"
    assert str(calendar_window("fiscal_year", 2024, 1)) == "2024-01-01 to 2024-12-31"
    assert str(calendar_window("year", 2024, 7)) == "2024-01-01 to 2024-12-31"


def test_the_nearest_population_serves_each_year() -> None:
    people = _people(("a", 10, "2018-01-01", "2018-12-31"), ("a", 20, "2019-01-01", "2019-12-31"),
                     ("a", 7, "2015-01-01", "2019-12-31"), ("b", 5, "2019-07-01", "2019-07-01"))
    window = Window(dt.date(2018, 1, 1), dt.date(2020, 12, 31))
    found = person_years(people, window, ["area_level", "area_id"]).set_index("area_id")
    assert found["person_years"].to_dict() == {"a": 10 + 20 + 20, "b": 15}
    assert stand_in(found.loc[["a"]], window) == \
        "population of 2018-01-01 to 2019-12-31 stands for 2018-01-01 to 2020-12-31"
    assert stand_in(found.loc[["b"]], window) == "population of 2019-07-01 stands for 2018-01-01 to 2020-12-31"
    assert stand_in(found.loc[["a"]], Window(dt.date(2018, 5, 1), dt.date(2019, 5, 1))) == ""


def test_joint_levels_are_taken_apart_in_either_order() -> None:
    counts = pd.DataFrame({
        "measure": "population", "area_id": "a", "area_level": "county", "period_start": "2020-01-01",
        "group": ["age_band/gender", "gender/age_band", "age_band", None, "age_band/gender", "gender"],
        "level": ["0-17/female", "male/0-17", "0-17", None, "18+", "female"], "value": [1.0, 2, 3, 6, 9, None]})
    tables = {"counts": counts, "interventions": pd.DataFrame({"contacts": [1]})}
    request = ask(tables, "rate_per_population")
    joint = residents(request, "population", ["gender", "age_band"])
    assert joint.set_index(["gender", "age_band"])["value"].to_dict() == {("female", "0-17"): 1, ("male", "0-17"): 2}
    assert residents(request, "population", [])["value"].to_list() == [6]
    assert residents(request, "population", ["gender"]).empty  # its number is not given, which is not 0
    assert residents(request, "homes", []).empty


def test_a_part_does_not_stand_for_the_whole() -> None:
    """Asked for two sexes together, the county that has one of them is left out."""
    people = _people(("a", 10, "2020-01-01", "2020-12-31"), ("a", 20, "2020-01-01", "2020-12-31"),
                     ("b", 5, "2020-01-01", "2020-12-31")).assign(gender=["female", "male", "female"])
    assert summed(people, []).set_index("area_id")["value"].to_dict() == {"a": 30}
    assert len(summed(people, ["gender"])) == 3
