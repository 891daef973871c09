"""Dead letters of one service: what its consumers could not work in, and its way back.

Whoever buries a letter keeps it (ADR 0019): the row is written when the letter is, under the number
that it has in the stream DLQ. What became of it is not noted but looked up: the inbox has its
event, or the retry table has, or an operator has dismissed it; all others are open.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from sqlalchemy import text

from shared import clock, ids, inbox
from shared.database import Row, Transaction
from shared.delivery import Undelivered
from shared.inbox import Parked
from shared.problems import NotFound, WrongState

__all__ = [
    "MOST_COUNTED",
    "Dismissal",
    "Letter",
    "LetterSettled",
    "NothingToReplay",
    "Search",
    "State",
    "count_open",
    "dismiss",
    "forget_old",
    "keep",
    "letter",
    "letters",
    "mark_dismissed",
    "replay",
]

State = Literal["open", "waiting", "worked_in", "dismissed", "too_old"]

KEPT: Final = timedelta(days=90)
"""As long as the stream DLQ keeps them (`shared.topology`)."""

LONGEST_TEXT: Final = 500
MOST_COUNTED: Final = 10_000

_KEEP = text(
    """
    INSERT INTO dead_letter (community, number, consumer, event_id, type, subject, reason,
                             attempts, headers, body)
    VALUES (:community, :number, :consumer, :event_id, :type, :subject, :reason,
            :attempts, CAST(:headers AS jsonb), :body)
    ON CONFLICT (community, number) DO UPDATE
    SET consumer = excluded.consumer, event_id = excluded.event_id, type = excluded.type,
        subject = excluded.subject, reason = excluded.reason, attempts = excluded.attempts,
        headers = excluded.headers, body = excluded.body, buried_at = now(),
        dismissed_at = NULL, dismissed_by = NULL, dismissal = NULL
    """
)
# An event whose days are over in the inbox may have been worked in: nobody can say.
_WITH_STATE: Final = """
    SELECT community, number, consumer, event_id, type, subject, reason, attempts, headers, body,
           buried_at, dismissed_at, dismissed_by, dismissal, CASE
        WHEN dismissed_at IS NOT NULL THEN 'dismissed'
        WHEN EXISTS (SELECT FROM inbox WHERE inbox.event_id = letter.event_id
                     AND inbox.consumer = letter.consumer) THEN 'worked_in'
        WHEN EXISTS (SELECT FROM retry WHERE retry.event_id = letter.event_id
                     AND retry.consumer = letter.consumer) THEN 'waiting'
        WHEN event_id < CAST(:remembered_since AS uuid) THEN 'too_old'
        ELSE 'open' END AS state
    FROM dead_letter AS letter
