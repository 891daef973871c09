"""Files on their way through the console's forms: how large, whose, and what is left of them."""

import re
import secrets
from collections.abc import AsyncGenerator

import httpx
import pytest_asyncio

from services.console.pages.register.imports import LARGEST_PACKED_CHARACTERS, packed
from tests.integration.console.test_sign_in_page import SITE, account, browser, console, signed_in

__all__ = ["console"]

HEADER = "name,phone,roles\n"


@pytest_asyncio.fixture
async def staff(console, town) -> AsyncGenerator[httpx.AsyncClient]:
    """The browser of staff, on the pages of the town."""
    async with browser(console) as client:
        await signed_in(client, await account(town, "community_staff"))
        client.base_url = f"{SITE}/in/{town.slug}/register/"
        yield client


async def sent(client: httpx.AsyncClient, path: str, file: bytes = b"", **form: str):
    token = re.search(
        r'name="form_token" value="([^"]+)"', (await client.get("people/import")).text
    )
    assert token
    files = {"file": ("file.csv", file, "text/csv")} if file else None
    return await client.post(path, data=form | {"form_token": token[1]}, files=files)


def remark(answer: httpx.Response) -> str:
    """What is said beside the file."""
    found = re.search(r'id="file_remark"[^>]*>([^<]+)<', answer.text)
    assert found, answer.text
    return found[1]


async def test_a_checked_file_as_large_as_may_be_gets_through_once_more(staff) -> None:
    noise = secrets.token_bytes(LARGEST_PACKED_CHARACTERS * 3 // 4 - 1000)
    held = packed(noise)
    assert LARGEST_PACKED_CHARACTERS - 2000 < len(held) <= LARGEST_PACKED_CHARACTERS
    answer = await sent(staff, "people/import/checked", held=held)
    assert (answer.status_code, "UTF-8" in remark(answer)) == (422, True)
    too_large = await sent(staff, "people/import", secrets.token_bytes(800_000))
    assert (too_large.status_code, remark(too_large)) == (400, "文件太大，请分成多个文件。")


async def test_what_was_not_checked_here_is_no_file(staff) -> None:
    for held in ("", "nonsense", "x" * 900_000):
        answer = await sent(staff, "people/import/checked", held=held)
        assert (answer.status_code, remark(answer)) == (400, "请选择文件。")


async def test_what_became_wrong_since_the_check_is_told_and_nothing_is_stored(staff, town) -> None:
    body = (HEADER.strip() + ",place_code\n张桂兰,13812341234,resident,b1\n").encode()
    await town.directory.made(
        f"/{town.slug}/places", town.staff, {"kind": "building", "title": "1栋", "code": "b1"}
    )
    checked = await sent(staff, "people/import", body)
    held = re.search(r'name="held" value="([^"]+)"', checked.text)
    assert held
    places = (await town.ask("GET", "/places", params={"kind": "building"})).json()["items"]
    await town.ask("DELETE", f"/places/{places[0]['id']}")
    answer = await sent(staff, "people/import/checked", held=held[1], name="居民.csv")
    assert answer.status_code == 400
    assert "编码不存在。" in answer.text, (remark(answer), held[1])
    assert "没有导入任何内容" in answer.text
    found = await town.ask("GET", "/people", params={"q": "13812341234"})
    assert found.json()["items"] == []


async def test_answers_with_codes_or_phones_are_kept_by_nobody(staff, town) -> None:
    body = (HEADER.strip() + ",invite\n王强,13812341235,resident,yes\n").encode()
    answer = await sent(staff, "people/import/checked", held=packed(body))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    person = (await town.ask("GET", "/people", params={"q": "王强"})).json()["items"][0]
    shown = await sent(staff, f"people/{person['id']}/phone", reason="核实")
    assert "13812341235" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    again = await staff.get(f"people/{person['id']}")
    assert "13812341235" not in again.text
