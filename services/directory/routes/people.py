"""The people of a community."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from pydantic import Field

from services.directory import actions, store
from services.directory.permissions import GRANTING, may
from services.directory.routes.doors import ReadTx, WideTx
from services.directory.routes.views.people import (
    AddedView,
    InvitationTerms,
    InvitationView,
    Invited,
    MembershipTerms,
    NamesWanted,
    NameTerms,
    NameView,
    NewPerson,
    PersonView,
    PhoneView,
    RevealTerms,
    RevealView,
)
from shared.door import Door, Edition, Tx
from shared.fields import CommunityPath, Words
from shared.identity import Caller
from shared.pages import Page, PageQuery
from shared.permissions import STAFF, Role

__all__ = ["deciding", "router"]

router = APIRouter(prefix="/people", route_class=Door)

Staff = Annotated[Caller, may("change people")]


class Filters(PageQuery):
    """Which people."""

    role: Role | None = None
    place_id: UUID | None = Field(default=None, description="Who has their home just there.")
    has_left: bool = Field(default=False, description="Who was a member, instead of who is one.")
    q: Words | None = Field(
        default=None,
        description="Part of a name, a login name, the last four digits of a phone, or all of it.",
    )


class RevealFilters(PageQuery):
    """Which reveals."""

    person_id: UUID | None = None


def deciding(caller: Caller, community: str) -> actions.Deciding:
    """Who decides about members, and what they may grant."""
    roles = caller.roles_in(community)
    return actions.Deciding(
        community,
        caller.person_id,
        may_grant=bool(roles & GRANTING),
        is_operator=Role.OPERATOR in caller.platform_roles,
    )


@router.get("")
async def list_people(
    community: CommunityPath,
    caller: Annotated[Caller, may("see people")],
    tx: Tx,
    filters: Annotated[Filters, Query()],
) -> Page[PersonView]:
    """Members, newest first; phones are masked. Who is found by a whole number is recorded."""
    found = await actions.find_people(
        tx,
        store.PeopleSearch(
            community=community,
            role=filters.role,
            place_id=filters.place_id,
            words=filters.q or None,
            has_left=filters.has_left,
            after=filters.after,
            limit=filters.limit,
        ),
        by=caller.person_id,
    )
    views = [PersonView.of(one) for one in found]
    return Page[PersonView].of(views, [one.person.id for one in found], filters.limit)


@router.post("", status_code=status.HTTP_201_CREATED)
async def add_person(
    community: CommunityPath, new: NewPerson, caller: Staff, tx: Tx, edition: Edition
) -> AddedView:
    """Add a person who lives or works here; a kept answer tells their id and no name."""
    member = await actions.add_person(tx, deciding(caller, community), new.person(), new.wanted())
    return edition.told(AddedView(id=member.person.id, version=member.membership.version))


@router.get("/revealed-phones", dependencies=[may("see revealed phones")])
async def list_revealed_phones(
    community: CommunityPath, tx: Tx, filters: Annotated[RevealFilters, Query()]
) -> Page[RevealView]:
    """Whose phone was shown to whom, the last first."""
    found = await store.reveals(
        tx,
        store.RevealSearch(community, filters.person_id, after=filters.after, limit=filters.limit),
    )
    views = [RevealView.of(one) for one in found]
    return Page[RevealView].of(views, [one.id for one in found], filters.limit)


@router.get("/grantable-roles")
async def list_grantable_roles(community: CommunityPath, caller: Staff) -> list[Role]:
    """The roles that the caller may give to members, change, and take away."""
    return list(deciding(caller, community).grantable)


@router.get("/{person_id}", dependencies=[may("see people")])
async def get_person(
    community: CommunityPath,
    person_id: UUID,
    tx: Tx,
    edition: Edition,
    *,
    has_left: Annotated[bool, Query(description="Also somebody who was a member.")] = False,
) -> PersonView:
    """One member, the phone masked; with the membership's version as `ETag`.

    A name or a phone has a version of its own: `name_version`.
    """
    member = await store.read_member(tx, community, person_id, has_left=has_left)
    return edition.told(PersonView.of(member))


@router.put("/{person_id}/name")
async def correct_person(
    community: CommunityPath,
    person_id: UUID,
    terms: NameTerms,
    caller: Staff,
    tx: WideTx,
    edition: Edition,
) -> PersonView:
    """Correct a member's name or phone; of whoever belongs elsewhere, too, the operator does.

    `If-Match` takes the `name_version` that was seen.
    """
    member = await actions.correct_person(
        tx,
        deciding(caller, community),
        person_id,
        name=terms.name,
        phone=terms.phone,
        expected=edition.expected,
    )
    return PersonView.of(member)


@router.delete("/{person_id}/phone")
async def remove_phone(
    community: CommunityPath, person_id: UUID, caller: Staff, tx: WideTx, edition: Edition
) -> PersonView:
    """Take a member's phone away: it was wrong, and nobody knows a better one.

    `If-Match` takes the `name_version` that was seen.
    """
    member = await actions.remove_phone(
        tx, deciding(caller, community), person_id, expected=edition.expected
    )
    return PersonView.of(member)


@router.put("/{person_id}/membership")
async def put_membership(
    community: CommunityPath,
    person_id: UUID,
    terms: MembershipTerms,
    caller: Staff,
    tx: WideTx,
    edition: Edition,
) -> PersonView:
    """Give a member other roles or organisations; whoever had left is back. Open codes end."""
    member = await actions.put_membership(
        tx,
        deciding(caller, community),
        person_id,
        terms.wanted(),
        expected=edition.expected,
    )
    return edition.told(PersonView.of(member))


@router.delete("/{person_id}/home")
async def remove_home(
    community: CommunityPath, person_id: UUID, caller: Staff, tx: WideTx, edition: Edition
) -> PersonView:
    """Take a member's home away: it was wrong, and nobody knows a better one. Open codes end."""
    member = await actions.remove_home(
        tx, deciding(caller, community), person_id, expected=edition.expected
    )
    return edition.told(PersonView.of(member))


