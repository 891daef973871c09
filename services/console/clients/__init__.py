"""The services' public APIs. `base` asks; the rest is generated from `docs/api` (`make docs`)."""

from services.console.clients.base import (
    SERVICES,
    Caller,
    Connection,
    Health,
    Refused,
    TooMany,
    Unavailable,
    connected,
)
from services.console.clients.directory import Directory
from services.console.clients.notify import Notify
from services.console.clients.points import Points
from services.console.clients.requests import Requests
from services.console.clients.streams import Streams
from services.console.clients.volunteers import Volunteers

__all__ = [
    "SERVICES",
    "Caller",
    "Connection",
    "Health",
    "Refused",
    "Services",
    "Streams",
    "TooMany",
    "Unavailable",
    "connected",
]


class Services:
    """Every service, over one connection. Each call raises Unavailable, Refused or TooMany."""

    def __init__(self, connection: Connection) -> None:
        """Take the connection that they share."""
        self.connection = connection
        self.directory = Directory(connection)
        self.requests = Requests(connection)
        self.volunteers = Volunteers(connection)
        self.points = Points(connection)
        self.notify = Notify(connection)
