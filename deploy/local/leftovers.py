"""Servers that a killed run has left behind in our data folder: found, and ended.

The parent-death signal ends them by itself, but that takes a moment (PostgreSQL finishes a
checkpoint), is not sent outside Linux, and is not heard by a frozen server. Two servers on one
folder would destroy it: call this with the lock of the data folder held, before any is started.
"""

import logging
import os
import signal
from pathlib import Path

from deploy.local.processes import ServerFailed, Steps, wait_until

log = logging.getLogger(__name__)

_PROCESSES = Path("/proc")


def running_below(folder: Path, names: frozenset[str]) -> list[int]:
    """Return the pids of processes so named whose working folder is `folder` or lies below it.

    A pid file is no proof: its number may belong to another process by now. Folder and name
    are read from the process itself. Those that `works_below` cannot tell of are left out.
    """
    if not _PROCESSES.exists():
        return []
    pids = [int(entry.name) for entry in _PROCESSES.iterdir() if entry.name.isdecimal()]
    return [pid for pid in pids if works_below(pid, folder, names)]


def works_below(pid: int, folder: Path, names: frozenset[str]) -> bool | None:
    """Whether that process runs, is so named, and works in or below `folder`.

    None when it cannot be told: not on Linux, or so named but another account's, when we are
    a root without the right to look into processes (in a container).
    """
    if not _PROCESSES.exists():
        return None
    try:
        return _name(pid) in names and _working_folder(pid).is_relative_to(folder.resolve())
    except PermissionError:
        return None
    except OSError:  # it has ended
        return False


async def end_leftovers(folder: Path, names: frozenset[str], steps: Steps) -> None:
    """Return when none of them is left, having sent the signals of `steps`, SIGKILL at last.

    Raises:
        ServerFailed: some do not even die by SIGKILL (stuck in the kernel, or not ours to end).
    """
    left = running_below(folder, names)

    async def none_left() -> bool:
        nonlocal left
        left = running_below(folder, names)
        return not left

    for number, seconds in (*steps, (signal.SIGKILL, 10.0)):
        if not left:
            return
        log.warning("sending %s to a killed run's servers in %s: %s", number.name, folder, left)
        for pid in _heads(left):
            _send(pid, number)
        for pid in left:
            _send(pid, signal.SIGCONT)  # one that was frozen hears nothing until it wakes
        await wait_until(none_left, seconds=seconds)
    if left:
        raise ServerFailed(f"Servers of a killed run in {folder} do not end: pids {left}")


def _name(pid: int) -> str:
    return (_PROCESSES / str(pid) / "comm").read_text().strip()


def _working_folder(pid: int) -> Path:
    return (_PROCESSES / str(pid) / "cwd").readlink()


def _heads(pids: list[int]) -> list[int]:
    """Of those, the ones no other of them has started: PostgreSQL ends its own children."""
    return [pid for pid in pids if _parent(pid) not in pids]


def _parent(pid: int) -> int | None:
    try:
        # "pid (name) state parent …", and a name may hold anything, so start behind it.
        fields = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1])


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
