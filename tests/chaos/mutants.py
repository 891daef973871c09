"""`python -m tests.chaos.mutants`: does the harness see what it is there to see?

One defence is taken out at a time, and the faults strike that it is there for: a campaign that
finds nothing broken is blind. The same faults on the whole platform come first, and must find
nothing. Exit 0 only when both hold.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Final

import uvloop
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.chaos import Point
from tests.chaos.campaign import Report, campaign
from tests.chaos.damage import damage, discarding_old
from tests.chaos.schedule import Fault, Kind, Plan

__all__ = ["MUTANTS", "Mutant"]

CONTROL: Final = "none: the whole platform"
SEED: Final = 1
SHOWN_CHARACTERS: Final = 200
AWARDS: Final = "one standing award per close"


@dataclass(frozen=True, slots=True)
class Mutant:
    """A defence that is gone, the fault it was there for, and the invariant that must break."""

    name: str
    kind: Kind
    target: str
    broken: str
    """Part of the sentence that tells of it."""
    after: int = 20
    """How many closes the fault waits for."""

    def fault(self, number: int) -> Fault:
        """The fault, at its place in a plan."""
        return Fault(number, self.kind, self.target, self.after, seconds=0)

    def seen_in(self, report: Report) -> str | None:
        """The sentence that tells of it, if its fault really hit and a checkpoint was held."""
        if not (report.struck and report.checkpoints):
            return None
        return next((one for one in report.violations if self.broken in one), None)


MUTANTS: Final = (
    Mutant("inbox-removed", Kind.DUPLICATE, "REQUESTS", AWARDS),
    Mutant("ack-before-commit", Kind.CRASH_POINT, f"points {Point.CONSUMER_BEFORE_COMMIT}", AWARDS),
    Mutant("outbox-bypassed", Kind.CRASH_POINT, f"requests {Point.DOOR_AFTER_COMMIT}", AWARDS),
    Mutant("award-key-dropped", Kind.RETELL, "REQUESTS", AWARDS),
    Mutant("walls-down", Kind.KILL_SERVICE, "points", "is open to"),
    Mutant("discard-old", Kind.FULL_STREAM, "REQUESTS", AWARDS),
    Mutant("retry-without-delay", Kind.FAIL, "points", "was not set aside"),
    # The second journey of a run is the first with a race for one version.
    Mutant("version-check-dropped", Kind.KILL_SERVICE, "notify", "of two with one", after=130),
)


def main() -> int:
    """Try each mutant, print what saw it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.mutants", description=__doc__)
    parser.add_argument("only", nargs="*", choices=[one.name for one in MUTANTS])
    only = parser.parse_args().only
    chosen = [one for one in MUTANTS if not only or one.name in only]
    console = Console(highlight=False)
    table = Table("mutant", "seen by", "seconds", title="Defences taken out, one at a time")
    whole = _run(chosen, None)
    found = "\n".join(whole.violations) or "nothing is broken"
    table.add_row(CONTROL, Text(found), f"{whole.seconds:.0f}")
    console.print(f"{CONTROL}: {whole.verdict}")
    seen = 0
    for mutant in chosen:
        report = _run([mutant], mutant.name)
        console.print(f"{mutant.name}: {report.verdict}")
        sentence = mutant.seen_in(report)
        seen += sentence is not None
        told = sentence or f"NOT SEEN: {report.hits} {report.violations}"
        table.add_row(mutant.name, Text(told[:SHOWN_CHARACTERS]), f"{report.seconds:.0f}")
    console.print(table)
    console.print(f"{seen} of {len(chosen)} mutants seen; the whole platform: {whole.verdict}")
    return 0 if seen == len(chosen) and not whole.violations else 1


def _run(mutants: Sequence[Mutant], name: str | None) -> Report:
    """The faults of `mutants`, without the defence `name`."""
    faults = tuple(one.fault(number) for number, one in enumerate(mutants, start=1))
    with discarding_old() if name == "discard-old" else nullcontext():
        return uvloop.run(campaign(Plan(SEED, faults), mutant=name, prepare=damage))


if __name__ == "__main__":
    sys.exit(main())