@router.delete("/{person_id}/membership", status_code=status.HTTP_204_NO_CONTENT)
async def remove_membership(
    community: CommunityPath, person_id: UUID, caller: Staff, tx: Tx, edition: Edition
) -> None:
    """Let a member leave the community."""
    await actions.remove_membership(
        tx, deciding(caller, community), person_id, expected=edition.expected
    )


@router.post("/{person_id}/invitation", status_code=status.HTTP_201_CREATED)
async def invite(
    community: CommunityPath,
    person_id: UUID,
    caller: Annotated[Caller, may("invite")],
    tx: WideTx,
    response: Response,
    terms: InvitationTerms | None = None,
) -> InvitationView:
    """Make a one-time code that signs a member in; codes made before are worthless then.

    Whoever has a password is refused, unless community staff or the operator ask for a `reset`.
    """
    code = await actions.invite(
        tx, deciding(caller, community), person_id, resets=terms is not None and terms.reset
    )
    response.headers["cache-control"] = "no-store"
    return InvitationView.of(code)


@router.post("/invitations", status_code=status.HTTP_201_CREATED)
async def invite_many(
    community: CommunityPath,
    invited: Invited,
    caller: Annotated[Caller, may("invite")],
    tx: WideTx,
    response: Response,
) -> list[InvitationView]:
    """Make codes anew, as after an import whose answer was lost; for all of them or nobody.

    Whoever has a password is left out.
    """
    codes = await actions.invite_many(tx, deciding(caller, community), sorted(invited.person_ids))
    response.headers["cache-control"] = "no-store"
    return [InvitationView.of(one) for one in codes]


@router.post("/names")
async def get_names(
    community: CommunityPath,
    wanted: NamesWanted,
    caller: Annotated[Caller, may("see names")],
    tx: ReadTx,
) -> list[NameView]:
    """Names of people and organisations for a page; strangers' ids are left out.

    In full for staff, 张* for others.
    """
    ids = sorted(wanted.ids)
    is_masked = not caller.roles_in(community) & (STAFF | {Role.OPERATOR})
    people = await store.names(tx, community, ids)
    organisations = await store.organisation_titles(tx, community, ids)
    return [
        *(NameView.of(one, name, is_masked=is_masked) for one, name in people.items()),
        *(NameView(id=one, name=title) for one, title in organisations.items()),
    ]


@router.post("/{person_id}/phone")
async def reveal_phone(
    community: CommunityPath,
    person_id: UUID,
    terms: RevealTerms,
    caller: Annotated[Caller, may("reveal phones")],
    tx: ReadTx,
    response: Response,
) -> PhoneView:
    """A member's phone in full; who asked, when and what for is recorded."""
    phone = await actions.reveal_phone(
        tx, community, person_id, to=caller.person_id, reason=terms.reason
    )
    response.headers["cache-control"] = "no-store"
    return PhoneView(phone=phone)
