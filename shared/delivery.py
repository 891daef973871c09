"""One event as the bus delivered it: read it, acknowledge it, park it or bury it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import ValidationError

from shared.events import PLATFORM, UNSTAMPED, Event
from shared.inbox import Parked
from shared.relay import publish_one

__all__ = ["BUS_ERRORS", "Delivery", "Poison", "Undelivered", "community_of"]

BUS_ERRORS: Final = (NatsError, OSError, RuntimeError)
"""What telling the bus something may raise. On a lost connection with something left to send,
nats-py raises OSError with asyncio and RuntimeError with uvloop."""

_COMMUNITY: Final = re.compile(r"evt\.([a-z0-9-]{1,40}|_)\.")


def community_of(subject: str) -> str:
    """The community in a subject; the platform's sign when no community is named so."""
    named = _COMMUNITY.match(subject)
    return named[1] if named else PLATFORM


class Poison(Exception):  # noqa: N818 - a word of the trade
    """A message that no attempt can ever read; says why, without repeating what is in it."""

    def __init__(self, delivery: "Undelivered", reason: str) -> None:
        """Keep the message, to bury it."""
        super().__init__(reason)
        self.delivery = delivery


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message whose event is not known (yet)."""

    subject: str
    headers: Mapping[str, str]
    body: bytes
    message: Msg | None

    @property
    def event_id(self) -> UUID | None:
        """The event's id; None when the message does not even name one."""
        try:
            return UUID(self.headers.get("ce-id", ""))
        except ValueError:
            return None

    @property
    def community(self) -> str:
        """The community in the subject; the platform's sign when no community is named so."""
        return community_of(self.subject)

    @property
    def is_settled(self) -> bool:
        """Whether the bus has been told that it is: acknowledged or buried."""
        return self.message is not None and self.message.is_acked

    async def ack(self) -> None:
        """Tell the bus that it is settled; once, however often this is called."""
        if self.message is not None and not self.is_settled:
            await self.message.ack()

    async def term(self) -> None:
        """Tell the bus that it never will be; once, and after an ack not at all."""
        if self.message is not None and not self.is_settled:
            await self.message.term()

    async def in_progress(self) -> None:
        """Ask the bus for more time, if it is not settled."""
        if self.message is not None and not self.is_settled:
            await self.message.in_progress()

    async def bury(self, nats: Client, consumer: str, reason: str) -> int:
        """Make it a dead letter; its number among them. Whoever buries it calls `term` after it."""
        key = self.headers.get("ce-id") or self.headers.get("Nats-Msg-Id") or "unknown"
        headers = {
            **{name: value for name, value in self.headers.items() if not name.startswith("Nats-")},
            "jinlin-consumer": consumer,
            "jinlin-subject": self.subject,
            "jinlin-reason": " ".join(reason.split())[:500],
            "Nats-Msg-Id": f"{consumer}/{key}/{self._place()}",
        }
        return await publish_one(nats, f"dlq.{consumer}", self.body, headers)

    def _place(self) -> str:
        """Where the message stood in its stream: the same when it is delivered again."""
        if self.message is None:
            return "parked"
        return str(self.message.metadata.sequence.stream)


@dataclass(frozen=True, slots=True)
class Delivery(Undelivered):
    """A message with the event in it; `attempts` have failed so far."""

    event: Event
    attempts: int = 0

    @classmethod
    def read(cls, message: Msg) -> Self:
        """Read a message from the bus. Raises Poison."""
        return cls._parse(message.subject, message.headers or {}, message.data, message)

    @classmethod
    def unpark(cls, parked: Parked) -> Self:
        """Read an event that was parked. Raises Poison, though it was read once before."""
        headers = {**parked.headers, "ce-id": str(parked.event_id)}
        return cls._parse(parked.subject, headers, parked.body, None, attempts=parked.attempts)

    @classmethod
    def _parse(
        cls,
        subject: str,
        headers: Mapping[str, str],
        body: bytes,
        message: Msg | None,
        *,
        attempts: int = 0,
    ) -> Self:
        unread = Undelivered(subject, headers, body, message)
        contract = Event.known.get(headers.get("ce-type", ""))
        if contract is None:
            raise Poison(unread, f"unknown type {headers.get('ce-type')!r}")
        try:
            event = contract.model_validate_json(body)
        except ValidationError as error:
            fields = ", ".join(
                f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors()
            )
            raise Poison(unread, f"malformed {contract.type()}: {fields}") from None
        if event.event_id == UNSTAMPED or event.subject != subject:
            raise Poison(unread, "the envelope does not fit the subject")
        headers = {**headers, "ce-id": str(event.event_id)}  # a letter is found by it
        return cls(subject, headers, body, message, event, attempts)

    def park(self, consumer: str) -> Parked:
        """What the retry table keeps of it."""
        return Parked(
            consumer, self.event.event_id, self.subject, self.headers, self.body, self.attempts
        )
