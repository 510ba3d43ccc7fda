"""The study behind the notebook: from the settings' JSON and the report's tables and logs of changes."""

from datetime import date

import pytest
from impact_reports import question, report

from crisiskit.errors import UserError
from crisiskit.release.impact_study import NO_QUESTION, open_study
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


def test_without_tables_the_simulated_programme_is_asked_about():
    made = open_report("30_program_impact", impact="")
    assert made.study.question.known_relative == -0.25
    assert made.simulated


def test_a_question_that_is_no_json_is_told():
    made = report()
    with pytest.raises(UserError, match="impact: is no JSON"):
        open_study(open_report("30_program_impact", str(made.folder), impact="{programme"))
