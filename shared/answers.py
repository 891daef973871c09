"""How problems are answered: RFC 9457 problem details, in the caller's language."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared import problems
from shared.codes import without_codes
from shared.database import is_busy, is_unreachable, sqlstate
from shared.languages import field, prefers_english, reason
from shared.problems import Problem
from shared.reasons import reason_of, told

__all__ = ["PROBLEM_RESPONSES", "AnsweredBefore", "add_problem_answers", "problem_answer"]

log = structlog.get_logger()

_OF_STATUS = {
    kind.status: kind
    for kind in (
        problems.NotMet,
        problems.NotSignedIn,
        problems.NotAllowed,
        problems.NotFound,
        problems.UnknownMethod,
        problems.WrongState,
        problems.StaleVersion,
        problems.TooLarge,
        problems.Malformed,
        problems.TooMany,
        problems.Unavailable,
    )
}
_DUPLICATE_KEY = "23505"
"""Another transaction inserted the same key first: a lost race."""

_PROBLEM_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:jinlin:problem:not-found"]},
        "title": {"type": "string", "description": "What to do, in the caller's language."},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}
PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Problem details (RFC 9457); `type` is stable.",
        "content": {"application/problem+json": {"schema": _PROBLEM_SCHEMA}},
    },
    503: {
        "description": "Not available just now; `Retry-After` says how many seconds to wait.",
        "content": {"application/problem+json": {"schema": _PROBLEM_SCHEMA}},
    },
}


def problem_answer(
    request: Request, problem: Problem, errors: Sequence[dict[str, str]] = ()
) -> Response:
    """A stable type, a title in the caller's language, and when to come again."""
    english = prefers_english(request.headers.get("accept-language", ""))
    body: dict[str, Any] = {
        "type": f"urn:jinlin:problem:{problem.code()}",
        "title": problem.en if english else problem.zh,
        "status": problem.status,
    }
    if detail := str(problem):
        body["detail"] = detail
    if errors:
        body["errors"] = list(errors)
    headers: dict[str, str] = {}
    if problem.retry_after_seconds is not None:
        headers["retry-after"] = str(problem.retry_after_seconds)
    if problem.status == problems.NotSignedIn.status:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(body, problem.status, headers, "application/problem+json")


class AnsweredBefore(Exception):  # noqa: N818 - what happened
    """The transaction is taken back, and this answer, of the first time, is given again."""

    def __init__(self, answer: Response) -> None:
        """Carry the first answer."""
        super().__init__()
        self.answer = answer


def add_problem_answers(app: FastAPI) -> None:
    """Answer every error of `app` as problem details; unknown ones are logged, and say nothing."""
    app.add_exception_handler(AnsweredBefore, _again)
    app.add_exception_handler(Problem, _known)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _plain)
    for kind in (asyncpg.PostgresError, OSError):
        app.add_exception_handler(kind, _of_database)
    app.add_exception_handler(Exception, _unknown)


async def _again(_request: Request, error: Exception) -> Response:
    assert isinstance(error, AnsweredBefore)  # noqa: S101 - registered for this class only
    return error.answer


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class only
    return problem_answer(request, error)


async def _malformed(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    english = prefers_english(request.headers.get("accept-language", ""))
    errors = [
        {"field": field(one), "reason": reason(one, english=english)} for one in error.errors()
    ]
    return problem_answer(request, problems.Malformed(), errors[:20])


async def _plain(request: Request, error: Exception) -> Response:
    """What the framework refuses: no such route, a method that it does not take."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if isinstance(error.__cause__, Problem):  # raised while the body was read
        return problem_answer(request, error.__cause__)
    problem = _OF_STATUS.get(error.status_code, Problem)()
    problem.status = error.status_code
    answer = problem_answer(request, problem)
    answer.headers.update(error.headers or {})
    return answer


async def _of_database(request: Request, error: Exception) -> Response:
    if is_unreachable(error) or is_busy(error):
        path = without_codes(request.url.path)
        log.warning("request.unavailable", path=path, error=reason_of(error.__cause__ or error))
        return problem_answer(request, problems.Unavailable())
    if sqlstate(error) == _DUPLICATE_KEY:
        return problem_answer(request, problems.WrongState())
    return await _unknown(request, error)


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("request.failed", path=without_codes(request.url.path), **told(error))
    return problem_answer(request, Problem())
