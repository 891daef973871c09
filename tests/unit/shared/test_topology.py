"""The figures of the streams and consumers that the design asks for (`DESIGN.md` §5)."""

from dataclasses import FrozenInstanceError

import pytest

from deploy import services
from shared import inbox, migrations, outbox
from shared.consumers import LAST_ATTEMPT
from shared.events import RequestClosed, TaskClaimed
from shared.topology import (
    BATCH,
    LARGEST_MESSAGE_BYTES,
    OWNERS,
    ConsumerSpec,
    Limits,
    _consumer,
    _dead_letters,
    _stream,
)

DAY = 24 * 3600 * 10**9


@pytest.mark.parametrize("owner", OWNERS)
def test_a_stream_refuses_what_it_cannot_keep_and_forgets_nothing_early(owner: str) -> None:
    stream = _stream(owner, Limits())
    assert stream["name"] == owner.upper()
    assert stream["subjects"] == [f"evt.*.{owner}.>"]
    assert (stream["storage"], stream["retention"], stream["discard"]) == ("file", "limits", "new")
    assert stream["allow_atomic"]
    assert stream["deny_delete"]
    assert stream["deny_purge"]
    assert stream["max_bytes"] > 0
    assert stream["duplicate_window"] == 600 * 10**9
    keeps_last = owner == "directory"
    assert stream["max_age"] == (0 if keeps_last else 30 * DAY)
    assert stream["max_msgs_per_subject"] == (1 if keeps_last else -1)


def test_every_service_has_a_stream() -> None:
    assert set(services.SERVICES) == set(OWNERS)


def test_dead_letters_are_kept_longer_and_may_be_larger() -> None:
    stream = _dead_letters(Limits())
    assert (stream["name"], stream["subjects"]) == ("DLQ", ["dlq.>"])
    assert stream["max_age"] == 90 * DAY
    assert stream["max_msg_size"] > LARGEST_MESSAGE_BYTES  # the body, and why


def test_an_event_always_fits_its_stream() -> None:
    assert outbox.LARGEST_EVENT_BYTES * 2 <= LARGEST_MESSAGE_BYTES


def test_a_cluster_keeps_three_of_everything() -> None:
    limits = Limits(replicas=3)
    spec = ConsumerSpec("points-closings", (RequestClosed,))
    assert _stream("requests", limits)["num_replicas"] == 3
    assert _dead_letters(limits)["num_replicas"] == 3
    assert _consumer(spec, limits)["num_replicas"] == 3


def test_a_consumer_never_gives_up_by_itself_and_holds_more_than_a_batch() -> None:
    consumer = _consumer(ConsumerSpec("requests-tasks", (TaskClaimed,)), Limits())
    assert consumer["ack_policy"] == "explicit"
    assert consumer["deliver_policy"] == "all"
    assert consumer["max_deliver"] == -1
    assert consumer["ack_wait"] == 30 * 10**9
    assert consumer["max_ack_pending"] >= 2 * BATCH
    assert consumer["filter_subjects"] == ["evt.*.volunteers.task_claimed.v1"]


def test_the_six_attempts_are_spread_over_minutes() -> None:
    assert inbox.DELAYS_SECONDS == (1, 5, 30, 120, 300)
    assert len(inbox.DELAYS_SECONDS) == LAST_ATTEMPT - 1


def test_inboxes_remember_longer_than_streams_keep() -> None:
    kept = migrations.PARTITIONED
    assert kept["outbox"] * DAY >= _stream("requests", Limits())["max_age"]
    assert kept["inbox"] >= kept["outbox"] + 7


def test_limits_and_specs_are_values() -> None:
    with pytest.raises(FrozenInstanceError):
        Limits().replicas = 3
    assert ConsumerSpec("a", (RequestClosed,)) == ConsumerSpec("a", (RequestClosed,))


def test_durable_names_are_unique_on_the_platform() -> None:
    specs = services.consumer_specs()
    assert len({(one.stream, one.durable) for one in specs}) == len(specs)
