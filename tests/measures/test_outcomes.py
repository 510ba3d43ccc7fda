"""Outcomes and flags: shares of what is recorded, with what is missing counted by kind and bounds that hold it."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crisiskit.errors import UserError
from crisiskit.measures import measure


def test_outcome_share_is_of_known_outcomes(rows) -> None:
    data = rows(contacts=[1] * 8, is_aggregate=[False] * 7 + [True], missing=[None] * 6 + ["outcome=set_aside", None],
                outcome=["arrested", "referred", "referred", "unknown", "not_applicable", None, None, "referred"])
    frame = measure(data, "outcome_share").set_index("outcome")
    assert list(frame.index) == ["arrested", "referred"]
    row = frame.loc["referred"]
    assert (row["numerator"], row["denominator"], row["rows_used"], row["rows_left_out"]) == (2, 3, 3, 5)
    assert row["reasons"] == "aggregate rows 1; unknown 1; not applicable 1; set aside 1; blank 1"
    assert row["recorded_share"] == 0.5
    assert (row["bound_low"], row["bound_high"]) == (pytest.approx(2 / 6), pytest.approx(5 / 6))
    assert row["aggregate_share"] == pytest.approx(1 / 8)


def test_outcome_share_by_a_group_without_known_outcomes(rows) -> None:
    data = rows(outcome=["arrested", "unknown", "unknown"], need=["legal", "legal", "grief"])
    frame = measure(data, "outcome_share", by="need").set_index("need")
    assert frame.loc["legal", "value"] == 1
    assert pd.isna(frame.loc["grief", "value"])
    assert frame.loc["grief", "reasons"] == "unknown 1"


def test_outcome_share_by_outcome_is_refused(rows) -> None:
    with pytest.raises(UserError, match="by outcome already"):
        measure(rows(outcome=["arrested"]), "outcome_share", by="outcome")


FLAGS = ("arrested", "force_used", "injury_subject", "injury_responder", "hospitalized", "involuntary", "deescalated",
         "referred", "police_involved", "cit_requested", "cit_dispatched", "cit_arrived", "consented")


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_is_a_share_of_the_records_where_it_is_recorded(rows, flag: str) -> None:
    """One yes, one no, one not said, one not applicable, one left blank: a half, between a quarter and three."""
    data = rows(**{flag: [True, False, None, None, None]}, contacts=[1] * 5,
                missing=[None, None, f"age=unknown;{flag}=declined", f"{flag}=not_applicable", "age=declined"])
    row = measure(data, flag).iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (1, 2, 0.5)
    assert row["reasons"] == "declined 1; not applicable 1; blank 1"
    assert (row["recorded_share"], row["bound_low"], row["bound_high"]) == (0.5, 0.25, 0.75)
    assert [row["low"], row["high"]] == pytest.approx([0.0945312, 0.9054688], abs=1e-7)


@pytest.mark.parametrize("flag", FLAGS)
def test_a_flag_that_is_not_recorded_is_not_zero(rows, flag: str) -> None:
    for data in (rows(contacts=[1, 1]), rows(contacts=[1, 1], **{flag: [None, None]})):
        frame = measure(data, flag)
        assert len(frame) == 1
        row = frame.iloc[0]
        assert row[["numerator", "denominator", "value", "low", "high", "bound_low"]].isna().all()
        assert (row["rows_used"], row["reasons"]) == (0, f"not recorded in this source: {flag}")


def test_a_source_without_the_flag_says_so_beside_one_that_has_it(rows) -> None:
    data = rows(source=["a", "a", "b"], arrested=[True, False, None])
    frame = measure(data, "arrested", by="source").set_index("source")
    assert frame.loc["a", "value"] == 0.5
    assert frame.loc["b"][["value", "recorded_share", "bound_low", "bound_high"]].isna().all()
    assert frame.loc["b", "reasons"] == "not recorded in this group: arrested; blank 1"


def test_a_token_of_another_column_is_not_taken_for_this_one(rows) -> None:
    data = rows(age=[30, 31], referred=[True, None], missing=[None, "was_referred=unknown"])
    assert measure(data, "referred")["reasons"].iloc[0] == "blank 1"


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=30).filter(lambda v: set(v) != {None}),
       st.data())
def test_bounds_hold_whatever_the_missing_values_were(rows, values: list, draw: st.DataObject) -> None:
    row = measure(rows(arrested=pd.Series(values, dtype="object")), "arrested").iloc[0]
    truth = [draw.draw(st.booleans()) if value is None else value for value in values]
    assert row["bound_low"] - 1e-12 <= sum(truth) / len(truth) <= row["bound_high"] + 1e-12
    assert row["rows_used"] + row["rows_left_out"] == len(values)
