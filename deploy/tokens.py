"""Sign-ins for people who try the platform by hand."""

from pathlib import Path

from deploy.demo.api import Api
from deploy.where import NotRunning, PlatformSettings, Whereabouts

__all__ = ["operator", "origin_of", "password_of", "token"]

SECRETS = "secrets"


def origin_of(data: Path, at: str | None) -> str:
    """The address of a running platform: the one given, else that in the data folder."""
    origin = at or Whereabouts.find(data).origin
    if origin is None:
        raise NotRunning("Say where the platform is: --at http://…")
    return origin


def password_of(name: str, data: Path) -> str:
    """The password of a sign-in: of the environment's operator, or kept in the data folder.

    Raises NotRunning with what to do when neither knows it.
    """
    settings = PlatformSettings()
    if name == settings.operator_name and settings.operator_password:
        return settings.operator_password
    kept = data / SECRETS / name
    if "/" not in name and kept.is_file():
        return kept.read_text()
    raise NotRunning(
        f"No password for {name} is known here. Set JINLIN_OPERATOR_NAME and "
        "JINLIN_OPERATOR_PASSWORD, or name the data folder with --data."
    )


def operator(data: Path) -> tuple[str, str]:
    """The operator's name and password."""
    name = PlatformSettings().operator_name or "operator"
    return name, password_of(name, data)


async def token(name: str, data: Path, at: str | None) -> str:
    """Sign in by password and give the token."""
    async with Api(origin_of(data, at)) as api:
        return (await api.sign_in(name, password_of(name, data))).token
