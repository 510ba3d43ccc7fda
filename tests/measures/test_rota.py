"""Scheduled staff: hours over the days of their periods, by hour of the day or of the week, or a reason."""

import pandas as pd
import pytest

from crisiskit.measures.rota import scheduled
from crisiskit.measures.tables import open_tables

FIRST, LAST = pd.Timestamp("2025-01-06"), pd.Timestamp("2025-02-02")


def ask(**columns):
    frame = pd.DataFrame({"measure": "staff_hours", **columns})
    for name in ("period_start", "period_end"):
        if name in frame:
            frame[name] = pd.to_datetime(frame[name]).dt.date
    return scheduled(open_tables({"counts": frame}), FIRST, LAST)


def test_by_hour_of_the_day_over_months_and_areas() -> None:
    """62 and 31 hours at 8 in January in two areas, and 28 in February: 121 hours in 59 days."""
    column, remark = ask(value=[62.0, 31, 28], hour=[8, 8, 8], area_id=["a", "b", "a"],
                         period_start=["2025-01-01", "2025-01-01", "2025-02-01"],
                         period_end=["2025-01-31", "2025-01-31", "2025-02-28"])
    assert remark == ""
    assert column[8] == column[6 * 24 + 8] == pytest.approx(121 / 59)
    assert pd.isna(column[9])


def test_levels_stand_for_hours_as_well_and_the_week_goes_before_the_day() -> None:
    common = {"period_start": "2025-01-06", "period_end": "2025-01-19"}
    column, _ = ask(value=[28.0], group=["hour_of_day"], level=["9"], **common)
    assert column[9] == 2
    column, _ = ask(value=[6.0, 99], group=["hour_of_week", "hour_of_day"], level=["33", "9"], **common)
    assert column[33] == 3  # Tuesday at 9, twice in the fortnight
    assert pd.isna(column[9])


@pytest.mark.parametrize(("columns", "remark"), [
    ({"value": [5.0], "hour": [9], "period_start": ["2023-01-01"], "period_end": ["2023-01-31"]}, "other periods"),
    ({"value": [5.0], "hour": [None], "period_start": ["2025-01-01"]}, "not by the hour"),
    ({"value": [5.0], "group": ["hour_of_day"], "level": ["24"], "period_start": ["2025-01-01"]}, "not by the hour"),
    ({"value": [None], "hour": [9], "period_start": ["2025-01-01"]}, "hold no staff_hours")])
def test_no_schedule_says_why(columns: dict, remark: str) -> None:
    column, text = ask(**columns)
    assert column is None
    assert remark in text


def test_without_counts() -> None:
    tables = open_tables({"interventions": pd.DataFrame({"contacts": [1]})})
    assert scheduled(tables, FIRST, LAST) == (None, "no schedule: the source has no counts")
