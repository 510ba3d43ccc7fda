"""What a cell shows: words, table and list are escaped; a section without its columns is one line."""

import pandas as pd
import pytest

from crisiskit.release.sections import sections
from crisiskit.release.view import View, counted, joined, nothing_known, shows, tabled

ECDF = sections("10_response_patterns")["response_ecdf"]


def test_a_view_escapes_what_it_shows_and_keeps_its_lines():
    table = pd.DataFrame({"a": ["<i>"]})
    view = View("1 < 2\nsecond", table=table, caption="T", points=("<b>",), warning="SIMULATED data")
    html = view._repr_html_()
    assert '<p class="seen">1 &lt; 2</p><p class="seen">second</p><ul><li>&lt;b&gt;</li></ul>' in html
    assert html.startswith('<p class="simulated"><strong>SIMULATED data</strong></p>')
    assert "&lt;i&gt;" in html
    assert view._repr_mimebundle_()["text/plain"] == "SIMULATED data\n1 < 2\nsecond\n- <b>"


class Bare:
    recorded = {"interventions": {"received_at"}}


class Full:
    recorded = {"interventions": {"received_at", "arrived_at"}}


def test_a_section_is_called_only_for_a_source_that_has_its_columns():
    view = shows("10_response_patterns", "response_ecdf")(lambda report, section: View(section.title))
    assert view(Full()).note == "Response time in full"
    absent = view(Bare())
    assert absent.note == "Not recorded in this source: response time in full (needs arrived_at)."
    assert 'class="absent"' in absent._repr_html_()


def test_columns_without_a_value_are_one_line_too():
    assert nothing_known(ECDF, "no record has both").note == (
        "Nothing to show for response time in full: no record has both."
    )


def test_a_long_table_is_folded_behind_its_first_rows():
    table = pd.DataFrame({"n": range(40)})
    view = tabled("note", table, "Numbers", rows=30)
    assert len(view.table) == 30
    assert [len(table) for _, table in view.folds] == [40]
    assert "Numbers: all 40" in view._repr_html_()
    assert tabled("note", table.head(30), "Numbers", rows=30).folds == ()


@pytest.mark.parametrize(
    ("items", "text"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_words_are_joined_as_in_a_sentence(items, text):
    assert joined(items) == text


def test_numbers_agree_with_their_noun():
    assert (counted(1, "row"), counted(0, "row"), counted(1234, "row")) == ("1 row", "0 rows", "1,234 rows")
    assert counted(2, "row of x", "rows of x") == "2 rows of x"


def test_further_pages_are_links_whose_words_and_addresses_are_escaped():
    shown = View("seen", links=(("Sheet of <North>", 'sites/"north".html'),))._repr_html_()
    assert '<a href="sites/&quot;north&quot;.html">Sheet of &lt;North&gt;</a>' in shown
