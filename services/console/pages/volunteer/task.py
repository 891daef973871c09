"""One task: everything that is known of it, and what the visitor can do next."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response
from markupsafe import Markup

from services.console.clients import Refused
from services.console.clients.models.directory import NameView
from services.console.clients.models.volunteers import AssignmentView, TaskView
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import Refusal
from services.console.pages.parts.part import part
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from services.console.pages.volunteer.board import near
from services.console.pages.volunteer.cards import Card, cards_of, organisations_of
from shared import clock
from shared.permissions import Role

__all__ = ["DONE", "gone_page", "router", "task_page"]

WRITTEN_HERE: Final = Markup('<span lang="zh-CN">{}</span>')
"""What people of the community wrote, whatever the language of the page; escaped by `format`."""

router = APIRouter()

NOT_FOUND: Final = 404
MYSELF: Final = "me"
COLLEAGUES: Final = 100
NEXT_SHOWN: Final = 3
LONGEST_MINUTES: Final = 1440
ROUNDED_MINUTES: Final = 5

DONE: Final = {
    "claim": N_("接单成功，谢谢您！到了现场请点“签到”。"),
    "decline": N_("已退回，社区会再找人。"),
    "check-in": N_("已签到。办好后请填写下面的内容。"),
    "complete": N_("已提交，等居民确认。确认后积分入账。"),
}
"""What is said after a step."""


@router.get("/{task_id}")
async def one_task(visitor: SignedIn, task_id: UUID) -> Response:
    """A task, and the form of what comes next."""
    return await task_page(visitor, task_id)


async def task_page(
    visitor: Visitor,
    task_id: UUID,
    refused: Refusal | None = None,
    sent: Mapping[str, str] | None = None,
) -> Response:
    """The page of a task, after a refusal with what was `sent`; or that it is not to be had."""
    ask = visitor.services.volunteers.get_task
    try:
        task = await ask(visitor.caller, visitor.community, task_id)
    except Refused as problem:
        if problem.status != NOT_FOUND:
            raise
        why = refused.remarks.get("form", "") if refused else ""
        return await gone_page(visitor, status=refused.status if refused else NOT_FOUND, why=why)
    told = await cards_of(visitor, [task])
    card = told.cards[0]
    return visitor.page(
        "volunteer/task.html",
        refused.status if refused else 200,
        headers=refused.headers if refused else None,
        remarks=refused.remarks if refused else {},
        card=card,
        told=told,
        sent=_to_begin_with(card) | dict(sent or {}),
        takers=_takers(visitor, told.names),
        me=MYSELF,
        done=DONE.get(visitor.parameter("done"), ""),
        **await _around(visitor, card),
    )


async def gone_page(
    visitor: Visitor, *, status: int, why: str = "", lost: str | None = None
) -> Response:
    """Somebody else has it, or it is over: that is said, and what could be taken instead.

    `lost`: the category of a task that somebody else took a moment ago.
    """
    ask, home = visitor.services.volunteers.list_tasks, await near(visitor)

    async def free(category: list[str] | None) -> list[TaskView]:
        found = await part(
            ask(
                visitor.caller,
                visitor.community,
                board="free",
                category=category,
                near=home,
                limit=NEXT_SHOWN,
            )
        )
        return found.value.items if found.value else []

    alike, any_kind = await asyncio.gather(free([lost] if lost else None), free(None))
    others = {one.id: one for one in [*alike, *any_kind]}
    told = await cards_of(visitor, list(others.values())[:NEXT_SHOWN])
    return visitor.page("volunteer/gone.html", status, why=why, is_lost=lost is not None, told=told)


async def _around(visitor: Visitor, card: Card) -> dict[str, Any]:
    """Photos, history and colleagues, as far as the visitor has to do with them."""
    services, caller, community = visitor.services, visitor.caller, visitor.community
    request_id, task_id = card.task.request_id, card.task.id
    before, after, history, colleagues = await asyncio.gather(
        part(services.requests.list_photos(caller, community, request_id)),
        part(_work_photos(visitor, card)),
        part(services.requests.get_history(caller, community, request_id)),
        part(_colleagues(visitor, card)),
    )
    names = {one.id: one.name for one in colleagues.value or ()}
    return {
        "address": f"/in/{community}/tasks/{task_id}",
        "before": before,
        "after": after,
        "history": history,
        "colleagues": colleagues,
        "colleague_names": names,
    }


async def _work_photos(visitor: Visitor, card: Card) -> Sequence[Any]:
    if card.own is None:
        return []
    ask = visitor.services.volunteers.list_photos
    return await ask(visitor.caller, visitor.community, card.task.id)


async def _colleagues(visitor: Visitor, card: Card) -> Sequence[NameView]:
    """Whom the visitor's organisations could send, and whom they have sent."""
    own = card.own
    if own is not None:
        organisations = [own.taker.id] if own.taker.kind == "organisation" else []
    elif card.offered_to is not None:
        is_theirs = card.offered_to.kind == "organisation"
        organisations = [card.offered_to.id] if is_theirs else []
    else:
        organisations = organisations_of(visitor)
    ask = visitor.services.directory.list_colleagues
    found = await asyncio.gather(
        *(ask(visitor.caller, visitor.community, one, limit=COLLEAGUES) for one in organisations)
    )
    people = {one.id: one for page in found for one in page.items}
    return sorted(people.values(), key=lambda one: one.name)


def _takers(visitor: Visitor, names: Mapping[UUID, str]) -> list[tuple[str, str]]:
    """As whom the visitor can take it; who only belongs to organisations acts for them first."""
    theirs = [
        (str(one), WRITTEN_HERE.format(names.get(one, one))) for one in organisations_of(visitor)
    ]
    oneself = (MYSELF, visitor.gettext(N_("我自己")))
    return [oneself, *theirs] if Role.VOLUNTEER in visitor.roles else [*theirs, oneself]


def _to_begin_with(card: Card) -> dict[str, str]:
    """What stands in the fields before anybody has written in them."""
    return {
        "taker": "",
        "goes": "",
        "reason": "",
        "minutes": str(_minutes_since(card.own)) if card.own else "",
        "note": card.own.note if card.own else "",
    }


def _minutes_since(own: AssignmentView) -> int:
    """How long ago the work began, rounded: a first guess at how long it took."""
    if own.started_at is None:
        return ROUNDED_MINUTES
    minutes = (clock.now() - own.started_at).total_seconds() / 60
    rounded = round(minutes / ROUNDED_MINUTES) * ROUNDED_MINUTES
    return min(max(rounded, ROUNDED_MINUTES), LONGEST_MINUTES)
