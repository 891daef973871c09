"""Events in, notices out: who is told, once each, in the person's own words."""

from datetime import timedelta
from itertools import permutations
from uuid import UUID

from shared import clock, ids
from shared.events import (
    MembershipChanged,
    PointsAwarded,
    PointsReversed,
    RequestAccepted,
    RequestDispatched,
    RequestRegistered,
    RequestReopened,
    RequestResolved,
    Taker,
)
from tests.integration.notify.story import NUMBER, Story
from tests.support.platform import Person, Platform


async def test_every_step_is_told_to_whom_it_concerns(story: Story) -> None:
    owners = {"filed_by": story.filer.id}
    helper = story.person(story.helper)
    place = ids.new_id()
    await story.tell(
        story.step(RequestRegistered, **owners),
        story.step(RequestDispatched, place_id=place, taker=helper, **owners),
        story.step(RequestAccepted, takers=(helper,), **owners),
        story.step(RequestResolved, work=story.work(story.helper), **owners),
        story.closed(**owners),
        story.points(PointsAwarded, helper),
        story.step(
            RequestReopened, cycle=2, place_id=place, work=story.work(story.helper), **owners
        ),
        story.points(PointsReversed, helper),
    )
    steps = ["request_registered", "request_accepted", "request_resolved", "request_closed"]
    await story.kinds(story.requester, *steps)
    await story.kinds(story.filer, *steps)
    await story.kinds(
        story.helper, "request_dispatched", "points_awarded", "request_reopened", "points_reversed"
    )
    assert [one["kind"] for one in await story.inbox(story.requester)] == steps[::-1]
    for member in story.members:
        assert await story.inbox(member) == []


async def test_words_are_in_the_persons_language_and_carry_the_number(story: Story) -> None:
    await story.tell(
        story.step(RequestResolved, work=story.work(story.helper), filed_by=story.filer.id),
        story.points(PointsAwarded, story.person(story.helper)),
    )
    await story.kinds(story.helper, "points_awarded")
    await story.kinds(story.requester, "request_resolved")
    (mine,) = await story.inbox(story.requester, **{"accept-language": "en"})
    assert (mine["title"], mine["number"]) == ("请确认结果", NUMBER)
    assert mine["language"] == "zh-CN"
    assert mine["body"] == (
        f"您的诉求 {NUMBER} 已办好。请确认是否解决，并评价。七天内没有回复，将自动结案。"
    )
    (filed,) = await story.inbox(story.filer, "?lang=zh-CN", **{"accept-language": "zh-CN"})
    assert filed["body"].startswith(f"The work on your neighbour's request {NUMBER} is done.")
    (earned,) = await story.inbox(story.helper)
    assert (earned["number"], "10 积分" in earned["body"]) == (NUMBER, True)


async def test_the_browsers_language_counts_for_a_person_nobody_told_of(story: Story) -> None:
    stranger = Person(person := ids.new_id(), story.hood.token(person, "resident"))
    await story.tell(story.step(RequestRegistered, requester_id=person, filed_by=person))
    await story.kinds(stranger, "request_registered")
    assert (await story.inbox(stranger, **{"accept-language": "en-GB"}))[0]["title"] == "Taken in"
    assert (await story.inbox(stranger, **{"accept-language": "en"}))[0]["language"] == "en"
    assert (await story.inbox(stranger))[0]["title"] == "已受理"


async def test_an_organisation_is_told_through_its_members(story: Story) -> None:
    taker = Taker(kind="organisation", id=story.organisation)
    await story.tell(
        story.step(RequestDispatched, place_id=ids.new_id(), taker=taker),
        story.points(PointsAwarded, taker),
    )
    for member in story.members:
        await story.kinds(member, "request_dispatched", "points_awarded")
    assert await story.inbox(story.helper) == []


