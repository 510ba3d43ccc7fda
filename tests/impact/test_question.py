"""The question: what is refused, and the way through JSON and a roll-out file."""

import pytest
from pydantic import ValidationError

from crisiskit.errors import UserError
from crisiskit.impact.question import Outcome, Question, Running, from_json, with_roll_out

RUN = {"area": "0123", "start": "2020-06-01"}
CALLS = {"label": "calls", "measure": "calls"}


def question(**changed):
    return Question(**{"programme": "p", "roll_out": [RUN], "outcome": CALLS, **changed})


@pytest.mark.parametrize(("changed", "words"), [
    ({"roll_out": []}, "say where the programme ran"),
    ({"roll_out_file": "x.csv"}, "one of them"),
    ({"comparison": ["0123"]}, "treated and in the comparison"),
    ({"comparison": ["1", "1"]}, "listed twice"),
    ({"exclude": {"0123": "why"}}, "treated and excluded"),
    ({"date": "reported"}, "none of the outcome's dates"),
    ({"roll_out": [{**RUN, "end": "2020-05-31"}]}, "before it starts"),
    ({"window": {"from": "2020-02-01", "to": "2020-01-01"}}, "before it begins"),
    ({"draws": 10}, "greater than or equal to 99"),
    ({"coparison": ["1"]}, "Extra inputs"),
])  # fmt: skip
def test_refuses(changed, words):
    with pytest.raises(ValidationError, match=words):
        question(**changed)


@pytest.mark.parametrize(("given", "words"), [
    ({"label": "x"}, "needs measure"),
    ({"label": "x", "table": "interventions", "measure": "calls"}, "contacts or records"),
    ({**CALLS, "group": "family"}, "go together"),
    ({**CALLS, "level": ["x"]}, "go together"),
    ({**CALLS, "where": {"need": ["x"]}}, "belongs to interventions"),
])  # fmt: skip
def test_outcome_refuses(given, words):
    with pytest.raises(ValidationError, match=words):
        Outcome(**given)


def test_a_date_of_any_outcome_may_be_chosen():
    other = {"label": "x", "dates": {"reported": "calls_reported"}}
    assert question(date="reported", secondary=[other]).date == "reported"


def test_json_there_and_back():
    asked = question(window={"from": "2020-01-01", "to": "2020-12-31"}, published=[{"relative": -0.3, "source": "s"}])
    assert from_json(asked.model_dump_json(by_alias=True)) == asked
    with pytest.raises(UserError, match="is no JSON"):
        from_json("{")
    with pytest.raises(UserError, match="did you mean 'programme'"):
        from_json(question().model_dump_json(by_alias=True).replace('"programme"', '"program"'))


def test_roll_out_file_is_read_beside_the_question(tmp_path):
    (tmp_path / "roll_out.csv").write_text("area;start;end\n0123;2020-06-01;\n21;2020-07-01;2020-08-01\n", "utf-8")
    asked = question(roll_out=[], roll_out_file="roll_out.csv", window={"from": "2020-01-01", "to": "2020-12-31"})
    found = with_roll_out(asked, tmp_path)
    assert found.roll_out == (Running(**RUN), Running(area="21", start="2020-07-01", end="2020-08-01"))
    assert found.roll_out_file == ""
    assert found.window == asked.window
    assert with_roll_out(found, tmp_path) is found
    with pytest.raises(UserError, match="treated and excluded"):
        with_roll_out(asked.model_copy(update={"exclude": {"21": "why"}}), tmp_path)
