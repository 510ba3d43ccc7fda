"""Parts: one series per group, over its own days, with what is not yet written marked and said."""

from datetime import date, timedelta

from crisiskit.release.series_parts import parts, stamped, undated, unfit

NOTEBOOK = "10_response_patterns"


def daily(record, first, days, number=0, **values):
    return [record(number + i, period_start=first + timedelta(days=i), **values) for i in range(days)]


def test_groups_are_never_added_up_and_have_their_own_ends(report, record):
    rows = daily(record, date(2024, 1, 1), 60) + daily(record, date(2024, 2, 1), 40, 100, source="other", contacts=3)
    found = parts(report(NOTEBOOK, rows), "month")
    assert [(part.name, part.lead, dict(part.where)) for part in found] == [
        ("calls", "calls: ", {"source": "calls"}), ("other", "other: ", {"source": "other"})]  # fmt: skip
    assert found[0].series.frame["contacts"].tolist() == [31, 29]
    assert found[1].series.frame["period"].tolist() == ["2024-02", "2024-03"]
    assert found[1].series.frame["incomplete"].tolist() == [False, True]
    assert unfit(found, "month") == "Not used: other: 1 month that the data do not cover whole."


def test_one_group_has_no_name(report, record):
    found = parts(report(NOTEBOOK, daily(record, date(2024, 1, 1), 31)), "month")
    assert [(part.name, part.lead, part.late) for part in found] == [("", "", ())]
    assert unfit(found, "month") == ""
    assert undated(found, "month") == ""


def test_contacts_that_are_not_dated_to_the_step_are_said(report, record):
    rows = daily(record, date(2024, 1, 1), 31)
    rows.append(record(99, contacts=1200, is_aggregate=True, period_start=date(2024, 1, 1),
                       period_end=date(2024, 1, 31), time_precision="month"))  # fmt: skip
    made = report(NOTEBOOK, rows)
    assert undated(parts(made, "day"), "day") == "1,200 contacts not dated to the day or finer"
    assert undated(parts(made, "month"), "month") == ""


def test_months_that_are_not_yet_written_are_not_taken_for_a_fall(report, record):
    """Every record is written 40 days after the contact; the file ends on the last contact that could be in it."""
    rows = daily(record, date(2023, 1, 1), 365)
    rows = [row | {"recorded_on": row["period_start"] + timedelta(days=40 if i % 2 else 0)}
            for i, row in enumerate(rows)]  # fmt: skip
    seen = [row for row in rows if row["recorded_on"] <= date(2023, 12, 31)]
    made = report(NOTEBOOK, seen)
    assert stamped(made)
    found = parts(made, "month")[0]
    assert found.late == ("2023-11", "2023-12")
    assert found.series.whole["period"].tolist()[-1] == "2023-10"
    assert unfit([found], "month") == "Not used: 2 months of which records are still expected."


def test_a_stamp_on_a_few_records_says_nothing_of_the_rest(report, record):
    rows = daily(record, date(2024, 1, 1), 91)
    rows[0]["recorded_on"] = date(2024, 3, 1)
    assert parts(report(NOTEBOOK, rows), "month")[0].late == ()
