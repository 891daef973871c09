"""What staff do with the request that is open: each form is one step, and answers beside itself."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, TypedDict
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from services.console.clients import Caller, Refused, TooMany, Unavailable
from services.console.clients.models.directory import RevealTerms
from services.console.clients.models.requests import (
    Dispatching,
    Listing,
    Noting,
    Reason,
    Registering,
    RequestView,
    Taker,
    Verdict,
)
from services.console.clients.requests import Requests
from services.console.pages.access import SignedIn
from services.console.pages.desk.requests import Address, desk_page
from services.console.pages.desk.shown import Shown
from services.console.pages.parts.forms import STALE, FormSent, refusal
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor

__all__ = ["router"]


router = APIRouter(prefix="/desk/requests/{request_id}")

_FIELDS: Final = {
    name: name for name in ("category", "reason", "words", "taker", "takers_wanted", "note")
}


class Sent(FormSent):
    """What the forms of the panel send; each has some of it."""

    version: int | None = None
    category: str = ""
    reason: str = ""
    words: str = ""
    note: str = ""
    verified: str = ""
    taker: str = ""
    takers_wanted: str = ""


class Missing(Exception):  # noqa: N818 - a word for the page
    """A field that nobody filled in."""

    def __init__(self, field: str) -> None:
        """Take its name."""
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Doing:
    """A step on its way: who does it, to which request, and what the form said."""

    visitor: Visitor
    request_id: UUID
    sent: Sent

    @property
    def requests(self) -> Requests:
        """The service to ask."""
        return self.visitor.services.requests

    @property
    def request(self) -> tuple[Caller, str, UUID]:
        """Whom the call is for, and what it is about."""
        return self.visitor.caller, self.visitor.community, self.request_id

    def filled(self, field: str) -> str:
        """A field that must say something. Raises Missing."""
        value = str(getattr(self.sent, field)).strip()
        if not value:
            raise Missing(field)
        return value


async def _register(doing: Doing) -> object:
    body = Registering(category=doing.sent.category or None)
    return await doing.requests.register(*doing.request, body, **_once(doing))


async def _reject(doing: Doing) -> object:
    body = Reason(reason=doing.filled("reason"))
    return await doing.requests.reject(*doing.request, body, **_once(doing))


async def _dispatch(doing: Doing) -> object:
    kind, _, taker = doing.filled("taker").partition(":")
    body = Dispatching(taker=Taker.model_validate({"kind": kind, "id": taker}))
    return await doing.requests.dispatch(*doing.request, body, **_once(doing))


async def _put_on_list(doing: Doing) -> object:
    body = Listing.model_validate({"takers_wanted": doing.sent.takers_wanted.strip() or None})
    return await doing.requests.put_on_list(*doing.request, body, **_once(doing))


async def _finish(doing: Doing) -> object:
    """Verify, then close; what was verified before is only closed."""
    version = doing.sent.version
    if not doing.sent.verified:
        version = (await _verify(doing, passed=True)).version
    once = f"{doing.visitor.once}-close"
    return await doing.requests.close(*doing.request, idempotency_key=once, version=version)


async def _rework(doing: Doing) -> object:
    doing.filled("note")
    return await _verify(doing, passed=False)


async def _reopen(doing: Doing) -> object:
    body = Reason(reason=doing.filled("reason"))
    return await doing.requests.reopen(*doing.request, body, **_once(doing))


async def _cancel(doing: Doing) -> object:
    body = Reason(reason=doing.filled("reason"))
    return await doing.requests.cancel(*doing.request, body, **_once(doing))


async def _note(doing: Doing) -> object:
    body = Noting(words=doing.filled("words"))
    return await doing.requests.note(*doing.request, body, **_once(doing))


async def _verify(doing: Doing, *, passed: bool) -> RequestView:
    body = Verdict(passed=passed, note=doing.sent.note)
    return await doing.requests.verify(*doing.request, body, **_once(doing))


class Once(TypedDict):
    """What makes a double tap harmless, and a stale page refused."""

    idempotency_key: str
    version: int | None


def _once(doing: Doing) -> Once:
    return {"idempotency_key": doing.visitor.once, "version": doing.sent.version}


_STEPS: Final[Mapping[str, Callable[[Doing], Awaitable[object]]]] = {
    "register": _register,
    "reject": _reject,
    "dispatch": _dispatch,
    "list": _put_on_list,
    "finish": _finish,
    "rework": _rework,
    "reopen": _reopen,
    "cancel": _cancel,
    "note": _note,
}
_MISSING: Final = {
    "reason": N_("请填写原因。"),
    "note": N_("请写明哪里没办好。"),
    "words": N_("请填写备注。"),
    "taker": N_("请选择派给谁。"),
}
_STALE: Final = N_("刚才有人改过这条诉求，您的操作没有执行。下面是最新的情况，请再看一看。")


@router.get("/{step}")
async def back_to_desk(visitor: SignedIn, request_id: UUID, step: str, shown: Address) -> Response:
    """The forms are at the desk, where the request is open."""
    if step not in {*_STEPS, "phone"}:
        raise HTTPException(404)
    return visitor.go_on(shown.address(visitor.community, open=request_id))


@router.post("/{step}")
async def do_step(
    visitor: SignedIn, request_id: UUID, step: str, shown: Address, sent: Annotated[Sent, Form()]
) -> Response:
    """Do a step, and go back to the desk; or say beside the field why not."""
    shown.open = request_id
    try:
        if step == "phone":
            return await _show_phone(visitor, shown)
        if step not in _STEPS:
            raise HTTPException(404)
        await _STEPS[step](Doing(visitor, request_id, sent))
    except Missing as missing:
        remarks = {missing.field: visitor.gettext(_MISSING[missing.field])}
        return await desk_page(visitor, shown, 400, failed=step, sent=sent, remarks=remarks)
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, _FIELDS)
        if found.status == STALE:
            found.remarks = {"form": visitor.gettext(_STALE)}
        return await desk_page(visitor, shown, failed=step, sent=sent, **found.page)
    address = shown.address(visitor.community, done=step)
    return visitor.go_on(address)


async def _show_phone(visitor: Visitor, shown: Shown) -> Response:
    """The phone of whoever asked, on this one page; that it was shown is recorded (ADR 0017)."""
    services, caller, community = visitor.services, visitor.caller, visitor.community
    assert shown.open is not None  # noqa: S101 - the address of the form names it
    request = await services.requests.get_request(caller, community, shown.open)
    if request.requester_id is None:
        raise HTTPException(404)
    terms = RevealTerms(reason=f"{request.number} {visitor.gettext(N_('联系诉求人'))}")
    found = await services.directory.reveal_phone(caller, community, request.requester_id, terms)
    return await desk_page(visitor, shown, phone=found.phone)
