"""One request is one transaction, a repeated one has one effect, and every refusal is a problem."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
import pytest_asyncio
from sqlalchemy import text

from shared import connections, ids
from shared.database import Database, Unreachable
from shared.events import PLATFORM
from shared.limits import LARGEST_BODY_BYTES
from tests.support.platform import Neighbourhood, Person, Platform, eventually
from tests.support.toy.behaviour import behaviour
from tests.support.toy.events import Returned
from tests.support.toy.running import Toy, client, running, settings


class Desk:
    """A member of a community in front of the toy's door."""

    def __init__(self, toy: Toy, hood: Neighbourhood, who: Person) -> None:
        self.toy = toy
        self.hood = hood
        self.who = who

    async def send(
        self, method: str, path: str, *, who: Person | None = None, **request: Any
    ) -> httpx.Response:
        async with self.toy.client((who or self.who).token) as http:
            return await http.request(method, path, **request)

    async def write(
        self, words: str, key: str | None = None, *, who: Person | None = None, path: str = ""
    ) -> httpx.Response:
        headers = {"idempotency-key": key} if key is not None else {}
        return await self.send(
            "POST",
            f"/{self.hood.slug}/notes{path}",
            who=who,
            json={"words": words},
            headers=headers,
        )

    async def notes(self) -> list[str]:
        rows = await self.toy.rows(
            "SELECT words FROM note WHERE community = :community", community=self.hood.slug
        )
        return sorted(row.words for row in rows)

    async def answers_kept(self) -> int:
        rows = await self.toy.rows(
            "SELECT 1 FROM answers WHERE principal = :who", who=str(self.who.id)
        )
        return len(rows)


@pytest_asyncio.fixture
async def desk(toy: Toy, hood: Neighbourhood) -> Desk:
    person_id = ids.new_id()
    await eventually(lambda: knows_key(toy))
    return Desk(toy, hood, Person(person_id, hood.token(person_id, "resident")))


async def knows_key(toy: Toy) -> bool:
    """Whether the directory's key has arrived, from its first telling on."""
    return bool(await toy.rows("SELECT 1 FROM signing_key"))


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of a problem, after a look at its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"urn:jinlin:problem:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body.keys() <= {"type", "title", "status", "detail", "errors"}
    return body


