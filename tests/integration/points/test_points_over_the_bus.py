"""Points as the bus brings them: closings, reopenings, communities; twice, late and too early."""

from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio

from shared import clock, ids
from shared.events import (
    CommunityChanged,
    Event,
    PointsAwarded,
    PointsReversed,
    RequestClosed,
    RequestReopened,
    Taker,
    Work,
)
from tests.support.platform import Neighbourhood, Person, Platform, eventually


class Counter:
    """A community in front of the points service, told of requests by the bus alone."""

    def __init__(self, hood: Neighbourhood) -> None:
        self.hood = hood
        self.platform = hood.platform

    async def open(self) -> "Counter":
        self.helper = await self.hood.person("volunteer")
        self.staff = await self.hood.person("community_staff")
        await self.hood.arrived("points", communities=1, memberships=2)
        return self

    async def get(self, who: Person, path: str) -> httpx.Response:
        async with await self.platform.client("points", who.token) as client:
            return await client.get(f"/{self.hood.slug}{path}")

    def _asked(self, request_id: UUID, cycle: int) -> dict[str, Any]:
        return {
            "community": self.hood.slug, "occurred_at": clock.now(), "version": 10 * cycle,
            "request_id": request_id, "number": "WH-1", "cycle": cycle, "category": "repair",
            "requester_id": self.staff.id, "filed_by": self.staff.id,
        }  # fmt: skip

    async def close(
        self,
        request_id: UUID,
        *takers: Taker,
        cycle: int = 1,
        rule: str | None = "standard",
        **closed: Any,
    ) -> Event:
        by = takers or (Taker(kind="person", id=self.helper.id),)
        work = tuple(Work(taker=one, person_id=self.helper.id, service_minutes=60) for one in by)
        closing = RequestClosed(
            **self._asked(request_id, cycle),
            **{"closed_by": self.staff.id, "closed_as": "requester"} | closed,
            work=work, points_rule=rule,
        )  # fmt: skip
        return await self.platform.tell(closing)

    async def reopen(self, request_id: UUID, *, cycle: int = 2) -> Event:
        return await self.platform.tell(
            RequestReopened(**self._asked(request_id, cycle), place_id=ids.new_id(), work=())
        )

    async def balance(self, wanted: int, *, awarded: int) -> dict[str, Any]:
        """The helper's account, as soon as it holds so many points of so many awarded."""

        async def there() -> dict[str, Any]:
            account = (await self.get(self.helper, "/accounts/me")).json()
            return account if (account["balance"], account["awarded"]) == (wanted, awarded) else {}

        return await eventually(there)


@pytest_asyncio.fixture
async def counter(hood: Neighbourhood) -> Counter:
    return await Counter(hood).open()


async def test_a_closing_earns_once_however_often_it_is_told(
    counter: Counter, platform: Platform
) -> None:
    request_id = ids.new_id()
    closing = await counter.close(request_id)
    await counter.balance(15, awarded=15)
    await platform.tell(closing, event_id=closing.event_id)
    await platform.tell(closing)
    await counter.close(ids.new_id())
    await counter.balance(30, awarded=30)
    (told,) = await platform.told(PointsAwarded, request_id=request_id)
    assert (told.points, told.rule, told.taker.id) == (15, "standard", counter.helper.id)
    assert (told.version, told.caused_by) == (1, closing.event_id)


async def test_what_closed_by_itself_earns_as_every_close(counter: Counter) -> None:
    await counter.close(ids.new_id(), closed_by=None, closed_as="timeout")
    await counter.balance(15, awarded=15)


async def test_closed_reopened_and_closed_again_leaves_one_standing_award(
    counter: Counter, platform: Platform
) -> None:
    request_id = ids.new_id()
    await counter.close(request_id)
    await counter.balance(15, awarded=15)
    reopening = await counter.reopen(request_id)
    await counter.balance(0, awarded=15)
    await counter.close(request_id, cycle=2)
    account = await counter.balance(15, awarded=30)
    assert account["reversed"] == 15
    (back,) = await platform.told(PointsReversed, request_id=request_id)
    assert (back.version, back.cycle, back.caused_by) == (2, 1, reopening.event_id)
    lines = (await counter.get(counter.helper, "/accounts/me/statement")).json()["items"]
    assert [(one["kind"], one["points"], one["cycle"]) for one in lines] == [
        ("award", 15, 2),
        ("reversal", -15, 1),
        ("award", 15, 1),
    ]
    assert {one["request_id"] for one in lines} == {str(request_id)}


