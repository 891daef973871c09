"""The boundary of a place on a map: a GeoJSON Polygon or MultiPolygon (RFC 7946) in WGS-84."""

import json
from collections.abc import Mapping
from typing import Any, Final, cast

from services.directory.domain.table_file import Reason
from shared.problems import NotMet

MOST_POINTS: Final = 500
FEWEST_OF_RING: Final = 4
"""Three corners, and the first one again."""

LONGITUDE: Final = 180
LATITUDE: Final = 90

type Boundary = dict[str, Any]
"""`{"type": …, "coordinates": …}`; a point is longitude, latitude."""

NO_AREA: Final = Reason(
    "边界须为 GeoJSON 的 Polygon 或 MultiPolygon。",
    "A boundary is a GeoJSON Polygon or MultiPolygon.",
)
NO_POINT: Final = Reason(
    "边界的每个点须为 [经度, 纬度]（WGS-84）。",
    "Each point of a boundary is [longitude, latitude] in WGS-84.",
)
NOT_CLOSED: Final = Reason(
    "边界的每一圈至少四个点，且首尾相同。",
    "Each ring of a boundary has four points or more, the last one the same as the first.",
)
TOO_MANY_POINTS: Final = Reason(
    "边界最多 500 个点，请先简化。", "A boundary has at most 500 points. Simplify it first."
)


class WrongBoundary(NotMet):
    """A boundary that no map could draw; the sentence says what is wrong with it."""

    def __init__(self, reason: Reason) -> None:
        """Say why."""
        super().__init__()
        self.zh, self.en = reason


def require_boundary(shape: object) -> Boundary:
    """A boundary, without what else came with it. Raises WrongBoundary.

    Whether its lines cross is not checked: a map draws it all the same.
    """
    if not isinstance(shape, Mapping):
        raise WrongBoundary(NO_AREA)
    geometry = cast("Mapping[str, Any]", shape)
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    polygons: Any = [coordinates] if kind == "Polygon" else coordinates
    if kind not in ("Polygon", "MultiPolygon") or not _is_full_list(polygons):
        raise WrongBoundary(NO_AREA)
    if not all(_is_full_list(rings) for rings in polygons):
        raise WrongBoundary(NO_AREA)
    points = 0
    for ring in (ring for rings in polygons for ring in rings):
        _require_ring(ring)
        points += len(ring)
    if points > MOST_POINTS:
        raise WrongBoundary(TOO_MANY_POINTS)
    return {"type": kind, "coordinates": coordinates}


def read_boundary(cell: str) -> Boundary:
    """The boundary that a cell of a file holds. Raises WrongBoundary."""
    try:
        shape = json.loads(cell)
    except (ValueError, RecursionError):
        raise WrongBoundary(NO_AREA) from None
    return require_boundary(shape)


def _is_full_list(value: object) -> bool:
    return isinstance(value, list) and bool(cast("list[object]", value))


def _require_ring(ring: object) -> None:
    if not isinstance(ring, list):
        raise WrongBoundary(NO_AREA)
    points = cast("list[object]", ring)
    if not all(_is_point(one) for one in points):
        raise WrongBoundary(NO_POINT)
    if len(points) < FEWEST_OF_RING or points[0] != points[-1]:
        raise WrongBoundary(NOT_CLOSED)


def _is_point(value: object) -> bool:
    match value:
        case [int() | float() as longitude, int() | float() as latitude]:
            is_number = not isinstance(longitude, bool) and not isinstance(latitude, bool)
            return is_number and abs(longitude) <= LONGITUDE and abs(latitude) <= LATITUDE
        case _:
            return False
