"""Entities that come back as they were told, whatever version was restored."""

from collections.abc import Sequence

from sqlalchemy import text

from services.directory.store import rows
from services.directory.store.present import HOMES, Entity
from shared.database import Transaction

__all__ = ["put_back", "waiting"]

_PUT_BACK = {kind: rows.saving(kind, table, jumps=True) for kind, (table, _) in HOMES.items()}
_WAITING = text("SELECT subject FROM outbox WHERE sent_at IS NULL")


async def put_back(tx: Transaction, kind: type[Entity], items: Sequence[Entity]) -> None:
    """Store what is newer than the rows that are there, and what is not there."""
    await rows.save(tx, _PUT_BACK[kind], items)


async def waiting(tx: Transaction) -> frozenset[str]:
    """The subjects of the events that have not left yet."""
    return frozenset((await tx.execute(_WAITING)).scalars())
