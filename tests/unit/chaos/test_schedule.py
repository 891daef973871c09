"""The faults of a run come from its seed alone, and a long run lacks none."""

import json
from collections import Counter
from pathlib import Path

import pytest

from deploy.services import SERVICES, consumer_specs
from shared.chaos import Point
from tests.chaos.schedule import TARGETS, WEIGHTS, Fault, Kind, schedule

LONG = 200


@pytest.mark.parametrize("count", [1, 10, LONG])
def test_the_same_seed_gives_the_same_faults(count: int) -> None:
    assert schedule(7, count) == schedule(7, count)
    assert len(schedule(7, count).faults) == count


def test_another_seed_gives_others() -> None:
    assert schedule(7, LONG).faults != schedule(8, LONG).faults


@pytest.mark.parametrize("seed", range(20))
def test_a_long_run_has_every_kind_service_and_crash_point(seed: int) -> None:
    faults = schedule(seed, LONG).faults
    struck = {fault.target for fault in faults if fault.kind is Kind.KILL_SERVICE}
    reached = {fault.target.split()[1] for fault in faults if fault.kind is Kind.CRASH_POINT}
    assert {fault.kind for fault in faults} == set(Kind)
    assert struck == set(SERVICES)
    assert reached == set(Point)


def test_a_short_run_has_as_many_kinds_as_faults() -> None:
    assert len({fault.kind for fault in schedule(3, 10).faults}) == 10


def test_the_rest_follows_the_weights() -> None:
    counts = Counter(fault.kind for seed in range(30) for fault in schedule(seed, LONG).faults)
    assert counts[Kind.KILL_SERVICE] > counts[Kind.CRASH_POINT] > counts[Kind.KILL_NATS]
    assert counts[Kind.KILL_NATS] > counts[Kind.KILL_POSTGRES] > counts[Kind.EXHAUST]


def test_a_plan_can_be_narrowed() -> None:
    kinds = (Kind.DUPLICATE, Kind.REORDER)
    assert {fault.kind for fault in schedule(1, 12, kinds).faults} == set(kinds)


def test_there_is_a_checkpoint_every_25_faults() -> None:
    plan = schedule(1, 60)
    assert [len(one) for one in plan.rounds] == [25, 25, 10]
    assert [fault for one in plan.rounds for fault in one] == list(plan.faults)


def test_a_saved_plan_tells_all_of_it(tmp_path: Path) -> None:
    plan = schedule(5, 40)
    plan.save(tmp_path / "plan.json")
    saved = json.loads((tmp_path / "plan.json").read_text())
    assert saved["seed"] == 5
    assert tuple(Fault(**one) for one in saved["faults"]) == plan.faults


def test_every_kind_has_a_weight_and_targets_that_exist() -> None:
    assert set(WEIGHTS) == set(TARGETS) == set(Kind)
    durables = {one.durable for one in consumer_specs()}
    assert set(TARGETS[Kind.LOSE_CONSUMER]) <= durables
