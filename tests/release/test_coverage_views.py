"""Demand against service hours: numbers of records made by hand, and what is said where no hours are stated."""

from datetime import date, datetime

from crisiskit.release import coverage_views as cover

NOTEBOOK = "20_gaps"


def at(record, number, hour, day=1, **values):
    moment = datetime(2024, 1, day, hour, 15)
    return record(number, received_local=moment, period_start=date(2024, 1, day), **values)


def contacts(record):
    """Monday 10:00 three contacts, Monday 22:00 two, Saturday 03:00 one, and one of an unknown hour."""
    rows = [at(record, i, 10) for i in range(3)] + [at(record, 10 + i, 22) for i in range(2)]
    return [*rows, at(record, 20, 3, day=6), record(30, period_start=date(2024, 1, 2))]


def test_the_share_within_hours_is_said_with_its_n_and_what_is_left_out(report, record):
    view = cover.coverage_clock(report(NOTEBOOK, contacts(record), service_hours="Mon-Fri 08:00-20:00"))
    assert view.note.startswith("50.0 % (3 of 6) contacts come within the service hours (Mon-Fri 08:00-20:00)")
    assert "50.0 % (3 of 6) come outside" in view.note
    assert "The busiest hour without service is Monday 22:00 (2 contacts)" in view.note
    assert "hour not recorded 1" in view.figure.credit
    data = view.figure.data
    assert len(data) == 168
    assert data["demand"].sum() == 6
    assert data.loc[data["in_service"] > 0, "demand"].sum() == 3


def test_the_best_shift_covers_the_hours_that_are_busiest_outside_service(report, record):
    view = cover.added_shift(report(NOTEBOOK, contacts(record), service_hours="Mon-Fri 08:00-20:00"))
    first = view.table.iloc[0]
    assert first["added contacts"] == "50.0 % (3 of 6)"  # 20:00 to 04:00 on every day holds both gaps
    assert first["covered after"] == "100.0 % (6 of 6)"
    assert "not in the records" in " ".join(view.note.split())


def test_without_stated_hours_usual_ones_are_tried_and_no_shift_is_added(report, record):
    made = report(NOTEBOOK, contacts(record))
    view = cover.coverage_clock(made)
    assert view.note.startswith("The service hours are not stated")
    assert view.table.set_index("hours").loc["daily 08:00-20:00", "contacts within"] == "50.0 % (3 of 6)"
    assert cover.added_shift(made).absent


def test_a_source_that_is_covered_whole_has_no_shift_to_add(report, record):
    view = cover.added_shift(report(NOTEBOOK, contacts(record), service_hours="24/7"))
    assert view.note == "No contact comes outside the service hours (24/7)."
