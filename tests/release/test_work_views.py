"""Officers' work: minutes over events and hours by month, whatever other responders did."""

from datetime import UTC, datetime, timedelta

import pytest

from crisiskit.release import work_views as work

NOTEBOOK = "10_response_patterns"


def events(record, number, minutes, first=0, day=datetime(2024, 3, 1, tzinfo=UTC), **values):
    """Events of so many minutes, one a day."""
    made = []
    for place in range(number):
        moment = day + timedelta(days=place)
        clock = {"period_start": moment.date(), "received_at": moment}
        made.append(record(first + place, responder_min=float(minutes), **clock, **values))
    return made


def test_minutes_per_event_are_all_minutes_over_all_events_of_a_kind(report, record):
    rows = events(record, 20, 30, responder="police", call_type_initial="A")
    rows += events(record, 10, 90, 20, responder="police", call_type_initial="A")
    rows += events(record, 10, 20, 30, responder="co_responder", call_type_initial="B")
    rows += events(record, 40, 500, 40, responder="ems", call_type_initial="A")  # no officer: in no figure
    rows += events(record, 9, 5, 80, responder="police", call_type_initial="C")  # too few to say much
    view = work.officer_time(report(NOTEBOOK, rows))
    data = view.figure.data.set_index(["label", "responder"])
    assert data.loc[("A", "police"), ["minutes", "events", "minutes_per_event"]].tolist() == [1500, 30, 50]
    assert data.loc[("B", "co-responder"), "minutes_per_event"] == 20
    assert len(data) == 2
    assert "9 events of kinds that are not drawn" in view.figure.credit
    assert "not an officer 40" in view.note
    assert "police 39.6 minutes per event" in view.note  # 1,545 minutes / 39 events


def test_without_a_kind_of_event_the_responders_are_compared(report, record):
    view = work.officer_time(report(NOTEBOOK, events(record, 12, 30, responder="police")))
    assert view.figure.data["label"].tolist() == ["police"]


def test_minutes_of_nobody_who_is_an_officer_are_no_figure(report, record):
    view = work.officer_time(report(NOTEBOOK, events(record, 12, 30, responder="ems")))
    assert view.figure is None
    assert "no event with an officer has its minutes" in view.note


def test_hours_are_a_share_of_those_of_all_responders(report, record):
    rows = events(record, 31, 60, responder="police") + events(record, 31, 120, 31, responder="mobile_crisis")
    rows += events(record, 15, 60, 62, datetime(2024, 4, 1, tzinfo=UTC), responder="police")
    view = work.officer_hours(report(NOTEBOOK, rows))
    data = view.figure.data.set_index("month")
    assert data.loc["2024-03", ["hours", "hours_of_all"]].tolist() == [31, 93]
    assert data.loc["2024-03", "share"] == pytest.approx(1 / 3)
    assert data.loc["2024-04", "hours"] == 15
    assert data["incomplete"].tolist() == [False, True]
    assert "46 officer hours are 42.6 % of the 108 hours of all responders (police 42.6 %)" in view.note
    assert "31 a month over 1 complete month" in view.note
    assert "Incomplete: 2024-04" in view.note


def test_hours_of_two_sources_stand_apart(report, record):
    rows = events(record, 31, 60, responder="police")
    rows += events(record, 31, 30, 31, responder="police", source="other")
    view = work.officer_hours(report(NOTEBOOK, rows))
    assert view.figure.data.set_index("series")["hours"].to_dict() == {"calls: police": 31, "other: police": 15.5}
    assert view.note.startswith("calls: 31 officer hours are 100.0 % of the 31 hours of all responders")
