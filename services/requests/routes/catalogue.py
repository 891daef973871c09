"""What can be asked for."""

from fastapi import APIRouter

from services.requests import actions, store
from services.requests.domain import Category
from services.requests.permissions import may
from services.requests.routes.views import CategoryView, Terms
from shared.door import Door, Tx
from shared.fields import Code, CommunityPath

__all__ = ["router"]

router = APIRouter(prefix="/catalogue", route_class=Door)


@router.get("", dependencies=[may("see the catalogue")])
async def get_catalogue(community: CommunityPath, tx: Tx) -> list[CategoryView]:
    """The kinds of requests that the community takes."""
    return [CategoryView.of(one) for one in await store.catalogue(tx, community)]


@router.put("/{code}", dependencies=[may("change the catalogue")])
async def put_category(community: CommunityPath, code: Code, terms: Terms, tx: Tx) -> CategoryView:
    """Add a category or change its terms; requests under way keep theirs."""
    category = Category(community=community, code=code, **terms.model_dump())
    await actions.put_category(tx, category)
    return CategoryView.of(category)
