"""What changes while somebody looks: ids only, read from the database, once for all who look here.

While streams are open, one query a second of this process reads the latest changes of the
communities that are looked at, and each stream is told of those that are its reader's business.
Nobody looks: nothing is asked. Where every change of a service is a row of its outbox, that is what
is read.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import text

from shared import clock, ids
from shared.database import Database, Transaction
from shared.problems import TooMany, Unavailable
from shared.reasons import told
from shared.service import Service

__all__ = [
    "MOST_STREAMS",
    "MOST_STREAMS_OF_ONE",
    "Change",
    "Changed",
    "Concerned",
    "Live",
    "Reader",
    "Stream",
    "TooManyStreams",
    "changed_in_outbox",
    "room_for_one_more",
]

log = structlog.get_logger()

LOOK_SECONDS: Final = 1.0
OVERLAP: Final = timedelta(seconds=5)
"""What changes is stamped before its transaction commits: the last seconds are read again."""

LONGEST_ABSENCE: Final = timedelta(hours=12)
ROOM: Final = 100
"""How many changes wait for a reader; whoever misses more is told of it, without ids."""

MOST_STREAMS: Final = 2000
"""How many streams one process keeps open; who comes then asks now and then instead."""

MOST_STREAMS_OF_ONE: Final = 8

_CHANGED = text(
    """
    SELECT community, entity_id, max(event_id::text)::uuid AS event_id, max(version) AS version
    FROM outbox WHERE community = ANY(:communities) AND event_id > :after
    GROUP BY community, entity_id ORDER BY 3
    """
)

type Changed = Callable[[Transaction, Sequence[str], datetime], Awaitable[list["Change"]]]
"""What has changed in these communities since then, each entity once, the oldest change first."""

type Concerned = Callable[
    [Transaction, Sequence[str], Sequence[UUID]], Awaitable[Mapping[UUID, AbstractSet[UUID]]]
]
"""Whose business entities of these communities are, besides those who see everything: people and
organisations."""


class TooManyStreams(TooMany):
    """So many screens of one person are open; each is told of news when it asks."""

    zh = "打开的页面太多，请关闭几个。"
    en = "Too many pages are open. Please close some."


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a community, and whether all of it is their business."""

    person_id: UUID
    community: str
    sees_all: bool
    organisation_ids: AbstractSet[UUID] = frozenset()
    """Whose business is theirs, too."""
    reads_list: bool = False
    """Whether they hear, without an id, that the list which is open to many has changed."""

    def hears(self, change: "Change", concerned: AbstractSet[UUID]) -> "Change | None":
        """What they are told of a change that is the business of `concerned`."""
        if change.community != self.community:
            return None
        if self.sees_all or not concerned.isdisjoint({self.person_id, *self.organisation_ids}):
            return change
        is_news = self.reads_list and change.is_on_list
        return Change(change.event_id, None, 0, self.community) if is_news else None


@dataclass(frozen=True, slots=True)
class Change:
    """An entity has a new version; no id: something changed that is not told one by one."""

    event_id: UUID
    entity_id: UUID | None
    version: int
    community: str = ""
    is_on_list: bool = False
    """Whether a list that is open to many is another one by it."""


def room_for_one_more(of_one: int, of_all: int) -> None:
    """Raises TooManyStreams for somebody who has enough open, Unavailable for a full house."""
    if of_one >= MOST_STREAMS_OF_ONE:
        raise TooManyStreams
    if of_all >= MOST_STREAMS:
        raise Unavailable


class Stream:
    """One open stream: what waits for its reader."""

    def __init__(self, reader: Reader) -> None:
        """Begin with what comes from now on."""
        self.reader = reader
        self._waiting: dict[UUID | None, Change] = {}
        self._something = asyncio.Event()
        self._ended = False

    async def news(self) -> list[Change] | None:
        """What changed, each entity once, in its latest version; None: it is over."""
        await self._something.wait()
        if self._ended:
            return None
        self._something.clear()
        news, self._waiting = list(self._waiting.values()), {}
        return news

    def put(self, changes: Sequence[Change]) -> None:
        """Let `changes` wait for the reader; too many are told as one."""
        if not changes:
            return
        self._waiting |= {one.entity_id: one for one in changes}
        if len(self._waiting) > ROOM:
            self._waiting = {None: Change(changes[-1].event_id, None, 0)}
        self._something.set()

    def end(self) -> None:
        """Let the reader go; it may open another stream from what it was told last."""
        self._ended = True
        self._something.set()


