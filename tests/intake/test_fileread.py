"""What reading may be asked for."""

import re

import pytest
from pydantic import ValidationError

from crisiskit.intake.fileread import ReadSpec


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "say either `files`, or `connection` and `query`"),
        ({"files": ["a"], "connection": "c", "query": "q"}, "say either `files`, or `connection` and `query`"),
        ({"connection": "c"}, "say either"),
        ({"query": "q"}, "reading by SQL needs both `connection` and `query`"),
        ({"files": ["a"], "format": "sql"}, "reading by SQL needs both"),
        ({"files": ["a"], "delimiter": ", "}, "delimiter ', ' is not one character (or the word tab)"),
        ({"files": ["a"], "quote": "''"}, "quote '''' is neither empty nor one character"),
        ({"files": ["a"], "quote": ",", "delimiter": ","}, "quote ',' is neither empty"),
        ({"files": ["a"], "footer": ["Total("]}, "footer 'Total(' is no regular expression"),
        ({"files": ["a"], "header_row": 0}, "greater than or equal to 1"),
        ({"files": ["a"], "skip_rows": -1}, "greater than or equal to 0"),
        ({"files": ["a"], "format": "xls"}, "Input should be 'auto'"),
        ({"files": ["a"], "header": 2}, "Extra inputs are not permitted"),
    ],
)
def test_wrong(wrong, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        ReadSpec(**wrong)


@pytest.mark.parametrize("word", ["tab", "\\t", "\t"])
def test_tab_may_be_named(word):
    assert ReadSpec(files=("a",), delimiter=word).delimiter == "\t"
