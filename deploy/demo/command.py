"""`jinlin demo`: against a running platform, or against a temporary one."""

import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from deploy.demo.api import Api
from deploy.demo.figures import Figures
from deploy.demo.replay import replay
from deploy.demo.run import Told
from deploy.local.platform import running_platform
from deploy.tokens import operator, origin_of, sign_in

__all__ = ["play"]


async def play(at: str | None, data: Path, console: Console) -> Figures:
    """Replay Wenhua Road at `at`, or on a platform that lives as long as the replay."""
    async with _platform(at, data, console) as (origin, name, password), Api(origin) as api:
        session = await sign_in(api, name, password)
        if not console.is_terminal:
            console.print("Replaying Wenhua Road, about half a minute …")
        with _progress(console) as told:
            return await replay(api, session, told)


@asynccontextmanager
async def _platform(
    at: str | None, data: Path, console: Console
) -> AsyncGenerator[tuple[str, str, str]]:
    """The platform's address and its operator."""
    if at is not None:
        origin = origin_of(data, at)
        yield origin, *operator(data, origin)
        return
    with tempfile.TemporaryDirectory(prefix="jinlin-demo-") as folder:
        console.print("Starting a temporary platform …")
        async with running_platform(Path(folder) / "data") as platform:
            yield platform.origin, platform.operator_name, platform.operator_password


@contextmanager
def _progress(console: Console) -> Generator[Told]:
    """A bar for each step while it runs."""
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def told(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step)
            progress.update(tasks[step], completed=done, total=total)

        yield told
