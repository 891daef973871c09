"""Connections to one database: kept once they are made, and each begun for some communities."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final

import asyncpg
import orjson

from shared.rows import Row

__all__ = ["Connection", "Connections", "Unreachable", "give_up", "is_lost"]

CONNECT_SECONDS: Final = 1.5
"""How long to wait for a connection, so that a caller hears of it within two seconds (ADR 0013)."""

CROWDED_SECONDS: Final = 1.0
"""Where somebody has waited so long, whoever comes next is told to come again (ADR 0013)."""

PATIENT_SECONDS: Final = 10
"""The same for the operator's tools, also where a machine is busy."""

MAKE_SECONDS: Final = 5
"""How long a new connection may take, whoever still waits for it."""

COMMAND_SECONDS: Final = 10
IDLE_SECONDS: Final = 1800
USES: Final = 2**31
"""Of one connection: as many as there are, for a new one costs more than ten closes (ADR 0013)."""

CLOSE_SECONDS: Final = 5

type Connection = asyncpg.pool.PoolConnectionProxy[Row]
type NewConnection = asyncpg.Connection[Row]
type Pool = asyncpg.Pool[Row]


class Unreachable(ConnectionError):  # noqa: N818 - a word, and the edge knows ConnectionError
    """The database could not be asked; an OSError of anything else is never this one."""


class Connections:
    """At most so many; the first is made when somebody begins something."""

    def __init__(self, url: str, most: int, *, patient: bool) -> None:
        """Prepare; with `patient` statements take as long as they need."""
        self._dsn = url.replace("+asyncpg", "")
        self._most = most
        self._connect_seconds = PATIENT_SECONDS if patient else CONNECT_SECONDS
        self._limits: dict[str, Any] = {"command_timeout": COMMAND_SECONDS}
        if patient:
            settings = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
            self._limits = {"command_timeout": None, "server_settings": settings}
        self._pool: Pool | None = None
        self._preparing = asyncio.Lock()
        self._leftovers = set[asyncio.Task[None]]()
        self._waiting: dict[object, float] = {}
        """Since when each waits, on the clock of `time.monotonic`; who came first comes first."""

    @property
    def in_use(self) -> int:
        """How many connections are in use now."""
        return self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0

    @property
    def are_crowded(self) -> bool:
        """Whether it takes so long to get one that whoever comes next might wait in vain."""
        longest = next(iter(self._waiting.values()), None)
        return longest is not None and time.monotonic() - longest > CROWDED_SECONDS

    async def begin(self, communities: Sequence[str]) -> Connection:
        """A connection on which a transaction has begun, open to `communities` until it ends.

        Raises Unreachable. Whoever has it gives it back: `release`, `roll_back` or `give_up`.
        """
        opened = ",".join(communities).replace("'", "''")
        place = object()
        self._waiting[place] = time.monotonic()
        try:
            # The pool and the server have a limit each; who waits for both waits no longer.
            async with asyncio.timeout(self._connect_seconds):
                connection = await self._taken(await self._ready())
                try:
                    await connection.execute(
                        f"BEGIN; SELECT set_config('app.communities', '{opened}', true)"
                    )
                except asyncio.CancelledError:
                    self._leave(self.roll_back(connection))
                    raise
                except BaseException:
                    give_up(connection)
                    raise
        except Exception as error:  # asyncpg's own and the system's
            raise Unreachable from error
        finally:
            del self._waiting[place]
        return connection

    async def roll_back(self, connection: Connection) -> None:
        """Take back what the transaction did; a connection that cannot is given up."""
        try:
            await connection.execute("ROLLBACK", timeout=self._connect_seconds)
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no use
            give_up(connection)
        else:
            await self.release(connection)

    async def release(self, connection: Connection) -> None:
        """Let the next one have it; what was done with it is over, whatever comes of this."""
        assert self._pool is not None  # noqa: S101 - it comes from there
        try:
            await self._pool.release(connection)
        except (OSError, asyncpg.InterfaceError):
            give_up(connection)

    async def close(self) -> None:
        """Close every connection; one that is in use for seconds still is cut off."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
            except TimeoutError:
                self._pool.terminate()

    async def _taken(self, pool: Pool) -> Connection:
        """A connection of the pool; one that is being made is finished for the next who asks.

        Broken off with whoever loses patience, it would have to be begun again: where many are
        made at once on a busy machine, none would ever be there (ADR 0013).
        """
        if pool.get_idle_size() or pool.get_size() == self._most:
            return await pool.acquire()
        making = asyncio.create_task(_acquire(pool))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            self._leave(self._hand_back(making))
            raise

    async def _hand_back(self, making: asyncio.Task[Connection]) -> None:
        """Let the next one have what nobody waits for any more."""
        with suppress(Exception):  # whoever cannot be served hears so by their own impatience
            await self.release(await making)

    def _leave(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done that nobody waits for."""
        leftover = asyncio.create_task(work)
        self._leftovers.add(leftover)
        leftover.add_done_callback(self._leftovers.discard)

    async def _ready(self) -> Pool:
        """The pool; asyncpg wants to prepare it on the loop that it works on."""
        if self._pool is None:
            async with self._preparing:
                self._pool = self._pool or await self._new_pool()
        return self._pool

    async def _new_pool(self) -> Pool:
        return await asyncpg.create_pool(
            self._dsn,
            min_size=0,
            max_size=self._most,
            max_queries=USES,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            timeout=max(self._connect_seconds, MAKE_SECONDS),
            record_class=Row,
            init=_speak_json,
            reset=_nothing,  # all that a transaction sets ends with it
            **self._limits,
        )


def is_lost(connection: Connection) -> bool:
    """Whether it is closed; the pool takes a lost one back by itself, and then it says nothing."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def give_up(connection: Connection) -> None:
    """Close it at once; the pool makes another one."""
    with suppress(asyncpg.InterfaceError):  # the pool has it back already
        connection.terminate()


async def _acquire(pool: Pool) -> Connection:
    return await pool.acquire()


async def _speak_json(connection: NewConnection) -> None:
    """Give columns of JSON as Python's values; what is stored comes as text that is JSON."""
    try:
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=str, decoder=orjson.loads
        )
    except BaseException:
        connection.terminate()  # else the pool says goodbye to a server that may never answer
        raise


async def _nothing(_connection: NewConnection) -> None:
    """Change nothing."""
