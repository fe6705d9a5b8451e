"""NumPy scalars and object arrays mix with Values without losing the gradient."""

from __future__ import annotations

import math
import operator
from typing import Any

import pytest

import autograd
from autograd import Value, gradients

np = pytest.importorskip("numpy")

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
SCALARS = [np.float64(2.0), np.float32(2.0), np.int64(2), np.uint8(2), np.float16(2.0)]


def vector(*numbers: float) -> Any:
    return np.array([Value(x) for x in numbers], dtype=object)


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda scalar: type(scalar).__name__)
@pytest.mark.parametrize("apply", OPERATORS)
def test_a_numpy_scalar_on_either_side_keeps_the_gradient(apply: Any, scalar: Any) -> None:
    for compute in (lambda v: apply(v, scalar), lambda v: apply(scalar, v)):
        v = Value(3.0)
        y = compute(v)
        assert type(y) is Value
        assert y.data == compute(3.0)
        assert gradients(y, v) == gradients(compute(w := Value(3.0)), w) != 0.0


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda scalar: type(scalar).__name__)
def test_a_value_holds_a_numpy_scalar_as_a_float(scalar: Any) -> None:
    assert type(Value(scalar).data) is float
    assert Value(scalar).data == 2.0


@pytest.mark.parametrize("scalar", SCALARS, ids=lambda scalar: type(scalar).__name__)
def test_a_numpy_scalar_compares_with_a_value(scalar: Any) -> None:
    assert bool(Value(3.0) > scalar)
    assert bool(scalar < Value(3.0))
    assert not bool(scalar >= Value(3.0))


UNARY = ["exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
         "sinh", "cosh", "tanh", "arcsinh", "arctanh", "log2", "log10", "exp2", "cbrt", "fabs",
         "radians", "degrees", "deg2rad", "rad2deg", "absolute", "negative"]  # fmt: skip
FLAT = ["floor", "ceil", "rint"]


@pytest.mark.parametrize("name", UNARY)
def test_a_numpy_function_of_a_value_is_the_values_own(name: str) -> None:
    v = Value(0.5)
    y = getattr(np, name)(v)
    assert type(y) is Value
    assert y.data == pytest.approx(float(getattr(np, name)(0.5)), rel=1e-15)
    assert gradients(y, v) != 0.0


@pytest.mark.parametrize("name", UNARY)
def test_a_numpy_function_of_an_object_array_works_element_by_element(name: str) -> None:
    x = vector(0.25, 0.5)
    y = getattr(np, name)(x)
    assert [v.data for v in y] == pytest.approx(getattr(np, name)(np.array([0.25, 0.5])), rel=1e-15)
    assert gradients(y[0] + y[1], list(x)) == [gradients(y[0], x[0]), gradients(y[1], x[1])]


@pytest.mark.parametrize("name", FLAT)
def test_a_numpy_function_that_steps_is_flat(name: str) -> None:
    x = vector(-1.3, 0.5, 2.7)
    y = getattr(np, name)(x)
    assert [v.data for v in y] == list(getattr(np, name)(np.array([-1.3, 0.5, 2.7])))
    assert gradients(y.sum(), list(x)) == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("name", ["arctan2", "hypot", "mod", "power"])
def test_a_numpy_function_of_two_arrays(name: str) -> None:
    a, b = vector(0.5, 4.0), vector(2.0, 1.5)
    y = getattr(np, name)(a, b)
    want = getattr(np, name)(np.array([0.5, 4.0]), np.array([2.0, 1.5]))
    assert [v.data for v in y] == pytest.approx(want, rel=1e-15)
    assert all(gradients(v, u) != 0.0 for v, u in zip(y, a, strict=True))


def test_sinc_of_an_object_array() -> None:
    x = vector(0.25, 0.5)
    assert [v.data for v in np.sinc(x)] == pytest.approx(np.sinc(np.array([0.25, 0.5])))


def test_moments_and_products_of_an_object_array() -> None:
    x, numbers = vector(1.0, 2.0, 6.0), np.array([1.0, 2.0, 6.0])
    assert np.var(x).data == pytest.approx(np.var(numbers))
    assert np.std(x).data == pytest.approx(np.std(numbers))
    assert gradients(np.var(x), list(x)) == pytest.approx(list(2 * (numbers - 3) / 3))
    assert np.vdot(x, x).data == 41.0
    assert gradients(np.vdot(x, x), list(x)) == [2.0, 4.0, 12.0]


def test_the_deviation_of_equal_numbers_is_a_root_of_zero_without_a_slope() -> None:
    """As in JAX; PyTorch gives 0, and so does HIPS autograd of one number.  np.var has its slopes."""
    for numbers in ([2.0], [2.0, 2.0]):
        x = vector(*numbers)
        assert all(map(math.isnan, gradients(np.std(x), list(x))))
        assert gradients(np.var(x), list(x)) == [0.0] * len(x)


