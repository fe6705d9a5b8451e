"""What the suites of micrograd, minitorch and HIPS autograd assert of a scalar engine, in our words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, grad, gradients, vjp
from autograd.testing import gradcheck

numbers = st.floats(-100, 100)

# ----------------------------------------------------------------------------------------- micrograd


def test_micrograds_first_expression() -> None:
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    y = (z * z).relu() + q + q * x
    assert (y.data, gradients(y, x)) == (-20.0, 46.0)


# ----------------------------------------------------------------------------------------- minitorch

MINITORCH: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "add a constant": lambda a: 5 + a,
    "subtract a constant": lambda a: a - 5,
    "square": lambda a: a * a,
    "cube": lambda a: a * a * a,
    "multiply by a constant": lambda a: 5 * a,
    "divide by a constant": lambda a: a / 5,
    "inverse": lambda a: 1.0 / (a + 103.5),
    "sigmoid": lambda a: a.sigmoid(),
    "log": lambda a: (a + 100000).log(),
    "relu": lambda a: (a + 5.5).relu(),
    "exp": lambda a: (a - 200).exp(),
    "log and exp": lambda a: (a + 100000).log() + (a - 200).exp(),
}


@pytest.mark.parametrize("name", MINITORCH)
@given(a=numbers)
def test_minitorchs_functions_have_the_slopes_of_their_differences(name: str, a: float) -> None:
    assert gradcheck(MINITORCH[name], a)


def test_minitorchs_chain_rule_scales_by_what_comes_from_above() -> None:
    value, back = vjp(lambda x, y: x * y + x, 5.0, 10.0)
    assert (value, back(5.0)) == (55.0, (5.0 * 11, 5.0 * 5))


def test_minitorchs_graphs_pass_a_gradient_on_along_every_route() -> None:
    value, back = vjp(lambda v: (v + 10) + (v + 10) + 10, 0.0)
    assert (value, back(5.0)) == (30.0, (10.0,))


# -------------------------------------------------------------------------------------- HIPS autograd


def test_a_value_that_is_held_still_is_not_cut_off_from_what_is_differentiated() -> None:
    """The slope in one argument is a function of the others."""
    slope = grad(lambda x, y: (x.sin() + y.sin()).sin(), 1)
    x = Value(0.7)
    mixed = gradients(slope(x, 0.3), x)
    assert mixed == pytest.approx(grad(lambda x: slope(x, 0.3))(0.7), rel=1e-15)
    assert mixed == pytest.approx(-np.sin(np.sin(0.7) + np.sin(0.3)) * np.cos(0.7) * np.cos(0.3))


def test_values_in_lists_and_arrays_that_are_held_still_are_not_cut_off_either() -> None:
    w = Value(3.0)
    for held in ([w], (1.0, [w]), {0: w}, np.array([w], dtype=object)):
        slope = grad(lambda x, c: x * x * (c[1][0] if isinstance(c, tuple) else c[0]))(2.0, held)
        assert gradients(slope, w) == 4.0


def test_a_gradient_can_be_part_of_the_function_that_is_differentiated() -> None:
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(grad(grad(lambda x: x.sin().exp())))(0.0) == pytest.approx(0.0, abs=1e-15)


def test_reassigning_a_name_leaves_the_graph_as_it_was() -> None:
    def function(a: Value) -> Value:
        b = a + 1.0
        c = b + 1.5
        d = a + b
        return d + c

    assert grad(function)(1.0) == 3.0


def test_an_output_that_does_not_depend_on_an_argument_has_the_slope_0() -> None:
    assert grad(lambda x, y: y * 1.0, (0, 1))(1.0, 2.0) == (0.0, 1.0)
