"""A call becomes a request: who asks and where, out of what was typed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.console.clients import Refused
from services.console.clients.models.directory import NewPerson, PersonView, PlaceTitleView
from services.console.clients.models.requests import Asking, OnTheSpot, RequestView
from services.console.pages.desk.callers import Offer, home_of
from services.console.pages.parts.forms import FormSent, Remarks
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor

__all__ = ["FIELDS", "ME", "NEW", "Intake", "Meant", "add_caller", "file_call", "meant"]

NEW: Final = "new"
"""Whoever calls is not in the directory yet."""
ME: Final = "me"
"""Whoever calls does not say who they are: it is filed for the member of staff."""

FIELDS: Final = {
    "category": "category",
    "description": "description",
    "place_id": "where",
    "requester_id": "who",
    "name": "name",
    "phone": "who",
    "service_minutes": "minutes",
    "spoken_word": "spoken_word",
}
"""The fields of the form, by their names in the APIs."""

ARRIVES_SECONDS: Final = 5.0
LOOKS_AGAIN_SECONDS: Final = 0.2

_ID: Final = TypeAdapter(UUID)


class Intake(FormSent):
    """The form of a call."""

    who: str = ""
    requester: str = ""
    name: str = ""
    where: str = ""
    place: str = ""
    category: str = ""
    description: str = ""
    minutes: str = ""
    spoken_word: str = ""
    chat: str = ""
    do: str = "find"


@dataclass(frozen=True, slots=True)
class Meant:
    """Whom and which place a form means; what is missing is said in `remarks`."""

    requester: UUID | None
    is_new: bool
    place: UUID | None
    remarks: Remarks


def meant(
    sent: Intake,
    people: Offer[PersonView],
    places: Offer[PlaceTitleView],
    gettext: Callable[[str], str],
) -> Meant:
    """Read the form: what was chosen, else the only one that fits; the place may be their home."""
    remarks: Remarks = {}
    chosen = _chosen(sent.requester) or (
        people.items[0].id if not sent.requester and len(people.items) == 1 else None
    )
    if chosen is None and sent.requester not in {NEW, ME}:
        remarks["who"] = gettext(N_("请选择来电人；名册里没有的，选“新居民”并填写姓名。"))
    if sent.requester == NEW and not sent.name.strip():
        remarks["name"] = gettext(N_("请填写姓名。"))
    person = next((one for one in people.items if one.id == chosen), None)
    place = _chosen(sent.place) or _only(sent.where, places)
    if place is None and not sent.where:
        place = home_of(person, people)
    if place is None:
        remarks["where"] = gettext(
            N_("请在下面选一个地点。") if places.items else N_("没有找到地点，请换个说法再查。")
        )
    for field, words in (
        ("category", N_("请选择类别。")),
        ("description", N_("请写下是什么事。")),
        *((("spoken_word", N_("请写下居民怎么说的。")),) if sent.do == "settle" else ()),
    ):
        if not str(getattr(sent, field)).strip():
            remarks[field] = gettext(words)
    return Meant(chosen, sent.requester == NEW, place, remarks)


def _chosen(value: str) -> UUID | None:
    try:
        return _ID.validate_python(value)
    except ValidationError:
        return None


def _only(words: str, places: Offer[PlaceTitleView]) -> UUID | None:
    """The only place that was found, or the one that is called just so."""
    plain = words.replace(" ", "")
    exact = [one for one in places.items if one.title.replace(" ", "") == plain]
    found = exact or places.items
    return found[0].id if len(found) == 1 else None


async def file_call(visitor: Visitor, sent: Intake, call: Meant) -> RequestView:
    """File a call, or record that it was settled. Raises Refused, TooMany, Unavailable.

    A new person is added first; a second try under the same key adds nobody twice.
    """
    assert call.place is not None  # noqa: S101 - otherwise it was remarked on
    asking = {
        "category": sent.category,
        "description": sent.description.strip(),
        "place_id": call.place,
        "requester_id": call.requester,
    }
    requests, caller, community = visitor.services.requests, visitor.caller, visitor.community
    if sent.do == "settle":
        told = {"service_minutes": sent.minutes, "spoken_word": sent.spoken_word.strip()}
        settled = OnTheSpot.model_validate(asking | told)
        return await _once_known(
            lambda: requests.settle_on_the_spot(
                caller, community, settled, idempotency_key=visitor.once
            )
        )
    body = Asking.model_validate(asking)
    return await _once_known(
        lambda: requests.submit(caller, community, body, idempotency_key=visitor.once)
    )


async def add_caller(visitor: Visitor, sent: Intake, place: UUID | None) -> UUID:
    """Add whoever calls to the directory. Raises Refused, TooMany, Unavailable."""
    phone = sent.who.strip()
    body = NewPerson.model_validate(
        {
            "roles": ["resident"],
            "name": sent.name.strip(),
            "phone": phone if any(one.isdigit() for one in phone) else None,
            "place_id": place,
        }
    )
    key = f"{visitor.once}-person"
    added = await visitor.services.directory.add_person(
        visitor.caller, visitor.community, body, idempotency_key=key
    )
    return added.id


async def _once_known(ask: Callable[[], Awaitable[RequestView]]) -> RequestView:
    """Ask again for a moment, while the news of a new person is on its way to requests."""
    ends_at = asyncio.get_running_loop().time() + ARRIVES_SECONDS
    while True:
        try:
            return await ask()
        except Refused as refused:
            if refused.code != "unknown-id" or asyncio.get_running_loop().time() > ends_at:
                raise
            await asyncio.sleep(LOOKS_AGAIN_SECONDS)
