"""The organisations of a community."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from pydantic import Field

from services.directory import actions, store
from services.directory.permissions import may
from services.directory.routes.views.neighbourhood import OrganisationTerms, OrganisationView
from services.directory.routes.views.people import NameView
from shared.door import Door, Edition, Tx
from shared.fields import Code, CommunityPath, Words
from shared.identity import Caller
from shared.pages import Page, PageOf, PageQuery
from shared.problems import NotFound

__all__ = ["router"]

router = APIRouter(prefix="/organisations", route_class=Door)


class Filters(PageQuery):
    """Which organisations."""

    kind: Code | None = None
    q: Words | None = Field(default=None, description="Part of a title, or how a code begins.")


@router.get("", dependencies=[may("see organisations")])
async def list_organisations(
    community: CommunityPath, tx: Tx, filters: Annotated[Filters, Query()]
) -> Page[OrganisationView]:
    """Organisations, newest first."""
    found = await store.organisations(
        tx,
        store.OrganisationSearch(
            community=community,
            kind=filters.kind,
            words=filters.q or None,
            after=filters.after,
            limit=filters.limit,
        ),
    )
    views = [OrganisationView.of(one) for one in found]
    return Page[OrganisationView].of(views, [one.id for one in found], filters.limit)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[may("change organisations")])
async def add_organisation(
    community: CommunityPath, new: OrganisationTerms, tx: Tx, edition: Edition
) -> OrganisationView:
    """Add an organisation."""
    added = await actions.add_organisation(tx, new.of(community))
    return edition.told(OrganisationView.of(added))


@router.get("/{organisation_id}", dependencies=[may("see organisations")])
async def get_organisation(
    community: CommunityPath, organisation_id: UUID, tx: Tx, edition: Edition
) -> OrganisationView:
    """One organisation, with its version as `ETag`."""
    found = await store.read_organisation(tx, community, organisation_id)
    return edition.told(OrganisationView.of(found))


@router.get("/{organisation_id}/colleagues")
async def list_colleagues(
    community: CommunityPath,
    organisation_id: UUID,
    caller: Annotated[Caller, may("see colleagues")],
    tx: Tx,
    page: PageOf,
) -> Page[NameView]:
    """Who may act for an organisation of the caller's, with their names in full, newest first.

    Colleagues decide among them who goes; an organisation that the caller does not act for is
    404, and nothing but the name is told.
    """
    if organisation_id not in caller.organisations_in(community):
        raise NotFound
    found = await store.colleagues(
        tx, community, organisation_id, after=page.after, limit=page.limit
    )
    views = [NameView.of(one, name, is_masked=False) for one, name in found.items()]
    return Page[NameView].of(views, list(found), page.limit)


@router.put("/{organisation_id}", dependencies=[may("change organisations")])
async def change_organisation(
    community: CommunityPath,
    organisation_id: UUID,
    terms: OrganisationTerms,
    tx: Tx,
    edition: Edition,
) -> OrganisationView:
    """Change what is said about an organisation."""
    changed = await actions.change_organisation(
        tx, terms.of(community, organisation_id), expected=edition.expected
    )
    return edition.told(OrganisationView.of(changed))
