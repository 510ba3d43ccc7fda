"""The question held against its tables before a run: when it is asked, and what is said of it."""

import pytest

from crisiskit.errors import UserError
from crisiskit.impact.build import build
from crisiskit.runs import question
from crisiskit.runs.plan import make_plan
from crisiskit.simulate import simulate, write_tables

TEXT = """evaluation: programme
title: A programme
sources:
  - {{simulate: {{kind: programme}}}}
notebooks: [{notebook}]
impact:
  programme: Mobile response
  roll_out: [{{area: {area}, start: 2023-07-01}}]
  outcome: {{label: targeted offences, measure: targeted_offences}}
"""


@pytest.fixture
def plan(tmp_path):
    def make(notebook="30_program_impact", area="Ashvale"):
        file = tmp_path / "programme.yaml"
        file.write_text(TEXT.format(notebook=notebook, area=area), encoding="utf-8")
        return make_plan(file, None)

    return make


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_tables(simulate("programme", months=12, areas=6, treated=1), folder)
    return folder


def test_it_is_asked_only_where_a_notebook_takes_it(plan):
    assert question.asked(plan()) == plan().study.evaluation.impact
    assert question.asked(plan("00_data_quality")) is None


def test_what_it_finds_is_the_panel_of_the_report(plan, tables):
    given = question.asked(plan())
    built = question.hold(given, tables, plan().study.path)
    assert (built.panel.outcome == build(tables, given).panel.outcome).all()
    said = question.lines(built, given.step)
    assert said[0] == f"impact: 6 areas, 1 of them treated, by 12 months from {built.panel.starts[0]}"
    assert [line for line in said if line.startswith("  note: ")] == [f"  note: {note}" for note in built.panel.notes]


def test_what_is_wrong_is_told_with_the_file(plan, tables):
    made = plan(area="Ashvael")
    with pytest.raises(UserError, match=r"programme.yaml: impact: roll_out: area 'Ashvael'.*did you mean 'Ashvale'"):
        question.hold(question.asked(made), tables, made.study.path)
