"""`jinlin up`: the whole platform in the foreground, until Ctrl-C."""

import asyncio
import signal
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from deploy.local.platform import RunningPlatform, running_platform, watch
from deploy.services import SERVICES

__all__ = ["up"]


async def up(data: Path, *, port: int, demo: bool, console: Console) -> None:
    """Start, load the demo community at the first start if asked, say where and how, and serve.

    Ctrl-C or SIGTERM, at any time and however often, stops what has been started, in reverse.
    """
    began = time.monotonic()
    asked = _asked_to_stop()
    console.print("近邻 Jinlin: starting PostgreSQL, NATS, the services and the console …")
    async with AsyncExitStack() as stack:

        async def serve() -> None:
            platform = await stack.enter_async_context(running_platform(data, port=port))
            sign_ins = {platform.operator_name: platform.operator_password}
            if demo:
                from deploy.demo.community import demo_community

                sign_ins |= await demo_community(platform, console)
            _announce(platform, sign_ins, time.monotonic() - began, console)
            await watch(platform)

        await _until(asked, serve())
        console.print("Stopping …")
    console.print(f"Stopped. The data stays in {data}", markup=False, soft_wrap=True)


def _asked_to_stop() -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM; from now on to its end they do nothing else to this process."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(*_: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(asked.set)

    # Not the loop's own handlers: those are gone a moment before the process is.
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, ask)
    return asked


async def _until(asked: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` until it fails or a stop is asked for; what it was about to begin is undone."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(asked.wait())
    await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    working.cancel()
    try:
        await working
    except asyncio.CancelledError:
        return


def _announce(
    platform: RunningPlatform, sign_ins: dict[str, str], seconds: float, console: Console
) -> None:
    ready = Text(f"\nReady in {seconds:.1f} s: ").append(platform.origin, style="bold")
    lines = [
        "Sign in as (name / password; they stay the same):",
        *(f"  {name:<14} {password}" for name, password in sign_ins.items()),
        "API documents:",
        *(f"{platform.origin}/api/{service}/docs" for service in SERVICES),
        "Ctrl-C stops everything.\n",
    ]
    console.print(ready, soft_wrap=True)
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)
