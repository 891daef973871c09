"""What a closed request earns."""

from fastapi import APIRouter

from services.points import actions
from services.points.permissions import may
from services.points.routes.views import RuleView, TermsPayload
from shared.door import Door, Edition, Tx
from shared.fields import Code, CommunityPath

__all__ = ["router"]

router = APIRouter(prefix="/rules", route_class=Door)


@router.get("", dependencies=[may("see the rules")])
async def get_rules(community: CommunityPath, tx: Tx) -> list[RuleView]:
    """The rules in force, and versions that will be; by code and version."""
    return [RuleView.of(one) for one in await actions.rules(tx, community)]


@router.put("/{code}", dependencies=[may("change the rules")])
async def put_rule(
    community: CommunityPath, code: Code, terms: TermsPayload, tx: Tx, edition: Edition
) -> RuleView:
    """Add a rule, or give it its next version; what was earned before stays as it is."""
    new = terms.new_terms(community, code, expected=edition.expected)
    return edition.told(RuleView.of(await actions.change_rule(tx, new)))
