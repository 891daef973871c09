"""The rules of the directory, by themselves."""

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory import domain
from services.directory.domain import Granting, Member, Membership, Person, Place
from services.directory.domain.person import (
    BelongsElsewhere,
    HasPassword,
    ResetNotAllowed,
    TrustedRole,
)
from services.directory.domain.place import NoServicePhoneHere
from services.directory.domain.sign_in import Claims, Standing
from services.directory.domain.table_file import NotUtf8
from shared.events.directory import PLACE_KINDS, PlaceKind

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
ROOT = Place("wenhua", uuid4(), "community", None, "文化路", "wenhua")
STAFF = Granting({"community_staff", "grid_worker"}, is_allowed=False)


@given(st.sampled_from(PLACE_KINDS), st.sampled_from(PLACE_KINDS))
def test_of_two_kinds_at_most_one_holds_the_other(one, other) -> None:
    assert not (domain.may_hold(one, other) and domain.may_hold(other, one))
    assert domain.may_hold(one, other) or domain.may_hold(other, one) or one == other


@given(st.text(max_size=60))
def test_a_name_shows_one_character_at_most(name: str) -> None:
    assert domain.masked_name(name) == f"{name[:1]}*"


@given(st.from_regex(r"\+?[0-9]{5,20}", fullmatch=True))
def test_a_phone_hides_at_least_its_middle(phone: str) -> None:
    masked = domain.masked_phone(phone)
    assert masked is not None
    assert "****" in masked
    assert masked != phone


def test_the_mask_of_a_mobile_number() -> None:
    assert domain.masked_phone("13812341234") == "138****1234"
    assert domain.masked_phone(None) is None


def test_a_token_tells_of_twenty_memberships_at_most() -> None:
    standings = tuple(Standing(f"c{n}", "社区", ("resident",), (), None) for n in range(30))
    claims = Claims("jinlin", "jinlin", uuid4(), (), standings).at(NOW)
    assert len(claims["memberships"]) == 20  # pyright: ignore[reportArgumentType]


@given(
    st.frozensets(st.sampled_from(["resident", "volunteer", "grid_worker"])),
    st.frozensets(st.sampled_from(["resident", "volunteer", "community_staff"])),
)
def test_trusted_roles_neither_come_nor_go_without_the_right(before, after) -> None:
    membership = Membership("wenhua", uuid4(), tuple(before))
    touches = STAFF.trusted & (before | after)
    if touches:
        with pytest.raises(TrustedRole):
            domain.change_membership(membership, granting=STAFF, now=NOW, roles=tuple(after))
    allowed = replace(STAFF, is_allowed=True)
    changed, (told,) = domain.change_membership(
        membership, granting=allowed, now=NOW, roles=tuple(after)
    )
    assert (changed.version, told.version, told.roles) == (2, 2, tuple(after))


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", "d", ""]),
        st.sampled_from(["a", "b", "c", "", "wenhua", "z"]),
        st.sampled_from([*PLACE_KINDS, "castle"]),
        st.sampled_from(["楼", "", "=1+1"]),
    ),
    max_size=6,
)


@given(ROWS)
def test_what_a_plan_stores_is_a_tree_and_a_second_time_nothing(rows) -> None:
    lines = [f"{code},{parent},{kind},{title}" for code, parent, kind, title in rows]
    body = "\n".join(["code,parent_code,kind,title", *lines]).encode()
    plan = planned(body, {})
    if plan.errors:
        return
    places = {place.id: place for place in [ROOT, *plan.new]}
    for place in plan.new:
        parent = places[place.parent_id or UUID(int=0)]
        assert domain.may_hold(parent.kind, place.kind)
    again = planned(body, {place.code: place for place in plan.new})
    assert (again.new, again.changed, again.unchanged) == ([], [], len(plan.new))


@given(st.binary(max_size=300))
def test_no_file_breaks_the_reader(body: bytes) -> None:
    with contextlib.suppress(NotUtf8):
        planned(b"code,kind,title\n" + body, {})


