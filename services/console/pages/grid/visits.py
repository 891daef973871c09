"""Visits (走访): those of my grid, and two short forms to log one."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import NewVisit
from services.console.pages.access import SignedIn
from services.console.pages.grid.households import household_page
from services.console.pages.grid.mine import my_grid
from services.console.pages.parts.forms import KEEP, FormSent, Refusal, refusal
from services.console.pages.visitor import Visitor
from shared import clock

__all__ = ["router"]

router = APIRouter()

FIELDS: Final = {"place_id": "place_id", "kind": "kind", "note": "note"}


class VisitForm(FormSent):
    """A visit; `kept_at` is when a phone without network kept it."""

    place_id: str = ""
    kind: str = "visit"
    note: str = ""
    wants_follow_up: str = ""
    kept_at: str = ""

    def visit(self, place_id: str) -> NewVisit:
        """For the directory. Raises ValidationError."""
        terms: dict[str, Any] = {
            "place_id": place_id,
            "kind": self.kind,
            "note": self.note,
            "wants_follow_up": self.wants_follow_up == "yes",
        }
        paid_at = _moment(self.kept_at)
        return NewVisit.model_validate(terms | ({"visited_at": paid_at} if paid_at else {}))


@router.get("/visits/new")
async def new_visit(visitor: SignedIn) -> Response:
    """The form for a building, kept on the phone for the time without network."""
    return await _form(visitor, VisitForm(), headers=KEEP)


@router.post("/visits/new")
async def log_visit(visitor: SignedIn, sent: Annotated[VisitForm, Form()]) -> Response:
    """Log a visit to a building."""
    if not sent.place_id:
        remarks = {"place_id": visitor.gettext("请选择楼栋。")}
        return await _form(visitor, sent, 400, remarks=remarks)
    problem = await _logged(visitor, sent, sent.place_id)
    if problem:
        return await _form(visitor, sent, **problem.page)
    return visitor.go_on(f"/in/{visitor.community}/grid/visits/new?done=visit")


@router.get("/households/{household}/visits")
async def back_to_household(visitor: SignedIn, household: UUID) -> Response:
    """The form is on the household's page."""
    return visitor.go_on(f"/in/{visitor.community}/grid/households/{household}")


@router.post("/households/{household}/visits")
async def log_visit_there(
    visitor: SignedIn, household: UUID, sent: Annotated[VisitForm, Form()]
) -> Response:
    """Log a visit to a household."""
    problem = await _logged(visitor, sent, str(household))
    if problem:
        return await household_page(visitor, household, sent=sent, **problem.page)
    return visitor.go_on(f"/in/{visitor.community}/grid/households/{household}?done=visit")


async def _logged(visitor: Visitor, sent: VisitForm, place_id: str) -> Refusal | None:
    """Log it; None: it is logged."""
    try:
        await visitor.services.directory.log_visit(
            visitor.caller, visitor.community, sent.visit(place_id), idempotency_key=visitor.once
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        return refusal(problem, visitor, FIELDS)
    return None


async def _form(visitor: Visitor, sent: VisitForm, status: int = 200, **context: Any) -> Response:
    mine = await my_grid(visitor)
    done = visitor.parameter("done")
    return visitor.page("grid/visit.html", status, mine=mine, sent=sent, done=done, **context)


def _moment(kept_at: str) -> datetime | None:
    """When the phone kept it; None for now, and when its clock is ahead of ours."""
    try:
        moment = datetime.fromisoformat(kept_at)
    except ValueError:
        return None
    return moment if moment.tzinfo and moment <= clock.now() else None
