"""CSV files of places and people: all of a file, or nothing of it."""

import time
from datetime import datetime, timedelta
from uuid import UUID

from shared import clock
from shared.events import PersonChanged, PlaceChanged

HEADER = "code,parent_code,kind,title,compound_type\n"
PEOPLE = "name,phone,roles,place_code,organisation_codes,language,login_name,invite\n"


async def sent(town, what: str, body: str | bytes, *, dry_run: bool = False, token=None):
    return await town.ask(
        "POST", f"/{what}/import", token, content=body.encode() if isinstance(body, str) else body,
        params={"dry_run": dry_run}, headers={"content-type": "text/csv"},
    )  # fmt: skip


def street() -> str:
    """57 compounds, 510 buildings and 3433 households: 4000 places."""
    lines = [f"c{c},,compound,小区{c},serviced" for c in range(57)]
    lines += [f"b{b},c{b % 57},building,{b}栋," for b in range(510)]
    lines += [f"h{h},b{h % 510},household,{h}室," for h in range(3433)]
    return HEADER + "\n".join(reversed(lines))


async def test_4000_places_come_at_once_and_a_second_time_nothing_changes(town, platform):
    began = time.perf_counter()
    answer = await sent(town, "places", street())
    seconds = time.perf_counter() - began
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert (report["rows"], report["created"], report["unchanged"]) == (4000, 4000, 0)
    told = await platform.told(PlaceChanged, community=town.slug)
    assert len(told) == 1 + 57 + 510
    again = (await sent(town, "places", street())).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 4000)
    assert len(await platform.told(PlaceChanged, community=town.slug)) == len(told)
    changed = HEADER + "c1,,compound,新名,\nh1,b2,household,1室,\n"
    report = (await sent(town, "places", changed)).json()
    assert (report["created"], report["updated"]) == (0, 2)
    assert seconds < 10  # 2 s on a quiet machine; the bound allows for busy ones


async def test_every_mistake_is_told_by_row_and_nothing_is_stored(town) -> None:
    body = "\ufeff" + HEADER + (
        "c1,,compound,一号,serviced\n"
        "c1,,compound,又一号,\n"
        "b1,nowhere,building,一栋,\n"
        "g1,c1,grid,网格,\n"
        "x1,,castle,城堡,\n"
        "b2,c1,building,,\n"
        f"b3,c1,building,{'长' * 101},\n"
        "b4,c1,building,四栋,serviced\n"
        "=1+1,c1,building,=HYPERLINK(),\n"
    )  # fmt: skip
    dry = await sent(town, "places", body, dry_run=True)
    assert dry.status_code == 200
    mistakes = [(one["row"], one["column"]) for one in dry.json()["errors"]]
    assert mistakes == [
        (3, "code"), (4, "parent_code"), (5, "parent_code"), (6, "kind"), (7, "title"),
        (8, "title"), (9, "compound_type"),
    ]  # fmt: skip
    answer = await sent(town, "places", body)
    assert (answer.status_code, answer.json()["type"]) == (400, "urn:jinlin:problem:import-errors")
    assert answer.json()["errors"] == dry.json()["errors"]
    places = (await town.ask("GET", "/places")).json()["items"]
    assert [one["kind"] for one in places] == ["community"]


async def test_bad_files_are_refused_as_a_whole(town) -> None:
    gbk = await sent(town, "places", (HEADER + "c1,,compound,小区,\n").encode("gbk"))
    assert (gbk.status_code, gbk.json()["type"]) == (422, "urn:jinlin:problem:not-utf8")
    header = await sent(town, "places", "code,kind,colour\nx,y,z\n")
    columns = {one["column"] for one in header.json()["errors"]}
    assert (header.status_code, columns) == (400, {"colour", "title"})
    assert (await sent(town, "places", "")).status_code == 400
    assert (await sent(town, "places", b"x" * (1024 * 1024 + 1))).status_code == 413
    _, resident = await town.signed_in("resident")
    assert (await sent(town, "places", HEADER, token=resident)).status_code == 403


async def test_a_dry_run_stores_nothing(town) -> None:
    dry = await sent(town, "places", HEADER + "c1,,compound,一号,\n", dry_run=True)
    assert (dry.json()["dry_run"], dry.json()["created"]) == (True, 1)
    assert len((await town.ask("GET", "/places")).json()["items"]) == 1


