"""One request of a community, told event by event to the notify service."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from shared import clock, ids
from shared.events import (
    RequestClosed,
    Taker,
    Work,
)
from tests.support.platform import Neighbourhood, Person, eventually

NUMBER = "WH-2026-000153"


class Story:
    """One request of a community, told event by event to the notify service."""

    def __init__(self, hood: Neighbourhood) -> None:
        self.hood = hood
        self.platform = hood.platform
        self.request_id = ids.new_id()
        self.told: list[UUID] = []

    async def open(self) -> "Story":
        await self.platform.app("notify")
        self.organisation = await self.hood.organisation()
        self.requester = await self.hood.person("resident")
        self.filer = await self.hood.person("grid_worker", language="en")
        self.helper = await self.hood.person("volunteer")
        self.members = [
            await self.hood.person("organisation_member", organisations=[self.organisation])
            for _ in range(3)
        ]
        await self.hood.arrived("notify", memberships=6, organisations=1)
        return self

    def step(self, contract: type, **fields: Any) -> Any:
        return contract(
            **{
                "event_id": ids.new_id(),
                "community": self.hood.slug,
                "occurred_at": clock.now(),
                "version": 1,
                "request_id": self.request_id,
                "number": NUMBER,
                "cycle": 1,
                "category": "repair",
                "requester_id": self.requester.id,
                "filed_by": self.requester.id,
            }
            | fields
        )

    def closed(self, **fields: Any) -> RequestClosed:
        return self.step(
            RequestClosed,
            **{
                "work": self.work(self.helper),
                "closed_by": self.requester.id,
                "closed_as": "requester",
                "points_rule": "standard",
            }
            | fields,
        )

    def points(self, contract: type, taker: Taker, **fields: Any) -> Any:
        return self.step(
            contract, award_id=ids.new_id(), taker=taker, rule="standard", points=10, **fields
        )

    @staticmethod
    def person(who: Person) -> Taker:
        return Taker(kind="person", id=who.id)

    def work(self, *people: Person) -> tuple[Work, ...]:
        return tuple(Work(taker=self.person(one), person_id=one.id) for one in people)

    async def tell(self, *events: Any) -> None:
        for event in events:
            self.told.append(event.event_id)
            await self.platform.tell(event, event_id=event.event_id)

    async def call(
        self, who: Person, method: str, path: str, *, body: object = None, **headers: str
    ) -> Any:
        async with await self.platform.client("notify", who.token) as client:
            return await client.request(method, path, json=body, headers=headers)

    async def inbox(self, who: Person, query: str = "", **headers: str) -> list[dict]:
        """What this story's events told `who`; other services may run, and tell more of it."""
        answer = await self.call(who, "GET", f"/inbox{query}", **headers)
        assert answer.status_code == 200, answer.text
        rows = await self.platform.rows(
            "notify", "SELECT id FROM notice WHERE event_id = ANY(:told)", told=self.told
        )
        ours = {str(row.id) for row in rows}
        return [one for one in answer.json()["items"] if one["id"] in ours]

    async def kinds(self, who: Person, *wanted: str) -> None:
        """Wait until the inbox of `who` holds just the `wanted` kinds."""

        async def there() -> bool:
            return sorted(one["kind"] for one in await self.inbox(who)) == sorted(wanted)

        await eventually(there)

    async def worked_in(self, events: Iterable[Any], consumer: str = "notify-requests") -> None:
        """Wait until a consumer is through with `events`."""
        wanted = [one.event_id for one in events]

        async def through() -> bool:
            rows = await self.platform.rows(
                "notify",
                "SELECT 1 FROM inbox WHERE consumer = :consumer AND event_id = ANY(:ids)",
                consumer=consumer,
                ids=wanted,
            )
            return len(rows) == len(set(wanted))

        await eventually(through)