async def test_duplicates_make_one_notice(story: Story, platform: Platform) -> None:
    event = story.closed()
    story.told.append(event.event_id)
    again = [event] * 20
    for number, one in enumerate(again):
        # a header of its own: the stream's duplicate window is a help, not the guarantee
        await platform.publish(
            one.subject,
            one.model_dump_json().encode(),
            {"ce-type": one.type(), "ce-id": str(one.event_id), "Nats-Msg-Id": f"{number}"},
        )
    await story.kinds(story.requester, "request_closed")
    last = story.step(RequestRegistered)
    await story.tell(last)
    await story.kinds(story.requester, "request_closed", "request_registered")


async def test_the_key_holds_where_the_inbox_row_is_gone(story: Story, platform: Platform) -> None:
    event = story.closed()
    await story.tell(event)
    await story.kinds(story.requester, "request_closed")
    await platform.rows(
        "notify", "DELETE FROM inbox WHERE event_id = :id RETURNING 1", id=event.event_id
    )
    await story.tell(event)
    await story.worked_in([event])
    assert len(await story.inbox(story.requester)) == 1


async def test_any_order_gives_the_same_notices(story: Story) -> None:
    told: list[set[tuple[UUID, str]]] = []
    for order in list(permutations(range(3)))[::2]:
        story.request_id = ids.new_id()
        steps = [
            story.step(RequestRegistered),
            story.step(RequestResolved, work=story.work(story.helper)),
            story.closed(),
        ]
        await story.tell(*(steps[number] for number in order))
        await story.worked_in(steps)
        found = await story.inbox(story.requester)
        told.append({one["kind"] for one in found if one["request_id"] == str(story.request_id)})
    assert told == [{"request_registered", "request_resolved", "request_closed"}] * 3


async def test_a_replay_tells_nobody_of_last_month(story: Story, platform: Platform) -> None:
    old = clock.now() - timedelta(hours=73)
    helper = story.person(story.helper)
    events = [story.closed(occurred_at=old), story.points(PointsAwarded, helper, occurred_at=old)]
    fresh = story.step(RequestRegistered, occurred_at=clock.now() - timedelta(hours=71))
    await story.tell(*events, fresh)
    await story.kinds(story.requester, "request_registered")
    await story.worked_in(events[1:], "notify-points")
    rows = await platform.rows(  # of these events: other services may run, and react to them
        "notify",
        "SELECT 1 FROM notice WHERE event_id = ANY(:ids)",
        ids=[one.event_id for one in (*events, fresh)],
    )
    assert len(rows) == 1


async def test_who_becomes_a_volunteer_is_told_once_and_newcomers_are_not(story: Story) -> None:
    neighbour, other = story.requester, await story.hood.person("resident")
    newcomer = ids.new_id()
    await story.hood.arrived("notify", memberships=7)

    def becomes(person_id: UUID, version: int, *roles: str) -> MembershipChanged:
        return MembershipChanged(
            event_id=ids.new_id(),
            community=story.hood.slug,
            person_id=person_id,
            roles=roles,
            version=version,
            occurred_at=clock.now(),
        )

    admitted = becomes(neighbour.id, 2, "resident", "volunteer")
    events = [
        becomes(newcomer, 1, "volunteer"),
        admitted,
        becomes(neighbour.id, 3, "resident", "volunteer", "grid_worker"),
        becomes(other.id, 2, "resident", "micro_grid_head"),
        becomes(story.helper.id, 2, "volunteer", "resident"),
        becomes(neighbour.id, 1, "resident"),
    ]
    for one in events:  # the stream keeps a person's last state only
        await story.tell(one)
        await story.worked_in([one], "notify-directory")
    await story.kinds(neighbour, "volunteer_admitted")
    for one in (other, story.helper, Person(newcomer, story.hood.token(newcomer, "volunteer"))):
        assert await story.inbox(one) == []
    (notice,) = await story.inbox(neighbour)
    assert (notice["request_id"], notice["number"], notice["title"]) == (
        None,
        None,
        "可以接任务了",
    )
    rests = becomes(neighbour.id, 4, "resident")
    await story.tell(rests)
    await story.worked_in([rests], "notify-directory")
    await story.tell(becomes(neighbour.id, 5, "volunteer"))
    await story.kinds(neighbour, "volunteer_admitted", "volunteer_admitted")
