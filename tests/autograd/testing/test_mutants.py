"""The test of the tests: no mistake in a partial, and no broken engine, survives the shipped checkers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograd.core.primitive import TABLE
from tests.benchmarks.kill_table import BROKEN, is_engine_found
from tests.mutants import KINDS, SIGN, Mutant, all_mutants, is_found_by_check_op, is_found_by_gradcheck
from tests.thorough import ALL

STRIDE = 1 if ALL else 4  # the default suite takes every fourth


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    """All but those that may be as they are."""
    return [mutant for mutant in all_mutants()[0] if not mutant.allowed]


def survivors(is_found: Callable[[Mutant], bool], mutants: list[Mutant]) -> list[str]:
    return [str(mutant) for mutant in mutants if not is_found(mutant)]


def test_every_op_has_mutants_of_its_own_and_every_kind_is_made(mutants: list[Mutant]) -> None:
    assert {mutant.op.name for mutant in mutants} == set(TABLE)
    assert {mutant.kind for mutant in mutants} == set(KINDS)
    assert len(mutants) > 400


def test_a_flipped_sign_anywhere_in_the_table_is_found_on_the_first_example_and_its_op_named(
    mutants: list[Mutant],
) -> None:
    assert survivors(is_found_by_gradcheck, [m for m in mutants if m.kind == SIGN]) == []


def test_no_other_mistake_survives_gradcheck(mutants: list[Mutant]) -> None:
    assert survivors(is_found_by_gradcheck, [m for m in mutants if m.kind != SIGN][::STRIDE]) == []


def test_no_mistake_survives_check_op(mutants: list[Mutant]) -> None:
    assert survivors(is_found_by_check_op, mutants[::STRIDE]) == []


@pytest.mark.parametrize("name", BROKEN)
def test_no_broken_engine_survives(name: str) -> None:
    assert is_engine_found(name)