"""
_LETTERS = text(
    f"""
    SELECT * FROM ({_WITH_STATE}) AS letter
    WHERE (:settled OR state IN ('open', 'waiting'))
      AND (CAST(:consumer AS text) IS NULL OR consumer = :consumer)
      AND (CAST(:after AS bigint) IS NULL OR number < :after)
    ORDER BY number DESC LIMIT :limit + 1
    """  # noqa: S608 - our own words
)
# A stream DLQ that was lost begins again at 1: the newest letter of a number is the one it has.
_LETTER = text(
    _WITH_STATE + "WHERE number = :number ORDER BY buried_at DESC LIMIT 1 FOR UPDATE OF letter"
)
# An event may have been buried more than once: it is one thing that waits for somebody.
_COUNT_OPEN = text(
    f"""
    SELECT consumer, (
        SELECT count(DISTINCT coalesce(CAST(event_id AS text), CAST(number AS text)))
        FROM (SELECT event_id, number FROM ({_WITH_STATE}) AS letter
              WHERE letter.consumer = named.consumer AND state = 'open'
              LIMIT {MOST_COUNTED}) AS letter) AS open
    FROM unnest(CAST(:consumers AS text[])) AS named (consumer)
    """  # noqa: S608 - our own words
)
# What is said of an event's newest letter is said of those before as well.
_DISMISS = text(
    """
    UPDATE dead_letter SET dismissed_at = now(), dismissed_by = :by, dismissal = :reason
    WHERE community = :community AND consumer = :consumer AND dismissed_at IS NULL
      AND (number = :number OR number < :number AND event_id = (
          SELECT event_id FROM dead_letter
          WHERE community = :community AND consumer = :consumer AND number = :number))
    """
)
_FORGET_OLD = text("DELETE FROM dead_letter WHERE buried_at < now() - CAST(:kept AS interval)")


class LetterSettled(WrongState):
    """The letter is worked in, dismissed, or on its way back."""

    zh = "这条死信已经处理，或正在重放，请刷新后再看。"
    en = "This dead letter is settled or on its way back. Reload and look again."


class NothingToReplay(WrongState):
    """It names no event, its event is too old, or its consumer is no more."""

    zh = "这条死信无法重放：没有事件编号、时间太久，或原来的消费者已不存在。可以将它搁置。"
    en = "It names no event, is too old, or its consumer is no more. It can be dismissed."


@dataclass(frozen=True, slots=True)
class Dismissal:
    """Who put a letter aside for good, and why."""

    at: datetime
    by: UUID | None
    """None: from the operator's terminal."""
    reason: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An event that its consumer could not work in; what is in its body is never shown."""

    community: str
    number: int
    consumer: str
    event_id: UUID | None
    type: str
    subject: str
    reason: str
    attempts: int
    """How often its handler failed; 0: it could not even be read."""
    buried_at: datetime
    state: State
    dismissed: Dismissal | None
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Search:
    """Which letters are wanted."""

    settled: bool = False
    """Also those that are settled or too old."""
    consumer: str | None = None
    after: int | None = None
    limit: int = 50


async def keep(
    tx: Transaction, number: int, buried: Undelivered, *, consumer: str, reason: str, attempts: int
) -> None:
    """Note what was buried under `number`; a letter that is buried once more is open again."""
    printable = {name: value for name, value in buried.headers.items() if value.isprintable()}
    values = {
        "community": buried.community,
        "number": number,
        "consumer": consumer,
        "event_id": buried.event_id,
        "type": _plain(buried.headers.get("ce-type", "")),
        "subject": _plain(buried.subject),
        "reason": _plain(reason),
        "attempts": attempts,
        "headers": orjson.dumps(printable).decode(),
        "body": buried.body,
    }
    await tx.execute(_KEEP, values)


async def letters(tx: Transaction, search: Search) -> list[Letter]:
    """The letters of `search`, newest first, and one more where others follow."""
    values = {
        "settled": search.settled,
        "consumer": search.consumer,
        "after": search.after,
        "limit": search.limit,
    }
    return [_letter(row) for row in await tx.execute(_LETTERS, values | _remembered())]


async def letter(tx: Transaction, number: int) -> Letter:
    """The letter of that number, locked. Raises NotFound."""
    row = (await tx.execute(_LETTER, {"number": number} | _remembered())).one_or_none()
    if row is None:
        raise NotFound
    return _letter(row)


async def count_open(tx: Transaction, consumers: Collection[str]) -> Mapping[str, int]:
    """How many events each of `consumers` has buried that are open; `MOST_COUNTED` at most."""
    values = {"consumers": list(consumers)} | _remembered()
    return {row[0]: row[1] for row in await tx.execute(_COUNT_OPEN, values)}


async def replay(tx: Transaction, number: int, *, consumers: Collection[str]) -> Letter:
    """Put an open letter back to the one of `consumers` that buried it; the sweep takes it there.

    Raises NotFound, LetterSettled and NothingToReplay. The event keeps its id: it has one effect.
    """
    found = await _unsettled(tx, number)
    if found.state == "too_old" or found.event_id is None or found.consumer not in consumers:
        raise NothingToReplay
    parked = Parked(
        found.consumer, found.event_id, found.subject, found.headers, found.body, attempts=1
    )
    put = await inbox.put_back(
        tx, parked, community=found.community, delay=timedelta(), reason=found.reason
    )
    if not put:  # somebody else put it back since we looked
        raise LetterSettled
    return replace(found, state="waiting")


async def dismiss(tx: Transaction, number: int, *, by: UUID, reason: str) -> Letter:
    """Put a letter aside that nobody can work in. Raises NotFound and LetterSettled."""
    found = await _unsettled(tx, number)
    await mark_dismissed(
        tx, number, community=found.community, consumer=found.consumer, by=by, reason=reason
    )
    return await letter(tx, number)


async def mark_dismissed(
    tx: Transaction, number: int, *, community: str, consumer: str, by: UUID | None, reason: str
) -> None:
    """Note that a letter is put aside, whatever became of it; and older ones of the same event."""
    values = {"community": community, "consumer": consumer, "number": number, "by": by}
    await tx.execute(_DISMISS, values | {"reason": _plain(reason)})


async def forget_old(tx: Transaction) -> None:
    """Drop what the stream DLQ has dropped, too."""
    await tx.execute(_FORGET_OLD, {"kept": KEPT})


async def _unsettled(tx: Transaction, number: int) -> Letter:
    """The letter, if it is open or too old. Raises NotFound and LetterSettled."""
    found = await letter(tx, number)
    if found.state not in {"open", "too_old"}:
        raise LetterSettled
    return found


def _remembered() -> dict[str, UUID]:
    """The smallest event id that every inbox still remembers."""
    return {"remembered_since": ids.first_id_at(clock.now() - inbox.REMEMBERED)}


def _plain(words: str) -> str:
    """One short line that any database can hold."""
    line = " ".join(words.split())
    return "".join(one for one in line if one.isprintable())[:LONGEST_TEXT]


def _letter(row: Row) -> Letter:
    values: dict[str, Any] = dict(row)
    at, by, reason = (values.pop(one) for one in ("dismissed_at", "dismissed_by", "dismissal"))
    return Letter(**values, dismissed=Dismissal(at, by, reason) if at else None)
