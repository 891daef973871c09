"""Importing files: read, compare with what is there, store all or nothing, emit."""

from services.directory import domain, store
from services.directory.actions import secret
from services.directory.actions.people import MEMBER_ROLES, Deciding
from services.directory.domain import IssuedCode, Lines, PeoplePlan, Report, Surroundings
from services.directory.domain.sign_in import INVITATION
from services.directory.domain.table_file import Reading
from services.directory.store import Invitation
from shared import clock, ids
from shared.database import Transaction
from shared.outbox import emit

__all__ = ["import_people", "import_places"]


async def import_places(tx: Transaction, community: str, lines: Lines, *, dry_run: bool) -> Report:
    """Add and change places as a file says; a file with errors, or a dry run, stores nothing."""
    reading = domain.read_places(lines)
    present = await store.load_community(tx, community)
    plan = domain.plan_places(
        reading,
        root=await store.read_place(tx, community, present.root_id),
        present=await store.places_by_code(tx, community, domain.codes_in(reading.rows), hold=True),
        compound_type=present.compound_type,
        new_id=ids.new_id,
    )
    if not dry_run and not plan.errors:
        written = [*plan.new, *plan.changed]
        await store.save_places(tx, written)
        await emit(tx, *domain.tell_places(written, now=clock.now()))
    return Report(
        dry_run=dry_run,
        rows=len(reading.rows),
        created=len(plan.new),
        updated=len(plan.changed),
        unchanged=plan.unchanged,
        errors=plan.errors,
        changes=plan.changes if dry_run else (),
    )


async def import_people(
    tx: Transaction, deciding: Deciding, lines: Lines, *, dry_run: bool
) -> Report:
    """Add and change members as a file says, and make the codes it asks for; all or nothing.

    The transaction must see every community, to know who belongs to others, too.
    """
    reading = domain.read_people(lines)
    await store.load_community(tx, deciding.community)
    surroundings = await _surroundings(tx, deciding, reading)
    plan = domain.plan_people(reading, surroundings, new_id=ids.new_id)
    stores = not dry_run and not plan.errors
    return Report(
        dry_run=dry_run,
        rows=len(reading.rows),
        created=len(plan.new),
        updated=plan.updated,
        unchanged=plan.unchanged,
        errors=plan.errors,
        invitations=await _store(tx, deciding, plan) if stores else (),
        changes=plan.changes if dry_run else (),
    )


async def _surroundings(tx: Transaction, deciding: Deciding, reading: Reading) -> Surroundings:
    """All that the rows can be about, in one query a kind."""
    community, rows = deciding.community, reading.rows
    login_names = sorted({row.cells["login_name"] for row in rows} - {""})
    phones = sorted({row.cells["phone"] for row in rows} - {""})
    members = await store.matching_members(tx, community, login_names=login_names, phones=phones)
    people = [one.person.id for one in members]
    place_codes = sorted({row.cells["place_code"] for row in rows} - {""})
    places = await store.places_by_code(tx, community, place_codes, hold=True)
    return Surroundings(
        community=community,
        roles=MEMBER_ROLES,
        places={code: place.id for code, place in places.items()},
        organisations=await store.organisations_by_code(
            tx, community, domain.named_in(rows, "organisation_codes")
        ),
        members=members,
        taken_login_names=await store.login_names(tx, login_names),
        invitable=await store.invitable(tx, community, people, now=clock.now()),
        elsewhere=frozenset()
        if deciding.is_operator
        else await store.who_belongs_elsewhere(tx, community, people),
    )


async def _store(tx: Transaction, deciding: Deciding, plan: PeoplePlan) -> list[IssuedCode]:
    """Write what the plan says; the codes it asked for."""
    now = clock.now()
    people = [*(one.person for one in plan.new), *plan.people]
    memberships = [*(one.membership for one in plan.new), *plan.memberships]
    await store.save_people(tx, people)
    await store.save_memberships(tx, memberships)
    await store.void_invitations(tx, [one.person_id for one in memberships])
    expires_at = now + INVITATION
    codes = [IssuedCode(row, one, secret.new_code(), expires_at) for row, one in plan.invited]
    if codes:
        await store.keep_invitations(
            tx,
            deciding.community,
            [Invitation(secret.code_hash(one.code), one.person_id) for one in codes],
            made_by=deciding.by,
            expires_at=expires_at,
        )
    await emit(
        tx,
        *domain.tell_people(people, now=now),
        *domain.tell_memberships(memberships, now=now),
    )
    return codes
