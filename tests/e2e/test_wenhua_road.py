"""The whole main job, both ways of running: the figures of the seed, and every invariant."""

from pathlib import Path

import pytest

from deploy.demo.api import Api
from deploy.demo.figures import Figures
from deploy.demo.replay import replay
from deploy.local.platform import running_platform
from deploy.verify import verify
from deploy.where import Whereabouts
from tests.support.processes import OPERATOR, Processes, platform_in_processes
from tests.support.servers import Servers, start_servers


@pytest.fixture(scope="module")
def own_servers(servers: Servers) -> Servers:
    """Servers of their own: the roles and passwords of the platform must not meet others'."""
    with start_servers(servers.kind) as running:
        yield running


async def played(origin: str, name: str, password: str) -> Figures:
    async with Api(origin) as api:
        operator = await api.sign_in(name, password)
        return await replay(api, operator, lambda *_: None)


def is_the_seed(figures: Figures) -> None:
    assert (figures.submitted, figures.listed, figures.accepted) == (150, 150, 112)
    assert figures.still_listed == 38
    assert round(figures.take_up_rate, 4) == 0.7467
    assert (figures.takers.organisations, figures.takers.people) == (10, 82)
    assert (figures.closed, figures.awards, figures.notices) == (112, 112, 112)
    assert figures.points_issued > 0


async def holds(where: Whereabouts) -> None:
    findings = await verify(where, within_seconds=20)
    assert [one for one in findings if not one.holds] == []
    awards = next(one for one in findings if one.name.startswith("one standing award"))
    assert awards.counted >= 112


async def test_all_in_one(tmp_path: Path) -> None:
    async with running_platform(tmp_path / "data") as platform:
        is_the_seed(
            await played(platform.origin, platform.operator_name, platform.operator_password)
        )
        await holds(platform.whereabouts)


async def test_one_process_a_service(own_servers: Servers, tmp_path: Path) -> None:
    async with platform_in_processes(own_servers, tmp_path) as platform:
        figures = await played(platform.origin, *OPERATOR)
        is_the_seed(figures)
        await holds(platform.whereabouts)
        await goes_on_without_the_directory(platform, figures.community)


async def goes_on_without_the_directory(platform: Processes, community: str) -> None:
    """Keys, places and people are known to the other four: they work while it is down."""
    async with Api(platform.origin) as api:
        operator = await api.sign_in(*OPERATOR)
        where = f"/directory/{community}"
        person = await operator.post(f"{where}/people", {"name": "老王", "roles": ["resident"]})
        invitation = await operator.post(f"{where}/people/{person['id']}/invitation")
        resident = await api.accept_invitation(invitation["code"])
        building = (await resident.get(f"{where}/places", kind="building"))["items"][0]
        await platform.services["directory"].stop()
        for service in ("requests", "volunteers", "points", "notify"):
            process = platform.services[service]
            await process.stop()
            await process.start()
        asking = {"category": "errand", "description": "代买米", "place_id": building["id"]}
        asked = await resident.post(f"/requests/{community}/requests", asking)
        assert asked["status"] == "submitted"
        assert (await resident.get(f"/volunteers/{community}/tasks"))["items"] == []
        assert (await resident.get(f"/points/{community}/accounts/me"))["balance"] == 0
        assert (await resident.get("/notify/inbox"))["items"] == []
