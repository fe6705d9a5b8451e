"""Derivatives of functions: structures, nesting, the classics, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from operator import add, mul
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import (
    Parameter,
    Value,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)
from nn import Module
from tests.strategies import Recipe, recipes

numbers = st.floats(-3, 3)


def rosenbrock(x: Any) -> Any:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


class Line(NamedTuple):
    slope: Any
    offset: Any


# ---------------------------------------------------------------------------------- structures


def test_a_gradient_has_the_structure_of_its_argument() -> None:
    point = {"a": 2.0, "b": [3.0, (4.0, 5.0)], "line": Line(6.0, 7.0)}

    def f(p: Any) -> Any:
        return p["a"] * p["b"][0] + p["b"][1][0] * p["b"][1][1] + p["line"].slope * p["line"].offset

    assert grad(f)(point) == {"a": 3.0, "b": [2.0, (5.0, 4.0)], "line": Line(7.0, 6.0)}
    assert point == {"a": 2.0, "b": [3.0, (4.0, 5.0)], "line": Line(6.0, 7.0)}


def test_an_array_gives_an_array() -> None:
    A = np.array([[2.0, 1.0], [0.0, 3.0]])
    x = np.array([1.0, -2.0])
    gradient = grad(lambda x: x @ A @ x)(x)
    assert gradient.dtype == float
    assert gradient.tolist() == ((A + A.T) @ x).tolist()


def test_a_jacobian_of_arrays_has_the_shape_of_value_and_argument() -> None:
    A = np.arange(6.0).reshape(2, 3)
    assert jacobian(lambda x: A @ x)(np.ones(3)).tolist() == A.tolist()
    assert jacobian(lambda x: A.T @ x)(np.ones(2)).tolist() == A.T.tolist()
    assert jacobian(lambda x: x * 2)(np.ones((2, 2))).shape == (2, 2, 2, 2)


def test_several_arguments_give_a_tuple() -> None:
    assert grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0) == (3.0, 2.0)
    assert grad(lambda x, y: x * y, argnums=-1)(2.0, 3.0) == 2.0
    assert value_and_grad(lambda x, k=1: k * x * x)(3.0, k=2) == (18.0, 12.0)


def test_arguments_that_are_not_asked_for_may_be_anything() -> None:
    assert grad(lambda x, kind: x.sin() if kind == "sin" else x.cos())(0.0, "sin") == 1.0


def test_the_user_is_given_floats_and_nothing_of_theirs_is_changed() -> None:
    w = Parameter(2.0)
    slope = grad(lambda x: w * x)(3.0)
    assert type(slope) is float
    assert (w.grad, slope) == (0.0, 2.0)
    assert type(grad(lambda x: x * x)(np.float64(3.0))) is float
    assert type(grad(lambda x: x * Value(3.0) + Value(w.data))(3.0)) is float  # Values of its own


# ------------------------------------------------------------------------------------- nesting


@pytest.mark.parametrize("order", range(5))
def test_derivatives_of_sine_to_any_order(order: int) -> None:
    f: Callable[..., Any] = Value.sin
    for _ in range(order):
        f = grad(f)
    expected = [math.sin, math.cos, lambda x: -math.sin(x), lambda x: -math.cos(x), math.sin][order](0.3)
    found = f(Value(0.3)).data if order == 0 else f(0.3)
    assert found == pytest.approx(expected, rel=1e-14)


def test_an_inner_variable_is_not_confused_with_an_outer_one() -> None:
    # d/dx (x · d/dy (x + y)) = 1, and not 2: the example of Siskind and Pearlmutter
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * y)(x))(3.0) == 1.0
    assert grad(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 6.0


@given(numbers, numbers)
def test_forward_over_reverse_is_reverse_over_forward(x: float, y: float) -> None:
    def f(p: Any) -> Any:
        return (p[0] * p[1]).sin() + p[0].exp() * p[1]

    direction = [0.5, -1.0]
    _, forward = hvp(f, ([x, y],), (direction,))
    reverse = grad(lambda p: jvp(f, (p,), (direction,))[1])([x, y])
    by_matrix = np.array(hessian(f)([x, y])) @ direction
    assert forward[0] == pytest.approx(reverse, rel=1e-12, abs=1e-12)
    assert forward[0] == pytest.approx(by_matrix.tolist(), rel=1e-12, abs=1e-12)


def test_a_derivative_inside_a_recorded_function_is_refused_in_numbers_only() -> None:
    tape = pytest.importorskip("autograd.tape")
    recorded = tape.Tape.record(lambda x: grad(lambda y: y**3)(x), 2.0)
    assert recorded.forward([1.0, 3.0]).tolist() == [3.0, 27.0]


@pytest.mark.parametrize(
    "slope_at",
    [
        lambda f, t: grad(f)(t),
        lambda f, t: value_and_grad(f)(t)[1],
        lambda f, t: jacobian(lambda t: [f(t), t])(t)[0],
        lambda f, t: jvp(f, (t,), (1.0,))[1],
        lambda f, t: vjp(f, t)[1](1.0)[0],
    ],
)
def test_a_value_that_was_there_before_is_not_cut_off(slope_at: Callable[..., Any]) -> None:
    x = Value(3.0)
    for shared in (x, x * 1, Parameter(3.0) * x / 3):
        assert gradients(shared * slope_at(lambda t, c=shared: c * t, 2.0), x) == 6.0
    with no_grad():
        assert type(slope_at(lambda t: x * t, 2.0)) is float
    assert type(slope_at(lambda t: x.detach() * t, 2.0)) is float
    x.data = 4.0
    assert gradients(x * slope_at(lambda t: x * t, 2.0), x) == 8.0


def test_what_vjp_returns_can_be_differentiated_in_the_upstream() -> None:
    _, back = vjp(Value.sin, 2.0)
    u = Value(3.0)
    assert gradients(u * back(u)[0], u) == grad(lambda u: u * back(u)[0])(3.0) == 6 * math.cos(2.0)


def test_a_module_may_take_derivatives_of_its_own() -> None:
    class Slope(Module):
        def __init__(self) -> None:
            self.w = Parameter(2.0)

        def __call__(self, x: Any) -> Any:
            return x * grad(lambda t: self.w * t * t * x)(3.0), grad(lambda t: self.w * t * t)(3.0)

    x = Value(5.0)
    with_x, without = Slope()(x)
    assert (gradients(with_x, x), without) == (120.0, 12.0)


Polynomial = dict[tuple[int, ...], int]
"""Coefficients by exponents: a formula without any derivative in it, to compare with."""
VARIABLES = 5


def variable(k: int) -> Polynomial:
    return {tuple([int(i == k) for i in range(VARIABLES)]): 1}


def plus(p: Polynomial, q: Polynomial) -> Polynomial:
    return {e: p.get(e, 0) + q.get(e, 0) for e in p | q}


def product(p: Polynomial, q: Polynomial) -> Polynomial:
    terms = [{tuple(map(add, e, f)): c * d} for e, c in p.items() for f, d in q.items()]
    return reduce(plus, terms, {})


def slope(p: Polynomial, k: int) -> Polynomial:
    return {(*e[:k], e[k] - 1, *e[k + 1 :]): c * e[k] for e, c in p.items() if e[k]}


def put(p: Polynomial, k: int, q: Polynomial) -> Polynomial:
    """Return the polynomial with another one in the place of its k-th variable."""
    terms = [reduce(product, [q] * e[k], {(*e[:k], 0, *e[k + 1 :]): c}) for e, c in p.items()]
    return reduce(plus, terms, {})


def at(p: Polynomial, point: list[float]) -> float:
    return sum(c * math.prod(x**n for x, n in zip(point, e, strict=False)) for e, c in p.items())


SLOPES: dict[str, Callable[..., Any]] = {
    "grad": lambda f, x: grad(f)(x),
    "jvp": lambda f, x: jvp(f, (x,), (1.0,))[1],
    "vjp": lambda f, x: vjp(f, x)[1](1.0)[0],
}
TREES = st.recursive(
    st.integers(-2, 2).map(float) | st.integers(0, VARIABLES - 1),
    lambda inner: st.tuples(st.sampled_from(["add", "mul", *SLOPES]), inner, inner),
    max_leaves=7,
)
"""A number, a variable, or an op of two; a slope is that of a new variable times the first, at the second."""


def evaluated(tree: Any, scope: list[Any]) -> Any:
    if isinstance(tree, float):
        return tree
    if isinstance(tree, int):
        return scope[tree % len(scope)]
    op, a, b = tree
    if op in SLOPES:
        return SLOPES[op](lambda t: t * evaluated(a, [*scope, t]), evaluated(b, scope))
    return {"add": add, "mul": mul}[op](evaluated(a, scope), evaluated(b, scope))


def formula(tree: Any, depth: int = 2) -> Polynomial:
    if isinstance(tree, float):
        return {(0,) * VARIABLES: int(tree)}
    if isinstance(tree, int):
        return variable(tree % depth)
    op, a, b = tree
    if op in SLOPES:
        return put(slope(product(variable(depth), formula(a, depth + 1)), depth), depth, formula(b, depth))
    return {"add": plus, "mul": product}[op](formula(a, depth), formula(b, depth))


def nesting(tree: Any) -> int:
    return (tree[0] in SLOPES) + max(map(nesting, tree[1:])) if isinstance(tree, tuple) else 0


@given(TREES, st.tuples(st.integers(-2, 2).map(float), st.integers(-2, 2).map(float)))
def test_nested_derivatives_that_share_variables_are_those_of_the_formula(
    tree: Any, point: tuple[float, float]
) -> None:
    assume(nesting(tree) <= VARIABLES - 2)
    inputs = list(map(Value, point))
    output = inputs[0] * evaluated(tree, inputs)
    want = product(variable(0), formula(tree))
    slopes = [at(slope(want, k), [*point]) for k in (0, 1)]
    assert output.data == at(want, [*point])
    assert gradients(output, inputs) == slopes
    assert list(grad(lambda x, y: x * evaluated(tree, [x, y]), (0, 1))(*point)) == slopes


# ------------------------------------------------------------------------------ forward, reverse


@given(recipes())
def test_both_modes_agree_with_the_engine_on_random_graphs(recipe: Recipe) -> None:
    inputs = [Value(x) for x in recipe.numbers]
    output = recipe.compute(inputs)
    expected = autograd.gradients(output, inputs)
    if not all(map(math.isfinite, [output.data, *expected])):
        return
    point = [v.data for v in inputs]
    value, gradient = value_and_grad(recipe.compute)(point)
    assert value == output.data
    assert gradient == expected
    tangents = [jvp(recipe.compute, (point,), (unit,))[1] for unit in np.eye(len(point)).tolist()]
    scale = max(1.0, *map(abs, expected))
    assert tangents == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale)


@given(st.lists(numbers, min_size=1, max_size=4))
def test_a_jacobian_is_the_same_by_rows_and_by_columns(x: list[float]) -> None:
    def wide(x: Any) -> list[Any]:
        return [x[0].sin() * v for v in x] + [v.exp() for v in x]

    by_columns = jacobian(wide)(x)
    by_rows = [grad(lambda x, i=i: wide(x)[i])(x) for i in range(2 * len(x))]
    assert np.allclose(by_columns, by_rows, rtol=1e-14, atol=0)


def test_vjp_and_jvp_are_transposes() -> None:
    def f(x: Any) -> list[Any]:
        return [x[0] * x[1], x[1].sin(), x[0] / x[1]]

    x, t, u = [1.5, 0.5], [0.3, -2.0], [1.0, 10.0, -1.0]
    _, moved = jvp(f, (x,), (t,))
    _, back = vjp(f, x)
    assert np.dot(moved, u) == pytest.approx(np.dot(back(u)[0], t), rel=1e-14)


# ------------------------------------------------------------------------------------- classics


def test_the_hessian_of_rosenbrocks_function() -> None:
    # 1200 x² − 400 y + 2, −400 x; −400 x, 200
    for x, y in ((1.0, 1.0), (-1.2, 1.0)):
        expected = [[1200 * x * x - 400 * y + 2, -400 * x], [-400 * x, 200.0]]
        assert hessian(rosenbrock)([x, y]) == pytest.approx(np.array(expected), rel=1e-13)


def test_newtons_method_finds_the_minimum() -> None:
    x = np.array([-1.2, 1.0])
    for _ in range(7):
        x = x - np.linalg.solve(hessian(rosenbrock)(x), grad(rosenbrock)(x))
    assert x == pytest.approx([1.0, 1.0], abs=1e-12)


def test_newtons_method_for_a_root() -> None:
    def f(x: Any) -> Any:
        return x.exp() - 3 * x

    x = 0.0
    for _ in range(8):
        value, slope = value_and_grad(f)(x)
        x -= value / slope
    assert math.exp(x) == pytest.approx(3 * x, rel=1e-14)


def test_the_sensitivity_of_a_damped_pendulum() -> None:
    """θ'' = −sin θ − c θ', by the classical Runge-Kutta method: ∂θ(2)/∂c against a difference."""

    def angle(c: Any) -> Any:
        def slope(theta: Any, speed: Any) -> tuple[Any, Any]:
            return speed, -autograd.sin(theta) - c * speed

        theta, speed, h = 1.0, 0.0, 0.05
        for _ in range(40):
            k1 = slope(theta, speed)
            k2 = slope(theta + h / 2 * k1[0], speed + h / 2 * k1[1])
            k3 = slope(theta + h / 2 * k2[0], speed + h / 2 * k2[1])
            k4 = slope(theta + h * k3[0], speed + h * k3[1])
            theta += h / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
            speed += h / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])
        return theta

    h = 1e-5
    difference = (angle(0.1 + h).data - angle(0.1 - h).data) / (2 * h)
    assert grad(angle)(0.1) == pytest.approx(difference, rel=1e-8)
    assert jvp(angle, (0.1,), (1.0,))[1] == pytest.approx(grad(angle)(0.1), rel=1e-12)


