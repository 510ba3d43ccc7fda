"""Cost: sums over sums, no wage assumed, volunteers apart, the failures paid for by the successes."""

from pathlib import Path

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure


@pytest.fixture
def contacts(rows) -> dict:
    """Paid: 120 minutes for 3 contacts and 60 for 1; a volunteer: 30 minutes for 2."""
    return rows(duration_min=[120.0, 60, 30], contacts=[3, 1, 2], responder=["advocate", "counselor", "volunteer"])


def test_cost_is_a_ratio_of_sums(contacts) -> None:
    """3 hours at 40, of which 75 % is funded, and 60 fixed: 150 for 6 contacts, 25 each."""
    row = measure(contacts, "cost_per_contact", wage_per_h=40, funded_share=0.75, fixed=60).iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (150, 6, 25)
    assert (row["labour_cost"], row["fixed_cost"], row["paid_min"]) == (90, 60, 180)
    assert row["low"] <= row["value"] <= row["high"]
    assert row["label"] == "Cost per contact (40 per hour of work, funded share 0.75, fixed 60)"


def test_no_wage_no_cost(contacts) -> None:
    row = measure(contacts, "cost_per_contact", fixed=60).iloc[0]
    assert row[["numerator", "value", "low", "high", "labour_cost", "fixed_cost"]].isna().all()
    assert "needs wage_per_h" in row["reasons"]
    assert (row["paid_min"], row["denominator"]) == (180, 6)
    assert "not given per hour" in row["label"]


def test_volunteer_time_is_valued_apart(contacts) -> None:
    plain = measure(contacts, "cost_per_contact", wage_per_h=40).iloc[0]
    valued = measure(contacts, "cost_per_contact", wage_per_h=40, volunteer_wage_per_h=30).iloc[0]
    assert plain["value"] == valued["value"] == 20
    assert (valued["volunteer_min"], valued["volunteer_value"]) == (30, 15)
    assert valued["volunteer_value_per_unit"] == 2.5
    assert pd.isna(plain["volunteer_value"])
    assert "needs volunteer_wage_per_h" in plain["reasons"]
    assert "volunteer time is in no cost" in valued["reasons"]


def test_minutes_of_units_go_before_minutes_of_the_contact(rows) -> None:
    data = rows(responder_min=[180.0, None, None], duration_min=[60.0, 60, None], contacts=[1, 1, 1],
                responder=["police", "police", None])
    row = measure(data, "cost_per_contact", wage_per_h=60).iloc[0]
    assert (row["numerator"], row["denominator"], row["rows_left_out"]) == (240, 2, 1)
    assert row["reasons"] == "minutes missing 1; kept: minutes of the contact, not summed over units 1"
    nobody = measure(rows(duration_min=[60.0], contacts=[1]), "cost_per_contact", wage_per_h=60).iloc[0]
    assert "responder not known, time counted as paid 1" in nobody["reasons"]


def test_fixed_costs_of_groups_add_up(contacts) -> None:
    frame = measure(contacts, "cost_per_contact", by="responder", wage_per_h=40, fixed=60)
    assert frame["fixed_cost"].to_list() == [30, 10, 20]
    whole = measure(contacts, "cost_per_contact", wage_per_h=40, fixed=60).iloc[0]
    assert frame["numerator"].sum() == whole["numerator"] == 180


def test_the_work_that_failed_is_part_of_the_cost(rows) -> None:
    """Two resolved of four, an hour each: 2 hours per resolution, not the one hour that those took."""
    data = rows(duration_min=[60.0] * 6, outcome=["resolved", "referred", "resolved", "refused", None, "unknown"],
                responder=["counselor"] * 6)
    row = measure(data, "cost_per_outcome", wage_per_h=50).iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (200, 2, 100)
    assert row["reasons"].startswith("outcome unknown 1; outcome blank 1")
    none = measure(data, "cost_per_outcome", wage_per_h=50, outcome="shelter").iloc[0]
    assert pd.isna(none["value"])
    assert "no unit to divide by" in none["reasons"]
    with pytest.raises(UserError, match="there is no outcome 'resolvd'; did you mean 'resolved'"):
        measure(data, "cost_per_outcome", wage_per_h=50, outcome="resolvd")


def test_period_totals_count_per_contact_and_not_per_outcome(rows) -> None:
    data = rows(duration_min=[60.0, 600], contacts=[1, 10], outcome=["resolved", "resolved"],
                is_aggregate=[False, True], responder=["counselor"] * 2)
    assert measure(data, "cost_per_contact", wage_per_h=60)["value"].iloc[0] == 60
    assert measure(data, "cost_per_contact", wage_per_h=60, by="hour")["denominator"].iloc[0] == 1
    assert measure(data, "cost_per_outcome", wage_per_h=60)["denominator"].iloc[0] == 1


def test_cost_per_response_of_a_published_pilot(rows, shared_data: Path) -> None:
    """A grant spent on the calls answered, as a fixed cost: the published cost per response."""
    folder = shared_data.parent / "benchmarks" / "cost_denver_star"
    if not folder.is_dir():
        pytest.skip("the published worked examples are not here")
    given = pd.read_csv(folder / "inputs.csv").set_index("input")["value"].astype("float64")
    known = pd.read_csv(folder / "expected.csv").set_index("quantity")
    data = rows(duration_min=[30.0], contacts=[int(given["calls_answered"])], responder=["mobile_crisis"])
    row = measure(data, "cost_per_contact", wage_per_h=0, fixed=given["program_cost_usd"]).iloc[0]
    published = known.loc["cost_per_response_usd"]
    assert row["value"] == pytest.approx(published["value"], abs=published["tolerance_abs"])
