"""Numbers as text, and tables that a screen reader can read."""

import numpy as np
import pandas as pd
import pytest

from crisiskit.release.tables import share, table_html, text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (np.int64(1000), "1,000"),
        (0.123456, "0.1235"),
        (12.0, "12"),
        (1234.5678, "1,235"),
        (True, "yes"),
        (np.bool_(False), "no"),
        ("2024", "2024"),
        (["a", "b"], "a, b"),
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (pd.NA, "–"),
        (pd.NaT, "–"),
        ("", "–"),
    ],
)
def test_a_value_is_written_for_a_reader_and_never_as_nan(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (123, 1000, "12.3 % (123 of 1,000)"),
        (0, 10, "0.0 % (0 of 10)"),
        (10, 10, "100.0 % (10 of 10)"),
        (1, 10_000, "under 0.1 % (1 of 10,000)"),
        (9_999, 10_000, "over 99.9 % (9,999 of 10,000)"),
        (0, 0, "none of 0"),
    ],
)
def test_a_share_carries_its_n_and_never_rounds_to_none_or_all(part, whole, text):
    assert share(part, whole) == text


def test_a_table_has_caption_scopes_and_escaped_cells():
    html = table_html(pd.DataFrame({"call_type": ["<b>"], "n": [1500], "note": [None]}), "Calls & more")
    assert "<caption>Calls &amp; more</caption>" in html
    assert html.count('<th scope="col">') == 3
    assert "call type" in html
    assert '<th scope="row" style="text-align:left">&lt;b&gt;</th>' in html
    assert '<td style="text-align:right;white-space:nowrap">1,500</td>' in html
    assert "nan" not in html.lower().replace("name", "")


def test_a_long_table_says_how_much_of_it_is_shown():
    html = table_html(pd.DataFrame({"n": range(9)}), "Numbers", limit=3)
    assert html.count("<tr>") == 4
    assert "first 3 of 9 rows" in html
