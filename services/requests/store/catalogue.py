"""The catalogue: what can be asked for in a community."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import text

from services.requests.domain import Category
from shared.database import Transaction

__all__ = ["catalogue", "category", "put_category", "seed_catalogue"]

_CATALOGUE = text(
    "SELECT * FROM category WHERE community = :community AND (active OR :also_inactive) "
    "ORDER BY code"
)
_CATEGORY = text(
    "SELECT * FROM category WHERE community = :community AND code = :code "
    "AND (active OR :also_inactive)"
)
_PUT_CATEGORY = text(
    """
    INSERT INTO category (community, code, title_zh, title_en, points_rule, visibility,
                          evidence_needed, limit_hours, takers_wanted, active)
    VALUES (:community, :code, :title_zh, :title_en, :points_rule, :visibility,
            :evidence_needed, :limit_hours, :takers_wanted, :active)
    ON CONFLICT (community, code) DO UPDATE SET
        title_zh = excluded.title_zh, title_en = excluded.title_en,
        points_rule = excluded.points_rule, visibility = excluded.visibility,
        evidence_needed = excluded.evidence_needed, limit_hours = excluded.limit_hours,
        takers_wanted = excluded.takers_wanted, active = excluded.active
    """
)
_SEED_CATEGORY = text(
    """
    INSERT INTO category (community, code, title_zh, title_en, points_rule, visibility,
                          evidence_needed, limit_hours, takers_wanted, active)
    VALUES (:community, :code, :title_zh, :title_en, :points_rule, :visibility,
            :evidence_needed, :limit_hours, :takers_wanted, :active)
    ON CONFLICT DO NOTHING
    """
)


async def catalogue(
    tx: Transaction, community: str, *, also_inactive: bool = False
) -> list[Category]:
    """What can be asked for in a community."""
    rows = await tx.execute(_CATALOGUE, {"community": community, "also_inactive": also_inactive})
    return [Category(**row) for row in rows]


async def category(
    tx: Transaction, community: str, code: str, *, also_inactive: bool = False
) -> Category | None:
    """A category that can be asked for, or None."""
    values = {"community": community, "code": code, "also_inactive": also_inactive}
    rows = await tx.execute(_CATEGORY, values)
    row = rows.one_or_none()
    return Category(**row) if row else None


async def put_category(tx: Transaction, new: Category) -> None:
    """Add or replace a category; requests keep the terms they were submitted under."""
    await tx.execute(_PUT_CATEGORY, _category_values(new))


async def seed_catalogue(tx: Transaction, categories: Sequence[Category]) -> None:
    """Add what a new community starts with; what it has changed since stays."""
    await tx.change_each(_SEED_CATEGORY, map(_category_values, categories))


def _category_values(one: Category) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(Category)}
