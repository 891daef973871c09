"""Duty lines: staff say their numbers, and whoever is in need finds the nearest."""

from uuid import UUID

from services.directory import domain, store
from services.directory.domain import Place
from services.directory.store import ServicePhone
from shared import clock
from shared.database import Transaction
from shared.outbox import emit
from shared.problems import NotFound

__all__ = ["give_service_phone", "service_phone_of_community", "service_phone_of_member"]


class NoServicePhone(NotFound):
    """Neither the grid nor the community has said a number."""

    zh = "社区还没有登记服务电话。"
    en = "The community has no service phone yet."


async def give_service_phone(
    tx: Transaction, community: str, place_id: UUID, phone: str | None, *, expected: int | None
) -> Place:
    """Give a place another service phone, or none.

    Raises NotFound, StaleVersion, NoServicePhoneHere.
    """
    present = await store.load_place(tx, community, place_id, expected=expected)
    given, events = domain.give_service_phone(present, phone, now=clock.now())
    await store.save_places(tx, [given])
    await emit(tx, *events)
    return given


async def service_phone_of_community(tx: Transaction, community: str) -> ServicePhone:
    """The community's own line. Raises NoServicePhone, where there is no such community, too."""
    return _there(await store.service_phone_of_community(tx, community))


async def service_phone_of_member(tx: Transaction, community: str, person_id: UUID) -> ServicePhone:
    """The line that answers for where a member lives or works. Raises NoServicePhone."""
    return _there(await store.service_phone_of_member(tx, community, person_id))


def _there(found: ServicePhone | None) -> ServicePhone:
    if found is None:
        raise NoServicePhone
    return found
