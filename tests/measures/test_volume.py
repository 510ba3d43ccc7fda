"""Volume: contacts are neither rows nor people, ratios are ratios of sums, period totals stay out of the clock."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from crisiskit.measures import measure


def test_contacts_add_up_and_a_missing_number_is_not_one(rows) -> None:
    row = measure(rows(contacts=[1, None, 3, 0, 100]), "contacts").iloc[0]
    assert row["value"] == row["numerator"] == 104
    assert (row["rows_used"], row["rows_left_out"], row["contacts_used"]) == (4, 1, 104)
    assert row["reasons"] == "contacts missing 1"
    assert pd.isna(row["denominator"])


def test_contacts_of_zero_is_a_number(rows) -> None:
    row = measure(rows(contacts=[0, 0]), "contacts").iloc[0]
    assert (row["value"], row["low"], row["rows_used"]) == (0, 0, 2)
    assert row["high"] == pytest.approx(3.688879454)


def test_records_are_rows_whatever_they_stand_for(rows) -> None:
    row = measure(rows(contacts=[0, 50, None]), "records").iloc[0]
    assert row["value"] == 3
    assert [row["low"], row["high"]] == pytest.approx([0.6186721, 8.7672731], abs=1e-6)


def test_kinds_and_sources_added_up_are_named(rows) -> None:
    data = rows(contacts=[1, 2, 3], record_kind=["hotline_contact", "field_response", "hotline_contact"],
                source=["a", "a", "b"])
    assert measure(data, "contacts")["reasons"].iloc[0] == \
        "pooled over source: a, b; pooled over record_kind: field_response, hotline_contact"
    by_source = measure(data, "contacts", by="source").set_index("source")["reasons"]
    assert by_source.to_dict() == {"a": "pooled over record_kind: field_response, hotline_contact", "b": ""}
    assert measure(data, "contacts", where={"source": "b"})["reasons"].iloc[0] == ""


def test_time_per_contact_is_a_ratio_of_sums(rows) -> None:
    """Rows of 10, 60 and 30 minutes for 1, 30 and 2 contacts: 100/33 minutes, not the mean of 10, 2 and 15."""
    row = measure(rows(duration_min=[10.0, 60.0, 30.0], contacts=[1, 30, 2]), "time_per_contact").iloc[0]
    assert (row["numerator"], row["denominator"]) == (100, 33)
    assert row["value"] == pytest.approx(100 / 33)
    assert row["value"] != pytest.approx(np.mean([10, 2, 15]))


def test_time_per_contact_interval_is_the_ratio_estimators(rows) -> None:
    minutes, contacts = np.array([10.0, 60, 30, 15]), np.array([1.0, 30, 2, 5])
    ratio = minutes.sum() / contacts.sum()
    error = np.sqrt(4 / 3 * ((minutes - ratio * contacts) ** 2).sum()) / contacts.sum()
    row = measure(rows(duration_min=minutes, contacts=contacts), "time_per_contact").iloc[0]
    assert row["high"] == pytest.approx(ratio + t.ppf(0.975, 3) * error)
    assert row["low"] == max(0, ratio - t.ppf(0.975, 3) * error)


def test_time_per_contact_uses_rows_that_have_both(rows) -> None:
    """A record of 0 contacts keeps its minutes in the sum; a half-known row gives neither half."""
    data = rows(duration_min=[10, None, 30, 5], contacts=[2, 7, None, 0])
    row = measure(data, "time_per_contact").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (15, 2, 7.5)
    assert (row["rows_used"], row["contacts_used"], row["rows_left_out"]) == (2, 2, 2)
    assert row["reasons"] == "minutes missing 1; contacts missing 1"


def test_time_per_contact_without_contacts_has_no_value(rows) -> None:
    row = measure(rows(duration_min=[10], contacts=[0]), "time_per_contact").iloc[0]
    assert pd.isna(row["value"])
    assert (row["numerator"], row["denominator"]) == (10, 0)


def test_period_totals_count_in_totals_but_not_by_the_clock(rows) -> None:
    data = rows(contacts=[1, 2, 97], is_aggregate=[False, None, True], time_precision=["minute", "minute", "month"],
                received_local=["2025-01-06T05:10", "2025-01-07T05:50", None],
                period_start=["2025-01-06", "2025-01-07", "2025-01-01"])
    total = measure(data, "contacts").iloc[0]
    assert (total["value"], total["aggregate_share"]) == (100, 0.97)
    for dimension, kept in (("hour", {5: 3}), ("weekday", {"Mon": 1, "Tue": 2})):
        frame = measure(data, "contacts", by=dimension)
        known = frame.dropna(subset=dimension)
        assert dict(zip(known[dimension], known["value"], strict=True)) == kept
        unknown = frame[frame[dimension].isna()].iloc[0]
        assert pd.isna(unknown["value"])
        assert "aggregate rows 1" in unknown["reasons"]
        assert frame["aggregate_share"].to_list() == [0.97] * len(frame)
    by_hour = measure(data, "contacts", where={"hour": [4, 5]}).iloc[0]
    assert by_hour["value"] == 3


def test_aggregate_share(rows) -> None:
    row = measure(rows(contacts=[1, 3, None], is_aggregate=[False, True, True]), "aggregate_share").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (3, 4, 0.75)
    assert row["reasons"] == "contacts missing 1"


def test_responder_minutes_are_not_one_clock_per_event(rows) -> None:
    """Two units for 30 minutes are 60 minutes of work, though the event's own clock ran 30."""
    data = rows(responder_min=[60.0, None], duration_min=[30.0, 10.0], contacts=[1, 1])
    row = measure(data, "responder_minutes").iloc[0]
    assert (row["value"], row["rows_used"], row["reasons"]) == (60, 1, "responder minutes missing 1")
