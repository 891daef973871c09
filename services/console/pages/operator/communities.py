"""A new community: what it is called, and how its addresses and numbers begin."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import NewCommunity
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, Remarks, refusal
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/operator/communities")

FIELDS: Final = {
    one: one for one in ("title", "slug", "prefix", "district", "subdistrict", "compound_type")
}
CODES: Final = {"community-exists": "slug"}


class CommunityForm(FormSent):
    """A community, as it was typed."""

    title: str = ""
    slug: str = ""
    prefix: str = ""
    district: str = ""
    subdistrict: str = ""
    compound_type: str = ""

    def community(self) -> NewCommunity:
        """For the directory, without what was left empty. Raises ValidationError."""
        told = {name: getattr(self, name).strip() for name in FIELDS}
        told |= {"slug": told["slug"].lower(), "prefix": told["prefix"].upper()}
        return NewCommunity.model_validate({name: said for name, said in told.items() if said})


@router.get("/new")
async def new_community(visitor: SignedIn) -> Response:
    """The empty form."""
    return _form(visitor, CommunityForm())


@router.post("/new")
async def open_community(visitor: SignedIn, sent: Annotated[CommunityForm, Form()]) -> Response:
    """Open it, and go on to add its first staff."""
    remarks = _missing(visitor, sent)
    if remarks:
        return _form(visitor, sent, 400, remarks=remarks)
    try:
        opened = await visitor.services.directory.open_community(
            visitor.caller, sent.community(), idempotency_key=visitor.once
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS, CODES)
        return _form(visitor, sent, found.status, remarks=found.remarks, headers=found.headers)
    return visitor.go_on(f"/in/{opened.slug}/register/people/new?role=community_staff")


def _missing(visitor: Visitor, sent: CommunityForm) -> Remarks:
    _ = visitor.gettext
    said = {
        "title": _("请填写社区名称。"),
        "slug": _("请填写网址里的名字。"),
        "prefix": _("请填写编号开头。"),
    }
    return {name: why for name, why in said.items() if not getattr(sent, name).strip()}


def _form(visitor: Visitor, sent: CommunityForm, status: int = 200, **context: Any) -> Response:
    return visitor.page("operator/new_community.html", status, sent=sent, **context)
