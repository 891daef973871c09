"""Which duty line answers: a grid's before the community's."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import TextClause, text

from shared.database import Transaction
from shared.events.directory import PlaceKind

__all__ = ["ServicePhone", "service_phone_of_community", "service_phone_of_member"]


@dataclass(frozen=True, slots=True)
class ServicePhone:
    """The duty line of a place, as people write its number."""

    place_id: UUID
    kind: PlaceKind
    title: str
    phone: str


_ROOT: Final = "(SELECT root_id FROM community WHERE community = :community)"
_OWN: Final = f"""coalesce(
    (SELECT place_id FROM membership
     WHERE community = :community AND person_id = :person_id AND NOT removed), {_ROOT})"""  # noqa: S608 - ours
"""Where a member lives or works; the community itself for whoever has no place in it."""


def _nearest(start: str) -> TextClause:
    """The first line on the way up from the place that `start` gives."""
    return text(
        f"""
        WITH RECURSIVE above AS (
            SELECT id, kind, title, service_phone, parent_id, 0 AS height FROM place
            WHERE community = :community AND id = {start} AND NOT removed
            UNION ALL
            SELECT place.id, place.kind, place.title, place.service_phone, place.parent_id,
                height + 1
            FROM above JOIN place ON place.community = :community AND place.id = above.parent_id)
        SELECT id AS place_id, kind, title, service_phone AS phone FROM above
        WHERE service_phone IS NOT NULL ORDER BY height LIMIT 1
        """  # noqa: S608 - a statement of ours
    )


_OF_COMMUNITY = _nearest(_ROOT)
_OF_MEMBER = _nearest(_OWN)


async def service_phone_of_community(tx: Transaction, community: str) -> ServicePhone | None:
    """The community's own line; None where it has none, or where there is no such community."""
    row = (await tx.execute(_OF_COMMUNITY, {"community": community})).one_or_none()
    return None if row is None else ServicePhone(**row)


async def service_phone_of_member(
    tx: Transaction, community: str, person_id: UUID
) -> ServicePhone | None:
    """The nearest line at or above a member's own place, else the community's."""
    values = {"community": community, "person_id": person_id}
    row = (await tx.execute(_OF_MEMBER, values)).one_or_none()
    return None if row is None else ServicePhone(**row)
