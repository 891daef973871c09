"""Filing a request in three steps: what, where, tell. What was chosen stands in the address."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.requests import Asking, CategoryView, RequestView
from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.forms import (
    KEEP,
    FormSent,
    Refusal,
    Remarks,
    id_in,
    refusal,
)
from services.console.pages.parts.part import part
from services.console.pages.parts.photos import PHOTOS, SentPhotos, photo_refusal
from services.console.pages.parts.places import home_of, offered
from services.console.pages.parts.words import WHOM
from services.console.pages.resident.at_once import at_once_page
from services.console.pages.resident.photos import add_to
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/requests")

REMEMBERED = 20
"""Of so many requests before, the categories stand first."""

FIELDS = {"description": "description", "note": "spot", "category": "what", "place_id": "place"}
"""The fields of the form, by their names in the API."""


class Telling(FormSent):
    """The last step, with what the steps before it chose."""

    what: str = ""
    place: str = ""
    description: str = ""
    spot: str = ""
    whom: str = "me"
    name: str = ""
    phone: str = ""

    @property
    def is_for_another(self) -> bool:
        """Whether somebody else needs it."""
        return self.whom in WHOM and self.whom != "me"

    def note(self) -> str:
        """What only those may read whom it concerns; in Chinese, as staff and handlers read it."""
        lines = [f"具体位置：{self.spot.strip()}"] if self.spot.strip() else []
        if self.is_for_another:
            reach = "，".join(filter(None, (self.name.strip(), self.phone.strip())))
            lines.append(f"{WHOM[self.whom]}：{reach}")
        return "\n".join(lines)


@router.get("/new")
async def what(visitor: SignedIn) -> Response:
    """Step 1: which kind of help; what was asked for last stands first."""
    ask = visitor.services.requests
    catalogue, mine = await asyncio.gather(
        part(ask.get_catalogue(visitor.caller, visitor.community)),
        part(ask.list_requests(visitor.caller, visitor.community, mine=True, limit=REMEMBERED)),
    )
    latest = [one.category for one in mine.value.items] if mine.value else []
    return visitor.page(
        "resident/what.html",
        catalogue=catalogue,
        categories=_latest_first(catalogue.value or (), latest),
    )


@router.get("/new/where")
async def where(
    visitor: SignedIn, what: str = "", inside: UUID | None = None, after: UUID | None = None
) -> Response:
    """Step 2: at home, or in which building."""
    home, offer = await asyncio.gather(
        part(home_of(visitor)), part(offered(visitor, inside, after))
    )
    return visitor.page(
        "resident/where.html",
        what=what,
        home=home.value if inside is None else None,
        offer=offer,
        onward=f"/in/{visitor.community}/requests/new/tell?{urlencode({'what': what})}",
        again=f"/in/{visitor.community}/requests/new/where?{urlencode({'what': what})}",
    )


@router.get("/new/at-once")
async def at_once(visitor: SignedIn) -> Response:
    """All three steps on one page, which a phone keeps for the time without network."""
    return await at_once_page(visitor, Telling(), headers=KEEP)


@router.get("/new/tell")
async def tell(visitor: SignedIn, what: str = "", place: str = "") -> Response:
    """Step 3: what is the matter."""
    return await _tell(visitor, Telling(what=what, place=place))


@router.post("/new/tell")
async def file(visitor: SignedIn, sent: Annotated[Telling, Form()], photos: SentPhotos) -> Response:
    """File it; its photos follow, and those that are refused can be chosen anew."""
    unsaid = _unsaid(visitor, sent)
    if unsaid:
        return await at_once_page(visitor, sent, 400, remarks=unsaid | _missing(visitor, sent))
    remarks = _missing(visitor, sent)
    too_much = photo_refusal(photos, visitor)
    if too_much:
        remarks |= too_much.remarks
    if remarks:
        return await _tell(visitor, sent, Refusal(status=400, remarks=remarks), photos)
    try:
        request = await _submit(visitor, sent)
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        return await _tell(visitor, sent, refusal(problem, visitor, FIELDS), photos)
    own = f"/in/{visitor.community}/requests/{request.id}"
    refused = await add_to(visitor, request.id, photos)
    if refused:
        return visitor.go_on(f"{own}/photos?{urlencode({'refused': refused.numbers}, doseq=True)}")
    return visitor.go_on(f"{own}/filed")


@router.get("/{request_id}/filed")
async def filed(visitor: SignedIn, request_id: UUID) -> Response:
    """Its number, and what happens next."""
    ask = visitor.services.requests.get_request
    request = await ask(visitor.caller, visitor.community, request_id)
    return visitor.page("resident/filed.html", request=request)


async def _submit(visitor: Visitor, sent: Telling) -> RequestView:
    asking = Asking.model_validate(
        {
            "category": sent.what,
            "description": sent.description,
            "place_id": sent.place,
            "note": sent.note(),
        }
    )
    ask = visitor.services.requests.submit
    return await ask(visitor.caller, visitor.community, asking, idempotency_key=visitor.once)


async def _tell(
    visitor: Visitor,
    sent: Telling,
    refused: Refusal | None = None,
    photos: SentPhotos = (),
) -> Response:
    """The form of step 3; without what the first steps choose, those steps."""
    start = f"/in/{visitor.community}/requests/new"
    if not sent.what:
        return visitor.go_on(start)
    place = id_in(sent.place)
    again = f"{start}/where?{urlencode({'what': sent.what})}"
    if place is None:
        return visitor.go_on(again)
    catalogue, known = await asyncio.gather(
        part(visitor.services.requests.get_catalogue(visitor.caller, visitor.community)),
        called(visitor, (), [place]),
    )
    if known.is_whole and place not in known.places:
        return visitor.go_on(again)
    remarks: Remarks = dict(refused.remarks) if refused else {}
    if photos and PHOTOS not in remarks:
        remarks[PHOTOS] = visitor.gettext("请重新选择照片：页面再次打开时，浏览器不会保留它们。")
    return visitor.page(
        "resident/tell.html",
        refused.status if refused else 200,
        headers=refused.headers if refused else None,
        remarks=remarks,
        sent=sent,
        category=next((one for one in catalogue.value or () if one.code == sent.what), None),
        place=known.places.get(place),
        start=start,
        again=again,
    )


def _unsaid(visitor: Visitor, sent: Telling) -> Remarks:
    """What the first two steps choose, and somebody who tells all at once may leave out."""
    _ = visitor.gettext
    remarks = {} if sent.what else {"what": _("请选择是哪类事。")}
    return remarks if id_in(sent.place) else remarks | {"place": _("请选择在哪里。")}


def _missing(visitor: Visitor, sent: Telling) -> Remarks:
    _ = visitor.gettext
    remarks: Remarks = {}
    if not sent.description.strip():
        remarks["description"] = _("请说说是什么情况。")
    if sent.is_for_another and not sent.name.strip():
        remarks["name"] = _("请填写对方怎么称呼。")
    return remarks


def _latest_first(categories: Iterable[CategoryView], latest: Sequence[str]) -> list[CategoryView]:
    order = {code: number for number, code in reversed(list(enumerate(latest)))}
    return sorted(categories, key=lambda one: order.get(one.code, len(latest)))
