"""`jinlin backup`, `restore` and `reconcile`: keeping what must not be lost."""

from pathlib import Path
from typing import Annotated

import typer

from deploy.foreseen import Foreseen
from deploy.services import SERVICES
from deploy.terminal import DATA, Data, err, out, run

__all__ = ["backup", "reconcile", "restore"]

Folder = Annotated[Path, typer.Argument(help="The folder of the backup.")]
Services = Annotated[
    list[str] | None, typer.Option("--service", help="One service, or several; none: all.")
]


def backup(folder: Folder, *, service: Services = None, data: Data = DATA) -> None:
    """Dump the databases into a new folder; the platform may be running, or at rest."""
    from deploy.at_rest import servers_at
    from deploy.backup import back_up

    async def work() -> None:
        async with servers_at(data) as where:
            await back_up(where, folder, _named(service), err.print)

    run(work())
    out.print(f"backed up in {folder}", soft_wrap=True)


def restore(
    folder: Folder,
    *,
    service: Services = None,
    over: Annotated[
        bool, typer.Option("--over", help="Replace the databases that are there.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Put a backup back and reconcile it with what happened since; the services must be stopped.

    Without a running platform the servers in --data are started meanwhile, new ones too.
    """
    from deploy.at_rest import servers_at
    from deploy.backup import manifest_of, restore
    from deploy.reconcile import reconcile

    manifest_of(folder)  # before servers are started for nothing

    async def work() -> list[str]:
        async with servers_at(data, make=True) as where:
            await restore(where, folder, _named(service), over=over, told=err.print)
            return await reconcile(where, told=err.print)

    _say(run(work()))


def reconcile(*, data: Data = DATA) -> None:
    """Bring databases and streams together again, of which some are older than others.

    Safe to repeat; it changes nothing where all fits. A service whose database is older than it
    was stays stopped until this has run, requests above all.
    """
    from deploy.at_rest import servers_at
    from deploy.reconcile import reconcile

    async def work() -> list[str]:
        async with servers_at(data) as where:
            return await reconcile(where, told=err.print)

    _say(run(work()))


def _named(services: list[str] | None) -> list[str]:
    """The services that are meant, in their order. Raises Foreseen."""
    if unknown := sorted(set(services or ()) - set(SERVICES)):
        raise Foreseen(f"There is no service {unknown[0]}.")
    return [one for one in SERVICES if not services or one in services]


def _say(changes: list[str]) -> None:
    for change in changes:
        out.print(change, soft_wrap=True)
    if not changes:
        out.print("everything fits: nothing was changed")
