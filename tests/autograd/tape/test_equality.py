"""The tape's contract: what it replays is what the eager engine computes."""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import autograd
from autograd import Constant, Parameter, Value, gradients, ops, topological_order
from autograd.core.primitive import TABLE, Op
from autograd.tape import Tape
from autograd.value import apply
from tests.strategies import Recipe, recipes

pytestmark = pytest.mark.usefixtures("executor")

PRECISION = 1e-12
AWKWARD = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 1e-300, 1e300, inf, -inf, nan]
BORDERS = [0.0, -0.0, inf, -inf, nan]  # where no sum depends on its order, as that of 1e300² and −∞ does


def size_of_gradient(output: Value, wrt: Value) -> float:
    """The sum of all routes' |products|: what rounding errors in a gradient are measured against."""
    size = {output: 1.0}
    for node in reversed(topological_order(output)):
        for v, partial in zip(node.inputs, node.partials, strict=True):
            if not isinstance(v, Constant):
                size[v] = size.get(v, 0.0) + size.get(node, 0.0) * abs(partial)
    return size.get(wrt, 0.0)


def close(replayed: float, eager: float, size: float = 0.0) -> bool:
    if eager != eager or abs(eager) == inf:
        return bool(replayed == eager or (replayed != replayed and eager != eager))
    return abs(replayed - eager) <= PRECISION * max(abs(eager), size)


def call(op: Op, inputs: list[Value]) -> Value:
    return apply(op, tuple(inputs))


def arguments(op: Op) -> int:
    return op.arity or 4


@pytest.mark.parametrize("op", TABLE.values(), ids=TABLE)
def test_every_op_replays_to_the_eager_values_and_partials_borders_and_nan_included(op: Op) -> None:
    n = arguments(op)
    rows = [[AWKWARD[(i * (k + 1) + k) % len(AWKWARD)] for k in range(n)] for i in range(len(AWKWARD) ** 2)]
    tape = Tape.record(lambda x: call(op, x), [0.5] * n)
    values, slopes = tape.forward(rows), tape.input_gradients(rows)
    for row, value, found in zip(rows, values, slopes, strict=True):
        leaves = [Value(x) for x in row]
        output = call(op, leaves)
        assert close(value, output.data), (row, value, output.data)
        if op in ops.CONDITIONS:
            continue  # constants: they have no gradient
        for got, wanted in zip(found, gradients(output, leaves), strict=True):
            assert close(got, wanted), (row, got, wanted)


@given(recipes(most_steps=14), st.data())
def test_random_graphs_replay_to_the_eager_values_and_gradients(recipe: Recipe, data: st.DataObject) -> None:
    varying = data.draw(st.lists(st.booleans(), min_size=len(recipe.numbers), max_size=len(recipe.numbers)))
    leaves = [Value(x) if v else Parameter(x) for x, v in zip(recipe.numbers, varying, strict=True)]
    inputs = [v for v in leaves if not isinstance(v, Parameter)]
    output = recipe.compute(leaves)
    tape = Tape.of(output, inputs)
    shifts = [0.0, 1e-4, -1e-4]
    samples = [[v.data + s for s in shifts] for v in inputs]
    values = np.atleast_1d(tape.forward(*samples))
    if isinstance(output, Constant):
        return
    slopes = tape.input_gradients(*samples)
    for k, shift in enumerate(shifts if inputs else [0.0]):
        again = [
            Value(x + shift) if v else Parameter(x) for x, v in zip(recipe.numbers, varying, strict=True)
        ]
        eager = recipe.compute(again)
        assert close(values[k], eager.data, size=1.0)
        moved = [v for v in again if not isinstance(v, Parameter)]
        for got, v in zip(slopes[k], moved, strict=True):
            assert close(got, gradients(eager, v), size_of_gradient(eager, v))
    mean, found = tape.gradients(*[[s[0]] for s in samples])
    assert close(mean, output.data, size=1.0)
    for p, got in zip(tape.parameters, found, strict=True):
        assert close(got, gradients(output, p), size_of_gradient(output, p))


@settings(max_examples=20)
@given(recipes(most_steps=6))
def test_graphs_of_gradients_replay_too(recipe: Recipe) -> None:
    leaves = [Value(x) for x in recipe.numbers]
    output = recipe.compute(leaves)
    if isinstance(output, Constant):
        return
    slopes = gradients(output, leaves, create_graph=True)
    live = [v for v in slopes if not isinstance(v, Constant)]
    if not live:
        return
    tape = Tape.of(live, leaves)
    replayed = np.atleast_1d(tape.forward(*[[x] for x in recipe.numbers]).squeeze())
    for got, slope in zip(replayed, live, strict=True):
        assert close(got, slope.data, size=size_of_gradient(output, leaves[0]) + 1.0)
    second = tape.input_gradients(*[[x] for x in recipe.numbers])[0]
    for got, v in zip(second, leaves, strict=True):
        assert close(got, gradients(live[0], v), size_of_gradient(live[0], v))


