"""The door of a service: one request is one transaction, and a repeated one has one effect.

`Tx` opens the transaction of a request for the community in its path. A POST may carry an
`Idempotency-Key`: its first answer is stored in the same transaction and given again when the key
comes again (`DESIGN.md` §9).
"""

import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, NamedTuple

import orjson
from fastapi import Depends, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import text

from shared.chaos import Point, reach
from shared.database import ALL_COMMUNITIES, Transaction
from shared.events import PLATFORM
from shared.problems import Malformed, NotAllowed, NotFound, NotMet, StaleVersion, WrongState

__all__ = [
    "Asker",
    "Door",
    "Edition",
    "Key",
    "KeyReused",
    "PlatformTx",
    "RequestUnderWay",
    "Tx",
    "UnkeptTx",
    "Versioned",
    "opened",
]

LONGEST_KEY: Final = 200
SUCCESS: Final = range(200, 300)

_FIND_ANSWER = text(
    """
    SELECT pg_try_advisory_xact_lock(
               hashtextextended(concat_ws(' ', :community, :principal, :key), 0)) AS locked,
           answer.route, answer.body_hash, answer.status, answer.headers, answer.body
    FROM (SELECT) AS always
    LEFT JOIN answers AS answer ON answer.community = :community
        AND answer.principal = :principal AND answer.key = :key
    """
)
_KEEP_ANSWER = text(
    """
    INSERT INTO answers (principal, key, community, route, body_hash, status, headers, body)
    VALUES (:principal, :key, :community, :route, :body_hash, :status, CAST(:headers AS jsonb),
            :body)
    ON CONFLICT DO NOTHING
    """
)
_SLUG: Final = re.compile("[a-z0-9-]{1,40}")
_TAG: Final = re.compile('"?([0-9]{1,18})"?')


class KeyReused(Malformed):
    """The Idempotency-Key was used before, for another request."""

    zh = "这个 Idempotency-Key 已用于另一项内容，请换一个新的。"
    en = "This Idempotency-Key was used for another request. Take a new one."


class RequestUnderWay(WrongState):
    """The first request with this Idempotency-Key is not finished."""

    zh = "同一请求正在处理，请稍候再试。"
    en = "The same request is still under way. Wait a moment, then try again."
    retry_after_seconds = 1


class KeyTooLong(NotMet):
    """An Idempotency-Key has at most 200 characters."""

    zh = "Idempotency-Key 最长 200 个字符。"
    en = "An Idempotency-Key has at most 200 characters."


class Replayed(Exception):  # noqa: N818 - a word of the trade
    """This request was answered before; carries the answer."""

    def __init__(self, answer: Response) -> None:
        """Keep the first answer."""
        super().__init__()
        self.answer = answer


class Asker(NamedTuple):
    """Under what the first answer to a key is kept: whose key, in which community, for what."""

    principal: str
    community: str
    route: str


Key = Annotated[
    str | None,
    Header(description="Any text of your own; the same key gives the first answer again."),
]


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
    async with request.app.state.service.database.transaction(*communities) as tx:
        if key is not None and request.method == "POST":
            request.state.keeping = await _first_time(tx, request, key, asker or _asker(request))
        yield tx
        if changes:
            reach(Point.DOOR_BEFORE_COMMIT)
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


async def _first_time(
    tx: Transaction, request: Request, key: str, asker: Asker
) -> Callable[[Response], Coroutine[Any, Any, None]]:
    """Make sure this key is new; gives what keeps the answer. Raises Replayed and the problems."""
    if len(key) > LONGEST_KEY:
        raise KeyTooLong
    body_hash = await _hash(request)
    names = {"community": asker.community, "principal": asker.principal, "key": key}
    found = (await tx.execute(_FIND_ANSWER, names)).one()
    if not found.locked:
        raise RequestUnderWay
    if found.route is not None:
        if (found.route, bytes(found.body_hash)) != (asker.route, body_hash):
            raise KeyReused
        raise Replayed(
            Response(
                bytes(found.body), found.status, found.headers | {"idempotency-replayed": "true"}
            )
        )

    async def keep(answer: Response) -> None:
        kept = await tx.change(
            _KEEP_ANSWER,
            {
                **names,
                "route": asker.route,
                "body_hash": body_hash,
                "status": answer.status_code,
                "headers": orjson.dumps(_kept_headers(answer)).decode(),
                "body": bytes(answer.body),
            },
        )
        if not kept:  # the first one ended between our look and our lock
            raise RequestUnderWay

    return keep


async def _hash(request: Request) -> bytes:
    """Of what makes two requests the same: the body, or what a dependency took out of it.

    That is the `content` of the request's state: a form has another frame whenever it is sent.
    """
    content = getattr(request.state, "content", None)
    return hashlib.sha256(await request.body() if content is None else content).digest()


def _kept_headers(answer: Response) -> dict[str, str]:
    return {
        name: value
        for name, value in answer.headers.items()
        if name in {"content-type", "etag", "location"}
    }


class Door(APIRoute):
    """A route that keeps its answer, inside the transaction, when the request brought a key."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler; the transaction is still open when it returns."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            try:
                answer = await handle(request)
            except Replayed as replayed:
                return replayed.answer
            keep = getattr(request.state, "keeping", None)
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
