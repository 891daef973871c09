"""Who is signed in, read from their token: enough for a menu, while the services decide."""

import base64
import binascii
from collections.abc import Mapping
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

__all__ = ["Standing", "Who"]


class Standing(BaseModel):
    """What somebody is in one community, and for which organisations they may act."""

    roles: frozenset[str]
    organisation_ids: frozenset[UUID] = Field(default=frozenset(), alias="organisations")


class Who(BaseModel):
    """What the access token says. Its signature is the services' business, at every call."""

    id: UUID = Field(alias="sub")
    memberships: Mapping[str, Standing] = {}
    """By the community's slug."""
    platform_roles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, token: str) -> Self | None:
        """Who a token speaks of; None when it is not one of the directory's."""
        claims = token.split(".")[1:2]
        try:
            return cls.model_validate_json(base64.urlsafe_b64decode("".join(claims) + "=="))
        except (binascii.Error, ValidationError, ValueError):
            return None

    def roles_in(self, community: str) -> frozenset[str]:
        """The roles that count there; platform roles count everywhere."""
        standing = self.memberships.get(community)
        return self.platform_roles | (standing.roles if standing else frozenset[str]())
