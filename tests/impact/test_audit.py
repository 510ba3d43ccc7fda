"""Merges with their audit: figures by hand, and totals that must not change."""

import pandas as pd
import pytest

from crisiskit.errors import UserError
from crisiskit.impact import audit

LEFT = pd.DataFrame({"area": ["a", "b", "c", None], "n": [10.0, 20.0, 3.0, 1.0]})
RIGHT = pd.DataFrame({"area": ["a", "b", "z"], "people": [100, 200, 300]})


def test_left_keeps_every_row_and_says_what_found_no_match():
    out, join = audit.merged(LEFT, RIGHT, ["area"], "people", "n", limit=0.2)
    assert out["n"].tolist() == [10, 20, 3, 1]
    assert out["people"].isna().tolist() == [False, False, True, True]
    assert join == audit.Join("people", 4, 3, 2, 2, 1, ("(empty)", "c"), ("z",), 0, 34.0, 34.0, 4 / 34)
    assert join.sentence() == (
        "people: 2 of 4 rows matched, 2 not (such as (empty); c), 1 of the other side not used (such as z); total 34 "
        "before and 34 after, 11.76% of it without a match."
    )


def test_inner_loses_what_found_no_match():
    out, join = audit.merged(LEFT, RIGHT, ["area"], "people", "n", limit=0.2, how="inner")
    assert out["area"].tolist() == ["a", "b"]
    assert (join.total_before, join.total_after, join.lost) == (34, 30, 4 / 34)


def test_an_empty_key_matches_no_empty_key():
    right = pd.DataFrame({"area": ["a", "b", "c", None], "people": [1, 2, 3, 4]})
    out, join = audit.merged(LEFT, right, ["area"], "people", "n", limit=0.2)
    assert out["people"].isna().tolist() == [False, False, False, True]
    assert (join.unmatched_left, join.unmatched_right, join.examples_right) == (1, 1, ("(empty)",))


def test_the_total_may_stand_on_the_right():
    cells = pd.DataFrame({"area": ["a", "c"]})
    right = pd.DataFrame({"area": ["a", "b"], "n": [9.0, 1.0]})
    _, join = audit.merged(cells, right, ["area"], "cells", "n", limit=0.1)
    assert (join.total_before, join.total_after, join.lost) == (10, 9, 0.1)
    with pytest.raises(UserError, match=r"10.0% of the total 10 found no match \(such as c\), above join_limit 9.0%"):
        audit.merged(cells, right, ["area"], "cells", "n", limit=0.09)


def test_duplicated_keys_would_inflate_the_total():
    right = pd.concat([RIGHT, RIGHT.iloc[:1]])
    with pytest.raises(UserError, match="1 keys .* such as a; that would make the total 44 where it is 34"):
        audit.merged(LEFT, right, ["area"], "people", "n", limit=1)


def test_over_the_limit_stops():
    with pytest.raises(UserError, match=r"11.8% of the total 34 found no match .* above join_limit 11.0%"):
        audit.merged(LEFT, RIGHT, ["area"], "people", "n", limit=0.11)
    assert audit.merged(LEFT, RIGHT, ["area"], "people", "n", limit=4 / 34)[1].lost == 4 / 34


def test_value_on_both_sides_is_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="one side"):
        audit.merged(LEFT, LEFT, ["area"], "x", "n", limit=1)


def test_table_and_check():
    _, good = audit.merged(LEFT.iloc[:2], RIGHT, ["area"], "good", "n", limit=0.1)
    _, poor = audit.merged(LEFT, RIGHT, ["area"], "poor", "n", limit=0.2)
    table = audit.table([good, poor])
    assert table["name"].tolist() == ["good", "poor"]
    assert table["unmatched_left"].tolist() == [0, 2]
    assert audit.check([good], 0.1).status == "pass"
    assert audit.check([good, poor], 0.2).status == "warn"
    assert audit.check([good, poor], 0.1).status == "fail"
    assert audit.check([good, poor], 0.2).numbers == {"worst_lost": 4 / 34, "limit": 0.2}
    assert "11.76%" in audit.check([good, poor], 0.2).finding


def test_cells_that_were_not_recorded_are_a_doubt():
    _, good = audit.merged(LEFT.iloc[:2], RIGHT, ["area"], "good", "n", limit=0.1)
    check = audit.check([good], 0.1, ["Area 7 has no row.", "Area 8 has no row."])
    assert (check.status, check.numbers["silent"]) == ("warn", 2)
    assert check.finding.endswith("Area 7 has no row. The same holds for 1 more stretch of cells.")
    assert audit.check([], 0.1, ["Area 7 has no row."]).status == "warn"
    assert audit.check([], 0.1).status == "pass"