def test_a_function_that_does_not_use_its_argument_has_zero_slope() -> None:
    w = Value(2.0)
    assert grad(lambda x: w * 3)(1.0) == 0.0
    assert jacobian(lambda x: [x * 2, w])(1.0) == [2.0, 0.0]
    assert grad(grad(lambda x: 2 * x))(3.0) == 0.0


# ------------------------------------------------------------------------------------ bad input


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(TypeError, match="grad takes a function; got 3"):
        grad(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"returns 1\.0 \(float\): its graph was cut"):
        grad(lambda x: x.data)(1.0)
    with pytest.raises(TypeError, match="use jacobian"):
        grad(lambda x: [x, x])(1.0)
    with pytest.raises(TypeError, match=r"x\['w'\]\[1\] is 'a'"):
        grad(lambda x: x)({"w": [1.0, "a"]})
    with pytest.raises(ValueError, match="argument 2; the function was called with 1"):
        grad(lambda x: x, argnums=2)(1.0)
    with pytest.raises(ValueError, match="tangents hold 2 numbers; the primals hold 1"):
        jvp(lambda x: x, (1.0,), (1.0, 2.0))
    with pytest.raises(TypeError, match=r"the function's value is None"):
        jacobian(lambda x: None)(1.0)


def test_an_error_in_the_function_leaves_nesting_as_it_was() -> None:
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x / 0 if 1 // 0 else x)(1.0)
    assert type(grad(lambda x: x * x)(1.0)) is float
