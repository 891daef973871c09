"""Live inboxes: one connection that listens, one reader for all open streams of this process.

A commit that changes inboxes notifies the ids of their owners. Whoever of them has a stream open
here is read for, all in one query, from where each stream stands. A stream holds a bounded number
of notices: for a slow reader nothing more is read until it has taken what waits.
"""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from sqlalchemy import text

from services.notify.store.inbox import COLUMNS, TABLES, InboxNotice, Reader, inbox_notice
from services.notify.store.making import CHANNEL
from shared.database import Database, Transaction
from shared.live import room_for_one_more
from shared.reasons import told
from shared.service import Service

__all__ = ["Live", "Stream"]

log = structlog.get_logger()

ROOM: Final = 100
"""How many notices wait for a reader at most."""

STREAMS_AT_ONCE: Final = 500
PAUSE_SECONDS: Final = 1.0
PROBE_SECONDS: Final = 15.0
BEGINNING: Final = UUID(int=0)

_WAITING: Final = """
    unnest(CAST(:places AS int[]), CAST(:person_ids AS uuid[]), CAST(:communities AS text[]),
           CAST(:after AS uuid[]), CAST(:rooms AS int[]))
        AS waiting (place, person_id, communities, after, room)
"""
_OWN: Final = """
    notice.recipient_id = waiting.person_id
    AND notice.community = ANY(string_to_array(waiting.communities, ','))
"""
_LATEST = text(
    f"""
    SELECT (SELECT id FROM notice WHERE {_OWN} ORDER BY id DESC LIMIT 1)
    FROM {_WAITING} ORDER BY place
    """  # noqa: S608 - made of constants
)
_NEW = text(
    f"""
    SELECT waiting.place, new.* FROM {_WAITING}
    CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM {TABLES} WHERE {_OWN} AND notice.id > waiting.after
        ORDER BY notice.id LIMIT waiting.room) AS new
    ORDER BY waiting.place, new.id
    """  # noqa: S608 - made of constants
)
_UNREAD = text(
    f"""
    SELECT (SELECT count(*) FROM notice WHERE {_OWN} AND read_at IS NULL)
    FROM {_WAITING} ORDER BY place
    """  # noqa: S608 - made of constants
)


class Stream:
    """One open stream: what waits for its reader, and how far it has been read for."""

    def __init__(self, live: "Live", reader: Reader, after: UUID | None) -> None:
        """Begin after the notice `after`; None: with what comes from now on."""
        self.reader = reader
        self.after = after
        self.stale = True
        self.waiting: list[InboxNotice] = []
        self.unread: int | None = None
        self._live = live
        self._told_unread: int | None = None
        self._changed = asyncio.Event()
        self._ended = False

    @property
    def room(self) -> int:
        """How many more notices may wait."""
        return ROOM - len(self.waiting)

    async def news(self) -> tuple[list[InboxNotice], int | None] | None:
        """New notices, oldest first, and the unread count where it changed; None: it is over."""
        await self._changed.wait()
        self._changed.clear()
        if self._ended:
            self._changed.set()
            return None
        was_full = not self.room
        notices, self.waiting = self.waiting, []
        unread = self.unread if self.unread != self._told_unread else None
        self._told_unread = self.unread
        if was_full:
            self._live.wake([self])
        return notices, unread

    def put(self, notices: Sequence[InboxNotice], unread: int) -> None:
        """Let `notices` wait for the reader; a full stream is read for again when it is taken."""
        self.waiting.extend(notices)
        self.unread = unread
        if notices:
            self.after = notices[-1].id
        self._changed.set()

    def end(self) -> None:
        """Let the reader go; it may open another stream from where this one stands."""
        self._ended = True
        self._changed.set()


