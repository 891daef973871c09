"""What a closed request earns: the rules of a community and their versions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from shared.problems import NotMet, NotYet

MINUTES_OF_AN_HOUR: Final = 60
FROM_THE_FIRST_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NOTICE: Final = timedelta(days=5 * 366)

FIRST_RULES: Final = (
    ("standard", 5, 10, 65),
    ("errand", 3, 10, 45),
    ("heavy", 10, 15, 100),
)
"""Code, base, per hour, largest. 10 points an hour is Kunshan's practice (`DOMAIN.md` §3.2);
the other figures are ours. A community's staff change them."""


class RuleUnknown(NotYet):
    """No such rule is in force in this community, or word of it has not arrived."""

    zh = "本社区还没有这条积分规则。"
    en = "This community has no such rule yet."


class StartNotPossible(NotMet):
    """A rule never changes what has been earned already, nor waits longer than five years."""

    zh = "规则的生效时间须在当前时间之后、五年之内。"
    en = "A rule begins now or later, within five years."


@dataclass(frozen=True, slots=True)
class Terms:
    """How many points a service earns: a base, so many an hour, and never more than the largest."""

    points_base: int
    points_per_hour: int
    largest_points: int

    def points(self, service_minutes: int) -> int:
        """What so many minutes earn; half a point is rounded up."""
        hourly = 2 * self.points_per_hour * service_minutes + MINUTES_OF_AN_HOUR
        return min(self.largest_points, self.points_base + hourly // (2 * MINUTES_OF_AN_HOUR))


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. It is never changed: the next version takes its place."""

    community: str
    code: str
    version: int
    valid_from: datetime
    terms: Terms


class Rulebook:
    """The rules of some communities, to look up the one in force."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take every version of the rules that may be asked for."""
        self._versions: dict[tuple[str, str], list[Rule]] = {}
        for rule in sorted(rules, key=lambda one: one.version, reverse=True):
            self._versions.setdefault((rule.community, rule.code), []).append(rule)

    def in_force(self, community: str, code: str, at: datetime) -> Rule:
        """The newest version that was valid at that moment. Raises RuleUnknown."""
        for rule in self._versions.get((community, code), ()):
            if rule.valid_from <= at:
                return rule
        raise RuleUnknown(f"{community}: {code}")


def first_rules(community: str) -> list[Rule]:
    """The rules that a community starts with, in force from the first day."""
    return [
        Rule(community, code, 1, FROM_THE_FIRST_DAY, Terms(*figures))
        for code, *figures in FIRST_RULES
    ]


def next_version(
    community: str,
    code: str,
    last: Rule | None,
    terms: Terms,
    *,
    valid_from: datetime | None,
    now: datetime,
) -> Rule:
    """The version after `last` (None: a new rule). Raises StartNotPossible."""
    start = valid_from or now
    if not now <= start <= now + LONGEST_NOTICE:
        raise StartNotPossible
    return Rule(community, code, last.version + 1 if last else 1, start, terms)
