"""Hours of the week by group: shares of the group's own contacts, small groups named and not drawn."""

from datetime import date, datetime, timedelta

import pytest

from crisiskit.release import hour_views as hours

NOTEBOOK = "10_response_patterns"


def spread(record, number, first=0, **values):
    """Contacts one hour apart from Monday 1 January 2024, 00:30 UTC on."""
    start = datetime(2024, 1, 1, 0, 30)
    made = []
    for place in range(number):
        moment = start + timedelta(hours=place % 168)
        local = {"received_local": moment, "period_start": moment.date(), "time_precision": "minute"}
        made.append(record(first + place, **local, **values))
    return made


def test_each_panel_is_a_share_of_its_own_group_and_has_its_n(report, record):
    rows = spread(record, 336, need="suicide") + spread(record, 170, 336, need="grief")
    view = hours.hour_weekday_by_need(report(NOTEBOOK, rows))
    data = view.figure.data
    assert data.groupby("need")["share"].sum().tolist() == pytest.approx([1, 1])
    grief = data[(data["need"] == "grief") & (data["weekday"] == "Mon") & (data["hour"] == 0)].iloc[0]
    assert (grief["contacts"], grief["n"]) == (2, 170)
    assert grief["share"] == pytest.approx(2 / 170)
    assert "100.0 % (506 of 506) of contacts have an hour of the week" in view.note


def test_a_group_of_fewer_than_one_contact_for_each_hour_is_named_and_not_drawn(report, record):
    rows = spread(record, 168, need="suicide") + spread(record, 167, 168, need="grief")
    view = hours.hour_weekday_by_need(report(NOTEBOOK, rows))
    assert set(view.figure.data["need"]) == {"suicide"}
    assert "Not drawn: contacts of 1 need: grief 167." in view.note


def test_where_every_group_is_small_nothing_is_drawn(report, record):
    view = hours.hour_weekday_by_need(report(NOTEBOOK, spread(record, 167, need="grief")))
    assert view.figure is None
    assert "the largest has 167" in view.note


def test_rows_that_cover_a_period_and_groups_not_known_are_out_and_counted(report, record):
    rows = spread(record, 168, area_id="North", area_basis="incident")
    rows += spread(record, 10, 168, area_id="unknown")
    week = {"period_start": date(2024, 1, 1), "is_aggregate": True, "contacts": 22, "time_precision": "week"}
    view = hours.hour_weekday_by_area(report(NOTEBOOK, [*rows, record(300, **week, area_id="North")]))
    assert set(view.figure.data["n"]) == {168}
    assert "89.0 % (178 of 200) of contacts have an hour of the week" in view.note
    assert "5.6 % (10 of 178) of those have no known area" in view.note
    assert "Areas are those of incident." in view.note


def test_where_all_contacts_are_of_one_group_the_whole_is_not_drawn_again(report, record):
    view = hours.hour_weekday_by_need(report(NOTEBOOK, spread(record, 336, need="grief")))
    assert view.figure is None
    assert "all contacts have one need, grief" in view.note
