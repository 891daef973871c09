"""In by HTTP: translate, one action, answer."""

from fastapi import APIRouter

from services.directory.routes import (
    communities,
    files,
    grids,
    importing,
    me,
    organisations,
    people,
    places,
    service_phones,
    sign_in,
    titles,
    visits,
)

__all__ = ["router"]

router = APIRouter()
router.include_router(sign_in.router, tags=["sign-in"])
router.include_router(me.router, tags=["sign-in"])
router.include_router(communities.router, tags=["communities"])
router.include_router(importing.router, prefix="/{community}", tags=["import"])
router.include_router(files.router, prefix="/{community}", tags=["import"])
router.include_router(grids.router, prefix="/{community}", tags=["grids"])  # before any place
router.include_router(titles.router, prefix="/{community}", tags=["places"])  # as above
router.include_router(service_phones.router, prefix="/{community}", tags=["places"])  # as above
router.include_router(visits.router, prefix="/{community}", tags=["visits"])
router.include_router(places.router, prefix="/{community}", tags=["places"])
router.include_router(organisations.router, prefix="/{community}", tags=["organisations"])
router.include_router(people.router, prefix="/{community}", tags=["people"])
