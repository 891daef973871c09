"""Oneself."""

from typing import Annotated

from fastapi import APIRouter, Response

from services.directory import actions, store
from services.directory.permissions import may
from services.directory.routes.doors import Issuer, Wide, WideTx
from services.directory.routes.views.people import MeTerms, MeView
from services.directory.routes.views.sign_in import NewPassword, TokensView
from shared.door import Edition
from shared.identity import Caller

__all__ = ["router"]

router = APIRouter(prefix="/me")

Me = Annotated[Caller, may.signed_in()]


@router.get("")
async def get_me(me: Me, tx: WideTx, edition: Edition) -> MeView:
    """Who I am, and what I am where."""
    person = await store.read_person(tx, me.person_id)
    return edition.told(MeView.of(person, await store.standings(tx, me.person_id)))


@router.put("")
async def change_me(terms: MeTerms, me: Me, tx: WideTx, edition: Edition) -> MeView:
    """Change my language or login name."""
    person = await actions.change_me(
        tx,
        me.person_id,
        language=terms.language,
        login_name=terms.login_name,
        expected=edition.expected,
    )
    return edition.told(MeView.of(person, await store.standings(tx, me.person_id)))


@router.post("/password")
async def change_password(
    password: NewPassword, me: Me, wide: Wide, issuer: Issuer, response: Response
) -> TokensView:
    """Set my password; my other sign-ins and open invitations end; these tokens go on."""
    tokens = await actions.change_password(
        wide,
        me.person_id,
        old=password.old.get_secret_value() if password.old else None,
        new=password.new.get_secret_value(),
        issuer=issuer,
    )
    response.headers["cache-control"] = "no-store"
    return TokensView.of(tokens)
