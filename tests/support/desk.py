"""A community with a resident, staff and one building, in front of the requests service."""

from uuid import UUID

import httpx

from shared import clock, ids
from shared.events import Taker, TaskClaimed, TaskCompleted, TaskDeclined, TaskStarted, Work
from tests.support.platform import Neighbourhood, Person, eventually


class Desk:
    """A community with a resident, staff and one building, in front of the requests service."""

    def __init__(self, hood: Neighbourhood) -> None:
        self.hood = hood
        self.platform = hood.platform
        self.task_id = ids.new_id()
        self.task_version = 0

    async def open(self) -> "Desk":
        self.resident = await self.hood.person("resident")
        self.staff = await self.hood.person("community_staff")
        self.verifier = await self.hood.person("grid_worker")
        self.place = await self.hood.place()
        await self.hood.arrived("requests", places=1, memberships=3)
        await eventually(self._has_catalogue)
        return self

    async def _has_catalogue(self) -> bool:
        return bool((await self.get(self.resident, "/catalogue")).json())

    async def get(self, who: Person, path: str) -> httpx.Response:
        async with await self.platform.client("requests", who.token) as client:
            return await client.get(f"/{self.hood.slug}{path}")

    async def post(
        self, who: Person, path: str, body: object | None = None, **headers: str
    ) -> httpx.Response:
        async with await self.platform.client("requests", who.token) as client:
            return await client.post(
                f"/{self.hood.slug}/requests{path}", json=body, headers=headers
            )

    async def show(
        self, who: Person, request_id: UUID, photo: bytes, **headers: str
    ) -> httpx.Response:
        async with await self.platform.client("requests", who.token) as client:
            return await client.post(
                f"/{self.hood.slug}/requests/{request_id}/photos",
                files={"photo": photo},
                headers=headers,
            )

    async def submitted(self, **changes: object) -> UUID:
        asking = {
            "category": "repair",
            "description": "三楼楼道灯不亮",
            "place_id": str(self.place),
        }
        answer = await self.post(self.resident, "", asking | changes)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def listed(self) -> UUID:
        request_id = await self.submitted()
        for path in ("register", "list"):
            answer = await self.post(self.staff, f"/{request_id}/{path}", {})
            assert answer.status_code == 200, answer.text
        return request_id

    async def resolved(self, helper: Person, request_id: UUID | None = None) -> UUID:
        """A request that `helper` has claimed, begun and done, in 40 minutes."""
        request_id = request_id or await self.listed()
        taker = Taker(kind="person", id=helper.id)
        act = {"taker": taker, "person_id": helper.id}
        await self.task(TaskClaimed, request_id, **act)
        await self.task(TaskStarted, request_id, **act)
        work = (Work(taker=taker, person_id=helper.id, service_minutes=40),)
        await self.task(TaskCompleted, request_id, work=work)
        await self.status(request_id, "resolved")
        return request_id

    async def task(self, contract: type, request_id: UUID, **fields: object) -> None:
        """Tell of a step of the request's task; by default its one taker stands after it."""
        self.task_version += 1
        taker = fields.get("taker")
        stands = contract is not TaskDeclined and taker is not None
        standing = (Work(taker=taker, person_id=fields["person_id"]),) if stands else ()
        told = {
            "community": self.hood.slug,
            "occurred_at": clock.now(),
            "version": self.task_version,
            "task_id": self.task_id,
            "request_id": request_id,
            "cycle": 1,
            "work": standing,
            "under_way": contract in {TaskStarted, TaskCompleted},
        }
        await self.platform.tell(contract(**told | fields))

    async def status(self, request_id: UUID, wanted: str) -> dict:
        async def there() -> dict | None:
            request = (await self.get(self.staff, f"/requests/{request_id}")).json()
            return request if request["status"] == wanted else None

        return await eventually(there)
