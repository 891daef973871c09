"""The pages of a resident, with the services behind them: filing, following, the outcome."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI

from deploy.local.origin import OneOrigin
from services.console.app import create_app
from services.console.pages.parts import times
from services.console.settings import Settings
from shared import clock, ids
from shared.events import Taker, TaskClaimed, TaskCompleted, Work
from tests.integration.console.forms import Reader, remarks
from tests.integration.console.test_sign_in_page import SITE, Account, account, browser, signed_in
from tests.support.pictures import bomb, moving, photo
from tests.support.platform import eventually
from tests.support.silence import sweep

HOSTILE = "<img src=x onerror=alert(1)>\"'&{{ 7*7 }}{% raw %}</script>"
SHOWN = "&lt;img src=x onerror=alert(1)&gt;&#34;&#39;&amp;{{ 7*7 }}{% raw %}&lt;/script&gt;"
REQUEST = re.compile(r"/requests/([0-9a-f-]{36})")


@pytest_asyncio.fixture(scope="module")
async def whole(directory) -> AsyncGenerator[FastAPI]:
    """A console in front of the services that these pages ask."""
    asked = ("directory", "requests", "volunteers", "notify")
    origin = OneOrigin({service: await directory.platform.app(service) for service in asked})
    app = create_app(Settings(origin=SITE), transport=httpx.ASGITransport(origin))
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def reading(
    console: FastAPI, town, who: Account | None = None, **headers: str
) -> AsyncIterator[Reader]:
    """A resident's browser, as soon as the requests service knows the community."""
    async with browser(console, **headers) as client:
        await signed_in(client, who or await account(town))
        reader = Reader(client, town.slug)

        async def has_catalogue() -> bool:
            return "what=repair" in (await reader.page("requests/new")).text

        await eventually(has_catalogue)
        yield reader


async def filed(reader: Reader, town, **typed: str) -> UUID:
    """A request, by the form."""
    place = typed.pop("place", str(town.root_id))
    shown = await reader.page(f"requests/new/tell?what={typed.pop('what', 'repair')}&place={place}")

    async def taken() -> httpx.Response | None:
        words = {"description": "三楼楼道灯不亮"} | typed
        answer = await reader.send(shown, "requests/new/tell", **words)
        return answer if answer.status_code == 303 else None

    answer = await eventually(taken)
    found = REQUEST.search(answer.headers["location"])
    assert found
    return UUID(found[1])


async def resolved(town, request_id: UUID) -> Account:
    """Somebody takes a request and says that it is done."""
    helper = await account(town, "volunteer", name="李师傅")
    platform = town.directory.platform
    async with await platform.client("requests", town.staff) as client:
        for step in ("register", "list"):
            await client.post(f"/{town.slug}/requests/{request_id}/{step}", json={})
    taker, task_id = Taker(kind="person", id=UUID(helper.id)), ids.new_id()
    for version, contract in enumerate((TaskClaimed, TaskCompleted), 1):
        work = Work(taker=taker, person_id=taker.id, service_minutes=30)
        told = {
            "community": town.slug, "occurred_at": clock.now(), "version": version,
            "task_id": task_id, "request_id": request_id, "cycle": 1, "work": (work,),
            "taker": taker, "person_id": taker.id, "under_way": True,
        }  # fmt: skip
        await platform.tell(contract.model_validate(told))

    async def done() -> bool:
        async with await platform.client("requests", town.staff) as client:
            answer = await client.get(f"/{town.slug}/requests/{request_id}")
            return answer.json()["status"] == "resolved"

    await eventually(done)
    return helper


async def test_three_steps_from_the_home_to_a_number(whole, town) -> None:
    compound = await town.place(title="文化路1号院")
    building = await town.place("building", title="3栋", parent_id=compound["id"])
    household = await town.place("household", title="501室", parent_id=building["id"])
    who = await account(town)
    await town.directory.ask(
        "PUT",
        f"/{town.slug}/people/{who.id}/membership",
        town.staff,
        json={"roles": ["resident"], "place_id": household["id"]},
    )
    async with reading(whole, town, who) as reader:
        where = await reader.page("requests/new/where?what=cleaning")
        assert "文化路1号院 3栋" in where.text
        assert f"place={building['id']}" in where.text
        assert household["id"] not in where.text
        inside = await reader.page(f"requests/new/where?what=cleaning&inside={compound['id']}")
        assert f"place={building['id']}" in inside.text
        request_id = await filed(reader, town, what="cleaning", place=building["id"])
        done = await reader.page(f"requests/{request_id}/filed")
        number = re.search(r"WH-\d{4}-\d{6}", done.text)
        assert number
        page = (await reader.page(f"requests/{request_id}")).text
        assert all(one in page for one in (number[0], "文化路1号院 3栋", "环境卫生", "待受理"))
        assert number[0] in (await reader.page("requests")).text
        first = (await reader.page("requests/new")).text
        assert first.index("what=cleaning") < first.index("what=repair")


