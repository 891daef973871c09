"""`jinlin dlq`: look at what could not be worked in, send it back, or put it aside."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deploy.foreseen import Foreseen
from deploy.terminal import DATA, Data, out, run

if TYPE_CHECKING:
    from deploy.dead_letters import DeadLetter

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Events that could not be worked in.")


@app.command("list")
def list_dead_letters(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are settled by now.")
    ] = False,
    data: Data = DATA,
) -> None:
    """List the open dead letters, oldest first."""
    table = Table("number", "consumer", "event", "reason", "at", "state")
    for one in run(_dead_letters(data)):
        if everything or one.state in {"open", "waiting"}:
            table.add_row(str(one.number), one.consumer, one.type, one.reason, one.at, one.state)
    out.print(table)


@app.command("show")
def show_dead_letter(
    number: Annotated[int, typer.Argument(help="As `dlq list` shows it.")], *, data: Data = DATA
) -> None:
    """Show one dead letter: its headers and its body."""
    [letter] = _with_numbers(run(_dead_letters(data)), [number])
    body = letter.body.decode(errors="replace")
    out.print_json(json.dumps({"headers": dict(letter.headers), "body": body}))


@app.command("replay")
def replay_dead_letters(
    numbers: Annotated[list[int] | None, typer.Argument(help="As `dlq list` shows them.")] = None,
    *,
    consumer: Annotated[str | None, typer.Option(help="Those of one consumer.")] = None,
    reason: Annotated[str | None, typer.Option(help="Those whose reason has this in it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which.")] = False,
    rate: Annotated[float, typer.Option(help="So many a second.", min=0.01)] = 50,
    data: Data = DATA,
) -> None:
    """Put open dead letters back to the consumers that buried them, once their cause is mended.

    Safe to repeat: an event is worked in once. One that fails again is buried again.
    """
    from deploy.dead_letters import replay
    from deploy.where import Whereabouts

    if not (numbers or consumer or reason or everything):
        raise typer.BadParameter("name NUMBERs, --consumer, --reason or --all")
    letters = run(_dead_letters(data))
    wanted = [
        one
        for one in (_with_numbers(letters, numbers) if numbers else letters)
        if one.state == "open"
        and (consumer is None or one.consumer == consumer)
        and (reason is None or reason in one.reason)
    ]

    def told(letter: "DeadLetter", what: str) -> None:
        out.print(f"{letter.number} {letter.consumer} {letter.type}: {what}", soft_wrap=True)

    if dry_run:
        for one in wanted:
            told(one, "would go back")
        return
    where = Whereabouts.find(data)
    count = run(replay(where.databases, wanted, per_second=rate, told=told))
    out.print(f"{count} of {len(wanted)} go back to their consumers")


@app.command("dismiss")
def dismiss_dead_letters(
    numbers: Annotated[list[int], typer.Argument(help="As `dlq list` shows them.")],
    *,
    reason: Annotated[str, typer.Option(help="Why nothing is to be done; it is kept.")],
    data: Data = DATA,
) -> None:
    """Put dead letters aside that nobody can ever work in; the reason stays on the record."""
    from deploy.bus import connected
    from deploy.dead_letters import dismiss
    from deploy.where import Whereabouts

    letters = _with_numbers(run(_dead_letters(data)), numbers)

    async def work() -> None:
        where = Whereabouts.find(data)
        async with connected(where) as nats:
            for one in letters:
                await dismiss(nats, where.databases, one, reason=reason)

    run(work())
    out.print(f"{len(letters)} dismissed")


async def _dead_letters(data: Path) -> "list[DeadLetter]":
    from deploy.bus import connected
    from deploy.dead_letters import dead_letters
    from deploy.where import Whereabouts

    where = Whereabouts.find(data)
    async with connected(where) as nats:
        return await dead_letters(nats, where.databases)


def _with_numbers(letters: "list[DeadLetter]", numbers: list[int]) -> "list[DeadLetter]":
    """The letters with these numbers. Raises Foreseen for one that is not there."""
    by_number = {one.number: one for one in letters}
    for number in numbers:
        if number not in by_number:
            raise Foreseen(f"there is no dead letter {number}")
    return [by_number[number] for number in numbers]
