"""`jinlin up`: the whole platform in the foreground, until Ctrl-C."""

import time
from pathlib import Path

from rich.console import Console

from deploy.local.platform import RunningPlatform, running_platform, serve_until_stopped

__all__ = ["up"]


async def up(data: Path, *, port: int, demo: bool, console: Console) -> None:
    """Start, load the demo community at the first start if asked, say where and how, and serve."""
    began = time.monotonic()
    console.print("近邻 Jinlin: starting PostgreSQL, NATS, the services and the console …")
    async with running_platform(data, port=port) as platform:
        sign_ins = {platform.operator_name: platform.operator_password}
        if demo:
            from deploy.demo.community import demo_community

            sign_ins |= await demo_community(platform, console)
        _announce(platform, sign_ins, time.monotonic() - began, console)
        await serve_until_stopped(platform)
        console.print("Stopping …")
    console.print("Stopped. The data stays in", str(data))


def _announce(
    platform: RunningPlatform, sign_ins: dict[str, str], seconds: float, console: Console
) -> None:
    console.print(f"\nReady in {seconds:.1f} s: [bold]{platform.origin}[/bold]")
    console.print("Sign in as:")
    for name, password in sign_ins.items():
        console.print(f"  {name:<14} {password}", highlight=False)
    console.print("API documents: /api/<service>/docs · Ctrl-C stops everything.\n")
