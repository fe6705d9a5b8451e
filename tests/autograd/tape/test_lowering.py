"""Each step of lowering on its own: an equal graph, and the simpler one that it promises."""

from __future__ import annotations

import pytest
from hypothesis import given

import autograd
from autograd import Constant, Parameter, Value
from autograd.tape.listing import COMPUTED, CONSTANT, Listing, flatten
from autograd.tape.lowering import (
    behind_branches,
    drop_unneeded,
    fold_constants,
    gather_dots,
    gradient_paths,
    levels,
    lower,
    varying_nodes,
)
from tests.strategies import Recipe, recipes

pytestmark = pytest.mark.usefixtures("executor")


def evaluate(listing: Listing) -> list[float]:
    """The outputs, computed node by node from the leaves."""
    numbers = listing.data.tolist()
    for i, op in enumerate(listing.ops):
        if op is not None:
            numbers[i] = op.evaluate([numbers[j] for j in listing.inputs(i)])[0]
    return [numbers[i] for i in listing.outputs]


def leaves_and_output(recipe: Recipe) -> tuple[list[Value], Value]:
    leaves = [Parameter(x) if i % 2 else Value(x) for i, x in enumerate(recipe.numbers)]
    return leaves, recipe.compute(leaves)


@pytest.mark.parametrize("step", [fold_constants, drop_unneeded, gather_dots, lower])
@given(recipe=recipes(most_steps=12))
def test_a_step_keeps_the_outputs(step: object, recipe: Recipe) -> None:
    leaves, output = leaves_and_output(recipe)
    listing = flatten([output], leaves[::2])
    wanted = evaluate(listing)
    assert evaluate(step(listing)) == pytest.approx(wanted, rel=1e-12, abs=1e-12)  # type: ignore[operator]


def test_what_depends_on_constants_alone_is_folded() -> None:
    x = Value(2.0)
    listing = drop_unneeded(fold_constants(flatten([x * (Constant(3.0) * 4 + 1).exp()], [x])))
    assert [op.name for op in listing.ops if op] == ["mul"]
    assert (listing.kinds == CONSTANT).sum() == 1
    assert (listing.kinds == COMPUTED).sum() == 1


def test_what_no_output_needs_is_dropped() -> None:
    x, w = Value(2.0), Parameter(3.0)
    listing = flatten([x * w, (x + w).exp()], [x])
    only_first = Listing(**{**vars(listing), "outputs": listing.outputs[:1]})
    assert len(drop_unneeded(only_first)) == 3


def test_the_chain_of_an_unfused_neuron_becomes_a_dot() -> None:
    w, x, b = [Parameter(float(i)) for i in range(3)], [Value(float(i)) for i in range(3)], Parameter(1.0)
    listing = lower(flatten([sum((a * c for a, c in zip(w, x, strict=True)), b)], x))
    assert [op.name for op in listing.ops if op] == ["dot"]
    assert len(listing.inputs(int(listing.outputs[0]))) == 7


def test_a_product_that_is_used_elsewhere_is_left_alone() -> None:
    w, x = [Parameter(2.0), Parameter(3.0)], [Value(1.0), Value(2.0)]
    shared = w[0] * x[0]
    listing = lower(flatten([shared + w[1] * x[1], shared.exp()], x))
    assert sorted(op.name for op in listing.ops if op) == ["add", "exp", "mul", "mul"]


def test_a_sum_with_two_loose_terms_is_left_alone() -> None:
    w, x = [Parameter(2.0), Parameter(3.0)], [Value(1.0), Value(2.0)]
    listing = lower(flatten([w[0] * x[0] + w[1] * x[1] + x[0] + x[1]], x))
    assert "dot" not in [op.name for op in listing.ops if op]


def test_the_squares_of_a_penalty_become_a_dot() -> None:
    w = [Parameter(float(i)) for i in range(5)]
    listing = lower(flatten([sum(p * p for p in w)]))
    assert [op.name for op in listing.ops if op] == ["dot"]


def test_uniform_and_varying() -> None:
    x, w = Value(2.0), Parameter(3.0)
    listing = flatten([x * (w * w)], [x])
    names = [node.op.name if node.op else "" for node in listing.nodes]
    varying = varying_nodes(listing)
    assert [bool(v) for name, v in zip(names, varying, strict=True) if name] == [False, True]
    assert levels(listing).max() == 1


def test_no_gradient_path_leads_through_a_comparison() -> None:
    x, w = Value(2.0), Parameter(3.0)
    listing = flatten([autograd.where(w * x > 0, x, 2 * x)], [x])
    assert not gradient_paths(listing, inputs=False).any()
    assert gradient_paths(listing, inputs=True).any()


def test_behind_branches_is_what_no_other_route_reaches() -> None:
    x = Value(2.0, "x")
    root, square = x.sqrt(), x * x
    listing = flatten([autograd.where(x > 0, root * square, square.sin()) + square], [x])
    behind = behind_branches(listing)
    assert [behind[listing.nodes.index(v)] for v in (root, square, x)] == [True, False, False]
