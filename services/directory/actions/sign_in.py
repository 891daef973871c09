"""Signing in and staying signed in: every use case ends in tokens, or in a refusal."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey

from services.directory import domain, store
from services.directory.actions import secret
from services.directory.domain.sign_in import (
    ACCESS,
    FREE_TRIES_OF_A_NAME,
    FREE_TRIES_OF_AN_ADDRESS,
    REFRESH,
    Claims,
    LoginNameMissing,
    RefreshRefused,
    WrongCode,
    WrongCredentials,
)
from services.directory.store import RefreshToken
from shared import clock, ids
from shared.database import Transaction
from shared.identity import ALGORITHM, AUDIENCE
from shared.outbox import emit
from shared.problems import NotFound, Unavailable, WrongState

__all__ = [
    "Tokens",
    "Transactions",
    "change_password",
    "ensure_issuer_key",
    "ensure_operator",
    "forget_expired",
    "refresh",
    "sign_in",
    "sign_in_by_invitation",
    "sign_out",
]

Transactions = Callable[[], AbstractAsyncContextManager[Transaction]]
"""Opens a transaction over all communities, for use cases that need two short ones."""

_turns: Final = asyncio.Semaphore(max(2, os.cpu_count() or 2))
"""As many passwords at a time as there are cores. Whoever waits holds no connection yet, and their
attempt is not counted yet; so a rush of sign-ins neither starves the others nor looks like one of
guesses."""

EXPIRES_IN_SECONDS: Final = int(ACCESS.total_seconds())


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a sign-in gives: a token for ten minutes, and one to get the next with."""

    person_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int = EXPIRES_IN_SECONDS


async def sign_in(
    transactions: Transactions, *, login_name: str, password: str, address: str, issuer: str
) -> Tokens:
    """Sign in by password. Raises WrongCredentials, TooManyAttempts.

    The password is checked outside any transaction: it takes long, and connections are few.
    """
    async with _turns:
        return await _sign_in(transactions, login_name, password, address=address, issuer=issuer)


async def _sign_in(
    transactions: Transactions, login_name: str, password: str, *, address: str, issuer: str
) -> Tokens:
    name_mark, address_mark = secret.mark("name", login_name), secret.mark("address", address)
    async with transactions() as tx:
        await _require_patience(tx, address_mark, free_tries=FREE_TRIES_OF_AN_ADDRESS)
        attempt = await _begin_attempt(tx, name_mark, address_mark)
        account = await store.credentials(tx, login_name=login_name)
    fits = await secret.verify_password(password, account.password_hash if account else None)
    if account is None or not fits:
        raise WrongCredentials
    async with transactions() as tx:
        present = await store.credentials(tx, person_id=account.person_id, hold=True)
        if present != account:
            raise WrongCredentials  # the password was changed meanwhile
        await store.attempts.forget(tx, attempt, name_mark)
        return await _tokens(tx, account.person_id, issuer=issuer, family=ids.new_id())


async def sign_in_by_invitation(tx: Transaction, *, code: str, address: str, issuer: str) -> Tokens:
    """Sign in with a one-time code; one that resets ends the password and all other sign-ins.

    Raises WrongCode, TooManyAttempts.
    """
    address_mark = secret.mark("address", address)
    await _require_patience(tx, address_mark, free_tries=FREE_TRIES_OF_AN_ADDRESS)
    used = await store.use_invitation(tx, secret.code_hash(code), now=clock.now())
    if used is None:
        await _count_attempt(tx, address_mark)
        raise WrongCode
    if used.resets_password:
        await store.set_password(tx, used.person_id, None)
        await store.revoke_sessions(tx, used.person_id)
    return await _tokens(tx, used.person_id, issuer=issuer, family=ids.new_id())


async def refresh(tx: Transaction, *, refresh_token: str, issuer: str) -> Tokens:
    """New tokens for an old refresh token, which is used up.

    One that comes again was stolen, or its thief came first: its family ends.
    Raises RefreshRefused.
    """
    token_hash = secret.token_hash(refresh_token)
    used = await store.use_refresh_token(tx, token_hash, now=clock.now())
    if used is None:
        await store.revoke_family(tx, token_hash)
        raise RefreshRefused
    return await _tokens(tx, used.person_id, issuer=issuer, family=used.family)


async def sign_out(tx: Transaction, *, refresh_token: str) -> None:
    """End a sign-in; an unknown token is signed out already."""
    await store.revoke_family(tx, secret.token_hash(refresh_token))


