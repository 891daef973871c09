"""Signing in, staying signed in, signing out; the keys that tokens are checked with."""

from typing import Any

from fastapi import APIRouter, Response, status

from services.directory import actions, store
from services.directory.permissions import may
from services.directory.routes.doors import Issuer, Wide, WideTx
from services.directory.routes.views.sign_in import Code, Credentials, RefreshToken, TokensView
from shared.patience import Address

__all__ = ["router"]

router = APIRouter(dependencies=[may.anybody()])


@router.post("/sign-in")
async def sign_in(
    credentials: Credentials, wide: Wide, address: Address, issuer: Issuer, response: Response
) -> TokensView:
    """Sign in with a login name and a password."""
    tokens = await actions.sign_in(
        wide,
        login_name=credentials.login_name,
        password=credentials.password.get_secret_value(),
        address=address,
        issuer=issuer,
    )
    return _unstored(response, tokens)


@router.post("/sign-in/invitation")
async def sign_in_by_invitation(
    invitation: Code, tx: WideTx, address: Address, issuer: Issuer, response: Response
) -> TokensView:
    """Sign in with the one-time code of a printed slip."""
    tokens = await actions.sign_in_by_invitation(
        tx, code=invitation.code, address=address, issuer=issuer
    )
    return _unstored(response, tokens)


@router.post("/refresh")
async def refresh(old: RefreshToken, tx: WideTx, issuer: Issuer, response: Response) -> TokensView:
    """New tokens; the old refresh token is used up, and using it again ends the sign-in."""
    token = old.refresh_token.get_secret_value()
    tokens = await actions.refresh(tx, refresh_token=token, issuer=issuer)
    return _unstored(response, tokens)


@router.post("/sign-out", status_code=status.HTTP_204_NO_CONTENT)
async def sign_out(old: RefreshToken, tx: WideTx) -> None:
    """End this sign-in; access tokens end by themselves within ten minutes."""
    await actions.sign_out(tx, refresh_token=old.refresh_token.get_secret_value())


@router.get("/jwks.json")
async def get_keys(tx: WideTx) -> dict[str, list[dict[str, Any]]]:
    """The public keys (RFC 7517), for platforms that check our tokens."""
    return {"keys": [dict(one.public_key) for one in await store.public_keys(tx)]}


def _unstored(response: Response, tokens: actions.Tokens) -> TokensView:
    """Tokens stay out of every cache (RFC 6749 §5.1)."""
    response.headers["cache-control"] = "no-store"
    return TokensView.of(tokens)
