"""A map of areas as SVG draws it: no tiles, no script, and nothing that is asked elsewhere."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

__all__ = ["Area", "Drawing", "drawing"]

WIDTH: Final = 600
TALLEST: Final = 600
MARGIN: Final = 12
LETTER: Final = 30
"""What a Chinese character is wide on the map; as large as `.area text` in the style."""

SMALLEST_DEGREES: Final = 1e-9

type Point = tuple[float, float]
type Ring = Sequence[Point]


@dataclass(frozen=True, slots=True)
class Area:
    """One area: the path of its outline, and where its label has most room."""

    id: UUID
    path: str
    x: float
    y: float
    room: float
    """How wide the area is there."""

    def holds(self, label: str) -> bool:
        """Whether a label of Chinese characters stays within the area."""
        return len(label) * LETTER <= self.room


@dataclass(frozen=True, slots=True)
class Drawing:
    """The areas, and the sheet that they are drawn on."""

    width: int
    height: int
    areas: Sequence[Area]


def drawing(boundaries: Mapping[UUID, Any]) -> Drawing | None:
    """Areas by their id, drawn side by side; `boundaries` are GeoJSON in WGS-84.

    One that is None, or no area, is left out; None when nothing is left.
    """
    polygons = {one: list(_polygons(boundary)) for one, boundary in boundaries.items()}
    polygons = {one: found for one, found in polygons.items() if found}
    points = [point for rings in polygons.values() for ring in rings for point in ring]
    if not points:
        return None
    sheet = _Sheet.around(points)
    areas = [_area(one, [sheet.ring(ring) for ring in rings]) for one, rings in polygons.items()]
    return Drawing(sheet.width, sheet.height, areas)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Degrees to units: at the scale of a neighbourhood a degree of longitude is only narrower."""

    west: float
    north: float
    narrowed: float
    scale: float
    width: int
    height: int

    @classmethod
    def around(cls, points: Sequence[Point]) -> "_Sheet":
        """A sheet that holds all points."""
        west, east = min(x for x, _ in points), max(x for x, _ in points)
        south, north = min(y for _, y in points), max(y for _, y in points)
        narrowed = max(math.cos(math.radians((south + north) / 2)), SMALLEST_DEGREES)
        wide = max((east - west) * narrowed, SMALLEST_DEGREES)
        tall = max(north - south, SMALLEST_DEGREES)
        widest, tallest = WIDTH - 2 * MARGIN, TALLEST - 2 * MARGIN
        scale = min(widest / wide, tallest / tall)
        return cls(
            west,
            north,
            narrowed,
            scale,
            # What fills the sheet may come out a hair larger than it was divided.
            width=min(math.ceil(wide * scale), widest) + 2 * MARGIN,
            height=min(math.ceil(tall * scale), tallest) + 2 * MARGIN,
        )

    def ring(self, ring: Ring) -> Ring:
        """A ring in units."""
        return [
            (
                round((x - self.west) * self.narrowed * self.scale + MARGIN, 1),
                round((self.north - y) * self.scale + MARGIN, 1),
            )
            for x, y in ring
        ]


def _polygons(boundary: Any) -> Iterable[Ring]:
    """The rings of a boundary, the outer ones and the holes."""
    match boundary:
        case {"type": "Polygon", "coordinates": [*rings]}:
            yield from rings
        case {"type": "MultiPolygon", "coordinates": [*polygons]}:
            for rings in polygons:
                yield from rings
        case _:
            return


def _area(place_id: UUID, rings: Sequence[Ring]) -> Area:
    path = "".join(f"M{'L'.join(f'{x:g} {y:g}' for x, y in ring)}Z" for ring in rings)
    heights = [y for _, y in max(rings, key=_height)]
    y = (min(heights) + max(heights)) / 2
    left, right = max(_within(rings, y), key=lambda pair: pair[1] - pair[0], default=(0.0, 0.0))
    return Area(place_id, path, round((left + right) / 2, 1), round(y, 1), round(right - left, 1))


def _height(ring: Ring) -> float:
    heights = [y for _, y in ring]
    return max(heights) - min(heights)


def _within(rings: Sequence[Ring], y: float) -> list[tuple[float, float]]:
    """From where to where a line at height `y` runs inside, holes left out."""
    crossings = sorted(
        x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        for ring in rings
        for (x1, y1), (x2, y2) in pairwise(ring)
        if (y1 <= y) != (y2 <= y)
    )
    return list(zip(crossings[::2], crossings[1::2], strict=False))
