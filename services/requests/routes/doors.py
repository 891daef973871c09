"""The door for a slip: nobody is signed in, and the code says which request and whose."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Path, Request

from services.requests import actions
from services.requests.domain import Slip
from services.requests.domain.slip import NoSlip
from shared.database import ALL_COMMUNITIES, Transaction
from shared.door import opened
from shared.once import Asker, Key
from shared.patience import Address

__all__ = ["BySlip", "SlipTx"]

Code = Annotated[str, Path(description="As it is printed: hyphens, spaces and case do not matter.")]


async def _slip(request: Request, code: Code, address: Address) -> Slip:
    """The slip that is held. Raises NoSlip, TooManyAttempts.

    A code names no community, so this one look is over all of them. It is a transaction of its
    own: what failed is counted, whatever follows.
    """
    async with request.app.state.service.database.transaction(ALL_COMMUNITIES) as tx:
        slip = await actions.find_slip(tx, code, address=address)
    if slip is None:
        raise NoSlip
    return slip


BySlip = Annotated[Slip, Depends(_slip)]


async def _slip_transaction(
    request: Request, slip: BySlip, idempotency_key: Key = None
) -> AsyncIterator[Transaction]:
    """A transaction over the slip's community; keys are the slip's, and its code is not kept."""
    step = request.url.path.rpartition("/")[2]
    asker = Asker(f"slip {slip.code_hash.hex()}", slip.community, f"{request.method} {step}")
    async with opened(request, slip.community, key=idempotency_key, asker=asker) as tx:
        yield tx


SlipTx = Annotated[Transaction, Depends(_slip_transaction, scope="function")]