class TestKeys:
    async def test_the_same_key_gives_the_first_answer_again(self, desk: Desk) -> None:
        first = await desk.write("修灯", "k1")
        again = await desk.write("修灯", "k1")
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.content == first.content
        assert again.headers["etag"] == first.headers["etag"] == '"1"'
        assert again.headers["content-type"] == first.headers["content-type"]
        assert again.headers["idempotency-replayed"] == "true"
        assert "idempotency-replayed" not in first.headers
        assert await desk.notes() == ["修灯"]
        assert len(await desk.toy.platform.told(Returned, community=desk.hood.slug)) == 1

    async def test_the_same_key_for_another_body_or_route_is_refused(self, desk: Desk) -> None:
        await desk.write("修灯", "k2")
        problem(await desk.write("修门", "k2"), 422, "key-reused")
        problem(await desk.write("修灯", "k2", path="/refused"), 422, "key-reused")
        assert await desk.notes() == ["修灯"]

    async def test_keys_of_others_are_others(self, desk: Desk) -> None:
        other_id = ids.new_id()
        other = Person(other_id, desk.hood.token(other_id, "resident"))
        mine = await desk.write("我的", "k3")
        theirs = await desk.write("他的", "k3", who=other)
        assert (mine.status_code, theirs.status_code) == (201, 201)
        assert await desk.notes() == ["他的", "我的"]

    async def test_a_key_is_for_one_community(self, desk: Desk) -> None:
        """Whoever lives in two may use it in both."""
        platform, here = desk.toy.platform, desk.hood.slug
        there = f"{here}-2"
        token = platform.token(desk.who.id, {one: {"roles": ["resident"]} for one in (here, there)})
        both = Person(desk.who.id, token)
        request: dict[str, Any] = {
            "json": {"words": "一"},
            "headers": {"idempotency-key": "k4"},
            "who": both,
        }
        first = await desk.send("POST", f"/{here}/notes", **request)
        second = await desk.send("POST", f"/{there}/notes", **request)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["id"] != second.json()["id"]
        assert "idempotency-replayed" in (
            await desk.send("POST", f"/{there}/notes", **request)
        ).headers  # fmt: skip

    async def test_twenty_at_once_have_one_effect(self, desk: Desk) -> None:
        """Who is told to come again, for the pool is small, does so with the same key."""

        async def taken() -> httpx.Response | None:
            answer = await desk.write("同时", "k5")
            return None if answer.status_code == 503 else answer

        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(eventually(taken)) for _ in range(20)]
        answers = [one.result() for one in asked]
        assert {one.status_code for one in answers if one} == {201}
        assert len({one.content for one in answers}) == 1
        assert sum("idempotency-replayed" not in one.headers for one in answers) == 1
        assert await desk.notes() == ["同时"]
        assert len(await desk.toy.platform.told(Returned, community=desk.hood.slug)) == 1

    async def test_a_second_one_waits_for_the_first_and_takes_back_what_it_did(
        self, desk: Desk
    ) -> None:
        behaviour.gate.clear()
        try:
            both = [asyncio.create_task(desk.write("慢", "k6")) for _ in range(2)]
            await eventually(two_wait)
        finally:
            behaviour.gate.set()
        first, second = await asyncio.gather(*both)
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert await desk.notes() == ["慢"]

    async def test_a_refusal_is_not_kept(self, desk: Desk) -> None:
        for _ in range(2):
            answer = await desk.write("不行", "k7", path="/refused")
            problem(answer, 409, "already-said")
            assert "idempotency-replayed" not in answer.headers
        assert await desk.answers_kept() == 0
        assert await desk.notes() == []

    async def test_nothing_is_kept_of_a_transaction_that_fails_at_its_commit(
        self, desk: Desk
    ) -> None:
        await desk.write("第一张", path="/board")
        told = await desk.toy.platform.told(Returned, community=desk.hood.slug)
        problem(await desk.write("第二张", "k8", path="/board"), 409, "wrong-state")
        assert await desk.answers_kept() == 0
        assert await desk.toy.platform.told(Returned, community=desk.hood.slug) == told
        assert await desk.notes() == ["第一张"]
        assert (await desk.write("另一次", "k8")).status_code == 201

    async def test_a_key_has_at_most_200_characters(self, desk: Desk) -> None:
        problem(await desk.write("长", "k" * 201), 400, "key-too-long")
        assert (await desk.write("长", "k" * 200)).status_code == 201

    async def test_a_key_works_where_no_community_is_in_the_path(self, desk: Desk) -> None:
        request: dict[str, Any] = {
            "json": {"words": "一二三"},
            "headers": {"idempotency-key": "k9"},
        }
        first = await desk.send("POST", "/mine", **request)
        again = await desk.send("POST", "/mine", **request)
        assert (first.status_code, first.json()) == (200, {"count": 3})
        assert again.headers["idempotency-replayed"] == "true"

    async def test_a_key_works_for_the_whole_platform(self, desk: Desk) -> None:
        operator_id = ids.new_id()
        token = desk.toy.platform.token(operator_id, platform_roles=["operator"])
        request: dict[str, Any] = {
            "who": Person(operator_id, token),
            "json": {"words": "一"},
            "headers": {"idempotency-key": "k10"},
        }
        first = await desk.send("POST", "/mine/platform", **request)
        again = await desk.send("POST", "/mine/platform", **request)
        assert first.status_code == 200, first.text
        assert again.headers["idempotency-replayed"] == "true"
        (kept,) = await desk.toy.rows(
            "SELECT community FROM answers WHERE principal = :who", who=str(operator_id)
        )
        assert kept.community == PLATFORM


