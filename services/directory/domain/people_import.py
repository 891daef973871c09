"""Importing people: a file against the members that are there."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final, cast, get_args
from uuid import UUID

from services.directory.domain import table_file
from services.directory.domain.person import Member, Membership, Person
from services.directory.domain.phone import NO_PHONE, PHONE, plain_phone
from services.directory.domain.table_file import Lines, Reading, Reason, Row, RowChange, RowError
from services.directory.domain.words import (
    INVITE_WORDS,
    LANGUAGE_WORDS,
    PEOPLE_TITLES,
    ROLE_WORDS,
)
from shared.events.directory import Language

PEOPLE_COLUMNS: Final = (
    "name",
    "phone",
    "roles",
    "place_code",
    "organisation_codes",
    "language",
    "login_name",
    "invite",
)
REQUIRED: Final = ("name", "roles")
LIMITS: Final = {"name": table_file.LONGEST_TEXT, "place_code": table_file.LONGEST_CODE}
LOGIN_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@+-]{1,59}")
INVITE: Final = ("", "yes", "no")

NO_LOGIN_NAME: Final = Reason(
    "登录名要 2–60 个小写字母、数字或 . _ @ + -，中间没有空格。",
    "A login name has 2–60 lower-case letters, digits or . _ @ + -, without spaces.",
)

_TAKEN: Final = Reason("这个登录名已被使用。", "This login name is taken.")
_UNKNOWN_CODE: Final = Reason("编码不存在。", "There is no such code.")
_UNKNOWN_ROLE: Final = Reason("未知的角色。", "Unknown role.")
_NO_MARK: Final = Reason("电话和登录名至少填一项。", "Give a phone or a login name.")
_ELSEWHERE: Final = Reason(
    "此人还有其他社区或平台的身份，邀请码由平台管理员发放。",
    "This person has roles elsewhere, too; the operator makes the invitation.",
)
_NOT_OURS: Final = Reason(
    "此人还有其他社区或平台的身份，其姓名、电话、语言和登录名不能由本社区更改。",
    "This person has roles elsewhere, too; one community cannot change what they are called.",
)
_OWN_NAME: Final = Reason(
    "登录名设置后只能由本人更改。", "A login name, once set, is changed by its owner only."
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a file of people is read against."""

    community: str
    roles: AbstractSet[str]
    places: Mapping[str, UUID]
    organisations: Mapping[str, UUID]
    members: Sequence[Member]
    taken_login_names: Mapping[str, UUID]
    invitable: Mapping[UUID, bool]
    """Of the members: who has no password, each with whether an invitation is open."""
    elsewhere: AbstractSet[UUID]
    """Of the members: who belongs to another community, or to the platform."""


@dataclass(slots=True)
class PeoplePlan:
    """What an import stores: all of it, or nothing when there are errors."""

    new: list[Member] = field(default_factory=list[Member])
    people: list[Person] = field(default_factory=list[Person])
    memberships: list[Membership] = field(default_factory=list[Membership])
    updated: int = 0
    unchanged: int = 0
    invited: list[tuple[int, UUID]] = field(default_factory=list[tuple[int, UUID]])
    errors: list[RowError] = field(default_factory=list[RowError])
    changes: list[RowChange] = field(default_factory=list[RowChange])


def read_people(lines: Lines) -> Reading:
    """The rows of a file of people; phones, login names and words as they are stored."""
    reading = table_file.read(
        lines, columns=PEOPLE_COLUMNS, required=REQUIRED, titles=PEOPLE_TITLES
    )
    for row in reading.rows:
        cells = row.cells
        cells["phone"] = plain_phone(cells["phone"])
        cells["roles"] = table_file.in_codes(cells["roles"], ROLE_WORDS)
        cells["language"] = LANGUAGE_WORDS.get(cells["language"], cells["language"])
        cells["login_name"] = cells["login_name"].lower()
        cells["invite"] = INVITE_WORDS.get(cells["invite"], cells["invite"].lower())
    return reading


def named_in(rows: Iterable[Row], column: str) -> list[str]:
    """Every entry a column of the file names."""
    return sorted({one for row in rows for one in table_file.listed(row.cells[column])})


def plan_people(
    reading: Reading, surroundings: Surroundings, *, new_id: Callable[[], UUID]
) -> PeoplePlan:
    """Compare a file with the members that are there: by login name, else by name and phone.

    An empty cell keeps what is stored; roles are always replaced. A member who had left is back.
    What a person of other communities is called stays, and so does a login name once it is set.
    """
    plan = PeoplePlan(errors=list(reading.errors))
    members = _by_mark(surroundings.members)
    seen: set[object] = set()
    for row in reading.rows:
        before = next((members[one] for one in _marks(row) if one in members), None)
        errors = _row_errors(row, surroundings, before)
        marks = {*_marks(row), *([before.person.id] if before else [])}
        if marks & seen:
            errors.append(RowError.of(row.number, "name", table_file.REPEATED))
        seen |= marks
        if errors:
            plan.errors.extend(errors)
        else:
            _sort_in(plan, row, surroundings, before, new_id)
    return plan


def _marks(row: Row) -> list[object]:
    """What a person is recognised by, the surest first."""
    login_name, phone = row.cells["login_name"], row.cells["phone"]
    marks: list[object] = [login_name] if login_name else []
    return [*marks, (row.cells["name"], phone)] if phone else marks


def _by_mark(members: Sequence[Member]) -> dict[object, Member]:
    """Members by what they are recognised by; the one who came first wins."""
    marks: dict[object, Member] = {}
    for member in sorted(members, key=lambda one: one.person.id, reverse=True):
        person = member.person
        if person.phone:
            marks[person.name, person.phone] = member
        if person.login_name:
            marks[person.login_name] = member
    return marks


