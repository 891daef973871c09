"""What a process of its own ends with, and what that says of what was sent."""

import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from shared.apart import Apart
from shared.photos import Darkroom, PhotoDamaged, darkroom
from shared.problems import Unavailable
from tests.support.pictures import photo

WITHOUT = "import runpy, sys; sys.modules[{!r}] = None; sys.argv[1:] = ['9', '9', '9']; "


def script(tmp_path: Path, text: str) -> ModuleType:
    """A script of ours that does just that."""
    path = tmp_path / "work.py"
    path.write_text(textwrap.dedent(text))
    module = ModuleType("work")
    module.__file__ = str(path)
    return module


async def test_who_is_killed_is_asked_again_later(tmp_path: Path) -> None:
    killed = script(tmp_path, "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(Unavailable):
        await Apart(killed, within_seconds=60).run(b"")


async def test_another_signal_and_an_exit_are_told(tmp_path: Path) -> None:
    crashed = script(tmp_path, "import os; os.abort()")
    assert (await Apart(crashed, within_seconds=60).run(b""))[0] == -6
    left = script(tmp_path, "import sys; sys.stdout.write('x'); sys.exit(7)")
    assert await Apart(left, within_seconds=60).run(b"") == (7, b"x")


@pytest.mark.parametrize(("missing", "kind"), [("PIL", "JPEG"), ("pillow_heif", "HEIF")])
def test_a_decoder_that_cannot_be_loaded_does_not_make_a_photo_damaged(
    missing: str, kind: str
) -> None:
    run = f"runpy.run_path({darkroom.__file__!r}, run_name='__main__')"
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing) + run], input=photo(kind), check=False
    )
    assert done.returncode == darkroom.NOT_NOW


async def test_not_now_is_no_fault_of_the_photo(tmp_path: Path) -> None:
    unready = script(tmp_path, f"import sys; sys.exit({darkroom.NOT_NOW})")
    room = Darkroom(60)
    room._apart = Apart(unready, within_seconds=60)
    with pytest.raises(Unavailable):
        await room.develop(photo("JPEG"))


async def test_who_reckons_too_long_is_damaged_not_killed(tmp_path: Path) -> None:
    endless = (
        Path(darkroom.__file__)
        .read_text()
        .replace("CPU_SECONDS: Final = 5", "CPU_SECONDS: Final = 1")
    )
    endless = endless.replace("sent = sys.stdin.buffer.read()", "while True: pass")
    room = Darkroom(60)
    room._apart = Apart(script(tmp_path, endless), within_seconds=60)
    with pytest.raises(PhotoDamaged):
        await room.develop(photo("JPEG"))
