"""The demo community on a platform of its own, with requests at several points of their way."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.demo.api import Api, Session
from deploy.demo.community import COMMUNITY
from deploy.where import Whereabouts
from tests.support.jinlin import up
from tests.support.letters import bury
from tests.support.pictures import photo
from tests.support.story import REQUESTS, Story

CALLER = "13812341234"


@dataclass(frozen=True)
class Scene:
    """Where the platform is, who can sign in, and what the addresses of screens may name."""

    origin: str
    sign_ins: Mapping[str, str]
    """Passwords by name: operator, staff, gridworker, resident, volunteer, unit."""
    things: Mapping[str, str]
    """Ids: `asked`, `listed`, `claimed`, `resolved`, `closed` are requests, `task` the listed
    one's, `own_task` the claimed one's. Codes of slips: `slip` the resolved one's, `old_slip` the
    closed one's. `home` is a household in `building` in `grid`; `neighbour` lives there, has the
    phone `CALLER` and offers to volunteer; `gone` has left. The asked one has a photo, `registered`
    waits to be dispatched. Of the helpers: `done_task` waits for confirmation, `paid_task` is
    closed, `offered_task` is the volunteer's to answer, `unit_offer` the unit's, `unit_task` it has
    taken. Numbers of dead letters: `letter`, `letter_to_replay`, `letter_to_dismiss`."""


@asynccontextmanager
async def demo_scene(folder: Path) -> AsyncGenerator[Scene]:
    """`jinlin up --demo` with its data in `folder`; stopped in the end."""
    with up(folder / "data", "--demo") as started:
        origin = await started.ready()
        sign_ins = started.sign_ins
        neighbours = {name: password for name, password in sign_ins.items() if name != "operator"}
        async with Api(origin) as api:
            story = await Story.of(api, neighbours)
            await _register(story)
            things = dict(await _played(story))
            things |= await _come_and_gone(story, things["neighbour"])
            things |= await _buried(await api.sign_in("operator", sign_ins["operator"]), folder)
        yield Scene(origin, sign_ins, things)


async def _played(story: Story) -> Mapping[str, str]:
    """Requests that stand at every place of their way."""
    closed = await story.whole()
    resolved = await story.ask("单元门口堆了旧家具，请帮忙清理")
    task = await story.put_on_list(resolved)
    await story.claim(resolved, task)
    await story.complete(resolved, task)
    claimed = await story.ask("厨房下水道返水")
    own_task = await story.put_on_list(claimed)
    await story.claim(claimed, own_task)
    listed = await story.ask("腿脚不便，请代买一袋米")
    helped = await _helped(story, closed, task)
    asked = await story.ask("车棚里有人私拉电线充电")
    await story.resident.post_photo(f"{REQUESTS}/{asked}/photos", photo())
    return {
        **helped,
        "closed": closed,
        "resolved": resolved,
        "claimed": claimed,
        "own_task": own_task,
        "listed": listed,
        "task": await story.put_on_list(listed),
        "asked": asked,
        "slip": await story.slip(resolved),
        "old_slip": await story.slip(closed),
        "registered": await _registered(story),
        "community": COMMUNITY,
    } | await _at_home(story)


async def _registered(story: Story) -> str:
    """A request that waits to be dispatched."""
    request = await story.ask("三楼声控灯坏了，老人上下楼看不清")
    await story.staff.post(f"{REQUESTS}/{request}/register")
    return request


async def _at_home(story: Story) -> Mapping[str, str]:
    """Somebody who lives in the grid worker's grid, with a phone."""
    where = f"/directory/{COMMUNITY}"
    homes = await story.staff.everything(f"{where}/places", kind="household")
    home = next(one for one in homes if one["title"] == "101室")
    new = {"name": "张桂兰", "phone": CALLER, "roles": ["resident"], "place_id": home["id"]}
    neighbour = await story.staff.post(f"{where}/people", new)
    return {
        "home": home["id"],
        "building": home["parent_id"],
        "grid": home["grid_id"],
        "neighbour": neighbour["id"],
    }


async def _come_and_gone(story: Story, neighbour: str) -> Mapping[str, str]:
    """The neighbour offers to volunteer; somebody else has left."""
    people = f"/directory/{COMMUNITY}/people"
    invitation = await story.staff.post(f"{people}/{neighbour}/invitation")
    session = await story.staff.api.accept_invitation(invitation["code"])
    offer = {"skills": ["repair", "errand"], "note": "周末有空，会修水电"}
    await session.post(f"/volunteers/{COMMUNITY}/volunteers", offer)
    new = {"name": "钱搬走", "roles": ["resident"]}
    gone = (await story.staff.post(people, new))["id"]
    path = f"{people}/{gone}/membership"
    await story.staff.api.call("DELETE", path, token=story.staff.token)
    return {"gone": gone}


async def _helped(story: Story, closed: str, done_task: str) -> Mapping[str, str]:
    """Tasks at every place of their way, as the volunteer and the unit see them."""
    offered = await story.ask("请陪老人去医院复诊，一位老人出门不便")
    unit_offer = await story.ask("会议室投影仪坏了，请单位的电工看看")
    unit_work = await story.ask("花坛护栏松动")
    unit_task = await story.put_on_list(unit_work)
    await story.unit_claims(unit_task)
    return {
        "paid_task": await story.task(closed, "closed"),
        "done_task": done_task,
        "offered_task": await story.offer(offered, story.volunteer.person_id),
        "unit_offer": await story.offer(unit_offer, await story.unit_id(), kind="organisation"),
        "unit_task": unit_task,
    }


GRIDS = """code,parent_code,kind,title,boundary
G2,,grid,第二网格,"{""type"": ""Polygon"", ""coordinates"":
    [[[113.918, 30.92], [113.924, 30.921], [113.923, 30.926], [113.918, 30.926],
      [113.918, 30.92]]]}"
G3,,grid,第三网格,"{""type"": ""Polygon"", ""coordinates"":
    [[[113.91, 30.926], [113.923, 30.926], [113.92, 30.931], [113.912, 30.93],
      [113.91, 30.926]]]}"
G4,,grid,第四网格,
"""


async def _register(story: Story) -> None:
    """Grids for the map, one of them without a boundary."""
    await story.staff.post_csv(f"/directory/{COMMUNITY}/places/import", GRIDS)


async def _buried(operator: Session, folder: Path) -> Mapping[str, str]:
    """Dead letters of notify: one to look at, and one for each way that a letter can go."""
    names = ("letter", "letter_to_replay", "letter_to_dismiss")
    numbers = await bury(operator, Whereabouts.find(folder / "data").nats_url, len(names))
    return dict(zip(names, map(str, numbers), strict=True))