class Live:
    """The open streams of this process."""

    def __init__(self, concerned: Concerned, changed: Changed | None = None) -> None:
        """Start without any; changes are rows of the outbox, unless `changed` reads them."""
        self._concerned = concerned
        self._changed = changed or changed_in_outbox
        self._streams: list[Stream] = []
        self._somebody = asyncio.Event()
        self._told: dict[UUID, datetime] = {}
        self._stopping = False

    @contextmanager
    def opened(self, reader: Reader, *, seconds: float) -> Generator[Stream]:
        """A stream that ends by itself after `seconds` or when the service stops.

        Raises TooManyStreams or Unavailable.
        """
        own = sum(one.reader.person_id == reader.person_id for one in self._streams)
        room_for_one_more(own, len(self._streams))
        stream = Stream(reader)
        self._streams.append(stream)
        timer = asyncio.get_running_loop().call_later(seconds, stream.end)
        if self._stopping:
            stream.end()
        self._somebody.set()
        try:
            yield stream
        finally:
            timer.cancel()
            self._streams.remove(stream)

    async def missed(self, database: Database, reader: Reader, after: UUID) -> list[Change]:
        """What changed since the event `after`; a few changes before it may come again."""
        since = max(_made_at(after), clock.now() - LONGEST_ABSENCE)
        async with database.transaction(reader.community) as tx:
            changes = await self._changed(tx, [reader.community], since - OVERLAP)
            changes = [one for one in changes if one.event_id != after]
            concerned = await self._concerned_by(tx, changes, [reader])
        own = _own(reader, changes, concerned)
        return own if len(own) <= ROOM else [Change(own[-1].event_id, None, 0)]

    async def run(self, service: Service) -> None:
        """Look for as long as the service lives; streams end when it begins to stop."""
        self._stopping = service.stopping.is_set()
        looking = asyncio.create_task(self._look_for_ever(service.database))
        try:
            await service.stopping.wait()
        finally:
            self._stopping = True
            looking.cancel()
            for stream in self._streams:
                stream.end()

    async def _look_for_ever(self, database: Database) -> None:
        since = clock.now()
        while True:
            if not self._streams:
                self._somebody.clear()
                await self._somebody.wait()
                since = clock.now()
            await asyncio.sleep(LOOK_SECONDS)
            now = clock.now()
            try:
                await self._look(database, since - OVERLAP)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
                log.warning("live.look_failed", **told(error))
            else:
                since = now

    async def _look(self, database: Database, since: datetime) -> None:
        """Tell every stream what changed since then that it was not told yet."""
        streams = list(self._streams)
        communities = sorted({one.reader.community for one in streams})
        async with database.transaction(*communities) as tx:
            changes = [
                one
                for one in await self._changed(tx, communities, since)
                if one.event_id not in self._told
            ]
            readers = [one.reader for one in streams]
            concerned = await self._concerned_by(tx, changes, readers)
        for stream in streams:
            stream.put(_own(stream.reader, changes, concerned))
        kept = {event_id: at for event_id, at in self._told.items() if at > since}
        self._told = kept | {one.event_id: _made_at(one.event_id) for one in changes}

    async def _concerned_by(
        self, tx: Transaction, changes: Sequence[Change], readers: Sequence[Reader]
    ) -> Mapping[UUID, AbstractSet[UUID]]:
        """Who has to do with the changed entities; asked only if somebody has to know."""
        communities = {one.community for one in readers if not one.sees_all}
        ours = [one for one in changes if one.community in communities and one.entity_id]
        if not ours:
            return {}
        entity_ids = [one.entity_id for one in ours if one.entity_id]
        return await self._concerned(tx, sorted(communities), entity_ids)


async def changed_in_outbox(
    tx: Transaction, communities: Sequence[str], since: datetime
) -> list[Change]:
    """The entities that have events since then, each with its latest, in the order of these."""
    values = {"communities": list(communities), "after": ids.first_id_at(since)}
    return [
        Change(row.event_id, UUID(row.entity_id), row.version, row.community)
        for row in await tx.execute(_CHANGED, values)
    ]


def _own(
    reader: Reader, changes: Sequence[Change], concerned: Mapping[UUID, AbstractSet[UUID]]
) -> list[Change]:
    told = (
        reader.hears(one, concerned.get(one.entity_id, frozenset()))
        for one in changes
        if one.entity_id
    )
    return [one for one in told if one]


def _made_at(event_id: UUID) -> datetime:
    """The moment in a UUIDv7."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)
