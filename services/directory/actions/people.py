"""People and what they are in a community: load, decide, save, tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.directory import domain, store
from services.directory.domain import Granting, Member, Membership, Person
from shared import clock, ids
from shared.database import Transaction
from shared.events.directory import Language
from shared.outbox import emit
from shared.permissions import STAFF, Role
from shared.problems import NotFound, StaleVersion, UnknownId

__all__ = [
    "MEMBER_ROLES",
    "Deciding",
    "Wanted",
    "add_person",
    "change_me",
    "correct_person",
    "put_membership",
    "remove_home",
    "remove_membership",
    "remove_phone",
]

MEMBER_ROLES = frozenset(Role) - {Role.OPERATOR, Role.AUDITOR}
"""What one can be in a community; the other roles are the platform's."""

TRUSTED_ROLES = STAFF | {Role.POINTS_APPROVER, Role.INTEGRATOR}
"""Roles that see or decide what concerns others."""


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who decides about members of which community, and what they may grant."""

    community: str
    by: UUID
    may_grant: bool
    is_operator: bool = False

    @property
    def granting(self) -> Granting:
        """For the rules of the domain."""
        return Granting(TRUSTED_ROLES, self.may_grant)

    @property
    def grantable(self) -> Sequence[Role]:
        """The roles that may be given, in their own order."""
        kept_back = frozenset[Role]() if self.may_grant else TRUSTED_ROLES
        return [one for one in Role if one in MEMBER_ROLES - kept_back]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is to be; `place_id` None: as it is."""

    roles: Sequence[str]
    organisation_ids: Sequence[UUID]
    place_id: UUID | None


async def add_person(tx: Transaction, deciding: Deciding, person: Person, wanted: Wanted) -> Member:
    """A new person, a member of this community. Raises UnknownId, LoginNameTaken, TrustedRole."""
    await _require_known(tx, deciding.community, wanted)
    if person.login_name and await store.login_names(tx, [person.login_name]):
        raise domain.LoginNameTaken
    person = replace(person, id=ids.new_id())
    membership = _membership(deciding.community, person.id, wanted)
    member, events = domain.admit(
        Member(person, membership), granting=deciding.granting, now=clock.now()
    )
    await store.open_platform(tx)
    await store.save_people(tx, [member.person])
    await store.save_memberships(tx, [member.membership])
    await emit(tx, *events)
    return member


async def put_membership(
    tx: Transaction,
    deciding: Deciding,
    person_id: UUID,
    wanted: Wanted,
    *,
    expected: int | None,
) -> Member:
    """Give a member other roles; only the operator lets a person of another community join.

    Every open code of the person ends, in all communities: it was made for who they were. So the
    transaction must see every community. Raises NotFound, StaleVersion, UnknownId, TrustedRole.
    """
    await _require_known(tx, deciding.community, wanted)
    found = await store.load_members(tx, deciding.community, [person_id])
    member = found.get(person_id)
    if member is None:
        if not deciding.is_operator:
            raise NotFound
        person = await store.load_person(tx, person_id)
        new = _membership(deciding.community, person_id, wanted)
        membership, events = domain.join(new, granting=deciding.granting, now=clock.now())
        member = Member(person, membership)
    else:
        _require_seen(member, expected)
        membership, events = domain.change_membership(
            member.membership,
            granting=deciding.granting,
            now=clock.now(),
            roles=tuple(sorted(wanted.roles)),
            organisation_ids=tuple(sorted(wanted.organisation_ids)),
            place_id=wanted.place_id or member.membership.place_id,
        )
    await store.save_memberships(tx, [membership])
    await store.void_invitations(tx, [person_id])
    await emit(tx, *events)
    return replace(member, membership=membership)


async def remove_home(
    tx: Transaction, deciding: Deciding, person_id: UUID, *, expected: int | None
) -> Member:
    """A member of whom nobody knows where they live; their open codes end, as by any change.

    Where no home was known nothing changes. Raises NotFound, StaleVersion, TrustedRole.
    """
    member = await _member(tx, deciding.community, person_id)
    _require_seen(member, expected)
    membership, events = domain.change_membership(
        member.membership, granting=deciding.granting, now=clock.now(), place_id=None
    )
    if member.membership.place_id is None:
        return member
    await store.save_memberships(tx, [membership])
    await store.void_invitations(tx, [person_id])
    await emit(tx, *events)
    return replace(member, membership=membership)


