"""The service's own database: one transaction per request or event, closed to other communities."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final, Self

from sqlalchemy import CursorResult, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

__all__ = ["ALL_COMMUNITIES", "Database", "changed_rows", "is_unreachable", "sqlstate"]

ALL_COMMUNITIES: Final = "*"
"""Opens every community: for the relay, sweeps, copies of the directory and `verify` only."""

_OPEN_COMMUNITIES = text("SELECT set_config('app.communities', :communities, true)")


class Database:
    """Hands out transactions; row-level security shows each only the communities it names."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Take a ready engine; `connect` makes one."""
        self.engine = engine

    @classmethod
    def connect(cls, url: str, *, pool_size: int, overflow: int) -> Self:
        """Prepare a pool of connections; the first transaction opens the first of them."""
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=overflow,
            pool_timeout=2,
            pool_recycle=1800,
            hide_parameters=True,  # what people wrote never enters a log
            connect_args={"timeout": 2, "command_timeout": 10},
        )
        return cls(engine)

    @asynccontextmanager
    async def transaction(self, *communities: str) -> AsyncGenerator[AsyncConnection]:
        """One transaction that sees `communities` and no other; none named: no rows at all."""
        async with self.engine.begin() as tx:
            await tx.execute(_OPEN_COMMUNITIES, {"communities": ",".join(communities)})
            yield tx

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


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
    return isinstance(error, PoolTimeout | ConnectionError | TimeoutError | OSError)


def changed_rows(result: CursorResult[object]) -> int:
    """How many rows a statement changed."""
    return result.rowcount
