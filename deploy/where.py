"""Where a platform is: what the operator's commands need to reach it.

`jinlin up` writes it into its data folder while it runs; elsewhere the environment says it
(`JINLIN_POSTGRES_URL`, `JINLIN_NATS_URL`, and `JINLIN_KEYS` for the secrets).
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import Field, PositiveFloat, PositiveInt
from sqlalchemy.engine import make_url

from deploy.databases import Databases
from deploy.foreseen import Foreseen
from deploy.keys import OPERATIONS, Keys
from deploy.services import SERVICES
from shared.settings import Environment
from shared.topology import Limits

__all__ = ["NotRunning", "PlatformSettings", "Whereabouts", "roles"]

WHEREABOUTS: Final = "whereabouts.json"
USUAL: Final = Limits()
MADE_UP: Final = Path("data")
"""Where `make up` starts the platform."""


class NotRunning(Foreseen):
    """No platform can be reached; the message says what to do."""


class PlatformSettings(Environment):
    """What the operator's commands read from their environment."""

    postgres_url: str | None = Field(
        default=None, description="PostgreSQL as its superuser, `postgresql://…/postgres`."
    )
    keys: Path | None = Field(
        default=None, description="The folder of secrets that `jinlin keys` has filled."
    )
    nats_url: str | None = Field(default=None, description="The bus.")
    stream_replicas: PositiveInt = Field(
        default=USUAL.replicas,
        description="Copies of each stream: 3 on a cluster of NATS servers.",
    )
    stream_bytes: PositiveInt = Field(
        default=USUAL.stream_bytes,
        description="The largest size of each of the six streams; the bus refuses what its disk "
        "cannot hold.",
    )
    ack_wait_seconds: PositiveFloat = Field(
        default=USUAL.ack_wait_seconds,
        description="How long an event may be worked on before it comes again.",
    )
    duplicate_window_seconds: PositiveFloat = Field(
        default=USUAL.duplicate_window_seconds,
        description="How long the bus remembers an event's id and drops a repetition.",
    )
    otlp_endpoint: str | None = Field(
        default=None, description="Where traces go (OTLP over HTTP); none: nowhere."
    )
    operator_name: str | None = Field(
        default=None, description="The login name of the platform's operator."
    )
    operator_password: str | None = Field(default=None, description="Their password.")

    @property
    def limits(self) -> Limits:
        """What the streams and consumers are provisioned with."""
        return Limits(
            replicas=self.stream_replicas,
            stream_bytes=self.stream_bytes,
            ack_wait_seconds=self.ack_wait_seconds,
            duplicate_window_seconds=self.duplicate_window_seconds,
        )


def roles() -> list[str]:
    """Every database role: two a service."""
    return [f"{service}{end}" for service in SERVICES for end in ("", "_owner")]


@dataclass(frozen=True)
class Whereabouts:
    """The addresses and secrets of one platform."""

    databases: Databases
    nats_url: str
    origin: str | None = None
    """The address of the all-in-one platform; none: the environment does not say."""

    def write(self, folder: Path) -> None:
        """Leave them in the data folder, for its owner only."""
        path = folder / WHEREABOUTS
        path.touch(mode=0o600)
        content = {
            "server": self.databases.server,
            "passwords": dict(self.databases.passwords),
            "nats_url": self.nats_url,
            "origin": self.origin,
        }
        path.write_text(json.dumps(content))

    @classmethod
    def find(cls, folder: Path) -> Self:
        """The platform of the environment, else the one in `folder`.

        Raises NotRunning, and KeysMissing when the environment names a folder without them.
        """
        settings = PlatformSettings()
        if settings.postgres_url and settings.nats_url and settings.keys:
            keys = Keys(settings.keys)
            server = make_url(settings.postgres_url).set(password=keys.superuser_password)
            databases = Databases(
                server.render_as_string(hide_password=False), keys.role_passwords()
            )
            return cls(databases, _signed(settings.nats_url, keys.bus_password(OPERATIONS)))
        try:
            content = json.loads((folder / WHEREABOUTS).read_text())
        except FileNotFoundError:
            raise NotRunning(_not_running(folder)) from None
        databases = Databases(content["server"], content["passwords"])
        return cls(databases, content["nats_url"], content["origin"])

    @staticmethod
    def origin_in(folder: Path) -> str | None:
        """The address of the platform that runs in `folder`; None when none does."""
        try:
            return json.loads((folder / WHEREABOUTS).read_text())["origin"]
        except FileNotFoundError:
            return None

    @staticmethod
    def forget(folder: Path) -> None:
        """The platform in `folder` has stopped."""
        (folder / WHEREABOUTS).unlink(missing_ok=True)


def _signed(nats_url: str, password: str) -> str:
    """The operator's addresses of the bus, with name and password in each."""
    hosts = [server.removeprefix("nats://") for server in nats_url.split(",")]
    return ",".join(f"nats://{OPERATIONS}:{password}@{host}" for host in hosts)


def _not_running(folder: Path) -> str:
    """What to do, for people first: `make up` is for those who typed no folder."""
    name = str(folder) if folder.is_absolute() else f"{folder} ({folder.absolute()})"
    command = "make up" if folder == MADE_UP else f"jinlin up --data {folder}"
    return (
        f"No platform is running in the folder {name}. Start one with `{command}`. One that runs "
        "elsewhere is named by JINLIN_POSTGRES_URL, JINLIN_NATS_URL and JINLIN_KEYS."
    )
