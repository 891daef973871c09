"""Three NATS servers of one cluster, as child processes of this one."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats as nats_py
from nats.aio.client import Client

from deploy.local.data_folder import private_folder
from deploy.local.nats import LocalNats
from tests.support.processes import free_port

USER = "toy"
NAMES = ("nats-1", "nats-2", "nats-3")


class Member(LocalNats):
    """One of them. It keeps its name and its ports: who comes back is still the same member."""

    def __init__(
        self, folder: Path, name: str, users: Sequence[Mapping[str, Any]], routes: Mapping[str, str]
    ) -> None:
        super().__init__(private_folder(folder), users)
        self.name = self._server_name = name
        self.port = free_port()
        self._routes = routes

    def _config(self) -> dict[str, Any]:
        return super()._config() | {
            "port": self.port,
            "cluster": {
                "name": "jinlin",
                "listen": self._routes[self.name],
                "routes": [f"nats://{address}" for address in self._routes.values()],
            },
        }

    async def kill(self) -> None:
        """SIGKILL."""
        self.child.kill()
        assert await self.child.ended(seconds=10)


@dataclass(frozen=True)
class Cluster:
    """The three together, and the password of who may do everything there."""

    members: Mapping[str, Member]
    password: str

    @property
    def url(self) -> str:
        """Every member's address, as `JINLIN_NATS_URL` names them."""
        return ",".join(f"nats://127.0.0.1:{one.port}" for one in self.members.values())

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Client]:
        nats = await nats_py.connect(
            self.url.split(","), user=USER, password=self.password, max_reconnect_attempts=-1
        )
        try:
            yield nats
        finally:
            await nats.close()


@asynccontextmanager
async def cluster_in(folder: Path) -> AsyncGenerator[Cluster]:
    """A new cluster below `folder`; stopped in the end.

    Everybody is `USER` there, which the addresses don't say: clients hear of the other servers
    without it, and one that is refused by those closes for good.
    """
    password = secrets.token_hex(8)
    users = [{"user": USER, "password": password}]
    routes = {name: f"127.0.0.1:{free_port()}" for name in NAMES}
    members = {name: Member(folder / name, name, users, routes) for name in NAMES}
    try:
        await asyncio.gather(*(one.start() for one in members.values()))
        yield Cluster(members, password)
    finally:
        await asyncio.gather(*(one.stop() for one in members.values()))
