"""When and how long: the numbers said and drawn are those of records made by hand."""

from datetime import UTC, date, datetime, timedelta

from crisiskit.release import pattern_views as patterns

NOTEBOOK = "10_response_patterns"
START = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)  # a Monday


def daily(record, first, days, **values):
    return [record(i, period_start=first + timedelta(days=i), **values) for i in range(days)]


def test_volume_says_the_extremes_of_complete_periods_and_what_has_no_date(report, record):
    rows = daily(record, date(2023, 1, 1), 59) + daily(record, date(2023, 3, 1), 690, contacts=2)
    rows = [row | {"record_id": str(i)} for i, row in enumerate(rows)] + [record(9999, contacts=5)]
    view = patterns.volume(report(NOTEBOOK, rows))
    assert view.figure.title == "Contacts by month"
    assert view.note.startswith("2023-01-01 to 2025-01-18. 1,439 contacts; the busiest complete month is")
    assert "the quietest February 2023 (28)" in view.note
    assert "Incomplete: January 2025; hollow points" in view.note
    assert "Left out: 5 contacts not dated to the month or finer" in view.figure.credit
    table = view.figure.data.set_index("period")
    assert table.loc["2023-01", "contacts"] == 31
    assert table.loc["2025-01", ["contacts", "incomplete"]].tolist() == [36, True]


def test_sources_have_their_own_lines(report, record):
    rows = daily(record, date(2024, 1, 1), 20) + daily(record, date(2024, 1, 1), 20, source="other", contacts=3)
    view = patterns.volume(report(NOTEBOOK, rows))
    assert view.figure.data.groupby("source")["contacts"].sum().to_dict() == {"calls": 20, "other": 60}
    said = "calls: 20 contacts; 1 in every complete day. other: 60 contacts; 3 in every complete day."
    assert view.note == f"2024-01-01 to 2024-01-20. {said}"


def test_fiscal_years_follow_the_setting_and_name_what_is_incomplete(report, record):
    rows = daily(record, date(2023, 7, 1), 366) + daily(record, date(2024, 7, 1), 10)
    rows = [row | {"record_id": str(i)} for i, row in enumerate(rows)]
    view = patterns.fiscal_years(report(NOTEBOOK, rows, fiscal_year="state"))
    assert view.figure.data[["label", "contacts"]].to_numpy().tolist() == [["2024", 366], ["2025 (incomplete)", 10]]
    assert view.note == "Fiscal years run July to June, named after the year in which it ends. Complete: 2024."


def test_one_fiscal_year_is_said_not_drawn(report, record):
    view = patterns.fiscal_years(report(NOTEBOOK, daily(record, date(2024, 3, 1), 3)))
    assert view.figure is None
    assert view.note.endswith("All 3 contacts fall into one, 2024 (incomplete).")


def test_hours_are_those_of_the_local_clock_and_the_share_is_said(report, record):
    monday = {"period_start": date(2024, 1, 1)}
    rows = [record(i, received_local=datetime(2024, 1, 1, 23, 30), **monday) for i in range(3)]
    rows += [
        record(10, received_local=datetime(2024, 1, 2, 5, 0), period_start=date(2024, 1, 2)),
        record(11, contacts=4, **monday),
        record(12, contacts=2, is_aggregate=True, received_local=datetime(2024, 1, 1, 9, 0), **monday),
    ]
    view = patterns.hour_weekday(report(NOTEBOOK, rows))
    assert "The busiest hour of the week is Monday 23:00 to 23:59, with 3 contacts." in view.note
    assert "It rests on 40.0 % (4 of 10) of contacts" in view.note
    table = view.figure.data.set_index("weekday")
    assert table.loc["Monday", "23"] == 3
    assert table.loc["Tuesday", "5"] == 1
    assert int(table.to_numpy().sum()) == 4


def clocks(record, seconds, **more):
    return [
        record(i, received_at=START, arrived_at=None if s is None else START + timedelta(seconds=s), **more)
        for i, s in enumerate(seconds)
    ]


def test_intervals_give_percentiles_with_n_and_name_what_is_not_recorded(report, record):
    minutes = range(1, 101)
    rows = clocks(record, [60 * m for m in minutes] + [None, -60, 25 * 3600])
    view = patterns.intervals(report(NOTEBOOK, rows))
    drawn = view.figure.data.set_index("percentile")["value"]
    assert drawn.round(6).to_dict() == {"median": 50.5, "75th percentile": 75.25, "90th percentile": 90.1}
    assert view.table[["step", "n", "left out"]].to_numpy().tolist() == [["received to arrived", 100, 3]]
    assert "received to arrived within 50.5 min (n = 100)" in view.note
    assert (
        "Not recorded in this source: received to answered, received to dispatched, dispatched to arrived" in view.note
    )


def test_intervals_of_several_sources_stand_apart(report, record):
    rows = clocks(record, [60, 60]) + clocks(record, [600, 600], source="other")
    view = patterns.intervals(report(NOTEBOOK, rows))
    assert view.table["step"].tolist() == ["received to arrived (calls)", "received to arrived (other)"]


def test_a_minute_of_waiting_is_said_in_seconds(report, record):
    view = patterns.intervals(report(NOTEBOOK, [record(i, wait_s=20.0, answered=1, offered=1) for i in range(9)]))
    assert "received to answered within 20 s (n = 9)" in view.note


def test_the_distribution_agrees_with_the_measure_and_says_shares_with_n(report, record):
    rows = clocks(record, [60 * m for m in range(1, 101)] + [None, -60])
    view = patterns.response_ecdf(report(NOTEBOOK, rows))
    assert view.note.startswith("Arrived within 10 minutes 10.0 % (10 of 100); 20 minutes 20.0 % (20 of 100)")
    data = view.figure.data
    assert data["minutes"].tolist() == list(range(1, 96))
    assert data["share"].tolist() == [m / 100 for m in range(1, 96)]


def test_times_that_never_meet_are_a_line(report, record):
    rows = [record(1, received_at=START), record(2, arrived_at=START)]
    view = patterns.response_ecdf(report(NOTEBOOK, rows))
    assert view.absent
    assert view.note == "Nothing to show for response time in full: no record has both a receipt and an arrival."
