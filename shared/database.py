"""The service's own database: one transaction per request or event, closed to other communities."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, Self

from sqlalchemy import CursorResult, event, text
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
"""How long to wait for a connection, so that a caller hears of it within two seconds."""

_OPEN_COMMUNITIES = text("SELECT set_config('app.communities', :communities, true)")


class Unreachable(ConnectionError):  # noqa: N818 - a word, and the edge knows ConnectionError
    """The database could not be asked; an OSError of anything else is never this one."""


class Database:
    """Hands out transactions; row-level security shows each only the communities it names."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take a ready engine; `connect` makes one."""
        self.engine = engine
        event.listen(engine.sync_engine, "handle_error", _mark_lost)

    @classmethod
    def connect(cls, url: str, *, pool_size: int, overflow: int, patient: bool = False) -> Self:
        """Prepare a pool of connections; the first transaction opens the first of them.

        A `patient` one is for the operator's tools: its statements take as long as they need.
        """
        limits: dict[str, Any] = {"timeout": CONNECT_SECONDS, "command_timeout": 10}
        if patient:
            settings = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
            limits |= {"command_timeout": None, "server_settings": settings}
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=overflow,
            pool_timeout=CONNECT_SECONDS,
            pool_recycle=1800,
            hide_parameters=True,  # what people wrote never enters a log
            connect_args=limits,
        )
        return cls(engine)

    @asynccontextmanager
    async def transaction(self, *communities: str) -> AsyncGenerator[AsyncConnection]:
        """One transaction that sees `communities` and no other; none named: no rows at all.

        Raises Unreachable when it cannot connect.
        """
        async with AsyncExitStack() as stack:
            try:
                tx = await stack.enter_async_context(self.engine.begin())
            except Exception as error:  # asyncpg's own and the system's: not one is wrapped here
                raise Unreachable from error
            await tx.execute(_OPEN_COMMUNITIES, {"communities": ",".join(communities)})
            yield tx

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
