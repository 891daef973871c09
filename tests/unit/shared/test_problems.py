"""Every problem has a stable name, a status of its kind, and words in two languages."""

import importlib
import pkgutil
import re

import pytest
from starlette.requests import Request

import services
import shared
from shared.answers import problem_answer
from shared.problems import Problem, UnknownId, WrongState


def everywhere() -> list[type[Problem]]:
    """Every kind of problem in the code, whoever wrote it."""
    for package in (shared, services):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            # Scripts: a `__main__`, and Alembic's, which are run and not imported.
            if not one.name.endswith("__main__") and ".migrations." not in one.name:
                importlib.import_module(one.name)
    found: set[type[Problem]] = {Problem}
    waiting = [Problem]
    while waiting:
        kinds = waiting.pop().__subclasses__()
        waiting += kinds
        found |= {kind for kind in kinds if kind.__module__.split(".")[0] != "tests"}
    return sorted(found, key=lambda kind: (kind.__module__, kind.__name__))


PROBLEMS = everywhere()
STATUSES = {400, 401, 403, 404, 405, 409, 412, 413, 422, 429, 500, 503}

every_problem = pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.code())


def test_there_are_many() -> None:
    assert len(PROBLEMS) > 30


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("AlreadyClaimed", "already-claimed"),
        ("NotYet", "not-yet"),
        ("Malformed", "malformed"),
        ("NotYours", "not-yours"),
        ("RequestUnderWay", "request-under-way"),
        ("WrongCSVFile", "wrong-csv-file"),
    ],
)
def test_a_code_is_the_name_of_its_class(name: str, code: str) -> None:
    assert type(name, (WrongState,), {}).code() == code


@every_problem
def test_it_speaks_both_languages(kind: type[Problem]) -> None:
    assert any("一" <= one <= "鿿" for one in kind.zh)
    assert not any("一" <= one <= "鿿" for one in kind.en)
    assert kind.zh.endswith(("。", "！"))
    assert kind.en.endswith((".", "!"))


@every_problem
def test_it_has_words_of_its_own(kind: type[Problem]) -> None:
    """A word that says the same as its kind would help nobody; half a translation even less."""
    parent = kind.__mro__[1]
    if parent not in {Exception, Problem, *Problem.__subclasses__()}:
        return
    assert (kind.zh == getattr(parent, "zh", None)) == (kind.en == getattr(parent, "en", None))


@every_problem
def test_its_status_is_one_we_document(kind: type[Problem]) -> None:
    assert kind.status in STATUSES
    assert kind.retry_after_seconds is None or kind.retry_after_seconds > 0
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", kind.code())


def test_no_two_of_one_service_have_the_same_code() -> None:
    for owner in {kind.__module__.split(".")[1] for kind in PROBLEMS} | {"shared"}:
        codes = [
            kind.code()
            for kind in PROBLEMS
            if kind.__module__.startswith((f"services.{owner}.", "shared."))
        ]
        assert len(set(codes)) == len(codes)


def request(**headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), one.encode()) for name, one in headers.items()]
    return Request({"type": "http", "headers": raw})


def test_details_and_errors_are_told_when_there_are_any() -> None:
    answer = problem_answer(request(), UnknownId("place_id"), [{"field": "a", "reason": "b"}])
    assert answer.body == (
        '{"type":"urn:jinlin:problem:unknown-id","title":"填写的编号在本社区不存在。",'
        '"status":400,"detail":"place_id","errors":[{"field":"a","reason":"b"}]}'.encode()
    )


def test_english_is_spoken_to_those_who_prefer_it() -> None:
    answer = problem_answer(request(accept_language="en-US,zh;q=0.5"), UnknownId())
    assert UnknownId.en.encode() in answer.body
