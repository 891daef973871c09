"""People and memberships. A person is found only through a membership, or as oneself."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from services.directory.domain import SHORTEST_MASKABLE, Member, Membership, Person, phone_wanted
from services.directory.store import rows
from services.directory.store.tables import membership as membership_table
from services.directory.store.tables import person as person_table
from shared.database import Row, Transaction

__all__ = [
    "PeopleSearch",
    "colleagues",
    "load_members",
    "load_person",
    "login_names",
    "matching_members",
    "names",
    "open_platform",
    "people",
    "read_member",
    "read_person",
    "save_memberships",
    "save_people",
    "who_belongs_elsewhere",
]

_SAVE_PEOPLE: Final = rows.saving(Person, person_table)
_SAVE_MEMBERSHIPS: Final = rows.saving(Membership, membership_table)
_PERSON: Final = rows.columns_of(Person, person_table)
_PERSON_NAMES: Final = [field.name for field in fields(Person)]
_MEMBERSHIP: Final = ", ".join(
    f"membership.{field.name} AS m_{field.name}" for field in fields(Membership)
)
_MEMBERS: Final = (
    f"SELECT {_PERSON}, {_MEMBERSHIP} "  # noqa: S608 - column names
    "FROM membership JOIN person ON person.id = membership.person_id"
)
_ONE: Final = f"SELECT {_PERSON} FROM person WHERE id = :id AND NOT removed"  # noqa: S608
_READ_PERSON = text(_ONE)
_LOAD_PERSON = text(f"{_ONE} FOR UPDATE")
_LOAD_MEMBERS = text(
    f"{_MEMBERS} WHERE membership.community = :community "
    "AND person_id = ANY(CAST(:ids AS uuid[])) AND NOT person.removed "
    "ORDER BY person.id FOR UPDATE"
)
_READ_MEMBER = text(
    f"{_MEMBERS} WHERE membership.community = :community AND person_id = :id "
    "AND (:has_left OR NOT membership.removed) AND NOT person.removed"
)
_SEARCH = text(
    f"""
    {_MEMBERS}
    WHERE membership.community = :community AND membership.removed = :has_left
      AND NOT person.removed
      AND (CAST(:role AS text) IS NULL OR :role = ANY(membership.roles))
      AND (CAST(:place_id AS uuid) IS NULL OR membership.place_id = :place_id)
      AND (CAST(:words AS text) IS NULL
           OR position(lower(:words) IN lower(person.name)) > 0 OR login_name = lower(:words)
           OR (right(phone, 4) = CAST(:last_four AS text) AND length(phone) >= :maskable)
           OR phone = ANY(CAST(:phones AS text[])))
      AND (CAST(:after AS uuid) IS NULL OR person_id < :after)
    ORDER BY person_id DESC LIMIT :limit + 1
    """
)
_OPEN_PLATFORM = text(
    "SELECT set_config('app.communities', "
    "concat_ws(',', current_setting('app.communities', true), '_'), true)"
)
_MATCHING = text(
    f"""
    {_MEMBERS}
    WHERE membership.community = :community AND NOT person.removed
      AND (login_name = ANY(CAST(:login_names AS text[]))
           OR phone = ANY(CAST(:phones AS text[])))
    ORDER BY person.id FOR UPDATE
    """
)
_LOGIN_NAMES = text(
    "SELECT login_name, id FROM person WHERE login_name = ANY(CAST(:login_names AS text[]))"
)
_NAMES = text(
    """
    SELECT person.id, person.name
    FROM membership JOIN person ON person.id = membership.person_id
    WHERE membership.community = :community AND NOT membership.removed AND NOT person.removed
      AND membership.person_id = ANY(CAST(:ids AS uuid[]))
    ORDER BY person.id
    """
)
_COLLEAGUES = text(
    """
    SELECT person.id, person.name
    FROM membership JOIN person ON person.id = membership.person_id
    WHERE membership.community = :community AND NOT membership.removed AND NOT person.removed
      AND :organisation_id = ANY(membership.organisation_ids)
      AND (CAST(:after AS uuid) IS NULL OR person.id < :after)
    ORDER BY person.id DESC LIMIT :limit + 1
    """
)
_ELSEWHERE = text(
    """
    SELECT person_id FROM membership
    WHERE community <> :community AND NOT removed AND person_id = ANY(CAST(:ids AS uuid[]))
    UNION
    SELECT id FROM person
    WHERE platform_roles <> '{}' AND id = ANY(CAST(:ids AS uuid[]))
    """
)


@dataclass(frozen=True, slots=True)
class PeopleSearch:
    """Which members of a community are wanted."""

    community: str
    role: str | None = None
    place_id: UUID | None = None
    words: str | None = None
    has_left: bool = False
    """Whether those are wanted who have left, instead of those who are members."""
    after: UUID | None = None
    limit: int = 50


async def load_person(tx: Transaction, person_id: UUID, *, expected: int | None = None) -> Person:
    """A person to change, locked. Raises NotFound, StaleVersion."""
    return _person(await rows.one(tx, _LOAD_PERSON, expected=expected, id=person_id))


async def read_person(tx: Transaction, person_id: UUID) -> Person:
    """A person as they see themselves. Raises NotFound."""
    return _person(await rows.one(tx, _READ_PERSON, id=person_id))


async def read_member(
    tx: Transaction, community: str, person_id: UUID, *, has_left: bool = False
) -> Member:
    """A member as staff see them; `has_left`: or somebody who was one. Raises NotFound."""
    row = await rows.one(tx, _READ_MEMBER, community=community, id=person_id, has_left=has_left)
    return _member(row)


async def load_members(
    tx: Transaction, community: str, people: Sequence[UUID]
) -> dict[UUID, Member]:
    """Those of `people` who are, or were, members of the community, locked."""
    found = await tx.execute(_LOAD_MEMBERS, {"community": community, "ids": list(people)})
    return {row["id"]: _member(row) for row in found}


async def people(tx: Transaction, wanted: PeopleSearch) -> list[Member]:
    """Members, newest first; one more than `limit` when there are more."""
    phone = phone_wanted(wanted.words or "")
    found = await tx.execute(
        _SEARCH,
        {
            "community": wanted.community,
            "role": wanted.role,
            "place_id": wanted.place_id,
            "words": wanted.words,
            "has_left": wanted.has_left,
            "last_four": phone.last_four,
            "maskable": SHORTEST_MASKABLE,
            "phones": list(phone.whole),
            "after": wanted.after,
            "limit": wanted.limit,
        },
    )
    return [_member(row) for row in found]


async def open_platform(tx: Transaction) -> None:
    """Let a community's transaction tell of a person, too: people belong to the platform (`_`)."""
    await tx.execute(_OPEN_PLATFORM)


