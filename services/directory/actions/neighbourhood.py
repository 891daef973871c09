"""Communities, places and organisations: load, decide, save, tell."""

from dataclasses import replace
from uuid import UUID

from services.directory import domain, store
from services.directory.domain import Community, Organisation, Place
from shared import clock, ids
from shared.database import Transaction
from shared.outbox import emit
from shared.problems import NotFound, UnknownId

__all__ = [
    "add_organisation",
    "add_place",
    "change_community",
    "change_organisation",
    "change_place",
    "open_community",
    "remove_place",
]


async def open_community(tx: Transaction, wanted: Community) -> Community:
    """A new community and the root of its places, coded like its slug. Raises CommunityExists."""
    now = clock.now()
    exists = await store.community_exists(tx, wanted.community)
    community, event = domain.open_community(
        replace(wanted, root_id=ids.new_id()), exists=exists, now=now
    )
    root = Place(
        community=community.community,
        id=community.root_id,
        kind="community",
        parent_id=None,
        title=community.title,
        code=community.community,
    )
    await store.save_communities(tx, [community])
    await store.save_places(tx, [root])
    await emit(tx, event, *domain.tell_places([root], now=now))
    return community


async def change_community(
    tx: Transaction, wanted: Community, *, expected: int | None
) -> Community:
    """Other terms for a community; slug and root stay, and the root is called as it is."""
    now = clock.now()
    present = await store.load_community(tx, wanted.community, expected=expected)
    changed, event = domain.change_community(present, wanted, now=now)
    await store.save_communities(tx, [changed])
    await emit(tx, event)
    root = await store.load_place(tx, changed.community, changed.root_id)
    if root.title != changed.title:
        renamed, told = domain.rename_root(root, changed.title, now=now)
        await store.save_places(tx, [renamed])
        await emit(tx, *told)
    return changed


async def add_place(tx: Transaction, wanted: Place) -> Place:
    """A new place; without a parent it lies in the community itself. Raises UnknownId."""
    community = await store.load_community(tx, wanted.community)
    place = replace(wanted, id=ids.new_id(), parent_id=wanted.parent_id or community.root_id)
    if place.kind == "compound" and place.compound_type is None:
        place = replace(place, compound_type=community.compound_type)
    new, events = domain.create_place(
        place,
        parent=await _parent(tx, place),
        code_taken=await _place_code_taken(tx, place),
        now=clock.now(),
    )
    await store.save_places(tx, [new])
    await emit(tx, *events)
    return new


async def change_place(tx: Transaction, wanted: Place, *, expected: int | None) -> Place:
    """Another title, code, type or parent; the kind stays. Raises UnknownId."""
    present = await store.load_place(tx, wanted.community, wanted.id, expected=expected)
    wanted = replace(wanted, parent_id=wanted.parent_id or present.parent_id)
    changed, events = domain.change_place(
        present,
        wanted,
        parent=await _parent(tx, wanted),
        code_taken=await _place_code_taken(tx, wanted),
        now=clock.now(),
    )
    await store.save_places(tx, [changed])
    await emit(tx, *events)
    return changed


async def remove_place(
    tx: Transaction, community: str, place_id: UUID, *, expected: int | None
) -> None:
    """Leave a tombstone of a place that holds nothing."""
    place = await store.load_place(tx, community, place_id, expected=expected)
    is_used = await store.is_used(tx, community, place_id)
    removed, events = domain.remove_place(place, is_used=is_used, now=clock.now())
    await store.save_places(tx, [removed])
    await emit(tx, *events)


async def add_organisation(tx: Transaction, wanted: Organisation) -> Organisation:
    """A new organisation."""
    organisation = replace(wanted, id=ids.new_id())
    code_taken = await _organisation_code_taken(tx, organisation)
    new, events = domain.create_organisation(organisation, code_taken=code_taken, now=clock.now())
    await store.save_organisations(tx, [new])
    await emit(tx, *events)
    return new


async def change_organisation(
    tx: Transaction, wanted: Organisation, *, expected: int | None
) -> Organisation:
    """Another title, kind or code."""
    present = await store.load_organisation(tx, wanted.community, wanted.id, expected=expected)
    code_taken = await _organisation_code_taken(tx, wanted)
    changed, events = domain.change_organisation(
        present, wanted, code_taken=code_taken, now=clock.now()
    )
    await store.save_organisations(tx, [changed])
    await emit(tx, *events)
    return changed


async def _parent(tx: Transaction, place: Place) -> Place:
    """Where a place is to lie; held, so that nobody removes it meanwhile. Raises UnknownId."""
    if place.parent_id is None:
        return place  # the root, which the domain lets nobody move
    try:
        return await store.read_place(tx, place.community, place.parent_id, hold=True)
    except NotFound:
        raise UnknownId("parent_id") from None


async def _place_code_taken(tx: Transaction, place: Place) -> bool:
    found = await store.places_by_code(tx, place.community, [place.code])
    return any(one.id != place.id for one in found.values())


async def _organisation_code_taken(tx: Transaction, organisation: Organisation) -> bool:
    found = await store.organisations_by_code(tx, organisation.community, [organisation.code])
    return any(one != organisation.id for one in found.values())
