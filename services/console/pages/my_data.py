"""A copy of what is kept about the visitor, as one file (个人信息保护法 §45)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import batched
from typing import Any, Final, Protocol
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages.access import SignedIn
from services.console.pages.parts.times import ZONE
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from shared import clock

__all__ = ["router"]

router = APIRouter()

AT_ONCE: Final = 100
MOST_PAGES: Final = 100
"""Ten thousand entries of a list; whoever has more is told that the older ones are missing."""

TOGETHER: Final = 5
"""So many histories are asked for at a time: a copy must not hold up other people's pages."""

ABOUT: Final = N_("近邻里关于您的资料。照片请在各条诉求里查看。missing 里写着这次没有取到的部分。")
NOT_NOW: Final = N_("服务暂时不可用，这部分没有取全。请过几分钟再下载一次。")
TOO_LONG: Final = N_("条目太多，只有最新的。需要更早的，请联系社区工作人员。")


class PageOf[T](Protocol):
    """A page of any list."""

    @property
    def items(self) -> Sequence[T]:
        """Its entries."""
        ...

    @property
    def next(self) -> UUID | None:
        """The entry to go on after."""
        ...


class TooLong(Exception):  # noqa: N818 - a word for the file
    """A list has more entries than a copy holds."""


@router.get("/me/data")
async def my_data(visitor: SignedIn) -> Response:
    """The file, sent as it is put together: nobody's whole past lies in the memory."""
    day = clock.now().astimezone(ZONE).date().isoformat()
    headers = {"content-disposition": f'attachment; filename="jinlin-my-data-{day}.json"'}
    answer = StreamingResponse(
        Copy(visitor).pieces(), media_type="application/json", headers=headers
    )
    return visitor.with_cookies(answer)


class Copy:
    """What the visitor may read about themselves anyway, part by part.

    A part that cannot be had does not end the file: it is named in `missing`, and why.
    """

    def __init__(self, visitor: Visitor) -> None:
        """Take whose copy it is."""
        self._visitor = visitor
        self._services = visitor.services
        self._caller = visitor.caller
        self._missing: list[dict[str, str]] = []

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file, in pieces of JSON."""
        yield b'{\n"made_at": ' + to_json(clock.now())
        yield b',\n"about": ' + to_json(self._visitor.gettext(ABOUT))
        for name, lists in self._parts():
            yield b",\n" + to_json(name) + b": ["
            separator = b"\n"
            for where, entries in lists:
                async for entry in self._as_far_as(name, where, entries):
                    yield separator + to_json(entry)
                    separator = b",\n"
            yield b"]"
        yield b',\n"missing": ' + to_json(self._missing) + b"\n}\n"

    def _parts(self) -> Iterator[tuple[str, list[tuple[str, AsyncIterator[Any]]]]]:
        """The parts by name: for each of the visitor's communities a list of entries."""
        who = self._visitor.who
        own = list(who.memberships) if who else []
        directory, notify = self._services.directory, self._services.notify
        inbox = _entries(lambda after: notify.list_inbox(self._caller, after=after, limit=AT_ONCE))
        yield "me", [("", _one(directory.get_me(self._caller)))]
        yield "requests", [(one, self._requests(one)) for one in own]
        yield "tasks", [(one, self._tasks(one)) for one in own]
        yield "points", [(one, self._points(one)) for one in own]
        yield "statement", [(one, self._statement(one)) for one in own]
        yield "inbox", [("", inbox)]

    async def _as_far_as(
        self, name: str, where: str, entries: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """The entries, each with its community, until a service ends the list before its end."""
        try:
            async for entry in entries:
                yield {"community": where} | entry if where else entry
        except (Refused, TooMany, Unavailable, TooLong) as problem:
            self._missing.append({"part": name, "community": where, "why": self._why(problem)})

    def _why(self, problem: Exception) -> str:
        match problem:
            case Refused(title=str(title)) if title:
                return title
            case TooLong():
                return self._visitor.gettext(TOO_LONG)
            case _:
                return self._visitor.gettext(NOT_NOW)

    async def _requests(self, community: str) -> AsyncIterator[dict[str, Any]]:
        """Those that the visitor asked, filed or handles, each with its history."""
        ask, caller = self._services.requests, self._caller
        pages = _pages(
            lambda after: ask.list_requests(
                caller, community, mine=True, after=after, limit=AT_ONCE
            )
        )
        async for page in pages:
            for some in batched(page, TOGETHER, strict=False):
                histories = await asyncio.gather(
                    *(ask.get_history(caller, community, one.id) for one in some)
                )
                for one, steps in zip(some, histories, strict=True):
                    yield {"request": one, "history": steps}

    async def _tasks(self, community: str) -> AsyncIterator[dict[str, Any]]:
        ask, caller = self._services.volunteers.list_tasks, self._caller
        found = _entries(
            lambda after: ask(caller, community, mine=True, after=after, limit=AT_ONCE)
        )
        async for one in found:
            yield {"task": one}

    async def _points(self, community: str) -> AsyncIterator[dict[str, Any]]:
        yield {"account": await self._services.points.get_my_account(self._caller, community)}

    async def _statement(self, community: str) -> AsyncIterator[dict[str, Any]]:
        ask, caller = self._services.points.get_my_statement, self._caller
        async for one in _entries(lambda after: ask(caller, community, after=after, limit=AT_ONCE)):
            yield {"line": one}


async def _pages[T](
    ask: Callable[[UUID | None], Awaitable[PageOf[T]]],
) -> AsyncIterator[Sequence[T]]:
    """Every page of a list. Raises TooLong after the last that a copy holds."""
    after: UUID | None = None
    for _ in range(MOST_PAGES):
        page = await ask(after)
        yield page.items
        after = page.next
        if after is None:
            return
    raise TooLong


async def _entries[T](ask: Callable[[UUID | None], Awaitable[PageOf[T]]]) -> AsyncIterator[T]:
    async for page in _pages(ask):
        for one in page:
            yield one


async def _one[T](call: Awaitable[T]) -> AsyncIterator[T]:
    yield await call
