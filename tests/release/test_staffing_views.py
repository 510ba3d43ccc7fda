"""Staff: the target and every assumption are printed, chat is not counted as telephone, the schedule is compared."""

from datetime import datetime, timedelta

import pytest

from crisiskit.errors import UserError
from crisiskit.release import staffing_views as staff

NOTEBOOK = "10_response_patterns"
START = datetime(2024, 1, 1)  # a Monday


def line(record, per_hour=2, weeks=2, first=0, minutes=30.0, **values):
    """Contacts of a line: the same number in every hour of so many weeks."""
    made = []
    for place in range(weeks * 168 * per_hour):
        moment = START + timedelta(hours=place // per_hour, minutes=5)
        clock = {"received_local": moment, "period_start": moment.date(), "time_precision": "minute"}
        kind = {"record_kind": "hotline_contact", "modality": "phone", "duration_min": minutes}
        made.append(record(first + place, **clock, **(kind | values)))
    return made


def schedule(people):
    """So many people in every hour of January 2024."""
    return [{"source": "rota", "measure": "staff_hours", "unit": "hours", "value": 31.0 * people, "hour": hour,
             "period_start": datetime(2024, 1, 1).date(), "period_end": datetime(2024, 1, 31).date(),
             "source_file": "r.csv", "source_row": hour} for hour in range(24)]  # fmt: skip


def test_staff_follows_erlang_c_and_shrinkage(report, record):
    view = staff.staffing(report(NOTEBOOK, line(record), target_share=0.8, target_s=20.0, shrinkage=0.3))
    data = view.figure.data
    assert len(data) == 168
    # 2 an hour for 30 minutes are 1 erlang. Erlang C (by hand): 3 agents wait 1/11 of the time, so that within 20 s
    # 1 - 1/11 exp(-2 * 20/1800) = 91 % are answered; 2 agents reach 67 %. 3 / 0.7 is 4.3: five on the rota.
    assert data["erlangs"].unique().tolist() == pytest.approx([1])
    assert data["agents"].unique().tolist() == [3]
    assert data["staff_needed"].unique().tolist() == [5]
    assert (data["low"] <= data["staff_needed"]).all()
    assert (data["high"] >= data["staff_needed"]).all()
    assert "no schedule to set it against" in view.note


def test_every_assumption_is_printed(report, record):
    note = staff.staffing(report(NOTEBOOK, line(record), target_share=0.9, target_s=30.0, shrinkage=0.25)).note
    assert "90 % of contacts answered within 30 s, with 25 % of scheduled time lost" in note
    assert "handle time 30.0 minutes, nobody leaves (Erlang C)" in note
    assert "A target of seconds is meant for a line" not in note


def test_the_schedule_is_set_against_the_need_hour_by_hour(report, record):
    view = staff.staffing(report(NOTEBOOK, line(record), schedule(4)))
    assert view.figure.data["gap"].unique().tolist() == pytest.approx([-1])
    assert "scheduled are 672 hours a week; in 168 of 168 hours fewer people than needed" in view.note


def test_a_schedule_that_the_load_exceeds_is_named(report, record):
    note = staff.staffing(report(NOTEBOOK, line(record), schedule(1))).note
    assert "in 168 hours those at work could not serve all who come" in note


def test_pooling_needs_fewer_than_separate_lines(report, record):
    view = staff.staffing(report(NOTEBOOK, line(record)))
    agents = view.table.set_index("lines")["agents"]
    # By hand, half an erlang: 2 agents wait 1/10 of the time; a quarter: 1 agent waits 1/4 of the time and misses 80 %.
    assert agents.to_dict() == {"one pool": 3, "2 equal lines": 4, "4 equal lines": 8}
    assert "4 lines of equal load, each alone, need 8 for the same target" in view.note


def test_chat_and_text_are_left_out_and_counted(report, record):
    rows = line(record) + line(record, 1, 2, 10_000, 90.0, modality="chat")
    view = staff.staffing(report(NOTEBOOK, rows))
    assert view.figure.data["erlangs"].unique().tolist() == pytest.approx([1])
    assert "336 contacts by chat" in view.figure.credit


def test_of_two_sources_each_has_its_own_staff_and_neither_the_schedule(report, record):
    rows = line(record) + line(record, 1, 2, 10_000, source="other")
    view = staff.staffing(report(NOTEBOOK, rows, schedule(4)))
    assert view.figure.data.groupby("source")["erlangs"].mean().to_dict() == pytest.approx({"calls": 1, "other": 0.5})
    assert view.figure.data["scheduled"].isna().all()


def test_teams_that_travel_are_told_that_seconds_are_for_lines(report, record):
    note = staff.staffing(report(NOTEBOOK, line(record, record_kind="field_response", modality="in_person"))).note
    assert "A target of seconds is meant for a line that answers" in note


def test_those_who_leave_make_the_queue_that_of_erlang_a(report, record):
    rows = line(record, wait_s=10.0, answered=1, abandoned=0, offered=1)
    for row in rows[::50]:
        row |= {"answered": 0, "abandoned": 1, "duration_min": None}
    note = staff.staffing(report(NOTEBOOK, rows)).note
    assert "(Erlang A)" in note
    assert "callers leave after" in note


def test_a_target_that_cannot_be_is_refused(report, record):
    with pytest.raises(UserError, match="target_share must be a number from 0.01 to 0.999"):
        staff.staffing(report(NOTEBOOK, line(record, 1, 1), target_share=80.0))
