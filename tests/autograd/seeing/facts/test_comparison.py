"""Another engine beside the right one: where they part, and why."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import (
    Value,
    walk,
)
from autograd.mistakes import Update
from autograd.pure_reverse import upstreams
from autograd.testing import broken
from tests.autograd.seeing.test_walk import computed, shared
from tests.strategies import Recipe, recipes


def drops_the_partial(output: Value) -> Iterator[Update]:
    for update in broken.right(output):
        yield update._replace(after=update.before + 1.0)
        return


def does_nothing(output: Value) -> Iterator[Update]:
    return iter(())


@pytest.mark.parametrize(
    ("engine", "parts_at", "diagnosis"),
    [
        (broken.overwrites, 7, r"h had 9 already\. The engine overwrites it \(=\) where it must add \(\+=\)"),
        (broken.depth_first, 9, "the gradient of h on too early: 1 of its 2 contributions had arrived"),
        (broken.keeps_intermediates, 5, "h starts with 15, left over from an earlier pass"),
        (broken.drops_factor, 7, "sends the partial alone: it leaves out the factor ∂L/∂v₁ = 6"),
        (drops_the_partial, 5, "sends the upstream alone: it leaves out the factor ∂\\(h→L\\) = 9"),
        (does_nothing, 5, "never passes the gradient of L on to h"),
    ],
)
def test_the_first_step_at_which_an_engine_goes_wrong_is_found_and_explained(
    engine: Any, parts_at: int, diagnosis: str
) -> None:
    steps = walk(shared(), beside=engine)
    assert steps.beside is not None
    assert steps.beside.parts_at == parts_at
    assert steps.beside.node == steps[parts_at].node
    assert steps.beside.right == steps[parts_at].after
    assert re.search(diagnosis, steps.beside.diagnosis)
    assert f"≠{f'[{parts_at}]':>5}  {steps[parts_at].line}" in repr(steps)
    assert f"at step {parts_at + 1}, walk[{parts_at}]:" in str(steps.beside)
    assert steps.beside.diagnosis in str(steps.beside)


@given(recipes())
def test_the_right_engine_never_parts(recipe: Recipe) -> None:
    beside = walk(computed(recipe), beside=broken.right).beside
    assert beside is not None
    assert beside.parts_at is None
    assert all(right == found for right, found in beside.gradients.values())


@given(recipes(), st.sampled_from(list(broken.ENGINES)))
def test_an_engine_with_wrong_gradients_always_parts(recipe: Recipe, name: str) -> None:
    y = computed(recipe)
    right, found = upstreams(y), broken.gradients_of(broken.ENGINES[name], y)
    wrong = any(
        not math.isclose(found.get(v, 0.0), right[v], rel_tol=1e-6, abs_tol=1e-6)
        for v in right
        if v.role != "constant"
    )
    beside = walk(y, beside=broken.ENGINES[name]).beside
    assert beside is not None
    assert beside.parts_at is not None or not wrong


def test_an_engine_is_a_function() -> None:
    engine: Any = "overwrites"
    with pytest.raises(TypeError, match="beside is an engine"):
        walk(shared(), beside=engine)


def test_an_engine_is_not_compared_in_forward_mode() -> None:
    with pytest.raises(ValueError, match="give only one"):
        walk(shared(), tangent="y", beside=broken.right)
