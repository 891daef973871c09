"""A community: what it is called, and how its addresses and numbers begin; opened or changed."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, HTTPException, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import CommunityTerms, CommunityView, NewCommunity
from services.console.pages.access import SignedIn
from services.console.pages.parts.forms import FormSent, Remarks, number, refusal
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/operator/communities")

FIELDS: Final = {
    one: one for one in ("title", "slug", "prefix", "district", "subdistrict", "compound_type")
}
CODES: Final = {"community-exists": "slug"}
AT_ONCE: Final = 100


class CommunityForm(FormSent):
    """A community, as it was typed, and the version that was shown."""

    title: str = ""
    slug: str = ""
    prefix: str = ""
    district: str = ""
    subdistrict: str = ""
    compound_type: str = ""
    version: str = ""

    def told(self) -> dict[str, str]:
        """For the directory, without what was left empty."""
        told = {name: getattr(self, name).strip() for name in FIELDS}
        told |= {"slug": told["slug"].lower(), "prefix": told["prefix"].upper()}
        return {name: said for name, said in told.items() if said}


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
            visitor.caller, NewCommunity.model_validate(sent.told()), idempotency_key=visitor.once
        )
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS, CODES)
        return _form(visitor, sent, **found.page)
    return visitor.go_on(f"/in/{opened.slug}/register/people/new?role=community_staff")


@router.get("/{slug}")
async def community(visitor: SignedIn, slug: str) -> Response:
    """The form of what can be changed; its addresses stay."""
    present = await _present(visitor, slug)
    said = {name: getattr(present, name) or "" for name in FIELDS}
    return _form(visitor, CommunityForm(**said, version=str(present.version)), slug=slug)


@router.post("/{slug}")
async def change_community(
    visitor: SignedIn, slug: str, sent: Annotated[CommunityForm, Form()]
) -> Response:
    """Another title, number or place above it."""
    sent.slug = slug
    remarks = _missing(visitor, sent)
    if remarks:
        return _form(visitor, sent, 400, slug=slug, remarks=remarks)
    present = await _present(visitor, slug)
    told = sent.told() | {"region_code": present.region_code}
    ask = visitor.services.directory.change_community
    try:
        terms = CommunityTerms.model_validate(told)
        await ask(visitor.caller, slug, terms, version=number(sent.version))
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS)
        sent.version = str(present.version)
        return _form(visitor, sent, slug=slug, **found.page)
    return visitor.go_on(f"/in/{slug}/register/places?done=changed")


async def _present(visitor: Visitor, slug: str) -> CommunityView:
    """The community as it is. Raises what a call raises, and HTTPException 404."""
    after = None
    while True:
        page = await visitor.services.directory.list_communities(
            visitor.caller, after=after, limit=AT_ONCE
        )
        found = next((one for one in page.items if one.slug == slug), None)
        if found:
            return found
        after = page.next
        if after is None:
            raise HTTPException(404)


def _missing(visitor: Visitor, sent: CommunityForm) -> Remarks:
    _ = visitor.gettext
    said = {
        "title": _("请填写社区名称。"),
        "slug": _("请填写网址里的名字。"),
        "prefix": _("请填写编号开头。"),
    }
    return {name: why for name, why in said.items() if not getattr(sent, name).strip()}


def _form(
    visitor: Visitor, sent: CommunityForm, status: int = 200, *, slug: str = "", **context: Any
) -> Response:
    """The form for a new community, or for the one called `slug`."""
    return visitor.page("operator/community.html", status, sent=sent, slug=slug, **context)
