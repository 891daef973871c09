"""Pages for what went wrong, in words."""

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from services.console.clients import Refused, TooMany, Unavailable
from services.console.pages import texts
from services.console.pages.access import NotOurs, SignInFirst
from services.console.pages.headers import HEADERS, PAGE
from services.console.pages.parts.forms import refusal
from services.console.pages.sign_in import sign_in_page
from services.console.pages.texts import N_
from services.console.pages.visitor import Visitor
from shared.codes import without_codes
from shared.photos import PHOTOS_EACH, PhotoTooLarge
from shared.problems import Problem
from shared.problems import Unavailable as Busy

__all__ = ["add_error_pages", "form_refused"]

log = structlog.get_logger()

NOT_SIGNED_IN = 401
NOT_FOUND = 404

_SENTENCES = {
    404: N_("没有这个页面。请检查网址，或回到首页。"),
    405: N_("这个网址不能这样打开。请回到首页。"),
    413: N_("提交的内容太大，没有收下。请减少内容后再试。"),
    500: N_("出错了。请稍后再试；如果还不行，请告诉社区工作人员。"),
    503: N_("这项服务暂时不可用。请过几分钟再试；有急事请直接打电话给社区。"),
}
_NOT_UNDERSTOOD = N_("浏览器提交的内容无法识别。请回到首页再试。")
_PHOTOS_TOO_LARGE = N_(
    "照片太大，没有收下。最多 %(count)d 张，每张不超过 8 MB，请换小一点的照片再试。"
)
_TOO_MANY_FORMS = N_("现在提交照片的人太多，您的内容没有收下。请过一会儿再试。")


def form_refused(request: Request, problem: Problem) -> Response:
    """The page for a form that nobody read: too large, or too many at a time."""
    _ = Visitor.now(request).gettext
    sentence = ""
    if isinstance(problem, PhotoTooLarge):
        sentence = _(_PHOTOS_TOO_LARGE) % {"count": PHOTOS_EACH}
    elif isinstance(problem, Busy):
        sentence = _(_TOO_MANY_FORMS)
    return _page(request, problem.status, sentence, is_repeatable=True)


def add_error_pages(app: FastAPI) -> None:
    """Answer every error of `app` with a page; an unknown one is logged, and says nothing."""
    app.add_exception_handler(HTTPException, _by_status)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(NotOurs, _not_ours)
    app.add_exception_handler(SignInFirst, _sign_in_first)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(TooMany, _too_many)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(Exception, _unknown)


async def _by_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    answer = _page(request, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _malformed(request: Request, error: Exception) -> Response:
    """A path that names nothing we could have is no page; anything else is a broken form."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    in_path = any(one["loc"][:1] == ("path",) for one in error.errors())
    return _page(request, NOT_FOUND if in_path else 400)


async def _not_ours(request: Request, _error: Exception) -> Response:
    return _page(request, 403, Visitor.now(request).gettext(texts.NOT_OURS))


async def _sign_in_first(request: Request, _error: Exception) -> Response:
    visitor = Visitor.now(request)
    onward = visitor.here() if request.method == "GET" else ""
    return await sign_in_page(visitor, NOT_SIGNED_IN, onward=onward)


async def _refused(request: Request, error: Exception) -> Response:
    """A service said no to the page as a whole; to a token: renew it once, then sign in again."""
    assert isinstance(error, Refused)  # noqa: S101 - as above
    visitor = Visitor.now(request)
    if not error.is_about_token or visitor.session is None:
        sentence = "" if error.status == NOT_FOUND else error.title
        return _page(request, error.status, sentence)
    if visitor.was_renewed or request.method != "GET":
        visitor.session = None
        return await _sign_in_first(request, error)
    visitor.session = visitor.session.ended()
    return visitor.go_on(visitor.here())


async def _too_many(request: Request, error: Exception) -> Response:
    assert isinstance(error, TooMany)  # noqa: S101 - as above
    found = refusal(error, Visitor.now(request), {})
    answer = _page(request, found.status, found.remarks["form"])
    answer.headers.update(found.headers)
    return answer


async def _unavailable(request: Request, _error: Exception) -> Response:
    return _page(request, 503)


async def _unknown(request: Request, error: Exception) -> Response:
    log.error("page.failed", path=without_codes(request.url.path), exc_info=error)
    answer = _page(request, 500)
    # This one is made outside the middleware that adds them to every other answer.
    answer.headers.update(HEADERS | {"cache-control": PAGE})
    return answer


def _page(
    request: Request, status: int, sentence: str = "", *, is_repeatable: bool = False
) -> Response:
    """A page with one sentence; `is_repeatable`: and the way back to the form."""
    visitor = Visitor.now(request)
    sentence = sentence or visitor.gettext(_SENTENCES.get(status, _NOT_UNDERSTOOD))
    again = visitor.here() if is_repeatable else ""
    return visitor.page("error.html", status, sentence=sentence, again=again)
