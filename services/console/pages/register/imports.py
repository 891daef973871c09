"""Files in: download one to fill in, have it checked, then import what was checked."""

import base64
import binascii
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, File, Form, HTTPException, Response, UploadFile

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.models.directory import ReportView
from services.console.pages.access import SignedIn
from services.console.pages.parts.called import called
from services.console.pages.parts.forms import Refusal, refusal
from services.console.pages.register.person import ANSWERING, NO_STORE
from services.console.pages.register.way_in import way_in
from services.console.pages.texts import ENGLISH, N_
from services.console.pages.visitor import Visitor

__all__ = ["COLUMNS", "packed", "router", "unpacked"]

router = APIRouter()

type Kind = Literal["people", "places"]

COLUMNS: Final[Mapping[str, str]] = {
    "code": N_("编码"),
    "parent_code": N_("上级编码"),
    "kind": N_("类型"),
    "title": N_("名称"),
    "compound_type": N_("小区类型"),
    "boundary": N_("边界"),
    "name": N_("姓名"),
    "phone": N_("电话"),
    "roles": N_("角色"),
    "place_code": N_("地点编码"),
    "organisation_codes": N_("单位编码"),
    "language": N_("语言"),
    "login_name": N_("登录名"),
    "invite": N_("发邀请码"),
}
"""The columns of both files, as their headers call them."""

SHOWN: Final = 100
"""So many errors, or changes, are shown; whoever has more mends these first."""

LARGEST_FILE_BYTES: Final = 1024 * 1024
LARGEST_PACKED_CHARACTERS: Final = 950_000
"""What was checked is sent once more: packed, it has to fit into a form."""

BYTES: Final = "application/octet-stream"
"""The directory tells a file's kind by how it begins."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What stands on the page of a file that was checked."""

    report: ReportView
    packed: str
    name: str


@router.get("/{kind}/import")
async def file(visitor: SignedIn, kind: Kind) -> Response:
    """How to import, step by step."""
    return _page(visitor, kind)


@router.get("/{kind}/import/checked")
async def back_to_file(visitor: SignedIn, kind: Kind) -> Response:
    """What was checked is on no address: it is sent again."""
    return visitor.go_on(f"/in/{visitor.community}/register/{kind}/import")


@router.get("/{kind}/template.{suffix}")
async def template(visitor: SignedIn, kind: Kind, suffix: Literal["xlsx", "csv"]) -> Response:
    """A file to fill in; of places also with those that are there (`?filled=yes`)."""
    _require_answering(visitor)
    directory = visitor.services.directory
    language = "en" if visitor.language == ENGLISH else "zh-CN"
    if kind == "people":
        content = await directory.people_template(
            visitor.caller, visitor.community, format=suffix, language=language
        )
    else:
        content = await directory.places_template(
            visitor.caller,
            visitor.community,
            format=suffix,
            language=language,
            filled=visitor.parameter("filled") == "yes",
        )
    name = f'attachment; filename="{visitor.community}-{kind}.{suffix}"'
    return Response(content, 200, NO_STORE | {"content-disposition": name}, BYTES)


@router.post("/{kind}/import")
async def check(
    visitor: SignedIn, kind: Kind, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """Say what a file would do, row by row; nothing is stored."""
    _require_answering(visitor)
    if file is None or not file.filename:
        return _page(visitor, kind, 400, remarks={"file": visitor.gettext("请选择文件。")})
    content = await file.read()
    held = packed(content)
    if len(held) > LARGEST_PACKED_CHARACTERS:
        why = visitor.gettext("文件太大，请分成多个文件。")
        return _page(visitor, kind, 400, remarks={"file": why})
    return await _checked(visitor, kind, content, held, file.filename)


@router.post("/{kind}/import/checked")
async def import_checked(
    visitor: SignedIn,
    kind: Kind,
    held: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
) -> Response:
    """Import what was checked: all of it, or nothing when it has errors by now."""
    _require_answering(visitor)
    content = unpacked(held)
    if content is None:
        return _page(visitor, kind, 400, remarks={"file": visitor.gettext("请选择文件。")})
    try:
        done = await _importing(visitor, kind)(
            visitor.caller,
            visitor.community,
            (BYTES, content),
            idempotency_key=visitor.once if kind == "places" else None,
        )
    except Refused as refused:
        if refused.code == "import-errors":
            return await _checked(visitor, kind, content, held, name)
        return _refused(visitor, kind, refusal(refused, visitor, {}))
    except (TooMany, Unavailable) as problem:
        return _refused(visitor, kind, refusal(problem, visitor, {}))
    found = await called(visitor, {one.person_id for one in done.invitations})
    way = way_in(visitor) if done.invitations else None
    return _page(visitor, kind, headers=NO_STORE, done=done, names=found.names, way=way)


def packed(content: bytes) -> str:
    """A file as a form's field carries it."""
    return base64.urlsafe_b64encode(zlib.compress(content)).decode()


def unpacked(held: str) -> bytes | None:
    """The file again; None for what `packed` has not made, or is larger than any file."""
    unpacking = zlib.decompressobj()
    try:
        content = unpacking.decompress(base64.urlsafe_b64decode(held), LARGEST_FILE_BYTES)
    except (zlib.error, binascii.Error, ValueError):
        return None
    return content if unpacking.eof and content else None


def _importing(visitor: Visitor, kind: Kind) -> Callable[..., Awaitable[ReportView]]:
    directory = visitor.services.directory
    return directory.import_people if kind == "people" else directory.import_places


async def _checked(visitor: Visitor, kind: Kind, content: bytes, held: str, name: str) -> Response:
    """The page of a file that the directory has looked at."""
    try:
        report = await _importing(visitor, kind)(
            visitor.caller, visitor.community, (BYTES, content), dry_run=True
        )
    except (Refused, TooMany, Unavailable) as problem:
        return _refused(visitor, kind, refusal(problem, visitor, {}))
    status = 400 if report.errors else 200
    return _page(visitor, kind, status, headers=NO_STORE, checked=Checked(report, held, name))


def _refused(visitor: Visitor, kind: Kind, found: Refusal) -> Response:
    """What is wrong with the file as a whole is told beside it."""
    remarks = {"file": " ".join(found.remarks.values())}
    return _page(visitor, kind, found.status, headers=found.headers, remarks=remarks)


def _require_answering(visitor: Visitor) -> None:
    """The directory decides; whoever would be refused is told that there is no such page."""
    if not visitor.roles & ANSWERING:
        raise HTTPException(404)


def _page(visitor: Visitor, kind: Kind, status: int = 200, **context: Any) -> Response:
    _require_answering(visitor)
    given: dict[str, Any] = {"checked": None, "done": None, "names": {}}
    return visitor.page(
        "register/import.html",
        status,
        kind=kind,
        columns=COLUMNS,
        shown=SHOWN,
        **(given | context),
    )
