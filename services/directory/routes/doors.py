"""The directory's own door: for whoever is not signed in yet, and for secrets."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import Depends, Request

from services.directory.actions import Transactions
from services.directory.domain import Lines, csv_lines
from services.directory.domain.sign_in import Recorded
from shared.database import ALL_COMMUNITIES, Transaction
from shared.door import UnkeptTx
from shared.spreadsheet import is_spreadsheet, read_sheet

__all__ = ["ImportedLines", "Issuer", "ReadTx", "Wide", "WideTx"]


async def _wide_transaction(request: Request) -> AsyncIterator[Transaction]:
    """One transaction over all communities, without an Idempotency-Key.

    Signing in begins before a caller or a community is known, and its tokens tell of all the
    person's communities. Answers with tokens or codes must never be stored, so no key is taken:
    whoever did not get the answer asks again. A refusal that is `Recorded` (a failed attempt, a
    refresh token that came twice) is committed with what it wrote; every other error is undone.
    """
    recorded: Recorded | None = None
    async with request.app.state.service.database.transaction(ALL_COMMUNITIES) as tx:
        try:
            yield tx
        except Recorded as refusal:
            recorded = refusal
    if recorded is not None:
        raise recorded


async def _wide_transactions(request: Request) -> Transactions:
    """The same door for use cases that reckon for long: they open it twice, for a moment each."""
    return partial(request.app.state.service.database.transaction, ALL_COMMUNITIES)


async def _lines(request: Request) -> Lines:
    """What a file holds: one of Excel's by how it begins, else CSV. Raises as the readers do.

    Asked for before the transaction, or slow callers and large sheets would hold connections.
    """
    body = await request.body()
    return await read_sheet(body) if is_spreadsheet(body) else csv_lines(body)


async def _issuer(request: Request) -> str:
    """Who signs the tokens."""
    return request.app.state.service.settings.issuer


WideTx = Annotated[Transaction, Depends(_wide_transaction, scope="function")]
"""A transaction for what is about one person or about secrets; queries name whom they mean."""

Wide = Annotated[Transactions, Depends(_wide_transactions)]
ReadTx = UnkeptTx
"""One community's transaction, for a POST whose answer must not be kept: names, phones."""

ImportedLines = Annotated[Lines, Depends(_lines)]
"""Goes before the transaction in a route's parameters: they are resolved in their order."""

Issuer = Annotated[str, Depends(_issuer)]
