"""Errors as words of the domain, and the one table that gives each kind its status.

A rule raises a word (`class AlreadyClaimed(LostRace)`); the edge answers it as RFC 9457 problem
details whose `type` is made from the word's name: `urn:jinlin:problem:already-claimed`.
"""

import re

__all__ = [
    "Malformed",
    "NotAllowed",
    "NotFound",
    "NotMet",
    "NotSignedIn",
    "NotYet",
    "Problem",
    "StaleVersion",
    "TooLarge",
    "TooMany",
    "Unavailable",
    "UnknownId",
    "UnknownMethod",
    "WrongState",
]


_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Problem(Exception):  # noqa: N818 - a word of the domain, not a technical error
    """Something that cannot be done, with what to do instead, in Chinese and English."""

    status: int = 500
    zh: str = "出错了，请稍后再试。"
    en: str = "Something went wrong. Please try again later."
    retry_after_seconds: int | None = None

    @classmethod
    def code(cls) -> str:
        """The stable name of this problem, from the name of its class: `already-claimed`."""
        return _WORDS.sub("-", cls.__name__).lower()


class Malformed(Problem):
    """The payload does not have the form that the API document describes."""

    status = 422
    zh = "提交的内容格式不对，请按提示修改。"
    en = "What was sent does not have the right form. See `errors`."


class NotMet(Problem):
    """The payload is well formed, but misses what a rule asks for."""

    status = 400
    zh = "提交的内容不符合要求。"
    en = "What was sent does not meet the rule."


class NotSignedIn(Problem):
    """No token, or one that is not good."""

    status = 401
    zh = "请先登录。"
    en = "Please sign in first."


class NotAllowed(Problem):
    """The caller's roles do not include this action."""

    status = 403
    zh = "您没有这项操作的权限。"
    en = "Your role does not allow this."


class NotFound(Problem):
    """Nothing with this id in this community; also the answer about other communities."""

    status = 404
    zh = "没有找到。"
    en = "There is nothing here with this id."


class UnknownMethod(Problem):
    """The address exists, but does not take this method."""

    status = 405
    zh = "这个地址不支持这种操作。"
    en = "This address does not take this method."


class UnknownId(NotMet):
    """An id in the payload names nothing that this community knows."""

    zh = "填写的编号在本社区不存在。"
    en = "An id that was sent names nothing in this community."


class WrongState(Problem):
    """The step does not fit where the matter stands now; also the answer to a lost race."""

    status = 409
    zh = "当前状态下不能这样操作，请刷新后再看。"
    en = "This step does not fit the present state. Reload and look again."


class StaleVersion(Problem):
    """`If-Match` named an older version than the present one."""

    status = 412
    zh = "内容已被他人修改，请刷新后再操作。"
    en = "Somebody changed this meanwhile. Reload, then try again."


class TooLarge(Problem):
    """The body is larger than this service takes."""

    status = 413
    zh = "提交的内容太大。"
    en = "What was sent is too large."


class TooMany(Problem):
    """Too many attempts; wait as long as `Retry-After` says."""

    status = 429
    zh = "尝试次数过多，请稍后再试。"
    en = "Too many attempts. Please wait a while."
    retry_after_seconds = 60


class Unavailable(Problem):
    """The service cannot reach its database just now; nothing was done."""

    status = 503
    zh = "服务暂时不可用，请稍后再试。"
    en = "The service is not available just now. Please try again."
    retry_after_seconds = 2


class NotYet(Problem):
    """What an event needs has not arrived; its handler is tried again later."""

    status = 503
    retry_after_seconds = 2
