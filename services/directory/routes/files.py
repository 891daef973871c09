"""The files of an import before they are filled in."""

import asyncio
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.directory import actions, store
from services.directory.permissions import may
from services.directory.routes.views.files import CSV, XLSX, Sheet, people_sheet, places_sheet
from shared.door import Door, Tx
from shared.events.directory import Language
from shared.fields import CommunityPath

__all__ = ["router"]

router = APIRouter(route_class=Door)

FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            XLSX: {"schema": {"type": "string", "format": "binary"}},
            "text/csv": {"schema": {"type": "string"}},
        },
    }
}


class Wanted(BaseModel):
    """Which file."""

    format: Literal["xlsx", "csv"] = "xlsx"
    language: Language = Field(
        default="zh-CN", description="Of its header and lists; an import takes both."
    )


class PlacesWanted(Wanted):
    """Which file of places."""

    filled: bool = Field(default=False, description="With the places that are there.")


@router.get(
    "/places/template",
    response_class=Response,
    responses=FILE,
    dependencies=[may("import")],
)
async def places_template(
    community: CommunityPath, tx: Tx, wanted: Annotated[PlacesWanted, Query()]
) -> Response:
    """A file of places to fill in, or with `filled` one to change and send back."""
    places = await store.every_place(tx, community) if wanted.filled else ()
    return await _answer(places_sheet(wanted.language, places), f"{community}-places", wanted)


@router.get(
    "/people/template",
    response_class=Response,
    responses=FILE,
    dependencies=[may("import")],
)
async def people_template(community: CommunityPath, wanted: Annotated[Wanted, Query()]) -> Response:
    """A file of people to fill in. It tells of nobody who is there."""
    return await _answer(
        people_sheet(wanted.language, actions.MEMBER_ROLES), f"{community}-people", wanted
    )


async def _answer(sheet: Sheet, name: str, wanted: Wanted) -> Response:
    """The file to download; a large one is written in a thread, so that others go on."""
    is_csv = wanted.format == "csv"
    body = await asyncio.to_thread(sheet.as_csv if is_csv else sheet.as_xlsx)
    disposition = f'attachment; filename="{name}.{wanted.format}"'
    return Response(body, 200, {"content-disposition": disposition}, CSV if is_csv else XLSX)
