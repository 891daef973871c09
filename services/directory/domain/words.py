"""The Chinese words of a file, beside the codes that the glossary (`DOMAIN.md` §5) has for them."""

from collections.abc import Mapping
from typing import Final

PLACE_TITLES: Final[Mapping[str, str]] = {
    "编码": "code",
    "上级编码": "parent_code",
    "类型": "kind",
    "名称": "title",
    "小区类型": "compound_type",
    "边界": "boundary",
}
PEOPLE_TITLES: Final[Mapping[str, str]] = {
    "姓名": "name",
    "电话": "phone",
    "角色": "roles",
    "地点编码": "place_code",
    "单位编码": "organisation_codes",
    "语言": "language",
    "登录名": "login_name",
    "发邀请码": "invite",
}
KIND_WORDS: Final[Mapping[str, str]] = {
    "网格": "grid",
    "微网格": "micro_grid",
    "小区": "compound",
    "楼栋": "building",
    "单元": "entrance",
    "户": "household",
}
COMPOUND_WORDS: Final[Mapping[str, str]] = {
    "单位自建小区": "unit_built",
    "三无小区": "unmanaged",
    "物业小区": "serviced",
    "自建房": "private_built",
}
ROLE_WORDS: Final[Mapping[str, str]] = {
    "居民": "resident",
    "志愿者": "volunteer",
    "单位成员": "organisation_member",
    "网格员": "grid_worker",
    "家长": "micro_grid_head",
    "红色物业管家": "property_steward",
    "社区工作人员": "community_staff",
    "积分审批人": "points_approver",
    "街道工作人员": "subdistrict_staff",
    "系统对接": "integrator",
}
LANGUAGE_WORDS: Final[Mapping[str, str]] = {"中文": "zh-CN", "英文": "en"}
INVITE_WORDS: Final[Mapping[str, str]] = {"是": "yes", "否": "no"}
