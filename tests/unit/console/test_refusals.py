"""What a service refuses is told beside the field, or above the form; a missing part is missing."""

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError

from services.console.clients import Refused, TooMany, Unavailable
from services.console.clients.base import at
from services.console.clients.models.requests import Asking
from services.console.clients.problems import refusal as read
from services.console.pages.parts.forms import refusal
from services.console.pages.parts.part import part
from services.console.pages.visitor import Visitor

FIELDS = {"description": "tell", "place_id": "where"}


def visitor(language: str = "zh-CN") -> Visitor:
    return Visitor(
        Request(
            {
                "type": "http",
                "app": FastAPI(),
                "method": "POST",
                "scheme": "https",
                "path": "/",
                "query_string": f"lang={language}".encode(),
                "headers": [(b"host", b"jinlin.example")],
                "server": ("jinlin.example", 443),
            }
        )
    )


def test_problem_details_become_words_for_the_page():
    body = {
        "type": "urn:jinlin:problem:malformed",
        "title": "格式不对",
        "status": 422,
        "errors": [{"field": "description", "reason": "内容太短"}, {"field": "x", "reason": "?"}],
    }
    refused = read(httpx.Response(422, json=body))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.title) == ("malformed", "格式不对")
    found = refusal(refused, visitor(), FIELDS)
    assert found.status == 422
    assert found.remarks == {"tell": "内容太短", "form": "格式不对 x: ?"}


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"errors": 1}', b"\xff"])
def test_a_refusal_in_another_form_is_a_refusal_all_the_same(content):
    refused = read(httpx.Response(409, content=content))
    assert isinstance(refused, Refused)
    found = refusal(refused, visitor(), FIELDS)
    assert (found.status, found.remarks) == (409, {"form": "没有办成。请检查后再试一次。"})


@pytest.mark.parametrize(
    ("told", "seconds"), [("30", 30), (None, 60), ("soon", 60), ("9" * 40, 60), ("-1", 60)]
)
def test_patience_is_asked_for_in_seconds(told, seconds):
    answer = httpx.Response(429, headers={"retry-after": told} if told else {})
    problem = read(answer)
    assert isinstance(problem, TooMany)
    found = refusal(problem, visitor(), FIELDS)
    assert found.headers == {"retry-after": str(seconds)}
    assert f"{seconds} 秒" in found.remarks["form"]


@pytest.mark.parametrize(
    ("language", "why"), [("zh-CN", "这不是有效的编号"), ("en", "This is not an id")]
)
def test_what_cannot_even_be_sent_is_told_as_the_service_would(language, why):
    with pytest.raises(ValidationError) as caught:
        Asking.model_validate({"category": "repair", "description": "灯", "place_id": ""})
    found = refusal(caught.value, visitor(language), FIELDS)
    assert (found.status, found.remarks) == (400, {"where": why})


def test_a_token_that_is_not_good_is_no_matter_of_a_form():
    with pytest.raises(Refused):
        refusal(Refused(401, "请先登录。", "not-signed-in"), visitor(), FIELDS)
    wrong = refusal(Refused(401, "密码不对。", "wrong-credentials"), visitor(), FIELDS)
    assert wrong.remarks == {"form": "密码不对。"}


async def test_a_part_is_missing_or_refused_and_a_bad_token_is_neither():
    async def answer(problem: Exception | None) -> str:
        if problem:
            raise problem
        return "here"

    assert (await part(answer(None))).value == "here"
    for problem in (Unavailable("points"), TooMany(5)):
        missing = await part(answer(problem))
        assert (missing.value, missing.is_there, missing.refused) == (None, False, "")
    assert (await part(answer(Refused(404, "没有找到。")))).refused == "没有找到。"
    with pytest.raises(Refused):
        await part(answer(Refused(401, "")))


def test_a_step_of_a_path_stays_one_step():
    assert at("wenhua-road") == "wenhua-road"
    assert at("a/../b?c#d e") == "a%2F..%2Fb%3Fc%23d%20e"
    for back in ("", ".", ".."):
        with pytest.raises(Refused):
            at(back)
