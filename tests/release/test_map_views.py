"""The map: only with boundaries, never without denominators, and what has no partner is named on either side."""

import json
from datetime import date

import pytest

from crisiskit.errors import UserError
from crisiskit.release import map_views as maps

NOTEBOOK = "10_response_patterns"


@pytest.fixture
def county(report, record, tmp_path):
    """Two areas with contacts and residents; a file of boundaries with areas of the given names, if any."""

    def county(*names):
        rows = [record(i, area_id="A" if i % 3 else "B", area_level="county", area_basis="residence",
                       period_start=date(2024, 1, 1) if i % 2 else date(2024, 12, 31)) for i in range(30)]  # fmt: skip
        people = [{"source": "census", "measure": "population", "unit": "persons", "value": 1000.0, "area_id": name,
                   "area_level": "county", "period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31),
                   "source_file": "p.csv", "source_row": 1} for name in "AB"]  # fmt: skip
        features = [
            {"properties": {"code": name}, "geometry": {"type": "Polygon", "coordinates": [
                [[i, 0], [i + 1, 0], [i + 1, 1], [i, 1], [i, 0]]]}}
            for i, name in enumerate(names)
        ]  # fmt: skip
        path = tmp_path / "areas.geojson"
        path.write_text(json.dumps({"features": features}))
        return report(NOTEBOOK, rows, people, boundaries=str(path) if names else "", boundary_key="code")

    return county


def test_without_a_file_one_line_points_to_the_sorted_figure(county):
    view = maps.area_map(county())
    assert view.figure is None
    assert "No boundary file is named: the rates stand in the figure of contacts per population" in view.note


def test_a_map_holds_numbers_and_denominators_of_the_areas_drawn(county):
    view = maps.area_map(county("A", "B"))
    data = view.figure.data.set_index("area")
    assert data["contacts"].to_dict() == {"A": 20, "B": 10}
    assert data["population"].to_dict() == {"A": 1000, "B": 1000}
    assert "30 contacts over 2,000 residents" in view.figure.caption


def test_areas_on_one_side_only_are_named(county):
    view = maps.area_map(county("A", "Elsewhere"))
    assert "50.0 % (1 of 2) areas of the file have a rate." in view.note
    assert "Without a rate, hatched: Elsewhere." in view.note
    assert "With a rate and not in the file: B." in view.note
    assert view.figure.data["area"].tolist() == ["A"]


def test_a_file_of_other_areas_is_no_map(county):
    note = maps.area_map(county("X", "Y")).note
    assert "property 'code' holds X and Y, the tables hold A and B" in note


def test_a_file_that_is_not_there_is_an_error_of_the_user(report, county):
    made = county("A")
    made.settings["boundaries"] = "nowhere.geojson"
    with pytest.raises(UserError, match="there is no file 'nowhere.geojson'"):
        maps.area_map(made)
