"""How each service is: its parts, what it has to tell, and what its consumers have before them."""

import asyncio
from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Response

from services.console.clients.models.directory import ConsumerView
from services.console.pages.access import SignedIn
from services.console.pages.operator.operations import all_operations
from services.console.pages.parts.part import part
from services.console.pages.texts import N_

__all__ = ["CONSUMER_STATES", "consumer_state", "router"]

router = APIRouter()

PARTS: Final[Mapping[str, str]] = {
    "database": N_("数据库"),
    "bus": N_("消息总线"),
    "consumers": N_("消费者"),
}
CONSUMER_STATES: Final[Mapping[str, str]] = {
    "well": N_("正常"),
    "failing": N_("有积压"),
    "unavailable": N_("停滞"),
    "unknown": N_("不清楚"),
}


def consumer_state(one: ConsumerView) -> str:
    """One of CONSUMER_STATES: what somebody has to look at is not well."""
    if one.lag is None or one.kept is None:
        return "unknown"
    if one.lag.is_stalled or one.waits_for_database:
        return "unavailable"
    return "failing" if one.kept.parked or one.kept.dead_letters else "well"


@router.get("/operator/services")
async def services(visitor: SignedIn) -> Response:
    """The health of each service, asked side by side."""
    asked = all_operations(visitor.services)
    found = await asyncio.gather(*(part(one.get_health(visitor.caller)) for one in asked.values()))
    return visitor.page(
        "operator/services.html",
        services=dict(zip(asked, found, strict=True)),
        part_words=PARTS,
        consumer_words=CONSUMER_STATES,
        consumer_state=consumer_state,
    )
