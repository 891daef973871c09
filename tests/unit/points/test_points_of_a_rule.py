"""How many points some minutes earn, by which version of a rule."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.points.domain import Rule, Rulebook, Terms, first_rules, next_version
from services.points.domain.rule import RuleUnknown, StartNotPossible

NOW = datetime(2026, 5, 4, 9, tzinfo=UTC)
STANDARD = Terms(points_base=5, points_per_hour=10, largest_points=65)

figures = st.integers(0, 1000)


@pytest.mark.parametrize(
    ("minutes", "points"),
    [(0, 5), (2, 5), (3, 6), (8, 6), (9, 7), (60, 15), (90, 20), (360, 65), (100_000, 65)],
)
def test_the_standard_rule(minutes: int, points: int) -> None:
    assert STANDARD.points(minutes) == points


@given(base=figures, hourly=figures, largest=figures, minutes=st.integers(0, 10**6))
def test_half_a_point_is_rounded_up_and_the_largest_holds(
    base: int, hourly: int, largest: int, minutes: int
) -> None:
    points = Terms(base, hourly, largest).points(minutes)
    exact = base + floor(Fraction(hourly * minutes, 60) + Fraction(1, 2))
    assert points == min(largest, exact)
    assert points <= Terms(base, hourly, largest).points(minutes + 1)


def rule(version: int, valid_from: datetime) -> Rule:
    return Rule("wenhua", "standard", version, valid_from, STANDARD)


def test_the_newest_valid_version_is_in_force() -> None:
    book = Rulebook([rule(1, NOW), rule(3, NOW + timedelta(days=9)), rule(2, NOW)])
    assert book.in_force("wenhua", "standard", NOW).version == 2
    assert book.in_force("wenhua", "standard", NOW + timedelta(days=9)).version == 3


def test_a_newer_version_withdraws_a_planned_one() -> None:
    book = Rulebook([rule(2, NOW + timedelta(days=9)), rule(3, NOW)])
    assert book.in_force("wenhua", "standard", NOW + timedelta(days=10)).version == 3


@pytest.mark.parametrize(
    ("community", "code", "at"),
    [
        ("wenhua", "standard", NOW - timedelta(seconds=1)),
        ("wenhua", "heavy", NOW),
        ("elsewhere", "standard", NOW),
    ],
)
def test_without_a_rule_in_force_nothing_is_decided(
    community: str, code: str, at: datetime
) -> None:
    with pytest.raises(RuleUnknown):
        Rulebook([rule(1, NOW)]).in_force(community, code, at)


def test_a_community_starts_with_three_rules_in_force_for_ever() -> None:
    book = Rulebook(first_rules("wenhua"))
    earned = {
        code: book.in_force("wenhua", code, NOW - timedelta(days=9000)).terms.points(60)
        for code in ("standard", "errand", "heavy")
    }
    assert earned == {"standard": 15, "errand": 13, "heavy": 25}


def test_the_next_version_begins_now_unless_told_otherwise() -> None:
    made = next_version("wenhua", "standard", rule(4, NOW), STANDARD, valid_from=None, now=NOW)
    assert (made.version, made.valid_from) == (5, NOW)
    assert next_version("wenhua", "new", None, STANDARD, valid_from=NOW, now=NOW).version == 1


@pytest.mark.parametrize("start", [NOW - timedelta(seconds=1), NOW + timedelta(days=3000)])
def test_a_rule_never_begins_in_the_past_nor_in_a_far_future(start: datetime) -> None:
    with pytest.raises(StartNotPossible):
        next_version("wenhua", "standard", None, STANDARD, valid_from=start, now=NOW)
