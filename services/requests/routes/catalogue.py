"""What can be asked for."""

from typing import Annotated

from fastapi import APIRouter

from services.requests import actions, store
from services.requests.domain import Category
from services.requests.permissions import may
from services.requests.routes.views import CategoryView, Terms
from shared.door import Door, Tx
from shared.fields import Code, CommunityPath
from shared.identity import Caller

__all__ = ["router"]

router = APIRouter(prefix="/catalogue", route_class=Door)


@router.get("")
async def get_catalogue(
    community: CommunityPath, caller: Annotated[Caller, may("see the catalogue")], tx: Tx
) -> list[CategoryView]:
    """The kinds of requests that the community takes; to those who change them, also old ones."""
    changes_it = bool(caller.roles_in(community) & may.table["change the catalogue"])
    found = await store.catalogue(tx, community, also_inactive=changes_it)
    return [CategoryView.of(one) for one in found]


@router.put("/{code}", dependencies=[may("change the catalogue")])
async def put_category(community: CommunityPath, code: Code, terms: Terms, tx: Tx) -> CategoryView:
    """Add a category or change its terms; requests under way keep theirs."""
    category = Category(community=community, code=code, **terms.model_dump())
    await actions.put_category(tx, category)
    return CategoryView.of(category)
