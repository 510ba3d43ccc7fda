"""Contacts that nobody answered: channels apart, thin hours in bands, totals without hours, redials by key."""

from datetime import UTC, date, datetime, timedelta

from crisiskit.release import unanswered_views as lines

NOTEBOOK = "20_gaps"


def call(record, number, hour, answered, **values):
    moment = datetime(2024, 1, 1, hour, 0)
    ended = {"answered": int(answered), "abandoned": int(not answered)}
    clock = {"received_local": moment, "received_at": moment.replace(tzinfo=UTC), "period_start": date(2024, 1, 1)}
    return record(number, record_kind="hotline_contact", offered=1, **ended, **clock, **values)


def test_channels_are_never_pooled_and_thin_ones_stand_in_bands(report, record):
    rows = [call(record, i, i % 24, i % 24 != 3, modality="phone") for i in range(1200)]
    rows += [call(record, 2000 + i, 2, i > 4, modality="chat") for i in range(20)]
    view = lines.unanswered(report(NOTEBOOK, rows))
    assert view.note.startswith("chat: not answered 25.0 % (5 of 20) and abandoned 25.0 % (5 of 20); phone: not")
    assert "The hour that surely loses most is 03:00 by phone: 100.0 % (50 of 50) not answered" in view.note
    assert set(view.figure.data["channel"]) == {"phone"}
    assert "channels with few contacts: chat 20" in view.figure.credit
    bands = view.folds[0][1].set_index(["channel", "hours"])["not answered"]
    assert bands["chat", "00:00 to 05:59"] == "25.0 % (5 of 20)"
    assert bands["phone", "00:00 to 05:59"] == "16.7 % (50 of 300)"


def test_totals_alone_say_that_no_hour_can_be_told(report):
    totals = [("offered", 100.0, "911"), ("answered", 90.0, "911"), ("abandoned", 10.0, "911"),
              ("offered", 50.0, "other"), ("answered", 50.0, "other"), ("abandoned", 0.0, "other")]  # fmt: skip
    day = {"period_start": date(2024, 1, 1), "period_end": date(2024, 1, 31), "source": "c", "source_file": "f"}
    counts = [day | {"measure": name, "value": value, "level": level, "group": "line", "source_row": len(level)}
              for name, value, level in totals]  # fmt: skip
    view = lines.unanswered(report(NOTEBOOK, counts=counts))
    assert "911: not answered 10.0 % (10 of 100) and abandoned 10.0 % (10 of 100)" in view.note
    assert "Only totals are recorded, so no hour can be told from another." in view.note
    assert view.figure is None


def test_redials_need_a_key_and_are_counted_with_one(report, record):
    start = datetime(2024, 1, 1, 12, 0, tzinfo=UTC)
    rows = [call(record, 1, 12, False, person_key="a"), call(record, 2, 12, True, person_key="a"),
            call(record, 3, 12, False, person_key="b")]  # fmt: skip
    rows[1] |= {"received_at": start + timedelta(minutes=5)}
    view = lines.redials(report(NOTEBOOK, rows))
    assert "offered contacts that were redials: 33.3 % (1 of 3)" in view.points[0]
    assert "abandoned contacts that were followed by a redial: 50.0 % (1 of 2)" in view.points[1]


def test_redials_without_a_key_say_what_is_missing(report, record):
    view = lines.redials(report(NOTEBOOK, [call(record, 1, 12, False)]))
    assert view.absent
    assert "person_key" in view.note
