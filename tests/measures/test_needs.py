"""Needs: not assessed is not "no need", not said is not met, and scales are not pooled in silence."""

import pandas as pd
import pytest
from followed import followed

from crisiskit.measures import measure
from crisiskit.simulate import simulate


@pytest.fixture
def assessed() -> dict[str, pd.DataFrame]:
    """Nine assessments: met, unmet, unmet without a severity, two that do not say, no need, three not assessed."""
    return followed({"record_id": ["a", "b"], "need": ["grief", "legal"]}, {
        "record_id": ["a"] * 5 + ["b"] * 4, "step": "needs_assessment",
        "domain": ["safety"] * 6 + ["emotional"] * 3,
        "severity": [2, 3, None, 1, 2, 0, None, None, None],
        "met": [True, False, False, None, None, None, None, None, None],
        "missing": [None, None, None, "met=unknown", None, None, "severity=not_asked;met=not_asked", None, None],
        "status": [None] * 8 + ["ineligible"]})


def test_not_assessed_is_not_no_need(assessed) -> None:
    row = measure(assessed, "unmet_need").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (2, 3, pytest.approx(2 / 3))
    assert row["reasons"] == ("ineligible 1; not assessed: not asked 1; not assessed: blank 1; no need found 1; "
                              "met unknown 1; met blank 1")
    assert (row["bound_low"], row["bound_high"]) == (2 / 5, 4 / 5)
    count = measure(assessed, "needs_identified").iloc[0]
    assert (count["value"], count["rows_used"], count["rows_left_out"]) == (5, 6, 3)
    assert "kept: no need found 1" in count["reasons"]


def test_a_domain_that_nobody_assessed_has_no_number(assessed) -> None:
    """Emotional needs: asked of nobody, which is neither no need nor every need met."""
    frame = measure(assessed, "unmet_need", by="domain").set_index("domain")
    assert frame.loc["emotional", ["value", "bound_low", "bound_high"]].isna().all()
    assert frame.loc["safety", "numerator"] == 2
    assert pd.isna(measure(assessed, "needs_identified", by="domain").set_index("domain").loc["emotional", "value"])


def test_a_need_that_was_looked_for_and_not_found_is_a_zero() -> None:
    data = followed(None, {"step": ["needs_assessment"] * 2, "severity": [0, 0], "domain": ["safety", "safety"]})
    row = measure(data, "needs_identified").iloc[0]
    assert (row["value"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(3.688879, abs=1e-6)


def test_by_severity_and_by_columns_of_the_contact(assessed) -> None:
    by_severity = measure(assessed, "unmet_need", by="severity").set_index("severity")
    assert by_severity.loc[3, "value"] == 1
    assert by_severity.loc[2, ["numerator", "denominator"]].to_list() == [0, 1]
    assert measure(assessed, "unmet_need", by="need").set_index("need").loc["grief", "denominator"] == 3
    assert measure(assessed, "unmet_need", where={"need": "legal"})["rows_left_out"].iloc[0] == 4


def test_scales_that_are_pooled_are_named(assessed) -> None:
    assessed["follow_ups"]["instrument"] = ["x"] * 4 + ["y"] * 5
    assert measure(assessed, "unmet_need")["reasons"].iloc[0].endswith("pooled over instrument: x, y")
    assert "pooled" not in measure(assessed, "unmet_need", by="instrument")["reasons"].iloc[0]


@pytest.mark.parametrize("name", ["unmet_need", "needs_identified"])
def test_a_source_without_assessments_has_not_found_no_need(name: str) -> None:
    row = measure(followed({"record_id": ["a"]}, {"step": ["survey"]}), name).iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"] == "not recorded in this source: step 'needs_assessment'"


def test_the_simulated_needs_are_found() -> None:
    drawn = simulate("hotline_contact", months=2, areas=2)
    tables = {"interventions": drawn.interventions, "follow_ups": drawn.follow_ups}
    unmet = measure(tables, "unmet_need", by="domain").set_index("domain")
    found = measure(tables, "needs_identified", by="domain").set_index("domain")
    for domain, known in drawn.truth["follow_ups"]["needs"].items():
        assert unmet.loc[domain, "denominator"] == known["identified"] == found.loc[domain, "value"]
        assert unmet.loc[domain, "numerator"] == known["identified"] - known["met"]
        assert found.loc[domain, "rows_used"] == known["assessed"]
