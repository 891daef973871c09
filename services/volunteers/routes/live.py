"""Tasks, live."""

from services.volunteers.permissions import may
from services.volunteers.routes.views import eyes_of
from shared import live_routes
from shared.identity import Caller
from shared.live import Reader

__all__ = ["router"]


def _reader_of(viewer: Caller, community: str) -> Reader:
    eyes = eyes_of(viewer, community)
    return Reader(
        viewer.person_id,
        community,
        sees_all=eyes.sees_all,
        organisation_ids=viewer.organisations_in(community),
        reads_list=eyes.may_take,
    )


router = live_routes.router(
    may("see tasks"),
    _reader_of,
    summary="Which tasks change (`changed`): all for staff, for others those they hold, are"
    " offered or have asked. Whoever may take tasks hears without an id of other changes that may"
    " concern the list of open ones.",
)
