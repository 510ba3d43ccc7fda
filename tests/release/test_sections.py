"""Sections as data: they name columns and measures that exist, and say what a source lacks."""

import pytest

from crisiskit.errors import UserError
from crisiskit.measures import catalogue
from crisiskit.release import completeness_views, mix_views, outcome_views, pattern_views, quality_views, service_views
from crisiskit.release.sections import Section, notebooks, plan, sections
from crisiskit.standard import dictionary

EVERY = [section for notebook in notebooks() for section in sections(notebook).values()]
VIEWS = (completeness_views, mix_views, outcome_views, pattern_views, quality_views, service_views)


@pytest.mark.parametrize("section", EVERY, ids=lambda section: section.id)
def test_a_section_names_columns_and_measures_that_exist_and_has_a_view(section):
    for alternative in section.needs:
        for table, column in alternative:
            assert column in dictionary.table(table).columns
    assert not section.measure or section.measure in catalogue()
    assert sum(callable(getattr(module, section.id, None)) for module in VIEWS) == 1


def test_what_is_lacking_is_that_of_the_nearest_alternative():
    needs = ((("interventions", "received_at"), ("interventions", "arrived_at")), (("counts", "value"),))
    section = Section("n", "s", "S", "", needs, "")
    assert section.lacks({"interventions": {"received_at", "arrived_at"}}) == ()
    assert section.lacks({"counts": {"value"}}) == ()
    assert section.lacks({"interventions": {"received_at"}}) == ("arrived_at",)
    assert section.lacks({}) == ("counts.value",)
    assert Section("n", "s", "S", "", (), "").lacks({}) == ()


def test_a_plan_tells_every_section_of_a_notebook_without_any_data():
    told = dict(plan("10_response_patterns", {"interventions": {"contacts", "period_start", "need"}}))
    assert told["Contacts over time"] == ()
    assert told["What people needed"] == ()
    assert told["Response time in full"] == ("received_at", "arrived_at")
    assert len(told) == len(sections("10_response_patterns"))


def test_an_unknown_notebook_is_refused_with_the_nearest_name():
    with pytest.raises(UserError, match="did you mean '00_data_quality'"):
        sections("00_data_qualty")
