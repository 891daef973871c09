"""`python -m tests.chaos.outage`: how long until all has caught up after NATS was away?

People go on closing requests meanwhile. Promised are 10 s for each minute of outage;
what is measured is until every event has arrived everywhere and every invariant was counted.
Exit 0 when nothing was broken and it took no longer.
"""

import argparse
import sys
from typing import Final

import uvloop
from rich.console import Console

from tests.chaos.campaign import campaign
from tests.chaos.schedule import Fault, Kind, Plan

PROMISED_SHARE: Final = 10 / 60
CLOSES_BEFORE: Final = 20
SEED: Final = 1


def main() -> int:
    """Run the outage, tell of it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long NATS is away")
    seconds: float = parser.parse_args().seconds
    fault = Fault(1, Kind.KILL_NATS, "nats", CLOSES_BEFORE, seconds)
    console = Console(markup=False, highlight=False, soft_wrap=True)
    report = uvloop.run(campaign(Plan(SEED, (fault,)), told=console.print))
    for one in report.violations:
        console.print(f"broken: {one}")
    if not report.checkpoints:
        return 1
    took = report.checkpoints[0]
    console.print(
        f"NATS was away for {seconds:.0f} s; all had caught up {took} s after it was back"
    )
    console.print(report.verdict)
    return 0 if not report.violations and took <= seconds * PROMISED_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
