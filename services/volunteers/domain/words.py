"""The words for what cannot be done to a task, a volunteer or a team."""

from shared.problems import NotAllowed, NotMet, WrongState


class AlreadyClaimed(WrongState):
    """Every place is taken, or the caller holds one."""

    zh = "该任务已被认领。"
    en = "This task has been claimed already."


class TaskVoid(WrongState):
    """The request was withdrawn, and its task with it."""

    zh = "诉求已撤单，任务已作废。"
    en = "The request was withdrawn; its task is void."


class TaskClosed(WrongState):
    """The request is closed: its task does not change any more."""

    zh = "诉求已结案，任务不能再更改。"
    en = "The request is closed; its task does not change any more."


class NotCheckedIn(WrongState):
    """Work begins by checking in."""

    zh = "请先签到，再完成任务。"
    en = "Check in first, then complete the task."


class NobodyStands(WrongState):
    """Without a taker there is nothing to be content with."""

    zh = "还没有人接单。"
    en = "Nobody has taken this task yet."


class NotOfferedToYou(NotAllowed):
    """The task was dispatched to another taker."""

    zh = "该任务已派给他人。"
    en = "This task is offered to somebody else."


class NotListed(NotAllowed):
    """The task was never on the need list: the community offers it to whom it chooses."""

    zh = "该任务未列入需求清单，由社区派单。"
    en = "This task is not on the need list; the community offers it."


class NotYourOrganisation(NotAllowed):
    """The caller does not act for that organisation."""

    zh = "您不是该单位的成员，不能代表它接单。"
    en = "You do not act for this organisation."


class NotYourTask(NotAllowed):
    """Neither the caller nor an organisation of theirs takes this task."""

    zh = "您没有接这个任务。"
    en = "You have not taken this task."


class OwnRequest(NotAllowed):
    """Nobody takes one's own request (`RELIABILITY.md` §2: points fraud)."""

    zh = "不能承接自己提出或代报的诉求。"
    en = "You may not take a request that you asked or filed."


class EvidenceNeeded(NotMet):
    """The category asks for some words on the work (`DOMAIN.md` §6 rule 4)."""

    zh = "请填写办理说明。"
    en = "This task asks for a note on the work."


class PhotoNeeded(NotMet):
    """The category asks to see the work (`DOMAIN.md` §6 rule 4)."""

    zh = "请先上传办理照片，再提交办结。"
    en = "This task asks for a photo of the work. Add one first, then complete it."


class OnlyOrganisationsSend(NotMet):
    """Whoever takes a task for oneself goes oneself."""

    zh = "以个人名义接单的，由本人前往；以单位名义接单才能指定人员。"
    en = "Whoever takes a task for oneself goes oneself; only an organisation sends somebody."


class ReasonMissing(NotMet):
    """Whoever gives a task back says why."""

    zh = "请填写退单原因。"
    en = "Please say why you give it back."


class AlreadyRegistered(WrongState):
    """A person is a volunteer of the community once."""

    zh = "已登记为志愿者。"
    en = "This person is registered as a volunteer already."
