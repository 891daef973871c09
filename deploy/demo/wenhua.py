"""The cast and the stage: the sizes are those of the seed (`DOMAIN.md` §0.7), the names invented.

Ours, because the seed does not say: how the 29 compounds that are not 三无 divide among the three
other types, which household lives in which building, how many residents ask (50), and that every
accepted request is done and closed.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

__all__ = ["ASKING", "CLAIMS", "Cast", "Stage", "stage"]

GRIDS: Final = 6
COMPOUNDS: Final = {"unmanaged": 28, "unit_built": 15, "serviced": 8, "private_built": 6}
BUILDINGS: Final = 136
HOUSEHOLDS: Final = 3430
TEAMS: Final = ("清洁队", "好邻里队", "平安巡逻队", "文艺队", "助老队")
VOLUNTEERS: Final = 70
ORGANISATIONS: Final = 10
MEMBERS: Final = 82
RESIDENTS: Final = 50
ASKING: Final = 150
PEOPLE_COLUMNS: Final = "name,phone,roles,place_code,organisation_codes,language,login_name,invite"
CLAIMS: Final = 112

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
GIVEN: Final = "安平和顺宁静明华文秀兰芳英杰勇军伟敏丽强磊洋艳娟涛超霞玲桂春雪晨阳月云清溪"
ASKED: Final = (
    ("repair", "楼道灯不亮，老人晚上看不清"),
    ("cleaning", "单元门口堆了旧家具，请帮忙清理"),
    ("errand", "腿脚不便，请代买一袋米和降压药"),
    ("learning", "孩子放学后两小时没人辅导"),
    ("safety", "车棚里有人私拉电线充电"),
    ("repair", "厨房下水道返水"),
    ("cleaning", "绿化带里有白色垃圾"),
    ("errand", "想请人陪同去医院取检查报告"),
)


@dataclass(frozen=True)
class Cast:
    """Who plays, by the name they sign in with."""

    grid_workers: list[str]
    staff: list[str]
    residents: list[str]
    members: list[str]
    volunteers: list[str]
    representatives: list[str]

    @property
    def actors(self) -> set[str]:
        """Those who act in the replay and need a session."""
        return {*self.grid_workers, *self.staff, *self.residents, *self.members} | {
            *self.representatives
        }


@dataclass(frozen=True)
class Stage:
    """What is imported: places and people as tables, organisations as a list."""

    places: str
    people: str
    organisations: list[dict[str, str]]
    cast: Cast


def stage(random: Random, community: str) -> Stage:
    """A community of the seed's size; sign-in names end with its name, so that runs never meet."""
    cast = Cast(
        grid_workers=[f"grid-{n}" for n in range(1, GRIDS + 1)],
        staff=["staff-1", "staff-2"],
        residents=[f"resident-{n}" for n in range(1, RESIDENTS + 1)],
        members=[f"member-{n}" for n in range(1, MEMBERS + 1)],
        volunteers=[f"volunteer-{n}" for n in range(1, VOLUNTEERS + 1)],
        representatives=[f"unit-{n}" for n in range(1, ORGANISATIONS + 1)],
    )
    organisations = [
        {"kind": "resident_unit", "title": f"驻区单位{n}", "code": f"U{n}"}
        for n in range(1, ORGANISATIONS + 1)
    ]
    return Stage(_places(), _people(cast, random, community), organisations, cast)


def _places() -> str:
    """Grids, compounds of four types, buildings and households, parents first."""
    rows = [[f"G{n}", "", "grid", f"第{n}网格", ""] for n in range(1, GRIDS + 1)]
    kinds = [kind for kind, count in COMPOUNDS.items() for _ in range(count)]
    rows += [
        [f"C{n}", f"G{n % GRIDS + 1}", "compound", f"文化路{n}号院", kind]
        for n, kind in enumerate(kinds, start=1)
    ]
    rows += [
        [f"B{n}", f"C{n % len(kinds) + 1}", "building", f"{n}栋", ""]
        for n in range(1, BUILDINGS + 1)
    ]
    rows += [
        [f"H{n}", f"B{n % BUILDINGS + 1}", "household", f"{n}户", ""]
        for n in range(1, HOUSEHOLDS + 1)
    ]
    return _table(["code", "parent_code", "kind", "title", "compound_type"], rows)


def _people(cast: Cast, random: Random, community: str) -> str:
    """Everybody with a role; those who act get an invitation. The first of the staff is there."""
    plays = (
        [(name, "grid_worker", "") for name in cast.grid_workers]
        + [(name, "community_staff", "") for name in cast.staff[1:]]
        + [(name, "resident", "") for name in cast.residents]
        + [(name, "volunteer", "") for name in (*cast.members, *cast.volunteers)]
        + [
            (name, "organisation_member", f"U{n}")
            for n, name in enumerate(cast.representatives, start=1)
        ]
    )
    rows = [
        [
            random.choice(SURNAMES) + "".join(random.sample(GIVEN, 2)),
            "",
            role,
            _place(name, role, random),
            unit,
            "zh-CN",
            f"{name}@{community}",
            "yes" if name in cast.actors else "",
        ]
        for name, role, unit in plays
    ]
    return _table(PEOPLE_COLUMNS.split(","), rows)


def _place(name: str, role: str, random: Random) -> str:
    """Where somebody is at home: residents in a household, a grid worker in the own grid."""
    match role:
        case "resident":
            return f"H{random.randint(1, HOUSEHOLDS)}"
        case "grid_worker":
            return f"G{name.removeprefix('grid-')}"
        case _:
            return ""


def _table(header: Sequence[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([[*header], *rows])
    return text.getvalue()