class Live:
    """The open streams of this process."""

    def __init__(self) -> None:
        """Start without any."""
        self._streams: dict[UUID, list[Stream]] = {}
        self._woken = asyncio.Event()
        self._stopping = False

    @contextmanager
    def opened(self, reader: Reader, *, after: UUID | None, seconds: float) -> Generator[Stream]:
        """A stream for `reader`, that ends by itself after `seconds` or when the service stops.

        Raises TooManyStreams or Unavailable.
        """
        room_for_one_more(len(self._streams.get(reader.person_id, ())), len(self._all()))
        stream = Stream(self, reader, after)
        own = self._streams.setdefault(reader.person_id, [])
        own.append(stream)
        timer = asyncio.get_running_loop().call_later(seconds, stream.end)
        if self._stopping:
            stream.end()
        self._woken.set()
        try:
            yield stream
        finally:
            timer.cancel()
            own.remove(stream)
            if not own:
                self._streams.pop(reader.person_id, None)

    async def run(self, service: Service) -> None:
        """Listen and read for as long as the service lives; streams end when it begins to stop."""
        self._stopping = service.stopping.is_set()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(service.settings.database_address))
                group.create_task(self._read(service.database))
                await service.stopping.wait()
                self._end_all()
        finally:
            self._end_all()

    def wake(self, streams: Sequence[Stream]) -> None:
        """Something may be new for `streams`."""
        for stream in streams:
            stream.stale = True
        self._woken.set()

    def _all(self) -> list[Stream]:
        return [stream for own in self._streams.values() for stream in own]

    def _end_all(self) -> None:
        self._stopping = True
        for stream in self._all():
            stream.end()

    def _heard(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        """The ids of people for whom something is new."""
        for person_id in str(payload).split():
            self.wake(self._streams.get(UUID(person_id), ()))

    async def _listen(self, address: str) -> None:
        """Keep one listening connection, through every outage of the database."""
        while True:
            try:
                await self._listen_until_lost(address.replace("+asyncpg", ""))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                log.warning("live.database_lost", error=str(error))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen_until_lost(self, dsn: str) -> None:
        """Listen; whatever came while nobody listened is read for first."""
        connection = await asyncpg.connect(
            dsn, timeout=2, command_timeout=5, server_settings={"application_name": "live"}
        )
        lost = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, self._heard)
            self.wake(self._all())
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_SECONDS):
                        await lost.wait()
                    return
                await connection.execute("SELECT")  # a connection that hangs says so here
        finally:
            with suppress(Exception):
                await connection.close(timeout=1)

    async def _read(self, database: Database) -> None:
        """Read for the streams that are behind, as many as there are in one go."""
        while True:
            await self._woken.wait()
            self._woken.clear()
            behind = [one for one in self._all() if one.stale and one.room]
            for number in range(0, len(behind), STREAMS_AT_ONCE):
                await self._read_for(database, behind[number : number + STREAMS_AT_ONCE])

    async def _read_for(self, database: Database, streams: Sequence[Stream]) -> None:
        """Give `streams` their news; after a failure they are behind still."""
        for stream in streams:
            stream.stale = False
        communities = {name for stream in streams for name in stream.reader.communities}
        try:
            async with database.transaction(*sorted(communities)) as tx:
                await _begin(tx, streams)
                news = await _news(tx, streams)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            log.warning("live.read_failed", **told(error))
            await asyncio.sleep(PAUSE_SECONDS)
            self.wake(streams)
            return
        for stream, (notices, unread) in zip(streams, news, strict=True):
            stream.put(notices, unread)


async def _begin(tx: Transaction, streams: Sequence[Stream]) -> None:
    """Let streams that asked for no past start after the latest notice."""
    new = [stream for stream in streams if stream.after is None]
    if new:
        latest = await tx.execute(_LATEST, _values(new))
        for stream, notice_id in zip(new, latest.scalars(), strict=True):
            stream.after = notice_id or BEGINNING


async def _news(tx: Transaction, streams: Sequence[Stream]) -> list[tuple[list[InboxNotice], int]]:
    """For each stream the notices after where it stands, oldest first, and the unread count."""
    values = _values(streams)
    notices: list[list[InboxNotice]] = [[] for _ in streams]
    for row in await tx.execute(_NEW, values):
        notices[row["place"]].append(inbox_notice(row))
    counts = await tx.execute(_UNREAD, values)
    return list(zip(notices, counts.scalars(), strict=True))


def _values(streams: Sequence[Stream]) -> dict[str, Any]:
    return {
        "places": list(range(len(streams))),
        "person_ids": [one.reader.person_id for one in streams],
        "communities": [",".join(one.reader.communities) for one in streams],
        "after": [one.after for one in streams],
        "rooms": [one.room for one in streams],
    }
