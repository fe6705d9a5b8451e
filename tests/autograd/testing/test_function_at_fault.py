"""Functions that cannot be checked, or not as they are: the report says what is at fault."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from autograd import Parameter, Value
from autograd.core.primitive import Op
from autograd.functions import dot
from autograd.testing import GradientError, gradcheck
from autograd.value import apply
from tests.autograd.testing.test_gradient_check import verdicts


def test_a_graph_cut_by_data_is_found() -> None:
    with pytest.raises(GradientError, match=r"cut graph: a constant follows the input x; \.data") as caught:
        gradcheck(lambda x: x * x.data, 3.0)
    assert caught.value.certificate is not None
    assert (caught.value.certificate["x"].gradient, caught.value.certificate["x"].slope) == (3.0, 6.0)


@pytest.mark.parametrize("x", [1e-20, 1.5, 1e100])
def test_a_cut_is_found_at_any_scale(x: float) -> None:
    with pytest.raises(GradientError, match="cut graph"):
        gradcheck(lambda x: x * x.data, x)


def test_of_many_inputs_the_one_that_is_cut_is_named() -> None:
    with pytest.raises(GradientError, match=r"^a gradient is wrong: argument 3\n"):
        gradcheck(lambda *xs: dot(xs, range(1, 21)) * xs[3].data, tuple(range(1, 21)))


def test_a_jump_that_the_graph_does_not_show_is_no_fault() -> None:
    verdict = gradcheck(lambda x: x * math.floor(x.data), 2.0)["x"]
    assert (verdict.verdict, "jumps" in verdict.detail) == ("not differentiable here", True)


def test_state_kept_between_calls_is_found() -> None:
    kept: list[Value] = []

    def function(x: Value) -> Value:
        kept.append(x * x)
        return kept[0] + x

    with pytest.raises(GradientError, match="stale state: the second call"):
        gradcheck(function, 2.0)


def test_data_changed_after_the_graph_was_built_is_found() -> None:
    x = Value(2.0, "x")
    y = x * x
    x.data = 5.0
    with pytest.raises(RuntimeError, match="the data of x was changed after mul"):
        gradcheck(y)


def test_a_function_that_gives_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match=r"returns 1\.0 \(float\): its graph was cut"):
        gradcheck(lambda x: x.data, 1.0)


def test_a_random_function_is_refused() -> None:
    chance = random.Random(0)
    with pytest.raises(ValueError, match=r"not one of its inputs alone: at x = 1\.0 it gave"):
        gradcheck(lambda x: x * chance.random(), 1.0)


def test_a_function_that_changes_its_inputs_is_refused() -> None:
    def function(x: Value) -> Value:
        x.data = 4.0
        return x * x

    with pytest.raises(ValueError, match=r"changes its inputs: it set x from 1\.0 to 4\.0"):
        gradcheck(function, 1.0)


@pytest.mark.parametrize("point", [[1.0, 2.0], {0: 1.0, 1: 2.0}])
def test_a_function_that_changes_what_holds_its_inputs_is_refused(point: Any) -> None:
    def function(p: Any) -> Value:
        p[0] = p[0] * 2
        product: Value = p[0] * p[1]
        return product

    with pytest.raises(ValueError, match="changes its inputs: what it was given holds other numbers"):
        gradcheck(function, point)
    assert (point[0], point[1]) == (1.0, 2.0)


def test_a_numpy_array_is_a_point() -> None:
    numpy = pytest.importorskip("numpy")
    assert verdicts(gradcheck(lambda x: x[0] * x[1].exp(), numpy.array([1.0, 2.0]))) == ["correct"] * 2


def test_a_reverse_pass_that_gives_too_few_gradients_is_refused() -> None:
    with pytest.raises(ValueError, match="the reverse pass gave 1 gradients for 2 inputs"):
        gradcheck(lambda x, y: x * y, (1.0, 2.0), reverse=lambda output, wrt: [2.0])


def test_without_a_point_there_is_nothing_to_check() -> None:
    with pytest.raises(TypeError, match=r"needs a point to check a function at.*wrt=model"):
        gradcheck(lambda: Value(1.0))


def test_a_rule_in_floats_of_its_own_is_refused_not_accused() -> None:
    rough = Op("rough", "rough", lambda m: (lambda a: math.exp(a), lambda a, y: y))
    with pytest.raises(ValueError, match=r"rough computes in floats of its own.*m\.exp\(a\) rather than"):
        gradcheck(lambda x: apply(rough, (x,)), 1.0)


def test_what_a_function_raises_comes_through_with_the_point() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        gradcheck(lambda x: x / (1 // 0), 1.0)
    assert caught.value.__notes__ == ["raised while gradcheck called the function at x = 1.0"]


def test_a_point_outside_the_domain_is_refused() -> None:
    with pytest.raises(ValueError, match=r"x = -1\.0 is outside the domain: ln\(x\) is nan"):
        gradcheck(lambda x: x.log(), -1.0)


@pytest.mark.parametrize("order", [0, 3, True, 1.5])
def test_another_order_is_refused(order: Any) -> None:
    with pytest.raises(ValueError, match="order 1 and 2; got order="):
        gradcheck(lambda x: x, 1.0, order=order)


def test_nothing_of_the_users_is_changed() -> None:
    w = Value(0.5, "w")
    (w * 3).backward()
    gradcheck(lambda x: (w * x).tanh(), 2.0)
    assert (w.data, w.grad) == (0.5, 3.0)


class Line:
    """Anything with parameters() is a network."""

    def __init__(self) -> None:
        self.w, self.b = Parameter(0.5, "w"), Parameter(-1.0, "b")

    def parameters(self) -> list[Parameter]:
        return [self.w, self.b]

    def __call__(self, x: float) -> Value:
        return self.w * x + self.b


def test_a_networks_cost_is_checked_in_its_parameters() -> None:
    line = Line()
    certificate = gradcheck(lambda: (line(3.0).tanh() - 1) ** 2, wrt=line, order=2)
    assert verdicts(certificate) == ["correct"] * 6
    assert [v.name for v in certificate.verdicts][:3] == ["w", "b", "∂/∂w ∂/∂w"]


def test_the_parameters_are_as_they_were_whatever_the_outcome() -> None:
    line = Line()
    line(2.0).backward()

    def cost() -> Value:
        output = line(3.0) * line.b.data
        output.backward()
        return output

    def fails() -> Value:
        line.w.data = 7.0
        raise KeyError

    with pytest.raises(GradientError, match="a constant follows the input b"):
        gradcheck(cost, wrt=line)
    with pytest.raises(KeyError):
        gradcheck(fails, wrt=line)
    assert [(p.data, p.grad) for p in line.parameters()] == [(0.5, 2.0), (-1.0, 1.0)]


def test_what_was_computed_before_the_call_is_stale() -> None:
    line = Line()
    before = line.w * 2
    with pytest.raises(GradientError, match=r"stale state: .* still contains w × 2"):
        gradcheck(lambda: before * line.w, wrt=line)


def test_a_point_and_wrt_together_are_refused() -> None:
    line = Line()
    with pytest.raises(TypeError, match=r"got both\. Write gradcheck"):
        gradcheck(line, 1.0, wrt=line)


@pytest.mark.parametrize("wrt", [3, [1.0], [Value(1.0) * 2], [Value(1.0).detach()]])
def test_only_leaves_can_be_checked(wrt: Any) -> None:
    with pytest.raises(TypeError, match="with respect to Values that are leaves, not constants; got"):
        gradcheck(lambda: Value(1.0), wrt=wrt)