async def test_a_reopening_that_overtakes_its_closing(counter: Counter, platform: Platform) -> None:
    request_id = ids.new_id()
    await counter.reopen(request_id)

    async def noted() -> list[Any]:
        return await platform.rows(
            "points",
            "SELECT 1 FROM settled_cycle WHERE request_id = :id AND reopened",
            id=request_id,
        )

    await eventually(noted)
    await counter.close(request_id)
    account = await counter.balance(0, awarded=15)
    assert account["reversed"] == 15
    (awarded,) = await platform.told(PointsAwarded, request_id=request_id)
    (back,) = await platform.told(PointsReversed, request_id=request_id)
    assert awarded.award_id == back.award_id


async def test_a_request_without_a_rule_earns_nothing(counter: Counter, platform: Platform) -> None:
    spot = ids.new_id()
    await counter.close(spot, rule=None)
    await counter.close(ids.new_id())
    await counter.balance(15, awarded=15)
    assert await platform.told(PointsAwarded, request_id=spot) == []


async def test_every_taker_has_an_account_of_its_own(counter: Counter) -> None:
    bakery = await counter.hood.organisation()
    baker = await counter.hood.person("organisation_member", organisations=[bakery])
    neighbour = await counter.hood.person("resident")
    await counter.close(
        ids.new_id(),
        Taker(kind="person", id=counter.helper.id),
        Taker(kind="organisation", id=bakery),
    )
    await counter.balance(15, awarded=15)
    path = f"/accounts/organisations/{bakery}"
    for who in (baker, counter.staff):
        account = (await counter.get(who, path)).json()
        assert (account["owner_kind"], account["balance"]) == ("organisation", 15)
        assert len((await counter.get(who, f"{path}/statement")).json()["items"]) == 1
    refused = await counter.get(neighbour, path)
    assert (refused.status_code, refused.json()["type"]) == (
        403,
        "urn:jinlin:problem:not-your-account",
    )
    totals = (await counter.get(counter.staff, "/totals")).json()
    assert totals == {"issued": 30, "held": 30, "reversed": 0}


async def test_a_closing_before_its_community_waits_and_then_earns(platform: Platform) -> None:
    await platform.app("points")
    counter = Counter(Neighbourhood(platform, f"late-{ids.new_id().hex[-8:]}"))
    counter.helper = await counter.hood.person("volunteer")
    counter.staff = await counter.hood.person("community_staff")
    await counter.close(ids.new_id())

    async def parked() -> list[Any]:
        return await platform.rows(
            "points",
            "SELECT 1 FROM retry WHERE community = :community",
            community=counter.hood.slug,
        )

    await eventually(parked)
    await platform.tell(
        CommunityChanged(
            community=counter.hood.slug, slug=counter.hood.slug, title="文华路", prefix="WH",
            occurred_at=clock.now(), version=3,
        )
    )  # fmt: skip
    await counter.balance(15, awarded=15)
    assert not await parked()


async def test_an_unknown_rule_holds_nobody(counter: Counter, platform: Platform) -> None:
    unknown = ids.new_id()
    await counter.close(unknown, rule="never-made")
    await counter.close(ids.new_id())
    await counter.balance(15, awarded=15)
    assert await platform.told(PointsAwarded, request_id=unknown) == []


async def test_poison_becomes_a_dead_letter_and_holds_nobody(
    counter: Counter, platform: Platform
) -> None:
    subject = f"evt.{counter.hood.slug}.requests.closed.v1"
    poison = str(ids.new_id())
    headers = {"ce-type": RequestClosed.type(), "ce-id": poison}
    await platform.publish(subject, b'{"community": 7}', headers)
    await counter.close(ids.new_id())
    await counter.balance(15, awarded=15)

    async def buried() -> bool:
        letters = await platform.dead_letters("points-requests-closed")
        return any(one["headers"].get("ce-id") == poison for one in letters)

    await eventually(buried)
