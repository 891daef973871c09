"""Starts one service of a chaos run: `python -m tests.chaos.launch <service>`.

`JINLIN_CHAOS_MUTANT` names a defence to take out of it first, in this process only: a function is
replaced before the service is loaded. SIGUSR1 writes all stacks to stderr.
"""

import asyncio
import faulthandler
import os
import runpy
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from shared import ids, inbox, outbox
from shared.broker import Bus
from shared.consumers import Consumer
from shared.database import Database, Transaction
from shared.delivery import Delivery
from shared.events import Event
from shared.relay import publish_one

__all__ = ["MUTANT", "TAKEN_OUT"]

MUTANT: Final = "JINLIN_CHAOS_MUTANT"


def inbox_removed() -> None:
    """Every event is new to its consumer, and an award has no key: one wall would hide the other.

    (All effects have keys of their own, see `DESIGN.md` §4 rule 3.)
    """

    async def remember(_tx: Any, _consumer: str, events: Sequence[Event]) -> frozenset[UUID]:
        return frozenset(event.event_id for event in events)

    inbox.remember = remember
    award_key_dropped()


def award_key_dropped() -> None:
    """An award is inserted whether or not there is one; the index goes by SQL."""
    if sys.argv[1:] != ["points"]:
        return
    from services.points.store import ledger

    before, _, rest = ledger._ADD_AWARDS.text.partition("ON CONFLICT")
    ledger._ADD_AWARDS = text(before + rest.partition("DO NOTHING")[2])


def ack_before_commit() -> None:
    """The bus forgets an event before its effect is sure."""
    settle = Consumer._settle

    async def ack_first(self: Consumer, deliveries: Sequence[Delivery], patience: Any) -> None:
        for delivery in deliveries:
            await delivery.ack()
        await self._nats().flush()
        await settle(self, deliveries, patience)

    Consumer._settle = ack_first


def outbox_bypassed() -> None:
    """Events go straight to the bus, as soon as the transaction that makes them true is over."""
    buses: list[Bus] = []
    held: dict[asyncio.Task[Any] | None, list[Event]] = {}
    underway: set[asyncio.Task[None]] = set()
    join, transaction, told = Bus.join, Database.transaction, outbox._told

    async def join_known(self: Bus) -> None:
        buses.append(self)
        await join(self)

    def hold(events: Sequence[Event]) -> dict[str, list[Any]]:
        held.setdefault(asyncio.current_task(), []).extend(events)
        return told(())

    async def publish(events: Sequence[Event]) -> None:
        for event in events:
            stamped = event.model_copy(update={"event_id": ids.new_id()})
            headers = {"ce-id": str(stamped.event_id), "ce-type": stamped.type()}
            body = stamped.model_dump_json().encode()
            await publish_one(buses[0].nats(), stamped.subject, body, headers)

    @asynccontextmanager
    async def transaction_then_publish(
        self: Database, *communities: str
    ) -> AsyncGenerator[Transaction]:
        async with transaction(self, *communities) as tx:
            try:
                yield tx
            finally:
                events = held.pop(asyncio.current_task(), [])
        task = asyncio.create_task(publish(events))
        underway.add(task)
        task.add_done_callback(underway.discard)

    Bus.join, outbox._told = join_known, hold
    Database.transaction = transaction_then_publish


def retry_without_delay() -> None:
    """A failed event goes back to the bus, which brings it again at once."""

    async def nak(_self: Consumer, delivery: Delivery, _error: Exception) -> None:
        if delivery.message is not None:
            await delivery.message.nak()

    Consumer._set_aside = nak


def version_check_dropped() -> None:
    """Whoever changes a request may have seen any version of it."""
    if sys.argv[1:] != ["requests"]:
        return
    from services.requests import store

    load = store.load

    async def load_any(
        tx: Transaction, community: str, request_id: UUID, *, expected: int | None = None
    ) -> Any:
        return await load(tx, community, request_id)

    store.load = load_any


def nothing_here() -> None:
    """What this mutant breaks is in the database or on the bus: see `damage.py`."""


TAKEN_OUT: Final[Mapping[str, Callable[[], None]]] = {
    "inbox-removed": inbox_removed,
    "award-key-dropped": award_key_dropped,
    "ack-before-commit": ack_before_commit,
    "outbox-bypassed": outbox_bypassed,
    "retry-without-delay": retry_without_delay,
    "version-check-dropped": version_check_dropped,
    "walls-down": nothing_here,
    "discard-old": nothing_here,
}


def main() -> None:
    """Take out what the environment names, then be the service."""
    faulthandler.register(signal.SIGUSR1)
    if mutant := os.environ.get(MUTANT):
        TAKEN_OUT[mutant]()
    runpy.run_module(f"services.{sys.argv[1]}", run_name="__main__")


if __name__ == "__main__":
    main()
