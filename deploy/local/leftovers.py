"""Servers that a killed run has left behind in our data folder: found, and ended.

The parent-death signal ends them by itself, but that takes a moment (PostgreSQL finishes a
checkpoint), and is not sent where we are not on Linux or were frozen. Two servers on one folder
would destroy it: call this with the lock of the data folder held, before anything is started.
"""

import logging
import os
import signal
from pathlib import Path

from deploy.local.processes import ServerFailed, Steps, wait_until

log = logging.getLogger(__name__)

_PROCESSES = Path("/proc")


def can_be_seen() -> bool:
    """Whether this machine shows us its processes (Linux does)."""
    return (_PROCESSES / "self" / "cwd").exists()


def running_below(folder: Path, names: frozenset[str]) -> list[int]:
    """Return the pids of processes so named whose working folder is `folder` or lies below it.

    A pid file is no proof: its number may belong to another process by now. Folder and name
    are read from the process itself. Empty where `can_be_seen` is false.
    """
    return [pid for pid in _pids() if _works_below(pid, folder.resolve(), names)]


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


def _pids() -> list[int]:
    if not can_be_seen():
        return []
    return [int(entry.name) for entry in _PROCESSES.iterdir() if entry.name.isdecimal()]


def _works_below(pid: int, folder: Path, names: frozenset[str]) -> bool:
    process = _PROCESSES / str(pid)
    try:
        name = (process / "comm").read_text().strip()
        return name in names and (process / "cwd").readlink().is_relative_to(folder)
    except OSError:  # it has ended, or is not ours to look at
        return False


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
