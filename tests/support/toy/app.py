"""A service as small as possible, wired like every other one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, FastAPI, status
from pydantic import BaseModel
from sqlalchemy import text

from shared import arrivals, ids, service
from shared.consumers import Consumers, EventTx
from shared.door import Door, Edition, PlatformTx, Tx, Versioned
from shared.fields import CommunityPath, Payload, Words
from shared.identity import Caller
from shared.neighbourhood import follow_directory
from shared.outbox import emit
from shared.permissions import EVERY_MEMBER, Permissions, Role
from shared.problems import NotFound, StaleVersion, WrongState
from shared.settings import ServiceSettings
from tests.support.toy.behaviour import behaviour
from tests.support.toy.events import Thrown, returned

FOLDER = Path(__file__).parent

_CATCH = text(
    "INSERT INTO caught (community, event_id, ball_id) VALUES (:community, :event_id, :ball_id)"
)
_WRITE = text(
    "INSERT INTO note (community, id, version, words) VALUES (:community, :id, :version, :words)"
)
_PLACE = text("UPDATE note SET place = :place WHERE community = :community AND id = :id")
_READ = text("SELECT * FROM note WHERE community = :community AND id = :id")
_LOCK = text("SELECT * FROM note WHERE community = :community AND id = :id FOR UPDATE")
_CHANGE = text(
    "UPDATE note SET version = :version, words = :words WHERE community = :community AND id = :id"
)

consumes = Consumers()
follow_directory(consumes, "toy")


@consumes(Thrown, durable="toy-balls")
async def catch(balls: Sequence[Thrown], tx: EventTx) -> None:
    """One row a ball, and one event that tells it."""
    for ball in balls:
        await behaviour.catch(ball)
    rows = [
        {"community": one.community, "event_id": one.event_id, "ball_id": one.ball_id}
        for one in balls
    ]
    await tx.change_each(_CATCH, rows)
    answers = [
        returned(one.community, one.ball_id, version=one.version).model_copy(
            update={"caused_by": one.event_id}
        )
        for one in balls
    ]
    await emit(tx, *answers)
    for ball in balls:
        await behaviour.caught(ball)


may = Permissions(
    {
        "write": EVERY_MEMBER,
        "read": EVERY_MEMBER | {Role.OPERATOR},
        "administer": {Role.OPERATOR},
        "see what has arrived": EVERY_MEMBER | {Role.OPERATOR},
    }
)


class AlreadySaid(WrongState):
    """Somebody said so before."""

    zh = "已经有人说过了。"
    en = "Somebody said so before."


class Saying(Payload):
    words: Words
    depth: list[object] | None = None


class NoteView(Versioned):
    id: UUID
    words: str


class Done(BaseModel):
    count: int


notes = APIRouter(prefix="/{community}", route_class=Door)
Writer = Annotated[Caller, may("write")]


@notes.post("/notes", status_code=status.HTTP_201_CREATED)
async def write(
    community: CommunityPath, saying: Saying, caller: Writer, tx: Tx, edition: Edition
) -> NoteView:
    await behaviour.at_gate()
    view = NoteView(id=ids.new_id(), version=1, words=saying.words)
    await tx.execute(_WRITE, {"community": community, **view.model_dump()})
    await emit(tx, returned(community, view.id))
    return edition.told(view)


@notes.post("/notes/refused")
async def refuse(community: CommunityPath, saying: Saying, caller: Writer, tx: Tx) -> NoteView:
    """Does everything, then finds that it may not."""
    note_id = ids.new_id()
    view = NoteView(id=note_id, version=1, words=saying.words)
    await tx.execute(_WRITE, {"community": community, **view.model_dump()})
    await emit(tx, returned(community, note_id))
    raise AlreadySaid


@notes.post("/notes/board")
async def pin_up(community: CommunityPath, saying: Saying, caller: Writer, tx: Tx) -> Done:
    """Where one note has room: the second one fails at its commit."""
    view = NoteView(id=ids.new_id(), version=1, words=saying.words)
    await tx.execute(_WRITE, {"community": community, **view.model_dump()})
    await emit(tx, returned(community, view.id))
    await tx.execute(_PLACE, {"community": community, "id": view.id, "place": "board"})
    return Done(count=1)


@notes.post("/notes/large")
async def too_much(community: CommunityPath, saying: Saying, caller: Writer, tx: Tx) -> Done:
    """An event larger than any may be."""
    await emit(tx, returned(community, ids.new_id(), words="近" * 12_000))
    return Done(count=1)


@notes.get("/notes/{note_id}")
async def read(
    community: CommunityPath,
    note_id: UUID,
    caller: Annotated[Caller, may("read")],
    tx: Tx,
    edition: Edition,
) -> NoteView:
    await behaviour.at_gate()
    row = (await tx.execute(_READ, {"community": community, "id": note_id})).one_or_none()
    if row is None:
        raise NotFound
    return edition.told(NoteView.model_validate(dict(row)))


@notes.put("/notes/{note_id}")
async def change(
    community: CommunityPath, note_id: UUID, saying: Saying, caller: Writer, tx: Tx,
    edition: Edition,
) -> NoteView:  # fmt: skip
    expected = edition.expected
    row = (await tx.execute(_LOCK, {"community": community, "id": note_id})).one_or_none()
    if row is None:
        raise NotFound
    if expected not in {None, row["version"]}:
        raise StaleVersion
    view = NoteView(id=note_id, version=row["version"] + 1, words=saying.words)
    await tx.execute(_CHANGE, {"community": community, **view.model_dump()})
    return edition.told(view)


mine = APIRouter(prefix="/mine", route_class=Door)


@mine.post("")
async def say_of_oneself(
    saying: Saying, caller: Annotated[Caller, may.signed_in()], tx: Tx
) -> Done:
    """No community in the path: everything of one's own."""
    await behaviour.at_gate()
    return Done(count=len(saying.words))


@mine.post("/platform")
async def say_of_all(
    saying: Saying, caller: Annotated[Caller, may("administer")], tx: PlatformTx
) -> Done:
    return Done(count=len(saying.words))


notes.include_router(arrivals.router(may("see what has arrived")))

DEFINITION = service.Definition(
    name="toy",
    summary="For tests of the ground floor.",
    folder=FOLDER,
    routers=(mine, notes),
    consumers=consumes,
)


def create_app(settings: ServiceSettings) -> FastAPI:
    return service.create_app(DEFINITION, settings)
