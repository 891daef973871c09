"""The contracts: a released event is read for ever, by everybody who subscribes to it."""

import json
from pathlib import Path

import pytest

from deploy import services
from shared.events import Event
from shared.problems import Problem
from tests.support.platform import Platform

GOLDEN = Path(__file__).parent / "golden"
SUBSCRIPTIONS = [
    (service, spec, contract)
    for service in services.SERVICES
    for spec in services.definition(service).consumers.specs
    for contract in spec.events
]


def golden(contract: type[Event]) -> bytes:
    return (GOLDEN / f"{contract.type()}.json").read_bytes()


def test_every_event_has_its_golden_example_and_no_example_is_orphaned() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(Event.known)


@pytest.mark.parametrize("contract", Event.known.values(), ids=lambda one: one.__name__)
def test_the_golden_example_is_read_whole(contract: type[Event]) -> None:
    """Fails when a field is renamed, removed or newly required: that is a new version."""
    told = json.loads(golden(contract))
    event = contract.model_validate_json(golden(contract))
    assert json.loads(event.model_dump_json()) == told | {
        name: getattr(event, name) for name in contract.model_fields if name not in told
    }


@pytest.mark.parametrize("contract", Event.known.values(), ids=lambda one: one.__name__)
def test_readers_ignore_what_they_do_not_know(contract: type[Event]) -> None:
    told = json.loads(golden(contract)) | {"a_later_field": {"of": "tomorrow"}}
    assert contract.model_validate_json(json.dumps(told)) == contract.model_validate_json(
        golden(contract)
    )


@pytest.mark.parametrize("contract", Event.known.values(), ids=lambda one: one.__name__)
def test_events_name_people_by_id_only(contract: type[Event]) -> None:
    personal = {"name", "phone", "email", "address", "description", "note", "text", "reason"}
    assert personal & set(contract.model_fields) == set()


@pytest.mark.parametrize(
    ("service", "spec", "contract"),
    SUBSCRIPTIONS,
    ids=[f"{spec.durable}-{contract.name}" for _, spec, contract in SUBSCRIPTIONS],
)
async def test_every_subscriber_understands_the_golden_example(
    platform: Platform, service: str, spec: object, contract: type[Event]
) -> None:
    """The handler takes it: it does its work, or refuses in a word of the domain."""
    app = await platform.app(service)
    handler = services.definition(service).consumers.specs[spec]
    event = contract.model_validate_json(golden(contract))
    database = app.state.service.workshop
    with pytest.raises((Problem, Undone)):  # noqa: PT012 - a transaction that is rolled back
        async with database.transaction(event.community) as tx:
            await handler([event], tx)
            raise Undone


class Undone(Exception):  # noqa: N818 - what it says
    """Roll back what the example did."""
