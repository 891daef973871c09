"""What takers and staff do with a task: claim, decline, check in, complete, enough."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.volunteers.domain.task import (
    Actor,
    Assignment,
    Evidence,
    Standing,
    State,
    Task,
    handle,
    require_living,
    step,
    take,
    tell,
    tell_completed,
    with_assignment,
)
from services.volunteers.domain.words import (
    AlreadyClaimed,
    EvidenceNeeded,
    NobodyStands,
    NotCheckedIn,
    NotListed,
    NotOfferedToYou,
    NotYourOrganisation,
    NotYourTask,
    OnlyOrganisationsSend,
    OwnRequest,
    PhotoNeeded,
    ReasonMissing,
)
from shared.events import Taker, TaskClaimed, TaskCompleted, TaskDeclined, TaskStarted
from shared.problems import WrongState


@dataclass(frozen=True, slots=True)
class Report:
    """What a taker says of the finished work; `photos` is how many the task has by now."""

    service_minutes: int
    note: str = ""
    evidence: tuple[Evidence, ...] = ()
    photos: int = 0


def claim(
    task: Task,
    actor: Actor,
    *,
    organisation_id: UUID | None,
    sent: UUID | None = None,
    now: datetime,
) -> tuple[Task, TaskClaimed]:
    """Take a place, for oneself or for one's organisation (接单); a person takes one place.

    An organisation may send another of its members (`sent`); any of them may begin the work.
    """
    taker = taker_of(actor, organisation_id)
    goes = sent or actor.person_id
    if goes != actor.person_id and taker.kind == "person":
        raise OnlyOrganisationsSend
    require_living(task)
    _require_others_request(task, actor.person_id, goes)
    if task.offered_to is not None and task.offered_to != taker:
        raise NotOfferedToYou
    if task.offered_to is None and not task.listed:
        raise NotListed
    stands = any(taker == one.taker or goes == one.person_id for one in task.standing)
    if stands or not task.places_free:
        raise AlreadyClaimed
    assignment = take(taker, goes, version=task.version + 1, now=now, sent_by=actor.person_id)
    claimed = step(task, now, assignments=with_assignment(task, assignment))
    return claimed, tell(TaskClaimed, claimed, taker=taker, person_id=goes)


def decline(
    task: Task, actor: Actor, *, organisation_id: UUID | None, reason: str, now: datetime
) -> tuple[Task, TaskDeclined]:
    """Give the place back, or turn the offer down (退单); what is listed is open to all again."""
    require_living(task)
    if not reason.strip():
        raise ReasonMissing
    if _offered(task, actor, organisation_id):
        taker = task.offered_to
        declined = step(task, now, offered_to=None)
        return declined, tell(TaskDeclined, declined, taker=taker, person_id=actor.person_id)
    held = _held(task, actor, organisation_id)
    if held.state is Standing.COMPLETED:
        raise WrongState
    given_back = handle(
        held,
        actor.person_id,
        version=task.version + 1,
        state=Standing.DECLINED,
        declined_at=now,
        reason=reason,
    )
    declined = step(task, now, offered_to=None, assignments=with_assignment(task, given_back))
    return declined, tell(TaskDeclined, declined, taker=held.taker, person_id=actor.person_id)


def check_in(
    task: Task, actor: Actor, *, organisation_id: UUID | None, now: datetime
) -> tuple[Task, TaskStarted]:
    """Begin the work at the place (签到); any member may begin it for an organisation."""
    require_living(task)
    held = _held(task, actor, organisation_id)
    _require_others_request(task, actor.person_id)
    if held.state is not Standing.CLAIMED:
        raise WrongState
    started = handle(
        held,
        actor.person_id,
        version=task.version + 1,
        state=Standing.STARTED,
        started_at=now,
    )
    moved = step(task, now, assignments=with_assignment(task, started))
    return moved, tell(TaskStarted, moved, taker=held.taker, person_id=actor.person_id)


def complete(
    task: Task, actor: Actor, report: Report, *, organisation_id: UUID | None, now: datetime
) -> tuple[Task, TaskCompleted | None]:
    """Finish one's part (办结), with what the category asks to see; the last one tells it."""
    require_living(task)
    held = _held(task, actor, organisation_id)
    _require_others_request(task, actor.person_id)
    if held.state is not Standing.STARTED:
        raise NotCheckedIn if held.state is Standing.CLAIMED else WrongState
    _require_evidence(task, report)
    finished = handle(
        held,
        actor.person_id,
        version=task.version + 1,
        state=Standing.COMPLETED,
        completed_at=now,
        service_minutes=report.service_minutes,
        note=report.note,
        evidence=report.evidence,
    )
    moved = step(task, now, assignments=with_assignment(task, finished))
    return moved, tell_completed(task, moved)


def require_may_show(task: Task, actor: Actor) -> None:
    """Takers show their work, from the claim to the end. Raises NotYourTask, TaskVoid, TaskClosed.

    A photo is of the task and not of one place in it: who cleaned a yard together show it once.
    """
    require_living(task)
    _held(task, actor, None)


def enough(task: Task, *, now: datetime) -> tuple[Task, TaskCompleted | None]:
    """Staff are content with the takers who stand; voiding a task is the requests service's."""
    require_living(task)
    if not task.standing:
        raise NobodyStands
    if task.state is State.COMPLETED or not task.places_free:
        raise WrongState
    lowered = step(task, now, takers_wanted=len(task.standing))
    return lowered, tell_completed(task, lowered)


def taker_of(actor: Actor, organisation_id: UUID | None) -> Taker:
    """For whom the actor acts. Raises NotYourOrganisation."""
    if organisation_id is None:
        return Taker(kind="person", id=actor.person_id)
    if organisation_id not in actor.organisation_ids:
        raise NotYourOrganisation
    return Taker(kind="organisation", id=organisation_id)


def _offered(task: Task, actor: Actor, organisation_id: UUID | None) -> bool:
    """Whether the task waits for an answer of the actor, or of an organisation of theirs."""
    if task.offered_to is None or task.standing:
        return False
    if organisation_id is None:
        return task.offered_to.id in actor.taker_ids
    return task.offered_to == taker_of(actor, organisation_id)


def _held(task: Task, actor: Actor, organisation_id: UUID | None) -> Assignment:
    """The place that is meant: one's own, else one of an organisation that one acts for."""
    if organisation_id is None:
        own = [one for one in task.standing if one.taker.id == actor.person_id]
        theirs = [one for one in task.standing if one.taker.id in actor.organisation_ids]
        held = own or sorted(theirs, key=lambda one: one.person_id != actor.person_id)
    else:
        taker = taker_of(actor, organisation_id)
        held = [one for one in task.standing if one.taker == taker]
    if not held:
        raise NotYourTask
    return held[0]


def _require_others_request(task: Task, *people: UUID) -> None:
    if not task.owners.isdisjoint(people):
        raise OwnRequest


def _require_evidence(task: Task, report: Report) -> None:
    if task.evidence_needed == "note" and not report.note.strip():
        raise EvidenceNeeded
    if task.evidence_needed == "photo" and not report.photos:
        raise PhotoNeeded
