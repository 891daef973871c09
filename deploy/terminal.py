"""What every command of `jinlin` has in common: where it prints, and how it runs its work."""

from collections.abc import Awaitable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.foreseen import Foreseen

__all__ = ["DATA", "Data", "err", "out", "run"]

# We print sentences and folders' names: nothing in them is markup, no word is painted.
out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)

Data = Annotated[Path, typer.Option(help="The data folder of the platform.", show_default=True)]
DATA = Path("data")


def run[T](work: Awaitable[T]) -> T:
    """Run `work` on uvloop."""
    import asyncpg
    import uvloop
    from nats.errors import NoServersError

    from shared import telemetry
    from shared.topology import TopologyError

    async def awaited() -> T:
        return await work

    telemetry.configure_logging("WARNING")
    try:
        return uvloop.run(awaited())
    except (ConnectionError, NoServersError) as failure:
        raise Foreseen(
            f"The platform's servers do not answer ({failure.__cause__ or failure}): is it running?"
        ) from None
    except asyncpg.InvalidAuthorizationSpecificationError as refusal:
        raise Foreseen(
            f"PostgreSQL refuses us ({refusal}). Its password was set when its data was made: keys "
            "and data belong together."
        ) from None
    except TopologyError as refusal:
        raise Foreseen(
            f"NATS refused a stream or consumer ({refusal}). Where it speaks of storage, its disk "
            "is too small: free some, or lower JINLIN_STREAM_BYTES."
        ) from None
