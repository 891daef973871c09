"""Two walls around every community: the permission at the door, and row-level security below it."""

import base64
import hashlib
import hmac
import importlib
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from string import Formatter
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio
from fastapi import APIRouter
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey
from pydantic import BaseModel
from sqlalchemy import text

from deploy import services
from shared import identity, ids, operations, service
from shared.database import Database
from shared.door import Door
from shared.identity import ALGORITHM, AUDIENCE, LEEWAY_SECONDS
from shared.migrations import OPEN_COMMUNITIES
from shared.permissions import ANYBODY, Role, permission_of
from shared.service import api_routes
from tests.support.platform import Neighbourhood, Platform, eventually
from tests.support.toy import app as toy_app
from tests.support.toy.running import Toy

every_service = pytest.mark.parametrize("name", services.SERVICES)


@pytest_asyncio.fixture
async def inside(platform: Platform, name: str) -> AsyncIterator[asyncpg.Connection]:
    """The superuser's connection to the database of the service `name`, which runs."""
    await platform.app(name)
    connection = await asyncpg.connect(platform.databases.server, database=name)
    try:
        yield connection
    finally:
        await connection.close()


WALLED = """
    SELECT c.oid, c.relname AS name, c.relispartition AS is_partition,
           c.relrowsecurity AND c.relforcerowsecurity AS is_walled
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
    WHERE c.relkind IN ('r', 'p') AND EXISTS (
        SELECT FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attname = 'community' AND NOT a.attisdropped)
    ORDER BY 2
"""
UNIQUE_WITHOUT_COMMUNITY = """
    SELECT i.indexrelid::regclass::text AS name
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indrelid AND NOT c.relispartition
    JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'community'
    WHERE i.indisunique AND NOT a.attnum = ANY (i.indkey)
"""
FOREIGN_WITHOUT_COMMUNITY = """
    SELECT k.conname AS name
    FROM pg_constraint AS k
    JOIN pg_attribute AS mine ON mine.attrelid = k.conrelid AND mine.attname = 'community'
    JOIN pg_attribute AS theirs ON theirs.attrelid = k.confrelid AND theirs.attname = 'community'
    WHERE k.contype = 'f'
      AND NOT (mine.attnum = ANY (k.conkey) AND theirs.attnum = ANY (k.confkey))
"""

KEYS_WITHOUT_COMMUNITY = {
    "outbox_pkey": "an event id is made by the service itself and unique on the platform",
    "inbox_pkey": "an event has its effect once, whatever community a forged copy names",
    "retry_pkey": "as the inbox: by consumer and event id",
}


