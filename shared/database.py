"""The service's own database: one transaction per request or event, closed to other communities.

Statements are SQLAlchemy's `text()`; asyncpg runs them, without the layers between (ADR 0014).
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from shared.rows import Row, Rows

__all__ = [
    "ALL_COMMUNITIES",
    "Database",
    "RolledBack",
    "Row",
    "Rows",
    "Transaction",
    "Unreachable",
    "is_busy",
    "is_unreachable",
    "sqlstate",
]

ALL_COMMUNITIES: Final = "*"
"""Opens every community: for the relay, sweeps, copies of the directory and `verify` only."""

CONNECT_SECONDS: Final = 1.5
"""How long to wait for a connection, so that a caller hears of it within two seconds (ADR 0013)."""

CROWDED_SECONDS: Final = 1.0
"""Where somebody has waited so long, whoever comes next is told to come again (ADR 0013)."""

PATIENT_SECONDS: Final = 10
"""The same for the operator's tools, also where a machine is busy."""

COMMAND_SECONDS: Final = 10
IDLE_SECONDS: Final = 1800
USES: Final = 2**31
"""Of one connection: as many as there are, for a new one costs more than ten closes (ADR 0013)."""

CLOSE_SECONDS: Final = 5
STATEMENTS_KNOWN: Final = 1000

type Values = Mapping[str, Any]

NO_VALUES: Final[Values] = {}

_DIALECT: Final = dialect()

_BUSY: Final = frozenset({"40001", "40P01", "55P03", "57014"})
"""Serialization failure, deadlock, lock time-out, statement time-out: try again."""

type Connection = asyncpg.pool.PoolConnectionProxy[Row]
type NewConnection = asyncpg.Connection[Row]
type Pool = asyncpg.Pool[Row]


class Unreachable(ConnectionError):  # noqa: N818 - a word, and the edge knows ConnectionError
    """The database could not be asked; an OSError of anything else is never this one."""


class RolledBack(RuntimeError):  # noqa: N818 - what happened
    """A failed statement was passed over: nothing of its transaction is kept."""


class Transaction:
    """One transaction: everything in it becomes true together, or nothing.

    Every method raises Unreachable when the database is lost, and asyncpg's errors as they are.
    """

    def __init__(self, connection: Connection) -> None:
        """Take a connection whose transaction has begun."""
        self._connection = connection

    async def execute(self, statement: TextClause, values: Values = NO_VALUES) -> Rows:
        """Run a statement with its named values; the rows that it returns."""
        query, names = _positional(statement)
        return Rows(await self._ask(self._connection.fetch, query, *[values[n] for n in names]))

    async def change(self, statement: TextClause, values: Values = NO_VALUES) -> int:
        """Run a statement that changes rows; how many it changed."""
        query, names = _positional(statement)
        status = await self._ask(self._connection.execute, query, *[values[n] for n in names])
        return int(status.rpartition(" ")[2])  # for example "UPDATE 3"

    async def change_each(self, statement: TextClause, many: Iterable[Values]) -> None:
        """Run a statement once for each of `many`, all in one go."""
        query, names = _positional(statement)
        rows = [[values[n] for n in names] for values in many]
        await self._ask(self._connection.executemany, query, rows)

    async def finish(self) -> None:
        """Commit; only whoever began it does. Raises RolledBack."""
        if await self._ask(self._connection.execute, "COMMIT") != "COMMIT":
            raise RolledBack

    async def _ask[**P, T](
        self, ask: Callable[P, Awaitable[T]], *arguments: P.args, **options: P.kwargs
    ) -> T:
        try:
            return await ask(*arguments, **options)
        except (OSError, asyncpg.InternalClientError) as error:
            # No answer in time, or a connection that broke in the middle of an answer.
            raise Unreachable from error
        except asyncpg.InterfaceError as error:
            if _is_lost(self._connection):
                raise Unreachable from error
            raise


