"""Words of the neighbourhood as people read them (`DOMAIN.md` §5)."""

from collections.abc import Callable, Iterable
from typing import Final

from services.console.pages.texts import N_

__all__ = [
    "HEALTH",
    "ROLES",
    "SATISFACTION",
    "SERVICES",
    "STATUS",
    "STEPS",
    "UNKNOWN_STEP",
    "roles",
]

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
STEPS: Final = {
    "submitted": N_("已提交"),
    "registered": N_("社区已受理"),
    "rejected": N_("社区不予受理"),
    "listed": N_("已公开找人办理"),
    "dispatched": N_("已派给办理人"),
    "claimed": N_("已有人接单"),
    "declined": N_("接单人退单，重新安排"),
    "started": N_("办理人已动手"),
    "completed": N_("办理人已办完"),
    "resolved": N_("已当场办好"),
    "verified": N_("社区已核查"),
    "reworked": N_("没解决，退回重办"),
    "closed": N_("已结案"),
    "rated": N_("已评价"),
    "reopened": N_("又没解决，重新办理"),
    "cancelled": N_("已撤回"),
    "slip_printed": N_("打印了纸质回执"),
}
"""The kinds of steps in the history of a request."""

UNKNOWN_STEP: Final = N_("有新进展")
"""Said of a step that a newer service tells of."""

SATISFACTION: Final = {
    "5": N_("非常满意"),
    "4": N_("满意"),
    "3": N_("一般"),
    "2": N_("不满意"),
    "1": N_("非常不满意"),
}


def roles(names: Iterable[str], gettext: Callable[[str], str]) -> str:
    """Roles in one line, in the order of the table above; one that is not in it as it is."""
    order = list(ROLES)
    ranked = sorted(names, key=lambda name: order.index(name) if name in ROLES else len(order))
    return gettext(N_("、")).join(gettext(ROLES.get(name, name)) for name in ranked)