class TestTables:
    @every_service
    async def test_every_row_of_a_community_is_behind_the_wall(
        self, name: str, inside: asyncpg.Connection
    ) -> None:
        tables = await inside.fetch(WALLED)
        assert len(tables) > 8
        policies = await inside.fetch("SELECT * FROM pg_policies WHERE schemaname = 'public'")
        for table in tables:
            if table["is_partition"]:
                for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
                    may = "SELECT has_table_privilege($1, $2::oid, $3)"
                    allowed = await inside.fetchval(may, name, table["oid"], right)
                    assert not allowed, (table["name"], right)
                continue
            assert table["is_walled"], table["name"]
            (policy,) = [one for one in policies if one["tablename"] == table["name"]]
            assert (policy["cmd"], policy["permissive"]) == ("ALL", "PERMISSIVE")
            assert policy["roles"] == ["public"]
            assert policy["qual"] == policy["with_check"]
            assert words(policy["qual"]) == words(OPEN_COMMUNITIES)

    @every_service
    async def test_every_key_names_the_community(
        self, name: str, inside: asyncpg.Connection
    ) -> None:
        """Else a row that cannot be seen is in the way of one that can (`DESIGN.md` §7)."""
        unique = {row["name"] for row in await inside.fetch(UNIQUE_WITHOUT_COMMUNITY)}
        assert unique <= KEYS_WITHOUT_COMMUNITY.keys()
        foreign = await inside.fetch(FOREIGN_WITHOUT_COMMUNITY)
        assert [row["name"] for row in foreign] == []

    @every_service
    async def test_nothing_acts_with_the_rights_of_its_owner(
        self, name: str, inside: asyncpg.Connection
    ) -> None:
        functions = await inside.fetch(
            "SELECT proname FROM pg_proc JOIN pg_namespace AS n ON n.oid = pronamespace "
            "WHERE prosecdef AND nspname NOT IN ('pg_catalog', 'information_schema')"
        )
        assert functions == []
        views = await inside.fetch(
            "SELECT relname FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace "
            "WHERE relkind IN ('v', 'm') AND nspname = 'public' "
            "AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)"
        )
        assert views == []

    @every_service
    async def test_the_service_signs_in_as_a_role_without_power(
        self, name: str, inside: asyncpg.Connection
    ) -> None:
        for role in (name, f"{name}_owner"):
            row = await inside.fetchrow(
                "SELECT rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication "
                "AS powerful, rolconnlimit FROM pg_roles WHERE rolname = $1",
                role,
            )
            assert row
            assert not row["powerful"]
            assert row["rolconnlimit"] > 0
        owned = await inside.fetchval(
            "SELECT (SELECT count(*) FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid"
            " WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND r.rolname = $1)"
            " + (SELECT count(*) FROM pg_auth_members AS m JOIN pg_roles AS r ON r.oid = m.member"
            " WHERE r.rolname = $1)",
            name,
        )
        assert owned == 0
        assert not await inside.fetchval(
            "SELECT has_schema_privilege($1, 'public', 'CREATE') "
            "OR has_database_privilege($1, current_database(), 'CREATE, TEMPORARY')",
            name,
        )
        others = await inside.fetch(
            "SELECT datname FROM pg_database WHERE datname = ANY ($2::text[]) AND datname <> $1 "
            "AND has_database_privilege($1, datname, 'CONNECT')",
            name,
            list(services.SERVICES),
        )
        assert others == []

    @every_service
    async def test_without_a_community_there_is_nothing(
        self, name: str, platform: Platform, inside: asyncpg.Connection
    ) -> None:
        tables = [one["name"] for one in await inside.fetch(WALLED) if not one["is_partition"]]
        secret = f"s{secrets.token_hex(4)}"
        await inside.execute("INSERT INTO known_community VALUES ($1, 1, 'x', 'X', false)", secret)
        url = platform.databases.url(name).set(drivername="postgresql")
        connection = await asyncpg.connect(url.render_as_string(hide_password=False))
        try:
            for table in tables:
                assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0, table
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(
                    "INSERT INTO known_community VALUES ('mine', 1, 'x', 'X', false)"
                )
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("SET row_security = off; SELECT * FROM known_community")
        finally:
            await connection.close()
            await inside.execute("DELETE FROM known_community WHERE community = $1", secret)


