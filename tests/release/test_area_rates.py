"""Rates of areas: each group apart, judged against chance, with what is in no rate counted."""

from datetime import date

import pytest

from crisiskit.release.area_rates import definition_of, left_out, rate_table, rates_of, unit_of, widened

NOTEBOOK = "10_response_patterns"


def contacts(record, first, number, area, **values):
    """Contacts of one area; the first two are on the first and the last day of 2024."""
    made = {"area_id": area, "area_level": "county", "area_basis": "residence", **values}
    days = [date(2024, 1, 1), date(2024, 12, 31), *(date(2024, 6, 1 + i % 28) for i in range(number))]
    return [record(first + i, period_start=days[i], **made) for i in range(number)]


def people(area, value, source="census"):
    return {"source": source, "measure": "population", "value": value, "unit": "persons", "area_id": area,
            "area_level": "county", "period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31),
            "source_file": "p.csv", "source_row": 1}  # fmt: skip


@pytest.fixture
def three(report, record):
    """Ten and 31 contacts in two areas of 1,000 people, none in a third, five without a place; all of 2024."""
    rows = contacts(record, 0, 10, "North") + contacts(record, 10, 31, "South") + contacts(record, 41, 5, None)
    return report(NOTEBOOK, rows, [people("North", 1000.0), people("South", 1000.0), people("West", 500.0)])


def test_rates_are_contacts_over_person_years_and_an_area_without_contacts_has_a_zero(three):
    (item,) = rates_of(three)
    table = rate_table(three, [item]).set_index("area")
    assert table["contacts"].to_dict() == {"South": 31, "North": 10, "West": 0}
    assert table["rate"].to_dict() == pytest.approx({"South": 3100, "North": 1000, "West": 0}, rel=1e-9)
    assert item.centre == pytest.approx(100_000 * 41 / 2500)
    assert unit_of(item) == "contacts per 100,000 a year"
    assert "residents of the area times 1 years" in definition_of(item)


def test_contacts_without_a_place_are_in_no_rate_and_counted(three):
    (item,) = rates_of(three)
    assert item.unknown == 5
    assert left_out(three, [item]) == "5 contacts without a known area"
    south = rate_table(three, [item]).set_index("area").loc["South"]
    assert south["bound_high"] == pytest.approx(100_000 * 36 / 1000)


def test_sources_are_never_in_one_rate(report, record):
    rows = contacts(record, 0, 12, "North") + contacts(record, 12, 24, "North", source="line", area_basis="incident")
    found = rates_of(report(NOTEBOOK, rows, [people("North", 1000.0)]))
    assert [(item.name, item.contacts) for item in found] == [("line", 24), ("calls", 12)]
    assert found[0].note.startswith("a rate of incidents in a place")


def test_without_a_population_there_is_a_reason_and_no_rate(report, record):
    other = people("North", 5.0) | {"measure": "offences"}
    (item,) = rates_of(report(NOTEBOOK, contacts(record, 0, 12, "North"), [other]))
    assert item.areas.empty
    assert "population" in item.refused


def test_widened_limits_are_said(three):
    (item,) = rates_of(three)
    item.areas["dispersion"] = 1.0
    assert widened([item]) == ""
    item.areas["dispersion"] = 3.0
    assert "the variance is widened for it (3.0 times)" in widened([item])
