"""What the database answers."""

from typing import Any

import asyncpg

__all__ = ["Row", "Rows"]


class Row(asyncpg.Record):
    """A row of an answer: `row["id"]`, `row.id`, or unpacked in the order of its columns."""

    def __getattr__(self, name: str) -> Any:
        """A column by its name."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Rows(list[Row]):
    """The rows of an answer, in their order."""

    def one(self) -> Row:
        """The only row. Raises LookupError."""
        if len(self) != 1:
            message = f"{len(self)} rows instead of one"
            raise LookupError(message)
        return self[0]

    def one_or_none(self) -> Row | None:
        """The only row, if there is any. Raises LookupError for several."""
        return self.one() if self else None

    def scalars(self) -> list[Any]:
        """The first column."""
        return [row[0] for row in self]

    def scalar_one(self) -> Any:
        """The first column of the only row. Raises LookupError."""
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        """The first column of the only row, if there is any. Raises LookupError for several."""
        row = self.one_or_none()
        return None if row is None else row[0]