def network(sizes: list[int], fused: bool) -> tuple[list[list[list[Parameter]]], list[list[Parameter]]]:
    rng = np.random.default_rng(0)
    weights = [
        [[Parameter(w) for w in row] for row in rng.normal(size=(m, n)) / n**0.5] for n, m in pairwise(sizes)
    ]
    return weights, [[Parameter(b) for b in rng.normal(size=m)] for m in sizes[1:]]


def forward(weights, biases, x, fused):
    for W, b in zip(weights, biases, strict=True):
        if fused:
            x = [autograd.dot(row, x, bias).tanh() for row, bias in zip(W, b, strict=True)]
        else:
            x = [
                sum((w * v for w, v in zip(row, x, strict=True)), bias).tanh()
                for row, bias in zip(W, b, strict=True)
            ]
    return x


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("sizes", [[2, 1], [3, 5, 1], [40, 30, 20, 2]])
def test_networks_replay_to_the_eager_gradients(sizes: list[int], fused: bool) -> None:
    weights, biases = network(sizes, fused)
    X = np.random.default_rng(1).normal(size=(7, sizes[0]))
    tape = Tape.record(lambda x: autograd.sum(v * v for v in forward(weights, biases, x, fused)), X[0])
    mean, found = tape.gradients(X)
    eager = autograd.mean(
        autograd.sum(v * v for v in forward(weights, biases, [Value(x) for x in row], fused)) for row in X
    )
    eager.backward()
    assert close(mean, eager.data)
    for p, got in zip(tape.parameters, found, strict=True):
        assert close(got, p.grad, size=1.0)


@pytest.mark.parametrize("count", [1, 2, 7, 64, 511, 512, 513, 1300])
def test_any_number_of_samples_gives_what_they_give_one_at_a_time(count: int) -> None:
    w = Parameter(0.7)
    tape = Tape.record(lambda x, y: ((w * x).sin() - y) ** 2, 1.0, 2.0)
    x, y = np.random.default_rng(0).normal(size=(2, count))
    values = tape.forward(x, y)
    alone = [tape.forward([a], [b])[0] for a, b in zip(x, y, strict=True)]
    assert np.allclose(values, alone, rtol=PRECISION, atol=0)
    _, together = tape.gradients(x, y)
    one_by_one = np.mean([tape.gradients([a], [b])[1] for a, b in zip(x, y, strict=True)], axis=0)
    assert np.allclose(together, one_by_one, rtol=1e-11, atol=1e-13)


def test_two_threads_give_what_one_gives() -> None:
    weights, biases = network([6, 9, 1], fused=True)
    X = np.random.default_rng(1).normal(size=(1001, 6))
    p = Parameter(0.5)

    def function(x: list[Value]) -> list[Value]:
        return [forward(weights, biases, x, True)[0] + 0.1 * p * p, p * 2]

    one, two = Tape.record(function, X[0]), Tape.record(function, X[0], threads=2)
    assert np.allclose(one.forward(X), two.forward(X), rtol=PRECISION, atol=0)
    (a, one_gradient), (b, two_gradient) = one.gradients(X), two.gradients(X)
    assert close(a, b)
    assert np.allclose(one_gradient, two_gradient, rtol=PRECISION, atol=PRECISION)
    assert (two.gradients(X)[1] == two_gradient).all(), "the same threads give the same bits"
    assert np.allclose(one.input_gradients(X), two.input_gradients(X), rtol=PRECISION, atol=PRECISION)


def test_single_precision_is_within_single_precision() -> None:
    weights, biases = network([20, 30, 1], fused=True)
    X = np.random.default_rng(1).normal(size=(50, 20))
    double = Tape.record(lambda x: forward(weights, biases, x, True)[0], X[0])
    single = Tape.record(lambda x: forward(weights, biases, x, True)[0], X[0], dtype="float32")
    assert single.forward(X).dtype == np.float32
    assert np.allclose(single.forward(X), double.forward(X), rtol=1e-4, atol=1e-5)
    assert np.allclose(single.gradients(X)[1], double.gradients(X)[1], rtol=1e-4, atol=1e-5)
    assert not np.array_equal(single.gradients(X)[1], double.gradients(X)[1])