async def test_a_step_that_was_skipped_is_asked_first(whole, town) -> None:
    async with reading(whole, town) as reader:
        for path, onward in (
            ("requests/new/tell", "requests/new"),
            ("requests/new/tell?what=repair", "requests/new/where?what=repair"),
            ("requests/new/tell?what=repair&place=nowhere", "requests/new/where?what=repair"),
        ):
            answer = await reader.page(path, 303)
            assert answer.headers["location"] == reader.at(onward)


async def test_what_is_missing_is_said_beside_its_field_and_what_was_typed_is_kept(
    whole, town
) -> None:
    async with reading(whole, town) as reader:
        shown = await reader.page(f"requests/new/tell?what=repair&place={town.root_id}")
        typed = {"description": " ", "spot": HOSTILE, "whom": "other", "name": " ", "phone": "139"}
        page = await reader.send(shown, "requests/new/tell", **typed)
        assert page.status_code == 400
        assert set(remarks(page)) == {"description", "name"}
        assert f'value="{SHOWN}"' in page.text
        assert 'value="139"' in page.text
        assert '<input type="radio" name="whom" value="other" checked>' in page.text
        long = await reader.send(page, "requests/new/tell", description="字" * 2001, whom="me")
        assert long.status_code == 422
        assert set(remarks(long)) == {"description"}
        assert "字" * 2001 in long.text
        assert (await reader.page("requests")).text.count("WH-") == 0


async def test_for_whom_and_where_exactly_is_read_by_those_it_concerns(whole, town) -> None:
    async with reading(whole, town) as reader, reading(whole, town) as neighbour:
        request_id = await filed(
            reader,
            town,
            description=HOSTILE,
            spot=HOSTILE,
            whom="other",
            name="王阿姨",
            phone="139",
        )
        page = (await reader.page(f"requests/{request_id}")).text
        assert page.count(SHOWN) >= 2
        assert "替别人报：王阿姨，139" in page
        assert "<img" not in page
        async with await town.directory.platform.client("requests", town.staff) as client:
            await client.post(f"/{town.slug}/requests/{request_id}/register")
        seen = (await neighbour.page(f"requests/{request_id}")).text
        assert "王阿姨" not in seen
        assert seen.count("7*7") == page.count("7*7") - 1


async def test_a_form_that_is_sent_twice_files_once(whole, town) -> None:
    async with reading(whole, town) as reader:
        await filed(reader, town)
        shown = await reader.page(f"requests/new/tell?what=repair&place={town.root_id}")
        sent = [
            await reader.send(
                shown, "requests/new/tell", description="漏水", photos=[("a", photo())]
            )
            for _ in range(2)
        ]
        assert sent[0].headers["location"] == sent[1].headers["location"]
        found = REQUEST.search(sent[0].headers["location"])
        assert found
        page = (await reader.page(f"requests/{found[1]}")).text
        addresses = re.findall(r'<img src="([^"]+)"', page)
        assert len(addresses) == 1
        picture = await reader.client.get(addresses[0])
        assert picture.content.startswith(b"\xff\xd8")
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        ([("a.pdf", b"%PDF-1.7 no photo")], 400, "这不是照片"),
        ([("<b>.svg", b"<svg onload='alert(1)'/>")], 400, "（<b>.svg）：这不是照片"),
        ([("a.gif", moving("WEBP"))], 400, "动图"),
        ([("a.jpg", photo()[:900])], 400, "已损坏"),
        ([("a.png", bomb(8000, 6000))], 400, "像素太多"),
        ([("a.jpg", photo()), ("b.jpg", b"")], 400, "第 2 张"),
        ([("a.jpg", photo(size=(9, n))) for n in range(9, 16)], 400, "6 张"),
    ],
)
async def test_a_photo_that_is_refused_is_said_beside_the_field(
    whole, town, sent: list, status: int, says: str
) -> None:
    async with reading(whole, town) as reader:
        request_id = await filed(reader, town)
        shown = await reader.page(f"requests/{request_id}/photos")
        page = await reader.send(shown, f"requests/{request_id}/photos", photos=sent)
        assert page.status_code == status, page.text
        assert says in remarks(page)["photos"]
        assert "<b>" not in page.text
        assert "<svg onload" not in page.text