class TestVersions:
    async def test_the_version_seen_must_be_the_present_one(self, desk: Desk) -> None:
        note = (await desk.write("一版")).json()
        path = f"/{desk.hood.slug}/notes/{note['id']}"
        seen = await desk.send("GET", path)
        assert seen.headers["etag"] == '"1"'
        changed = await desk.send(
            "PUT", path, json={"words": "二版"}, headers={"if-match": seen.headers["etag"]}
        )
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        stale = await desk.send("PUT", path, json={"words": "三"}, headers={"if-match": '"1"'})
        problem(stale, 412, "stale-version")
        for tag in ("*", None):
            headers = {"if-match": tag} if tag else {}
            answer = await desk.send("PUT", path, json={"words": f"{tag}"}, headers=headers)
            assert answer.status_code == 200

    @pytest.mark.parametrize(
        "tag", ['"x"', 'W/"1"', '""', '"-1"', '"1', '"1", "2"', f'"{"9" * 30}"', "9" * 5000]
    )
    async def test_a_tag_that_we_never_gave_is_stale(self, desk: Desk, tag: str) -> None:
        note = (await desk.write(tag[:9])).json()
        path = f"/{desk.hood.slug}/notes/{note['id']}"
        answer = await desk.send("PUT", path, json={"words": "新"}, headers={"if-match": tag})
        if tag == '"1':  # lenient: the quotes are not counted
            assert answer.status_code == 200
        else:
            problem(answer, 412, "stale-version")


class TestBodies:
    async def test_an_announced_body_that_is_too_large_is_not_read(self, desk: Desk) -> None:
        large = orjson.dumps({"words": "x" * LARGEST_BODY_BYTES})
        answer = await desk.send("POST", f"/{desk.hood.slug}/notes", content=large)
        problem(answer, 413, "too-large")

    async def test_a_chunked_body_is_counted(self, desk: Desk) -> None:
        sent = 0

        async def chunks() -> AsyncIterator[bytes]:
            nonlocal sent
            yield b'{"words": "'
            for _ in range(100):
                sent += 64 * 1024
                yield b"x" * 64 * 1024
            yield b'"}'

        answer = await desk.send("POST", f"/{desk.hood.slug}/notes", content=chunks())
        problem(answer, 413, "too-large")

    async def test_a_body_just_within_the_limit_is_read(self, desk: Desk) -> None:
        padding = b" " * (LARGEST_BODY_BYTES - 20)
        answer = await desk.send(
            "POST",
            f"/{desk.hood.slug}/notes",
            content=b'{"words": "x"}' + padding,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 201, answer.text

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"words"',
            b"\xff\xfe",
            b'{"words": NaN}',
            b'{"words": 1}',
            b'{"words": "a\\u0000b"}',
            b'{"words": "a\\u001bb"}',
            b'{"words": "\\ud800"}',
            b'{"words": "a", "community": "elsewhere"}',
            b'{"words": "a", "version": 7}',
            b'{"words": "' + b"x" * 2001 + b'"}',
            b'{"words": "a", "depth": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
            b'{"words": "a", "depth": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
            b"[" * 500_000,
        ],
        ids=lambda body: body[:40].decode(errors="replace"),
    )
    async def test_a_malformed_body_is_refused(self, desk: Desk, body: bytes) -> None:
        answer = await desk.send(
            "POST",
            f"/{desk.hood.slug}/notes",
            content=body,
            headers={"content-type": "application/json"},
        )
        assert answer.status_code in {400, 422}, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert await desk.notes() == []

    async def test_what_is_wrong_is_named(self, desk: Desk) -> None:
        answer = await desk.send(
            "POST", f"/{desk.hood.slug}/notes", json={"words": 7, "points": 100}
        )
        errors = problem(answer, 422, "malformed")["errors"]
        assert {one["field"] for one in errors} == {"words", "points"}
        assert all(one["reason"] for one in errors)

    async def test_nul_in_an_address_is_refused(self, desk: Desk) -> None:
        operator_id = ids.new_id()
        token = desk.toy.platform.token(operator_id, platform_roles=["operator"])
        operator = Person(operator_id, token)
        for community in ("%00", "a%00b", "*", "a,b", "_", "%0A", f"{desk.hood.slug}%0A"):
            for who in (desk.who, operator):
                answer = await desk.send("GET", f"/{community}/known", who=who)
                assert answer.status_code in {404, 422}, (community, answer.text)


