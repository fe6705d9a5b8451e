"""Public bug reports of other engines, replayed: what gave them a wrong gradient, and the right one.

Each is named by the repository and number of its report.  What a report asks for where there is no
derivative (a norm or a standard deviation of 0) is not here: the chain rule has nan there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import accumulate
from math import exp, inf, log, pi
from operator import mul
from typing import Any

import pytest

import autograd as ag
from autograd import Value, grad, gradients, hessian, where
from nn import losses

Report = tuple[Callable[..., Value], Sequence[float], Sequence[float]]


def used_again(a: Value, b: Value) -> Value:
    """A graph in which nodes that are not leaves are used twice."""
    c, d = a + b, a * b
    return (c + d) + (c * d)


def four(a: Value) -> Value:
    """a + a, added to itself."""
    b = a + a
    return b + b


def six(x: Value) -> Value:
    """Three times x², each written otherwise."""
    xa = x * 1.0
    return x * xa + (x * x) * 1.0 + x * xa


def product(*x: Value) -> Value:
    """The product, factor by factor."""
    return reduce(mul, x)


def running_products(*x: Value) -> Value:
    """The sum of the products of the first one, two, three … factors."""
    return ag.sum(accumulate(x, mul))


def rescaled(*x: Value) -> Value:
    """The sum of what lies between the smallest and the largest, scaled to 0 … 1."""
    low, high = reduce(ag.minimum, x), reduce(ag.maximum, x)
    return ag.sum([(v - low) / (high - low) for v in x])


def variance(*x: Value) -> Value:
    """The mean square distance from the mean."""
    middle = ag.mean(x)
    return ag.mean([(v - middle) ** 2 for v in x])


def deep(x: Value) -> Value:
    """Twenty thousand additions, one on the other."""
    return reduce(lambda y, _: y + x, range(20_000), x)


FIRST: dict[str, Report] = {
    # nodes used more than once, and their order
    "karpathy/micrograd#2 a node used again": (used_again, [2, 3], [25, 19]),
    "karpathy/micrograd#64 b + b of b = a + a": (four, [1], [4]),
    "karpathy/micrograd#68 the same op twice": (lambda a: a * a - a / a, [3], [6]),
    "sebgao/cTensor#5 three routes": (six, [1], [6]),
    "lucasdelimanogueira/PyNorch#90 a diamond": (lambda x: (x * 2) * (x * 3), [5], [60]),
    "karpathy/micrograd#21 deeper than the stack": (deep, [1], [20_001]),
    # products with zeros
    "apache/mxnet#18078 a zero": (product, [4, 0], [0, 4]),
    "pytorch/pytorch#82644 one factor": (product, [0], [1]),
    "pytorch/pytorch#106789 two zeros": (product, [2, 3, 0, 0], [0, 0, 0, 0]),
    "tracel-ai/burn#3864 a zero among four": (running_products, [2, 0, 3, 4], [1, 32, 0, 0]),
    "tensorflow/tensorflow#3862 a zero alone": (running_products, [0], [1]),
    "tensorflow/tensorflow#119430 first": (running_products, [0, 2, 3], [9, 0, 0]),
    "tensorflow/tensorflow#119430 last": (running_products, [2, 3, 0], [4, 2, 6]),
    "tensorflow/tensorflow#119430 two": (running_products, [2, 0, 0, 3], [1, 2, 0, 0]),
    # powers
    "tenstorrent/tt-metal#54439 a negative base, squared": (lambda x: x**2, [-2], [-4]),
    "tenstorrent/tt-metal#54439 a negative base, cubed": (lambda x: x**3, [-2], [12]),
    "tenstorrent/tt-metal#54439 a negative base to the first": (lambda x: x**1, [-1], [1]),
    "tenstorrent/tt-metal#55534 zero squared": (lambda x: x**2, [0], [0]),
    "tenstorrent/tt-metal#5082 x⁰ at 0": (lambda x: x**0, [0], [0]),
    "tenstorrent/tt-metal#52144 2ˣ is not x²": (lambda x: 2**x, [3], [8 * log(2)]),
    "tensorflow/tfjs#346 both slopes at 0²": (lambda a, b: a**b, [0, 2], [0, 0]),
    "ekmett/ad#4 x² with a float exponent": (lambda x: x**2.0, [0], [0]),
    "a root of a negative number": (ag.cbrt, [-8], [1 / 12]),
    # kinks: one of the slopes, or between
    "tracel-ai/burn#2249 |x| at 0": (ag.abs, [0], [0]),
    "mitsuba-renderer/drjit#366 |x| inside a sum": (lambda x, y: ag.abs(x) + 2 * y, [0, 1], [0, 2]),
    "jax-ml/jax#29111 a fourth power of |x| + |y|": (
        lambda x, y: (ag.abs(x) + ag.abs(y)) ** 4 + ag.exp(y),
        [1, 0],
        [4, 1],
    ),
    "jax-ml/jax#37821 where at its border": (lambda x: where(x > 0, x, 0.0), [0], [0]),
    "pytorch/pytorch#184572 max(x, 0) at 0": (lambda x: ag.maximum(x, 0.0), [0], [0.5]),
    "pytorch/pytorch#184572 relu at 0": (ag.relu, [0], [0]),
    "pytorch/pytorch#7002 clip on its bound": (lambda x: ag.clip(x, 0.0, 1.0), [0], [1]),
    "LuisaGroup/LuisaCompute#203 clip beyond it": (lambda x: ag.clip(x, 0.0, 1.0), [1.5], [0]),
    "PaddlePaddle/Paddle#12597 clip has slope 1, not x": (lambda x: ag.clip(x, 0.0, 5.0), [3], [1]),
    "Theano/Theano#633 clip between 0 and itself": (lambda x: ag.clip(x, 0.0, x), [5], [1]),
    "FluxML/Zygote.jl#197 the largest in its place": (rescaled, [1, 2, 4], [-2 / 9, 1 / 3, -1 / 9]),
    "HIPS/autograd#141 equals share": (lambda a, b: ag.maximum(a, b), [2, 2], [0.5, 0.5]),
    "HIPS/autograd#396 where": (lambda x, y: where(x > y, 3 * x, 5 * y), [1, 2], [0, 5]),
    # norms and spreads of zeros, written as what they are
    "HIPS/autograd#586 a squared norm": (lambda x, y: ag.dot([x, y], [x, y]), [0, 0], [0, 0]),
    "jax-ml/jax#11716 the variance of equals": (variance, [1, 1], [0, 0]),
    "tensorflow/tensorflow#56830 the variance of one": (variance, [0.7], [0]),
    # tails: a slope that the value has rounded away
    "tensorflow/tensorflow#126637 tanh": (ag.tanh, [-19.061547465398498], [1.1102230246251531e-16]),
    "pytorch/pytorch#195527 tanh": (ag.tanh, [20], [1.6993417021166355e-17]),
    "pytorch/pytorch#195681 sigmoid": (ag.sigmoid, [37.42994775023705], [5.551115123125775e-17]),
    "tensorflow/tensorflow#126060 sigmoid": (ag.sigmoid, [40], [4.248354255291589e-18]),
    "pytorch/pytorch#192406 expm1": (ag.expm1, [-40], [4.248354255291589e-18]),
    "log1p of next to nothing": (ag.log1p, [1e-300], [1]),
    # overflow on the way
    "jeshraghian/snntorch#427 a steep sigmoid": (lambda x: ag.sigmoid(25 * x), [-5], [25 * exp(-125)]),
    "tinygrad/tinygrad#1113 sigmoid far below": (ag.sigmoid, [-100], [exp(-100)]),
    "tinygrad/tinygrad#3038 sigmoid at its end": (ag.sigmoid, [-1000], [0]),
    "tracel-ai/burn#5373 a steep softplus": (lambda x: ag.softplus(5 * x) / 5, [100], [1]),
    "tenstorrent/tt-metal#56397 softplus": (ag.softplus, [95], [1]),
    "trymirai/lalamo#328 silu far below": (ag.silu, [-1000], [0]),
    "harvard-edge/cs249r_book#2060 gelu far below": (ag.gelu, [-1000], [0]),
    "sony/nnabla#845 log of a sigmoid": (lambda x: -ag.softplus(-x), [-1000], [1]),
    "a softmax's logarithm": (lambda a, b: ag.log_softmax([a, b])[1], [1000, 0], [-1, 1]),
    "a class of logit −∞": (lambda a, b: ag.logsumexp([a, b]), [0, -inf], [1, 0]),
    "a sure and wrong cross-entropy": (
        lambda a, b: losses.cross_entropy([a, b], 1),
        [1000, 0],
        [1, -1],
    ),
    "JuliaDiff/ForwardDiff.jl#669 hypot of huge numbers": (ag.hypot, [3e200, 4e200], [0.6, 0.8]),
    # angles and others
    "HIPS/autograd#414 an angle on the axis": (ag.atan2, [1, 0], [0, -1]),
    "HIPS/autograd#419 an angle of 45°": (ag.atan2, [1, 1], [0.5, -0.5]),
    "an angle on the axis to the left": (ag.atan2, [0, -1], [-1, 0]),
    "sinc at 0": (ag.sinc, [0], [0]),
    "a remainder moves with its divisor": (lambda a, b: a % b, [-5.5, 2], [1, 3]),
    "log2 has its factor": (ag.log2, [8], [1 / (8 * log(2))]),
}


@pytest.mark.parametrize("report", FIRST)
def test_the_gradient_is_the_right_one(report: str) -> None:
    function, point, right = FIRST[report]
    x = [Value(v) for v in point]
    y = function(*x)
    assert gradients(y, x) == pytest.approx(right, rel=1e-15, abs=0)
    assert [g.data for g in gradients(y, x, create_graph=True)] == pytest.approx(right, rel=1e-15, abs=0)


SECOND: dict[str, tuple[Callable[..., Any], Sequence[float], Any]] = {
    "pytorch/pytorch#106789 two zeros": (
        lambda *x: product(*x),
        [2, 3, 0, 0],
        [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 6], [0, 0, 6, 0]],
    ),
    "pytorch/pytorch#195527 a tail of sigmoid": (ag.sigmoid, [40], [[-exp(-40)]]),
    "HIPS/autograd#116 exp(−x²) at 0": (lambda x: ag.exp(-(x**2)), [0], [[-2]]),
    "pytorch/functorch#1097 a squared norm": (lambda x, y: ag.dot([x, y], [x, y]), [0, 0], [[2, 0], [0, 2]]),
    "relu is straight": (ag.relu, [2], [[0]]),
    "|x| is straight": (ag.abs, [-2], [[0]]),
    "sinc at 0": (ag.sinc, [0], [[-(pi**2) / 3]]),
    "a product of two": (lambda a, b: a * b, [0, 0], [[0, 1], [1, 0]]),
    "clip is straight": (lambda x: ag.clip(x, 0.0, 1.0) ** 2, [0.5], [[2]]),
    "hypot": (ag.hypot, [3, 4], [[16 / 125, -12 / 125], [-12 / 125, 9 / 125]]),
}


@pytest.mark.parametrize("report", SECOND)
def test_the_second_derivative_is_the_right_one(report: str) -> None:
    function, point, right = SECOND[report]
    found = hessian(lambda x: function(*x))([float(v) for v in point])
    for row, right_row in zip(found, right, strict=True):
        assert row == pytest.approx(right_row, rel=1e-14, abs=1e-300)


# -------------------------------------------------------------------------- derivatives in derivatives

NESTED = {
    "JuliaDiff/ForwardDiff.jl#83": (lambda x: x * grad(lambda y: x + y)(1.0), 1.0, 1.0),
    "JuliaDiff/ReverseDiff.jl#45": (lambda x: x * grad(lambda y: x * y)(1.0), 4.0, 8.0),
    "JuliaDiff/ForwardDiff.jl#83 a norm": (lambda v: v * grad(lambda y: y * ag.abs(v))(1.0), 1.0, 2.0),
    "tsotchke/eshkol#75 of both": (lambda x: grad(lambda y: x * y)(x), 5.0, 1.0),
    "tsotchke/eshkol#75 of the square": (lambda x: x * grad(lambda y: y * y)(x), 1.0, 4.0),
    "HIPS/autograd of another argument": (lambda x: grad(lambda a, b: a * a * b, 1)(x, 3.0), 5.0, 10.0),
}


@pytest.mark.parametrize("report", NESTED)
def test_a_derivative_within_a_derivative_is_not_confused_with_it(report: str) -> None:
    function, point, right = NESTED[report]
    assert grad(function)(point) == right


def test_a_function_that_differentiates_itself_is_not_confused() -> None:
    """JuliaDiff/ForwardDiff.jl#313."""

    class Confuse:
        def __init__(self, outer: bool, x: Any) -> None:
            self.outer, self.x = outer, x

        def __call__(self, y: Any) -> Any:
            return y * grad(Confuse(False, y))(1.0) if self.outer else self.x + y

    assert grad(Confuse(True, 0.0))(1.0) == 1.0


def test_a_second_backward_adds_the_same_once_more() -> None:
    """karpathy/micrograd#102: there the gradients of the nodes between are added up too."""
    x = Value(3.0)
    y = (x * x) * x
    y.backward()
    y.backward()
    assert x.grad == 2 * 27.0


def test_a_gradient_is_that_of_the_data_at_the_time() -> None:
    """A weight that is moved after the backward pass has left its gradient where it was."""
    x = Value(2.0)
    (x**2).backward()
    x.data = 5.0
    assert x.grad == 4.0
    assert math.isclose(gradients(x**2, x), 10.0)
