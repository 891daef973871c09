"""The folder that holds all data of one Jinlin, and the lock that keeps a second one out."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Generator
from pathlib import Path

from deploy.foreseen import Foreseen


class FolderInUse(Foreseen):
    """Another Jinlin works in this data folder; the message is a sentence for the operator."""


@contextlib.contextmanager
def locked_data_folder(path: Path) -> Generator[Path]:
    """Make the folder (mode 0700) if it is missing, and hold its lock while inside.

    Yields the absolute path, symbolic links resolved. The lock dies with this process, even by
    kill -9: it is a `flock` on the file `lock`, and no server that we start inherits it.

    Raises:
        FolderInUse: another process holds the lock; names its pid.
    """
    folder = path.expanduser().resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(lock, folder)
        yield folder
    finally:
        # The file stays: whoever removed it could remove the one that another has just locked.
        os.close(lock)


def private_folder(path: Path) -> Path:
    """Make the folder `path`, readable by its owner only, unless it is there."""
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def new_password() -> str:
    """A random password of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(32)


def kept_secret(path: Path, make: Callable[[], str] = new_password) -> str:
    """Return the random secret kept in the file `path` (mode 0600), made on first use.

    It is on the disk before it is returned: a database may outlive a power cut, and so must the
    secret that opens it.
    """
    if not path.exists():
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        write_private(draft, make())
        draft.rename(path)
        sync_folder(path.parent)
    return path.read_text()


def write_private(path: Path, text: str) -> None:
    """Write `text` to the file `path`, readable by its owner only, and sync it to the disk.

    Refuses to write through a symbolic link: the folder may belong to the server's account.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, 0o600)

    with open(path, "wb", opener=opener) as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Sync the names in the folder `path` to the disk: a rename in it is then durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # Empty for the instant between another's lock and its pid.
        holder = os.pread(lock, 20, 0).decode() or "unknown"
        raise FolderInUse(
            f"The data folder {folder} is in use by another Jinlin (pid {holder}). "
            "Stop that one first, or choose another folder."
        ) from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
