"""How rows with a version are kept: set-based, one version after the one that was loaded."""

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import Table, TextClause, text
from sqlalchemy.dialects import postgresql

from shared.database import Row, Transaction
from shared.problems import NotFound, StaleVersion, WrongState

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = ["columns_of", "one", "save", "saving", "type_of"]

_DIALECT: Final = postgresql.dialect()


def columns_of(kind: "type[DataclassInstance]", table: Table) -> str:
    """The columns of a kind, for SELECT."""
    return ", ".join(f"{table.name}.{field.name}" for field in fields(kind))


def type_of(table: Table, column: str) -> str:
    """The SQL type of a column."""
    return table.c[column].type.compile(_DIALECT)


def saving(kind: "type[DataclassInstance]", table: Table, *, jumps: bool = False) -> TextClause:
    """The statement that inserts new rows of a kind and updates those one version behind.

    `jumps`: those any number of versions behind.
    """
    behind = "< excluded.version" if jumps else "= excluded.version - 1"
    names = [field.name for field in fields(kind)]
    keys = [column.name for column in table.primary_key]
    typed = ", ".join(f"{name} {type_of(table, name)}" for name in names)
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    return text(
        f"""
        INSERT INTO {table.name} ({", ".join(names)})
        SELECT {", ".join(names)} FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS row ({typed})
        ORDER BY {", ".join(keys)}
        ON CONFLICT ({", ".join(keys)}) DO UPDATE SET {sets}
        WHERE {table.name}.version {behind}
        """  # noqa: S608 - made of the table's columns
    )


async def save(tx: Transaction, statement: TextClause, items: Sequence[object]) -> None:
    """Store new objects and next versions. Raises WrongState when another change came first."""
    if items:
        # `default`: asyncpg's own kind of UUID
        values = orjson.dumps(list(items), default=str).decode()
        if await tx.change(statement, {"rows": values}) != len(items):
            raise WrongState


async def one(
    tx: Transaction, statement: TextClause, *, expected: int | None = None, **values: Any
) -> Row:
    """The row of a statement that finds one.

    Raises NotFound, and StaleVersion when the caller has seen another version than the present.
    """
    row = (await tx.execute(statement, values)).one_or_none()
    if row is None:
        raise NotFound
    if expected not in {None, row["version"]}:
        raise StaleVersion
    return row
