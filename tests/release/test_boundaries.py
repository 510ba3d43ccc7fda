"""Boundaries are read as RFC 7946 has them; whatever is wrong is told with file and feature."""

import json

import pytest

from crisiskit.errors import UserError
from crisiskit.release.boundaries import read

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]


def feature(name, kind, coordinates):
    return {"type": "Feature", "properties": {"area": name}, "geometry": {"type": kind, "coordinates": coordinates}}


@pytest.fixture
def written(tmp_path):
    """Write features as a file and return its path: written(feature, ...)."""

    def written(*features, **content):
        path = tmp_path / "areas.geojson"
        text = content or {"type": "FeatureCollection", "features": list(features)}
        path.write_text(json.dumps(text), encoding="utf-8")
        return str(path)

    return written


def test_polygons_their_holes_and_several_features_of_one_area_are_read(written):
    path = written(
        feature("A", "Polygon", [SQUARE, HOLE]), feature(7, "MultiPolygon", [[SQUARE], [HOLE]]),
        feature("A", "Polygon", [HOLE]),
    )  # fmt: skip
    found = read(path, "area")
    assert list(found.areas) == ["A", "7"]  # a code written as a number is text here, as in the tables
    assert [len(polygon) for polygon in found.areas["A"]] == [2, 1]
    assert [len(polygon) for polygon in found.areas["7"]] == [1, 1]
    assert found.areas["A"][0][1] == tuple((float(x), float(y)) for x, y in HOLE)
    assert found.middle == 2.0


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ([feature("A", "Point", [0, 0])], "feature 1: geometry 'Point' is no area"),
        ([feature("A", "Polygon", [SQUARE]), {"properties": {"aera": "B"}}], "feature 2: .*did you mean 'aera'"),
        ([{"properties": {}}], r"feature 1: has no property 'area' \(it has none\)"),
        ([{"type": "Feature"}], "has no properties"),
        ([feature("A", "Polygon", [SQUARE[:3]])], "a ring of 3 places encloses nothing"),
        ([feature("A", "Polygon", [[[500_000, 4_000_000]] * 4])], "is no longitude and latitude in degrees"),
        ([feature("A", "Polygon", [["x"]])], "a ring is no list"),
        ([], "holds no features"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(written, features, told):
    with pytest.raises(UserError, match=told):
        read(written(*features), "area")


def test_a_file_that_is_not_there_or_no_geojson_is_refused(written, tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        read(str(tmp_path / "none.geojson"), "area")
    (tmp_path / "text.geojson").write_text("no json")
    with pytest.raises(UserError, match="is no GeoJSON"):
        read(str(tmp_path / "text.geojson"), "area")
    with pytest.raises(UserError, match="holds no features"):
        read(written(type="Topology"), "area")