SENTENCES = {
    "zh": {401: "请先登录。", 403: "您没有这项操作的权限。", 404: "没有找到。"},
    "en": {
        401: "Please sign in first.",
        403: "Your role does not allow this.",
        404: "There is nothing here with this id.",
    },
}


class TestProblems:
    @pytest.mark.parametrize("language", ["zh", "en"])
    async def test_each_status_has_its_words(self, desk: Desk, language: str) -> None:
        here = f"/{desk.hood.slug}/notes"
        auditor = Person(ids.new_id(), desk.hood.token(ids.new_id(), "auditor"))
        body = {"json": {"words": "词"}}
        await desk.write("有了")
        note = f"{here}/{(await desk.write('改我')).json()['id']}"
        stale = {"if-match": '"9"'}
        large = b"x" * (LARGEST_BODY_BYTES + 1)
        cases: list[tuple[int, str, tuple[str, str], dict[str, Any]]] = [
            (401, "not-signed-in", ("GET", note), {"who": Person(ids.new_id(), "bad")}),
            (403, "not-allowed", ("POST", here), {"who": auditor, **body}),
            (404, "not-found", ("GET", f"{here}/{ids.new_id()}"), {}),
            (404, "not-found", ("GET", f"/elsewhere/notes/{ids.new_id()}"), {}),
            (405, "unknown-method", ("DELETE", note), {}),
            (409, "already-said", ("POST", f"{here}/refused"), body),
            (412, "stale-version", ("PUT", note), body | {"headers": stale}),
            (413, "too-large", ("POST", here), {"content": large}),
            (422, "malformed", ("POST", here), {"json": {}}),
            (422, "malformed", ("GET", f"{here}/7"), {}),
        ]
        for status, code, (method, path), request in cases:
            spoken = {"accept-language": {"zh": "zh-CN,zh;q=0.9", "en": "en-GB,en"}[language]}
            answer = await desk.send(
                method, path, **request | {"headers": request.get("headers", {}) | spoken}
            )
            title = problem(answer, status, code)["title"]
            assert status != 405 or "GET" in answer.headers["allow"]
            is_chinese = any("一" <= one <= "鿿" for one in title)
            assert is_chinese == (language == "zh")
            if status in SENTENCES[language]:
                assert title == SENTENCES[language][status]

    async def test_without_a_token_the_way_to_sign_in_is_told(self, desk: Desk) -> None:
        async with desk.toy.client() as http:
            for headers in (
                {},
                {"authorization": ""},
                {"authorization": "Bearer"},
                {"authorization": "Bearer "},
                {"authorization": f"Basic {desk.who.token}"},
                {"authorization": desk.who.token},
            ):
                answer = await http.get(f"/{desk.hood.slug}/known", headers=headers)
                problem(answer, 401, "not-signed-in")
                assert answer.headers["www-authenticate"] == "Bearer"

    async def test_chinese_is_spoken_unless_english_is_wanted(self, desk: Desk) -> None:
        for language, title in {
            "": "没有找到。",
            "fr": "没有找到。",
            "zh-TW,en": "没有找到。",
            "EN": "There is nothing here with this id.",
        }.items():
            answer = await desk.send(
                "GET",
                f"/{desk.hood.slug}/notes/{ids.new_id()}",
                headers={"accept-language": language},
            )
            assert problem(answer, 404, "not-found")["title"] == title

    async def test_a_bug_says_nothing_of_itself(self, desk: Desk) -> None:
        answer = await desk.write("机密", path="/large")
        assert problem(answer, 500, "problem").keys() == {"type", "title", "status"}

    async def test_an_error_never_repeats_what_was_written(self, desk: Desk) -> None:
        """Words, names and phones of people are in the parameters of the SQL that failed."""
        query = text("SELECT :secret FROM no_such_table")
        with pytest.raises(asyncpg.PostgresError, match="no_such_table") as failed:
            async with desk.toy.service.database.transaction(desk.hood.slug) as tx:
                await tx.execute(query, {"secret": "13800001111"})
        assert "13800001111" not in str(failed.value)


