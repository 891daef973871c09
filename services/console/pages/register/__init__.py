"""The pages of the register (名册): who belongs to the community, its places, and their map."""

from fastapi import APIRouter, Depends, Response

from services.console.pages.access import SignedIn, only
from services.console.pages.parts.navigation import REGISTER
from services.console.pages.register import (
    home,
    imports,
    map,  # noqa: A004
    membership,
    name,
    new_person,
    organisations,
    people,
    person,
    place_forms,
    places,
    service_phone,
    volunteer,
    volunteers,
)

__all__ = ["router"]

router = APIRouter(prefix="/in/{community}/register", dependencies=[Depends(only(REGISTER))])
for screens in (
    map,
    imports,
    people,
    new_person,  # before any person
    person,
    membership,
    name,
    home,
    volunteer,
    volunteers,
    places,
    place_forms,
    service_phone,
    organisations,
):
    router.include_router(screens.router)


@router.get("")
async def first(visitor: SignedIn) -> Response:
    """The register begins with its people."""
    return visitor.go_on(f"/in/{visitor.community}/register/people")
