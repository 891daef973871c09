"""Before the play: the community is made, its people come in, the services hear of them."""

from collections.abc import Sequence
from typing import Any

from deploy.demo import wenhua
from deploy.demo.api import Session
from deploy.demo.run import Run

__all__ = ["people_arrive", "set_the_stage"]


async def set_the_stage(run: Run, operator: Session, stage: wenhua.Stage) -> None:
    """The operator makes the community and its first staff; they import the rest."""
    where = f"/directory/{run.community}"
    community = {"slug": run.community, "title": "文化路社区", "prefix": "WH"}
    await operator.post("/directory/communities", community)
    first = stage.cast.staff[0]
    person = await operator.post(
        f"{where}/people",
        {"name": "小文", "roles": ["community_staff"], "login_name": _login(run, first)},
    )
    invitation = await operator.post(f"{where}/people/{person['id']}/invitation")
    run.sessions[first] = await run.api.accept_invitation(invitation["code"])
    run.told("places", 0, 1)
    await run.staff.post_csv(f"{where}/places/import", stage.places, dry_run="true")
    await run.staff.post_csv(f"{where}/places/import", stage.places)
    run.told("places", 1, 1)

    async def add(organisation: dict[str, str]) -> str:
        return (await run.staff.post(f"{where}/organisations", organisation))["id"]

    run.organisations = await run.each("organisations", stage.organisations, add)
    imported = await run.staff.post_csv(f"{where}/people/import", stage.people)
    run.told("people", imported["created"], imported["rows"])
    await _sign_in(run, stage, imported["invitations"])


def _login(run: Run, name: str) -> str:
    return f"{name}@{run.community}"


async def _sign_in(run: Run, stage: wenhua.Stage, invitations: Sequence[dict[str, Any]]) -> None:
    """Everybody who acts comes in with the code on their slip."""
    logins = [line.split(",")[6] for line in stage.people.splitlines()[1:]]

    async def enter(invitation: dict[str, Any]) -> None:
        login = logins[int(invitation["row"]) - 2]  # row 1 is the header
        run.sessions[login.split("@")[0]] = await run.api.accept_invitation(invitation["code"])

    await run.each("sign in", invitations, enter)


async def people_arrive(run: Run, stage: wenhua.Stage) -> None:
    """The services hear of the community; volunteers and teams are registered."""
    people = len(stage.people.splitlines())  # the header's line stands for the first staff
    places = wenhua.GRIDS + sum(wenhua.COMPOUNDS.values()) + wenhua.BUILDINGS

    async def arrived() -> list[str]:
        names: list[str] = []
        for service in ("requests", "volunteers", "points", "notify"):
            known = await run.staff.get(f"/{service}/{run.community}/known")
            if (
                known["places"] >= places
                and known["memberships"] >= people
                and known["organisations"] >= wenhua.ORGANISATIONS
            ):
                names.append(service)
        if not await run.staff.get(f"/requests/{run.community}/catalogue"):
            return []
        return names

    await run.until("the services learn of it", 4, arrived)
    ids = {
        person["login_name"]: person["id"]
        async for person in run.staff.pages(f"/directory/{run.community}/people", role="volunteer")
    }
    volunteers = [ids[_login(run, name)] for name in stage.cast.volunteers]
    where = f"/volunteers/{run.community}"
    await run.staff.post(
        f"{where}/volunteers/bulk", {"person_ids": list(ids.values()), "skills": ["help"]}
    )
    size = len(volunteers) // len(wenhua.TEAMS)

    async def found(team: tuple[int, str]) -> None:
        number, title = team
        members = volunteers[number * size : (number + 1) * size]
        body = {"title": title, "kind": "service", "skills": ["help"]}
        await run.staff.post(
            f"{where}/teams", body | {"leader_id": members[0], "member_ids": members}
        )

    await run.each("teams", enumerate(wenhua.TEAMS), found)
