"""The service's own database: one transaction per request or event, closed to other communities.

Statements are SQLAlchemy's `text()`; asyncpg runs them, without the layers between (ADR 0014).
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final

import asyncpg
from sqlalchemy import TextClause
from sqlalchemy.dialects.postgresql.asyncpg import dialect

from shared.connections import Connection, Connections, Unreachable, give_up, is_lost
from shared.rows import Row, Rows

__all__ = [
    "ALL_COMMUNITIES",
    "NO_VALUES",
    "Database",
    "RolledBack",
    "Row",
    "Rows",
    "Transaction",
    "Unreachable",
    "Values",
    "is_busy",
    "is_unreachable",
    "sqlstate",
]

ALL_COMMUNITIES: Final = "*"
"""Opens every community: for the relay, sweeps, copies of the directory and `verify` only."""

STATEMENTS_KNOWN: Final = 1000

type Values = Mapping[str, Any]

NO_VALUES: Final[Values] = {}

_DIALECT: Final = dialect()

_BUSY: Final = frozenset({"40001", "40P01", "55P03", "57014"})
"""Serialization failure, deadlock, lock time-out, statement time-out: try again."""


class RolledBack(RuntimeError):  # noqa: N818 - what happened
    """A failed statement was passed over: nothing of its transaction is kept."""


class Transaction:
    """One transaction: everything in it becomes true together, or nothing.

    Every method raises Unreachable when the database is lost, and asyncpg's errors as they are.
    """

    has_told: bool = False
    """Whether it has put events into the outbox."""

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
            if is_lost(self._connection):
                raise Unreachable from error
            raise


class Database:
    """Hands out transactions; row-level security shows each only the communities it names."""

    def __init__(self, url: str, *, connections: int, patient: bool = False) -> None:
        """Prepare for at most so many connections; the first transaction opens the first of them.

        A `patient` one is for the operator's tools: its statements take as long as they need.
        """
        self._connections = Connections(url, connections, patient=patient)
        self.when_told: Callable[[], None] | None = None
        """Called when a transaction that has told events is committed."""

    @property
    def in_use(self) -> int:
        """How many connections are in use now."""
        return self._connections.in_use

    @property
    def is_crowded(self) -> bool:
        """Whether so much waits for a connection that the next one might wait in vain."""
        return self._connections.are_crowded

    @asynccontextmanager
    async def transaction(self, *communities: str) -> AsyncGenerator[Transaction]:
        """One transaction that sees `communities` and no other; none named: no rows at all.

        Raises Unreachable when it cannot connect.
        """
        connection = await self._connections.begin(communities)
        transaction = Transaction(connection)
        try:
            yield transaction
            await transaction.finish()
        except Unreachable:
            give_up(connection)  # the server takes back what it began
            raise
        except BaseException:
            await asyncio.shield(self._connections.roll_back(connection))
            raise
        if transaction.has_told and self.when_told is not None:
            self.when_told()
        await self._connections.release(connection)

    async def close(self) -> None:
        """Close every connection; one that is in use for seconds still is cut off."""
        await self._connections.close()


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
