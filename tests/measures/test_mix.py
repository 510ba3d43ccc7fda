"""Mix: shares are weighted by contacts, and what is not known stays out of the shares and in the bounds."""

import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure


def test_share_is_of_contacts_not_of_rows(rows) -> None:
    data = rows(contacts=[10, 1, 5, None], access=["911", "hotline", "unknown", "911"])
    frame = measure(data, "share", of="access").set_index("access")
    row = frame.loc["911"]
    assert (row["numerator"], row["denominator"], row["value"]) == (10, 11, pytest.approx(10 / 11))
    assert (row["rows_used"], row["contacts_used"]) == (2, 11)
    assert row["reasons"] == "contacts missing 1; unknown 1"
    assert row["recorded_share"] == 11 / 16
    assert (row["bound_low"], row["bound_high"]) == (10 / 16, 15 / 16)
    assert frame.loc["hotline", "bound_high"] == 6 / 16


def test_shares_of_a_list_column_need_not_sum_to_one(rows) -> None:
    """The contact that was asked and had none of them stays in the denominator."""
    data = rows(contacts=[1, 3, 2, 1], needs=[["suicide", "legal", "legal"], ["suicide"], None, []])
    frame = measure(data, "share", of="needs").set_index("needs")
    assert frame["value"].to_dict() == {"legal": 0.2, "suicide": 0.8}
    assert set(frame["denominator"]) == {5}
    assert frame["reasons"].iloc[0].startswith("blank 1; ")
    assert "multi-response: a record stands in each of its needs" in frame["reasons"].iloc[0]


def test_share_by_group_sums_to_one_in_each(rows) -> None:
    data = rows(contacts=[1, 3, 2, 2], access=["911", "hotline", "911", "hotline"], need=["a", "a", "b", None])
    frame = measure(data, "share", of="access", by="need")
    assert frame.groupby("need", dropna=False)["value"].sum().to_list() == [1, 1, 1]


def test_share_by_weekday_leaves_period_totals_out(rows) -> None:
    data = rows(contacts=[1, 1, 98], is_aggregate=[False, False, True], time_precision=["day", "day", "month"],
                period_start=["2025-01-06", "2025-01-07", "2025-01-01"])
    frame = measure(data, "share", of="weekday").set_index("weekday")
    assert frame["value"].to_dict() == {"Mon": 0.5, "Tue": 0.5}
    assert frame["reasons"].iloc[0] == "aggregate rows 1"
    assert frame["aggregate_share"].iloc[0] == 0.98


def test_share_of_a_flag_keeps_truth_values(rows) -> None:
    frame = measure(rows(contacts=[1, 3], weapon=[True, False]), "share", of="weapon")
    assert frame["weapon"].to_list() == [False, True]
    assert frame["value"].to_list() == [0.75, 0.25]


def test_share_of_a_column_that_the_source_lacks(rows) -> None:
    row = measure(rows(contacts=[1, 3]), "share", of="responder").iloc[0]
    assert row["reasons"] == "not recorded in this source: responder"


def test_share_of_the_grouping_column_is_refused(rows) -> None:
    with pytest.raises(UserError, match="by 'need' already"):
        measure(rows(contacts=[1], need=["a"]), "share", of="need", by="need")


def test_share_of_an_unknown_column(rows) -> None:
    with pytest.raises(UserError, match="did you mean 'modality'"):
        measure(rows(contacts=[1]), "share", of="modalty")
