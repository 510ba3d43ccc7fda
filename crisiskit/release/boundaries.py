"""Boundaries of areas from a GeoJSON file: what a map needs of RFC 7946, and errors that name file and feature."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crisiskit.errors import UserError, nearest

Ring = tuple[tuple[float, float], ...]
Polygon = tuple[Ring, ...]
"""An outer ring and the rings of its holes, each a closed sequence of (longitude, latitude)."""


@dataclass(frozen=True)
class Boundaries:
    """Areas of one file: name to polygons, in the order of the file; several features of one name are one area."""

    areas: Mapping[str, tuple[Polygon, ...]]

    @property
    def middle(self) -> float:
        """Latitude half way between the southern and the northern end, in degrees."""
        heights = [place[1] for polygons in self.areas.values() for rings in polygons for ring in rings
                   for place in ring]  # fmt: skip
        return (min(heights) + max(heights)) / 2


def read(path: str, key: str) -> Boundaries:
    """Read a FeatureCollection whose features carry the area's id in property `key`.

    Polygon and MultiPolygon are read, with their holes; the format: RFC 7946. Raises UserError for a file that is not
    there or no GeoJSON, a property that a feature lacks, another geometry, and coordinates that are no degrees.
    """
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"boundaries: there is no file '{path}'") from error
    except (OSError, ValueError) as error:
        raise UserError(f"boundaries: '{path}' is no GeoJSON ({error})") from error
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list) or not features:
        raise UserError(f"boundaries: '{path}' holds no features; a GeoJSON FeatureCollection of areas is needed")
    areas: dict[str, tuple[Polygon, ...]] = {}
    for number, feature in enumerate(features, 1):
        where = f"boundaries: '{path}', feature {number}"
        name = _name(feature, key, where)
        areas[name] = areas.get(name, ()) + tuple(_polygons(feature.get("geometry"), where))
    return Boundaries(areas)


def _name(feature: Any, key: str, where: str) -> str:
    """The area's id, as text: a file may write a code as a number, the tables never do."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise UserError(f"{where}: has no properties, so its area is not known")
    if properties.get(key) is None:
        held = ", ".join(map(str, properties)) or "none"
        raise UserError(f"{where}: has no property '{key}'{nearest(key, properties) or f' (it has {held})'}; "
                        "say in boundary_key which one holds the area's id")  # fmt: skip
    return str(properties[key])


def _polygons(geometry: Any, where: str) -> Iterator[Polygon]:
    """The polygons of one geometry."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise UserError(f"{where}: geometry '{kind}' is no area; Polygon or MultiPolygon is needed")
    parts = geometry.get("coordinates")
    for rings in [parts] if kind == "Polygon" else parts:
        yield tuple(_ring(ring, where) for ring in rings)


def _ring(ring: Any, where: str) -> Ring:
    """One ring in degrees; a file in metres would be drawn as a speck or not at all, so it is refused."""
    try:
        places = tuple((float(place[0]), float(place[1])) for place in ring)
    except (TypeError, ValueError, IndexError) as error:
        raise UserError(f"{where}: a ring is no list of [longitude, latitude] pairs") from error
    if len(places) < 4:
        raise UserError(f"{where}: a ring of {len(places)} places encloses nothing; four or more are needed")
    wrong = next((place for place in places if not (abs(place[0]) <= 180 and abs(place[1]) <= 90)), None)
    if wrong is not None:
        raise UserError(f"{where}: {wrong} is no longitude and latitude in degrees (WGS 84)")
    return places
