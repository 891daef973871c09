"""An inbox by HTTP: read it, count it, mark it as read; it is its owner's alone."""

from shared import ids
from shared.events import (
    RequestRegistered,
)
from tests.integration.notify.story import Story
from tests.support.platform import Person, Platform


async def test_reading_counts_and_is_safe_to_repeat(story: Story) -> None:
    for _ in range(3):
        await story.tell(story.step(RequestRegistered, request_id=ids.new_id()))
    await story.kinds(story.requester, *["request_registered"] * 3)
    me = story.requester
    newest, middle, oldest = await story.inbox(me)

    async def unread() -> int:
        return (await story.call(me, "GET", "/inbox/unread")).json()["count"]

    assert await unread() == 3
    first = await story.call(me, "POST", f"/inbox/{oldest['id']}/read")
    assert first.status_code == 200, first.text
    again = await story.call(me, "POST", f"/inbox/{oldest['id']}/read")
    assert (again.status_code, again.json()["read_at"]) == (200, first.json()["read_at"])
    assert await unread() == 2
    assert [one["id"] for one in await story.inbox(me, "?unread=true")] == [
        newest["id"],
        middle["id"],
    ]
    seen = await story.call(me, "POST", "/inbox/read", body={"up_to": middle["id"]})
    assert (seen.status_code, seen.json()) == (200, {"count": 1})
    assert [one["read_at"] is None for one in await story.inbox(me)] == [True, False, False]


async def test_pages_follow_each_other(story: Story) -> None:
    await story.tell(*(story.step(RequestRegistered, request_id=ids.new_id()) for _ in range(5)))
    await story.kinds(story.requester, *["request_registered"] * 5)
    found: list[str] = []
    path = "/inbox?limit=2"
    while path:
        page = (await story.call(story.requester, "GET", path)).json()
        found += [one["id"] for one in page["items"]]
        path = page["next"] and f"/inbox?limit=2&after={page['next']}"
    assert (len(found), found) == (5, sorted(found, reverse=True))


async def test_an_inbox_is_its_owners_alone(story: Story, platform: Platform) -> None:
    await story.tell(story.step(RequestRegistered))
    await story.kinds(story.requester, "request_registered")
    (notice,) = await story.inbox(story.requester)
    foreign = await story.call(story.filer, "POST", f"/inbox/{notice['id']}/read")
    assert (foreign.status_code, foreign.json()["type"]) == (404, "urn:jinlin:problem:not-found")
    await story.call(story.filer, "POST", "/inbox/read", body={"up_to": notice["id"]})
    assert (await story.inbox(story.requester))[0]["read_at"] is None
    # the same person with a token that no longer names the community
    other = await platform.community()
    moved = Person(story.requester.id, other.token(story.requester.id, "resident"))
    assert await story.inbox(moved) == []
    assert (await story.call(moved, "POST", f"/inbox/{notice['id']}/read")).status_code == 404


async def test_bad_calls_are_refused(story: Story) -> None:
    me = story.requester
    nobody = Person(me.id, "")
    assert (await story.call(nobody, "GET", "/inbox")).status_code == 401
    assert (await story.call(nobody, "GET", "/inbox/stream")).status_code == 401
    assert (await story.call(me, "POST", f"/inbox/{ids.new_id()}/read")).status_code == 404
    assert (await story.call(me, "POST", "/inbox/nonsense/read")).status_code == 422
    for body in (None, {}, {"up_to": "x"}, {"up_to": str(ids.new_id()), "all": True}):
        assert (await story.call(me, "POST", "/inbox/read", body=body)).status_code == 422
    for query in ("limit=0", "limit=101", "after=x", "unread=perhaps"):
        assert (await story.call(me, "GET", f"/inbox?{query}")).status_code == 422


async def test_a_repeated_key_gives_the_first_answer(story: Story) -> None:
    await story.tell(story.step(RequestRegistered))
    await story.kinds(story.requester, "request_registered")
    (notice,) = await story.inbox(story.requester)
    key = {"idempotency-key": str(ids.new_id())}
    path = f"/inbox/{notice['id']}/read"
    first = await story.call(story.requester, "POST", path, **key)
    again = await story.call(story.requester, "POST", path, **key)
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    body = {"up_to": notice["id"]}
    other = await story.call(story.requester, "POST", "/inbox/read", body=body, **key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:jinlin:problem:key-reused")