class TestTransactions:
    """On the toy: each has this from `shared.database`."""

    async def test_a_transaction_sees_and_writes_what_it_names(
        self, toy: Toy, platform: Platform
    ) -> None:
        here, there = (f"w{secrets.token_hex(4)}" for _ in range(2))
        insert = text("INSERT INTO known_community VALUES (:one, 1, 'x', 'X', false)")
        count = text("SELECT count(*) FROM known_community WHERE community IN (:a, :b)")
        both = {"a": here, "b": there}
        database = toy.service.database
        for one in (here, there):
            async with database.transaction(one) as tx:
                await tx.execute(insert, {"one": one})
        for opened, seen in [((here,), 1), ((here, there), 2), ((), 0), (("*",), 2)]:
            async with database.transaction(*opened) as tx:
                assert (await tx.execute(count, both)).scalar_one() == seen
        with pytest.raises(asyncpg.PostgresError, match="row-level security"):
            async with database.transaction(here) as tx:
                await tx.execute(insert, {"one": f"{there}-2"})
        with pytest.raises(asyncpg.PostgresError, match="row-level security"):
            async with database.transaction(here) as tx:
                await tx.execute(
                    text("UPDATE known_community SET community = 'x' WHERE community = :a"), both
                )
        async with database.transaction(here) as tx:
            assert await tx.change(text("DELETE FROM known_community")) == 1

    async def test_what_was_opened_is_closed_for_the_next(
        self, toy: Toy, platform: Platform
    ) -> None:
        """On the same connection, after a commit and after a failure."""
        database = Database(platform.databases.address("toy"), connections=2)
        look = text(
            "SELECT pg_backend_pid() AS pid, current_setting('app.communities', true) AS opened, "
            "(SELECT count(*) FROM known_community) AS seen"
        )
        try:
            async with database.transaction("*") as tx:
                first = (await tx.execute(look)).one()
            for _ in range(2):
                async with database.transaction() as plain:
                    after = (await plain.execute(look)).one()
                assert after.pid == first.pid
                assert after.opened in {None, ""}
                assert after.seen == 0
                with pytest.raises(ZeroDivisionError):
                    async with database.transaction("*") as tx:
                        _ = 1 / 0
        finally:
            await database.close()


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else orjson.dumps(part)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Forger:
    """Makes tokens, of which the first is good and all others are not."""

    def __init__(self, platform: Platform, hood: Neighbourhood) -> None:
        self.key = platform.key
        self.kid = str(platform.key.kid)
        self.now = int(time.time())
        self.claims: dict[str, Any] = {
            "iss": "jinlin",
            "aud": AUDIENCE,
            "sub": str(ids.new_id()),
            "iat": self.now,
            "exp": self.now + 600,
            "memberships": {hood.slug: {"roles": ["resident"]}},
            "platform_roles": [],
        }

    def signed(
        self,
        claims: Mapping[str, Any] | None = None,
        *,
        key: Any = None,
        header: Mapping[str, Any] | None = None,
    ) -> str:
        header = {"alg": ALGORITHM, "kid": self.kid} | dict(header or {})
        return jwt.encode(
            header, dict(claims or self.claims), key or self.key, algorithms=[header["alg"]]
        )

    def raw(self, header: object, claims: object, signature: bytes = b"") -> str:
        return f"{encoded(header)}.{encoded(claims)}.{encoded(signature) if signature else ''}"

    def without(self, claim: str) -> str:
        return self.signed({name: one for name, one in self.claims.items() if name != claim})

    def changed(self, **claims: Any) -> str:
        return self.signed(self.claims | claims)

    def with_public_key(self, secret: bytes) -> str:
        unsigned = self.raw({"alg": "HS256", "kid": self.kid}, self.claims).rpartition(".")[0]
        signature = hmac.digest(secret, unsigned.encode(), hashlib.sha256)
        return f"{unsigned}.{encoded(signature)}"

    def bad(self) -> Iterator[tuple[str, str]]:
        good = self.signed()
        header, payload, signature = good.split(".")
        stranger = OKPKey.generate_key("Ed25519", {"kid": self.kid})
        yield "alg none", self.raw({"alg": "none", "kid": self.kid}, self.claims)
        yield "alg None", self.raw({"alg": "None", "kid": self.kid}, self.claims, b"x")
        yield "no alg", self.raw({"kid": self.kid}, self.claims, b"x" * 64)
        yield "HS256 with the public PEM", self.with_public_key(self.key.as_pem(private=False))
        public = self.key.as_dict(private=False)
        yield "HS256 with the public x", self.with_public_key(str(public["x"]).encode())
        yield "HS256 with the public JWK", self.with_public_key(orjson.dumps(public))
        yield (
            "ES256",
            self.signed(
                key=ECKey.generate_key("P-256", {"kid": self.kid}), header={"alg": "ES256"}
            ),
        )
        yield "a stranger's key with our kid", self.signed(key=stranger)
        mine = stranger.as_dict(private=False)
        yield "a key of its own in the header", self.raw_signed(stranger, {"jwk": mine})
        yield "a key elsewhere", self.raw_signed(stranger, {"jku": "https://evil.example/jwks"})
        yield "unknown kid", self.raw_signed(stranger, {"kid": "never"})
        for kid in ("' OR 1=1 --", "../../etc/passwd", "\x00", "", 7, None, ["x"], {"a": 1}):
            yield f"kid {kid!r}", self.raw({"alg": ALGORITHM, "kid": kid}, self.claims, b"x" * 64)
        yield "no kid", self.raw({"alg": ALGORITHM}, self.claims, b"x" * 64)
        yield "critical extension", self.raw_signed(self.key, {"crit": ["exp2"], "exp2": 1})
        other = self.claims | {"sub": str(ids.new_id())}
        yield "tampered payload", f"{header}.{encoded(other)}.{signature}"
        yield "tampered signature", f"{header}.{payload}.{encoded(b'x' * 64)}"
        yield "no signature", f"{header}.{payload}."
        yield "two parts", f"{header}.{payload}"
        yield "five parts", f"{good}.x.y"
        yield from self.bad_claims()
        for rubbish in ("x", ".", "..", "...", "é.é.é", "null.null.null", "W10.W10.W10"):
            yield f"rubbish {rubbish}", rubbish
        yield "huge header", f"{encoded({'kid': 'x' * 60_000})}.x.y"
        yield "deep header", f"{encoded(b'[' * 20_000)}.x.y"
        yield "huge rubbish", "x" * 60_000

    def raw_signed(self, key: OKPKey, header: Mapping[str, Any]) -> str:
        """Signed by hand: the library refuses to write some headers."""
        whole = {"alg": ALGORITHM, "kid": self.kid} | dict(header)
        unsigned = f"{encoded(whole)}.{encoded(self.claims)}"
        private: Any = key.private_key
        return f"{unsigned}.{encoded(private.sign(unsigned.encode()))}"

    def bad_claims(self) -> Iterator[tuple[str, str]]:
        now, beyond = self.now, LEEWAY_SECONDS + 30
        for claim in ("iss", "aud", "sub", "iat", "exp"):
            yield f"without {claim}", self.without(claim)
        yield "another issuer", self.changed(iss="evil")
        yield "another audience", self.changed(aud="others")
        yield "expired beyond the leeway", self.changed(exp=now - beyond, iat=now - 900)
        yield "of the future", self.changed(iat=now + beyond)
        yield "not yet", self.changed(nbf=now + beyond)
        for exp in ("soon", None, [], True, 10**30, -1, float(10**300)):
            yield f"exp {exp!r}", self.changed(exp=exp)
        for sub in ("", "me", 7, None, [], "x" * 36):
            yield f"sub {sub!r}", self.changed(sub=sub)
        for memberships in (
            [], "all", 7, {"x": []}, {"x": None}, {"x": {}}, {"x": {"roles": 7}},
            {"x": {"roles": [{}]}}, {"x": {"roles": ["resident"], "organisations": ["me"]}},
            {"x": {"roles": ["resident"], "organisations": 7}},
        ):  # fmt: skip
            yield f"memberships {memberships!r}", self.changed(memberships=memberships)
        for roles in (7, True, [[]], [{}]):
            yield f"platform roles {roles!r}", self.changed(platform_roles=roles)


