"""The secrets of an installation: made once, kept in files, a folder for each who holds some.

Every service has a folder with the passwords of its database role and of its user on the bus,
under the names of its settings; mounted alone it is that service's `JINLIN_SECRETS`. `postgres`
and `nats` have what they are started with, `operations` what only the operator needs.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy import services
from deploy.foreseen import Foreseen
from deploy.local.data_folder import kept_secret, private_folder, write_private
from shared.topology import permissions

__all__ = ["OPERATIONS", "Keys", "KeysMissing", "bus_users", "make_keys"]

OPERATIONS: Final = "operations"
"""The operator's user on the bus, who may do everything there."""

OF_ROLE: Final = "jinlin_database_password"
OF_BUS_USER: Final = "jinlin_nats_password"
OF_SUPERUSER: Final = "password"
OF_ROUTES: Final = "bus_routes"

CLUSTER: Final = ("nats", "nats-2", "nats-3")
"""The servers of the bus in `deploy/compose/cluster.yml`."""

ROUTE: Final = "route"


class KeysMissing(Foreseen):
    """A folder of secrets does not hold one; says what to do."""


@dataclass(frozen=True)
class Keys:
    """The secrets in a folder. Raises KeysMissing for one that is not there."""

    folder: Path

    @property
    def superuser_password(self) -> str:
        """Of PostgreSQL's superuser."""
        return self._of("postgres", OF_SUPERUSER)

    def role_passwords(self) -> dict[str, str]:
        """By database role: each service's own, and the owner's of its tables."""
        own = {one: self._of(one, OF_ROLE) for one in services.SERVICES}
        return own | {f"{one}_owner": self._of(OPERATIONS, f"{one}_owner") for one in own}

    def bus_password(self, user: str) -> str:
        """Of a user on the bus: of a service, or of the operator."""
        return self._of(user, OF_BUS_USER)

    @property
    def route_password(self) -> str:
        """With which the servers of a cluster know each other."""
        return self._of(OPERATIONS, OF_ROUTES)

    def _of(self, holder: str, name: str) -> str:
        path = self.folder / holder / name
        try:
            return path.read_text()
        except FileNotFoundError:
            raise KeysMissing(
                f"{path} is missing. Make it with `jinlin keys {self.folder}`, or name the folder "
                "that holds the keys of this installation in JINLIN_KEYS."
            ) from None


def make_keys(folder: Path) -> None:
    """Make what is missing; what is there stays. Safe to run again at any time."""
    folder.mkdir(parents=True, exist_ok=True)
    for holder, name in _secrets():
        kept_secret(private_folder(folder / holder) / name)
    keys = Keys(folder)
    users = {user: keys.bus_password(user) for user in (*services.SERVICES, OPERATIONS)}
    bus = private_folder(folder / "nats")
    _write(bus / "users.conf", {"users": bus_users(users)})
    _write(bus / "routes.conf", bus_routes(keys.route_password))
    # Those two servers run as accounts of their own; nobody else is given their folders.
    for path in (folder / "postgres" / OF_SUPERUSER, bus / "users.conf", bus / "routes.conf"):
        path.parent.chmod(0o755)
        path.chmod(0o444)


def _secrets() -> Iterator[tuple[str, str]]:
    """Every secret of an installation: who holds it, and its name."""
    yield "postgres", OF_SUPERUSER
    yield OPERATIONS, OF_BUS_USER
    yield OPERATIONS, OF_ROUTES
    for service in services.SERVICES:
        yield service, OF_ROLE
        yield service, OF_BUS_USER
        yield OPERATIONS, f"{service}_owner"


def bus_users(passwords: Mapping[str, str]) -> list[dict[str, Any]]:
    """What nats-server's `authorization.users` must say: each service's rights are in its code."""
    return [{"user": user, "password": passwords[user]} | _rights(user) for user in passwords]


def _rights(user: str) -> dict[str, Any]:
    if user == OPERATIONS:
        return {}
    return {"permissions": permissions(user, services.definition(user).consumers.specs)}


def bus_routes(password: str) -> dict[str, Any]:
    """What nats-server's `cluster` must say besides its name: who the others are, and who may."""
    return {
        "authorization": {"user": ROUTE, "password": password},
        "routes": [f"nats://{ROUTE}:{password}@{server}:6222" for server in CLUSTER],
    }


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Put a part of nats-server's configuration in its place, whole or not at all."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    write_private(draft, json.dumps(content, indent=2))
    draft.rename(path)
