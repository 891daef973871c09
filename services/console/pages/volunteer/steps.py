"""What a helper does with a task: take it, give it back, begin, finish."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.volunteers import Acting, Claiming, Completing, Declining
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, Refusal, refusal
from services.console.pages.parts.part import part
from services.console.pages.parts.photos import PHOTOS, SentPhotos, add_photos, photo_refusal
from services.console.pages.visitor import Visitor
from services.console.pages.volunteer.cards import own_place
from services.console.pages.volunteer.task import MYSELF, gone_page, task_page

__all__ = ["router"]

router = APIRouter(prefix="/{task_id}")

_BESIDE: Final = {
    "reason-missing": "reason",
    "evidence-needed": "note",
    "photo-needed": PHOTOS,
    "unknown-id": "goes",
    "only-organisations-send": "goes",
}
"""Beside which field a problem is told, by its name."""

_FIELDS: Final = {"service_minutes": "minutes", "note": "note", "reason": "reason"}
"""The fields of the forms, by their names in the API."""

ALREADY_CLAIMED: Final = "already-claimed"


class TakerForm(FormSent):
    """As whom the visitor acts: `me`, or the id of an organisation."""

    taker: str = MYSELF

    @property
    def organisation_id(self) -> str | None:
        """The organisation; None: oneself."""
        return None if self.taker == MYSELF else self.taker


class ClaimForm(TakerForm):
    """And who goes for the organisation; empty: the visitor.

    `category` is the task's: of one that is lost it cannot be asked any more.
    """

    goes: str = ""
    category: str = ""


class DeclineForm(TakerForm):
    """And why."""

    reason: str = ""


class CompleteForm(TakerForm):
    """And what was done."""

    minutes: str = ""
    note: str = ""


@router.get("/claim")
@router.get("/decline")
@router.get("/check-in")
@router.get("/complete")
async def back_to_task(visitor: SignedIn, task_id: UUID) -> Response:
    """The forms are on the task's page."""
    return visitor.go_on(_address(visitor, task_id))


@router.post("/claim")
async def claim(visitor: SignedIn, task_id: UUID, sent: Annotated[ClaimForm, Form()]) -> Response:
    """Take it; whoever comes too late is shown another one."""
    ask = visitor.services.volunteers.claim

    async def take() -> object:
        body = Claiming.model_validate(
            {"organisation_id": sent.organisation_id, "person_id": sent.goes or None}
        )
        return await ask(*_one(visitor, task_id), body, idempotency_key=visitor.once)

    try:
        refused = await _done(visitor, take)
    except Refused as problem:
        task = (await part(visitor.services.volunteers.get_task(*_one(visitor, task_id)))).value
        if task and own_place(visitor, task):
            return visitor.go_on(_address(visitor, task_id))  # tapped twice, on two pages
        return await gone_page(visitor, status=problem.status, lost=sent.category)
    return await _answer(visitor, task_id, "claim", refused, sent)


@router.post("/decline")
async def decline(
    visitor: SignedIn, task_id: UUID, sent: Annotated[DeclineForm, Form()]
) -> Response:
    """Give it back, or turn the offer down; then there is nothing more to see of it."""
    ask = visitor.services.volunteers.decline

    async def give_back() -> object:
        body = Declining.model_validate(
            {"organisation_id": sent.organisation_id, "reason": sent.reason}
        )
        return await ask(*_one(visitor, task_id), body, idempotency_key=visitor.once)

    refused = await _done(visitor, give_back)
    if refused is None:
        return visitor.go_on(f"/in/{visitor.community}/tasks?done=decline")
    return await _answer(visitor, task_id, "decline", refused, sent)


@router.post("/check-in")
async def check_in(
    visitor: SignedIn, task_id: UUID, sent: Annotated[TakerForm, Form()]
) -> Response:
    """The visitor is there and begins."""
    ask = visitor.services.volunteers.check_in

    async def begin() -> object:
        body = Acting.model_validate({"organisation_id": sent.organisation_id})
        return await ask(*_one(visitor, task_id), body, idempotency_key=visitor.once)

    return await _answer(visitor, task_id, "check-in", await _done(visitor, begin), sent)


@router.post("/complete")
async def complete(
    visitor: SignedIn,
    task_id: UUID,
    sent: Annotated[CompleteForm, Form()],
    photos: SentPhotos,
) -> Response:
    """The photos first, for some tasks must have one; then the report."""
    volunteers = visitor.services.volunteers

    async def add(files: Any, key: str) -> object:
        return await volunteers.add_photo(*_one(visitor, task_id), files, idempotency_key=key)

    async def finish() -> object:
        body = Completing.model_validate(
            {
                "organisation_id": sent.organisation_id,
                "service_minutes": sent.minutes,
                "note": sent.note,
            }
        )
        return await volunteers.complete(
            *_one(visitor, task_id), body, idempotency_key=visitor.once
        )

    refused = photo_refusal(photos, visitor) or await add_photos(photos, visitor, add)
    refused = refused or await _done(visitor, finish)
    return await _answer(visitor, task_id, "complete", refused, sent)


async def _done(visitor: Visitor, act: Callable[[], Awaitable[object]]) -> Refusal | None:
    """Do it; or what to say about it. Raises Refused when somebody else was faster."""
    try:
        await act()
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        code = problem.code if isinstance(problem, Refused) else ""
        if code == ALREADY_CLAIMED:
            raise
        found = refusal(problem, visitor, _FIELDS)
        beside = _BESIDE.get(code)
        if beside and "form" in found.remarks:
            found.remarks = {beside: found.remarks["form"]}
        return found
    return None


async def _answer(
    visitor: Visitor, task_id: UUID, step: str, refused: Refusal | None, sent: FormSent
) -> Response:
    """Go and look at what was done; or the task's page again, with what was written."""
    if refused is None:
        return visitor.go_on(f"{_address(visitor, task_id)}?done={step}")
    written: Mapping[str, str] = sent.model_dump(exclude={"form_token", "once"})
    return await task_page(visitor, task_id, refused, written)


def _one(visitor: Visitor, task_id: UUID) -> tuple[Any, str, UUID]:
    return visitor.caller, visitor.community, task_id


def _address(visitor: Visitor, task_id: UUID) -> str:
    return f"/in/{visitor.community}/tasks/{task_id}"
