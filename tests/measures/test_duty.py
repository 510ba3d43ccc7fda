"""Duties: a source that keeps no such step has not neglected it."""

import pandas as pd
from followed import followed

from crisiskit.measures import measure


def plans() -> dict[str, pd.DataFrame]:
    """Six contacts of two sources: made, offered only, none, ineligible; two of a source that keeps no safety plans."""
    contacts = {"record_id": list("abcdef"), "source": ["s"] * 4 + ["t"] * 2, "contacts": 1, "risk": ["high"] * 6,
                "consented": [True, False] + [None] * 4, "missing": [None] * 5 + ["consented=not_applicable"]}
    steps = {"record_id": ["a", "a", "b", "d", "e"], "source": ["s"] * 4 + ["t"],
             "item": [None] * 4 + ["rights_notice"], "step": ["safety_plan"] * 4 + ["other"],
             "status": ["offered", None, "offered", "ineligible", "attended"]}
    return followed(contacts, steps)


def test_a_step_done_of_the_contacts_that_owe_it() -> None:
    row = measure(plans(), "duty_completed").iloc[0]
    assert (row["numerator"], row["denominator"]) == (1, 3)
    assert row["reasons"] == "source keeps no such step 2; ineligible 1; kept: on record, not completed 1"
    assert row["label"] == "Duty done (safety plan), share of contacts in which a person was met"
    assert measure(plans(), "duty_completed", where={"risk": "low"})["reasons"].iloc[0] == "no row meets the conditions"


def test_a_step_can_be_named_by_its_item() -> None:
    row = measure(plans(), "duty_completed", duty="rights_notice").iloc[0]
    assert (row["numerator"], row["denominator"], row["rows_left_out"]) == (1, 2, 4)


def test_consent_was_asked_for_where_yes_or_no_is_on_record() -> None:
    row = measure(plans(), "duty_completed", duty="consent").iloc[0]
    assert (row["numerator"], row["denominator"], row["reasons"]) == (2, 5, "not applicable 1")
    nothing = {"interventions": plans()["interventions"].drop(columns="consented")}
    assert measure(nothing, "duty_completed", duty="consent")["reasons"].iloc[0] == \
        "not recorded in this source: consented"


def test_a_source_without_the_step_is_not_a_no() -> None:
    row = measure(plans(), "duty_completed", duty="survey", by="source").iloc[0]
    assert row[["numerator", "denominator", "value", "bound_high"]].isna().all()
    assert row["reasons"] == "not recorded in this source: step 'survey'"
    alone = {"interventions": plans()["interventions"]}
    assert measure(alone, "duty_completed")["reasons"].iloc[0] == "not recorded in this source: table 'follow_ups'"
    by = measure(plans(), "duty_completed", by="source").set_index("source")
    assert pd.isna(by.loc["t", "value"])


def test_a_group_that_never_records_consent_has_no_share() -> None:
    contacts = {"record_id": list("abcd"), "source": ["s", "s", "t", "t"], "contacts": 1,
                "consented": [True, None, None, None], "missing": None}
    frame = measure(followed(contacts, {"record_id": [], "source": [], "step": []}), "duty_completed", "source",
                    duty="consent").set_index("source")
    assert frame.loc["s", "value"] == 0.5
    assert frame.loc["t", ["value", "low", "high", "numerator"]].isna().all()
    assert frame.loc["t", ["rows_used", "rows_left_out"]].tolist() == [0, 2]
    assert "not recorded in this group: consented" in frame.loc["t", "reasons"]


def test_a_site_that_never_asks_for_consent_is_a_true_zero() -> None:
    contacts = {"record_id": list("abcd"), "source": "s", "site": ["x", "x", "y", "y"], "contacts": 1,
                "consented": [True, False, None, None], "missing": None}
    frame = measure(followed(contacts, {"record_id": [], "source": [], "step": []}), "duty_completed", "site",
                    duty="consent").set_index("site")
    assert frame["value"].tolist() == [1, 0]
    assert frame.loc["y", ["numerator", "denominator"]].tolist() == [0, 2]
