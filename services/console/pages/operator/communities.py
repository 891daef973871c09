"""A community: what it is called, and how its addresses and numbers begin; opened or changed."""

from typing import Annotated, Any, Final, Self

from fastapi import APIRouter, Form, HTTPException, Response
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import CommunityTerms, CommunityView, NewCommunity
from services.console.pages.access import SignedIn
from services.console.pages.parts import words
from services.console.pages.parts.forms import (
    STALE,
    Remarks,
    VersionedForm,
    number,
    refusal,
)
from services.console.pages.parts.part import part
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/operator/communities")

FIELDS: Final = {
    one: one for one in ("title", "slug", "prefix", "district", "subdistrict", "compound_type")
}
KEPT: Final = (*FIELDS, "region_code")
CODES: Final = {"community-exists": "slug"}
AT_ONCE: Final = 100

CHANGED: Final = N_(
    "刚才有人改过这个社区，您的改动没有保存。下面是您填的；再点“保存”，就以您填的为准。"
)
PRESENT: Final = N_("现在登记的是：%(value)s")


class CommunityForm(VersionedForm):
    """A community, as it was typed, and the version that was shown."""

    title: str = ""
    slug: str = ""
    prefix: str = ""
    district: str = ""
    subdistrict: str = ""
    compound_type: str = ""
    region_code: str = ""
    """As it is: nobody types it here."""

    @classmethod
    def of(cls, community: CommunityView) -> Self:
        """The form as a community fills it in."""
        said = {name: getattr(community, name) or "" for name in KEPT}
        return cls(**said, version=str(community.version))

    def told(self) -> dict[str, str]:
        """For the directory, without what was left empty."""
        told = {name: getattr(self, name).strip() for name in KEPT}
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
    visitor.titles.keep(opened.slug, opened.title)
    return visitor.go_on(f"/in/{opened.slug}/register/people/new?role=community_staff")


@router.get("/{slug}/change")
async def community(visitor: SignedIn, slug: str) -> Response:
    """The form of what can be changed; its addresses stay."""
    return _form(visitor, CommunityForm.of(await _present(visitor, slug)), slug=slug)


@router.post("/{slug}/change")
async def change_community(
    visitor: SignedIn, slug: str, sent: Annotated[CommunityForm, Form()]
) -> Response:
    """Another title, number or place above it."""
    sent.slug = slug
    remarks = _missing(visitor, sent)
    if remarks:
        return _form(visitor, sent, 400, slug=slug, remarks=remarks)
    ask = visitor.services.directory.change_community
    try:
        terms = CommunityTerms.model_validate(sent.told())
        await ask(visitor.caller, slug, terms, version=number(sent.version))
    except (Refused, TooMany, Unavailable, ValidationError) as problem:
        found = refusal(problem, visitor, FIELDS)
        if found.status == STALE:
            found.remarks = await _changed_meanwhile(visitor, sent)
        if found.remarks:
            return _form(visitor, sent, slug=slug, **found.page)
    visitor.titles.keep(slug, sent.title.strip())
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


async def _changed_meanwhile(visitor: Visitor, sent: CommunityForm) -> Remarks:
    """What others have made of it, beside what was typed, which may then be saved all the same.

    Nothing where it is as it was typed: the answer to an earlier press was lost.
    """
    found = await part(_present(visitor, sent.slug))
    if found.value is None:
        return {"form": visitor.gettext("刚才有人改过这个社区，您的改动没有保存。")}
    present = CommunityForm.of(found.value)
    sent.version, sent.region_code = present.version, present.region_code
    telling, told = visitor.gettext(PRESENT), sent.told()
    others = {
        name: telling % {"value": _word(visitor, name, present)}
        for name in FIELDS
        if getattr(present, name) != told.get(name, "")
    }
    return {"form": visitor.gettext(CHANGED)} | others if others else {}


def _word(visitor: Visitor, name: str, present: CommunityForm) -> str:
    said = getattr(present, name)
    if name == "compound_type" and said:
        return visitor.gettext(words.COMPOUND_TYPES[said])
    return said or "–"


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
