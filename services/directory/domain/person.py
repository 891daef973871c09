"""People and what they are in each community; what strangers see of them."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.events import MembershipChanged, PersonChanged
from shared.events.directory import Language
from shared.problems import NotAllowed, WrongState


class LoginNameTaken(WrongState):
    """A login name belongs to one person of the whole platform."""

    zh = "这个登录名已被使用，请换一个。"
    en = "This login name is taken. Choose another."


class TrustedRole(NotAllowed):
    """Only the community's staff or the operator grants, changes or takes away trusted roles."""

    zh = "只有社区工作人员或平台管理员可以授予、变更或取消工作人员角色。"
    en = "Only community staff or the operator may grant, change or take away staff roles."


class BelongsElsewhere(NotAllowed):
    """An invitation signs in as the whole person, so one community alone may not give it."""

    zh = "此人还有其他社区或平台的身份，请联系平台管理员发放邀请码。"
    en = "This person has roles elsewhere, too. Ask the operator for the invitation."


class NamedElsewhere(NotAllowed):
    """What somebody is called counts everywhere, so one community alone may not change it."""

    zh = "此人还有其他社区或平台的身份，姓名和电话请联系平台管理员更改。"
    en = "This person has roles elsewhere, too. Ask the operator to change name or phone."


class HasPassword(WrongState):
    """Whoever has a password signs in with it; an invitation would be a second way in."""

    zh = "此人已设置密码，请用密码登录；忘记密码的，由社区工作人员选择“重置密码”。"
    en = "This person has a password. If it is forgotten, community staff may ask for a reset."


class ResetNotAllowed(NotAllowed):
    """A reset takes a password away, so it is for those who answer for the community."""

    zh = "只有社区工作人员或平台管理员可以重置密码。"
    en = "Only community staff or the operator may reset a password."


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the platform. Name and phone are kept here and nowhere else."""

    id: UUID
    name: str
    phone: str | None = None
    language: Language = "zh-CN"
    login_name: str | None = None
    platform_roles: tuple[str, ...] = ()
    version: int = 1
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Membership:
    """What a person is in one community, for whom they may act, and where they live there."""

    community: str
    person_id: UUID
    roles: tuple[str, ...]
    organisation_ids: tuple[UUID, ...] = ()
    place_id: UUID | None = None
    version: int = 1
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A person as one community knows them."""

    person: Person
    membership: Membership


@dataclass(frozen=True, slots=True)
class Granting:
    """Which roles are trusted, and whether whoever decides may grant those."""

    trusted: AbstractSet[str]
    is_allowed: bool


def admit(
    member: Member, *, granting: Granting, now: datetime
) -> tuple[Member, tuple[PersonChanged, MembershipChanged]]:
    """A new person with a first membership. Raises TrustedRole."""
    _require_grant(granting, member.membership.roles)
    return member, (
        tell_people([member.person], now=now)[0],
        tell_memberships([member.membership], now=now)[0],
    )


def join(
    membership: Membership, *, granting: Granting, now: datetime
) -> tuple[Membership, list[MembershipChanged]]:
    """A person of another community joins this one, too. Raises TrustedRole."""
    _require_grant(granting, membership.roles)
    return membership, tell_memberships([membership], now=now)


def change_membership(
    present: Membership, *, granting: Granting, now: datetime, **changes: Any
) -> tuple[Membership, list[MembershipChanged]]:
    """Other roles, organisations or home; whoever had left is back. Raises TrustedRole."""
    changed = replace(present, version=present.version + 1, removed=False, **changes)
    _require_grant(granting, (*_standing(present), *changed.roles))
    return changed, tell_memberships([changed], now=now)


def end_membership(
    present: Membership, *, granting: Granting, now: datetime
) -> tuple[Membership, list[MembershipChanged]]:
    """A tombstone without roles or home. Raises TrustedRole."""
    _require_grant(granting, _standing(present))
    ended = replace(
        present,
        version=present.version + 1,
        removed=True,
        roles=(),
        organisation_ids=(),
        place_id=None,
    )
    return ended, tell_memberships([ended], now=now)


def change_person(
    present: Person, *, now: datetime, **changes: Any
) -> tuple[Person, list[PersonChanged]]:
    """The next version of a person."""
    changed = replace(present, version=present.version + 1, **changes)
    return changed, tell_people([changed], now=now)


def correct_person(
    member: Member, *, granting: Granting, is_ours: bool, now: datetime, **changes: Any
) -> tuple[Person, list[PersonChanged]]:
    """Another name or phone; `is_ours`: nobody but this community answers for the person.

    Raises TrustedRole, NamedElsewhere.
    """
    _require_grant(granting, _standing(member.membership))
    if not is_ours:
        raise NamedElsewhere
    return change_person(member.person, now=now, **changes)


@dataclass(frozen=True, slots=True)
class Inviting:
    """What decides whether somebody may be invited, beside their roles."""

    elsewhere: bool
    has_password: bool
    is_operator: bool
    resets: bool = False


def require_invitable(member: Member, inviting: Inviting, *, granting: Granting) -> None:
    """Whether an invitation may be made: it lets its bearer act as the person, everywhere.

    Raises TrustedRole, BelongsElsewhere, HasPassword, ResetNotAllowed.
    """
    _require_grant(granting, _standing(member.membership))
    if (inviting.elsewhere or member.person.platform_roles) and not inviting.is_operator:
        raise BelongsElsewhere
    if inviting.resets and not granting.is_allowed:
        raise ResetNotAllowed
    if inviting.has_password and not inviting.resets:
        raise HasPassword


def tell_people(people: Iterable[Person], *, now: datetime) -> list[PersonChanged]:
    """What the others are told: an id and a language, never a name."""
    return [
        PersonChanged(
            person_id=one.id,
            language=one.language,
            occurred_at=now,
            version=one.version,
            removed=one.removed,
        )
        for one in people
    ]


def tell_memberships(
    memberships: Iterable[Membership], *, now: datetime
) -> list[MembershipChanged]:
    """What the others are told; where somebody lives stays here."""
    return [
        MembershipChanged(
            community=one.community,
            person_id=one.person_id,
            roles=one.roles,
            organisation_ids=one.organisation_ids,
            occurred_at=now,
            version=one.version,
            removed=one.removed,
        )
        for one in memberships
    ]


def masked_name(name: str) -> str:
    """张*: what members see of each other, unless they act for the same organisation.

    Those were named to each other by their unit, which answers for them and must know who goes
    where in its name; two 张* on one list would send the wrong one. They get the name and nothing
    else, and only as long as they belong to it (PIPL Art. 6: no more than the task needs).
    """
    return f"{name[:1]}*"


def _standing(membership: Membership) -> tuple[str, ...]:
    """The roles that count now."""
    return () if membership.removed else membership.roles


def _require_grant(granting: Granting, roles: Iterable[str]) -> None:
    if not granting.is_allowed and granting.trusted & set(roles):
        raise TrustedRole
