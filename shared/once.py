"""A POST that brings an `Idempotency-Key` is done once (`DESIGN.md` §9, ADR 0020).

Its first answer is stored in its transaction, under the key. A repetition does its work as if it
were the first, and learns at the end, or when it is refused, that the key has an answer: then it
takes back what it did and gives that answer again. One that comes while the first is under way
waits for it, at the row that both want to write.
"""

import hashlib
from typing import Annotated, Any, Final, NamedTuple

import orjson
from fastapi import Header, Request, Response
from sqlalchemy import text

from shared.answers import AnsweredBefore
from shared.database import Transaction
from shared.problems import Malformed, NotMet, WrongState

__all__ = ["Asker", "Key", "KeyReused", "KeyTooLong", "Once", "RequestUnderWay"]

LONGEST_KEY: Final = 200
KEPT_HEADERS: Final = ("content-type", "etag", "location")

_FIND_ANSWER = text(
    """
    SELECT route, body_hash, status, headers, body FROM answers
    WHERE community = :community AND principal = :principal AND key = :key
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


class KeyReused(Malformed):
    """The Idempotency-Key was used before, for another request."""

    zh = "这个 Idempotency-Key 已用于另一项内容，请换一个新的。"
    en = "This Idempotency-Key was used for another request. Take a new one."


class RequestUnderWay(WrongState):
    """Another request with this Idempotency-Key was faster, and its answer cannot be seen yet."""

    zh = "同一请求正在处理，请稍候再试。"
    en = "The same request is still under way. Wait a moment, then try again."
    retry_after_seconds = 1


class KeyTooLong(NotMet):
    """An Idempotency-Key has at most 200 characters."""

    zh = "Idempotency-Key 最长 200 个字符。"
    en = "An Idempotency-Key has at most 200 characters."


class Asker(NamedTuple):
    """Under what the first answer to a key is kept: whose key, in which community, for what."""

    principal: str
    community: str
    route: str


Key = Annotated[
    str | None,
    Header(description="Any text of your own; the same key gives the first answer again."),
]


class Once:
    """One request with its key."""

    def __init__(self, request: Request, key: str, asker: Asker) -> None:
        """Take the key. Raises KeyTooLong."""
        if len(key) > LONGEST_KEY:
            raise KeyTooLong
        self._request = request
        self._route = asker.route
        self._names = {"community": asker.community, "principal": asker.principal, "key": key}

    async def keep(self, tx: Transaction, answer: Response) -> None:
        """Store `answer` as the first one. Raises RequestUnderWay when there is one: roll back."""
        headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
        kept = await tx.change(
            _KEEP_ANSWER,
            {
                **self._names,
                "route": self._route,
                "body_hash": await self._hash(),
                "status": answer.status_code,
                "headers": orjson.dumps(headers).decode(),
                "body": bytes(answer.body),
            },
        )
        if not kept:
            raise RequestUnderWay

    async def answer_again(self, tx: Transaction) -> None:
        """Return when there is no first answer. Raises AnsweredBefore with it, and KeyReused."""
        found = (await tx.execute(_FIND_ANSWER, self._names)).one_or_none()
        if found is None:
            return
        if (found.route, bytes(found.body_hash)) != (self._route, await self._hash()):
            raise KeyReused
        headers: dict[str, Any] = found.headers | {"idempotency-replayed": "true"}
        raise AnsweredBefore(Response(bytes(found.body), found.status, headers))

    async def _hash(self) -> bytes:
        """Of what makes two requests the same: the body, or what a dependency took out of it.

        That is the `content` of the request's state: a form has another frame whenever it is sent.
        """
        content = getattr(self._request.state, "content", None)
        return hashlib.sha256(await self._request.body() if content is None else content).digest()