async def test_what_is_no_photo_is_told_before_anything_is_filed(whole, town) -> None:
    async with reading(whole, town) as reader:
        shown = await reader.page(f"requests/new/tell?what=repair&place={town.root_id}")
        typed = {"description": "漏水了", "photos": [("a.jpg", photo()), ("b.pdf", b"%PDF-1.7")]}
        page = await reader.send(shown, "requests/new/tell", **typed)
        assert page.status_code == 400
        assert "第 2 张（b.pdf）：这不是照片" in remarks(page)["photos"]
        assert "漏水了" in page.text
        assert (await reader.page("requests")).text.count("WH-") == 0


async def test_a_request_stands_without_the_photo_that_was_refused(whole, town) -> None:
    async with reading(whole, town) as reader:
        await filed(reader, town)
        shown = await reader.page(f"requests/new/tell?what=repair&place={town.root_id}")
        photos = [("a.jpg", photo()), ("b.jpg", photo()[:900])]
        sent = await reader.send(shown, "requests/new/tell", description="漏水", photos=photos)
        assert sent.status_code == 303
        page = await reader.page(sent.headers["location"])
        assert re.search(r"WH-\d{4}-\d{6}", page.text)
        assert "第 2 张没有加上" in page.text
        found = REQUEST.search(sent.headers["location"])
        assert found
        assert (await reader.page(f"requests/{found[1]}")).text.count("<img") == 1


async def test_solved_and_rated(whole, town) -> None:
    async with reading(whole, town) as reader:
        request_id = await filed(reader, town)
        await resolved(town, request_id)
        page = await reader.page(f"requests/{request_id}")
        assert "请您确认" in page.text
        assert "李*" in page.text
        done = await reader.send(page, f"requests/{request_id}/confirm")
        assert done.headers["location"] == reader.at(f"requests/{request_id}/rate")
        shown = await reader.page(f"requests/{request_id}/rate")
        nothing = await reader.send(shown, f"requests/{request_id}/rate", note=HOSTILE)
        assert nothing.status_code == 400
        assert 'id="stars_remark"' in nothing.text
        assert SHOWN in nothing.text
        rated = await reader.send(nothing, f"requests/{request_id}/rate", stars="5", note=HOSTILE)
        assert rated.headers["location"].endswith("?done=rated")
        page = (await reader.page(f"requests/{request_id}")).text
        assert "非常满意" in page
        assert SHOWN in page
        assert f"requests/{request_id}/rate" not in page
        again = await reader.send(shown, f"requests/{request_id}/rate", stars="1")
        assert again.status_code in {409, 422}


async def test_silence_is_announced_and_what_came_of_it_is_told(whole, town) -> None:
    platform = town.directory.platform
    staff = await account(town, "community_staff")
    async with reading(whole, town) as reader, reading(whole, town, staff) as desk:
        request_id = await filed(reader, town)
        await resolved(town, request_id)
        paper = (await desk.page(f"requests/{request_id}/slip")).text
        assert "会自动结案" not in paper
        async with await platform.client("requests", town.staff) as client:
            slip = (await client.post(f"/{town.slug}/requests/{request_id}/slip")).json()
        day = times.day(clock.now() + timedelta(days=7), lambda words: words)
        announced = f"如果您一直没有确认，到{day}会自动结案。"
        own = f"requests/{request_id}"
        for page in (await reader.page(own), await reader.page(slip["path"])):
            assert announced in page.text
        panel = await desk.page(f"desk?open={request_id}")
        assert f"如果一直没有人确认，到{day}会自动结案。" in panel.text
        await sweep(platform.databases, request_id)
        page = (await reader.page(own)).text
        assert "一直没有收到您的确认，已经自动结案。" in page
        assert "没解决，重新打开" in page
        for path in (own, slip["path"]):
            page = (await reader.page(path)).text
            assert "没有收到确认，自动结案" in page
            assert announced not in page
        english = (await reader.page(f"{own}?lang=en")).text
        assert "We did not hear from you, so it was closed by itself." in english
        assert "Nobody confirmed it: closed by itself" in english

        async def told() -> bool:
            return "办好后一直没有收到确认，已自动结案。" in (await reader.page("/inbox")).text

        await eventually(told)


