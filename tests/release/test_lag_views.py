"""Reporting lag of a report: shares by month with their n, the delays said, and the months still to come named."""

from datetime import date, timedelta

import pytest

from crisiskit.release import series_views as series

NOTEBOOK = "10_response_patterns"


def written(record, first, days, late, number=0, **values):
    """One record a day, written `late(i)` days after; those not written by the last day are not there."""
    last = first + timedelta(days=days - 1)
    rows = [record(number + i, period_start=first + timedelta(days=i),
                   recorded_on=first + timedelta(days=i + late(i)), **values) for i in range(days)]  # fmt: skip
    return [row for row in rows if row["recorded_on"] <= last]


def test_shares_and_delays_are_those_written(report, record):
    rows = written(record, date(2023, 1, 1), 365, lambda i: (0, 5, 20, 40)[i % 4])
    view = series.reporting_lag(report(NOTEBOOK, rows))
    table = view.figure.data.set_index(["month", "days"])["value"]
    assert [table["2023-06", days] for days in (1, 7, 30)] == pytest.approx([1 / 4, 1 / 2, 3 / 4], abs=0.05)
    assert "half of the records were written within 5 days of the contact, nine tenths within 40 days" in view.note
    assert "the day of the last revision, which is later than the first entry; end of the data 2023-12-31" in view.note
    assert "Not yet complete (share expected to be written): November 2023" in view.note
    assert view.table["period"].tolist() == ["2023-11", "2023-12"]
    december = view.table.set_index("period").loc["2023-12"]
    assert december["expected_contacts"] == pytest.approx(31, abs=2)


def test_records_written_at_once_leave_nothing_to_come(report, record):
    view = series.reporting_lag(report(NOTEBOOK, written(record, date(2023, 1, 1), 200, lambda i: 0)))
    assert "half of the records were written on the day of the contact" in view.note
    assert "Not yet complete" not in view.note
    assert view.table is None


def test_a_source_without_a_stamp_is_named_beside_one_with(report, record):
    rows = written(record, date(2023, 1, 1), 120, lambda i: i % 3)
    rows += [record(900 + i, source="other", period_start=date(2023, 1, 1) + timedelta(days=i)) for i in range(50)]
    view = series.reporting_lag(report(NOTEBOOK, rows))
    assert view.note.startswith("calls: half of the records")
    assert view.note.endswith("Not recorded: other.")
    assert view.figure.data["series"].unique().tolist() == ["calls"]


def test_rows_without_a_lag_are_said_under_the_figure(report, record):
    rows = written(record, date(2023, 1, 1), 120, lambda i: 1)
    rows += [record(900, period_start=date(2023, 3, 5), recorded_on=date(2023, 3, 1)),
             record(901, period_start=date(2023, 3, 5))]  # fmt: skip
    view = series.reporting_lag(report(NOTEBOOK, rows))
    assert "Left out: stamp missing 1; stamped before the contact 1" in view.figure.credit
    assert f"n = {len(rows) - 2} records" in view.figure.credit


def test_a_study_of_an_earlier_period_knows_that_its_months_are_written(report, record):
    rows = written(record, date(2023, 1, 1), 365, lambda i: 40 * (i % 2))
    rows.append(record(901, period_start=date(2023, 12, 5)))
    view = series.reporting_lag(report(NOTEBOOK, rows, period_from="2023-01-01", period_to="2023-06-30"))
    assert view.figure.data["month"].max() == "2023-06"
    assert "Not yet complete" not in view.note
    assert "end of the data 2023-12-31" in view.note
    assert "Left out" not in view.figure.credit  # the record without a stamp is not of that period


def test_without_any_stamp_the_section_says_what_it_needs(report, record):
    view = series.reporting_lag(report(NOTEBOOK, [record(1, period_start=date(2023, 1, 1))]))
    assert view.absent
    assert "needs period_start, and reported_at or recorded_on" in view.note


def test_stamps_before_every_contact_are_a_line(report, record):
    rows = [record(i, period_start=date(2023, 1, 9), recorded_on=date(2023, 1, 1)) for i in range(3)]
    view = series.reporting_lag(report(NOTEBOOK, rows))
    assert view.absent
    assert "no record has both a day of contact and a day on which it was written" in view.note
