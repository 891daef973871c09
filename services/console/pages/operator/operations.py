"""What every service tells its operator, asked of whichever service it is."""

from collections.abc import Mapping
from typing import Any, Protocol

from fastapi import HTTPException

from services.console.clients import SERVICES, Caller, Services
from services.console.clients.models.directory import HealthView, LettersView, LetterView

__all__ = ["HealthView", "LetterView", "LettersView", "Operations", "all_operations", "operations"]


class Operations(Protocol):
    """`shared.operations` as each service's own client has it; the answers are alike."""

    async def get_health(self, caller: Caller) -> Any:
        """How the service is."""

    async def list_dead_letters(
        self,
        caller: Caller,
        *,
        settled: bool | None = None,
        consumer: str | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> Any:
        """What its consumers have buried."""

    async def replay_dead_letter(
        self, caller: Caller, number: int, *, idempotency_key: str | None = None
    ) -> Any:
        """Put a letter back."""

    async def dismiss_dead_letter(
        self, caller: Caller, number: int, body: Any, *, idempotency_key: str | None = None
    ) -> Any:
        """Put a letter aside."""


def all_operations(services: Services) -> Mapping[str, Operations]:
    """Those of every service."""
    return {name: getattr(services, name) for name in SERVICES}


def operations(services: Services, name: str) -> Operations:
    """Those of one service. Raises HTTPException 404 where there is none of that name."""
    found = all_operations(services).get(name)
    if found is None:
        raise HTTPException(404)
    return found
