"""Dots over the same inputs become one matrix product."""

from __future__ import annotations

import autograd
from autograd import Parameter, Value
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
