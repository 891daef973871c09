"""What places and organisations are called on a page, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from shared.database import Row, Transaction
from shared.events.directory import PLACE_KINDS, PlaceKind

__all__ = ["PlaceTitle", "found_titles", "organisation_titles", "place_titles"]

_NAMING: Final = PLACE_KINDS[PLACE_KINDS.index("compound") :]
"""From the compound down the titles together say where it is: "文化路1号院 3栋"."""

_ASKED: Final = PLACE_KINDS[: PLACE_KINDS.index("entrance")]
"""Kinds that a request can be about; homes are found by nobody who types."""


@dataclass(frozen=True, slots=True)
class PlaceTitle:
    """What a place is called; the building and the grid that it is, or lies in."""

    id: UUID
    kind: PlaceKind
    title: str
    building_id: UUID | None
    grid_id: UUID | None
    grid_title: str | None


_TITLES = text(
    """
    WITH RECURSIVE above AS (
        SELECT id AS of, kind AS of_kind, title AS own, 0 AS height, id, kind, title, parent_id
        FROM place WHERE community = :community AND id = ANY(CAST(:ids AS uuid[]))
        UNION ALL
        SELECT of, of_kind, own, height + 1, place.id, place.kind, place.title, place.parent_id
        FROM above JOIN place ON place.community = :community AND place.id = above.parent_id)
    SELECT of AS id, of_kind AS kind,
        coalesce(string_agg(title, ' ' ORDER BY height DESC)
            FILTER (WHERE kind = ANY(CAST(:naming AS text[]))), own) AS title,
        (array_agg(id) FILTER (WHERE kind = 'building'))[1] AS building_id,
        (array_agg(id) FILTER (WHERE kind = 'grid'))[1] AS grid_id,
        max(title) FILTER (WHERE kind = 'grid') AS grid_title
    FROM above GROUP BY of, of_kind, own ORDER BY of
    """
)
_FOUND = text(
    """
    WITH RECURSIVE named AS (
        SELECT id, kind, title AS own, NULL AS title, CAST(NULL AS uuid) AS grid_id,
            CAST(NULL AS text) AS grid_title
        FROM place WHERE community = :community AND parent_id IS NULL AND NOT removed
        UNION ALL
        SELECT place.id, place.kind, place.title,
            CASE WHEN place.kind = ANY(CAST(:naming AS text[]))
                THEN concat_ws(' ', named.title, place.title) END,
            CASE place.kind WHEN 'grid' THEN place.id ELSE named.grid_id END,
            CASE place.kind WHEN 'grid' THEN place.title ELSE named.grid_title END
        FROM named JOIN place ON place.community = :community AND place.parent_id = named.id
        WHERE NOT place.removed AND place.kind = ANY(CAST(:asked AS text[])))
    SELECT id, kind, coalesce(title, own) AS title,
        CASE kind WHEN 'building' THEN id END AS building_id, grid_id, grid_title
    FROM named
    WHERE NOT EXISTS (
        SELECT FROM unnest(CAST(:words AS text[])) AS word
        WHERE position(word IN replace(lower(coalesce(title, own)), ' ', '')) = 0)
    ORDER BY length(coalesce(title, own)), coalesce(title, own), id LIMIT :limit
    """
)
_ORGANISATIONS = text(
    "SELECT id, title FROM organisation "
    "WHERE community = :community AND id = ANY(CAST(:ids AS uuid[])) ORDER BY id"
)


async def place_titles(tx: Transaction, community: str, ids: Sequence[UUID]) -> list[PlaceTitle]:
    """The titles of those of `ids` that are places here; removed ones too, for pages of old."""
    values = {"community": community, "ids": list(ids), "naming": list(_NAMING)}
    return [_title(row) for row in await tx.execute(_TITLES, values)]


async def found_titles(
    tx: Transaction, community: str, words: str, *, limit: int
) -> list[PlaceTitle]:
    """Places down to the building in whose title each of the words stands, the shortest first.

    Spaces do not matter: "文化路1号院3栋" finds "文化路1号院 3栋".
    """
    values = {
        "community": community,
        "naming": list(_NAMING),
        "asked": list(_ASKED),
        "words": words.lower().split(),
        "limit": limit,
    }
    return [_title(row) for row in await tx.execute(_FOUND, values)]


async def organisation_titles(
    tx: Transaction, community: str, ids: Sequence[UUID]
) -> dict[UUID, str]:
    """The titles of those of `ids` that are organisations here; removed ones too."""
    found = await tx.execute(_ORGANISATIONS, {"community": community, "ids": list(ids)})
    return {row["id"]: row["title"] for row in found}


def _title(row: Row) -> PlaceTitle:
    return PlaceTitle(**row)
