"""Files in, CSV or Excel: all of a file, or nothing of it."""

from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from services.directory import actions
from services.directory.domain import ImportErrors, Report
from services.directory.permissions import may
from services.directory.routes.doors import ImportedLines, WideTx
from services.directory.routes.people import deciding
from services.directory.routes.views.files import XLSX
from services.directory.routes.views.neighbourhood import ReportView
from shared.answers import problem_answer
from shared.door import Door, Tx
from shared.fields import CommunityPath
from shared.identity import Caller

__all__ = ["router"]

router = APIRouter(route_class=Door)

XLS: Final = "application/vnd.ms-excel"

DryRun = Annotated[bool, Query(description="Only say what would be done; always 200.")]


def _file(example: str) -> dict[str, Any]:
    """How the API document shows the body."""
    content: dict[str, Any] = {
        "text/csv": {"schema": {"type": "string"}, "example": example},
        XLSX: {"schema": {"type": "string", "format": "binary"}},
        XLS: {"schema": {"type": "string", "format": "binary"}},
    }
    return {"requestBody": {"required": True, "content": content}}


PLACES: Final = _file(
    "code,parent_code,kind,title,compound_type,boundary\nc1,,compound,宇辉星城,serviced,\n"
)
PEOPLE: Final = _file(
    "name,phone,roles,place_code,organisation_codes,language,login_name,invite\n"
    "张桂兰,13812341234,resident;volunteer,c1,,zh-CN,,yes\n"
)


@router.post(
    "/places/import",
    response_model=ReportView,
    openapi_extra=PLACES,
    dependencies=[may("import")],
)
async def import_places(
    community: CommunityPath,
    request: Request,
    lines: ImportedLines,
    tx: Tx,
    *,
    dry_run: DryRun = False,
) -> Response:
    """Add and change places from a file, CSV in UTF-8 or Excel; they are matched by code.

    Any error: 400 `import-errors` with the report, and nothing is stored.
    """
    report = await actions.import_places(tx, community, lines, dry_run=dry_run)
    return _answer(request, report)


@router.post("/people/import", response_model=ReportView, openapi_extra=PEOPLE)
async def import_people(
    community: CommunityPath,
    request: Request,
    caller: Annotated[Caller, may("import")],
    lines: ImportedLines,
    tx: WideTx,
    *,
    dry_run: DryRun = False,
) -> Response:
    """Add and change members from a file; matched by login name, else by name and phone.

    `invite` = yes gives a one-time code in the answer to each who has neither a password nor an
    open code; a changed membership ends open codes. Codes are told this once: if the answer is
    lost, `POST …/people/invitations` makes them anew. Any error: 400
    `import-errors` with the report, and nothing is stored.
    """
    report = await actions.import_people(tx, deciding(caller, community), lines, dry_run=dry_run)
    return _answer(request, report)


def _answer(request: Request, report: Report) -> Response:
    """The report; with errors it is a problem as well, unless nothing was to be stored."""
    body = ReportView.of(report).model_dump(mode="json")
    no_store = {"cache-control": "no-store"}
    if report.dry_run or not report.errors:
        return JSONResponse(body, headers=no_store)
    problem = problem_answer(request, ImportErrors())
    return JSONResponse(
        orjson.loads(problem.body) | body,
        problem.status_code,
        no_store,
        "application/problem+json",
    )
