"""Closes over HTTP, from a process that costs little: it shares the cores with what it measures.

`python -m tests.benchmarks.asking`: `ORIGIN` is the host and port of the requests service, `KEY`
the key that the tokens of the requesters are signed with.
"""

import asyncio
import os
import random
import time
from contextlib import suppress
from http import HTTPStatus
from uuid import UUID

import httptools
import orjson
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.identity import ALGORITHM, AUDIENCE
from tests.benchmarks import driving, plain
from tests.benchmarks.driving import Asked

TOKEN_SECONDS = 3600
MOST_ATTEMPTS = 30
LONGEST_PAUSE_SECONDS = 8
COME_AGAIN = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT}
"""Busy, or the first request with this key is still under way."""


class Answer(asyncio.Protocol):
    """A connection that is kept: one request at a time, the status of each answer."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionError("the service hung up"))

    def on_message_complete(self) -> None:
        assert self._answered is not None
        self._answered.set_result(self._parser.get_status_code())

    @property
    def is_open(self) -> bool:
        """Whether the service has not hung up, as it does after some idle seconds."""
        return not self._transport.is_closing()

    async def post(self, path: str, headers: str) -> int:
        """The status of the answer to an empty POST."""
        self._answered = asyncio.get_running_loop().create_future()
        head = f"POST {path} HTTP/1.1\r\nhost: jinlin\r\ncontent-length: 0\r\n{headers}\r\n"
        self._transport.write(head.encode())
        return await self._answered


class Asking:
    """Closes requests over connections that are kept, as many as are needed at once."""

    def __init__(self, origin: str, key: OKPKey) -> None:
        self._host, _, self._port = origin.partition(":")
        self._key = key
        self._free: list[Answer] = []
        self._tokens: dict[UUID, str] = {}

    async def close(self, asked: Asked) -> None:
        """Close one as its requester, with a key of its own, as the pages do.

        Whoever is asked to come again does so, with the same key and ever later, not all at the
        same moment: it is all one wait.
        """
        path = f"/api/requests/{plain.COMMUNITY}/requests/{asked.request_id}/close"
        headers = f"authorization: Bearer {self._token(asked.requester_id)}\r\n"
        headers += f"idempotency-key: close-{asked.request_id}\r\n"
        for attempt in range(MOST_ATTEMPTS):
            status = await self.post(path, headers)
            if status not in COME_AGAIN:
                break
            pause = min(2**attempt, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # as the answer asks
        if status != HTTPStatus.OK:
            raise RuntimeError(f"{path} was answered with {status}")

    async def post(self, path: str, headers: str) -> int:
        """One request over a connection that nobody else uses meanwhile.

        A service hangs up on idle connections, also just when something is on its way to it: then
        it is asked again over a new one, as every client of HTTP does (RFC 9112, 9.3.1).
        """
        self._free = [one for one in self._free if one.is_open]
        if self._free:
            connection = self._free.pop()
            with suppress(ConnectionError):
                return await self._post(connection, path, headers)
        return await self._post(await self._connect(), path, headers)

    async def _post(self, connection: Answer, path: str, headers: str) -> int:
        status = await connection.post(path, headers)
        self._free.append(connection)
        return status

    async def _connect(self) -> Answer:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Answer, self._host, int(self._port))
        return connection

    def _token(self, person_id: UUID) -> str:
        """A token such as the directory signs, once for everybody."""
        if person_id not in self._tokens:
            now = int(time.time())
            membership = {"roles": ["resident"], "organisations": []}
            claims = {
                "iss": "jinlin", "aud": AUDIENCE, "sub": str(person_id), "iat": now,
                "exp": now + TOKEN_SECONDS, "memberships": {plain.COMMUNITY: membership},
                "platform_roles": [],
            }  # fmt: skip
            header = {"alg": ALGORITHM, "kid": str(self._key.kid)}
            self._tokens[person_id] = jwt.encode(header, claims, self._key, algorithms=[ALGORITHM])
        return self._tokens[person_id]


async def main() -> None:
    """Ask for the closes that standard input names."""
    key = OKPKey.import_key(orjson.loads(os.environ["KEY"]))
    await driving.obey(Asking(os.environ["ORIGIN"], key).close)


if __name__ == "__main__":
    driving.run(main())
