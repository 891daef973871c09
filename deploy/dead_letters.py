"""Dead letters: what could not be worked in, what became of it, and its way back.

The stream DLQ is a record of 90 days from which nothing is taken. A letter is settled by what is
known of its event elsewhere: its consumer's inbox has it, or an operator has dismissed the letter.
All others are open, for the 37 days that inboxes remember: then nobody can say whether the event
was worked in, and it is too old to replay.

The service that buried a letter keeps it too, for its API (`shared.dead_letters`). Where it has the
letter, it says whether that is dismissed. For the others (buried before services kept them, of a
consumer that is no more, lost with a database) it is the stream: a message of its own.

A replay puts the event into the `retry` table of the service that buried it, from where its own
sweep takes it to that one consumer. Publishing it again would ask every consumer of its subject,
and the stream would drop it silently within its duplicate window.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Final, Literal, cast
from uuid import UUID

from nats.aio.client import Client
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError
from sqlalchemy import text

from deploy import services
from deploy.databases import Databases, transaction
from shared import clock, ids, inbox
from shared import dead_letters as kept_letters
from shared.database import Transaction
from shared.delivery import community_of
from shared.inbox import Parked
from shared.relay import publish_one
from shared.topology import DEAD_LETTERS

__all__ = ["DeadLetter", "State", "dead_letters", "dismiss", "replay"]

State = Literal["open", "waiting", "worked in", "dismissed", "too old"]

DISMISSED: Final = "dismissed"
"""`dlq.dismissed`: what operators have put aside. No consumer is named so."""

_SETTLED = text(
    """
    WITH letter AS (
        SELECT * FROM unnest(CAST(:consumers AS text[]), CAST(:event_ids AS uuid[]))
            AS letter (consumer, event_id))
    SELECT consumer, event_id, 'worked in' FROM letter JOIN inbox USING (consumer, event_id)
    UNION ALL
    SELECT consumer, event_id, 'waiting' FROM letter JOIN retry USING (consumer, event_id)
    """
)
_DISMISSED = text(
    """
    WITH letter AS (
        SELECT * FROM unnest(CAST(:communities AS text[]), CAST(:consumers AS text[]),
                             CAST(:numbers AS bigint[])) AS letter (community, consumer, number))
    SELECT number, dismissed_at IS NOT NULL
    FROM letter JOIN dead_letter USING (community, consumer, number)
    """
)


@dataclass(frozen=True)
class DeadLetter:
    """An event that its consumer could not work in."""

    number: int
    consumer: str
    type: str
    reason: str
    at: str
    subject: str
    headers: Mapping[str, str]
    body: bytes
    state: State = "open"

    @property
    def event_id(self) -> UUID | None:
        """The event's id; None when the message does not even name one."""
        try:
            return UUID(self.headers.get("ce-id", ""))
        except ValueError:
            return None

    @property
    def community(self) -> str:
        """The community in the subject it came on; empty when that is no event's."""
        words = self.subject.split(".")
        return words[1] if words[0] == "evt" and len(words) > 1 else ""


async def dead_letters(nats: Client, databases: Databases) -> list[DeadLetter]:
    """Every dead letter and what became of it, oldest first."""
    letters: list[DeadLetter] = []
    dismissed: AbstractSet[int] = set[int]()
    stream = nats.jetstream()
    number = (await stream.stream_info(DEAD_LETTERS)).state.first_seq
    while True:
        try:
            message = await stream.get_msg(DEAD_LETTERS, number, subject="dlq.>", next=True)
        except NotFoundError:
            break
        if message.subject == f"dlq.{DISMISSED}":
            dismissed |= {int(_headers(message)["jinlin-letter"])}
        else:
            letters.append(_letter(message))
        number = (message.seq or 0) + 1
    known: dict[tuple[str, UUID], State] = {}
    for service, theirs in _by_service(letters).items():
        async with transaction(databases, service) as tx:
            known |= await _settled(tx, theirs)
            dismissed = await _as_kept(tx, theirs, dismissed)
    return [_with_state(one, known, dismissed) for one in letters]


async def _settled(tx: Transaction, letters: Sequence[DeadLetter]) -> dict[tuple[str, UUID], State]:
    """What a service's database says of its consumers' letters, by consumer and event."""
    named = [(one.consumer, one.event_id) for one in letters if one.event_id]
    rows = await tx.execute(
        _SETTLED, {"consumers": [one for one, _ in named], "event_ids": [one for _, one in named]}
    )
    return {(consumer, event_id): state for consumer, event_id, state in rows}


