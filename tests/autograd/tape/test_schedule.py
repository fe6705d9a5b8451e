"""Dots over the same inputs become one matrix product."""

from __future__ import annotations

import autograd
from autograd import Parameter, Value
from autograd.tape.listing import flatten
from autograd.tape.lowering import (
    gradient_paths,
    varying_nodes,
)
from autograd.tape.schedule import matrix_products


def test_dots_over_the_same_inputs_become_one_product() -> None:
    x = [Value(float(i)) for i in range(3)]
    w = [[Parameter(float(i + j)) for i in range(3)] for j in range(4)]
    layer = [autograd.dot(row, x) for row in w] + [autograd.dot(x, w[0])]
    listing = flatten(layer, x)
    (product,) = matrix_products(listing, varying_nodes(listing), gradient_paths(listing, inputs=False))
    assert product.weights.shape == (5, 3)
    assert product.bias is None


def test_a_dot_of_varying_factors_is_no_matrix_product() -> None:
    x = [Value(float(i)) for i in range(3)]
    listing = flatten([autograd.dot(x, x)], x)
    assert matrix_products(listing, varying_nodes(listing), gradient_paths(listing, inputs=False)) == []
