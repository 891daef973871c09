"""The community of a chaos run, made through the public API, and its patient callers."""

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

import httpx

from deploy.demo.api import Api, Session
from deploy.demo.wenhua import PEOPLE_COLUMNS
from tests.chaos.cluster import OPERATOR, Cluster
from tests.support.platform import eventually

__all__ = [
    "ANSWER_SECONDS",
    "COMMUNITY",
    "PATIENCE_SECONDS",
    "Community",
    "NotAnswered",
    "Who",
    "found_community",
]

COMMUNITY: Final = "chaos"
RESIDENTS: Final = 4
VOLUNTEERS: Final = 4
TOKEN_SECONDS: Final = 300
"""An access token lives for ten minutes."""

SIGN_IN_PAUSE_SECONDS: Final = 20
"""A password costs a directory without time some seconds; who asks again adds to them."""

ANSWER_SECONDS: Final = 8
PATIENCE_SECONDS: Final = 240
_AWAY: Final = {502, 503, 504}
_PLACES: Final = """code,parent_code,kind,title,compound_type
G1,,grid,第一网格,
C1,G1,compound,1号院,unmanaged
B1,C1,building,1栋,
"""


class NotAnswered(AssertionError):  # noqa: N818 - a sentence of the report
    """A call had no final answer for minutes, or one that the platform had no reason for."""


@dataclass
class Who:
    """Somebody with a password."""

    login: str
    id: UUID
    password: str
    token: str = ""
    signs_in_at: float = 0.0
    """When the token is to be replaced; it is good for some minutes more."""


@dataclass
class Community:
    """The people, and a way to every service: past every outage, with one key a write."""

    cluster: Cluster
    client: httpx.AsyncClient
    staff: Who
    grid_worker: Who
    residents: list[Who]
    volunteers: list[Who]
    place_id: UUID
    retries: int = 0

    async def get(self, who: Who, service: str, path: str, **query: Any) -> Any:
        """Read."""
        where = f"/{COMMUNITY}{path}"
        return (await self._call("GET", who, service, where, params=query)).json()

    async def post(
        self, who: Who, service: str, path: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        """Do, however often it takes, with one Idempotency-Key; the last answer."""
        headers = {"idempotency-key": str(uuid4())} | headers
        return await self._call(
            "POST", who, service, f"/{COMMUNITY}{path}", json=body, headers=headers
        )

    async def knock(self, who: Who, service: str, path: str) -> int:
        """The status of one read that is not repeated; 0: no answer."""
        headers = {"authorization": f"Bearer {who.token}"}
        url = self._url(service, f"/{COMMUNITY}{path}")
        try:
            return (await self.client.get(url, headers=headers)).status_code
        except httpx.TransportError:
            return 0

    def _url(self, service: str, path: str) -> str:
        return f"http://127.0.0.1:{self.cluster.replicas[service].port}/api/{service}{path}"

    async def _call(
        self, method: str, who: Who, service: str, path: str, **content: Any
    ) -> httpx.Response:
        headers = content.pop("headers", {})
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            await self._sign_in(who)
            headers["authorization"] = f"Bearer {who.token}"
            answer = await self._tried(method, service, path, headers=headers, **content)
            if answer is not None and answer.status_code != httpx.codes.UNAUTHORIZED:
                return answer
            self.retries += 1
            await asyncio.sleep(0.1)  # as a patient client does
        raise NotAnswered(f"{method} {service}{path}: no answer within {PATIENCE_SECONDS} s")

    async def _tried(
        self, method: str, service: str, path: str, **content: Any
    ) -> httpx.Response | None:
        """The answer, or None when the service is away or still busy with this very call."""
        try:
            answer = await self.client.request(method, self._url(service, path), **content)
        except httpx.TransportError:
            return None
        under_way = (
            answer.status_code == httpx.codes.CONFLICT and "request-under-way" in answer.text
        )
        return None if answer.status_code in _AWAY or under_way else answer

    async def _sign_in(self, who: Who) -> None:
        """Sign in again in good time; while the directory is away the old token goes on."""
        now = time.monotonic()
        if now < who.signs_in_at:
            return
        who.signs_in_at = now + SIGN_IN_PAUSE_SECONDS  # the others of this person go on meanwhile
        body = {"login_name": who.login, "password": who.password}
        wait = SIGN_IN_PAUSE_SECONDS
        answer = await self._tried("POST", "directory", "/sign-in", json=body, timeout=wait)
        if answer is not None and answer.is_success:
            who.token, who.signs_in_at = answer.json()["access_token"], now + TOKEN_SECONDS


async def found_community(cluster: Cluster, client: httpx.AsyncClient) -> Community:
    """Make the community and its people; return when every service has heard of them."""
    async with Api(f"http://127.0.0.1:{cluster.replicas['directory'].port}") as api:
        operator = await api.sign_in(*OPERATOR)
        where = f"/directory/{COMMUNITY}"
        founding = {"slug": COMMUNITY, "title": "混沌社区", "prefix": "HD"}
        await operator.post("/directory/communities", founding)
        await operator.post_csv(f"{where}/places/import", _PLACES)
        roles = ["community_staff", "grid_worker"]
        roles += ["resident"] * RESIDENTS + ["volunteer"] * VOLUNTEERS
        rows = [f"人{number},,{role},B1,,zh-CN,p{number},yes" for number, role in enumerate(roles)]
        people = "\n".join([PEOPLE_COLUMNS, *rows])
        imported = await operator.post_csv(f"{where}/people/import", people)
        everybody = [await _enter(api, one) for one in imported["invitations"]]
        places = await operator.get(f"{where}/places", kind="building")
    staff, grid_worker, *others = everybody
    community = Community(
        cluster,
        client,
        staff,
        grid_worker,
        others[:RESIDENTS],
        others[RESIDENTS:],
        UUID(places["items"][0]["id"]),
    )
    await _arrived(community, len(everybody))
    return community


async def _enter(api: Api, invitation: dict[str, Any]) -> Who:
    """Come in with the code on the slip, and choose a password."""
    session: Session = await api.accept_invitation(invitation["code"])
    password = secrets.token_urlsafe(16)
    await session.post("/directory/me/password", {"new": password})
    number = int(invitation["row"]) - 2  # row 1 is the header
    signs_in_at = time.monotonic() + TOKEN_SECONDS - 10 * number  # not all at once
    return Who(f"p{number}", UUID(session.person_id), password, session.token, signs_in_at)


async def _arrived(community: Community, people: int) -> None:
    async def heard() -> bool:
        for service in ("requests", "volunteers", "points", "notify"):
            known = await community.get(community.staff, service, "/known")
            if known["memberships"] < people or known["places"] < _PLACES.count("\n") - 1:
                return False
        return bool(await community.get(community.staff, "requests", "/catalogue"))

    await eventually(heard, seconds=60)
