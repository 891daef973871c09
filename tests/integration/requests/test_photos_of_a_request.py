"""Photos of requests: who adds them, who sees them, and what a browser is told of them."""

import asyncio
import io
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from shared import ids
from shared.events import Taker, TaskClaimed
from shared.limits import LARGEST_BODY_BYTES
from shared.photos import LARGEST_PHOTO_BYTES
from tests.support.desk import Desk
from tests.support.pictures import CANARY, bomb, photo
from tests.support.platform import Person, Platform

PHOTO = photo()
EIGHT_MB = bytes(LARGEST_PHOTO_BYTES)


def problem(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("type", "").removeprefix("urn:jinlin:problem:")


async def listed(desk: Desk, who: Person, request_id: object) -> list[dict]:
    answer = await desk.get(who, f"/requests/{request_id}/photos")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_photo_is_kept_and_shown_without_the_place_where_it_was_taken(
    desk: Desk, platform: Platform
) -> None:
    request_id = await desk.submitted()
    added = await desk.show(desk.resident, request_id, photo("HEIF", 6, (2000, 1500)))
    assert added.status_code == 201, added.text
    [view] = await listed(desk, desk.resident, request_id)
    assert view == added.json()
    assert (view["cycle"], view["made_by"]) == (1, str(desk.resident.id))
    shown = await desk.get(desk.staff, f"/requests/{request_id}/photos/{view['id']}")
    assert len(shown.content) == view["size_bytes"]
    assert Image.open(io.BytesIO(shown.content), formats=["JPEG"]).size == (1600, 1200)
    assert CANARY.encode() not in shown.content
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"].startswith("private")
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    [row] = await platform.rows(
        "requests",
        "SELECT picture, attstorage FROM photo, pg_attribute WHERE owner_id = :id"
        " AND attrelid = 'photo'::regclass AND attname = 'picture'",
        id=request_id,
    )
    assert (bytes(row.picture), row.attstorage) == (shown.content, b"e")


async def test_a_photo_changes_nothing_of_the_request(desk: Desk) -> None:
    request_id = await desk.submitted()
    before = (await desk.get(desk.staff, f"/requests/{request_id}")).json()
    assert (await desk.show(desk.resident, request_id, PHOTO)).status_code == 201
    assert (await desk.get(desk.staff, f"/requests/{request_id}")).json() == before


async def test_owners_handlers_and_staff_add_photos_and_others_do_not(desk: Desk) -> None:
    helper = await desk.hood.person("volunteer")
    neighbour = await desk.hood.person("resident")
    request_id = await desk.listed()
    assert problem(await desk.show(neighbour, request_id, PHOTO)) == (403, "not-involved")
    taker = Taker(kind="person", id=helper.id)
    await desk.task(TaskClaimed, request_id, taker=taker, person_id=helper.id)
    await desk.status(request_id, "accepted")
    for who in (desk.resident, helper, desk.staff):
        assert (await desk.show(who, request_id, PHOTO)).status_code == 201
    assert [one["made_by"] for one in await listed(desk, neighbour, request_id)] == [None] * 3
    seen = [one["made_by"] for one in await listed(desk, helper, request_id)]
    assert seen == [str(one.id) for one in (desk.resident, helper, desk.staff)]


async def test_who_may_not_see_a_request_sees_none_of_its_photos(
    desk: Desk, platform: Platform
) -> None:
    private, public = await desk.submitted(category="company"), await desk.listed()
    added = (await desk.show(desk.resident, private, PHOTO)).json()
    neighbour = await desk.hood.person("resident")
    other = await platform.community()
    stranger = Person(one := ids.new_id(), other.token(one, "community_staff"))
    for who in (neighbour, stranger):
        for path in ("", f"/{added['id']}"):
            answer = await desk.get(who, f"/requests/{private}/photos{path}")
            assert problem(answer) == (404, "not-found")
    elsewhere = await desk.get(desk.staff, f"/requests/{public}/photos/{added['id']}")
    assert problem(elsewhere) == (404, "not-found")
    assert problem(await desk.show(stranger, public, PHOTO)) == (404, "not-found")


async def test_after_the_end_only_staff_add_photos_also_of_what_was_settled_on_the_spot(
    desk: Desk,
) -> None:
    settled = await desk.post(
        desk.staff,
        "/on-the-spot",
        {
            "category": "repair", "description": "楼道灯", "place_id": str(desk.place),
            "requester_id": str(desk.resident.id), "service_minutes": 5, "spoken_word": "修好了",
        },
    )  # fmt: skip
    request_id = settled.json()["id"]
    assert problem(await desk.show(desk.resident, request_id, PHOTO)) == (409, "request-ended")
    assert (await desk.show(desk.staff, request_id, PHOTO)).status_code == 201
    assert len(await listed(desk, desk.resident, request_id)) == 1


async def test_of_many_at_once_six_are_kept_and_another_person_has_six_more(desk: Desk) -> None:
    request_id = await desk.submitted()
    for _ in range(4):
        assert (await desk.show(desk.resident, request_id, PHOTO)).status_code == 201
    answers = await asyncio.gather(*(desk.show(desk.resident, request_id, PHOTO) for _ in range(4)))
    assert sorted(map(problem, answers)) == [(201, "")] * 2 + [(409, "too-many-photos")] * 2
    assert (await desk.show(desk.staff, request_id, PHOTO)).status_code == 201
    assert len(await listed(desk, desk.staff, request_id)) == 7


async def test_a_repeated_key_adds_one_photo_however_the_form_is_framed(desk: Desk) -> None:
    request_id = await desk.submitted()
    key = {"idempotency-key": str(uuid4())}
    first, again = [await desk.show(desk.resident, request_id, PHOTO, **key) for _ in range(2)]
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    other = await desk.show(desk.resident, request_id, photo("PNG"), **key)
    assert problem(other) == (422, "key-reused")
    assert len(await listed(desk, desk.resident, request_id)) == 1


@pytest.mark.parametrize(
    ("sent", "expected", "zh"),
    [
        ({"files": {"photo": b"<svg/>"}}, (400, "not-a-photo"), "这不是照片"),
        ({"files": {"photo": PHOTO[:900]}}, (400, "photo-damaged"), "照片打不开"),
        ({"files": {"photo": bomb(9000, 5000)}}, (400, "too-many-pixels"), "像素太多"),
        ({"files": {"photo": PHOTO + EIGHT_MB}}, (413, "photo-too-large"), "8 MB"),
        ({"files": {"photo": PHOTO + EIGHT_MB * 2}}, (413, "photo-too-large"), "8 MB"),
        ({"files": {"photo": b""}}, (422, "photo-missing"), "请选择"),
        ({"files": {"picture": PHOTO}}, (422, "photo-missing"), "请选择"),
        ({"files": [("photo", PHOTO), ("photo", PHOTO)]}, (422, "photo-missing"), "请选择"),
        ({"data": {"photo": "words"}}, (422, "photo-missing"), "请选择"),
        ({"json": {"photo": "words"}}, (422, "photo-missing"), "请选择"),
        ({"content": PHOTO, "headers": {"content-type": "image/jpeg"}},
         (422, "photo-missing"), "请选择"),
        ({"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data; boundary=y"}},
         (422, "photo-missing"), "请选择"),
        ({}, (422, "photo-missing"), "请选择"),
    ],
)  # fmt: skip
async def test_each_refusal_is_a_sentence_for_the_field(
    desk: Desk, sent: dict, expected: tuple, zh: str
) -> None:
    request_id = await desk.submitted()
    async with await desk.platform.client("requests", desk.resident.token) as client:
        answer = await client.post(f"/{desk.hood.slug}/requests/{request_id}/photos", **sent)
    assert problem(answer) == expected
    assert zh in answer.json()["title"]
    assert answer.json()["detail"] == "photo"
    assert await listed(desk, desk.resident, request_id) == []


async def test_large_bodies_are_for_photos_only_and_strangers_send_nothing(desk: Desk) -> None:
    request_id = await desk.submitted()
    large = {"reason": "x" * LARGEST_BODY_BYTES}
    answer = await desk.post(desk.resident, f"/{request_id}/cancel", large)
    assert problem(answer) == (413, "too-large")
    unsigned = Person(desk.resident.id, "x")
    assert problem(await desk.show(unsigned, request_id, b"<svg/>")) == (401, "not-signed-in")
    auditor = await desk.hood.person("auditor")
    assert problem(await desk.show(auditor, request_id, b"<svg/>")) == (403, "not-allowed")
