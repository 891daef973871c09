"""Sign-ins for people who try the platform by hand."""

from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from pydantic_settings import SettingsConfigDict

from deploy.demo.api import Api, Refused, Session
from deploy.foreseen import Foreseen
from deploy.where import NotRunning, PlatformSettings, Whereabouts

__all__ = ["operator", "origin_of", "password_of", "sign_in", "token"]

SECRETS = "secrets"
OPERATOR = "operator"


class _CompositionSettings(PlatformSettings):
    """With what the environment leaves open from `.env`, where Compose finds it too."""

    model_config = SettingsConfigDict(env_file=".env")


class NoAddress(Foreseen):
    """What was given as the address of a platform is none."""


def origin_of(data: Path, at: str | None) -> str:
    """The address of a running platform: the one given, else that in the data folder.

    Raises NoAddress for what is no `http://…` or `https://…`.
    """
    origin = at if at is not None else Whereabouts.find(data).origin
    if origin is None:
        raise NotRunning("Say where the platform is: --at http://…")
    if not _is_address(origin):
        raise NoAddress(f"{origin} is no address: say --at http://127.0.0.1:8000, for example.")
    return origin.rstrip("/")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port out of range, a bracket that is not closed
        return False


def password_of(name: str, data: Path, origin: str) -> str:
    """The password of a sign-in at `origin`: of the operator who is named, or kept in `data`.

    A kept one is for the platform that runs in this data folder, and goes to no other address.
    Raises NotRunning with what to do when neither is known.
    """
    settings = _named(data, origin)
    if name == settings.operator_name and settings.operator_password:
        return settings.operator_password
    kept = data / SECRETS / name
    if origin == Whereabouts.origin_in(data) and "/" not in name and kept.is_file():
        return kept.read_text()
    raise NotRunning(
        f"No password for {name} at {origin} is known here. Set JINLIN_OPERATOR_NAME and "
        "JINLIN_OPERATOR_PASSWORD, or name that platform's own data folder with --data."
    )


def operator(data: Path, origin: str) -> tuple[str, str]:
    """The operator's name and password at `origin`."""
    name = _named(data, origin).operator_name or OPERATOR
    return name, password_of(name, data, origin)


def _named(data: Path, origin: str) -> PlatformSettings:
    """Who is the operator: as the environment says, or the composition's `.env`.

    That file is for the composition, which answers on this machine only, and not for the platform
    in a data folder of ours: it has an operator of its own.
    """
    is_here = urlsplit(origin).hostname in {"127.0.0.1", "localhost", "::1"}
    is_composition = is_here and origin != Whereabouts.origin_in(data)
    return _CompositionSettings() if is_composition else PlatformSettings()


async def sign_in(api: Api, name: str, password: str) -> Session:
    """A session of somebody; that nobody is there, or a wrong password, is one sentence."""
    await api.knock()
    try:
        return await api.sign_in(name, password)
    except Refused as refused:
        if refused.status != HTTPStatus.UNAUTHORIZED:
            raise
        who = "the operator" if name == (PlatformSettings().operator_name or OPERATOR) else name
        raise Refused(
            f"The platform at {api.origin} refused {who}: check JINLIN_OPERATOR_NAME and "
            "JINLIN_OPERATOR_PASSWORD",
            refused.status,
        ) from None


async def token(name: str, data: Path, at: str | None) -> str:
    """Sign in by password and give the token."""
    origin = origin_of(data, at)
    password = password_of(name, data, origin)
    async with Api(origin) as api:
        return (await sign_in(api, name, password)).token
