"""Places by form: one more inside, another name or code, and away with what holds nothing."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import NewPlace, PlaceTerms, PlaceView
from services.console.pages.access import SignedIn
from services.console.pages.parts import words
from services.console.pages.parts.forms import Remarks, VersionedForm, number, refusal
from services.console.pages.register.place_path import way_to
from services.console.pages.visitor import Visitor
from shared.events.directory import PLACE_KINDS, PlaceKind

__all__ = ["code_for", "router"]

router = APIRouter(prefix="/places/{place_id}")

FIELDS: Final = {"title": "title", "code": "code", "kind": "kind", "compound_type": "compound_type"}
CODES: Final = {"place-code-taken": "code", "wrong-parent": "kind"}
LONGEST_CODE: Final = 40

USUAL: Final[dict[PlaceKind, PlaceKind]] = {
    "community": "grid",
    "grid": "compound",
    "micro_grid": "compound",
    "compound": "building",
    "building": "household",
    "entrance": "household",
}
"""What is mostly added inside a place, and so chosen already."""


class PlaceForm(VersionedForm):
    """A place, and the version that was shown."""

    kind: str = ""
    title: str = ""
    code: str = ""
    compound_type: str = ""

    def terms(self, kind: str, code: str) -> dict[str, Any]:
        """For the directory; only a compound has a type."""
        told: dict[str, Any] = {"title": self.title.strip(), "code": code}
        if kind == "compound" and self.compound_type:
            told["compound_type"] = self.compound_type
        return told


@router.get("/add")
async def new_place(visitor: SignedIn, place_id: UUID) -> Response:
    """The form for a place inside this one."""
    return await _adding(visitor, place_id)


@router.post("/add")
async def add_place(
    visitor: SignedIn, place_id: UUID, sent: Annotated[PlaceForm, Form()]
) -> Response:
    """Add it; who gives it no code gets one made of the parent's and the title."""
    remarks = _missing(visitor, sent, needs_kind=True)
    if remarks:
        return await _adding(visitor, place_id, 400, sent=sent, remarks=remarks)
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    parent = await directory.get_place(caller, community, place_id)
    sent.code = sent.code.strip() or code_for(parent.code, sent.title)
    terms = {"kind": sent.kind, "parent_id": place_id, **sent.terms(sent.kind, sent.code)}
    try:
        new = NewPlace.model_validate(terms)
        await directory.add_place(caller, community, new, idempotency_key=visitor.once)
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS, CODES)
        return await _adding(visitor, place_id, sent=sent, **found.page)
    return visitor.go_on(f"{_path(visitor, place_id)}?done=added")


@router.get("/change")
async def ask_to_change(visitor: SignedIn, place_id: UUID) -> Response:
    """The form of what can be changed, and the way to remove it."""
    return await _changing(visitor, place_id)


@router.post("/change")
async def change_place(
    visitor: SignedIn, place_id: UUID, sent: Annotated[PlaceForm, Form()]
) -> Response:
    """Another title, code or type; where it lies stays."""
    remarks = _missing(visitor, sent)
    if not sent.code.strip():
        remarks["code"] = visitor.gettext("请填写编码。")
    if remarks:
        return await _changing(visitor, place_id, 400, sent=sent, remarks=remarks)
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    try:
        place = await directory.get_place(caller, community, place_id)
        terms = PlaceTerms.model_validate(sent.terms(place.kind, sent.code.strip()))
        await directory.change_place(
            caller, community, place_id, terms, version=number(sent.version)
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS, CODES)
        return await _changing(visitor, place_id, sent=sent, **found.page)
    return visitor.go_on(f"{_path(visitor, place_id)}?done=changed")


@router.get("/remove")
async def ask_to_remove(visitor: SignedIn, place_id: UUID) -> Response:
    """What is to be removed, and the button."""
    return await _removing(visitor, place_id)


@router.post("/remove")
async def remove_place(
    visitor: SignedIn, place_id: UUID, sent: Annotated[PlaceForm, Form()]
) -> Response:
    """Remove a place that holds nothing, and show where it was."""
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    try:
        place = await directory.get_place(caller, community, place_id)
        await directory.remove_place(caller, community, place_id, version=number(sent.version))
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, {})
        return await _removing(visitor, place_id, **found.page)
    return visitor.go_on(f"{_path(visitor, place.parent_id or place_id)}?done=removed")


def code_for(parent_code: str, title: str) -> str:
    """What files and signs may call a place: 文化路1号院's 3栋 is `C1-3`, at most 40 characters."""
    numbers = "-".join(re.findall(r"[0-9]+", title))
    return f"{parent_code}-{numbers or title.strip()}"[:LONGEST_CODE]


def _missing(visitor: Visitor, sent: PlaceForm, *, needs_kind: bool = False) -> Remarks:
    _ = visitor.gettext
    remarks = {} if sent.title.strip() else {"title": _("请填写名称。")}
    return remarks | {"kind": _("请选择类型。")} if needs_kind and not sent.kind else remarks


def _path(visitor: Visitor, place_id: UUID) -> str:
    return f"/in/{visitor.community}/register/places/{place_id}"


def _kinds(parent: PlaceView) -> Sequence[PlaceKind]:
    """What a place may hold; levels may be skipped."""
    return PLACE_KINDS[PLACE_KINDS.index(parent.kind) + 1 :]


async def _adding(
    visitor: Visitor,
    place_id: UUID,
    status: int = 200,
    *,
    sent: PlaceForm | None = None,
    **context: Any,
) -> Response:
    way = await way_to(visitor, place_id)
    kinds = _kinds(way[-1])
    if not kinds:
        raise HTTPException(404)
    return visitor.page(
        "register/add_place.html",
        status,
        way=way,
        kinds=[(one, visitor.gettext(words.PLACE_KINDS[one])) for one in kinds],
        sent=sent or PlaceForm(kind=USUAL.get(way[-1].kind, "")),
        **context,
    )


async def _changing(
    visitor: Visitor,
    place_id: UUID,
    status: int = 200,
    *,
    sent: PlaceForm | None = None,
    **context: Any,
) -> Response:
    way = await way_to(visitor, place_id)
    place = way[-1]
    if sent:
        sent.renew(status, place.version)
    else:
        sent = PlaceForm(
            title=place.title,
            code=place.code,
            compound_type=place.compound_type or "",
            version=str(place.version),
        )
    return visitor.page(
        "register/change_place.html", status, way=way, place=place, sent=sent, **context
    )


async def _removing(
    visitor: Visitor, place_id: UUID, status: int = 200, **context: Any
) -> Response:
    way = await way_to(visitor, place_id)
    return visitor.page("register/remove_place.html", status, way=way, place=way[-1], **context)