def test_gradients_agree_with_finite_differences_through_the_tape() -> None:
    weights, biases = network([3, 4, 1], fused=False)
    X = np.random.default_rng(1).normal(size=(5, 3))
    tape = Tape.record(lambda x: forward(weights, biases, x, False)[0], X[0])
    _, found = tape.gradients(X)
    for p, slope in zip(tape.parameters, found, strict=True):
        before = p.data
        p.data = before + 1e-6
        above = tape.forward(X).mean()
        p.data = before - 1e-6
        below = tape.forward(X).mean()
        p.data = before
        assert slope == pytest.approx((above - below) / 2e-6, rel=1e-6, abs=1e-8)


def test_a_recurrent_unroll_shares_its_weights_between_its_products() -> None:
    rng = np.random.default_rng(0)
    W = [[Parameter(w) for w in row] for row in rng.normal(size=(4, 6)) / 3]
    X = rng.normal(size=(9, 10))

    def unrolled(x: list[Value]) -> Value:
        state: list[Value] = [Constant(0.0)] * 4
        for t in range(5):
            state = [autograd.dot(row, [*x[2 * t : 2 * t + 2], *state]).tanh() for row in W]
        return autograd.sum(state)

    tape = Tape.record(unrolled, X[0])
    _, found = tape.gradients(X)
    autograd.mean(unrolled([Value(x) for x in row]) for row in X).backward()
    for p, got in zip(tape.parameters, found, strict=True):
        assert close(got, p.grad, size=1.0)
    assert sum("matrix product" in i.note for i in tape.instructions) >= 4


def test_a_lookup_picks_a_row_in_each_lane_and_sends_nothing_to_the_others() -> None:
    w = Parameter(0.0)

    def picked(i: Value, x: Value) -> Value:
        return autograd.lookup(i, [1 / w, w + x, x.log() * w, 2 * w])

    tape = Tape.record(picked, 1.0, 0.0)
    assert tape.forward([1.0, 3.0, 1.0], [0.0, -1.0, 0.5]).tolist() == [0.0, 0.0, 0.5]
    assert tape.gradients([1.0, 3.0, 1.0], [0.0, -1.0, 0.0])[1].tolist() == pytest.approx([4 / 3])
    assert np.isnan(tape.forward([4.0, -1.0, 0.5, nan], [0.0] * 4)).all()


def layers_and_branches(seed: int, parameters: list[Parameter], x: list[Value]) -> Value:
    """A few layers over shared weights, each perhaps behind branches that differ from unit to unit."""
    chance = Random(seed)
    layer, seen = x, [*x, *parameters]
    weights = [*parameters, parameters[0].sqrt(), parameters[1].log(), 1 / parameters[2]]
    for _ in range(chance.randint(1, 4)):
        count, bias = chance.randint(1, 4), chance.choices(weights, k=chance.randint(0, 1))
        layer = [autograd.dot(chance.choices(weights, k=len(layer)), layer, *bias) for _ in range(count)]
        if chance.random() < 0.7:
            shared = chance.choice(seen) > 0
            layer = [
                autograd.where(chance.choice([shared, chance.choice(seen) < 0.5]), v, chance.choice(seen))
                for v in layer
            ]
        layer = [chance.choice([Value.tanh, Value.relu, Value.sigmoid])(v) for v in layer]
        seen += [*layer, autograd.logsumexp(layer), autograd.sum(chance.choices(seen, k=3))]
    return autograd.sum(chance.choices(seen, k=2) + layer)


@given(st.integers(0, 2**32), st.booleans())
def test_layers_and_branches_replay_to_the_eager_gradients_borders_and_nan_included(
    seed: int, awkward: bool
) -> None:
    chance = Random(seed)

    def number() -> float:
        return chance.choice(BORDERS) if awkward and chance.random() < 0.2 else chance.gauss(0, 1)

    parameters = [Parameter(number()) for _ in range(12)]
    X = [[number() for _ in range(3)] for _ in range(5)]
    tape = Tape.record(lambda x: layers_and_branches(seed, parameters, x), [0.5, -0.25, 1.5])
    values, slopes = tape.forward(X), tape.input_gradients(X)
    for row, value, found in zip(X, values, slopes, strict=True):
        leaves = [Value(x) for x in row]
        output = layers_and_branches(seed, parameters, leaves)
        assert close(value, output.data, size=1.0)
        for got, v in zip(found, leaves, strict=True):
            assert close(got, gradients(output, v), size_of_gradient(output, v))
        for got, p in zip(tape.gradients([row])[1], tape.parameters, strict=True):
            assert close(got, gradients(output, p), size_of_gradient(output, p))
