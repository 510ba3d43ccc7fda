"""The study behind the notebook: from the settings and the report's tables; every section for every kind of study."""

import re
from datetime import date

import pytest
from impact_reports import SECTIONS, question, report, tables, view_of, visible

from crisiskit.errors import UserError
from crisiskit.release.figures import sources_named
from crisiskit.release.impact_study import NO_QUESTION, credited, open_study
from crisiskit.release.report import open_report


def test_the_question_comes_from_the_settings():
    study = open_study(report())
    assert study.question.programme == "Mobile response"
    assert [run.area for run in study.question.roll_out] == ["Ashvale", "Birchmere", "Coldwater Bend", "Dunmoor"]


def test_no_question_is_no_study():
    assert open_study(report(asked={})) is None
    assert "impact:" in NO_QUESTION


def test_the_logs_of_changes_of_all_sources_are_handed_over_in_order():
    made = report(asked=question(seed="9"))
    made.quality["about"][0]["changes"] = [{"on": "2024-02-01", "what": "b"}, {"on": "2023-01-01", "what": "a"}]
    assert open_study(made).changes == ((date(2023, 1, 1), "a"), (date(2024, 2, 1), "b"))


def test_figures_credit_the_sources_that_the_study_counts():
    made = report(asked=question(seed="10"))
    made.quality["about"].append({**made.quality["about"][0], "source": "calls", "publisher": "A call centre"})
    assert credited(made, made.study) is made.figures  # a line of its own was given, or stands already
    object.__setattr__(made.figures, "source_line", sources_named(made.quality["about"]))
    assert "A call centre" in made.figures.source_line
    assert "A call centre" not in credited(made, made.study).source_line
    assert credited(made, made.study).source_line


def test_without_tables_the_simulated_programme_is_asked_about():
    made = open_report("30_program_impact", impact="")
    assert made.study.question.known_relative == -0.25
    assert made.simulated


def test_a_question_that_is_no_json_is_told():
    made = report()
    with pytest.raises(UserError, match="impact: is no JSON"):
        open_study(open_report("30_program_impact", str(made.folder), impact="{programme"))


@pytest.mark.parametrize("name", SECTIONS)
def test_without_a_question_every_section_is_one_line(name):
    view = view_of(name)(report(asked={}))
    assert view.absent
    assert view.note.startswith("Nothing to show for ")
    assert view.note.endswith(f": {NO_QUESTION}.")
    assert view.figure is view.table is None


UNASKED = {"outcomes", "encounters", "context", "money", "cost_doubt"}  # what these questions do not ask for
STUDIES = {  # tables, question, and the sections that the kind of study cannot show
    "all at once": ({}, {}, set()),
    "one area of ten": ({"areas": 10, "treated": 1}, {"treated": 1}, set()),
    "at different times": ({"stagger": 3}, {"stagger": 3}, {"event_study", "trends", "synthetic"}),
    "no area to compare with": ({"areas": 4}, {"design": "its"},
                                {"reassigned", "event_study", "trends", "synthetic", "definitions"}),
}  # fmt: skip


@pytest.mark.parametrize("name", SECTIONS)
@pytest.mark.parametrize("kind", STUDIES)
def test_every_section_is_shown_or_says_why_not(kind, name):
    made, asked, lost = STUDIES[kind]
    view = view_of(name)(report(tables(**made), question(**asked)))
    assert view.absent == (name in lost | UNASKED)
    html = visible(view)
    assert not re.findall(r"\b(?:nan|None|[Ii]nf|NaN|NaT)\b", re.sub(r"<[^>]+>", " ", html))
    if view.absent:
        assert len(view.note.split(": ", 1)[1]) > 20
    if view.figure:
        assert view.figure.title.startswith("SIMULATED: ")
        assert all(view.figure.path(kind).stat().st_size > 0 for kind in ("png", "svg", "csv", "json"))


@pytest.mark.parametrize(("kind", "design"), [("all at once", "did"), ("at different times", "staggered"),
                                              ("no area to compare with", "its")])  # fmt: skip
def test_the_design_follows_the_roll_out_or_what_was_asked(kind, design):
    made, asked, _ = STUDIES[kind]
    assert report(tables(**made), question(**asked)).study.design == design
