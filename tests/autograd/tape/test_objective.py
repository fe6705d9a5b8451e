"""A tape handed to SciPy's optimisers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess

import autograd
from autograd import Parameter, Value, hessian
from autograd.tape import Tape


def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


START = np.array([1.3, 0.7, 0.8, 1.9, 1.2])
POINTS = np.random.default_rng(0).normal(size=(20, 5))


def of_inputs() -> tuple[Any, list[int]]:
    return Tape.record(rosenbrock, START).objective(wrt="inputs"), [0, 1, 2, 3, 4]


def of_parameters() -> tuple[Any, list[int]]:
    """The vector has the order of the tape's parameters."""
    parameters = [Parameter(x) for x in START]
    tape = Tape.of(rosenbrock(np.array(parameters)))
    return tape.objective(), [{p: i for i, p in enumerate(parameters)}[p] for p in tape.parameters]


@pytest.mark.parametrize("make", [of_inputs, of_parameters])
def test_value_gradient_and_hessian_are_those_of_scipys_own_rosenbrock(make: Any) -> None:
    f, order = make()
    assert f.start.tolist() == START[order].tolist()
    for x, p in zip(POINTS, POINTS[::-1], strict=True):
        value, gradient = f(x[order])
        assert value == pytest.approx(rosen(x), rel=1e-12)
        assert gradient == pytest.approx(rosen_der(x)[order], rel=1e-12, abs=1e-10)
        assert np.allclose(f.hess(x[order]), rosen_hess(x)[order][:, order], rtol=1e-12, atol=1e-10)
        assert f.hessp(x[order], p[order]) == pytest.approx((rosen_hess(x) @ p)[order], rel=1e-11, abs=1e-9)


@pytest.mark.parametrize("make", [of_inputs, of_parameters])
@pytest.mark.parametrize(
    ("method", "second"),
    [("BFGS", []), ("Newton-CG", ["hess"]), ("Newton-CG", ["hessp"]), ("trust-exact", ["hess"])],
)
def test_scipys_optimisers_find_the_minimum(make: Any, method: str, second: list[str]) -> None:
    f, _ = make()
    found = minimize(f, f.start, jac=True, method=method, **{name: getattr(f, name) for name in second})
    assert found.x == pytest.approx(np.ones(5), abs=1e-3)


def test_a_fit_over_samples_and_the_parameters_set_to_what_was_found() -> None:
    a, b, unused = Parameter(0.0, "a"), Parameter(0.0, "b"), Parameter(5.0)
    tape = Tape.record(lambda x, y: [(a * x + b * x * x - y) ** 2 + 0 * unused, b * x], 1.0, 1.0)
    x = np.linspace(-1, 1, 30)
    f = tape.objective(x, 3 * x - 2 * x * x)
    found = minimize(f, f.start, jac=True, hess=f.hess, method="trust-exact", tol=1e-12)
    assert (a.data, b.data) == (0.0, 0.0)
    tape.vector = found.x
    assert (a.data, b.data) == pytest.approx((3.0, -2.0))
    wanted = 2 * np.mean([[x * x, x**3], [x**3, x**4]], axis=-1)
    assert np.allclose(f.hess(found.x)[:2, :2], wanted)
    assert tape.objective(x, x, output=1).hess(found.x).tolist() == np.zeros((3, 3)).tolist()


def test_a_hessian_is_taken_after_the_parameters_were_changed_and_where_a_number_is_zero() -> None:
    w = [Parameter(0.0), Parameter(0.5)]
    tape = Tape.of(autograd.sum([w[0] * w[1] ** 2, w[0] ** 2]))
    tape.vector = [0.0, 2.0]
    wanted = hessian(lambda v: v[0] * v[1] ** 2 + v[0] ** 2)([0.0, 2.0])
    assert tape.objective().hess(tape.vector).tolist() == wanted


def test_the_hessian_by_the_inputs_is_that_of_the_parameters_as_they_are_now() -> None:
    w, b = Parameter(1.0), Parameter(0.5)
    f = Tape.record(lambda x: w * x[0] ** 2 + b * x[0] * x[1] + x[1] ** 3, np.ones(2)).objective(wrt="inputs")
    for w.data, b.data in ((1.0, 0.5), (5.0, -2.0), (0.0, 0.0)):
        assert f.hess([1.0, 2.0]).tolist() == [[2 * w.data, b.data], [b.data, 12.0]]


def test_what_no_objective_can_be_made_of_is_refused() -> None:
    tape = Tape.record(lambda x: x * x, 1.0)
    with pytest.raises(ValueError, match="the tape has no parameters"):
        tape.objective([1.0])
    with pytest.raises(ValueError, match="takes no data"):
        tape.objective([1.0], wrt="inputs")
    with pytest.raises(ValueError, match="a function of the"):
        tape.objective(wrt="both")
    with pytest.raises(ValueError, match=r"p has the shape \(2,\); this is a function of 1 inputs"):
        tape.objective(wrt="inputs").hessp([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match=r"shape \(2,\); the tape has 1 parameter"):
        Tape.of(Value(1.0) * 2).objective()([1.0, 2.0])
    two = Tape.record(lambda x, y: Value(2.0) * x * y, 1.0, 1.0)
    with pytest.raises(ValueError, match="there is no output 5; the tape has 1"):
        two.objective([1.0], [2.0], output=5)
    with pytest.raises(ValueError, match=r"recorded with 2 arguments \(x, y\); got 1"):
        two.objective([1.0, 2.0])