async def test_a_dry_run_says_which_rows_do_what_and_repeats_nothing_of_them(town) -> None:
    places = (
        HEADER + "c1,,compound,一号,serviced\nc2,,compound,二号,serviced\nb1,c1,building,一栋,\n"
    )
    dry = (await sent(town, "places", places, dry_run=True)).json()
    assert [(one["row"], one["is_new"]) for one in dry["changes"]] == [
        (2, True),
        (3, True),
        (4, True),
    ]
    done = (await sent(town, "places", places)).json()
    assert done["changes"] == []
    moved = HEADER + "c1,,compound,一号,\nc2,,compound,新二号,unmanaged\nb1,c2,building,一栋,\n"
    dry = (await sent(town, "places", moved, dry_run=True)).json()
    assert dry["changes"] == [
        {"row": 3, "is_new": False, "columns": ["title", "compound_type"]},
        {"row": 4, "is_new": False, "columns": ["parent_code"]},
    ]
    people = PEOPLE + "张桂兰,13812341234,resident,c1,,,,\n王强,13812341235,resident,c1,,,,\n"
    assert (await sent(town, "people", people)).json()["created"] == 2
    other = (
        PEOPLE
        + "张桂兰,13812341234,volunteer,c2,,en,,\n"
        + "王强,13812341235,resident,,,,,\n"
        + "李四,1381234,resident,,,,,\n"
    )
    answer = await sent(town, "people", other, dry_run=True)
    assert answer.json()["changes"] == [
        {"row": 2, "is_new": False, "columns": ["roles", "place_code", "language"]},
        {"row": 4, "is_new": True, "columns": []},
    ]
    assert not {"张桂兰", "13812341234", "李四"} & set(answer.text.replace('"', " ").split())


async def test_people_come_with_codes_and_a_second_time_nothing_changes(
    town, directory, platform
) -> None:
    await sent(town, "places", HEADER + "c1,,compound,一号,\n")
    unit = {"kind": "resident-unit", "title": "税务局", "code": "tax"}
    await directory.made(f"/{town.slug}/organisations", town.staff, unit)
    login = f"wang{town.slug}"
    body = PEOPLE + (
        "张桂兰,138-1234-1234,resident;volunteer,c1,,zh-CN,,yes\n"
        f"王强,,organisation_member,,tax,en,{login},no\n"
    )
    dry = (await sent(town, "people", body, dry_run=True)).json()
    assert (dry["created"], dry["invitations"]) == (2, [])
    report = (await sent(town, "people", body)).json()
    assert (report["created"], [one["row"] for one in report["invitations"]]) == (2, [2])
    again = (await sent(town, "people", body)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert again["invitations"] == []
    code = report["invitations"][0]
    two_weeks = datetime.fromisoformat(code["expires_at"]) - clock.now()
    assert timedelta(days=13) < two_weeks <= timedelta(days=14)
    signed = await directory.ask("POST", "/sign-in/invitation", json={"code": code["code"]})
    assert signed.json()["person_id"] == code["person_id"]
    changed = body.replace("resident;volunteer", "resident").replace("yes", "no")
    report = (await sent(town, "people", changed)).json()
    assert (report["updated"], report["unchanged"]) == (1, 1)
    told = await platform.told(PersonChanged, person_id=UUID(code["person_id"]))
    assert [one.version for one in told] == [1]


async def test_mistakes_in_people_are_told_by_row(town) -> None:
    body = PEOPLE + (
        "张三,13800000001,resident,,,,,\n"
        "张三,13800000001,resident,,,,,\n"
        "李四,,resident,,,,,\n"
        "王五,13800000002,king,,,,,\n"
        "赵六,13800000003,operator,,,,,\n"
        "孙七,138,resident,nowhere,none,fr,UPPER CASE,maybe\n"
        "周八,13800000004,resident,,,,operator,\n"
    )
    answer = await sent(town, "people", body)
    assert answer.status_code == 400
    mistakes = [(one["row"], one["column"]) for one in answer.json()["errors"]]
    assert mistakes == [
        (3, "name"), (4, "phone"), (5, "roles"), (6, "roles"), (7, "phone"), (7, "place_code"),
        (7, "organisation_codes"), (7, "language"), (7, "login_name"), (7, "invite"),
        (8, "login_name"),
    ]  # fmt: skip
    _, worker = await town.signed_in("grid_worker")
    assert (await sent(town, "people", body, token=worker)).status_code == 403
