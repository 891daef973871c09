"""Signing in: how often one may fail, how long things are good, and the words for a refusal."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.problems import NotMet, NotSignedIn, Problem

FREE_TRIES_OF_A_NAME: Final = 5
FREE_TRIES_OF_AN_ADDRESS: Final = 50

ACCESS: Final = timedelta(minutes=10)
REFRESH: Final = timedelta(days=30)
INVITATION: Final = timedelta(days=14)
TOLD_MEMBERSHIPS: Final = 20
"""A token stays small: people with more communities work through a platform role."""


class Recorded(Problem):
    """A refusal that leaves a trace: what was written before it is committed all the same."""


class WrongCredentials(NotSignedIn):
    """The name or the password is wrong; which of them is not told."""

    zh = "登录名或密码不对。"
    en = "The login name or the password is wrong."


class WrongCode(NotSignedIn, Recorded):
    """No such invitation, or it is used or too old."""

    zh = "邀请码不对、已使用或已过期，请联系社区工作人员。"
    en = "This code is wrong, used or too old. Please ask the community's staff."


class RefreshRefused(NotSignedIn, Recorded):
    """The refresh token is unknown, used, revoked or too old."""

    zh = "登录已失效，请重新登录。"
    en = "You have been signed out. Please sign in again."


class LoginNameMissing(NotMet):
    """A password is of use only together with a login name."""

    zh = "请先设置登录名，再设置密码。"
    en = "Choose a login name first, then a password."


@dataclass(frozen=True, slots=True)
class Standing:
    """One membership as a token tells it."""

    community: str
    title: str
    roles: tuple[str, ...]
    organisation_ids: tuple[UUID, ...]
    place_id: UUID | None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: who, what they are where, from when until when."""

    issuer: str
    audience: str
    person_id: UUID
    platform_roles: tuple[str, ...]
    standings: tuple[Standing, ...]

    def at(self, now: datetime) -> dict[str, object]:
        """The claims of a token that is made `now` (`shared/identity.py` reads them)."""
        issued_at = int(now.timestamp())
        return {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": str(self.person_id),
            "iat": issued_at,
            "exp": issued_at + int(ACCESS.total_seconds()),
            "memberships": {
                one.community: {
                    "roles": list(one.roles),
                    "organisations": [str(each) for each in one.organisation_ids],
                }
                for one in self.standings[:TOLD_MEMBERSHIPS]
            },
            "platform_roles": list(self.platform_roles),
        }
