"""One process, one database, one transaction: the request, the award and both notices.

With SQLAlchemy's ORM as most people write it, and with Core as few do. The issuer's account has
eight rows, as ours has. `python -m tests.benchmarks.monolith orm|core` closes what it is told to.
"""

import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared import ids
from tests.benchmarks import driving, plain
from tests.benchmarks.driving import Asked
from tests.benchmarks.measure import Site, Way, Works


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {datetime: DateTime(timezone=True), dict[str, int]: JSONB}


class Rule(Base):
    __tablename__ = "rule"
    community: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    points_base: Mapped[int]
    points_per_hour: Mapped[int]
    largest_points: Mapped[int]

    def points(self, service_minutes: int) -> int:
        hourly = (2 * self.points_per_hour * service_minutes + 60) // 120
        return min(self.largest_points, self.points_base + hourly)


class ServiceRequest(Base):
    __tablename__ = "service_request"
    community: Mapped[str]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str]
    category: Mapped[str]
    requester_id: Mapped[UUID]
    taker_id: Mapped[UUID]
    service_minutes: Mapped[int]
    points_rule: Mapped[str]
    status: Mapped[str]
    version: Mapped[int] = mapped_column()
    closed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    __mapper_args__: ClassVar = {"version_id_col": version}


class Step(Base):
    __tablename__ = "step"
    request_id: Mapped[UUID] = mapped_column(ForeignKey("service_request.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    community: Mapped[str]
    kind: Mapped[str]
    by: Mapped[UUID]
    at: Mapped[datetime]


class Account(Base):
    __tablename__ = "account"
    community: Mapped[str]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_kind: Mapped[str]
    owner_id: Mapped[UUID]
    shard: Mapped[int]
    balance: Mapped[int]


class Award(Base):
    __tablename__ = "award"
    community: Mapped[str]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID]
    taker_id: Mapped[UUID]
    rule: Mapped[str]
    points: Mapped[int]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    awarded_at: Mapped[datetime]


class Transfer(Base):
    __tablename__ = "transfer"
    community: Mapped[str]
    id: Mapped[UUID] = mapped_column(primary_key=True)
    debit_account: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    credit_account: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    amount: Mapped[int]
    award_id: Mapped[UUID] = mapped_column(ForeignKey("award.id"))
    occurred_at: Mapped[datetime]


class Notice(Base):
    __tablename__ = "notice"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    community: Mapped[str]
    request_id: Mapped[UUID]
    recipient_id: Mapped[UUID]
    kind: Mapped[str]
    details: Mapped[dict[str, int]]


async def close_by_orm(engine: AsyncEngine, asked: Asked) -> None:
    """Load, change, add: the session finds out what to write."""
    now = datetime.now(UTC)
    async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
        request = await session.get_one(ServiceRequest, asked.request_id, with_for_update=True)
        assert (request.status, request.requester_id) == ("resolved", asked.requester_id)
        request.status, request.closed_at, request.updated_at = "closed", now, now
        common = {"community": request.community, "request_id": request.id}
        session.add(
            Step(
                **common, version=request.version + 1, kind="closed", by=asked.requester_id, at=now
            )
        )
        rule = await session.get_one(Rule, (request.community, request.points_rule))
        points = rule.points(request.service_minutes)
        shard = request.id.int % plain.ISSUER_SHARDS
        holder = await _account(session, request.community, request.taker_id, 0)
        issuer = await _account(session, request.community, plain.ISSUER, shard)
        award = Award(
            **common, id=ids.new_id(), taker_id=request.taker_id, rule=rule.code, points=points,
            account_id=holder.id, awarded_at=now,
        )  # fmt: skip
        session.add(award)
        await session.flush()
        session.add(
            Transfer(
                community=request.community, id=ids.new_id(), debit_account=issuer.id,
                credit_account=holder.id, amount=points, award_id=award.id, occurred_at=now,
            )
        )  # fmt: skip
        holder.balance += points
        issuer.balance -= points
        told = (
            (request.requester_id, "request_closed", {}),
            (request.taker_id, "points_awarded", {"points": points}),
        )
        session.add_all(
            Notice(**common, id=ids.new_id(), recipient_id=recipient, kind=kind, details=details)
            for recipient, kind, details in told
        )


async def _account(session: AsyncSession, community: str, owner: UUID, shard: int) -> Account:
    """An account, locked; takers before the issuer, so that nobody waits in a circle."""
    wanted = select(Account).where(
        Account.community == community, Account.owner_id == owner, Account.shard == shard
    )
    return (await session.execute(wanted.with_for_update())).scalar_one()


_CLOSE = text(
    """
    WITH closed AS (
        UPDATE service_request SET status = 'closed', version = version + 1, closed_at = :now,
            updated_at = :now
        WHERE id = :id AND status = 'resolved' AND requester_id = :by RETURNING *
    ), stepped AS (
        INSERT INTO step (request_id, version, community, kind, by, at)
        SELECT id, version, community, 'closed', :by, :now FROM closed
    )
    SELECT closed.community, taker_id, requester_id,
           least(largest_points,
                 points_base + (2 * points_per_hour * service_minutes + 60) / 120) AS points
    FROM closed JOIN rule ON rule.community = closed.community AND rule.code = points_rule
    """
)
_BALANCE = text(
    """
    UPDATE account SET balance = balance + :points
    WHERE community = :community AND owner_id = :owner AND shard = :shard RETURNING id
    """
)
_AWARD = text(
    """
    WITH awarded AS (
        INSERT INTO award (community, id, request_id, taker_id, rule, points, account_id,
                           awarded_at)
        VALUES (:community, :award_id, :id, :taker_id, 'standard', :points, :holder, :now)
    ), told AS (
        INSERT INTO notice (community, request_id, recipient_id, kind, details)
        VALUES (:community, :id, :requester_id, 'request_closed', '{}'),
               (:community, :id, :taker_id, 'points_awarded',
                jsonb_build_object('points', CAST(:points AS integer)))
    )
    INSERT INTO transfer (community, id, debit_account, credit_account, amount, award_id,
                          occurred_at)
    VALUES (:community, :transfer_id, :issuer, :holder, :points, :award_id, :now)
    """
)


async def close_by_core(engine: AsyncEngine, asked: Asked) -> None:
    """Four statements."""
    now = datetime.now(UTC)
    async with engine.begin() as tx:
        closing = {"id": asked.request_id, "by": asked.requester_id, "now": now}
        closed = (await tx.execute(_CLOSE, closing)).mappings().one()
        shard = asked.request_id.int % plain.ISSUER_SHARDS
        accounts: dict[str, UUID] = {}
        for side, owner, row, points in (
            ("holder", closed["taker_id"], 0, closed["points"]),
            ("issuer", plain.ISSUER, shard, -closed["points"]),
        ):
            change = {"community": closed["community"], "owner": owner, "shard": row}
            accounts[side] = (await tx.execute(_BALANCE, change | {"points": points})).scalar_one()
        made = {"award_id": ids.new_id(), "transfer_id": ids.new_id(), "id": asked.request_id}
        await tx.execute(_AWARD, {**closed, **accounts, **made, "now": now})


class Monolith(Way):
    """Its one process closes, awards and tells."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self._kind = name, kind

    async def prepare(self, site: Site) -> None:
        """A database, with everybody's account in it."""
        url = await plain.create(site.postgres_dsn, f"monolith_{self._kind}")
        await plain.open_accounts(url)
        self.tables = dict.fromkeys(("requests", "points", "notify"), url)

    @asynccontextmanager
    async def running(self, site: Site) -> AsyncGenerator[Works]:
        """One process."""
        environment = {"DATABASE_URL": self.tables["requests"]}
        async with site.python("tests.benchmarks.monolith", self._kind, **environment) as part:
            yield Works(closer=part, parts=[part])


async def main(kind: str) -> None:
    """Close what standard input says, in one transaction each."""
    url = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:")
    engine = create_async_engine(url, pool_size=5, max_overflow=5)
    ways: dict[str, Any] = {"orm": close_by_orm, "core": close_by_core}
    await driving.obey(lambda asked: ways[kind](engine, asked))
    await engine.dispose()


if __name__ == "__main__":
    driving.run(main(sys.argv[1]))
