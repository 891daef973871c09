"""Organisations of a community: units, committees, teams that act under their own name."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.events import OrganisationChanged
from shared.problems import WrongState


class OrganisationCodeTaken(WrongState):
    """A code names one organisation of a community."""

    zh = "这个单位编码已被使用。"
    en = "Another organisation has this code."


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation; `kind` is a code such as `resident_unit`."""

    community: str
    id: UUID
    kind: str
    title: str
    code: str
    version: int = 1
    removed: bool = False


def create_organisation(
    organisation: Organisation, *, code_taken: bool, now: datetime
) -> tuple[Organisation, list[OrganisationChanged]]:
    """A new organisation. Raises OrganisationCodeTaken."""
    if code_taken:
        raise OrganisationCodeTaken
    return organisation, tell_organisations([organisation], now=now)


def change_organisation(
    present: Organisation, wanted: Organisation, *, code_taken: bool, now: datetime
) -> tuple[Organisation, list[OrganisationChanged]]:
    """The next version of an organisation. Raises OrganisationCodeTaken."""
    if code_taken:
        raise OrganisationCodeTaken
    changed = replace(wanted, id=present.id, version=present.version + 1)
    return changed, tell_organisations([changed], now=now)


def tell_organisations(
    organisations: Iterable[Organisation], *, now: datetime
) -> list[OrganisationChanged]:
    """What the others are told of each."""
    return [
        OrganisationChanged(
            community=one.community,
            organisation_id=one.id,
            kind=one.kind,
            title=one.title,
            occurred_at=now,
            version=one.version,
            removed=one.removed,
        )
        for one in organisations
    ]
