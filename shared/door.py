"""The door of a service: one request is one transaction, and a repeated one has one effect.

`Tx` opens the transaction of a request for the community in its path. A POST may carry an
`Idempotency-Key` (`shared/once.py`).
"""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated, Any, Final

import asyncpg
from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.chaos import Point, reach
from shared.database import ALL_COMMUNITIES, Database, Transaction
from shared.events import PLATFORM
from shared.once import Asker, Key, Once
from shared.problems import NotAllowed, NotFound, Problem, StaleVersion

__all__ = [
    "Door",
    "Edition",
    "PlatformTx",
    "Tx",
    "UnkeptTx",
    "Versioned",
    "opened",
]

SUCCESS: Final = range(200, 300)

_SLUG: Final = re.compile("[a-z0-9-]{1,40}")
_TAG: Final = re.compile('"?([0-9]{1,18})"?')


async def _transaction(request: Request, idempotency_key: Key = None) -> AsyncIterator[Transaction]:
    """The transaction of this request; it sees the community in the path and no other."""
    async with opened(request, *_communities(request), key=idempotency_key) as tx:
        yield tx


async def _unkept_transaction(request: Request) -> AsyncIterator[Transaction]:
    """The same for a POST that takes no key, because its answer must not be kept."""
    async with opened(request, *_communities(request), key=None) as tx:
        yield tx


async def _platform_transaction(request: Request) -> AsyncIterator[Transaction]:
    """A transaction over all communities, for actions that only platform roles may do."""
    if not request.state.caller.platform_roles:
        raise NotAllowed
    key = request.headers.get("idempotency-key")
    async with opened(request, ALL_COMMUNITIES, key=key) as tx:
        yield tx


def _communities(request: Request) -> list[str]:
    """The community in the path, or those of the caller. Raises NotFound for `*` and the like."""
    caller = request.state.caller  # a route without a permission has none, and fails here
    community = request.path_params.get("community")
    if community is None:  # what belongs to no community is kept under the platform's sign
        return [PLATFORM, *caller.memberships]
    if not _SLUG.fullmatch(community):
        raise NotFound
    return [community]


@asynccontextmanager
async def opened(
    request: Request, *communities: str, key: str | None, asker: Asker | None = None
) -> AsyncGenerator[Transaction]:
    """A transaction over `communities`; a POST that brings a key is done once.

    `asker` says whose key it is where nobody is signed in.
    """
    changes = request.method != "GET"
    once = None
    if key is not None and request.method == "POST":
        once = Once(request, key, asker or _asker(request))
    database: Database = request.app.state.service.database
    try:
        async with database.transaction(*communities) as tx:
            if once is not None:
                request.state.keep = partial(once.keep, tx)
            yield tx
            if changes:
                reach(Point.DOOR_BEFORE_COMMIT)
    except (Problem, asyncpg.PostgresError):
        if once is not None:  # what was done already may well be refused when it comes again
            async with database.transaction(*communities) as tx:
                await once.answer_again(tx)
        raise
    if changes:
        reach(Point.DOOR_AFTER_COMMIT)


Tx = Annotated[Transaction, Depends(_transaction, scope="function")]
"""One request's transaction: committed after the answer is made, before it leaves."""

PlatformTx = Annotated[Transaction, Depends(_platform_transaction, scope="function")]
"""The same over every community."""

UnkeptTx = Annotated[Transaction, Depends(_unkept_transaction, scope="function")]
"""For a POST whose answer tells names or codes: kept, it would be a second home of them."""


def _asker(request: Request) -> Asker:
    return Asker(
        str(request.state.caller.person_id),
        request.path_params.get("community", PLATFORM),
        f"{request.method} {request.url.path}?{request.url.query}",
    )


class Door(APIRoute):
    """A route that keeps its answer, inside the transaction, when the request brought a key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler; the transaction is still open when it returns."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            answer = await handle(request)
            keep = getattr(request.state, "keep", None)
            if keep is not None and answer.status_code in SUCCESS:
                await keep(answer)
            return answer

        return handle_once


class Versioned(BaseModel):
    """An answer about something that has a version."""

    version: int


class _Edition:
    """The version the caller has seen (`If-Match`) and the one that the answer tells (`ETag`)."""

    def __init__(self, response: Response, if_match: str | None) -> None:
        self._response = response
        self._if_match = if_match

    @property
    def expected(self) -> int | None:
        """The version the caller has seen; None: any. Raises StaleVersion for a foreign tag."""
        if self._if_match in {None, "*"}:
            return None
        tag = _TAG.fullmatch(str(self._if_match))
        if tag is None:
            raise StaleVersion
        return int(tag[1])

    def told[V: Versioned](self, view: V) -> V:
        """Put the version of `view` on the answer."""
        self._response.headers["etag"] = f'"{view.version}"'
        return view


async def _edition(
    response: Response, if_match: Annotated[str | None, Header()] = None
) -> _Edition:
    return _Edition(response, if_match)


Edition = Annotated[_Edition, Depends(_edition)]
"""`edition.expected` goes to the action, `edition.told(view)` answers."""