class Database:
    """Hands out transactions; row-level security shows each only the communities it names."""

    def __init__(self, url: str, *, connections: int, patient: bool = False) -> None:
        """Prepare for at most so many connections; the first transaction opens the first of them.

        A `patient` one is for the operator's tools: its statements take as long as they need.
        """
        self._dsn = url.replace("+asyncpg", "")
        self._connections = connections
        self._connect_seconds = PATIENT_SECONDS if patient else CONNECT_SECONDS
        self._limits: dict[str, Any] = {"command_timeout": COMMAND_SECONDS}
        if patient:
            settings = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
            self._limits = {"command_timeout": None, "server_settings": settings}
        self._pool: Pool | None = None
        self._preparing = asyncio.Lock()
        self._waiting: dict[object, float] = {}
        """Since when each waits for a connection, on the clock of `time.monotonic`."""

    @property
    def in_use(self) -> int:
        """How many connections are in use now."""
        return self._pool.get_size() - self._pool.get_idle_size() if self._pool else 0

    @property
    def is_crowded(self) -> bool:
        """Whether it takes so long to get a connection that the next one might wait in vain."""
        longest = next(iter(self._waiting.values()), None)  # who came first waits longest
        return longest is not None and time.monotonic() - longest > CROWDED_SECONDS

    @asynccontextmanager
    async def transaction(self, *communities: str) -> AsyncGenerator[Transaction]:
        """One transaction that sees `communities` and no other; none named: no rows at all.

        Raises Unreachable when it cannot connect.
        """
        pool, connection = await self._begin(communities)
        transaction = Transaction(connection)
        try:
            yield transaction
            await transaction.finish()
        except Unreachable:
            _give_up(connection)  # the server takes back what it began
            raise
        except BaseException:
            await asyncio.shield(self._roll_back(pool, connection))
            raise
        await _release(pool, connection)

    async def close(self) -> None:
        """Close every connection; one that is in use for seconds still is cut off."""
        if self._pool is not None:
            try:
                await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS)
            except TimeoutError:
                self._pool.terminate()

    async def _begin(self, communities: Sequence[str]) -> tuple[Pool, Connection]:
        """A connection on which a transaction has begun, open to `communities` until it ends."""
        opened = ",".join(communities).replace("'", "''")
        place = object()
        self._waiting[place] = time.monotonic()
        try:
            # The pool and the server have a limit each; who waits for both waits no longer.
            async with asyncio.timeout(self._connect_seconds):
                pool = await self._ready()
                connection = await pool.acquire()
                try:
                    await connection.execute(
                        f"BEGIN; SELECT set_config('app.communities', '{opened}', true)"
                    )
                except BaseException:
                    _give_up(connection)
                    raise
        except Exception as error:  # asyncpg's own and the system's
            raise Unreachable from error
        finally:
            del self._waiting[place]
        return pool, connection

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
            max_size=self._connections,
            max_queries=USES,
            max_inactive_connection_lifetime=IDLE_SECONDS,
            timeout=self._connect_seconds,
            record_class=Row,
            init=_speak_json,
            reset=_nothing,  # all that a transaction sets ends with it
            **self._limits,
        )

    async def _roll_back(self, pool: Pool, connection: Connection) -> None:
        """Take back what the transaction did; a connection that cannot is given up."""
        try:
            await connection.execute("ROLLBACK", timeout=self._connect_seconds)
        except Exception:  # noqa: BLE001 - whatever it is, the connection is of no use
            _give_up(connection)
        else:
            await _release(pool, connection)


def _is_lost(connection: Connection) -> bool:
    """Whether it is closed; the pool takes a lost one back by itself, and then it says nothing."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def _give_up(connection: Connection) -> None:
    """Close it at once; the pool makes another one."""
    with suppress(asyncpg.InterfaceError):  # the pool has it back already
        connection.terminate()


async def _release(pool: Pool, connection: Connection) -> None:
    """Let the next one have it; what was done with it is over, whatever comes of this."""
    try:
        await pool.release(connection)
    except (OSError, asyncpg.InterfaceError):
        _give_up(connection)


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


@lru_cache(maxsize=STATEMENTS_KNOWN)
def _positional(statement: TextClause) -> tuple[str, Sequence[str]]:
    """A statement as asyncpg takes it, and the names of its values in their order."""
    compiled = statement.compile(dialect=_DIALECT)
    return compiled.string, compiled.positiontup or ()


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-character code of an error, where it has one."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def is_busy(error: BaseException) -> bool:
    """Whether it gave up for now: no lock, no time, another one in the way."""
    return sqlstate(error) in _BUSY


def is_unreachable(error: BaseException) -> bool:
    """Whether the database could not be asked at all (down, restarting, out of connections)."""
    return isinstance(error, Unreachable) or (sqlstate(error) or "").startswith(("08", "57P", "53"))
