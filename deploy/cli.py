"""`jinlin`: what a developer and an operator type."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from deploy import dlq, keeping
from deploy.foreseen import Foreseen
from deploy.services import SERVICES
from deploy.terminal import DATA, Data, err, out, run

__all__ = ["main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Jinlin 近邻: the software that runs a neighbourhood.",
)
outbox = typer.Typer(no_args_is_help=True, help="Events the services have told; send them again.")
app.add_typer(outbox, name="outbox")
app.add_typer(dlq.app, name="dlq")
for command in (keeping.backup, keeping.restore, keeping.reconcile):
    app.command()(command)


def main() -> None:
    """Run the command line; a foreseen failure is one sentence and exit code 1."""
    try:
        app()
    except Foreseen as failure:
        _fail(str(failure))
    except ValidationError as refusal:
        if not refusal.title.endswith("Settings"):
            raise
        wrong = (f"JINLIN_{one['loc'][0]}".upper() + f": {one['msg']}" for one in refusal.errors())
        _fail("; ".join(wrong))


def _fail(sentence: str) -> None:
    err.print(sentence, style="red", soft_wrap=True)
    sys.exit(1)


@app.command()
def up(
    *,
    data: Data = DATA,
    port: Annotated[
        int, typer.Option(help="Where to listen, on loopback; 0: a free port.", min=0, max=65535)
    ] = 8000,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo community.")] = False,
) -> None:
    """Start PostgreSQL, NATS, the services and the console; Ctrl-C stops all of it."""
    from deploy.up import up as start

    run(start(data, port=port, demo=demo, console=out))


@app.command()
def demo(
    *,
    at: Annotated[
        str | None,
        typer.Option(help="A running platform: http://127.0.0.1:8000; none: a temporary one."),
    ] = None,
    data: Data = DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Replay Wenhua Road: 150 needs asked, 112 taken, done, closed, awarded and told.

    The operator signs in with JINLIN_OPERATOR_NAME and JINLIN_OPERATOR_PASSWORD, or as the
    operator of the platform in --data if that is the one at --at.
    """
    from deploy.demo.command import play

    figures = run(play(at, data, err))
    if as_json:
        print(json.dumps(figures.as_json(), ensure_ascii=False))
    else:
        out.print(figures.as_table())


@app.command()
def verify(
    *,
    data: Data = DATA,
    within: Annotated[float, typer.Option(help="Seconds for what is still on its way.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Count the invariants: awards, ledger, notices, outboxes, dead letters; exit 1 if broken."""
    from deploy.verify import verify as look
    from deploy.where import Whereabouts

    findings = run(look(Whereabouts.find(data), within_seconds=within))
    if as_json:
        print(
            json.dumps(
                {
                    "holds": all(one.holds for one in findings),
                    "invariants": [
                        {"name": one.name, "counted": one.counted, "broken": one.broken}
                        for one in findings
                    ],
                },
                ensure_ascii=False,
            )
        )
    else:
        out.print(_findings(findings))
        out.print(_verdict([one.name for one in findings if not one.holds]), soft_wrap=True)
    if not all(one.holds for one in findings):
        raise typer.Exit(1)


def _findings(findings: list[Any]) -> Table:
    table = Table(title="Invariants", title_justify="left")
    for column in ("invariant", "counted", "broken"):
        table.add_column(column, justify="left" if column == "invariant" else "right")
    for one in findings:
        mark = Text(str(one.broken), style="" if one.holds else "red")
        table.add_row(one.name, str(one.counted), mark)
    return table


def _verdict(broken: list[str]) -> str:
    """One sentence for whoever does not read tables."""
    if not broken:
        return "All hold."
    return f"{len(broken)} {'is' if len(broken) == 1 else 'are'} broken: {'; '.join(broken)}."


@app.command()
def serve(service: Annotated[str, typer.Argument(help=" | ".join((*SERVICES, "console")))]) -> None:
    """Start one service as a process of its own; its settings are environment variables."""
    import runpy

    if service not in {*SERVICES, "console"}:
        raise typer.BadParameter(f"there is no service {service}", param_hint="SERVICE")
    runpy.run_module(f"services.{service}", run_name="__main__")


@app.command()
def keys(folder: Annotated[Path, typer.Argument(help="Where they are kept.")]) -> None:
    """Make the secrets of an installation that are missing, and the users of the bus."""
    from deploy.keys import make_keys

    make_keys(folder)
    out.print(f"{folder} holds every key")


@app.command()
def migrate(
    service: Annotated[str | None, typer.Argument(help="None: every service.")] = None,
    *,
    data: Data = DATA,
) -> None:
    """Make databases and roles, and bring the tables to the newest revision."""
    from deploy.databases import create_databases
    from deploy.databases import migrate as bring
    from deploy.where import Whereabouts

    if service is not None and service not in SERVICES:
        raise typer.BadParameter(f"there is no service {service}", param_hint="SERVICE")
    wanted = [service] if service else list(SERVICES)
    databases = Whereabouts.find(data).databases

    async def work() -> None:
        await create_databases(databases, wanted)
        for one in wanted:
            moved = await bring(databases, one)
            out.print(f"{one}: {'migrated' if moved else 'is at the newest revision'}")

    run(work())


@app.command()
def maintain(*, data: Data = DATA) -> None:
    """Make the partitions of the coming days and drop old ones; run it every day."""
    from deploy.databases import keep_partitions
    from deploy.where import Whereabouts

    databases = Whereabouts.find(data).databases

    async def work() -> None:
        for service in SERVICES:
            await keep_partitions(databases, service)

    run(work())


@app.command()
def provision(*, data: Data = DATA) -> None:
    """Make or update the streams and consumers on the bus."""
    from deploy.bus import provision as put

    count = run(put(data))
    out.print(f"streams and {count} consumers are as they must be")


@outbox.command("republish")
def republish(
    *,
    since: Annotated[datetime, typer.Option(help="Events made at or after this time.")],
    service: Annotated[str | None, typer.Option(help="One service; none: all.")] = None,
    data: Data = DATA,
) -> None:
    """Send events again to refill a lost stream; who has them already does nothing."""
    from deploy.bus import republish as again

    for name, count in run(again(data, since=since, service=service)).items():
        out.print(f"{name}: {count} events will be sent again")


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="A sign-in name, for example `operator`.")],
    *,
    data: Data = DATA,
    at: Annotated[
        str | None, typer.Option(help="A running platform: http://127.0.0.1:8000")
    ] = None,
) -> None:
    """Print a token for trying the API by hand; it is good for ten minutes."""
    from deploy.tokens import token as get

    print(run(get(name, data, at)))
