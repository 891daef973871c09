"""`make chaos-mutants` runs them; here is only what must not be forgotten."""

import pytest

from tests.chaos.launch import TAKEN_OUT
from tests.chaos.mutants import MUTANTS, Mutant
from tests.chaos.schedule import TARGETS


def test_every_defence_that_can_be_taken_out_is_tried() -> None:
    assert {one.name for one in MUTANTS} == TAKEN_OUT.keys()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_its_fault_is_one_that_strikes_anyway(mutant: Mutant) -> None:
    assert mutant.target in TARGETS[mutant.kind]
