"""What the pages say: Chinese in the code and the templates, English here.

Shaped as gettext is: `_("…")` looks a sentence up, `N_("…")` marks one that is looked up later.
"""

from collections.abc import Callable, Mapping
from typing import Final

__all__ = [
    "ENGLISH",
    "HEALTH",
    "NOT_OURS",
    "NO_SIGN_IN",
    "N_",
    "ROLES",
    "SERVICES",
    "chosen",
    "translator",
]

CHINESE_TAG: Final = "zh-CN"
ENGLISH_TAG: Final = "en"


def N_(sentence: str) -> str:  # noqa: N802 - gettext's name for it
    """Mark a sentence for the catalogue."""
    return sentence


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
NO_SIGN_IN: Final = N_("现在无法登录：登录服务不可用。请过几分钟再试；有急事请直接打电话给社区。")
NOT_OURS: Final = N_(
    "页面已过期，刚才的操作没有执行。请再试一次；如果还不行，请允许浏览器使用 Cookie。"
)

ENGLISH: Final[Mapping[str, str]] = {
    "近邻": "Jinlin",
    "跳到正文": "Skip to the content",
    "语言": "Language",
    "首页": "Home",
    "回到首页": "Back to the first page",
    "出错了": "Something went wrong",
    # signing in
    "登录": "Sign in",
    "登录名": "Login name",
    "密码": "Password",
    "没有密码或忘记密码？请联系社区工作人员。": (
        "No password, or forgotten? Please ask the community's staff."
    ),
    "请填写登录名。": "Please enter your login name.",
    "请填写密码。": "Please enter your password.",
    "登录名或密码不对，请检查后再试。": (
        "The login name or the password is wrong. Please check both and try again."
    ),
    "尝试次数过多，请在 %(seconds)s 秒后再试。": (
        "Too many attempts. Please try again in %(seconds)s s."
    ),
    "尝试次数过多，请在 %(minutes)s 分钟后再试。": (
        "Too many attempts. Please try again in %(minutes)s min."
    ),
    NO_SIGN_IN: (
        "Nobody can sign in now: the sign-in service is unavailable. Please try again in a few "
        "minutes; if it is urgent, phone the community."
    ),
    NOT_OURS: (
        "The page was too old, and nothing was done. Please try once more; if it fails again, "
        "let the browser use cookies."
    ),
    # signed in
    "退出登录": "Sign out",
    "您已登录": "You are signed in",
    "姓名": "Name",
    "编号": "Id",
    "平台角色": "Roles on the platform",
    "所在社区": "Your communities",
    "您还不属于任何社区。请联系社区工作人员。": (
        "You do not belong to a community yet. Please ask the community's staff."
    ),
    "您已登录，但登录服务暂时不可用，看不到您的信息。请过几分钟刷新本页。": (
        "You are signed in, but the sign-in service is unavailable and cannot say who you are. "
        "Please reload this page in a few minutes."
    ),
    "、": ", ",
    # health
    "各项服务": "Services",
    "登录与名册": "Sign-in and directory",
    "诉求": "Requests",
    "志愿服务": "Volunteering",
    "积分": "Points",
    "通知": "Notices",
    "正常": "Working",
    "有故障": "Partly failing",
    "不可用": "Unavailable",
    # roles
    "居民": "resident",
    "志愿者": "volunteer",
    "单位成员": "member of an organisation",
    "网格员": "grid worker",
    "微网格家长": "head of a micro-grid",
    "红色物业管家": "property steward",
    "社区工作人员": "community staff",
    "积分审批人": "points approver",
    "街道工作人员": "subdistrict staff",
    "平台管理员": "operator",
    "审计员": "auditor",
    "接口对接方": "integrator",
    # errors
    "没有这个页面。请检查网址，或回到首页。": (
        "There is no such page. Check the address, or go back to the first page."
    ),
    "这个网址不能这样打开。请回到首页。": (
        "This address cannot be opened like that. Go back to the first page."
    ),
    "提交的内容太大。请减少内容后再试。": "What was sent is too large. Send less, then try again.",
    "出错了。请稍后再试；如果还不行，请告诉社区工作人员。": (
        "Something went wrong. Please try again later; if it fails again, tell the community's "
        "staff."
    ),
    "浏览器提交的内容无法识别。请回到首页再试。": (
        "What the browser sent was not understood. Go back to the first page and try again."
    ),
}


def translator(language: str) -> Callable[[str], str]:
    """The `_` of a language."""
    if language == ENGLISH_TAG:
        return lambda sentence: ENGLISH.get(sentence, sentence)
    return lambda sentence: sentence


def chosen(wanted: str | None, kept: str, accepted: str) -> str:
    """The language of a page: asked for now, else before, else the browser's; else Chinese."""
    for tag in (wanted, kept):
        if tag in {CHINESE_TAG, ENGLISH_TAG}:
            return tag
    return _first_accepted(accepted)


def _first_accepted(accepted: str) -> str:
    """The better liked of our languages in an Accept-Language header."""
    liked: list[tuple[float, str]] = []
    for one in accepted.lower().split(","):
        tag, _, quality = one.partition(";")
        language = tag.strip().partition("-")[0]
        if language in {"zh", "en"}:
            liked.append((_quality(quality), language))
    best, language = max(liked, key=lambda pair: pair[0], default=(0.0, "zh"))
    return ENGLISH_TAG if language == "en" and best > 0 else CHINESE_TAG


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
