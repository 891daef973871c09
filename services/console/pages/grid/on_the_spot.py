"""A small thing that was handled on the spot (即办): filed and closed in one step."""

import asyncio
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.base import Files
from services.console.clients.models.requests import OnTheSpot, RequestView
from services.console.pages.access import SignedIn
from services.console.pages.grid.mine import my_grid
from services.console.pages.parts.called import called
from services.console.pages.parts.categories import category_titles
from services.console.pages.parts.forms import KEEP, FormSent, Refusal, refusal
from services.console.pages.parts.part import part
from services.console.pages.parts.photos import SentPhotos, add_photos, photo_refusal
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter()

FIELDS: Final = {
    name: name for name in ("category", "place_id", "description", "service_minutes", "spoken_word")
}


class OnTheSpotForm(FormSent):
    """What was done where, and what the resident said; `requester_id` is empty for oneself."""

    category: str = ""
    place_id: str = ""
    description: str = ""
    service_minutes: str = "10"
    spoken_word: str = ""
    requester_id: str = ""

    def settled(self) -> OnTheSpot:
        """For the service. Raises ValidationError."""
        terms: dict[str, Any] = {name: getattr(self, name) for name in FIELDS}
        return OnTheSpot.model_validate(
            terms | ({"requester_id": self.requester_id} if self.requester_id else {})
        )


@router.get("/on-the-spot")
async def form(visitor: SignedIn, place: str = "", person: str = "") -> Response:
    """The form; the empty one is kept on the phone for the time without network."""
    sent = OnTheSpotForm(place_id=place, requester_id=person)
    return await _form(visitor, sent, headers={} if place or person else KEEP)


@router.post("/on-the-spot")
async def settle(
    visitor: SignedIn, sent: Annotated[OnTheSpotForm, Form()], photos: SentPhotos
) -> Response:
    """File and close it, then add its photos; sent again, it is the same one."""
    missing = _missing(sent, visitor)
    problem = Refusal(status=400, remarks=missing) if missing else photo_refusal(photos, visitor)
    if problem is None:
        try:
            request = await visitor.services.requests.settle_on_the_spot(
                visitor.caller, visitor.community, sent.settled(), idempotency_key=visitor.once
            )
        except (Refused, TooMany, Unavailable, ValidationError) as refused:
            problem = refusal(refused, visitor, FIELDS)
        else:
            problem = await _with_photos(visitor, request, photos)
            if problem is None:
                where = f"/in/{visitor.community}/grid"
                return visitor.go_on(f"{where}?filed={request.id}")
    return await _form(visitor, sent, **problem.page)


async def _with_photos(
    visitor: Visitor, request: RequestView, photos: SentPhotos
) -> Refusal | None:
    """Add the photos; what is said when one is refused: that the rest is on record."""

    async def add(files: Files, key: str) -> object:
        ask = visitor.services.requests.add_photo
        return await ask(visitor.caller, visitor.community, request.id, files, idempotency_key=key)

    problem = await add_photos(photos, visitor, add)
    if problem is None:
        return None
    words = visitor.gettext(
        "事情已经记录，编号 %(number)s。有照片没存上：请换一张或不选，再提交一次；不会重复记录。"
    ) % {"number": request.number}
    return problem.model_copy(update={"remarks": problem.remarks | {"form": words}})


def _missing(sent: OnTheSpotForm, visitor: Visitor) -> dict[str, str]:
    _ = visitor.gettext
    words = {
        "category": _("请选择是哪类事。"),
        "place_id": _("请选择楼栋。"),
        "description": _("请写办了什么事。"),
        "service_minutes": _("请填写用了多少分钟。"),
        "spoken_word": _("请写居民怎么说。"),
    }
    return {name: why for name, why in words.items() if not getattr(sent, name).strip()}


async def _form(
    visitor: Visitor, sent: OnTheSpotForm, status: int = 200, **context: Any
) -> Response:
    who = visitor.caller, visitor.community
    mine, catalogue, name = await asyncio.gather(
        my_grid(visitor),
        part(visitor.services.requests.get_catalogue(*who)),
        _name(visitor, sent.requester_id),
    )
    return visitor.page(
        "grid/on_the_spot.html",
        status,
        mine=mine,
        catalogue=catalogue,
        kinds=list(category_titles(visitor, catalogue.value, active=True).items()),
        sent=sent,
        name=name,
        **context,
    )


async def _name(visitor: Visitor, person: str) -> str:
    """Whom it was done for; empty when nobody is named, or nobody who is known here."""
    try:
        wanted = UUID(person)
    except ValueError:
        return ""
    return (await called(visitor, [wanted])).names.get(wanted, "")
