"""`make bench`: the same work by several ways, in interleaved rounds (`docs/benchmarks.md`)."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.benchmarks import measure, report
from tests.benchmarks.driving import ROOT
from tests.benchmarks.floor import Floor
from tests.benchmarks.measure import Round, Way
from tests.benchmarks.monolith import Monolith
from tests.benchmarks.ours import Ours, OursOverHttp
from tests.benchmarks.report import Result
from tests.benchmarks.tasks import Missing, Tasks

RESULTS = ROOT / "build" / "benchmarks.json"


def all_ways() -> list[tuple[Way, float]]:
    """Every way, and its share of the closes: the slow ones need fewer to be measured as well."""
    ours = Ours()
    return [
        (ours, 1),
        (Floor(), 1),
        (Monolith("core_monolith", "core"), 1 / 2),
        (Monolith("orm_monolith", "orm"), 1 / 4),
        (Tasks(), 1 / 6),
        (OursOverHttp(ours, "ours_http", traced=False), 1 / 2),
        (OursOverHttp(ours, "ours_http_traced", traced=True), 1 / 2),
    ]


async def measure_all(
    ways: Sequence[tuple[Way, float]],
    *,
    rounds: int,
    closes: int,
    paced_seconds: float,
    console: Console,
) -> dict[str, list[Round]]:
    """Round after round, each way in turn. Raises Broken, and Missing."""
    found: dict[str, list[Round]] = {way.name: [] for way, _ in ways}
    with tempfile.TemporaryDirectory(prefix="jinlin-bench-") as folder:
        async with measure.site(Path(folder)) as site:
            for way, _ in ways:
                await way.prepare(site)
            for number in range(1, rounds + 1):
                for way, share in ways:
                    one = await measure.play(
                        way, site, closes=int(closes * share), paced_seconds=paced_seconds
                    )
                    found[way.name].append(one)
                    cpu = sum(one.cpu_milliseconds.values())
                    console.print(
                        f"round {number}: {way.name:<17} {cpu:6.2f} ms, {one.per_second:5.0f}/s",
                        highlight=False,
                    )
    return found


async def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--closes", type=int, default=3000)
    parser.add_argument("--paced-seconds", type=float, default=8)
    chosen = parser.parse_args()
    console = Console(width=130)
    began, where = time.monotonic(), report.machine()
    try:
        found = await measure_all(all_ways(), console=console, **vars(chosen))
    except Missing as missing:
        sys.exit(str(missing))
    results = {name: Result.of(rounds) for name, rounds in found.items()}
    ratios = report.ratios(results)
    report.print_table(results, console)
    report.print_goals(ratios, console)
    console.print(f"Took {time.monotonic() - began:.0f} s, load before {where['load_before']}")
    settings = {"rounds": chosen.rounds, "closes": chosen.closes}
    content = {"machine": where, "settings": settings, "results": results, "ratios": ratios}
    report.write(RESULTS, content)


if __name__ == "__main__":
    asyncio.run(main())
