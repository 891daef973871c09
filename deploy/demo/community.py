"""The demo community that `jinlin up --demo` loads at its first start."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console

from deploy.demo.api import Api, Refused, Session
from deploy.demo.wenhua import PEOPLE_COLUMNS
from deploy.local.data_folder import kept_secret, private_folder
from deploy.local.platform import RunningPlatform

__all__ = ["COMMUNITY", "UNIT", "demo_community", "load_demo"]

COMMUNITY: Final = "demo"
PEOPLE: Final = {
    "staff": ("社区工作人员 小文", "community_staff", ""),
    "gridworker": ("网格员 小华", "grid_worker", ""),
    "resident": ("居民 老王", "resident", ""),
    "volunteer": ("志愿者 小李", "volunteer;resident", ""),
    "unit": ("驻区单位 联络员", "organisation_member", "U1"),
}
UNIT: Final = {"kind": "resident_unit", "title": "驻区单位一", "code": "U1"}
PLACES: Final = """code,parent_code,kind,title,compound_type,boundary
G1,,grid,第一网格,,"{""type"": ""Polygon"", ""coordinates"":
    [[[113.91, 30.92], [113.918, 30.92], [113.918, 30.926], [113.91, 30.926], [113.91, 30.92]]]}"
C1,G1,compound,文化路1号院,unmanaged
C2,G1,compound,文化路2号院,serviced
B1,C1,building,1栋,
B2,C1,building,2栋,
B3,C2,building,3栋,
H1,B1,household,101室,
H2,B1,household,102室,
H3,B3,household,301室,
"""
SERVICE_PHONES: Final = {COMMUNITY: "010-0123 4567", "G1": "010-0123 4501"}
"""By the code of the place. No number in China begins with a 0 after its area code."""


async def demo_community(platform: RunningPlatform, console: Console) -> Mapping[str, str]:
    """The sign-ins of the demo community; at the first start it is made through the public API.

    A first start that was cut off goes on where it was at the next one.
    """
    secrets = private_folder(platform.folder / "secrets")
    sign_ins = {name: kept_secret(secrets / name) for name in PEOPLE}
    loaded = platform.folder / "demo.loaded"
    if not loaded.exists():
        console.print("Loading the demo community …")
        async with Api(platform.origin) as api:
            operator = await api.sign_in(platform.operator_name, platform.operator_password)
            await load_demo(api, operator, sign_ins)
        loaded.touch(mode=0o600)
    return sign_ins


async def load_demo(api: Api, operator: Session, sign_ins: Mapping[str, str]) -> None:
    """Places, an organisation and five people, each of whom chooses the password of `sign_ins`."""
    where = f"/directory/{COMMUNITY}"
    communities = await operator.everything("/directory/communities")
    begun = COMMUNITY in {one["slug"] for one in communities}
    if not begun:
        await operator.post(
            "/directory/communities", {"slug": COMMUNITY, "title": "演示社区", "prefix": "YS"}
        )
    await operator.post_csv(f"{where}/places/import", PLACES)
    await _tell_service_phones(operator, where)
    if UNIT["code"] not in {
        one["code"] for one in await operator.everything(f"{where}/organisations")
    }:
        await operator.post(f"{where}/organisations", UNIT)
    rows = [
        f"{title},,{roles},B1,{units},zh-CN,{name},"
        for name, (title, roles, units) in PEOPLE.items()
    ]
    await operator.post_csv(f"{where}/people/import", "\n".join([PEOPLE_COLUMNS, *rows]))
    for person in await operator.everything(f"{where}/people"):
        password = sign_ins[person["login_name"]]
        if not (begun and await _can_sign_in(api, person["login_name"], password)):
            invitation = await operator.post(
                f"{where}/people/{person['id']}/invitation", {"reset": True}
            )
            session = await api.accept_invitation(invitation["code"])
            await session.post("/directory/me/password", {"new": password})


async def _tell_service_phones(operator: Session, where: str) -> None:
    for kind in ("community", "grid"):
        for place in await operator.everything(f"{where}/places", kind=kind):
            phone = SERVICE_PHONES.get(place["code"])
            if phone and place["service_phone"] != phone:
                await operator.put(f"{where}/places/{place['id']}/service-phone", {"phone": phone})


async def _can_sign_in(api: Api, name: str, password: str) -> bool:
    try:
        await api.sign_in(name, password)
    except Refused:
        return False
    return True
