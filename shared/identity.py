"""Who calls: tokens that the directory signed, checked with keys each service keeps itself."""

import asyncio
import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from joserfc.util import urlsafe_b64decode
from sqlalchemy import text

from shared.database import ALL_COMMUNITIES, Database
from shared.problems import NotSignedIn, Unavailable

__all__ = ["ALGORITHM", "AUDIENCE", "Caller", "Identity", "Membership"]

ALGORITHM: Final = "Ed25519"
AUDIENCE: Final = "jinlin"
LEEWAY_SECONDS: Final = 60
KEYS_PAUSE_SECONDS: Final = 1.0
KEYS_WAIT_SECONDS: Final = 2.0
"""How long a database that does not answer is waited for (`shared.database`)."""
KEYS_KEPT_SECONDS: Final = 60.0
"""How long a key or a caller is believed without another look: a key may be taken back."""

REMEMBERED_TOKENS: Final = 10_000
FOREVER: Final = datetime.max.replace(tzinfo=UTC)

_KEYS = text("SELECT public_key FROM signing_key WHERE NOT removed ORDER BY key_id")


@dataclass(frozen=True, slots=True)
class Membership:
    """What a person is in one community, and for which organisations they may act."""

    roles: frozenset[str]
    organisation_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Caller:
    """A person who is signed in, as the token says."""

    person_id: UUID
    memberships: Mapping[str, Membership]
    platform_roles: AbstractSet[str] = field(default_factory=frozenset[str])
    believed_until: datetime = FOREVER
    """When the token is over; an answer that goes on ends with it."""

    def roles_in(self, community: str | None) -> AbstractSet[str]:
        """The roles that count there; platform roles count everywhere."""
        membership = self.memberships.get(community or "")
        return self.platform_roles | membership.roles if membership else self.platform_roles

    def organisations_in(self, community: str) -> frozenset[UUID]:
        """The organisations the caller may act for in `community`."""
        membership = self.memberships.get(community)
        return membership.organisation_ids if membership else frozenset()


class Identity:
    """Checks tokens. Keys come from the service's own database and are kept in memory."""

    def __init__(self, database: Database, *, issuer: str) -> None:
        """Start without keys; the first unknown key id fetches them."""
        self._database = database
        self._issuer = issuer
        self._keys: dict[str, OKPKey] = {}
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        self._silent_until = float("-inf")
        """Whoever waited behind a look-up that failed does not wait for another one."""
        self._callers: dict[str, tuple[float, Caller]] = {}

    async def caller(self, token: str) -> Caller:
        """Who the token speaks for. Raises NotSignedIn when it is not good."""
        believed_until, caller = self._callers.get(token, (0.0, None))
        if caller is not None and time.time() < believed_until:
            return caller
        self._callers.pop(token, None)
        claims = await self._claims(token)
        try:
            caller = _caller(claims)
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
            raise NotSignedIn from None
        if len(self._callers) >= REMEMBERED_TOKENS:
            self._callers.clear()
        looks_again_at = time.time() + KEYS_KEPT_SECONDS
        self._callers[token] = (min(caller.believed_until.timestamp(), looks_again_at), caller)
        return caller

    async def _claims(self, token: str) -> dict[str, Any]:
        """The claims of a token with a good signature, issuer, audience and time."""
        try:
            key = await self._key(_key_id(token))
            claims = jwt.decode(token, KeySet([key]), algorithms=[ALGORITHM]).claims
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._issuer},
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError, TypeError, KeyError):
            raise NotSignedIn from None
        return claims

    async def _key(self, key_id: str) -> OKPKey:
        """The public key of that id; an unknown one is looked up at most once a second."""
        async with self._fetching:
            now = time.monotonic()
            pause = KEYS_KEPT_SECONDS if key_id in self._keys else KEYS_PAUSE_SECONDS
            if now - self._fetched_at > pause:
                if now < self._silent_until:
                    raise Unavailable
                self._silent_until = now + KEYS_PAUSE_SECONDS + KEYS_WAIT_SECONDS
                self._keys = await self._fetch_keys()
                self._fetched_at, self._silent_until = now, now
        return self._keys[key_id]

    async def _fetch_keys(self) -> dict[str, OKPKey]:
        async with self._database.transaction(ALL_COMMUNITIES) as tx:
            rows = (await tx.execute(_KEYS)).scalars()
        keys = [OKPKey.import_key(row) for row in rows]
        return {str(key.kid): key for key in keys}


def _key_id(token: str) -> str:
    """The `kid` in the token's header, nothing else of which is believed."""
    header = orjson.loads(urlsafe_b64decode(token.partition(".")[0].encode()))
    return str(header["kid"])


def _caller(claims: Mapping[str, Any]) -> Caller:
    return Caller(
        person_id=UUID(claims["sub"]),
        memberships={
            community: Membership(
                frozenset(membership["roles"]),
                frozenset(UUID(one) for one in membership.get("organisations", ())),
            )
            for community, membership in claims.get("memberships", {}).items()
        },
        platform_roles=frozenset(claims.get("platform_roles", ())),
        believed_until=datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS, UTC),
    )
