"""The one call: its columns, its refusals, and what must hold whatever the data are."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import catalogue, measure
from crisiskit.measures.request import LEDGER, NUMBERS


def test_columns_and_their_order(rows) -> None:
    data = rows(contacts=[1, 2], received_at=["2025-01-01T00:00:00Z"] * 2, arrived_at=["2025-01-01T00:09:00Z"] * 2,
                need=["legal", "grief"])
    frame = measure(data, "response_time", by="need")
    assert list(frame) == ["need", "statistic", *NUMBERS, *LEDGER, "label"]
    assert frame.attrs == {"measure": "response_time", "unit": "min",
                           "label": "Received to first arrival, minutes, instant clock"}
    assert list(measure(data, "contacts")) == [*NUMBERS, *LEDGER, "label"]


@pytest.mark.parametrize("name", [item.id for item in catalogue().values() if item.needs])
def test_what_is_not_recorded_is_one_row_without_a_value(rows, name: str) -> None:
    """Every measure, grouped or not, over rows that lack what it needs: null, never zero, with the names of that."""
    data, item = rows(site=["a", "b"], contacts=[None, None]), catalogue()[name]
    lacks = f"not recorded in this source: {', '.join(item.needs[0])}"
    if name in ("repeat_contact", "repeat_victimization"):
        lacks = "refused: these records are anonymous (no person_key)"
    if item.table != "interventions" or name == "duty_completed":
        lacks = f"not recorded in this source: table '{'follow_ups' if name == 'duty_completed' else item.table}'"
    for by in ((), ("site", "month")):
        frame = measure(data, name, by=by)
        assert len(frame) == 1
        row = frame.iloc[0]
        assert row[list(NUMBERS)].isna().all()
        assert (row["rows_used"], row["rows_left_out"]) == (0, 2 if item.table == "interventions" else 0)
        assert row["reasons"] == lacks or (lacks.startswith("refused") and row["reasons"].startswith(lacks))


def test_only_the_columns_that_are_lacking_are_named(rows) -> None:
    frame = measure(rows(answered=[1, 1]), "answer_rate")
    assert frame["reasons"].iloc[0] == "not recorded in this source: offered"


def test_a_condition_on_a_column_that_is_not_recorded_gives_no_zero(rows) -> None:
    row = measure(rows(contacts=[1, 2]), "contacts", where={"need": "legal"}).iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"] == "not recorded in this source: need"


def test_no_row_is_a_true_zero_only_for_counts(rows) -> None:
    data = rows(contacts=[1, 2], need=["grief", "grief"], arrested=[True, False])
    count = measure(data, "contacts", where={"need": "legal"}).iloc[0]
    assert (count["value"], count["low"], count["rows_used"]) == (0, 0, 0)
    assert count["high"] == pytest.approx(3.688879454)
    share = measure(data, "arrested", where={"need": "legal"}).iloc[0]
    assert pd.isna(share["value"])
    assert share["reasons"] == "no row meets the conditions"


def test_rows_met_that_lack_the_column_are_no_zero(rows) -> None:
    data = rows(contacts=[1, None], need=["grief", "legal"])
    row = measure(data, "contacts", where={"need": "legal"}).iloc[0]
    assert pd.isna(row["value"])
    assert (row["rows_left_out"], row["reasons"]) == (1, "not recorded in these rows: contacts")


@pytest.mark.parametrize(("call", "message"), [
    ({"name": "contact"}, "there is no measure 'contact'; did you mean 'contacts'"),
    ({"name": "contacts", "by": "prioritty"}, "did you mean 'priority'"),
    ({"name": "contacts", "by": ("need", "need")}, "stands twice"),
    ({"name": "contacts", "by": "value"}, "a column of the answer"),
    ({"name": "contacts", "confidense": 0.9}, "has no variant 'confidense'; did you mean 'confidence'"),
    ({"name": "contacts", "confidence": 95}, "confidence must be a number from 0.5 to 0.9999, not '95'"),
    ({"name": "contacts", "fiscal": "school"}, "fiscal cannot be 'school'"),
    ({"name": "response_time", "within_h": "a day"}, "within_h must be a number from 0, not 'a day'"),
    ({"name": "service_level", "denominator": "ofered"}, "did you mean 'offered'"),
    ({"name": "contacts", "standard": "age"}, "not standardised")])
def test_refusals(rows, call: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        measure(rows(contacts=[1]), **call)


def test_confidence(rows) -> None:
    data = rows(arrested=[True, False, False])
    wide, narrow = (measure(data, "arrested", confidence=c).iloc[0] for c in (0.998, "0.8"))
    assert wide["low"] < narrow["low"] < narrow["value"] < narrow["high"] < wide["high"]


row = st.fixed_dictionaries({
    "contacts": st.sampled_from([None, 0, 1, 2, 40]), "is_aggregate": st.booleans(),
    "need": st.sampled_from(["legal", "unknown", None]), "arrested": st.sampled_from([True, False, None]),
    "time_precision": st.sampled_from(["second", "day", "month", None]),
    "period_start": st.sampled_from(["2024-12-31", "2025-01-01", None]),
    "received_local": st.sampled_from(["2025-01-01T05:00:00", None]),
    "duration_min": st.sampled_from([None, 0.0, 12.5]),
})


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(row, min_size=1, max_size=25))
def test_groups_add_up_to_the_whole_and_rows_to_the_rows(rows, made: list[dict]) -> None:
    """Whatever is asked, by whatever: rows used and left out are all rows, and counts add up over groups."""
    data = rows(**{name: [record[name] for record in made] for name in made[0]})
    for name in ("contacts", "arrested", "time_per_contact"):
        for by in ("month", ("hour", "need")):
            frame = measure(data, name, by=by)
            assert frame["rows_used"].sum() + frame["rows_left_out"].sum() == len(made)
            for reasons, left in zip(frame["reasons"], frame["rows_left_out"], strict=True):
                counted = [part.rsplit(" ", 1)[1] for part in reasons.split("; ") if part and part[-1].isdigit()]
                assert left in (sum(map(int, counted)), len(made))
    total = measure(data, "contacts")["value"].fillna(0).sum()
    for by in ("need", "month", ("need", "year")):
        assert measure(data, "contacts", by=by)["value"].fillna(0).sum() == total


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(row, min_size=1, max_size=25))
def test_numbers_lie_where_they_must(rows, made: list[dict]) -> None:
    data = rows(**{name: [record[name] for record in made] for name in made[0]})
    for name in ("arrested", "contacts", "time_per_contact"):
        known = measure(data, name, by="need").dropna(subset=["value", "low", "high"])
        assert (known["low"] <= known["value"] + 1e-12).all()
        assert (known["value"] <= known["high"] + 1e-12).all()
    shares = measure(data, "arrested", by="need").dropna(subset="value")
    assert shares[["low", "value", "high"]].stack().between(0, 1).all()
