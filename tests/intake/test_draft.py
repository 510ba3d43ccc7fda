"""What a draft makes of a column that is nearly one of dates."""

import pytest
from drafted import run

from crisiskit.errors import UserError


def rows(other):
    return [{"Case No": f"C{i}", "Date Received": other if i % 6 == 0 else f"2024-02-{1 + i % 28:02} 10:{i % 60:02}:00"}
            for i in range(90)]  # fmt: skip


def test_cells_that_were_too_narrow_are_blank_and_their_rows_are_accounted_for(tmp_path):
    """A spreadsheet saves ######## in their place."""
    _, table, said = run(rows("########"), tmp_path, "narrow.csv")
    assert table["received_at"].notna().sum() == len(table) == 75
    assert "Date Received" in said


def test_a_column_with_dates_in_most_rows_is_named_with_what_stands_in_its_way(tmp_path):
    words = "'Date Received' has dates in 83% of its rows, the rest is such as 'to follow'"
    with pytest.raises(UserError, match=words):
        run(rows("to follow"), tmp_path, "late.csv")
