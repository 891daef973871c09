"""Becomes a server: takes its identity, asks to die with its parent, and executes it.

Run as a script of its own (`python -I -S launch.py PARENT SIGNAL IDENTITY COMMAND...`) between
`fork` and the server, because the parent-death signal must be set after the change of uid, which
clears it, and because Python code between fork and exec is not safe in a process with threads.
It imports nothing of ours. The pid stays the same through all of it.

PARENT is the pid of whoever starts us, SIGNAL the number of the signal to die by, IDENTITY
`same:0:0`, or `namespace:UID:GID` (a user namespace in which we are called UID), or
`account:UID:GID` (really become that uid).
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

# Exit codes of ours, which neither PostgreSQL nor NATS use. 126 is the shell's for the same case.
PARENT_GONE = 75
IDENTITY_REFUSED = 71
NOT_EXECUTABLE = 126

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Never returns: becomes the command, or exits with one of the codes above."""
    parent, death_signal, identity, *command = arguments
    try:
        _take_identity(identity)
    except OSError as error:
        _give_up(IDENTITY_REFUSED, f"may not run as {identity}: {error}")
    _die_with(int(parent), int(death_signal))
    # Python ignores these two, and an ignored signal stays ignored in the server.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        os.execv(command[0], command)  # noqa: S606  # the whole purpose
    except OSError as error:
        _give_up(NOT_EXECUTABLE, f"cannot execute {command[0]}: {error}")


def _take_identity(identity: str) -> None:
    kind, uid, gid = identity.split(":")
    if kind == "namespace":
        _enter_namespace(int(uid), int(gid))
    elif kind == "account":
        os.setgroups([])
        os.setresgid(int(gid), int(gid), int(gid))
        os.setresuid(int(uid), int(uid), int(uid))


def _enter_namespace(uid: int, gid: int) -> None:
    """Be called `uid` and `gid` from now on, while files still know us as who we were."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    os.unshare(os.CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def _die_with(parent: int, death_signal: int) -> None:
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, death_signal) != 0:
        _give_up(IDENTITY_REFUSED, f"no parent-death signal: {os.strerror(ctypes.get_errno())}")
    # A parent that died before the call above sends nothing any more.
    if os.getppid() != parent:
        _give_up(PARENT_GONE, "whoever started me is gone")


def _give_up(code: int, why: str) -> None:
    print(f"jinlin: {why}", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