class TestUnavailable:
    async def test_a_dead_database_is_a_503_at_once(self, desk: Desk, platform: Platform) -> None:
        with socket.socket() as taken:  # bound and not listening: nobody answers there
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            url = f"postgresql+asyncpg://toy:x@127.0.0.1:{port}/toy"
            configured = settings(platform, "toy", platform.servers.nats_url, database_url=url)
            async with running(configured) as app, client(app, desk.who.token) as http:
                began = time.monotonic()
                answers = await asyncio.gather(
                    http.get(f"/{desk.hood.slug}/known"),
                    http.post(f"/{desk.hood.slug}/notes", json={"words": "一"}),
                )
                assert time.monotonic() - began < 2
                for answer in answers:
                    problem(answer, 503, "unavailable")
                    assert int(answer.headers["retry-after"]) > 0
                parts = (await http.get("/readyz")).json()["parts"]
                assert (parts["database"], parts["migrations"]) == (False, False)
                assert (await http.get("/livez")).status_code == 200

    async def test_a_database_that_never_answers_is_a_503_within_two_seconds(
        self, desk: Desk, platform: Platform
    ) -> None:
        """Also to who waits first for a place in the pool, and then for the database."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"postgresql+asyncpg://toy:x@127.0.0.1:{silent.getsockname()[1]}/toy"
            configured = settings(
                platform, "toy", platform.servers.nats_url, database_url=url, pool_size=1
            )
            async with running(configured) as app, client(app, desk.who.token) as http:
                began = time.monotonic()
                path = f"/{desk.hood.slug}/known"
                answers = await asyncio.gather(*(http.get(path) for _ in range(4)))
                assert time.monotonic() - began < 2
                for answer in answers:
                    problem(answer, 503, "unavailable")

    async def test_an_exhausted_pool_is_a_503_within_two_seconds(
        self, desk: Desk, platform: Platform
    ) -> None:
        note = (await desk.write("满")).json()["id"]
        configured = settings(platform, "toy", platform.servers.nats_url, pool_size=2)
        async with running(configured) as app, client(app, desk.who.token) as http:
            path = f"/{desk.hood.slug}/notes/{note}"
            assert (await http.get(path)).status_code == 200
            behaviour.gate.clear()
            try:
                holders = [asyncio.create_task(http.get(path)) for _ in range(2)]
                await eventually(two_wait)
                began = time.monotonic()
                answer = await http.get(path)
                took = time.monotonic() - began
            finally:
                behaviour.gate.set()
            problem(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "2"
            assert took < 2
            assert {(await one).status_code for one in holders} == {200}
            assert (await http.get(path)).status_code == 200

    async def test_who_would_wait_in_vain_is_refused_at_once(
        self, desk: Desk, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody is asked who it is, and health is answered; then all are served again."""
        monkeypatch.setattr(connections, "CROWDED_SECONDS", 0.01)
        configured = settings(platform, "toy", platform.servers.nats_url, pool_size=1)
        async with running(configured) as app, client(app) as stranger:
            pool = app.state.service.database
            path = f"/{desk.hood.slug}/notes"
            async with pool.transaction(desk.hood.slug), asyncio.TaskGroup() as group:
                group.create_task(take(pool))
                await eventually(lambda: is_crowded(pool))
                answer = await stranger.post(path, json={"words": "挤"})
                problem(answer, 503, "unavailable")
                assert int(answer.headers["retry-after"]) > 0
                assert (await stranger.get("/livez")).status_code == 200
            problem(await stranger.post(path, json={"words": "挤"}), 401, "not-signed-in")


async def take(pool: Database) -> None:
    """A transaction of one's own, where there is one to be had."""
    with suppress(Unreachable):
        async with pool.transaction():
            pass


async def is_crowded(pool: Database) -> bool:
    return pool.is_crowded


async def somebody_waits() -> bool:
    return behaviour.waiting > 0


async def two_wait() -> bool:
    return behaviour.waiting == 2
