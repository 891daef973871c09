"""Parts of a page that may be missing: the rest of the page is shown all the same."""

from collections.abc import Awaitable
from dataclasses import dataclass

from services.console.clients import Refused, TooMany, Unavailable

__all__ = ["Part", "part"]


@dataclass(frozen=True, slots=True)
class Part[T]:
    """What a call answered, or that it cannot be had now.

    `refused` says why the service said no, in the visitor's language; it is empty when the
    service did not answer.
    """

    value: T | None
    refused: str = ""

    @property
    def is_there(self) -> bool:
        """Whether there is an answer to show."""
        return self.value is not None


async def part[T](call: Awaitable[T]) -> Part[T]:
    """Await one part of a page; `asyncio.gather` takes several side by side.

    Raises Refused for a token that is not good: then there is no page at all.
    """
    try:
        return Part(await call)
    except Refused as refused:
        if refused.is_about_token:
            raise
        return Part(None, refused.title)
    except (TooMany, Unavailable):
        return Part(None)
