"""Reporting lag: recent contacts cannot be late yet, a known delay is found, and the last months are marked."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure
from crisiskit.measures.lag import delays, distribution, expected_completeness
from crisiskit.measures.series import series


def stamped(rows, days: list[str], stamps: list[str | None], **more):
    return rows(period_start=[date.fromisoformat(day) for day in days], contacts=[1] * len(days),
                recorded_on=[None if stamp is None else date.fromisoformat(stamp) for stamp in stamps], **more)


@pytest.fixture(scope="module")
def geometric():
    """8 000 contacts of 2024, each written after a geometric number of days (mean 11), as seen on 31 December."""
    rng = np.random.default_rng(1)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 366, 8000), unit="D")
    written = day + pd.to_timedelta(rng.geometric(1 / 12, 8000) - 1, unit="D")
    seen = written <= pd.Timestamp("2024-12-31")
    frame = pd.DataFrame({"contacts": 1, "period_start": day.date, "period_end": day.date, "recorded_on": written.date})
    return {"interventions": frame[seen]}, pd.Series(seen).groupby(day.month).mean()


def test_recent_contacts_are_left_out_because_they_cannot_be_late_yet(rows) -> None:
    """Data end on 31 January. Within 7 days: 1 and 3 January count; 30 January, written at once, is too young."""
    table = stamped(rows, ["2024-01-01", "2024-01-03", "2024-01-30", "2024-01-20"],
                    ["2024-01-02", "2024-01-31", "2024-01-30", None])
    row = measure(table, "recorded_within", days=7).iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 2, 0.5)
    assert row["reasons"] == "stamp missing 1; less than 7 days old 1"
    assert row["rows_used"] + row["rows_left_out"] == 4
    assert row["label"] == "Recorded within 7 days of the contact (recorded on)"


def test_rows_that_cannot_have_a_lag_are_counted_by_reason(rows) -> None:
    table = stamped(rows, ["2024-01-01", "2024-01-05", "2024-01-01", "2024-01-01"],
                    ["2024-01-31", "2024-01-04", "2024-01-05", "2024-01-05"],
                    is_aggregate=[False, False, True, False], time_precision=["day", "day", "month", "month"])
    row = measure(table, "recorded_within", days=1).iloc[0]
    assert row["reasons"] == "aggregate rows 1; day of contact missing 1; stamped before the contact 1"
    assert (row["numerator"], row["denominator"]) == (0, 1)
    assert delays(table).left_out == {
        "aggregate rows": 1, "day of contact missing": 1, "stamped before the contact": 1}


def test_a_moment_of_writing_is_counted_on_the_local_calendar(rows) -> None:
    """02:00 UTC on the 2nd is the evening of the 1st in Chicago: written on the day of the contact."""
    table = rows(period_start=[date(2024, 1, 1)] * 2, contacts=[1, 1], time_zone=["America/Chicago", None],
                 reported_at=["2024-01-02T02:00Z", "2024-01-02T02:00Z"])
    row = measure(table, "recorded_within", days=0).iloc[0]
    assert (row["numerator"], row["denominator"], row["reasons"]) == (1, 1, "time zone missing 1")
    assert row["label"] == "Recorded within 0 days of the contact (reported at)"


def test_each_source_ends_with_its_own_last_day(rows) -> None:
    """Source a ends on 31 January, b on 2 January: b's contact of the 2nd is too young although a goes on."""
    table = stamped(rows, ["2024-01-01", "2024-01-02"], ["2024-01-31", "2024-01-02"], source=["a", "b"])
    found = measure(table, "recorded_within", by="source", days=7).set_index("source")
    assert found["rows_used"].to_dict() == {"a": 1, "b": 0}
    assert pd.isna(found.loc["b", "value"])


def test_conditions_do_not_move_the_end_of_the_data(rows) -> None:
    """January's contacts alone were stamped by 20 January; the data go on to March, so all of them are old enough."""
    table = stamped(rows, ["2024-01-20", "2024-01-19", "2024-03-05"], ["2024-01-20", "2024-01-20", "2024-03-05"])
    row = measure(table, "recorded_within", where={"month": "2024-01"}, days=30).iloc[0]
    assert (row["numerator"], row["denominator"], row["rows_left_out"]) == (2, 2, 0)
    assert delays(table, {"month": "2024-01"}).last == date(2024, 3, 5)


def test_without_a_stamp_nothing_is_answered(rows) -> None:
    row = measure(rows(period_start=[date(2024, 1, 1)], contacts=[1]), "recorded_within").iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"] == "not recorded in this source: reported_at"
    assert delays(rows(period_start=[date(2024, 1, 1)], contacts=[1])) is None
    assert delays({"counts": pd.DataFrame({"measure": ["population"], "value": [5.0]})}) is None
    with pytest.raises(UserError, match="days must be a number from 0"):
        measure(rows(period_start=[date(2024, 1, 1)], contacts=[1]), "recorded_within", days=-1)


def test_a_known_distribution_is_found_although_the_late_are_not_yet_seen(geometric) -> None:
    """P(delay <= d) = 1 - (11/12)^(d+1); tolerance two standard errors of 7 700 records and the tail beyond 183 days.

    Counting the records that are seen would overstate it: of December's, all are fast.
    """
    found = distribution(delays(geometric[0]))
    days = np.array([0, 1, 7, 30, 60])
    assert found[days].to_numpy() == pytest.approx(1 - (11 / 12) ** (days + 1), abs=0.012)
    assert found.is_monotonic_increasing
    assert found.iloc[-1] == 1


def test_the_last_months_are_expected_to_be_as_incomplete_as_they_are(geometric) -> None:
    table, truth = geometric
    expected = expected_completeness(series(table, "month"), delays(table)).set_index("period")
    assert expected["expected_share"].to_numpy() == pytest.approx(truth.to_numpy(), abs=0.02)
    assert expected["complete"].tolist() == [True] * 11 + [False]
    assert expected.loc["2024-12", "expected_contacts"] == pytest.approx(8000 * 31 / 366, rel=0.08)


def test_the_product_limit_is_that_worked_by_hand(rows) -> None:
    """Data end on day 4. Delays 0 (days 0, 2, 4), 1 (day 1), 2 (day 2).

    At risk of delay 2: delay at most 2 and at least 2 days old, 4 of 5: 1 - 1/4. At risk of delay 1: delay at most 1
    and at least 1 day old, 3: 1 - 1/3. So within 1 day 3/4, within 0 days 1/2.
    """
    days = [date(2024, 1, 1 + day) for day in (0, 2, 4, 1, 2)]
    written = [date(2024, 1, 1 + day) for day in (0, 2, 4, 2, 4)]
    found = delays(rows(period_start=days, contacts=[1] * 5, recorded_on=written))
    assert found.last == date(2024, 1, 5)
    assert distribution(found).tolist() == pytest.approx([1 / 2, 3 / 4, 1])


def test_a_period_after_the_end_of_the_data_has_nothing_written(rows) -> None:
    table = stamped(rows, ["2024-01-01", "2024-01-31"], ["2024-01-01", "2024-01-31"])
    whole = series(table, "month")
    later = series(stamped(rows, ["2024-03-01"], ["2024-03-01"]), "month")
    found = delays(table)
    assert expected_completeness(whole, found)["expected_share"].tolist() == [1]
    row = expected_completeness(later, found).iloc[0]
    assert row["expected_share"] == 0
    assert pd.isna(row["expected_contacts"])
    assert not row["complete"]