async def change_password(
    transactions: Transactions, person_id: UUID, *, old: str | None, new: str, issuer: str
) -> Tokens:
    """Set a password; every other sign-in of the person ends, and so do open invitations.

    Whoever has one must know it. Raises WrongCredentials, TooManyAttempts, LoginNameMissing.
    """
    async with transactions() as tx:
        account = await store.credentials(tx, person_id=person_id)
        if account is None:
            raise NotFound
        if account.login_name is None:
            raise LoginNameMissing
        mark, attempt = secret.mark("name", account.login_name), list[UUID]()
        if account.password_hash is not None:
            attempt = await _begin_attempt(tx, mark)
    async with _turns:
        if account.password_hash is not None and not await secret.verify_password(
            old or "", account.password_hash
        ):
            raise WrongCredentials
        password_hash = await secret.hash_password(new)
    async with transactions() as tx:
        if await store.credentials(tx, person_id=person_id, hold=True) != account:
            raise WrongState  # it was changed meanwhile
        if attempt:
            await store.attempts.forget(tx, attempt, mark)
        await store.set_password(tx, person_id, password_hash)
        await store.revoke_sessions(tx, person_id)
        await store.void_invitations(tx, [person_id])
        return await _tokens(tx, person_id, issuer=issuer, family=ids.new_id())


async def ensure_issuer_key(tx: Transaction) -> None:
    """Make the key that tokens are signed with, at the first start; one replica makes one."""
    await store.lock_keys(tx)
    if await store.issuer_key(tx) is not None:
        return
    now = clock.now()
    made = OKPKey.generate_key("Ed25519", {"kid": secret.new_token()[:16]}, private=True)
    public = {name: str(value) for name, value in made.as_dict(private=False).items()}
    key = domain.PublicKey(str(made.kid), public)
    await store.keep_key(tx, key, dict(made.as_dict(private=True)), now=now)
    await emit(tx, *domain.tell_keys([key], now=now))


async def ensure_operator(tx: Transaction, *, login_name: str, password: str) -> bool:
    """Make the operator's account, or give it the password of the settings.

    False: an ordinary person has that login name, and nothing was done.
    """
    await store.lock_keys(tx)
    account = await store.credentials(tx, login_name=login_name)
    if account is None:
        operator = domain.Person(
            id=ids.new_id(), name=login_name, login_name=login_name, platform_roles=("operator",)
        )
        await store.save_people(tx, [operator])
        await store.set_password(tx, operator.id, await secret.hash_password(password))
        await emit(tx, *domain.tell_people([operator], now=clock.now()))
        return True
    if "operator" not in account.platform_roles:
        return False
    if not await secret.verify_password(password, account.password_hash):
        await store.set_password(tx, account.person_id, await secret.hash_password(password))
        await store.revoke_sessions(tx, account.person_id)
    return True


async def forget_expired(tx: Transaction) -> None:
    """Drop tokens, codes and failures that count no more."""
    await store.forget_expired(tx, now=clock.now())


async def _begin_attempt(tx: Transaction, name_mark: bytes, *marks: bytes) -> list[UUID]:
    """Count an attempt before it is known to fail: parallel ones would all be free otherwise.

    Raises TooManyAttempts.
    """
    await _require_patience(tx, name_mark, free_tries=FREE_TRIES_OF_A_NAME)
    return await _count_attempt(tx, name_mark, *marks)


async def _require_patience(tx: Transaction, mark: bytes, *, free_tries: int) -> None:
    await store.attempts.require_patience(tx, mark, free_tries=free_tries, now=clock.now())


async def _count_attempt(tx: Transaction, *marks: bytes) -> list[UUID]:
    return await store.attempts.count(tx, *marks, now=clock.now())


async def _tokens(tx: Transaction, person_id: UUID, *, issuer: str, family: UUID) -> Tokens:
    """Both tokens, for what the person is now. Raises RefreshRefused, Unavailable."""
    account = await store.credentials(tx, person_id=person_id)
    if account is None:
        raise RefreshRefused
    private_key = await store.issuer_key(tx)
    if private_key is None:
        raise Unavailable  # the first start is under way
    now = clock.now()
    claims = Claims(
        issuer=issuer,
        audience=AUDIENCE,
        person_id=person_id,
        platform_roles=tuple(account.platform_roles),
        standings=tuple(await store.standings(tx, person_id)),
    )
    key = OKPKey.import_key(private_key)
    access_token = jwt.encode(
        {"alg": ALGORITHM, "kid": str(key.kid)}, claims.at(now), key, algorithms=[ALGORITHM]
    )
    refresh_token = secret.new_token()
    await store.keep_refresh_token(
        tx, RefreshToken(secret.token_hash(refresh_token), family, person_id, now + REFRESH)
    )
    return Tokens(person_id, access_token, refresh_token)