async def _as_kept(
    tx: Transaction, letters: Sequence[DeadLetter], dismissed: AbstractSet[int]
) -> AbstractSet[int]:
    """The numbers of the dismissed letters; a service that keeps a letter knows best."""
    values = {
        "communities": [community_of(one.subject) for one in letters],
        "consumers": [one.consumer for one in letters],
        "numbers": [one.number for one in letters],
    }
    kept = {row[0]: row[1] for row in await tx.execute(_DISMISSED, values)}
    return (dismissed - kept.keys()) | {number for number, is_so in kept.items() if is_so}


async def replay(
    databases: Databases,
    letters: Sequence[DeadLetter],
    *,
    per_second: float,
    told: Callable[[DeadLetter, str], None],
) -> int:
    """Put letters back to the consumers that buried them, spread over time; how many.

    Tells of each what was done. Repeating it is safe: the event keeps its id.
    """
    for letter in letters:
        if letter.consumer not in _homes():
            told(letter, "its consumer is no more, so there is nobody to replay it to")
    count = 0
    for service, theirs in _by_service(letters).items():
        async with transaction(databases, service) as tx:
            for letter in theirs:
                if letter.event_id is None or not letter.community:
                    told(letter, "names no event, so there is nothing to replay")
                    continue
                put = await inbox.put_back(
                    tx,
                    _parked(letter, letter.event_id),
                    community=letter.community,
                    delay=timedelta(seconds=count / per_second),
                    reason=letter.reason,
                )
                told(letter, "goes back" if put else "waits already")
                count += put
    return count


async def dismiss(nats: Client, databases: Databases, letter: DeadLetter, *, reason: str) -> None:
    """Put a letter aside for good, on the record of its service and of the stream."""
    if service := _homes().get(letter.consumer):
        async with transaction(databases, service) as tx:
            await kept_letters.mark_dismissed(
                tx,
                letter.number,
                community=community_of(letter.subject),
                consumer=letter.consumer,
                by=None,
                reason=reason,
            )
    headers = {
        "jinlin-letter": str(letter.number),
        "jinlin-reason": " ".join(reason.split())[:500],
        "Nats-Msg-Id": f"{DISMISSED}/{letter.number}",
    }
    await publish_one(nats, f"dlq.{DISMISSED}", b"", headers)


@cache
def _homes() -> Mapping[str, str]:
    """The service of every consumer."""
    return {
        spec.durable: service
        for service in services.SERVICES
        for spec in services.definition(service).consumers.specs
    }


def _by_service(letters: Iterable[DeadLetter]) -> dict[str, list[DeadLetter]]:
    """Letters by the service whose consumer buried them; of a consumer that is no more: none."""
    found: dict[str, list[DeadLetter]] = {}
    for one in letters:
        if home := _homes().get(one.consumer):
            found.setdefault(home, []).append(one)
    return found


def _with_state(
    letter: DeadLetter, known: Mapping[tuple[str, UUID], State], dismissed: AbstractSet[int]
) -> DeadLetter:
    if letter.number in dismissed:
        return replace(letter, state="dismissed")
    if letter.event_id is None:
        return letter
    remembered_since = ids.first_id_at(clock.now() - inbox.REMEMBERED)
    unknown: State = "open" if letter.event_id >= remembered_since else "too old"
    return replace(letter, state=known.get((letter.consumer, letter.event_id), unknown))


def _headers(message: RawStreamMsg) -> dict[str, str]:
    return cast("dict[str, str]", message.headers or {})


def _letter(message: RawStreamMsg) -> DeadLetter:
    headers = _headers(message)
    return DeadLetter(
        number=message.seq or 0,
        consumer=headers.get("jinlin-consumer", ""),
        type=headers.get("ce-type", ""),
        reason=headers.get("jinlin-reason", ""),
        at=str(message.time or ""),
        subject=headers.get("jinlin-subject", ""),
        headers=headers,
        body=message.data or b"",
    )


def _parked(letter: DeadLetter, event_id: UUID) -> Parked:
    """The event as the bus once delivered it."""
    headers = {
        name: value
        for name, value in letter.headers.items()
        if not name.startswith(("Nats-", "jinlin-"))
    }
    return Parked(letter.consumer, event_id, letter.subject, headers, letter.body, attempts=1)
