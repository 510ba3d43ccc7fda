"""Rates and funnel: no order of areas without its noise, and what is in no rate is said."""

from datetime import date

import pytest

from crisiskit.release import place_views as places

NOTEBOOK = "10_response_patterns"


@pytest.fixture
def county(report, record):
    """County(areas, unknown): contacts by area over 2024, each area with 10,000 residents."""

    def county(areas, unknown=0, counts=True):
        numbers = {**areas, None: unknown}
        flat = [name for name, number in numbers.items() for _ in range(number)]
        rows = [
            record(i, area_id=name, area_level="county", area_basis="caller_origin",
                   period_start=date(2024, 1, 1) if i % 2 else date(2024, 12, 31))
            for i, name in enumerate(flat)
        ]  # fmt: skip
        fixed = {"source": "census", "measure": "population", "unit": "persons", "value": 10_000.0,
                 "area_level": "county", "period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31),
                 "source_file": "p.csv"}  # fmt: skip
        people = [fixed | {"area_id": name, "source_row": i} for i, name in enumerate(areas)]
        return report(NOTEBOOK, rows, people if counts else ())

    return county


def test_rates_are_sorted_with_numbers_interval_and_verdict(county):
    view = places.rates(county({"A": 100, "B": 110, "C": 90, "D": 100}))
    data = view.figure.data
    assert data["area"].tolist() == ["B", "A", "D", "C"]
    assert data["verdict"].unique().tolist() == ["inside"]
    assert data.set_index("area").loc["A", "rate"] == pytest.approx(1000)
    # Garwood, 100 events: 81.36 to 121.63
    assert data.set_index("area").loc["A", ["low", "high"]].tolist() == pytest.approx([813.6, 1216.3], abs=0.1)
    assert "1,000 contacts per 100,000 a year over 4 areas (400 contacts)" in view.note
    assert "callers need not live there" in view.note


def test_unknown_places_are_bounds_and_not_a_rate(county):
    note = places.rates(county({"A": 100, "B": 100}, unknown=10)).note
    assert "10 contacts without a known area are in no rate; were all of them from" in note
    assert "its rate would be 1,100" in note


def test_the_funnel_names_the_area_that_chance_does_not_explain(county):
    made = county({**{f"A{i:02d}": 100 + i % 3 for i in range(20)}, "Far": 200})
    view = places.funnel(made)
    assert "far above what chance gives: Far (2,000)" in view.note
    assert "A07" not in view.note
    assert "One area in twenty".lower() in view.note.lower()
    assert view.figure.data.set_index("area").loc["Far", "verdict"] == "far above"


def test_very_many_areas_show_their_ends_and_the_table_all(county):
    view = places.rates(county({f"A{i:02d}": 3 + i for i in range(41)}))
    assert len(view.figure.data) == 41
    assert "Drawn are the 20 highest and the 20 lowest of 41 areas; the table has all." in view.note


def test_one_area_is_no_funnel(county):
    assert "there is one area with a population" in places.funnel(county({"A": 10})).note


def test_without_counts_the_line_says_what_is_needed(county):
    view = places.rates(county({"A": 10}, counts=False))
    assert view.absent
    assert "measure population in table counts" in view.note
