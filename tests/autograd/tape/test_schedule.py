"""Dots over the same inputs become one matrix product."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import Parameter, Value
from autograd.tape import Tape
from autograd.tape.listing import Listing, flatten
from autograd.tape.lowering import behind_branches, gradient_paths, varying_nodes
from autograd.tape.shared import Product, matrix_products


def products_of(listing: Listing) -> list[Product]:
    active = gradient_paths(listing, inputs=False)
    return matrix_products(listing, varying_nodes(listing), active, active & behind_branches(listing))


def test_dots_over_the_same_inputs_become_one_product() -> None:
    x = [Value(float(i)) for i in range(3)]
    w = [[Parameter(float(i + j)) for i in range(3)] for j in range(4)]
    layer = [autograd.dot(row, x) for row in w] + [autograd.dot(x, w[0])]
    listing = flatten(layer, x)
    (product,) = products_of(listing)
    assert product.weights.shape == (5, 3)
    assert product.bias is None


def test_a_dot_of_varying_factors_is_no_matrix_product() -> None:
    x = [Value(float(i)) for i in range(3)]
    listing = flatten([autograd.dot(x, x)], x)
    assert products_of(listing) == []


def test_dots_behind_a_branch_and_before_it_are_products_of_their_own() -> None:
    x = [Value(float(i)) for i in range(3)]
    w = [[Parameter(float(i + j)) for i in range(3)] for j in range(4)]
    one, two, three, four = (autograd.dot(row, x) for row in w)
    listing = flatten([one * two + autograd.where(x[0] > 0, three * four, x[1])], x)
    assert [product.weights.shape for product in products_of(listing)] == [(2, 3), (2, 3)]


def layer_at_each_position(x: list[list[Value]], w: list[list[Parameter]]) -> list[list[Value]]:
    """What a layer gives for each row of x, times the row's last number."""
    rows = [[v.tanh() for v in row] for row in x]
    return [[autograd.dot(weights, row) * row[-1] for weights in w] for row in rows]


def test_products_of_the_same_weights_are_one_over_all_positions() -> None:
    w = [[Parameter(0.1 * i - 0.2 * j) for i in range(3)] for j in range(4)]
    tape = Tape.record(
        lambda x: autograd.sum(v for row in layer_at_each_position(x, w) for v in row), np.full((5, 3), 0.5)
    )
    (product,) = tape.replayer().plan.varying_rows.products
    assert (product.nodes.shape, product.x.shape) == ((4, 5), (3, 5))
    assert "(20 dots over 5 positions: a matrix product)" in str(tape)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("samples", [1, 5, 8, 65, 200])
@pytest.mark.parametrize("behind_branch", [False, True])
def test_a_product_over_positions_gives_what_each_position_gives(
    executor: str, threads: int, samples: int, behind_branch: bool
) -> None:
    w = [[Parameter(0.1 * i - 0.2 * j) for i in range(3)] for j in range(4)]

    def cost(x: list[list[Value]]) -> Value:
        found = [v for row in layer_at_each_position(x, w) for v in row]
        return autograd.sum(autograd.where(x[0][0] > 0.0, v, 0.5) if behind_branch else v * v for v in found)

    X = np.random.default_rng(0).normal(size=(samples, 5, 3))
    tape = Tape.record(cost, X[0], threads=threads)
    assert max(p.x.shape[1] for p in tape.replayer().plan.varying_rows.products) == 5
    eager = autograd.mean([cost([[Value(v) for v in row] for row in x]) for x in X.tolist()])
    eager.backward()
    mean, found = tape.gradients(X)
    assert mean == pytest.approx(eager.data, rel=1e-12, abs=1e-12)
    assert found == pytest.approx([p.grad for p in tape.parameters], rel=1e-12, abs=1e-12)
