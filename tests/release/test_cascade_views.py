"""The way from all contacts to an outcome closes to zero, names its losses, and compares groups with their noise."""

from datetime import UTC, date, datetime

from crisiskit.release import cascade_views as cascades

NOTEBOOK = "20_gaps"
DAY = date(2024, 1, 1)  # a Monday


def moment(hour):
    return datetime(2024, 1, 1, hour, 0, tzinfo=UTC)


def calls(record):
    """Ten calls: two not triaged, one not eligible, one at night, one without a trace, one unreached, four helped."""
    came = {"dispatched_at": moment(12), "arrived_at": moment(12)}
    made = [
        *[{"triaged": False}] * 2, {"triaged": True, "eligible": False},
        {"triaged": True, "eligible": True, "hour": 3}, {"triaged": True, "eligible": True},
        {"triaged": True, "eligible": True, "dispatched_at": moment(12)},
        *[{"triaged": True, "eligible": True, "outcome": "resolved", **came}] * 4,
    ]  # fmt: skip
    return [
        record(i, period_start=DAY, received_at=moment(row.get("hour", 12)),
               received_local=datetime(2024, 1, 1, row.get("hour", 12)), area_id="north" if i < 5 else "south",
               **{key: value for key, value in row.items() if key != "hour"})
        for i, row in enumerate(made)
    ]  # fmt: skip


def test_the_way_closes_with_every_loss_in_a_row_of_its_own(report, record):
    view = cascades.cascade(report(NOTEBOOK, calls(record), service_hours="daily 08:00-20:00"))
    drawn = list(view.figure.data[["label", "contacts"]].itertuples(index=False, name=None))
    assert drawn == [
        ("all contacts", 10), ("lost: not triaged", 2), ("triaged", 8), ("lost: not eligible", 1), ("eligible", 7),
        ("lost: outside service hours", 1), ("in service hours", 6), ("lost: reason not recorded", 1),
        ("dispatched", 5), ("lost: arrival not recorded", 1), ("arrived", 4), ("outcome recorded", 4),
    ]  # fmt: skip
    losses = sum(number for label, number in drawn if label.startswith("lost"))
    assert losses + drawn[-1][1] == drawn[0][1]
    assert view.note.startswith("calls: 40.0 % (4 of 10) came to the end of the way (outcome recorded).")
    assert "not triaged 20.0 % (2 of 10)" in view.note


def test_without_service_hours_that_loss_is_not_claimed(report, record):
    view = cascades.cascade(report(NOTEBOOK, calls(record)))
    assert "lost: outside service hours" not in set(view.figure.data["label"])
    assert "Service hours are not stated" in view.note


def test_groups_share_the_start_and_what_is_not_known_stands_last(report, record):
    rows = [row | ({"area_id": None} if number == 9 else {}) for number, row in enumerate(calls(record))]
    table = cascades.cascade_groups(report(NOTEBOOK, rows)).table
    areas = table[table["by"] == "area id"].set_index("group")
    assert list(areas.index) == ["north", "south", "not known"]
    assert areas["all contacts"].tolist() == [5, 4, 1]
    assert areas.loc["south", "outcome recorded"] == "75.0 % (3 of 4)"
    hours = table[table["by"] == "hour"].set_index("group")
    assert hours["all contacts"].to_dict() == {"00:00 to 05:59": 1, "12:00 to 17:59": 9}


def test_few_contacts_are_shown_and_not_compared(report, record):
    note = cascades.cascade_groups(report(NOTEBOOK, calls(record))).note
    assert "by area id: fewer than two known groups have 20 contacts" in note


def test_overlapping_intervals_are_called_chance(report, record):
    rows = [row | {"record_id": f"{number}-{row['record_id']}"} for number in range(8) for row in calls(record)]
    note = cascades.cascade_groups(report(NOTEBOOK, rows)).note
    assert "by area id: to the end come from 0.0 % (0 of 40) in north to 80.0 % (32 of 40) in south" in note
    assert "their intervals lie apart" in note


def test_a_source_of_one_stage_says_that_it_has_no_way(report, record):
    view = cascades.cascade(report(NOTEBOOK, [record(1, outcome="resolved")]))
    assert view.absent
    assert "fewer than two stages" in view.note
