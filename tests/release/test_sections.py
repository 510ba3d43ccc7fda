"""Sections as data: they name columns and measures that exist, and say what a source lacks."""

from importlib import import_module
from pathlib import Path

import pytest

from crisiskit import release
from crisiskit.errors import UserError
from crisiskit.measures import catalogue
from crisiskit.release.sections import Section, notebooks, plan, sections
from crisiskit.standard import dictionary

EVERY = [section for notebook in notebooks() for section in sections(notebook).values()]
MODULES = sorted(path.stem for path in Path(release.__file__).parent.glob("[a-z]*.py"))


@pytest.mark.parametrize("section", EVERY, ids=lambda section: section.id)
def test_a_section_names_columns_and_measures_that_exist_and_has_a_view(section):
    for alternative in section.needs:
        for table, column in alternative:
            assert column in dictionary.table(table).columns
    assert not section.measure or section.measure in catalogue()
    found = {getattr(import_module(f"crisiskit.release.{name}"), section.id, None) for name in MODULES}
    assert len([view for view in found if hasattr(view, "__wrapped__")]) == 1  # decorated with `shows`


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
