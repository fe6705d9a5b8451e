"""The test of the tests: no mistake in a partial, and no broken engine, survives the shipped checkers."""

from __future__ import annotations

import pytest

from autograd.core.primitive import TABLE
from tests.benchmarks.kill_table import BROKEN, is_engine_found
from tests.mutants import KINDS, SIGN, Mutant, all_mutants, is_found_by_check_op, is_found_by_gradcheck
from tests.thorough import ALL

MUTANTS = [mutant for mutant in all_mutants()[0] if not mutant.allowed]
STRIDE = 1 if ALL else 4  # the default suite takes every fourth


def test_every_op_has_mutants_of_its_own_and_every_kind_is_made() -> None:
    assert {mutant.op.name for mutant in MUTANTS} == set(TABLE)
    assert {mutant.kind for mutant in MUTANTS} == set(KINDS)
    assert len(MUTANTS) > 400


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.kind == SIGN], ids=str)
def test_a_flipped_sign_anywhere_in_the_table_is_found_on_the_first_example_and_its_op_named(
    mutant: Mutant,
) -> None:
    assert is_found_by_gradcheck(mutant)


@pytest.mark.parametrize("mutant", [m for m in MUTANTS if m.kind != SIGN][::STRIDE], ids=str)
def test_no_other_mistake_survives_gradcheck(mutant: Mutant) -> None:
    assert is_found_by_gradcheck(mutant)


@pytest.mark.parametrize("mutant", MUTANTS[::STRIDE], ids=str)
def test_no_mistake_survives_check_op(mutant: Mutant) -> None:
    assert is_found_by_check_op(mutant)


@pytest.mark.parametrize("name", BROKEN)
def test_no_broken_engine_survives(name: str) -> None:
    assert is_engine_found(name)
