"""What a grid worker sees and does in their grid; other staff in all of the community."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.directory import domain, store
from services.directory.domain import Boundary, Place, Visit, VisitKind
from services.directory.store import Household, HouseholdSearch, VisitSearch
from shared import clock, ids
from shared.database import Transaction
from shared.outbox import emit
from shared.problems import NotAllowed, NotFound, UnknownId

__all__ = [
    "Logged",
    "OnTheGround",
    "draw_boundary",
    "list_households",
    "list_visits",
    "log_visit",
    "own_grid",
]


class NoGrid(NotFound):
    """The caller's place is no grid, and lies in none."""

    zh = "您还没有分配网格，请联系社区工作人员。"
    en = "No grid is yours yet. Ask the community's staff."


class NotYourGrid(NotAllowed):
    """A grid worker sees the households of the own grid only."""

    zh = "这个地点不在您的网格内。"
    en = "This place is not in your grid."


@dataclass(frozen=True, slots=True)
class OnTheGround:
    """Who asks, and whether they work in one grid only."""

    community: str
    person_id: UUID
    is_bound: bool


@dataclass(frozen=True, slots=True)
class Logged:
    """What somebody logs of a visit; `visited_at` None: now."""

    place_id: UUID
    kind: VisitKind
    visited_at: datetime | None
    note: str
    wants_follow_up: bool


async def own_grid(tx: Transaction, community: str, person_id: UUID) -> Place:
    """The grid that a member's place is, or lies in. Raises NoGrid."""
    grid = await store.grid_of_member(tx, community, person_id)
    if grid is None:
        raise NoGrid
    return grid


async def list_households(
    tx: Transaction, who: OnTheGround, wanted: HouseholdSearch
) -> list[Household]:
    """The households of a place. Raises NotFound, NoGrid, NotYourGrid."""
    await store.read_place(tx, who.community, wanted.within)
    await _require_own(tx, who, wanted.within)
    return await store.households(tx, wanted)


async def log_visit(tx: Transaction, who: OnTheGround, logged: Logged) -> Visit:
    """Note that a visit was paid. Raises UnknownId, NoGrid, NotYourGrid, and as the rule does."""
    try:
        place = await store.read_place(tx, who.community, logged.place_id, hold=True)
    except NotFound:
        raise UnknownId("place_id") from None
    await _require_own(tx, who, logged.place_id)
    now = clock.now()
    visit = Visit(
        community=who.community,
        id=ids.new_id(),
        place_id=logged.place_id,
        kind=logged.kind,
        visited_at=logged.visited_at or now,
        note=logged.note,
        wants_follow_up=logged.wants_follow_up,
        visited_by=who.person_id,
    )
    domain.require_visit(visit, place, now=now)
    await store.keep_visit(tx, visit)
    return visit


async def list_visits(tx: Transaction, who: OnTheGround, wanted: VisitSearch) -> list[Visit]:
    """The visits to a place and what lies in it; of the own grid when none is named.

    Raises NoGrid, NotYourGrid.
    """
    if wanted.within is not None:
        await _require_own(tx, who, wanted.within)
    elif who.is_bound:
        grid = await own_grid(tx, who.community, who.person_id)
        wanted = replace(wanted, within=grid.id)
    return await store.visits(tx, wanted)


async def draw_boundary(
    tx: Transaction,
    community: str,
    place_id: UUID,
    boundary: Boundary | None,
    *,
    expected: int | None,
) -> Place:
    """Give a place another boundary, or none. Raises NotFound, StaleVersion, WrongBoundary."""
    wanted = None if boundary is None else domain.require_boundary(boundary)
    present = await store.load_place(tx, community, place_id, expected=expected)
    drawn, events = domain.draw_place(present, wanted, now=clock.now())
    await store.save_places(tx, [drawn])
    await emit(tx, *events)
    return drawn


async def _require_own(tx: Transaction, who: OnTheGround, place_id: UUID) -> None:
    if who.is_bound:
        grid = await own_grid(tx, who.community, who.person_id)
        if not await store.is_within(tx, who.community, place_id, grid.id):
            raise NotYourGrid
