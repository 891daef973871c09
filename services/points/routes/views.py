"""What callers send and see of points."""

from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.points.actions import NewTerms
from services.points.domain import (
    MINUTES_OF_AN_HOUR,
    Account,
    Kind,
    OwnerKind,
    Rule,
    Terms,
    Totals,
    Viewer,
)
from services.points.permissions import SEES_ALL
from services.points.store import Line
from shared.door import Versioned
from shared.fields import Code, Payload
from shared.identity import Caller

__all__ = ["AccountView", "LineView", "RuleView", "TermsPayload", "TotalsView", "viewer_of"]


def viewer_of(caller: Caller, community: str) -> Viewer:
    """Whose eyes an account is shown to."""
    return Viewer(
        caller.person_id,
        caller.organisations_in(community),
        sees_all=bool(caller.roles_in(community) & SEES_ALL),
    )


class AccountView(BaseModel):
    """What an owner holds."""

    owner_kind: OwnerKind
    owner_id: UUID
    balance: int = Field(description="The points held now.")
    awarded: int = Field(description="All points ever earned.")
    reversed: int = Field(description="Those of them that were taken back.")

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        """The view of an account."""
        return cls(
            owner_kind=account.owner.kind,
            owner_id=account.owner.id,
            balance=account.balance,
            awarded=account.awarded,
            reversed=account.reversed,
        )


class LineView(BaseModel):
    """One line of a statement."""

    id: UUID
    kind: Kind
    points: int = Field(description="Negative when they were taken back.")
    request_id: UUID
    cycle: int
    rule: str
    at: datetime

    @classmethod
    def of(cls, line: Line) -> "LineView":
        """The view of a line."""
        return cls.model_validate(line, from_attributes=True)


class TotalsView(BaseModel):
    """The points of a whole community."""

    issued: int
    held: int = Field(description="Issued less reversed.")
    reversed: int

    @classmethod
    def of(cls, totals: Totals) -> "TotalsView":
        """The view of the totals."""
        return cls.model_validate(totals, from_attributes=True)


class TermsPayload(Payload):
    """The terms of a rule's next version."""

    points_base: int = Field(ge=0, le=1000, description="What every award begins with.")
    points_per_hour: int = Field(ge=0, le=1000, description="Added by the minute, rounded.")
    largest_points: int = Field(ge=0, le=10_000, description="No award is larger.")
    valid_from: AwareDatetime | None = Field(
        default=None, description="For requests closed from then on; none: from now on."
    )

    def new_terms(self, community: str, code: str, *, expected: int | None) -> NewTerms:
        """What is asked of the rule `code`."""
        terms = Terms(self.points_base, self.points_per_hour, self.largest_points)
        return NewTerms(community, code, terms, self.valid_from, expected)


class RuleView(Versioned):
    """One version of a rule."""

    code: Code
    valid_from: datetime
    points_base: int
    points_per_hour: int
    largest_points: int
    points_of_an_hour: int = Field(description="What sixty minutes earn, to tell beforehand.")

    @classmethod
    def of(cls, rule: Rule) -> "RuleView":
        """The view of a rule."""
        return cls(
            code=rule.code,
            version=rule.version,
            valid_from=rule.valid_from,
            points_base=rule.terms.points_base,
            points_per_hour=rule.terms.points_per_hour,
            largest_points=rule.terms.largest_points,
            points_of_an_hour=rule.terms.points(MINUTES_OF_AN_HOUR),
        )
