"""The contracts: an envelope, a subject, a type, and nothing about anybody but ids."""

import types
import typing
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import pytest
from pydantic import AwareDatetime, BaseModel, ValidationError

from shared import clock, ids
from shared.events import (
    PLATFORM,
    UNSTAMPED,
    Event,
    MembershipChanged,
    PersonChanged,
    RequestClosed,
    RequestRegistered,
    Taker,
    Work,
)
from shared.topology import OWNERS

CONTRACTS = sorted(
    (one for one in Event.known.values() if one.__module__.startswith("shared.events.")),
    key=lambda one: one.type(),
)
every_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.type())

WORDS_OF_PERSONS = {
    "address", "age", "alias", "avatar", "birth", "birthday", "comment", "contact", "description",
    "detail", "details", "disability", "door", "email", "gender", "health", "household", "idcard",
    "identity", "mail", "message", "mobile", "name", "nickname", "note", "phone", "photo", "reason",
    "room", "sex", "surname", "telephone", "text", "wechat", "words",
}  # fmt: skip
"""What a field about a person might be called: no event has one (`DESIGN.md` §5)."""

WORDS_OF_THE_PLATFORM = {
    "community", "slug", "prefix", "number", "category", "rule", "points_rule", "kind", "roles",
    "key_id", "public_key",
}  # fmt: skip
"""Fields of text that name no person: codes, numbers and keys."""

TITLES = {"CommunityChanged", "PlaceChanged", "OrganisationChanged"}
"""Contracts with a `title`, of something that is not a person."""


def closed(**changes: Any) -> RequestClosed:
    usual: dict[str, Any] = {
        "community": "wenhua",
        "occurred_at": clock.now(),
        "version": 9,
        "request_id": ids.new_id(),
        "number": "WH-2026-000153",
        "cycle": 1,
        "category": "repair",
        "requester_id": ids.new_id(),
        "filed_by": ids.new_id(),
        "closed_by": ids.new_id(),
        "closed_as": "requester",
        "work": (),
        "points_rule": None,
    }
    return RequestClosed(**usual | changes)


def test_every_owner_that_tells_something_has_a_stream() -> None:
    assert len(CONTRACTS) > 25
    assert {one.owner for one in CONTRACTS} <= set(OWNERS)


def test_an_event_has_its_place_on_the_bus() -> None:
    event = closed()
    assert event.type() == "cn.jinlin.requests.closed.v1"
    assert event.subject == "evt.wenhua.requests.closed.v1"
    assert event.subjects() == "evt.*.requests.closed.v1"
    assert event.entity_id == str(event.request_id)
    assert event.event_id == UNSTAMPED
    assert Event.known[event.type()] is RequestClosed


def test_state_has_a_subject_for_each_entity() -> None:
    person_id = ids.new_id()
    event = PersonChanged(person_id=person_id, language="zh-CN", occurred_at=clock.now(), version=1)
    assert event.community == PLATFORM
    assert event.subject == f"evt._.directory.person_changed.v1.{person_id}"
    assert event.subjects() == "evt.*.directory.person_changed.v1.*"
    assert not event.removed


@every_contract
def test_it_is_written_once(contract: type[Event]) -> None:
    for model in models_in(contract):
        assert model.model_config.get("frozen"), model
        assert model.model_config.get("extra") == "ignore", model


@every_contract
def test_it_says_who_owns_it_and_what_it_is_about(contract: type[Event]) -> None:
    assert contract.type() == f"cn.jinlin.{contract.owner}.{contract.name}.v{contract.revision}"
    assert contract.__module__ == f"shared.events.{contract.owner}"
    assert contract.entity in contract.model_fields
    assert contract.keeps_last == (contract.owner == "directory")
    assert contract.__doc__
    assert "." not in contract.name


@every_contract
def test_it_tells_ids_and_nothing_of_a_person(contract: type[Event]) -> None:
    for model in models_in(contract):
        for name, field in model.model_fields.items():
            assert not set(name.split("_")) & WORDS_OF_PERSONS, name
            if str in leaves(field.annotation):
                of_a_thing = name == "title" and contract.__name__ in TITLES
                assert name in WORDS_OF_THE_PLATFORM or of_a_thing, name


@every_contract
def test_its_fields_are_of_plain_kinds(contract: type[Event]) -> None:
    """What another language reads from JSON without knowing ours."""
    allowed = {str, int, bool, UUID, AwareDatetime, type(None), Taker, Work}
    for field in contract.model_fields.values():
        assert leaves(field.annotation) <= allowed


def test_a_reader_is_not_troubled_by_fields_of_tomorrow() -> None:
    event = closed(work=(work(),))
    body: dict[str, Any] = event.model_dump(mode="json") | {"tomorrow": {"deep": [1]}}
    body["work"][0]["tomorrow"] = 1
    assert RequestClosed.model_validate(body) == event
    assert RequestClosed.model_validate_json(event.model_dump_json()) == event


def work() -> Work:
    person_id = ids.new_id()
    return Work(taker=Taker(kind="person", id=person_id), person_id=person_id, service_minutes=40)


@pytest.mark.parametrize(
    "changes",
    [
        {"community": "Wenhua"},
        {"community": "a.b"},
        {"community": "a b"},
        {"community": "*"},
        {"community": ">"},
        {"community": ""},
        {"community": "wenhua\n"},
        {"community": "x" * 41},
        {"community": "文化"},
        {"version": 0},
        {"cycle": 0},
        {"occurred_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the point
        {"request_id": "153"},
    ],
)
def test_an_envelope_that_would_not_fit_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        closed(**changes)


def test_an_event_is_not_changed_afterwards() -> None:
    event = closed()
    with pytest.raises(ValidationError):
        event.version = 10
    with pytest.raises(ValidationError):
        work().service_minutes = 1


def test_a_contract_without_a_name_is_not_known() -> None:
    before = set(Event.known)

    class Half(Event, owner="requests", entity="request_id"):
        request_id: UUID

    assert set(Event.known) == before
    assert Half.owner == "requests"


def test_two_steps_of_one_request_are_one_entity() -> None:
    one = closed()
    other = RequestRegistered.model_validate(one.model_dump())
    assert one.entity_id == other.entity_id


def test_a_membership_is_told_for_each_community() -> None:
    told = MembershipChanged(
        community="wenhua",
        person_id=ids.new_id(),
        roles=("resident",),
        occurred_at=clock.now(),
        version=1,
    )
    assert told.subject.startswith("evt.wenhua.directory.membership_changed.v1.")


def models_in(contract: type[BaseModel]) -> set[type[BaseModel]]:
    found = {contract}
    for field in contract.model_fields.values():
        for leaf in leaves(field.annotation):
            if isinstance(leaf, type) and issubclass(leaf, BaseModel):
                found |= models_in(leaf)
    return found


def leaves(annotation: Any) -> set[Any]:
    """The kinds of values below tuples, unions, constraints and literals (those count as none)."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return set()
    if origin is typing.Annotated:
        return leaves(arguments[0])
    if origin in {tuple, list, dict, frozenset, typing.Union, types.UnionType}:
        return set().union(*(leaves(one) for one in arguments if one is not Ellipsis))
    if isinstance(annotation, typing.TypeAliasType):
        return leaves(annotation.__value__)
    return {annotation}
