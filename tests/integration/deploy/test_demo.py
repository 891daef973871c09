"""`jinlin demo`: one JSON object for programs, and nothing left behind (its figures: `e2e`)."""

import json
import tempfile
from pathlib import Path

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
