"""The benchmark does the work that it measures; how fast, no test asks."""

from pathlib import Path

import asyncpg
import pytest

from tests.benchmarks import measure
from tests.benchmarks.floor import Floor
from tests.benchmarks.measure import Broken
from tests.benchmarks.ours import Ours


async def test_a_round_of_ours_and_the_floor_keeps_the_invariants(tmp_path: Path) -> None:
    async with measure.site(tmp_path) as site:
        for way in (Floor(), Ours()):
            await way.prepare(site)
            one = await measure.play(way, site, closes=24, paced_seconds=0.5)
            assert len(one.latencies) == 20
            assert min(one.latencies) > 0
            assert one.cpu_milliseconds["services"] > 0
            ledger = await asyncpg.connect(way.tables["points"])
            await ledger.execute("UPDATE account SET balance = balance + 1 WHERE shard = 0")
            await ledger.close()
            with pytest.raises(Broken, match="sum"):
                await measure.require_invariants(way)
