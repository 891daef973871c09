"""`python -m tests.chaos --seed N --faults N`: breaks a platform on purpose, and says what held.

The last line is `N faults, M closed, K violations`; exit 0 only when K is 0.
"""

import argparse
import json
import secrets
import sys
import time
from dataclasses import asdict

import uvloop

from tests.chaos.campaign import KEPT, Report, campaign
from tests.chaos.schedule import schedule


def main() -> int:
    """Run one campaign and tell of it; the exit code."""
    asked = _arguments()
    began = time.monotonic()

    def told(sentence: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {sentence}", flush=True)

    plan = schedule(asked.seed, asked.faults)
    told(f"seed {plan.seed}, {len(plan.faults)} faults")
    report = uvloop.run(campaign(plan, mutant=asked.mutant, minutes=asked.minutes, told=told))
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / "report.json").write_text(
        json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n"
    )
    _tell(report)
    return 1 if report.violations else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1_000_000))
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="at most about so many")
    parser.add_argument("--mutant", help="what tests.chaos.launch breaks in every service")
    return parser.parse_args()


def _tell(report: Report) -> None:
    for kind, count in sorted(report.hits.items()):
        print(f"  {count:4} {kind}")
    for point, count in report.points.items():
        print(f"  {count:4} died at {point}")
    print(f"  {report.journeys} whole journeys, {report.retries} calls repeated")
    print(f"  {report.seconds} s, checkpoints {report.checkpoints} s")
    if report.violations:
        for one in report.violations:
            print(f"broken: {one}")
        print(f"logs: {report.kept}; again: make chaos SEED={report.seed} FAULTS={report.planned}")
    print(report.verdict)


if __name__ == "__main__":
    sys.exit(main())
