"""Turn-aways: totals are added up once, and a share needs both of its numbers."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.measures import measure


def counts(rows: list[tuple], **columns: str) -> dict[str, pd.DataFrame]:
    """Return counts of January and February 2025 from (measure, month, value, group, level)."""
    frame = pd.DataFrame(rows, columns=["measure", "month", "value", "group", "level"])
    frame["period_start"] = pd.to_datetime([f"2025-0{month}-01" for month in frame.pop("month")]).date
    return {"counts": frame.assign(source="s", period_end=frame["period_start"], **columns)}


BOTH = [("turn_aways", 1, 4, None, None), ("requests", 1, 20, None, None), ("turn_aways", 2, 6, None, None),
        ("turn_aways", 1, 3, "gender", "female"), ("turn_aways", 1, 1, "gender", "male"),
        ("population", 1, 900, None, None)]


def test_a_breakdown_is_not_added_to_its_total() -> None:
    """4 + 6; Garwood's limits of 10 are 4.7954 and 18.3904 in every table of them."""
    row = measure(counts(BOTH), "turn_aways").iloc[0]
    assert (row["value"], row["rows_used"], row["reasons"]) == (10, 2, "")
    assert [row["low"], row["high"]] == pytest.approx([4.7954, 18.3904], abs=1e-4)
    by = measure(counts(BOTH), "turn_aways", by="month")
    assert by["value"].to_list() == [4, 6]
    women = measure(counts(BOTH), "turn_aways", where={"group": "gender", "level": "female"}).iloc[0]
    assert women["value"] == 3


def test_the_only_breakdown_is_taken_and_several_are_refused() -> None:
    assert measure(counts(BOTH[3:5]), "turn_aways")["value"].iloc[0] == 4
    with pytest.raises(UserError, match="group = age or gender"):
        measure(counts([*BOTH[3:5], ("turn_aways", 1, 4, "age", "adult")]), "turn_aways")


def test_a_share_needs_both_numbers() -> None:
    """February's 6 stand without requests."""
    row = measure(counts(BOTH), "turn_away_share").iloc[0]
    assert (row["numerator"], row["denominator"], row["value"]) == (4, 20, 0.2)
    assert row["reasons"] == "requests missing 1"


def test_requests_can_stand_beside_the_turn_aways() -> None:
    data = counts(BOTH[:1])
    data["counts"]["denominator"] = 16.0
    assert measure(data, "turn_away_share")["value"].iloc[0] == 0.25


def test_areas_inside_each_other_are_not_added_up() -> None:
    data = counts([BOTH[0], BOTH[0]])
    data["counts"]["area_level"] = ["state", "county"]
    row = measure(data, "turn_aways").iloc[0]
    assert pd.isna(row["value"])
    assert row["reasons"].endswith("county or state")
    assert measure(data, "turn_aways", where={"area_level": "state"})["value"].iloc[0] == 4


def test_a_source_without_turn_aways_turned_nobody_away_that_we_know_of() -> None:
    for name in ("turn_aways", "turn_away_share"):
        row = measure(counts(BOTH[-1:]), name).iloc[0]
        assert pd.isna(row["value"])
        assert row["reasons"].startswith("not recorded in this source: turn_aways")
    hidden = measure(counts([("turn_aways", 1, None, None, None), BOTH[2]]), "turn_aways").iloc[0]
    assert (hidden["value"], hidden["reasons"]) == (6, "turn_aways missing 1")
