"""`jinlin demo`: one JSON object for programs, and nothing left behind (its figures: `e2e`)."""

import csv
import io
import json
import tempfile
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from deploy.demo import run
from deploy.demo.api import Api
from deploy.demo.figures import Figures, Takers, Waits
from deploy.demo.wenhua import stage
from tests.support.jinlin import ENVIRONMENT, jinlin, working_in

KEYS = {
    *("submitted", "listed", "accepted", "still_listed", "take_up_rate", "takers", "closed"),
    *("awards", "points_issued", "notices", "close_to_award_ms", "close_to_notice_ms", "seconds"),
}


async def test_it_prints_one_object_with_the_promised_keys(monkeypatch, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="jinlin-test-") as temporary:
        monkeypatch.setitem(ENVIRONMENT, "TMPDIR", temporary)
        answer = await jinlin("demo", "--json", "--data", tmp_path)
        assert answer.code == 0, answer.err
        assert list(Path(temporary).iterdir()) == []
        assert working_in(Path(temporary)) == []
    [line] = answer.out.splitlines()
    figures = json.loads(line)
    assert figures.keys() == KEYS
    assert figures["takers"].keys() == {"organisations", "people"}
    for waits in ("close_to_award_ms", "close_to_notice_ms"):
        assert figures[waits].keys() == {"p50", "p99"}
    assert 0 < figures["take_up_rate"] < 1


def test_the_table_fits_a_terminal_of_80_columns() -> None:
    waits = Waits(12345.6, 12345.6)
    figures = Figures(
        "wenhua-01234567",
        150,
        150,
        112,
        38,
        Takers(10, 82),
        112,
        112,
        1456,
        112,
        waits,
        waits,
        35.9,
    )
    console = Console(width=80, color_system=None)
    with console.capture() as printed:
        console.print(figures.as_table())
    lines = printed.get().splitlines()
    assert len(lines) == 14 + 6  # no row is broken in two: title, head, rules, footnote
    assert "…" not in printed.get()
    assert lines[-1].startswith("* How many of them")


async def test_what_never_comes_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WAIT_SECONDS", 0)

    async def one() -> list[int]:
        return [1]

    async with Api("http://127.0.0.1:1") as api:
        with pytest.raises(run.NeverCame, match="in vain for awards: 1 of 2 are there"):
            await run.Run(api, lambda *_: None).until("awards", 2, one)


def test_every_grid_worker_works_in_a_grid_of_their_own() -> None:
    played = stage(Random(7), "wh")
    people = list(csv.DictReader(io.StringIO(played.people)))
    places = {one["code"]: one["kind"] for one in csv.DictReader(io.StringIO(played.places))}
    work = [one["place_code"] for one in people if one["roles"] == "grid_worker"]
    assert [places[one] for one in work] == ["grid"] * len(played.cast.grid_workers)
    assert len({*work}) == len(work)
