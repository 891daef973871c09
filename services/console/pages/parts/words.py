"""Words of the neighbourhood as people read them (`DOMAIN.md` §5)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from services.console.pages.texts import N_

__all__ = [
    "COMPOUND_TYPES",
    "HEALTH",
    "NEAR",
    "NEXT",
    "ORGANISATION_KINDS",
    "PLACE_KINDS",
    "ROLES",
    "SERVICES",
    "STARS",
    "STATUS",
    "STEPS",
    "WHOM",
    "options",
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
    "registered": N_("已受理"),
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
ORGANISATION_KINDS: Final = {
    "resident_unit": N_("驻区单位"),
    "owners_committee": N_("业委会"),
    "self_mgmt_committee": N_("自管委"),
    "affinity_branch": N_("四缘支部"),
    "other": N_("其他单位"),
}
COMPOUND_TYPES: Final = {
    "unit_built": N_("单位自建小区"),
    "unmanaged": N_("三无小区"),
    "serviced": N_("物业小区"),
    "private_built": N_("自建房"),
}

NEXT: Final = {
    "submitted": N_("社区会尽快受理，有进展会告诉您。"),
    "registered": N_("社区已经记下，正在安排人来办。"),
    "rejected": N_("社区没有受理，原因写在下面的经过里。"),
    "listed": N_("已经发布出去，等邻居或单位来接。"),
    "dispatched": N_("已经派给人了，等对方接单。"),
    "accepted": N_("已经有人接单，会安排时间来办。"),
    "in_progress": N_("正在办，办好后请您确认。"),
    "resolved": N_("对方说办好了，请您看看解决了没有。"),
    "closed": N_("已经办结。"),
    "cancelled": N_("已经撤回，不再办理。"),
}
"""What comes next, for whoever asked."""

STEPS: Final = {
    "submitted": N_("提交诉求"),
    "registered": N_("社区受理"),
    "rejected": N_("不予受理"),
    "listed": N_("发布到需求清单"),
    "dispatched": N_("派单"),
    "claimed": N_("接单"),
    "declined": N_("退单"),
    "started": N_("开始办理"),
    "completed": N_("报告办好了"),
    "resolved": N_("当场办好"),
    "verified": N_("核查通过"),
    "reworked": N_("没解决，请办理人再办"),
    "closed": N_("结案"),
    "timeout": N_("没有收到确认，自动结案"),
    "rated": N_("评价"),
    "reopened": N_("没解决，重新打开"),
    "cancelled": N_("撤单"),
    "slip_printed": N_("打印了回执"),
    "noted": N_("内部备注"),
}
"""The lines of a history; `timeout`: a close that is nobody's."""

STARS: Final = {
    "5": N_("非常满意"),
    "4": N_("满意"),
    "3": N_("一般"),
    "2": N_("不满意"),
    "1": N_("非常不满意"),
}
"""How it went; the best first."""

NEAR: Final = {
    "building": N_("同一栋楼"),
    "compound": N_("同一小区"),
    "micro_grid": N_("同一微网格"),
    "grid": N_("同一网格"),
}
"""How near a task is: the kind of place that holds it and one's home."""

WHOM: Final = {
    "me": N_("我自己"),
    "family": N_("替家人报"),
    "other": N_("替别人报"),
}
"""For whom somebody asks."""


def options(words: Mapping[str, str], gettext: Callable[[str], str]) -> list[tuple[str, str]]:
    """Values and words for `form.choice` and `form.pick`, in the order of the table."""
    return [(value, gettext(word)) for value, word in words.items()]


def roles(names: Iterable[str], gettext: Callable[[str], str]) -> str:
    """Roles in one line, in the order of the table above; one that is not in it as it is."""
    order = list(ROLES)
    ranked = sorted(names, key=lambda name: order.index(name) if name in ROLES else len(order))
    return gettext(N_("、")).join(gettext(ROLES.get(name, name)) for name in ranked)
