"""The table, the ratios and the goals; `build/benchmarks.json` has them too."""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure import PER_SECOND, Round, percentile


@dataclass(frozen=True)
class Result:
    """Medians of a way's rounds; times in milliseconds, CPU of one close."""

    cpu: float
    cpu_postgres: float
    cpu_bus: float
    cpu_services: float
    cpu_paced: float
    per_second: float
    p50: float
    p99: float
    rounds: int
    cpu_spread: float
    """The largest CPU of a round over the smallest: how quiet the machine was."""

    @classmethod
    def of(cls, rounds: Sequence[Round]) -> "Result":
        """The median of each figure over `rounds`."""
        cpu = [sum(one.cpu_milliseconds.values()) for one in rounds]
        part = {
            name: statistics.median(one.cpu_milliseconds[name] for one in rounds)
            for name in ("postgres", "bus", "services")
        }
        paced = [sum(one.cpu_milliseconds_paced.values()) for one in rounds]
        return cls(
            cpu=statistics.median(cpu),
            cpu_postgres=part["postgres"],
            cpu_bus=part["bus"],
            cpu_services=part["services"],
            cpu_paced=statistics.median(paced),
            per_second=statistics.median(one.per_second for one in rounds),
            p50=1000 * statistics.median(percentile(one.latencies, 50) for one in rounds),
            p99=1000 * statistics.median(percentile(one.latencies, 99) for one in rounds),
            rounds=len(rounds),
            cpu_spread=max(cpu) / min(cpu),
        )


@dataclass(frozen=True)
class Goal:
    """What a ratio (ours ÷ theirs) must not exceed, now and in the end (`DESIGN.md` §6)."""

    ratio: str
    due_now: float | None
    in_the_end: float


GOALS = (
    Goal("cpu_per_close_vs_floor", 3, 1.6),
    Goal("cpu_per_close_vs_celery", 1 / 5, 1 / 10),
    Goal("cpu_per_close_vs_orm_monolith", 1 / 2, 1 / 5),
    Goal("p50_vs_floor", 2.5, 1.5),
    Goal("cpu_per_close_vs_core_monolith", None, 1 / 1.3),
    Goal("p99_vs_floor", None, 1.5),
)
AT_LEAST = Goal("throughput_vs_floor", None, 0.6)


def ratios(results: Mapping[str, Result]) -> dict[str, float]:
    """Ours ÷ theirs."""
    ours, floor = results["ours"], results["floor"]
    return {
        "cpu_per_close_vs_floor": ours.cpu / floor.cpu,
        "cpu_per_close_vs_celery": ours.cpu / results["celery"].cpu,
        "cpu_per_close_vs_orm_monolith": ours.cpu / results["orm_monolith"].cpu,
        "cpu_per_close_vs_core_monolith": ours.cpu / results["core_monolith"].cpu,
        "throughput_vs_floor": ours.per_second / floor.per_second,
        "p50_vs_floor": ours.p50 / floor.p50,
        "p99_vs_floor": ours.p99 / floor.p99,
    }


def machine() -> dict[str, Any]:
    """Where this was measured."""
    return {
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "load_before": round(os.getloadavg()[0], 2),
    }


def print_table(results: Mapping[str, Result], console: Console) -> None:
    """One line a way."""
    title = f"close, award, notices: medians of {results['ours'].rounds} interleaved rounds"
    table = Table(title=title, title_justify="left")
    table.add_column("way")
    for heading in (
        "CPU ms a close", "PostgreSQL", "bus", "processes", f"CPU at {PER_SECOND}/s", "done/s",
        f"p50 ms at {PER_SECOND}/s", "p99 ms", "spread",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for name, one in results.items():
        cpu = (one.cpu, one.cpu_postgres, one.cpu_bus, one.cpu_services, one.cpu_paced)
        table.add_row(
            name, *(f"{figure:.2f}" for figure in cpu), f"{one.per_second:.0f}",
            f"{one.p50:.1f}", f"{one.p99:.1f}", f"×{one.cpu_spread:.2f}",
        )  # fmt: skip
    console.print(table)


def print_goals(found: Mapping[str, float], console: Console) -> None:
    """Each ratio, and whether its goals are met."""
    table = Table(title="ours ÷ theirs", title_justify="left")
    for heading in ("ratio", "measured", "due now", "", "in the end", ""):
        table.add_column(heading)
    for goal in GOALS:
        row = [goal.ratio, f"{found[goal.ratio]:.2f}"]
        for bound in (goal.due_now, goal.in_the_end):
            met = bound is not None and found[goal.ratio] <= bound
            row += ["–", ""] if bound is None else [f"≤ {bound:.2f}", "met" if met else "not met"]
        table.add_row(*row)
    rate = found[AT_LEAST.ratio]
    met = "met" if rate >= AT_LEAST.in_the_end else "not met"
    row = [f"{rate:.2f}", "–", "", f"≥ {AT_LEAST.in_the_end:.2f}", met]
    table.add_row(AT_LEAST.ratio, *row)
    console.print(table)


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Keep figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
