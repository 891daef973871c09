"""Communities of the platform."""

from typing import Annotated

from fastapi import APIRouter, status

from services.directory import actions, store
from services.directory.permissions import may
from services.directory.routes.doors import WideTx
from services.directory.routes.views.neighbourhood import (
    CommunityTerms,
    CommunityView,
    NewCommunity,
)
from shared.door import Door, Edition, PlatformTx, Tx
from shared.fields import CommunityPath
from shared.identity import Caller
from shared.pages import Page, PageOf

__all__ = ["router"]

router = APIRouter(prefix="/communities", route_class=Door)


@router.post("", status_code=status.HTTP_201_CREATED, dependencies=[may("open a community")])
async def open_community(new: NewCommunity, tx: PlatformTx, edition: Edition) -> CommunityView:
    """Open a community; the root of its places comes with it."""
    community = await actions.open_community(tx, new.of(new.slug))
    return edition.told(CommunityView.of(community))


@router.get("")
async def list_communities(
    caller: Annotated[Caller, may.signed_in()], tx: WideTx, page: PageOf
) -> Page[CommunityView]:
    """My communities, newest first; every one for those with a role on the platform."""
    own = None if caller.platform_roles else list(caller.memberships)
    found = await store.communities(tx, store.CommunitySearch(own, page.after, page.limit))
    views = [CommunityView.of(one) for one in found]
    return Page[CommunityView].of(views, [one.root_id for one in found], page.limit)


@router.put("/{community}", dependencies=[may("change a community")])
async def change_community(
    community: CommunityPath, terms: CommunityTerms, tx: Tx, edition: Edition
) -> CommunityView:
    """Change what is said about a community."""
    changed = await actions.change_community(tx, terms.of(community), expected=edition.expected)
    return edition.told(CommunityView.of(changed))
