"""Which arrival a clock takes: the record's, the first unit's of an event, or that of a type of responder."""

import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure

EVENT = "2025-01-01T00:00:00Z"


@pytest.fixture
def units(rows) -> dict:
    """One event with two units as rows of their own (police at 10 minutes, mobile crisis at 25), and an event alone."""
    return rows(
        record_id=["e1", "u1", "u2", "e2"], parent_id=[None, "e1", "e1", None], source=["s"] * 4,
        responder=["police", "police", "mobile_crisis", "police"], priority=["1", None, None, "2"],
        received_at=[EVENT] * 4,
        dispatched_at=["2025-01-01T00:05:00Z", "2025-01-01T00:04:00Z", "2025-01-01T00:15:00Z", None],
        arrived_at=["2025-01-01T00:12:00Z", "2025-01-01T00:10:00Z", "2025-01-01T00:25:00Z", "2025-01-01T00:30:00Z"])


def means(frame) -> list:
    return frame[frame["statistic"] == "mean"]["value"].to_list()


def test_by_default_every_record_has_its_clock(units) -> None:
    frame = measure(units, "response_time")
    assert means(frame) == [pytest.approx((12 + 10 + 25 + 30) / 4)]
    assert frame["label"].iloc[0] == "Received to first arrival, minutes, instant clock"


def test_the_first_unit_of_an_event_is_one_clock(units) -> None:
    """The units' rows are part of their event: counted beside it, the event would weigh three times."""
    frame = measure(units, "response_time", first="event", by="priority")
    assert means(frame)[:2] == [10, 30]
    assert frame["reasons"].iloc[-1] == "part of another record 2"
    assert frame["label"].iloc[0].endswith("instant clock, first unit of the event")
    assert means(measure(units, "travel_time", first="event")) == [6]
    whole = measure(units, "response_time", first="event").iloc[0]
    assert (whole["rows_used"], whole["rows_left_out"]) == (2, 2)


def test_the_first_of_a_type_of_responder(units) -> None:
    frame = measure(units, "response_time", first="event", responder="mobile_crisis")
    assert means(frame) == [25]
    assert frame["reasons"].iloc[0] == "part of another record 2; no mobile_crisis 1"
    assert frame["label"].iloc[0].endswith("first mobile crisis of the event")
    assert means(measure(units, "travel_time", first="event", responder="mobile_crisis")) == [10]
    alone = measure(units, "response_time", responder="mobile_crisis")
    assert means(alone) == [25]
    assert alone["reasons"].iloc[0] == "responder is not mobile_crisis 3"


def test_conditions_on_the_event_keep_its_units(units) -> None:
    assert means(measure(units, "response_time", first="event", where={"priority": "1"})) == [10]


def test_units_of_another_source_are_not_taken(units) -> None:
    units["interventions"].loc[1, "source"] = "other"
    assert means(measure(units, "response_time", first="event", where={"priority": "1"})) == [12]


def test_without_parents_each_record_is_its_event(rows) -> None:
    data = rows(received_at=[EVENT], arrived_at=["2025-01-01T00:10:00Z"])
    frame = measure(data, "response_time", first="event")
    assert means(frame) == [10]
    assert "each record is its own event" in frame["reasons"].iloc[0]


def test_an_unknown_responder_is_refused(units) -> None:
    with pytest.raises(UserError, match="there is no responder 'mobile_crysis'; did you mean 'mobile_crisis'"):
        measure(units, "response_time", responder="mobile_crysis")
