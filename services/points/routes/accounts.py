"""Accounts: what is held, and how it came about."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from services.points import actions, store
from services.points.domain import Owner, OwnerKind
from services.points.permissions import may
from services.points.routes.views import AccountView, LineView, TotalsView, viewer_of
from shared.door import Door, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.pages import Page, PageQuery

__all__ = ["router"]

router = APIRouter(route_class=Door)

Holder = Annotated[Caller, may("see the own account")]
OrganisationViewer = Annotated[Caller, may("see an organisation's account")]
PersonViewer = Annotated[Caller, may("see a person's account")]
PageWanted = Annotated[PageQuery, Query()]


@router.get("/accounts/me")
async def get_my_account(community: CommunityPath, caller: Holder, tx: Tx) -> AccountView:
    """The caller's own points."""
    return await _account(tx, _person(community, caller.person_id), caller)


@router.get("/accounts/me/statement")
async def get_my_statement(
    community: CommunityPath, caller: Holder, tx: Tx, page: PageWanted
) -> Page[LineView]:
    """What the caller earned and lost, newest first."""
    return await _statement(tx, _person(community, caller.person_id), caller, page)


@router.get("/accounts/organisations/{organisation_id}")
async def get_organisation_account(
    community: CommunityPath, organisation_id: UUID, caller: OrganisationViewer, tx: Tx
) -> AccountView:
    """An organisation's points, for its members, staff and auditors."""
    return await _account(tx, _organisation(community, organisation_id), caller)


@router.get("/accounts/organisations/{organisation_id}/statement")
async def get_organisation_statement(
    community: CommunityPath,
    organisation_id: UUID,
    caller: OrganisationViewer,
    tx: Tx,
    page: PageWanted,
) -> Page[LineView]:
    """What an organisation earned and lost, newest first."""
    return await _statement(tx, _organisation(community, organisation_id), caller, page)


@router.get("/accounts/persons/{person_id}")
async def get_person_account(
    community: CommunityPath, person_id: UUID, caller: PersonViewer, tx: Tx
) -> AccountView:
    """A person's points, for staff and auditors."""
    return await _account(tx, _person(community, person_id), caller)


@router.get("/accounts/persons/{person_id}/statement")
async def get_person_statement(
    community: CommunityPath, person_id: UUID, caller: PersonViewer, tx: Tx, page: PageWanted
) -> Page[LineView]:
    """What a person earned and lost, newest first."""
    return await _statement(tx, _person(community, person_id), caller, page)


@router.get("/totals", dependencies=[may("see the totals")])
async def get_totals(community: CommunityPath, tx: Tx) -> TotalsView:
    """The points of the whole community."""
    return TotalsView.of(await store.totals(tx, community))


def _person(community: str, person_id: UUID) -> Owner:
    return Owner(community, OwnerKind.PERSON, person_id)


def _organisation(community: str, organisation_id: UUID) -> Owner:
    return Owner(community, OwnerKind.ORGANISATION, organisation_id)


async def _account(tx: Tx, owner: Owner, caller: Caller) -> AccountView:
    viewer = viewer_of(caller, owner.community)
    return AccountView.of(await actions.see_account(tx, owner, viewer))


async def _statement(tx: Tx, owner: Owner, caller: Caller, page: PageQuery) -> Page[LineView]:
    viewer = viewer_of(caller, owner.community)
    lines = await actions.see_statement(tx, owner, viewer, after=page.after, limit=page.limit)
    views = [LineView.of(one) for one in lines]
    return Page[LineView].of(views, [one.id for one in lines], page.limit)