async def remove_membership(
    tx: Transaction, deciding: Deciding, person_id: UUID, *, expected: int | None
) -> None:
    """Leave a tombstone of a membership; the person stays, as others may know them."""
    member = await _member(tx, deciding.community, person_id)
    _require_seen(member, expected)
    ended, events = domain.end_membership(
        member.membership, granting=deciding.granting, now=clock.now()
    )
    await store.save_memberships(tx, [ended])
    await store.void_invitations(tx, [person_id], community=deciding.community)
    await emit(tx, *events)


async def correct_person(
    tx: Transaction,
    deciding: Deciding,
    person_id: UUID,
    *,
    name: str,
    phone: str | None,
    expected: int | None,
) -> Member:
    """What a member is called, and their phone (None: as it is).

    `expected` is the person's version, not the membership's. Whoever belongs to another community,
    too, is the operator's to change; so the transaction must see every community. Raises NotFound,
    StaleVersion, TrustedRole, NamedElsewhere.
    """
    changes = {"name": name} | ({"phone": phone} if phone else {})
    return await _correct(tx, deciding, person_id, expected=expected, **changes)


async def remove_phone(
    tx: Transaction, deciding: Deciding, person_id: UUID, *, expected: int | None
) -> Member:
    """A member of whom nobody knows how to call them; everything else is as for another phone."""
    return await _correct(tx, deciding, person_id, expected=expected, phone=None)


async def _correct(
    tx: Transaction,
    deciding: Deciding,
    person_id: UUID,
    *,
    expected: int | None,
    **changes: str | None,
) -> Member:
    """A member after `changes` of the person; nothing happens where all of them are so already."""
    member = await _member(tx, deciding.community, person_id)
    if expected not in {None, member.person.version}:
        raise StaleVersion
    elsewhere = await store.who_belongs_elsewhere(tx, deciding.community, [person_id])
    person, events = domain.correct_person(
        member,
        granting=deciding.granting,
        is_ours=deciding.is_operator or not elsewhere,
        now=clock.now(),
        **changes,
    )
    if person == replace(member.person, version=person.version):
        return member
    await store.save_people(tx, [person])
    await emit(tx, *events)
    return replace(member, person=person)


async def change_me(
    tx: Transaction,
    person_id: UUID,
    *,
    language: Language,
    login_name: str | None,
    expected: int | None,
) -> Person:
    """One's own language and login name (None: as it is). Raises LoginNameTaken."""
    person = await store.load_person(tx, person_id, expected=expected)
    login_name = login_name or person.login_name
    is_new = login_name is not None and login_name != person.login_name
    if login_name and is_new and await store.login_names(tx, [login_name]):
        raise domain.LoginNameTaken
    changed, events = domain.change_person(
        person, now=clock.now(), language=language, login_name=login_name
    )
    await store.save_people(tx, [changed])
    await emit(tx, *events)
    return changed


async def _member(tx: Transaction, community: str, person_id: UUID) -> Member:
    """Somebody who is a member now. Raises NotFound."""
    found = await store.load_members(tx, community, [person_id])
    if person_id not in found or found[person_id].membership.removed:
        raise NotFound
    return found[person_id]


def _require_seen(member: Member, expected: int | None) -> None:
    if expected not in {None, member.membership.version}:
        raise StaleVersion


async def _require_known(tx: Transaction, community: str, wanted: Wanted) -> None:
    """Place and organisations are this community's. Raises UnknownId."""
    if wanted.place_id is not None:
        try:
            await store.read_place(tx, community, wanted.place_id, hold=True)
        except NotFound:
            raise UnknownId("place_id") from None
    units = sorted(wanted.organisation_ids)
    if units and not await store.knows_organisations(tx, community, units):
        raise UnknownId("organisation_ids")


def _membership(community: str, person_id: UUID, wanted: Wanted) -> Membership:
    return Membership(
        community=community,
        person_id=person_id,
        roles=tuple(sorted(wanted.roles)),
        organisation_ids=tuple(sorted(wanted.organisation_ids)),
        place_id=wanted.place_id,
    )
