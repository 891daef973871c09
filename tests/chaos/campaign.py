"""One run: a platform in real processes, people at work in it, and everything that goes wrong."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from shared.chaos import Point
from shared.reasons import place_of
from tests.chaos.cluster import ROOT, Cluster, cluster_in
from tests.chaos.faults import Faults
from tests.chaos.invariants import violations
from tests.chaos.oracle import Journal
from tests.chaos.people import ANSWER_SECONDS, found_community
from tests.chaos.schedule import Fault, Plan
from tests.chaos.workload import Workload

__all__ = ["KEPT", "Report", "campaign"]

KEPT: Final = ROOT / "build" / "chaos"
TOGETHER: Final = 3
"""So many faults at most are in force at once."""

WATCH_SECONDS: Final = 0.5

Told = Callable[[str], None]
"""Hears how the run goes on, in sentences."""


@dataclass
class Report:
    """What came of a run."""

    seed: int
    planned: int
    struck: int = 0
    closed: int = 0
    journeys: int = 0
    retries: int = 0
    seconds: float = 0.0
    violations: list[str] = field(default_factory=list[str])
    hits: dict[str, int] = field(default_factory=dict[str, int])
    """Faults that really hit, by kind."""
    points: dict[str, int] = field(default_factory=dict[str, int])
    """Deaths at crash points, by point."""
    checkpoints: list[float] = field(default_factory=list[float])
    """How many seconds each took, from the last fault to all invariants."""
    kept: str | None = None
    """Where the logs of a red run are."""

    @property
    def verdict(self) -> str:
        """The last line."""
        return f"{self.struck} faults, {self.closed} closed, {len(self.violations)} violations"


def _quiet(_sentence: str) -> None:
    """Nobody listens."""


async def campaign(
    plan: Plan,
    *,
    mutant: str | None = None,
    prepare: Callable[[Cluster], Awaitable[None]] | None = None,
    minutes: float = float("inf"),
    told: Told = _quiet,
) -> Report:
    """Run a plan to its end, or to the first checkpoint that finds something broken.

    `mutant` is what `tests.chaos.launch` breaks in every service; `prepare` may break the
    databases or the streams before anybody is at work. After `minutes` no round begins.
    """
    report = Report(plan.seed, len(plan.faults))
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="jinlin-chaos-") as made:
        folder = Path(made)
        plan.save(folder / "plan.json")
        told("starting PostgreSQL, NATS and five services")
        try:
            async with cluster_in(folder, mutant=mutant) as cluster:
                if prepare is not None:
                    await prepare(cluster)
                await Campaign(plan, cluster, report, told, began + 60 * minutes).run()
        except Exception as broken:  # noqa: BLE001 - also a run that breaks off tells its seed
            report.violations.append(f"{broken!r} at {place_of(broken)}")
        report.seconds = round(time.monotonic() - began, 1)
        if report.violations and mutant is None:
            report.kept = str(_keep(folder, plan.seed))
    return report


@dataclass
class Campaign:
    """A run on a cluster that is ready."""

    plan: Plan
    cluster: Cluster
    report: Report
    told: Told
    deadline: float

    async def run(self) -> None:
        """Found the community, then round after round of faults, each with its checkpoint."""
        limits = httpx.Limits(max_connections=50)
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, limits=limits) as client:
            community = await found_community(self.cluster, client)
            with Journal(self.cluster.folder / "journal.jsonl") as journal:
                workload = Workload(community, journal)
                faults = Faults(self.cluster, workload)
                try:
                    async with self._watching(faults), workload.at_work():
                        await self._rounds(faults, workload)
                finally:
                    self._count(faults, workload)

    async def _rounds(self, faults: Faults, workload: Workload) -> None:
        for faults_of_round in self.plan.rounds:
            await self._strike(faults_of_round, faults, workload)
            began = time.monotonic()
            await self.cluster.until_ready()
            async with workload.at_rest():
                self.report.violations += workload.violations
                workload.violations.clear()
                self.report.violations += await workload.unread()
                self.report.violations += await violations(
                    self.cluster, workload.journal, faults.poisons
                )
            self.report.checkpoints.append(round(time.monotonic() - began, 1))
            self._count(faults, workload)
            self.told(f"checkpoint in {self.report.checkpoints[-1]} s: {self.report.verdict}")
            for one in self.report.violations:
                self.told(f"broken: {one}")
            if self.report.violations or time.monotonic() > self.deadline:
                return

    async def _strike(
        self, faults_of_round: Sequence[Fault], faults: Faults, workload: Workload
    ) -> None:
        """Start each fault when so many closes have gone through; return when all are over."""
        turns = asyncio.Semaphore(TOGETHER)

        async def strike(fault: Fault) -> None:
            try:
                await faults.strike(fault)
            except Exception as broken:  # noqa: BLE001 - it is told, and the run goes on
                self.report.violations.append(f"fault {fault}: {broken!r}")
            finally:
                turns.release()

        async with asyncio.TaskGroup() as group:
            for fault in faults_of_round:
                try:
                    await workload.closes(fault.after)
                except AssertionError as stuck:
                    self.report.violations.append(f"nothing is closed any more: {stuck}")
                    return
                await turns.acquire()
                self.told(f"{workload.journal.closed} closed; fault {fault}")
                group.create_task(strike(fault))

    @asynccontextmanager
    async def _watching(self, faults: Faults) -> AsyncGenerator[None]:
        """A service that dies by itself is a violation, and is started again."""

        async def watch() -> None:
            while True:
                await asyncio.sleep(WATCH_SECONDS)  # between two looks
                for service, replica in self.cluster.replicas.items():
                    if replica.died_by_itself:
                        self.report.violations.append(
                            f"{service} died by itself, with code {replica.child.exit_code}"
                        )
                        async with faults.alone_with(service):
                            await replica.restart()

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()

    def _count(self, faults: Faults, workload: Workload) -> None:
        report = self.report
        report.hits = dict(faults.hits)
        report.points = {str(point): faults.points[point] for point in Point}
        report.struck = sum(faults.hits.values())
        report.closed = workload.journal.closed
        report.journeys = workload.journeys
        report.retries = workload.community.retries


def _keep(folder: Path, seed: int) -> Path:
    """Keep the logs, the plan and the journal of a red run."""
    kept = KEPT / f"seed-{seed}"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for pattern in ("*.log", "plan.json", "journal.jsonl", "data/*.log"):
        for file in folder.glob(pattern):
            shutil.copy(file, kept)
    return kept
