"""The directory's own door: for whoever is not signed in yet, and for secrets."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from services.directory.domain.sign_in import Recorded
from shared.database import ALL_COMMUNITIES

__all__ = ["Address", "Issuer", "WideTx"]


async def _wide_transaction(request: Request) -> AsyncIterator[AsyncConnection]:
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


async def _address(request: Request) -> str:
    """Where the call comes from; a proxy that the process trusts says it for its callers."""
    return request.client.host if request.client else ""


async def _issuer(request: Request) -> str:
    """Who signs the tokens."""
    return request.app.state.service.settings.issuer


WideTx = Annotated[AsyncConnection, Depends(_wide_transaction, scope="function")]
"""A transaction for what is about one person or about secrets; queries name whom they mean."""

Address = Annotated[str, Depends(_address)]
Issuer = Annotated[str, Depends(_issuer)]
