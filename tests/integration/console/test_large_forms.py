"""A form that is too large is answered by a page with a sentence, in the visitor's language."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from services.console.pages.limits import LARGEST_PHOTO_FORM_BYTES, MOST_FORMS_BYTES
from shared.limits import LARGEST_BODY_BYTES
from tests.integration.console.test_first_page import alone, browser
from tests.support.platform import eventually

__all__ = ["alone"]

SIGNED_IN = {"cookie": "__Host-session=0~x~y"}
FORM = {"content-type": "multipart/form-data; boundary=edge"}
WORDS = {"content-type": "application/x-www-form-urlencoded"}
NOT_OURS = 403
"""Read to its end, where no token of ours was found."""
PIECE = b"x" * 512 * 1024


async def pieces(size: int) -> AsyncIterator[bytes]:
    """A file of that size, whose length nobody announces."""
    yield b'--edge\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
    for _ in range(0, size, len(PIECE)):
        yield PIECE


@pytest.mark.parametrize("is_announced", [True, False])
@pytest.mark.parametrize(
    ("size", "headers", "sentence"),
    [
        (LARGEST_BODY_BYTES, WORDS | SIGNED_IN, "提交的内容太大"),
        (LARGEST_BODY_BYTES, FORM, "提交的内容太大"),  # a stranger sends no photos
        (LARGEST_PHOTO_FORM_BYTES, FORM | SIGNED_IN, "最多 6 张，每张不超过 8 MB"),
        (LARGEST_PHOTO_FORM_BYTES, FORM | SIGNED_IN | {"accept-language": "en"}, "6 at most"),
    ],
)
async def test_it_is_told_on_a_page_that_leads_back(
    alone, size: int, headers: dict[str, str], sentence: str, is_announced: bool
) -> None:
    content = b"x" * (size + 1) if is_announced else pieces(size + 1)
    async with browser(alone) as client:
        answer = await client.post("/sign-in", content=content, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "text/html; charset=utf-8")
    assert sentence in answer.text
    assert 'href="/sign-in"' in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_is_as_large_as_photos_may_be_is_read(alone) -> None:
    async with browser(alone) as client:
        answer = await client.post(
            "/sign-in",
            content=pieces(LARGEST_PHOTO_FORM_BYTES - len(PIECE)),
            headers=FORM | SIGNED_IN,
        )
    assert answer.status_code == NOT_OURS


async def test_too_many_at_a_time_wait_and_small_forms_go_on(alone) -> None:
    """As many as there is room for are held; the next one is told to come again."""
    go_on = asyncio.Event()
    arrived = 0

    async def slow() -> AsyncIterator[bytes]:
        nonlocal arrived
        async for piece in pieces(LARGEST_PHOTO_FORM_BYTES - len(PIECE)):
            arrived += len(piece)
            yield piece
        await go_on.wait()

    async def send(client: httpx.AsyncClient, content: AsyncIterator[bytes]) -> int:
        answer = await client.post("/sign-in", content=content, headers=FORM | SIGNED_IN)
        return answer.status_code

    async with browser(alone) as client, asyncio.TaskGroup() as group:
        room = MOST_FORMS_BYTES // LARGEST_PHOTO_FORM_BYTES
        held = [group.create_task(send(client, slow())) for _ in range(room)]

        async def all_have_come() -> bool:
            return arrived >= room * (LARGEST_PHOTO_FORM_BYTES - len(PIECE))

        await eventually(all_have_come)
        too_many = await client.post(
            "/sign-in", content=pieces(8 * len(PIECE)), headers=FORM | SIGNED_IN
        )
        go_on.set()
    assert too_many.status_code == 503
    assert "现在提交照片的人太多" in too_many.text
    assert [one.result() for one in held] == [NOT_OURS] * room
