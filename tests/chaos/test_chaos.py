"""A short campaign: ten faults in the real processes, and nothing broken."""

from tests.chaos.campaign import campaign
from tests.chaos.schedule import schedule

SEED = 3
FAULTS = 10


async def test_ten_faults_break_nothing() -> None:
    report = await campaign(schedule(SEED, FAULTS))
    assert report.violations == []
    assert report.struck == FAULTS
    assert len(report.hits) == FAULTS  # as many kinds
    assert report.closed >= 100
    assert report.journeys > 0