async def matching_members(
    tx: Transaction, community: str, *, login_names: Sequence[str], phones: Sequence[str]
) -> list[Member]:
    """Present and former members with one of these login names or phones, locked."""
    found = await tx.execute(
        _MATCHING,
        {"community": community, "login_names": list(login_names), "phones": list(phones)},
    )
    return [_member(row) for row in found]


async def login_names(tx: Transaction, wanted: Sequence[str]) -> dict[str, UUID]:
    """Whose each of these login names is, on the whole platform; never shown to anybody."""
    found = await tx.execute(_LOGIN_NAMES, {"login_names": list(wanted)})
    return {row["login_name"]: row["id"] for row in found}


async def names(tx: Transaction, community: str, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those of `ids` who are members."""
    found = await tx.execute(_NAMES, {"community": community, "ids": list(ids)})
    return {row["id"]: row["name"] for row in found}


async def colleagues(
    tx: Transaction, community: str, organisation_id: UUID, *, after: UUID | None, limit: int
) -> dict[UUID, str]:
    """The names of an organisation's members, newest first; one more when there are more."""
    values = {"community": community, "organisation_id": organisation_id}
    found = await tx.execute(_COLLEAGUES, values | {"after": after, "limit": limit})
    return {row["id"]: row["name"] for row in found}


async def who_belongs_elsewhere(
    tx: Transaction, community: str, ids: Sequence[UUID]
) -> frozenset[UUID]:
    """Who of `ids` has another community or a platform role.

    The transaction must see every community, or nobody seems to belong elsewhere.
    """
    found = await tx.execute(_ELSEWHERE, {"community": community, "ids": list(ids)})
    return frozenset(found.scalars())


async def save_people(tx: Transaction, people: Sequence[Person]) -> None:
    """Store new people and next versions; passwords are kept apart. Raises WrongState."""
    await rows.save(tx, _SAVE_PEOPLE, people)


async def save_memberships(tx: Transaction, memberships: Sequence[Membership]) -> None:
    """Store new memberships and next versions. Raises WrongState."""
    await rows.save(tx, _SAVE_MEMBERSHIPS, memberships)


def _person(row: Row) -> Person:
    values: dict[str, Any] = {name: row[name] for name in _PERSON_NAMES}
    values["platform_roles"] = tuple(row["platform_roles"])
    return Person(**values)


def _member(row: Row) -> Member:
    membership = Membership(
        community=row["m_community"],
        person_id=row["m_person_id"],
        roles=tuple(row["m_roles"]),
        organisation_ids=tuple(row["m_organisation_ids"]),
        place_id=row["m_place_id"],
        version=row["m_version"],
        removed=row["m_removed"],
    )
    return Member(_person(row), membership)
