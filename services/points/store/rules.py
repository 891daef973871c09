"""The versions of each community's rules."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.points.domain import Rule, Rulebook, Terms
from shared.database import Row, Transaction

__all__ = ["add_rule", "last_rule", "rulebook", "rules", "seed_rules"]

_RULEBOOK = text(
    """
    SELECT rule.* FROM rule
    JOIN unnest(CAST(:communities AS text[]), CAST(:codes AS text[])) AS named (community, code)
        USING (community, code)
    """
)
_RULES = text(
    """
    SELECT rule.* FROM rule
    WHERE community = :community AND NOT EXISTS (
        SELECT FROM rule AS newer
        WHERE newer.community = rule.community AND newer.code = rule.code
          AND newer.version > rule.version
          AND newer.valid_from <= greatest(rule.valid_from, :now))
    ORDER BY code, version
    """
)
_LAST_RULE = text(
    """
    SELECT rule.* FROM rule WHERE community = :community AND code = :code
    ORDER BY version DESC LIMIT 1
    """
)
_ADD_RULE = text(
    """
    INSERT INTO rule (community, code, version, valid_from, points_base, points_per_hour,
                      largest_points)
    VALUES (:community, :code, :version, :valid_from, :points_base, :points_per_hour,
            :largest_points)
    """
)
_SEED_RULE = text(f"{_ADD_RULE.text} ON CONFLICT DO NOTHING")


async def rulebook(tx: Transaction, named: Iterable[tuple[str, str]]) -> Rulebook:
    """Every version of the rules named by community and code."""
    wanted = sorted(set(named))
    rows = await tx.execute(
        _RULEBOOK,
        {"communities": [one for one, _ in wanted], "codes": [code for _, code in wanted]},
    )
    return Rulebook([_rule(row) for row in rows])


async def rules(tx: Transaction, community: str, now: datetime) -> list[Rule]:
    """The versions that are in force now or will be, by code."""
    rows = await tx.execute(_RULES, {"community": community, "now": now})
    return [_rule(row) for row in rows]


async def last_rule(tx: Transaction, community: str, code: str) -> Rule | None:
    """The newest version of a rule, also one that is not in force yet; None: no such rule."""
    rows = await tx.execute(_LAST_RULE, {"community": community, "code": code})
    row = rows.one_or_none()
    return _rule(row) if row else None


async def add_rule(tx: Transaction, new: Rule) -> None:
    """Add a version. Two at the same time: the key lets one in, the other is a lost race."""
    await tx.execute(_ADD_RULE, _values(new))


async def seed_rules(tx: Transaction, new: Sequence[Rule]) -> None:
    """Add the rules that are not there yet."""
    await tx.change_each(_SEED_RULE, map(_values, new))


def _values(rule: Rule) -> dict[str, Any]:
    return {
        "community": rule.community,
        "code": rule.code,
        "version": rule.version,
        "valid_from": rule.valid_from,
        "points_base": rule.terms.points_base,
        "points_per_hour": rule.terms.points_per_hour,
        "largest_points": rule.terms.largest_points,
    }


def _rule(row: Row) -> Rule:
    terms = Terms(row["points_base"], row["points_per_hour"], row["largest_points"])
    return Rule(row["community"], row["code"], row["version"], row["valid_from"], terms)
