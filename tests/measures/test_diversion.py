"""Diversion: eligibility is decided beforehand, and endings that are not known stay in the bounds."""

import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure


def test_eligible_is_read_and_never_inferred(rows) -> None:
    """Of 4 eligible events 3 ended otherwise; ineligible ones and those not decided count in neither number."""
    data = rows(contacts=[1] * 8, eligible=[True, True, True, True, False, False, None, None],
                arrested=[False, False, False, True, True, False, False, True], hospitalized=[False] * 8)
    row = measure(data, "diversion").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (3, 4, 0.75)
    assert row["reasons"] == "eligible blank 2; not eligible 2"
    assert row["rows_used"] + row["rows_left_out"] == 8
    assert [row["low"], row["high"]] == pytest.approx([0.3006418, 0.9544127], abs=1e-6)  # Wilson 3/4


@pytest.mark.parametrize("question", [
    {"where": {"arrested": False}}, {"where": {"outcome": "resolved"}}, {"where": {"call_type_final": "x"}},
    {"by": "outcome"}, {"by": "hospitalized"}])
def test_events_cannot_be_chosen_by_how_they_ended(rows, question) -> None:
    data = rows(contacts=[1], eligible=[True], arrested=[False], hospitalized=[False])
    with pytest.raises(UserError, match="known only once the event is over"):
        measure(data, "diversion", **question)


def test_endings_not_known_are_bounds(rows) -> None:
    """Two of five have a flag missing and no sign of an ending: 1/3 known, from 1/5 to 3/5."""
    data = rows(contacts=[1] * 5, eligible=[True] * 5, arrested=[False, None, True, None, False],
                hospitalized=[False, False, None, True, None])
    row = measure(data, "diversion").iloc[0]
    assert (row["numerator"], row["denominator"]) == (1, 3)
    assert (row["recorded_share"], row["bound_low"], row["bound_high"]) == (0.6, 0.2, 0.6)
    assert row["reasons"] == "ending not known 2"


def test_any_sign_counts_and_a_contradiction_is_said(rows) -> None:
    data = rows(contacts=[1] * 3, eligible=[True] * 3, arrested=[False] * 3, hospitalized=[False] * 3,
                outcome=["arrested", "resolved", None], outcomes=[None, ["resolved", "hospital"], None])
    row = measure(data, "diversion").iloc[0]
    assert (row["numerator"], row["denominator"]) == (1, 3)
    assert row["reasons"] == "kept: flag and outcome disagree 2"


def test_the_main_outcome_serves_where_flags_are_not_recorded(rows) -> None:
    """A transport or a hold leaves open whether it went to a hospital; an unknown outcome leaves everything open."""
    data = rows(contacts=[1] * 5, eligible=[True] * 5,
                outcome=["resolved", "hospital", "transported", "unknown", "involuntary_hold"])
    row = measure(data, "diversion").iloc[0]
    assert (row["numerator"], row["denominator"]) == (1, 2)
    assert (row["bound_low"], row["bound_high"]) == (0.2, 0.8)
    assert row["reasons"] == \
        "ending not known 3; arrested read from the main outcome, hospital read from the main outcome"
    strict = measure(data, "diversion", endings="arrested,hospital,involuntary_hold").iloc[0]
    assert (strict["numerator"], strict["denominator"]) == (1, 3)
    assert strict["label"] == "Eligible events that did not end in arrested,hospital,involuntary hold"


def test_by_responder(rows) -> None:
    data = rows(contacts=[1] * 3, eligible=[True] * 3, arrested=[False, True, False], hospitalized=[False] * 3,
                responder=["mobile_crisis", "police", "police"])
    frame = measure(data, "diversion", by="responder").set_index("responder")
    assert frame["value"].to_dict() == {"mobile_crisis": 1, "police": 0.5}


def test_not_recorded_is_not_zero(rows) -> None:
    row = measure(rows(contacts=[1], outcome=["resolved"]), "diversion").iloc[0]
    assert row["reasons"] == "not recorded in this source: eligible"
    assert row[["value", "numerator"]].isna().all()


def test_endings_are_outcomes(rows) -> None:
    with pytest.raises(UserError, match="did you mean 'arrested'"):
        measure(rows(contacts=[1]), "diversion", endings="arested")
    with pytest.raises(UserError, match="at least one"):
        measure(rows(contacts=[1]), "diversion", endings=",")
