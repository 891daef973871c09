"""Words of the neighbourhood as people read them (`DOMAIN.md` §5)."""

from collections.abc import Callable, Iterable
from typing import Final

from services.console.pages.texts import N_

__all__ = ["COMPOUND_TYPES", "HEALTH", "PLACE_KINDS", "ROLES", "SERVICES", "STATUS", "roles"]

SERVICES: Final = {
    "directory": N_("登录与名册"),
    "requests": N_("诉求"),
    "volunteers": N_("志愿服务"),
    "points": N_("积分"),
    "notify": N_("通知"),
}
HEALTH: Final = {
    "well": N_("正常"),
    "failing": N_("有故障"),
    "unavailable": N_("不可用"),
}
ROLES: Final = {
    "resident": N_("居民"),
    "volunteer": N_("志愿者"),
    "organisation_member": N_("单位成员"),
    "grid_worker": N_("网格员"),
    "micro_grid_head": N_("微网格家长"),
    "property_steward": N_("红色物业管家"),
    "community_staff": N_("社区工作人员"),
    "points_approver": N_("积分审批人"),
    "subdistrict_staff": N_("街道工作人员"),
    "operator": N_("平台管理员"),
    "auditor": N_("审计员"),
    "integrator": N_("接口对接方"),
}
STATUS: Final = {
    "submitted": N_("待受理"),
    "registered": N_("已立案"),
    "rejected": N_("不予受理"),
    "listed": N_("待接单"),
    "dispatched": N_("已派单"),
    "accepted": N_("已接单"),
    "in_progress": N_("处理中"),
    "resolved": N_("待核查"),
    "closed": N_("已结案"),
    "cancelled": N_("已撤单"),
}
PLACE_KINDS: Final = {
    "community": N_("社区"),
    "grid": N_("网格"),
    "micro_grid": N_("微网格"),
    "compound": N_("小区"),
    "building": N_("楼栋"),
    "entrance": N_("单元"),
    "household": N_("户"),
}
COMPOUND_TYPES: Final = {
    "unit_built": N_("单位自建小区"),
    "unmanaged": N_("三无小区"),
    "serviced": N_("物业小区"),
    "private_built": N_("自建房"),
}


def roles(names: Iterable[str], gettext: Callable[[str], str]) -> str:
    """Roles in one line, in the order of the table above; one that is not in it as it is."""
    order = list(ROLES)
    ranked = sorted(names, key=lambda name: order.index(name) if name in ROLES else len(order))
    return gettext(N_("、")).join(gettext(ROLES.get(name, name)) for name in ranked)
