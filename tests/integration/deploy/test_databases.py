"""The walls between databases: a role opens its own with its present password, and no other."""

import asyncio
import secrets

import asyncpg
import pytest

import deploy.databases
from deploy.databases import Databases, create_databases, migrate
from deploy.foreseen import Foreseen
from tests.support.platform import Platform
from tests.support.servers import Servers

ONE, OTHER = "wall_one", "wall_other"


@pytest.fixture
async def databases(servers: Servers) -> Databases:
    passwords = {
        f"{name}{end}": secrets.token_urlsafe(16) for name in (ONE, OTHER) for end in ("", "_owner")
    }
    made = Databases(servers.postgres_dsn, passwords)
    await create_databases(made, [ONE, OTHER])
    return made


async def enter(databases: Databases, role: str, password: str, database: str) -> str:
    """Whom the server takes us for."""
    url = databases.url(ONE).set(
        drivername="postgresql", username=role, password=password, database=database
    )
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        return await connection.fetchval("SELECT current_user")
    finally:
        await connection.close()


@pytest.mark.parametrize("role", [ONE, f"{ONE}_owner"])
async def test_a_role_enters_its_own_database_only(databases: Databases, role: str) -> None:
    password = databases.passwords[role]
    assert await enter(databases, role, password, ONE) == role
    for other in (OTHER, "postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await enter(databases, role, password, other)


async def test_a_new_password_takes_the_place_of_the_old(databases: Databases) -> None:
    old = databases.passwords[ONE]
    renewed = Databases(databases.server, {**databases.passwords, ONE: "new-password"})
    await create_databases(renewed, [ONE])
    assert await enter(renewed, ONE, "new-password", ONE) == ONE
    with pytest.raises(asyncpg.InvalidPasswordError):
        await enter(renewed, ONE, old, ONE)


async def test_passwords_are_kept_as_scram_and_connections_are_counted(
    databases: Databases,
) -> None:
    server = await asyncpg.connect(databases.server)
    try:
        [row] = await server.fetch(
            "SELECT secret.rolpassword, role.rolconnlimit, role.rolconfig FROM pg_roles AS role "
            "JOIN pg_authid AS secret ON secret.oid = role.oid WHERE role.rolname = $1",
            ONE,
        )
    finally:
        await server.close()
    assert row["rolpassword"].startswith("SCRAM-SHA-256$")
    assert row["rolconnlimit"] > 0
    assert {"statement_timeout=5s", "lock_timeout=2s"} <= set(row["rolconfig"])


async def test_a_migration_waits_for_a_table_for_a_moment_only(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind it everybody would wait who works with the table."""
    await platform.app("points")
    monkeypatch.setattr(deploy.databases, "LOCK_TRIES", 1)
    inside = await asyncpg.connect(platform.servers.postgres_dsn, database="points")
    try:
        async with inside.transaction(), asyncio.timeout(60):
            await inside.execute("LOCK TABLE alembic_version")
            with pytest.raises(Foreseen, match="points are in use"):
                await migrate(platform.databases, "points")
    finally:
        await inside.close()
    assert not await migrate(platform.databases, "points")
