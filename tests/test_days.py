"""Days of a parameter file: YYYY-MM-DD and nothing else, and stretches in order."""

from datetime import date, datetime

import pytest
from pydantic import ValidationError

from crisiskit.days import Span, iso_day
from crisiskit.errors import UserError
from crisiskit.params import Strict, to_model


def test_a_day_as_written():
    assert iso_day("2024-02-29") == date(2024, 2, 29)
    assert iso_day(date(2024, 2, 29)) == date(2024, 2, 29)
    assert iso_day(None) is None


@pytest.mark.parametrize("wrong", [
    "2023-02-29", "2024-13-01", "2024-00-10", "2024-2-9", "24-02-09", "20240229", "02/29/2024", "2024-02-29T00:00:00",
    "2024-02-29 ", " 2024-02-29", "2024-02-29\n", "", "2024", "yesterday", "\u0662\u0660\u0662\u0664-02-29",
])  # fmt: skip
def test_anything_else_is_named_with_how_to_write_it(wrong):
    with pytest.raises(ValueError, match="is no day; write YYYY-MM-DD, such as 2020-02-28"):
        iso_day(wrong)


@pytest.mark.parametrize("wrong", [2020, 2020.5, True, 0, ["2020-01-01"]])
def test_a_number_is_no_day(wrong):
    """Pydantic would read 2020 as seconds since 1970."""
    with pytest.raises(ValueError, match="is no day"):
        iso_day(wrong)


def test_a_moment_is_no_day_with_a_time():
    with pytest.raises(ValidationError):
        Span.model_validate({"from": datetime(2020, 1, 1, 12, 30), "to": "2020-01-02"})


def test_a_span_holds_both_ends():
    span = Span.model_validate({"from": "2020-01-01", "to": "2020-01-01"})
    assert span.first == span.last == date(2020, 1, 1)
    assert Span.model_validate_json(span.model_dump_json(by_alias=True)) == span


def test_a_span_out_of_order_is_refused():
    with pytest.raises(ValidationError, match="ends on 2019-12-31, before it begins on 2020-01-01"):
        Span.model_validate({"from": "2020-01-01", "to": "2019-12-31"})


@pytest.mark.parametrize(("tree", "words"), [
    ({"from": "2020-01-01"}, "days.to: this key is missing"),
    ({"from": "2020-01-01", "to": "2020-31-01"}, "days.to: '2020-31-01' is no day"),
    ({"from": "2020-01-01", "till": "2020-02-01"}, "days.till: unknown key"),
    ({"from": "2020-01-01", "to": ""}, "days.to: '' is no day"),
    ("2020", "days"),
])  # fmt: skip
def test_a_file_is_told_where_the_mistake_stands(tree, words):
    class Some(Strict):
        days: Span

    with pytest.raises(UserError, match=words):
        to_model({"days": tree}, Some, "file.yaml")
