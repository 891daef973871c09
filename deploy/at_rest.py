"""Reaching a platform's servers, whether its services run or rest."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.where import PlatformSettings, Whereabouts

__all__ = ["servers_at"]


@asynccontextmanager
async def servers_at(data: Path, *, make: bool = False) -> AsyncGenerator[Whereabouts]:
    """The servers of the environment, or of the data folder `data`.

    Where nothing runs in the folder, its servers are started for as long as this lasts. `make`:
    also where there is none yet. Raises NotRunning, ServerFailed.
    """
    is_elsewhere = PlatformSettings().postgres_url is not None
    if is_elsewhere or not (make or (data / "postgres").is_dir()):
        yield Whereabouts.find(data)
        return
    from deploy.local.data_folder import FolderInUse, locked_data_folder
    from deploy.local.platform import databases_of
    from deploy.local.servers import servers_in

    try:
        with locked_data_folder(data) as locked:
            Whereabouts.forget(locked)  # of a killed run
            async with servers_in(locked) as servers:
                yield Whereabouts(databases_of(servers), servers.nats_url)
    except FolderInUse:
        yield Whereabouts.find(data)