@pytest.mark.parametrize("number", [-2.0, 0.0, 3.0, math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("settings", [{}, {"copy": True}, {"nan": 7.0, "posinf": 8.0}, {"neginf": -9.0}])
def test_nan_to_num_of_a_value(number: float, settings: dict[str, Any]) -> None:
    x = Value(number)
    y = np.nan_to_num(x * 2, **settings)
    assert y.data == np.nan_to_num(number * 2, **settings)
    assert gradients(y, x) == (2.0 if math.isfinite(number) else 0.0)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_larger_and_smaller_of_object_arrays_keep_the_gradient(name: str) -> None:
    a, b = vector(1.0, 5.0), vector(3.0, 2.0)
    y = getattr(np, name)(a, b)
    assert [v.data for v in y] == list(getattr(np, name)([1.0, 5.0], [3.0, 2.0]))
    winners = [x if x.data == v.data else z for x, z, v in zip(a, b, y, strict=True)]
    assert gradients(y.sum(), winners) == [1.0, 1.0]


def test_a_matrix_of_values_times_a_vector_of_values() -> None:
    W = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]], dtype=object)
    x = vector(5.0, 6.0)
    y = W @ x
    assert [v.data for v in y] == [17.0, 39.0]
    assert gradients(y[1], [*W.ravel(), *x]) == [0.0, 0.0, 5.0, 6.0, 3.0, 4.0]


@pytest.mark.parametrize("multiply", [np.matmul, np.dot])
def test_a_matrix_of_numbers_times_a_vector_of_values_either_way(multiply: Any) -> None:
    numbers, x = np.array([[1.0, 2.0], [3.0, 4.0]]), vector(5.0, 6.0)
    assert [v.data for v in multiply(numbers, x)] == [17.0, 39.0]
    assert [v.data for v in multiply(x, numbers)] == [23.0, 34.0]
    assert gradients(multiply(numbers, x)[1], list(x)) == [3.0, 4.0]


def test_sum_and_mean_of_an_object_array() -> None:
    x = vector(1.0, 2.0, 6.0)
    assert (np.sum(x).data, np.mean(x).data) == (9.0, 3.0)
    assert gradients(np.sum(x), list(x)) == [1.0, 1.0, 1.0]
    assert gradients(np.mean(x), list(x)) == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("apply", OPERATORS)
def test_an_array_of_numbers_on_either_side_of_a_value_gives_values(apply: Any) -> None:
    v, numbers = Value(2.0), np.array([1.0, 2.0, 3.0])
    for y, want in ((apply(v, numbers), apply(2.0, numbers)), (apply(numbers, v), apply(numbers, 2.0))):
        assert y.shape == (3,)
        assert all(isinstance(element, Value) for element in y)
        assert [element.data for element in y] == list(want)
        assert gradients(y[1], v) != 0.0


def test_ordering_of_object_arrays_compares_data() -> None:
    x = vector(3.0, 1.0, 2.0)
    assert [v.data for v in np.sort(x)] == [1.0, 2.0, 3.0]
    assert [bool(c) for c in x > 1.5] == [True, False, True]
    assert np.max(x) is x[0]
    assert np.argmin(x) == 1


def test_functions_of_several_values_take_arrays() -> None:
    numbers, x = np.array([1.0, 2.0]), vector(5.0, 6.0)
    assert autograd.dot(numbers, x).data == 17.0
    assert autograd.sum(x).data == autograd.sum(np.array([5.0, 6.0])).data == 11.0
    assert autograd.mean(x).data == 5.5


@pytest.mark.parametrize("make", [lambda: Value(np.array([1.0])), lambda: Value(np.zeros((2, 2)))])
def test_an_array_is_not_one_number(make: Any) -> None:
    with pytest.raises(TypeError, match=r"ndarray.*one by one"):
        make()


def test_a_numpy_truth_value_is_a_condition() -> None:
    a, b = Value(1.0), Value(2.0)
    assert autograd.where(np.bool_(True), a, b) is a
    assert autograd.where(np.array([1.0])[0] > 2, a, b) is b


def test_values_do_not_turn_into_an_array_of_floats_in_silence() -> None:
    with pytest.raises(TypeError, match=r"v\.data"):
        np.array([Value(1.0)], dtype=float)


# ------------------------------------------------------------------- arrays and tensors of one number


def one_number(kind: str, x: float) -> Any:
    if kind == "numpy":
        return np.array(x)
    torch = pytest.importorskip("torch", reason="tensors are tried where PyTorch is installed")
    return torch.tensor(x, dtype=torch.float64)


@pytest.mark.parametrize("kind", ["numpy", "torch"])
@pytest.mark.parametrize("apply", [*OPERATORS, operator.mod])
def test_an_array_of_no_dimensions_is_a_number(apply: Any, kind: str) -> None:
    assert Value(one_number(kind, 2.0)).data == 2.0
    v = Value(3.0)
    y = apply(v, one_number(kind, 2.0))
    assert (type(y), y.data) == (Value, apply(3.0, 2.0))
    assert gradients(y, v) != 0.0


@pytest.mark.parametrize("apply", OPERATORS)
def test_an_array_of_no_dimensions_on_the_left(apply: Any) -> None:
    v = Value(3.0)
    y = apply(np.array(2.0), v)
    assert y.data == apply(2.0, 3.0)
    assert gradients(y, v) != 0.0


def test_a_tensor_that_waits_for_a_gradient_is_refused() -> None:
    torch = pytest.importorskip("torch", reason="tensors are tried where PyTorch is installed")
    waiting = torch.tensor(2.0, requires_grad=True)
    for use in (Value, lambda t: Value(3.0) * t):
        with pytest.raises(TypeError, match=r"requires a gradient, which would be cut.*detach"):
            use(waiting)


def test_an_array_of_several_numbers_is_not_a_number() -> None:
    with pytest.raises(TypeError, match="wrap its numbers one by one"):
        Value(np.array([2.0]))


def test_the_gradient_of_a_function_that_gives_an_array_of_one_value() -> None:
    assert autograd.grad(lambda x: np.array(x**2))(3.0) == 6.0
    assert autograd.value_and_grad(lambda x: np.einsum("i,i->", x, x))(np.array([1.0, 2.0]))[0] == 5.0