def planned(body: bytes, present: dict[str, Place]) -> domain.PlacePlan:
    return domain.plan_places(
        domain.read_places(domain.csv_lines(body)),
        root=ROOT,
        present=present,
        compound_type=None,
        new_id=uuid4,
    )


PERSON = Person(uuid4(), "张桂兰", "13812341234", login_name="zhang")


@given(
    st.sampled_from([PERSON, replace(PERSON, login_name=None)]),
    st.sampled_from(["张桂兰", "李四"]),
    st.sampled_from(["13812341234", "13900000000", ""]),
    st.sampled_from(["zhang", "li", ""]),
    st.sampled_from(["zh-CN", "en", ""]),
    st.booleans(),
)
def test_no_file_changes_who_somebody_is_elsewhere_or_their_login_name(
    person, name, phone, login_name, language, belongs_elsewhere
) -> None:
    around = domain.Surroundings(
        community="wenhua",
        roles={"resident", "volunteer"},
        places={},
        organisations={},
        members=[Member(person, Membership("wenhua", person.id, ("resident",)))],
        taken_login_names={"zhang": person.id} if person.login_name else {},
        invitable={},
        elsewhere={person.id} if belongs_elsewhere else frozenset(),
    )
    row = f"{name},{phone},volunteer,{login_name},{language}"
    lines = domain.csv_lines(f"name,phone,roles,login_name,language\n{row}".encode())
    reading = domain.read_people(lines)
    plan = domain.plan_people(reading, around, new_id=uuid4)
    if not plan.errors:
        assert not (belongs_elsewhere and plan.people)
        assert all(one.login_name == person.login_name or not person.login_name
                   for one in plan.people)  # fmt: skip


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_nobody_becomes_somebody_who_has_a_password(
    elsewhere, has_password, is_operator, resets, may_grant
) -> None:
    member = Member(PERSON, Membership("wenhua", PERSON.id, ("resident",)))
    inviting = domain.Inviting(
        elsewhere=elsewhere, has_password=has_password, is_operator=is_operator, resets=resets
    )
    granting = replace(STAFF, is_allowed=may_grant)
    refused = False
    try:
        domain.require_invitable(member, inviting, granting=granting)
    except (BelongsElsewhere, HasPassword, ResetNotAllowed):
        refused = True
    assert refused == (
        (elsewhere and not is_operator)
        or (resets and not may_grant)
        or (has_password and not resets)
    )


@pytest.mark.parametrize("kind", PLACE_KINDS)
def test_only_communities_and_grids_have_a_service_phone(kind: PlaceKind) -> None:
    place = replace(ROOT, id=uuid4(), kind=kind, parent_id=None if kind == "community" else ROOT.id)
    if kind not in {"community", "grid"}:
        with pytest.raises(NoServicePhoneHere):
            domain.give_service_phone(place, "12345", now=NOW)
        return
    given, (told,) = domain.give_service_phone(place, "010-0123 4567", now=NOW)
    assert (given.service_phone, given.version, told.version) == ("010-0123 4567", 2, 2)
    assert "0123" not in told.model_dump_json()


def test_a_place_that_is_renamed_keeps_its_service_phone() -> None:
    grid = replace(ROOT, id=uuid4(), kind="grid", parent_id=ROOT.id, service_phone="12345")
    wanted = replace(grid, title="改名", service_phone=None)
    changed, _ = domain.change_place(grid, wanted, parent=ROOT, code_taken=False, now=NOW)
    assert (changed.title, changed.service_phone) == ("改名", "12345")


@pytest.mark.parametrize(
    ("typed", "is_one"),
    [
        ("12345", True),
        ("010-0123 4567", True),
        ("400 012 3456", True),
        ("+86 138 0012 3456", True),
        ("110", False),
        ("0712--2838110", False),
        ("-12345", False),
        ("12345 ", False),
        ("0712-2838110 转 8", False),
        ("javascript:1", False),
        ("１２３４５", False),
        ("1" * 21, False),
    ],
)
def test_what_a_service_phone_looks_like(typed: str, is_one: bool) -> None:
    assert bool(domain.SERVICE_PHONE.fullmatch(typed)) is is_one
