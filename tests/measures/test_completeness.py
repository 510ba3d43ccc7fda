"""Completeness: five kinds of missing and what was set aside; what a source does not have is not 0 % complete."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import completeness, measure
from crisiskit.standard import dictionary

KINDS = list(completeness.KINDS)


@pytest.fixture
def data(rows) -> dict[str, pd.DataFrame]:
    return rows(
        source=list("aaabbb"), contacts=[1, 2, 4, 8, 16, 32], period_start=["2025-01-05"] * 3 + ["2025-02-05"] * 3,
        need=["suicide", "unknown", "declined", "not_asked", "not_applicable", None],
        age=[30, None, None, None, None, None],
        needs=[["suicide"], ["unknown"], [], None, ["legal", "unknown"], ["legal"]],
        missing=[None, "age=declined", "age=not_applicable;housing=unknown", None, "age=set_aside", None],
    )


def test_kinds_in_band_and_by_token(data) -> None:
    """An empty list is an answer: asked, and none of them."""
    frame = measure(data, "completeness", field="need,age,needs").set_index("field")
    assert frame.loc["need", KINDS].to_list() == [1, 1, 1, 1, 1, 0]
    assert frame.loc["age", KINDS].to_list() == [2, 0, 1, 0, 1, 1]
    assert frame.loc["needs", KINDS].to_list() == [1, 1, 0, 0, 0, 0]
    assert frame["numerator"].to_list() == [1, 1, 4]
    assert frame["denominator"].to_list() == [5, 5, 6]
    assert frame["rows_left_out"].to_list() == [1, 1, 0]
    assert frame["contacts_used"].to_list() == [63 - 16, 63 - 4, 63]
    assert frame.loc["need", "reasons"] == "not applicable 1"
    assert frame.loc["need", ["low", "high"]].to_list() == pytest.approx([0.0362241, 0.6244654], abs=1e-7)


def test_kinds_and_known_add_up_to_the_rows(data) -> None:
    frame = measure(data, "completeness", by="month").dropna(subset="value")
    assert ((frame["numerator"] + frame[KINDS].sum(axis=1)) == 3).all()


def test_a_field_that_the_source_lacks_is_not_zero_percent(data) -> None:
    frame = measure(data, "completeness", field=["gender", "housing"]).set_index("field")
    gender = frame.loc["gender"]
    assert gender[["value", "numerator", "denominator", *KINDS]].isna().all()
    assert (gender["rows_used"], gender["reasons"]) == (0, "not recorded in this source: gender")
    assert frame.loc["housing", "value"] == 0


def test_sources_are_judged_one_by_one(data) -> None:
    frame = measure(data, "completeness", by="source", field="age,housing").set_index(["source", "field"])
    assert frame.loc[("b", "age"), "value"] == 0
    assert frame.loc[("b", "housing"), "reasons"] == "not recorded in this source: housing"
    only = measure(data, "completeness", where={"source": "b"}, field="housing").iloc[0]
    assert only["reasons"] == "not recorded in this source: housing"


def test_a_condition_narrows_the_rows_not_the_source(data) -> None:
    """Nobody's age is known in February; January shows that the source records it."""
    row = measure(data, "completeness", where={"month": "2025-02"}, field="age").iloc[0]
    assert (row["value"], row["denominator"]) == (0, 3)


def test_all_fields_are_answered_but_lineage(data) -> None:
    fields = measure(data, "completeness")["field"].to_list()
    columns = dictionary.table("interventions").columns.values()
    assert fields == [column.name for column in columns if column.group != "lineage"]


def test_other_tables() -> None:
    steps = pd.DataFrame({"step": ["referral", "survey"], "score": [None, 3.0], "missing": ["score=declined", None]})
    row = measure({"follow_ups": steps}, "completeness", table="follow_ups", field="score").iloc[0]
    assert (row["value"], row["declined"]) == (0.5, 1)


def test_by_a_column_that_is_itself_judged(data) -> None:
    frame = measure(data, "completeness", by="need", field="need").set_index("need")
    assert frame.loc["suicide", "value"] == 1
    assert frame.loc["unknown", "unknown"] == 1


def test_unknown_field(data) -> None:
    with pytest.raises(UserError, match="did you mean 'age'"):
        measure(data, "completeness", field="aeg")
    with pytest.raises(UserError, match="no column 'month'"):
        measure(data, "completeness", field="month")