def _row_errors(row: Row, around: Surroundings, before: Member | None) -> list[RowError]:
    """What is wrong with a row."""
    cells = row.cells
    owner = around.taken_login_names.get(cells["login_name"])
    taken = owner is not None and (before is None or before.person.id != owner)
    wanted = cells["invite"] == "yes" and before is not None
    places = [cells["place_code"]] if cells["place_code"] else []
    units = table_file.listed(cells["organisation_codes"])
    checks = (
        ("phone", NO_PHONE, bool(cells["phone"]) and not PHONE.fullmatch(cells["phone"])),
        ("phone", _NO_MARK, not cells["phone"] and not cells["login_name"]),
        (
            "roles",
            table_file.MISSING,
            bool(cells["roles"]) and not table_file.listed(cells["roles"]),
        ),
        ("roles", _UNKNOWN_ROLE, bool(set(table_file.listed(cells["roles"])) - around.roles)),
        ("place_code", _UNKNOWN_CODE, not around.places.keys() >= set(places)),
        ("organisation_codes", _UNKNOWN_CODE, not around.organisations.keys() >= set(units)),
        ("language", table_file.NOT_ONE_OF, cells["language"] not in {"", *get_args(Language)}),
        ("login_name", NO_LOGIN_NAME, not _is_login_name(cells["login_name"])),
        ("login_name", _TAKEN, taken),
        ("invite", table_file.NOT_ONE_OF, cells["invite"] not in INVITE),
        ("invite", _ELSEWHERE, wanted and bool(before) and before.person.id in around.elsewhere),
        *_changes_refused(row, around, before),
    )
    return table_file.text_errors(row, LIMITS, REQUIRED) + [
        RowError.of(row.number, column, reason) for column, reason, wrong in checks if wrong
    ]


def _changes_refused(
    row: Row, around: Surroundings, before: Member | None
) -> list[tuple[str, Reason, bool]]:
    """What a row may not change about somebody who is there."""
    if before is None:
        return []
    present, wanted = before.person, _wanted_person(row, before.person)
    is_foreign = present.id in around.elsewhere
    is_set = present.login_name is not None
    return [
        (column, reason, getattr(present, column) != getattr(wanted, column) and refused)
        for column, reason, refused in (
            ("name", _NOT_OURS, is_foreign),
            ("phone", _NOT_OURS, is_foreign),
            ("language", _NOT_OURS, is_foreign),
            ("login_name", _NOT_OURS, is_foreign and not is_set),
            ("login_name", _OWN_NAME, is_set),
        )
    ]


def _is_login_name(text: str) -> bool:
    return not text or LOGIN_NAME.fullmatch(text) is not None


def _sort_in(
    plan: PeoplePlan,
    row: Row,
    around: Surroundings,
    before: Member | None,
    new_id: Callable[[], UUID],
) -> None:
    """Put a good row where it belongs."""
    member = _wanted(row, around, before or _newcomer(row, around, new_id()))
    is_without_code = before is None  # of those who have no password
    if before is None:
        plan.new.append(member)
        plan.changes.append(RowChange(row.number, is_new=True))
    else:
        person, membership = member.person, member.membership
        if person != before.person:
            plan.people.append(replace(person, version=person.version + 1))
        if membership != before.membership:
            plan.memberships.append(replace(membership, version=membership.version + 1))
        has_code = around.invitable.get(person.id)  # None: they have a password
        is_without_code = has_code is False or (  # a changed membership ends open codes
            has_code is True and membership != before.membership
        )
        plan.updated += member != before
        if member != before:
            plan.changes.append(_changed(row, before, member))
        plan.unchanged += member == before
    if row.cells["invite"] == "yes" and is_without_code:
        plan.invited.append((row.number, member.person.id))


def _changed(row: Row, before: Member, after: Member) -> RowChange:
    """Which columns of a row tell something new; none for a member who only comes back."""
    fields = {
        "name": (before.person.name, after.person.name),
        "phone": (before.person.phone, after.person.phone),
        "roles": (sorted(before.membership.roles), sorted(after.membership.roles)),
        "place_code": (before.membership.place_id, after.membership.place_id),
        "organisation_codes": (
            sorted(before.membership.organisation_ids),
            sorted(after.membership.organisation_ids),
        ),
        "language": (before.person.language, after.person.language),
        "login_name": (before.person.login_name, after.person.login_name),
    }
    columns = [column for column, (was, becomes) in fields.items() if was != becomes]
    return RowChange(row.number, is_new=False, columns=columns)


def _newcomer(row: Row, around: Surroundings, person_id: UUID) -> Member:
    return Member(
        Person(id=person_id, name=row.cells["name"]),
        Membership(community=around.community, person_id=person_id, roles=()),
    )


def _wanted(row: Row, around: Surroundings, base: Member) -> Member:
    """`base` with what the row says."""
    cells = row.cells
    units = [around.organisations[one] for one in table_file.listed(cells["organisation_codes"])]
    membership = replace(
        base.membership,
        roles=tuple(sorted(table_file.listed(cells["roles"]))),
        organisation_ids=tuple(sorted(units)) or base.membership.organisation_ids,
        place_id=around.places.get(cells["place_code"], base.membership.place_id),
        removed=False,
    )
    return Member(_wanted_person(row, base.person), membership)


def _wanted_person(row: Row, base: Person) -> Person:
    cells = row.cells
    return replace(
        base,
        name=cells["name"],
        phone=cells["phone"] or base.phone,
        language=cast("Language", cells["language"] or base.language),
        login_name=cells["login_name"] or base.login_name,
    )
