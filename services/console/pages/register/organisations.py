"""The organisations of the community: units and committees that take tasks under their own name."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Response

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import OrganisationTerms
from services.console.pages.access import SignedIn
from services.console.pages.parts import words
from services.console.pages.parts.forms import STALE, Remarks, VersionedForm, number, refusal
from services.console.pages.parts.pager import after
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor

__all__ = ["router"]

router = APIRouter(prefix="/organisations")

SHOWN: Final = 50
LONGEST_CODE: Final = 40
FIELDS: Final = {"title": "title", "kind": "kind", "code": "code"}
CODES: Final = {"organisation-code-taken": "code"}


class OrganisationForm(VersionedForm):
    """An organisation, and the version that was shown."""

    title: str = ""
    kind: str = "resident_unit"
    code: str = ""

    def terms(self) -> OrganisationTerms:
        """For the directory; without a code the title is one."""
        title = self.title.strip()
        code = self.code.strip() or title[:LONGEST_CODE]
        return OrganisationTerms(kind=self.kind, title=title, code=code)


@router.get("")
async def organisations(visitor: SignedIn) -> Response:
    """Organisations by title or code, newest first."""
    wanted = visitor.parameter("q").strip()
    ask = visitor.services.directory.list_organisations
    found = await part(
        ask(visitor.caller, visitor.community, q=wanted or None, after=after(visitor), limit=SHOWN)
    )
    done = visitor.parameter("done")
    return visitor.page("register/organisations.html", found=found, wanted=wanted, done=done)


@router.get("/new")
async def new_organisation(visitor: SignedIn) -> Response:
    """The empty form."""
    return _form(visitor, None, OrganisationForm())


@router.post("/new")
async def add_organisation(
    visitor: SignedIn, sent: Annotated[OrganisationForm, Form()]
) -> Response:
    """Add one; who gives it no code has its title for one."""
    return await _kept(visitor, None, sent)


@router.get("/{organisation_id}")
async def organisation(visitor: SignedIn, organisation_id: UUID) -> Response:
    """The form of what can be changed."""
    ask = visitor.services.directory.get_organisation
    found = await ask(visitor.caller, visitor.community, organisation_id)
    present = OrganisationForm(
        title=found.title, kind=found.kind, code=found.code, version=str(found.version)
    )
    return _form(visitor, organisation_id, present)


@router.post("/{organisation_id}")
async def change_organisation(
    visitor: SignedIn, organisation_id: UUID, sent: Annotated[OrganisationForm, Form()]
) -> Response:
    """Another title, kind or code."""
    return await _kept(visitor, organisation_id, sent)


async def _kept(visitor: Visitor, organisation_id: UUID | None, sent: OrganisationForm) -> Response:
    """Add or change it, and show the list; or the form, with what is wrong."""
    remarks = _missing(visitor, sent)
    if remarks:
        return _form(visitor, organisation_id, sent, 400, remarks=remarks)
    directory, caller, community = visitor.services.directory, visitor.caller, visitor.community
    try:
        if organisation_id is None:
            await directory.add_organisation(
                caller, community, sent.terms(), idempotency_key=visitor.once
            )
        else:
            await directory.change_organisation(
                caller, community, organisation_id, sent.terms(), version=number(sent.version)
            )
    except (Refused, TooMany, Unavailable) as problem:
        found = refusal(problem, visitor, FIELDS, CODES)
        if organisation_id and found.status == STALE:
            sent.version = await _version(visitor, organisation_id) or sent.version
        return _form(visitor, organisation_id, sent, **found.page)
    done = "changed" if organisation_id else "added"
    return visitor.go_on(f"/in/{community}/register/organisations?done={done}")


async def _version(visitor: Visitor, organisation_id: UUID) -> str:
    """The present version: whoever was told that it changed may say the same again."""
    ask = visitor.services.directory.get_organisation
    found = await part(ask(visitor.caller, visitor.community, organisation_id))
    return str(found.value.version) if found.value else ""


def _missing(visitor: Visitor, sent: OrganisationForm) -> Remarks:
    return {} if sent.title.strip() else {"title": visitor.gettext("请填写名称。")}


def _form(
    visitor: Visitor,
    organisation_id: UUID | None,
    sent: OrganisationForm,
    status: int = 200,
    **context: Any,
) -> Response:
    kinds = words.options(words.ORGANISATION_KINDS, visitor.gettext)
    if sent.kind not in words.ORGANISATION_KINDS:
        kinds.append((sent.kind, sent.kind))
    return visitor.page(
        "register/organisation.html",
        status,
        organisation_id=organisation_id,
        sent=sent,
        kinds=kinds,
        **context,
    )
