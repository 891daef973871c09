"""Dead letters: what could not be worked in, why, and its way back or aside."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, HTTPException, Path, Response
from pydantic import ValidationError

from services.console.clients import SERVICES, Refused, TooMany, Unavailable
from services.console.clients.models.directory import DismissalPayload
from services.console.pages.access import SignedIn
from services.console.pages.operator.operations import LetterView, operations
from services.console.pages.parts.forms import FormSent, refusal
from services.console.pages.parts.part import part
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor

__all__ = ["STATES", "router"]

router = APIRouter()

STATES: Final[Mapping[str, str]] = {
    "open": N_("待处理"),
    "waiting": N_("已放回，等消费者处理"),
    "worked_in": N_("已处理"),
    "dismissed": N_("已搁置"),
    "too_old": N_("太久，不能重放"),
}
DONE: Final[Mapping[str, str]] = {
    "replayed": N_("已放回队列。稍后刷新本页，看消费者有没有处理成功。"),
    "dismissed": N_("已搁置，理由已记录。"),
}
SHOWN: Final = 20
LARGEST_NUMBER: Final = 2**63 - 2

Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]


class Dismissing(FormSent):
    """Why nothing is to be done."""

    reason: str = ""


@router.get("/operator/letters")
async def letters(visitor: SignedIn) -> Response:
    """The dead letters of every service, or one service's older ones."""
    only = visitor.parameter("service")
    wanted = [one for one in SERVICES if only in {"", one}]
    found = await asyncio.gather(*(part(_page_of(visitor, one)) for one in wanted))
    return visitor.page(
        "operator/letters.html",
        services=dict(zip(wanted, found, strict=True)),
        only=only,
        is_all=bool(visitor.parameter("settled")),
        states=STATES,
    )


@router.get("/operator/letters/{service}/{number}")
async def letter(visitor: SignedIn, service: str, number: Number) -> Response:
    """One letter, without what was written in it, and what can be done with it."""
    return await _letter(visitor, service, number)


@router.get("/operator/letters/{service}/{number}/replay")
@router.get("/operator/letters/{service}/{number}/dismiss")
async def back_to_letter(visitor: SignedIn, service: str, number: Number) -> Response:
    """The forms are on the page of the letter."""
    return visitor.go_on(_path(service, number))


@router.post("/operator/letters/{service}/{number}/replay")
async def replay(visitor: SignedIn, service: str, number: Number) -> Response:
    """Put it back to its consumer."""
    asked = operations(visitor.services, service)
    try:
        await asked.replay_dead_letter(visitor.caller, number, idempotency_key=visitor.once)
    except (Refused, TooMany, Unavailable) as problem:
        return await _refused(visitor, service, number, problem)
    return visitor.go_on(f"{_path(service, number)}?done=replayed")


@router.post("/operator/letters/{service}/{number}/dismiss")
async def dismiss(
    visitor: SignedIn, service: str, number: Number, sent: Annotated[Dismissing, Form()]
) -> Response:
    """Put it aside for good, with a reason."""
    asked = operations(visitor.services, service)
    reason = sent.reason.strip()
    if not reason:
        remarks = {"reason": visitor.gettext("请写明理由。")}
        return await _letter(visitor, service, number, 400, remarks=remarks)
    try:
        body = DismissalPayload(reason=reason)
        await asked.dismiss_dead_letter(visitor.caller, number, body, idempotency_key=visitor.once)
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        return await _refused(visitor, service, number, problem, reason=sent.reason)
    return visitor.go_on(f"{_path(service, number)}?done=dismissed")


def _path(service: str, number: int) -> str:
    return f"/operator/letters/{service}/{number}"


async def _page_of(visitor: Visitor, service: str) -> Any:
    after = visitor.parameter("after") if visitor.parameter("service") == service else ""
    return await operations(visitor.services, service).list_dead_letters(
        visitor.caller,
        settled=bool(visitor.parameter("settled")),
        after=int(after) if after.isdecimal() and len(after) < len(str(LARGEST_NUMBER)) else None,
        limit=SHOWN,
    )


async def _found(visitor: Visitor, service: str, number: int) -> LetterView:
    """The letter of that number: the first of those after the next number, for they run down."""
    found = await operations(visitor.services, service).list_dead_letters(
        visitor.caller, settled=True, after=number + 1, limit=1
    )
    if not found.items or found.items[0].number != number:
        raise HTTPException(404)
    return found.items[0]


async def _refused(
    visitor: Visitor,
    service: str,
    number: int,
    problem: Refused | TooMany | Unavailable | ValidationError,
    **typed: str,
) -> Response:
    found = refusal(problem, visitor, {"reason": "reason"})
    return await _letter(
        visitor, service, number, found.status, found.headers, remarks=found.remarks, **typed
    )


async def _letter(
    visitor: Visitor,
    service: str,
    number: int,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    operations(visitor.services, service)  # a name that is no service's is no page
    found = await part(_found(visitor, service, number))
    return visitor.page(
        "operator/letter.html",
        status,
        headers=headers,
        service=service,
        number=number,
        letter=found,
        states=STATES,
        done=DONE.get(visitor.parameter("done"), ""),
        **({"reason": ""} | context),
    )