async def test_not_solved_needs_a_reason_and_goes_back(whole, town) -> None:
    async with reading(whole, town) as reader:
        request_id = await filed(reader, town)
        await resolved(town, request_id)
        shown = await reader.page(f"requests/{request_id}/not-solved")
        page = await reader.send(shown, f"requests/{request_id}/not-solved", reason=" ")
        assert page.status_code == 400
        assert set(remarks(page)) == {"reason"}
        sent = await reader.send(page, f"requests/{request_id}/not-solved", reason=HOSTILE)
        assert sent.status_code == 303
        page = (await reader.page(f"requests/{request_id}")).text
        assert "处理中" in page
        assert SHOWN in page


async def test_withdrawing_ends_it_and_a_second_time_says_why_not(whole, town) -> None:
    async with reading(whole, town) as reader:
        request_id = await filed(reader, town)
        shown = await reader.page(f"requests/{request_id}/withdraw")
        sent = await reader.send(shown, f"requests/{request_id}/withdraw", reason="自己修好了")
        assert sent.headers["location"].endswith("?done=withdrawn")
        page = (await reader.page(f"requests/{request_id}?done=withdrawn")).text
        assert "已撤单" in page
        assert "自己修好了" in page
        shown = await reader.page(f"requests/{request_id}/withdraw")
        late = await reader.send(shown, f"requests/{request_id}/withdraw", reason=HOSTILE)
        assert late.status_code == 409
        assert 'class="remark" role="alert"' in late.text
        assert SHOWN in late.text


async def test_what_is_private_is_no_page_for_neighbours(whole, town) -> None:
    async with reading(whole, town) as reader, reading(whole, town) as neighbour:
        request_id = await filed(reader, town, what="company")
        for path in ("", "/filed", "/photos", "/photos/" + str(ids.new_id())):
            await neighbour.page(f"requests/{request_id}{path}", 404)


async def test_notices_are_counted_listed_and_opened(whole, town) -> None:
    async with reading(whole, town) as reader:
        request_id = await filed(reader, town)
        await resolved(town, request_id)

        async def told() -> httpx.Response | None:
            page = await reader.page("/inbox")
            return page if 'id="unread"><span data-live-count>3<' in page.text else None

        page = await eventually(told)
        assert page.text.count('class="state new"') == 3
        assert "请确认结果" in (await reader.page("")).text
        actions = re.findall(r'action="(/inbox/[0-9a-f-]+)"', page.text)
        opened = await reader.send(page, actions[0])
        assert opened.headers["location"] == reader.at(f"requests/{request_id}")
        page = await reader.page("/inbox")
        assert 'id="unread"><span data-live-count>2<' in page.text
        gone = await reader.send(
            page, actions[1].replace(actions[1][-12:], "0" * 12), at=actions[1]
        )
        assert gone.status_code == 404
        assert gone.text.count('role="alert"') == 1
        assert (await reader.send(page, "/inbox")).status_code == 303
        page = await reader.page("/inbox")
        assert 'id="unread" hidden' in page.text
        assert page.text.count("data-live-row=") == 3


async def test_my_data_is_shown_and_changed(whole, town) -> None:
    who = await account(town, name=HOSTILE[:28])
    async with reading(whole, town, who) as reader:
        page = await reader.page("/me")
        assert "&lt;img src=x" in page.text
        stale = page
        typed = {"language": "en", "login_name": who.login_name + "-2"}
        sent = await reader.send(page, "/me/details", **typed)
        assert sent.headers["location"] == "/me?done=details"
        page = await reader.page("/me")
        assert f'value="{typed["login_name"]}"' in page.text
        assert '<input type="radio" name="language" value="en" checked>' in page.text
        late = await reader.send(stale, "/me/details", language="zh-CN", login_name="other")
        assert late.status_code == 412
        assert 'class="remark" role="alert"' in late.text
        wrong = await reader.send(page, "/me/details", language="en", login_name=HOSTILE)
        assert wrong.status_code == 422
        assert set(remarks(wrong)) == {"login_name"}
        assert SHOWN in wrong.text
