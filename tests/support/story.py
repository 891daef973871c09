"""Requests of the demo community, each step by the right person, over the API of a platform."""

from collections.abc import Mapping
from typing import Any

from deploy.demo.api import Api, Session
from deploy.demo.community import COMMUNITY, UNIT
from tests.support.platform import eventually

REQUESTS, TASKS = f"/requests/{COMMUNITY}/requests", f"/volunteers/{COMMUNITY}/tasks"
BUILDINGS = {"B1", "B2", "B3"}
"""Those that the demo community begins with; tests add others."""

DONE = {"service_minutes": 30, "note": "换好了"}


class Story:
    """The people of the demo community, signed in."""

    def __init__(self, people: Mapping[str, Session]) -> None:
        self.staff = people["staff"]
        self.grid_worker = people["gridworker"]
        self.resident = people["resident"]
        self.volunteer = people["volunteer"]
        self.unit = people["unit"]

    @classmethod
    async def of(cls, api: Api, sign_ins: Mapping[str, str]) -> "Story":
        """Sign in, and wait until every service knows the community."""
        story = cls({name: await api.sign_in(name, sign_ins[name]) for name in sign_ins})
        await eventually(story._known, seconds=30)
        return story

    async def _known(self) -> bool:
        counts = [
            await self.staff.get(f"/{service}/{COMMUNITY}/known")
            for service in ("requests", "volunteers", "points", "notify")
        ]
        catalogue = await self.staff.get(f"/requests/{COMMUNITY}/catalogue")
        return bool(catalogue) and all(one["memberships"] >= 5 for one in counts)

    async def ask(self, words: str = "楼道灯不亮", *, category: str = "repair") -> str:
        """Ask for something; the request's id."""
        places = await self.staff.everything(f"/directory/{COMMUNITY}/places", kind="building")
        place = next(one["id"] for one in places if one["code"] in BUILDINGS)
        asking = {"category": category, "description": words, "place_id": place}
        return (await self.resident.post(REQUESTS, asking))["id"]

    async def put_on_list(self, request: str) -> str:
        """Take a request in and publish it; the id of its task."""
        await self.staff.post(f"{REQUESTS}/{request}/register")
        await self.staff.post(f"{REQUESTS}/{request}/list", {})
        return await self.task(request, "open")

    async def offer(self, request: str, taker: str, *, kind: str = "person") -> str:
        """Take a request in and offer it to somebody; the id of its task."""
        await self.staff.post(f"{REQUESTS}/{request}/register")
        body = {"taker": {"kind": kind, "id": taker}}
        await self.staff.post(f"{REQUESTS}/{request}/dispatch", body)
        return await self.task(request, "open")

    async def unit_id(self) -> str:
        """The id of the unit's organisation."""
        found = await self.staff.everything(f"/directory/{COMMUNITY}/organisations")
        return next(one["id"] for one in found if one["code"] == UNIT["code"])

    async def unit_claims(self, task: str) -> None:
        """The unit takes a task."""
        body = {"organisation_id": await self.unit_id()}
        await self.unit.post(f"{TASKS}/{task}/claim", body)

    async def task(self, request: str, state: str) -> str:
        """The task of a request, once it stands so."""

        async def found() -> list[dict[str, Any]]:
            tasks = await self.staff.everything(TASKS, state=state)
            return [one for one in tasks if one["request_id"] == request]

        [task] = await eventually(found, seconds=30)
        return task["id"]

    async def claim(self, request: str, task: str) -> None:
        """The volunteer takes it and checks in."""
        await self.volunteer.post(f"{TASKS}/{task}/claim", {})
        await self.volunteer.post(f"{TASKS}/{task}/check-in")
        await self.stands(request, "in_progress")

    async def complete(self, request: str, task: str) -> None:
        """The volunteer has finished."""
        await self.volunteer.post(f"{TASKS}/{task}/complete", DONE)
        await self.stands(request, "resolved")

    async def close(self, request: str) -> None:
        """A grid worker finds it good, the resident confirms."""
        await self.grid_worker.post(f"{REQUESTS}/{request}/verify", {"passed": True})
        await self.resident.post(f"{REQUESTS}/{request}/close")

    async def note(self, request: str) -> None:
        """Staff write something down for each other."""
        await self.staff.post(f"{REQUESTS}/{request}/notes", {"words": "先打电话，再上门"})

    async def slip(self, request: str) -> str:
        """Staff print a slip; its code."""
        return (await self.staff.post(f"{REQUESTS}/{request}/slip"))["code"]

    async def is_admitted(self) -> None:
        """The grid worker becomes a volunteer, too."""
        person = self.grid_worker.person_id
        roles = {"roles": ["grid_worker", "volunteer"]}
        await self.staff.put(f"/directory/{COMMUNITY}/people/{person}/membership", roles)

    async def stands(self, request: str, status: str) -> None:
        """Return when the request stands so."""

        async def so() -> bool:
            return (await self.staff.get(f"{REQUESTS}/{request}"))["status"] == status

        await eventually(so, seconds=30)

    async def whole(self) -> str:
        """From asking to closing; the request's id."""
        request = await self.ask()
        task = await self.put_on_list(request)
        await self.claim(request, task)
        await self.complete(request, task)
        await self.close(request)
        return request

    async def again(self, request: str) -> None:
        """Reopened, and closed again by the same people."""
        await self.resident.post(f"{REQUESTS}/{request}/reopen", {"reason": "又坏了"})
        task = await self.task(request, "claimed")
        await self.volunteer.post(f"{TASKS}/{task}/check-in")
        await self.stands(request, "in_progress")
        await self.complete(request, task)
        await self.close(request)
