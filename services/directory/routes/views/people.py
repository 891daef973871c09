"""People and memberships, as callers send and see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from services.directory import actions, domain
from services.directory.domain import Member, Person
from services.directory.domain.sign_in import Standing
from services.directory.routes.views.sign_in import as_login_name
from services.directory.store import Reveal
from shared.door import Versioned
from shared.events.directory import Language
from shared.fields import Line, Payload
from shared.languages import in_words
from shared.permissions import Role

__all__ = [
    "AddedView",
    "InvitationTerms",
    "InvitationView",
    "Invited",
    "MeTerms",
    "MeView",
    "MembershipTerms",
    "NameTerms",
    "NameView",
    "NamesWanted",
    "NewPerson",
    "PersonView",
    "PhoneView",
    "RevealTerms",
    "RevealView",
]


def _member_role(role: Role) -> Role:
    if role not in actions.MEMBER_ROLES:
        raise ValueError("a role of the platform, not of a community")
    return role


def _phone(phone: str) -> str:
    plain = domain.plain_phone(phone)
    if not domain.PHONE.fullmatch(plain):
        raise in_words("phone", domain.NO_PHONE)
    return plain


def _login_name(name: str) -> str:
    if not domain.LOGIN_NAME.fullmatch(name):
        raise in_words("login_name", domain.NO_LOGIN_NAME)
    return name


MemberRole = Annotated[Role, AfterValidator(_member_role)]
Phone = Annotated[Line, AfterValidator(_phone)]
LoginName = Annotated[str, BeforeValidator(as_login_name), AfterValidator(_login_name)]


class MembershipTerms(Payload):
    """What a person is in the community, and for whom they may act."""

    roles: frozenset[MemberRole] = Field(min_length=1, max_length=len(Role))
    organisation_ids: frozenset[UUID] = Field(default=frozenset(), max_length=50)
    place_id: UUID | None = Field(default=None, description="Their home; none: as it is.")

    def wanted(self) -> actions.Wanted:
        """For the action."""
        return actions.Wanted(
            [str(one) for one in self.roles], list(self.organisation_ids), self.place_id
        )


class NameTerms(Payload):
    """What a person is called, and how they are reached."""

    name: Line = Field(examples=["张桂兰"])
    phone: Phone | None = Field(default=None, description="None: as it is; see also DELETE.")


class NewPerson(MembershipTerms):
    """A person to add."""

    name: Line = Field(examples=["张桂兰"])
    phone: Phone | None = Field(default=None, examples=["13812341234"])
    language: Language = "zh-CN"
    login_name: LoginName | None = None

    def person(self) -> Person:
        """The person, without an id yet."""
        return Person(
            id=UUID(int=0),
            name=self.name,
            phone=self.phone,
            language=self.language,
            login_name=self.login_name,
        )


class PersonView(Versioned):
    """A member as staff see them; `version` is the membership's, `name_version` the person's."""

    id: UUID
    name: str
    phone: str | None = Field(description="Masked: 138****1234.")
    language: Language
    login_name: str | None
    roles: list[str]
    organisation_ids: list[UUID]
    place_id: UUID | None
    has_left: bool = Field(description="They were a member; whoever left is nothing here.")
    name_version: int = Field(description="The person's, for their name and phone.")

    @classmethod
    def of(cls, member: Member) -> "PersonView":
        """The view of a member."""
        person, membership = member.person, member.membership
        return cls(
            id=person.id,
            name=person.name,
            phone=domain.masked_phone(person.phone),
            language=person.language,
            login_name=person.login_name,
            roles=list(membership.roles),
            organisation_ids=list(membership.organisation_ids),
            place_id=membership.place_id,
            has_left=membership.removed,
            name_version=person.version,
            version=membership.version,
        )


class AddedView(Versioned):
    """A member who was added. This answer may be kept, so it tells nothing of the person."""

    id: UUID


class NamesWanted(Payload):
    """Whose names a page needs."""

    ids: frozenset[UUID] = Field(min_length=1, max_length=100)


class NameView(BaseModel):
    """A name as the caller may see it."""

    id: UUID
    name: str

    @classmethod
    def of(cls, person_id: UUID, name: str, *, is_masked: bool) -> "NameView":
        """张桂兰 for staff, 张* for others."""
        return cls(id=person_id, name=domain.masked_name(name) if is_masked else name)


class RevealTerms(Payload):
    """What a phone is wanted for."""

    reason: Line = Field(examples=["核实漏水情况"])


class PhoneView(BaseModel):
    """A phone in full."""

    phone: str


class RevealView(BaseModel):
    """A phone that was shown."""

    id: UUID
    person_id: UUID
    revealed_to: UUID
    reason: str
    at: datetime

    @classmethod
    def of(cls, reveal: Reveal) -> "RevealView":
        """The view of a reveal."""
        return cls.model_validate(reveal, from_attributes=True)


class InvitationTerms(Payload):
    """How to invite."""

    reset: bool = Field(
        default=False,
        description="Of somebody with a password: using the code ends it and their sign-ins.",
    )


class Invited(Payload):
    """Whom to invite."""

    person_ids: frozenset[UUID] = Field(min_length=1, max_length=500)


class InvitationView(BaseModel):
    """A one-time code; it is shown this once."""

    person_id: UUID
    code: str
    expires_at: datetime

    @classmethod
    def of(cls, code: actions.NewCode) -> "InvitationView":
        """The view of a new code."""
        return cls.model_validate(code, from_attributes=True)


class MeTerms(Payload):
    """What one can change about oneself."""

    language: Language
    login_name: LoginName | None = Field(default=None, description="None: as it is.")


class StandingView(BaseModel):
    """What one is in a community."""

    community: str
    title: str
    roles: list[str]
    organisation_ids: list[UUID]
    place_id: UUID | None


class MeView(Versioned):
    """Oneself."""

    id: UUID
    name: str
    phone: str | None
    language: Language
    login_name: str | None
    platform_roles: list[str]
    memberships: list[StandingView]

    @classmethod
    def of(cls, person: Person, standings: Sequence[Standing]) -> "MeView":
        """The view of oneself; one's own phone is not masked."""
        return cls(
            id=person.id,
            name=person.name,
            phone=person.phone,
            language=person.language,
            login_name=person.login_name,
            platform_roles=list(person.platform_roles),
            memberships=[
                StandingView.model_validate(one, from_attributes=True) for one in standings
            ],
            version=person.version,
        )
