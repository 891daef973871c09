"""The task board of a community, in front of the volunteers service."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx

from shared import clock, ids
from shared.events import Event, RequestListed, Taker, Work
from tests.support.platform import Neighbourhood, Person, eventually

DONE = {"service_minutes": 40, "note": "灯修好了"}


class Board:
    """The task board of a community, and a requests service that only tells."""

    def __init__(self, hood: Neighbourhood) -> None:
        self.hood = hood
        self.platform = hood.platform
        self.requester = ids.new_id()
        self.place = ids.new_id()

    async def open(self) -> "Board":
        self.staff = await self.hood.person("community_staff")
        self.helper = await self.hood.person("volunteer")
        await self.hood.arrived("volunteers", memberships=2)
        return self

    async def get(self, who: Person, path: str, **query: Any) -> httpx.Response:
        async with await self.platform.client("volunteers", who.token) as client:
            return await client.get(f"/{self.hood.slug}{path}", params=query)

    async def post(
        self, who: Person, path: str, body: object | None = None, **headers: str
    ) -> httpx.Response:
        async with await self.platform.client("volunteers", who.token) as client:
            return await client.post(f"/{self.hood.slug}{path}", json=body, headers=headers)

    async def show(self, who: Person, task: dict, photo: bytes) -> httpx.Response:
        async with await self.platform.client("volunteers", who.token) as client:
            return await client.post(
                f"/{self.hood.slug}/tasks/{task['id']}/photos", files={"photo": photo}
            )

    def event[E: Event](self, contract: type[E], request_id: UUID, **fields: object) -> E:
        usual: dict[str, Any] = {
            "community": self.hood.slug,
            "occurred_at": clock.now(),
            "version": 3,
            "request_id": request_id,
            "number": "WH-2026-000001",
            "cycle": 1,
            "category": "repair",
            "requester_id": self.requester,
            "filed_by": self.requester,
        }
        if "place_id" in contract.model_fields:
            usual["place_id"] = self.place
        return contract.model_validate(usual | fields)

    async def tell(self, contract: type[Event], request_id: UUID, **fields: object) -> Event:
        return await self.platform.tell(self.event(contract, request_id, **fields))

    async def tasks(self, request_id: UUID) -> list[dict]:
        """The tasks of a request, of all its cycles."""
        return (await self.get(self.staff, "/tasks", request_id=request_id)).json()["items"]

    async def task(self, request_id: UUID, cycle: int = 1, **wanted: object) -> dict:
        """The task of a request, once it stands as wanted."""

        async def there() -> dict:
            for one in await self.tasks(request_id):
                if one["cycle"] == cycle and wanted.items() <= one.items():
                    return one
            return {}

        return await eventually(there)

    async def listed(self, **fields: object) -> dict:
        request_id = ids.new_id()
        await self.tell(RequestListed, request_id, **fields)
        return await self.task(request_id)

    async def done(self, who: Person, task: dict, step: str, body: object | None = None) -> dict:
        answer = await self.post(who, f"/tasks/{task['id']}/{step}", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refused(
        self, who: Person, task: dict, step: str, body: object | None = None
    ) -> tuple[int, str]:
        answer = await self.post(who, f"/tasks/{task['id']}/{step}", body)
        return answer.status_code, answer.json()["type"].removeprefix("urn:jinlin:problem:")

    async def completed(self, who: Person, organisation_id: UUID | None = None) -> dict:
        task = await self.listed()
        acting = {"organisation_id": str(organisation_id)} if organisation_id else {}
        await self.done(who, task, "claim", acting)
        await self.done(who, task, "check-in", acting)
        return await self.done(who, task, "complete", DONE | acting)

    async def hours(self, who: Person) -> tuple[int, int]:
        """The minutes of somebody that count, and of how many pieces of work."""
        told = (await self.get(who, "/service-hours/me")).json()
        return told["service_minutes"], len(told["records"]["items"])


def person(who: Person) -> Taker:
    return Taker(kind="person", id=who.id)


def work_of(*people: Person) -> Sequence[Work]:
    return [Work(taker=person(one), person_id=one.id, service_minutes=5) for one in people]
