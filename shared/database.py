"""The service's own database: one transaction per request or event, closed to other communities."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Self, cast, override

import asyncpg
from sqlalchemy import CursorResult, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

__all__ = [
    "ALL_COMMUNITIES",
    "Database",
    "Unreachable",
    "changed_rows",
    "is_unreachable",
    "sqlstate",
]

ALL_COMMUNITIES: Final = "*"
"""Opens every community: for the relay, sweeps, copies of the directory and `verify` only."""

CONNECT_SECONDS: Final = 1.5
"""How long to wait for a connection, so that a caller hears of it within two seconds (ADR 0013)."""

PATIENT_SECONDS: Final = 10
"""The same for the operator's tools, also where a machine is busy."""

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection


class Unreachable(ConnectionError):  # noqa: N818 - a word, and the edge knows ConnectionError
    """The database could not be asked; an OSError of anything else is never this one."""


class Walled(Connection):
    """Begins a transaction and opens its communities in one round trip, for that transaction only.

    Were "BEGIN" ever sent in other words, no community would be open: no rows at all.
    """

    communities = ""
    """What the next transaction opens, parted by commas."""

    @override
    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:
        """As asyncpg does it; `BEGIN` is what SQLAlchemy sends before the first statement."""
        if query == "BEGIN;":
            opened, self.communities = self.communities.replace("'", "''"), ""
            query += f"SELECT set_config('app.communities', '{opened}', true)"
        return await super().execute(query, *args, timeout=timeout)


class Database:
    """Hands out transactions; row-level security shows each only the communities it names."""

    def __init__(self, engine: AsyncEngine, *, connect_seconds: float) -> None:
        """Take a ready engine; `connect` makes one."""
        self.engine = engine
        self._connect_seconds = connect_seconds
        event.listen(engine.sync_engine, "handle_error", _mark_lost)

    @classmethod
    def connect(cls, url: str, *, pool_size: int, overflow: int, patient: bool = False) -> Self:
        """Prepare a pool of connections; the first transaction opens the first of them.

        A `patient` one is for the operator's tools: its statements take as long as they need.
        """
        connect_seconds = PATIENT_SECONDS if patient else CONNECT_SECONDS
        limits: dict[str, Any] = {
            "connection_class": Walled,
            "timeout": connect_seconds,
            "command_timeout": 10,
        }
        if patient:
            settings = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
            limits |= {"command_timeout": None, "server_settings": settings}
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=overflow,
            pool_timeout=connect_seconds,
            pool_recycle=1800,
            hide_parameters=True,  # what people wrote never enters a log
            connect_args=limits,
        )
        return cls(engine, connect_seconds=connect_seconds)

    @asynccontextmanager
    async def transaction(self, *communities: str) -> AsyncGenerator[AsyncConnection]:
        """One transaction that sees `communities` and no other; none named: no rows at all.

        Raises Unreachable when it cannot connect.
        """
        async with AsyncExitStack() as stack:
            try:
                # The pool and the server have a limit each; who waits for both waits no longer.
                async with asyncio.timeout(self._connect_seconds):
                    tx = await stack.enter_async_context(self.engine.begin())
            except Exception as error:  # asyncpg's own and the system's: not one is wrapped here
                raise Unreachable from error
            connection = cast("Walled", (await tx.get_raw_connection()).driver_connection)
            connection.communities = ",".join(communities)
            try:
                yield tx
            finally:
                connection.communities = ""  # it began nothing: the next one must not inherit it

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _mark_lost(context: ExceptionContext) -> None:
    """Tell a lost connection or a statement without an answer from the caller's own OSError."""
    if isinstance(context.original_exception, OSError):  # TimeoutError is one
        raise Unreachable from context.original_exception


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-character code of an error, where it has one."""
    return getattr(getattr(error, "orig", error), "sqlstate", None)


def is_unreachable(error: BaseException) -> bool:
    """Whether the database could not be asked at all (down, restarting, out of connections)."""
    state = sqlstate(error) or ""
    if state.startswith(("08", "57P", "53")):
        return True
    if isinstance(error, DBAPIError):
        lost = isinstance(error, InterfaceError | OperationalError) and not state
        return error.connection_invalidated or lost
    return isinstance(error, PoolTimeout | Unreachable)


def changed_rows(result: CursorResult[object]) -> int:
    """How many rows a statement changed."""
    return result.rowcount
