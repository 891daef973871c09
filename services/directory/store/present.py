"""The present state of every kind, tombstones included: for the relay and for republishing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Table, TextClause, text

from services.directory.domain import (
    Community,
    Entity,
    Membership,
    Organisation,
    Person,
    Place,
    PublicKey,
)
from services.directory.store import rows, tables
from shared.database import Row, Transaction

__all__ = ["HOMES", "Entity", "every", "present"]

HOMES: Final[Mapping[type[Entity], tuple[Table, str]]] = {
    PublicKey: (tables.signing_key, "key_id"),
    Community: (tables.community, "community"),
    Place: (tables.place, "id"),
    Organisation: (tables.organisation, "id"),
    Person: (tables.person, "id"),
    Membership: (tables.membership, "person_id"),
}
"""The table of each kind, and the column that its events name it by."""


_ARRAYS: Final = frozenset({"roles", "organisation_ids", "platform_roles"})


def _present(kind: type[Entity], table: Table, key: str) -> TextClause:
    """Rows by community and id, one query for a batch; platform-wide ones by id alone."""
    same = f"{table.name}.community = wanted.community AND " if "community" in table.c else ""
    return text(
        f"""
        SELECT {rows.columns_of(kind, table)}
        FROM {table.name} JOIN (
            SELECT DISTINCT * FROM unnest(CAST(:communities AS text[]), CAST(:ids AS text[]))
                AS one (community, id)) AS wanted
        ON {same}{table.name}.{key} = CAST(wanted.id AS {rows.type_of(table, key)})
        """  # noqa: S608 - names of tables and columns
    )


_PRESENT: Final = {kind: _present(kind, *home) for kind, home in HOMES.items()}
_EVERY: Final = {
    kind: text(
        f"SELECT {rows.columns_of(kind, table)} FROM {table.name} ORDER BY {key}"  # noqa: S608
    )
    for kind, (table, key) in HOMES.items()
}


async def present[T: Entity](
    tx: Transaction, kind: type[T], keys: Sequence[tuple[str, str]]
) -> list[T]:
    """What there is now under `keys`: the community and the id that their events name."""
    found = await tx.execute(
        _PRESENT[kind],
        {"communities": [one for one, _ in keys], "ids": [one for _, one in keys]},
    )
    return [_built(kind, row) for row in found]


async def every[T: Entity](tx: Transaction, kind: type[T]) -> list[T]:
    """All there is and was of a kind, in every community the transaction sees."""
    return [_built(kind, row) for row in await tx.execute(_EVERY[kind])]


def _built[T: Entity](kind: type[T], row: Row) -> T:
    """An object of a kind; arrays become tuples."""
    values: dict[str, Any] = dict(row)
    for name in _ARRAYS & values.keys():
        values[name] = tuple(values[name])
    return kind(**values)
