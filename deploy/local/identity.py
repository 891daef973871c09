"""As whom PostgreSQL runs: it refuses root, and its initdb refuses a uid without a name."""

import os
import pwd
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local import binaries, launch
from deploy.local.processes import Identity, ServerFailed

# Runs `postgres --version` from an installation as somebody; returns the exit code.
type Probe = Callable[[Identity, Path], Awaitable[int]]

_ACCOUNTS = ("postgres", "nobody")
# Only root writes there, and it can be lost: it holds copies of programs, no data.
_CACHE = Path("/var/cache/jinlin")


@dataclass(frozen=True)
class Runner:
    """Who runs PostgreSQL, and from which installation (folder of `bin`, `lib`, `share`)."""

    identity: Identity
    install: Path


def identities(home: Path) -> list[Identity]:
    """Return who might run a PostgreSQL whose files lie in `home`, the best first.

    An ordinary user runs it as himself. Root, and a uid without a name, runs it in a user
    namespace, where the files keep their owner; root can also run it as another account, to
    which the files are then given. Whoever owns the files already goes on with them.
    """
    uid = os.geteuid()
    owner = home.stat()
    if uid != 0 and _has_name(uid):
        return [Identity()]
    if uid == 0 and owner.st_uid != 0:
        return [Identity("account", owner.st_uid, owner.st_gid)]
    account = _account()
    in_namespace = Identity("namespace", account.pw_uid, account.pw_gid)
    as_account = Identity("account", account.pw_uid, account.pw_gid)
    return [in_namespace, as_account] if uid == 0 else [in_namespace]


async def choose_runner(candidates: Sequence[Identity], probe: Probe) -> Runner:
    """Return the first candidate who can execute PostgreSQL, from a copy if need be.

    Raises:
        ServerFailed: none can.
    """
    install = binaries.postgres_install()
    for identity in candidates:
        if identity.kind == "same":
            return Runner(identity, install)
        code = await probe(identity, install)
        if code == launch.NOT_EXECUTABLE and os.geteuid() == 0:
            # Below a folder that is closed to this identity, such as root's own home.
            install = binaries.copied_install(install, _CACHE)
            code = await probe(identity, install)
        if code == 0:
            return Runner(identity, install)
    raise ServerFailed(
        "PostgreSQL refuses to run as root or as a uid without a name, and this machine allows "
        "neither a user namespace nor a change of account. Start Jinlin as a user with a name."
    )


def hand_over(path: Path, identity: Identity) -> None:
    """Give `path` and all below it to the identity, if that is another account.

    `path` itself comes last: whoever is interrupted does it all again.
    """
    if identity.kind != "account" or path.stat().st_uid == identity.uid:
        return
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, identity.uid, identity.gid, follow_symlinks=False)
    os.chown(path, identity.uid, identity.gid, follow_symlinks=False)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _account() -> pwd.struct_passwd:
    for name in _ACCOUNTS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise ServerFailed(f"None of these accounts exists on this machine: {', '.join(_ACCOUNTS)}")
