"""Training totals: pairs of the same period, people never counted once a month, gaps named."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.measures import measure

MONTHS = (("2025-01-01", "2025-01-31"), ("2025-02-01", "2025-02-28"))


def totals(values: dict, group: str | None = None) -> dict[str, pd.DataFrame]:
    """Counts of two months: {(name, level): (January, February)}; None leaves the row out."""
    rows = [{"source": "a", "measure": name, "value": value, "group": group, "level": level, "period_start": start,
             "period_end": end, "source_row": 1, "source_file": "f"}
            for (name, level), numbers in values.items()
            for (start, end), value in zip(MONTHS, numbers, strict=True) if value is not None]
    frame = pd.DataFrame(rows)
    for name in ("period_start", "period_end"):
        frame[name] = pd.to_datetime(frame[name]).dt.date
    return {"counts": frame}


def test_hours_are_a_ratio_of_sums() -> None:
    """Two stations: 100 h of 10 and 10 h of 40 in a month; the mean of 10 and 0.25 would be 5.1, and it is 2.2."""
    data = totals({("training_hours", "n"): (100, None), ("staff", "n"): (10, None),
                   ("training_hours", "s"): (10, None), ("staff", "s"): (40, None)}, "site")
    row = measure(data, "training_hours_per_staff").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (110, 50, 2.2)
    assert np.isnan(row["low"])
    by_level = measure(data, "training_hours_per_staff", by="level")
    assert by_level["value"].tolist() == [10, 0.25]


def test_months_without_both_numbers_are_left_out_and_pooled_months_are_named() -> None:
    data = totals({("training_hours", None): (100, 50), ("staff", None): (10, None)})
    row = measure(data, "training_hours_per_staff").iloc[0]
    assert (row["value"], row["rows_used"], row["reasons"][:15]) == (10, 1, "staff missing 1")
    both = measure(totals({("training_hours", None): (100, 50), ("staff", None): (10, 10)}),
                   "training_hours_per_staff").iloc[0]
    assert both["value"] == 7.5
    assert both["reasons"].startswith("pooled over period_start: 2025-01-01, 2025-02-01")


def test_people_are_not_counted_once_a_month() -> None:
    """The trap: 8 of 10 in January and 9 of 10 in February are 9 of 10, never 17 of 20."""
    data = totals({("staff_trained", None): (8, 9), ("staff", None): (10, 10)})
    row = measure(data, "training_current").iloc[0]
    assert (row["numerator"], row["denominator"], row["reasons"]) == (9, 10, "an earlier period 1")
    assert (row["low"], row["high"]) == pytest.approx((0.5958, 0.9821), abs=5e-5)  # Wilson, 9 of 10
    months = measure(data, "training_current", by="month")
    assert months["numerator"].tolist() == [8, 9]


def test_a_last_month_without_the_number_does_not_hide_the_one_before() -> None:
    data = totals({("staff_trained", None): (8, None), ("staff", None): (10, 10)})
    row = measure(data, "training_current").iloc[0]
    assert (row["numerator"], row["rows_used"], row["rows_left_out"]) == (8, 1, 1)


def test_totals_beside_a_breakdown_are_not_added_to_it() -> None:
    parts = totals({("staff_trained", "n"): (None, 3), ("staff", "n"): (None, 4)}, "site")["counts"]
    whole = totals({("staff_trained", None): (None, 9), ("staff", None): (None, 10)})["counts"]
    data = {"counts": pd.concat([parts, whole], ignore_index=True)}
    assert measure(data, "training_current")["denominator"].tolist() == [10]
    assert measure(data, "training_current", where={"group": "site"})["denominator"].tolist() == [4]
    several = {"counts": pd.concat([parts, parts.assign(group="rank")], ignore_index=True)}
    assert measure(several, "training_current")["reasons"].iloc[0] == \
        "staff are broken down in several ways: choose one with where group = rank or site"


def test_more_trained_than_staff_is_said_and_has_no_interval() -> None:
    row = measure(totals({("staff_trained", None): (None, 12), ("staff", None): (None, 10)}),
                  "training_current").iloc[0]
    assert row["reasons"] == "kept: more trained than staff 1"
    assert np.isnan(row["low"])


def test_totals_that_are_not_recorded() -> None:
    data = totals({("offered", None): (3, 4)})
    assert measure(data, "training_current")["reasons"].iloc[0] == "not recorded in this source: staff_trained, staff"
    assert measure(data, "training_hours_per_staff")["value"].isna().all()
