"""Pages for what went wrong, in words."""

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from services.console.pages.headers import HEADERS, PAGE
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from shared.codes import without_codes

__all__ = ["add_error_pages"]

log = structlog.get_logger()

_SENTENCES = {
    404: N_("没有这个页面。请检查网址，或回到首页。"),
    405: N_("这个网址不能这样打开。请回到首页。"),
    413: N_("提交的内容太大。请减少内容后再试。"),
    500: N_("出错了。请稍后再试；如果还不行，请告诉社区工作人员。"),
}
_NOT_UNDERSTOOD = N_("浏览器提交的内容无法识别。请回到首页再试。")


def add_error_pages(app: FastAPI) -> None:
    """Answer every error of `app` with a page; an unknown one is logged, and says nothing."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(Exception, _unknown)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    answer = _page(request, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _malformed(request: Request, _error: Exception) -> Response:
    return _page(request, 400)


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("page.failed", path=without_codes(request.url.path), exc_info=error)
    answer = _page(request, 500)
    # This one is made outside the middleware that adds them to every other answer.
    answer.headers.update(HEADERS | {"cache-control": PAGE})
    return answer


def _page(request: Request, status: int) -> Response:
    visitor = Visitor(request)
    sentence = visitor.gettext(_SENTENCES.get(status, _NOT_UNDERSTOOD))
    return visitor.page("error.html", status, sentence=sentence)