class TestTokens:
    async def test_a_good_one_is_believed_also_shortly_after_its_end(
        self, toy: Toy, hood: Neighbourhood
    ) -> None:
        forger = Forger(toy.platform, hood)
        near = LEEWAY_SECONDS // 2
        for token in (
            forger.signed(),
            forger.changed(exp=forger.now - near),
            forger.changed(iat=forger.now + near, nbf=forger.now + near),
        ):

            async def is_believed(token: str = token) -> bool:
                return await status(toy, hood, token) == 200

            await eventually(is_believed)

    async def test_no_bad_one_is(self, toy: Toy, hood: Neighbourhood) -> None:
        forger = Forger(toy.platform, hood)
        tokens = dict(forger.bad())
        assert len(tokens) > 60
        answers = {why: await status(toy, hood, token) for why, token in tokens.items()}
        assert {why: one for why, one in answers.items() if one != 401} == {}
        assert await status(toy, hood, forger.signed()) == 200

    async def test_a_removed_key_is_no_longer_believed(
        self, toy: Toy, hood: Neighbourhood, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A key is taken back when somebody else has it."""
        key = OKPKey.generate_key("Ed25519", {"kid": secrets.token_hex(4)})
        platform = replace(toy.platform, key=key)
        put = (
            "INSERT INTO signing_key VALUES (:id, 1, CAST(:key AS jsonb), false) "
            "ON CONFLICT (key_id) DO UPDATE SET removed = true RETURNING 1"
        )
        public = orjson.dumps(key.as_dict(private=False)).decode()
        await toy.rows(put, id=str(key.kid), key=public)

        token = Forger(platform, hood).signed()

        async def is_believed() -> bool:
            return await status(toy, hood, token) == 200

        monkeypatch.setattr(identity, "KEYS_KEPT_SECONDS", 0.05)
        await eventually(is_believed)
        await toy.rows(put, id=str(key.kid), key=public)

        async def is_refused() -> bool:
            return not await is_believed()

        await eventually(is_refused)


async def status(toy: Toy, hood: Neighbourhood, token: str) -> int:
    async with toy.client() as http:
        # As bytes: what is not ASCII arrives as a client may send it.
        headers = [(b"authorization", b"Bearer " + token.encode())]
        answer = await http.get(f"/{hood.slug}/known", headers=headers)
        if answer.status_code == 401:
            assert answer.json()["type"] == "urn:jinlin:problem:not-signed-in"
        return answer.status_code


def test_a_route_that_asks_for_no_permission_stops_the_service() -> None:
    forgetful = APIRouter(route_class=Door)

    @forgetful.get("/everything")
    async def everything() -> None: ...

    definition = replace(toy_app.DEFINITION, routers=(forgetful,))
    with pytest.raises(ValueError, match="/api/toy/everything names no permission"):
        service.create_app(definition, services.settings("requests"))


ENDLESS = {
    "/api/notify/inbox/stream",
    "/api/requests/{community}/live",
    "/api/volunteers/{community}/live",
}
"""Answers without an end, to those who may have them; tests of their services read them."""

PUBLIC = {"/api/directory/{community}/service-phone": "a number that hangs on the notice board"}
"""Of a community, and for those who are not of it."""


class Matrix:
    """Asks every route of one running service as anybody."""

    def __init__(self, platform: Platform, name: str, hood: Neighbourhood) -> None:
        self.platform = platform
        self.name = name
        self.hood = hood
        own = importlib.import_module(f"services.{name}.permissions").may.table
        self.table = own | operations.may.table

    async def routes(self) -> list[Any]:
        app = await self.platform.app(self.name)
        # The directory learns its keys from nobody: it gets the one of the tests by hand.
        known, key = app.state.service.identity, self.platform.key
        known._keys[str(key.kid)], known._fetched_at = key, time.monotonic()
        return list(api_routes(app))

    def path(self, route: Any, community: str) -> str:
        values = {
            name: str(ids.new_id()) if name.endswith("_id") else "repair"
            for _, name, _, _ in Formatter().parse(route.path)
            if name
        }
        return route.path.format(**values | {"community": community})

    async def ask(self, route: Any, token: str | None, community: str) -> tuple[int, str]:
        """The status, and the code of the problem if it is one."""
        async with await self.platform.client(self.name, token) as client:
            (method,) = route.methods
            body = None if method in {"GET", "DELETE"} else {}
            answer = await client.request(
                method, f"http://test{self.path(route, community)}", json=body
            )
        is_problem = answer.headers.get("content-type") == "application/problem+json"
        return answer.status_code, answer.json()["type"] if is_problem else ""


NOT_ALLOWED = "urn:jinlin:problem:not-allowed"


@pytest_asyncio.fixture
async def matrix(platform: Platform, name: str, hood: Neighbourhood) -> Matrix:
    return Matrix(platform, name, hood)


@every_service
class TestMatrix:
    async def test_nobody_gets_in(self, name: str, matrix: Matrix) -> None:
        for route in await matrix.routes():
            expected = (401, "urn:jinlin:problem:not-signed-in")
            answer = await matrix.ask(route, None, matrix.hood.slug)
            if permission_of(route) == ANYBODY:
                assert answer[0] < 500
            else:
                assert answer == expected, route.path

    async def test_other_communities_do_not_exist(self, name: str, matrix: Matrix) -> None:
        elsewhere = Neighbourhood(matrix.platform, f"{matrix.hood.slug}-2")
        for route in await matrix.routes():
            action = permission_of(route)
            if "{community}" not in route.path:
                assert action in matrix.table or action in {ANYBODY, "signed in"}
                continue
            if route.path in PUBLIC:
                assert action == ANYBODY
                continue
            assert action in matrix.table, f"{route.path}: whose community is this?"
            for role in Role:
                token = elsewhere.token(ids.new_id(), role)
                answer = await matrix.ask(route, token, matrix.hood.slug)
                assert answer == (404, "urn:jinlin:problem:not-found"), (route.path, role)

    async def test_a_role_may_what_the_table_says(self, name: str, matrix: Matrix) -> None:
        for route in await matrix.routes():
            action = permission_of(route)
            if action == ANYBODY:
                continue
            for role in Role:
                for platform_wide in (False, True):
                    token = (
                        matrix.platform.token(ids.new_id(), platform_roles=[role])
                        if platform_wide
                        else matrix.hood.token(ids.new_id(), role)
                    )
                    counts = platform_wide or "{community}" in route.path
                    may = action == "signed in" or (counts and role in matrix.table[action])
                    if may and route.path in ENDLESS:
                        continue
                    status, code = await matrix.ask(route, token, matrix.hood.slug)
                    case = (route.path, role, platform_wide, status, code)
                    if may:
                        assert status < 500, case
                        assert status != 401, case
                        assert code != NOT_ALLOWED, case
                    else:
                        assert (status, code) == (403, NOT_ALLOWED), case

    async def test_nul_in_an_address_is_no_accident(self, name: str, matrix: Matrix) -> None:
        """PostgreSQL cannot store U+0000: it must be refused before it gets there."""
        token = matrix.platform.token(
            ids.new_id(), {matrix.hood.slug: {"roles": list(Role)}}, platform_roles=list(Role)
        )
        async with await matrix.platform.client(name, token) as client:
            for route in await matrix.routes():
                if "GET" not in route.methods or route.path in ENDLESS:
                    continue
                path = f"http://test{matrix.path(route, matrix.hood.slug)}"
                for field in query_fields(route):
                    answer = await client.get(path, params={field: "a\x00b"})
                    assert answer.status_code < 500, (route.path, field)
                for one in route.dependant.path_params:
                    values = {other.name: "x" for other in route.dependant.path_params}
                    known = {"community": matrix.hood.slug}
                    nul = route.path.format(**values | known | {one.name: "a%00b"})
                    answer = await client.get(f"http://test{nul}")
                    assert answer.status_code in {404, 422}, (route.path, one.name)


def query_fields(route: Any) -> Iterator[str]:
    for one in route.dependant.query_params:
        annotation = one.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from annotation.model_fields
        else:
            yield one.alias


def words(condition: str) -> str:
    """A condition without what PostgreSQL adds to it when it tells it again."""
    for noise in ("::text", "AS current_setting", "AS string_to_array", "(", ")", " ", "[]"):
        condition = condition.replace(noise, "")
    return condition
