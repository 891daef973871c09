"""The demo community that `jinlin up --demo` loads at its first start."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console

from deploy.demo.api import Api, Session
from deploy.demo.wenhua import PEOPLE_COLUMNS
from deploy.local.data_folder import kept_secret, private_folder
from deploy.local.platform import RunningPlatform

__all__ = ["COMMUNITY", "demo_community"]

COMMUNITY: Final = "demo"
PEOPLE: Final = {
    "staff": ("社区工作人员 小文", "community_staff", ""),
    "gridworker": ("网格员 小华", "grid_worker", ""),
    "resident": ("居民 老王", "resident", ""),
    "volunteer": ("志愿者 小李", "volunteer;resident", ""),
    "unit": ("驻区单位 联络员", "organisation_member", "U1"),
}
PLACES: Final = """code,parent_code,kind,title,compound_type
G1,,grid,第一网格,
C1,G1,compound,文化路1号院,unmanaged
C2,G1,compound,文化路2号院,serviced
B1,C1,building,1栋,
B2,C1,building,2栋,
B3,C2,building,3栋,
"""


async def demo_community(platform: RunningPlatform, console: Console) -> Mapping[str, str]:
    """The sign-ins of the demo community; at the first start it is made through the public API."""
    secrets = private_folder(platform.folder / "secrets")
    sign_ins = {name: kept_secret(secrets / name) for name in PEOPLE}
    async with Api(platform.origin) as api:
        operator = await api.sign_in(platform.operator_name, platform.operator_password)
        known = await operator.get("/directory/communities")
        if COMMUNITY not in {one["slug"] for one in known["items"]}:
            console.print("Loading the demo community …")
            await _load(api, operator, sign_ins)
    return sign_ins


async def _load(api: Api, operator: Session, sign_ins: Mapping[str, str]) -> None:
    """Places, an organisation and five people, each of whom chooses the kept password."""
    where = f"/directory/{COMMUNITY}"
    await operator.post(
        "/directory/communities", {"slug": COMMUNITY, "title": "演示社区", "prefix": "YS"}
    )
    await operator.post_csv(f"{where}/places/import", PLACES)
    unit = {"kind": "resident_unit", "title": "驻区单位一", "code": "U1"}
    await operator.post(f"{where}/organisations", unit)
    rows = [
        f"{title},,{roles},B1,{units},zh-CN,{name},yes"
        for name, (title, roles, units) in PEOPLE.items()
    ]
    imported = await operator.post_csv(f"{where}/people/import", "\n".join([PEOPLE_COLUMNS, *rows]))
    for invitation in imported["invitations"]:
        name = list(PEOPLE)[int(invitation["row"]) - 2]  # row 1 is the header
        person = await api.accept_invitation(invitation["code"])
        await person.post("/directory/me/password", {"new": sign_ins[name]})
