"""What a user of micrograd expects: the same numbers, its calls unchanged, its training step by step."""

import random
from math import cos, pi, sin
from types import SimpleNamespace

import pytest

import autograd
import nn
from autograd import Value

OURS = SimpleNamespace(Value=autograd.Value, MLP=nn.MLP, Neuron=nn.Neuron, Layer=nn.Layer)


def readme_expression(Value):
    """The expression that micrograd's README works out, its printed numbers below."""
    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return a, b, g


def moons(samples, seed=0):
    """Two half circles that reach into each other, with the classes −1 and +1."""
    rng = random.Random(seed)
    X, y = [], []
    for _ in range(samples):
        angle, sign = pi * rng.random(), rng.choice((-1, 1))
        point = (cos(angle), sin(angle)) if sign < 0 else (1 - cos(angle), 0.5 - sin(angle))
        X.append([coordinate + rng.gauss(0, 0.1) for coordinate in point])
        y.append(sign)
    return X, y


def demo(library, weights, X, y, steps, sizes=(8, 8, 1)):
    """The demo's training, its losses and accuracies; only what ``library`` holds is imported differently."""
    model = library.MLP(2, list(sizes))
    for p, number in zip(model.parameters(), weights, strict=True):
        p.data = number

    def cost():
        inputs = [list(map(library.Value, row)) for row in X]
        scores = list(map(model, inputs))
        losses = [(1 + -yi * score).relu() for yi, score in zip(y, scores, strict=True)]
        data_loss = sum(losses) * (1.0 / len(losses))
        alpha = 1e-4
        reg_loss = alpha * sum(p * p for p in model.parameters())
        right = [(yi > 0) == (score.data > 0) for yi, score in zip(y, scores, strict=True)]
        return data_loss + reg_loss, sum(right) / len(right)

    history = []
    for k in range(steps):
        total, share = cost()
        model.zero_grad()
        total.backward()
        rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= rate * p.grad
        history.append((total.data, share))
    return history


def test_the_readme_expression_gives_the_printed_numbers():
    a, b, g = readme_expression(Value)
    g.backward()
    assert f"{g.data:.4f}" == "24.7041"
    assert f"{a.grad:.4f}" == "138.8338"
    assert f"{b.grad:.4f}" == "645.5773"


def test_a_neuron_is_called_with_values():
    neuron = OURS.Neuron(2)
    x = [Value(1.0), Value(-2.0)]
    y = neuron(x)
    assert y.data == max(0.0, neuron.w[0].data - 2 * neuron.w[1].data + neuron.b.data)


def test_a_gradient_is_a_plain_zero_before_backward():
    model = OURS.MLP(2, [3, 1])
    assert [p.grad for p in model.parameters()] == [0] * 13
    model.zero_grad()
    for p in model.parameters():
        p.data -= 0.1 * p.grad


def test_parameters_come_neuron_by_neuron_weights_before_the_bias():
    layer = OURS.Layer(2, 2)
    one, two = layer.neurons
    assert layer.parameters() == [*one.w, one.b, *two.w, two.b]


def test_values_are_added_up_with_pythons_sum():
    assert sum([Value(1.0), Value(2.0)]).data == 3.0
    assert sum((Value(2.0) * x for x in (1, 2)), Value(0.5)).data == 6.5


@pytest.mark.parametrize("fused", [True, False])
def test_the_demo_gives_the_same_losses_step_by_step(fused):
    engine = pytest.importorskip("micrograd.engine", reason="micrograd is not installed")
    network = pytest.importorskip("micrograd.nn", reason="micrograd is not installed")
    rng = random.Random(3)
    weights = [rng.uniform(-1, 1) for _ in range((2 + 1) * 8 + (8 + 1) * 8 + (8 + 1))]
    X, y = moons(25)
    theirs = demo(SimpleNamespace(Value=engine.Value, MLP=network.MLP), weights, X, y, steps=12)
    own = SimpleNamespace(Value=Value, MLP=lambda nin, nouts: nn.MLP(nin, nouts, fused=fused))
    ours = demo(own, weights, X, y, steps=12)
    for (loss, share), (their_loss, their_share) in zip(ours, theirs, strict=True):
        assert loss == pytest.approx(their_loss, rel=1e-9)
        assert share == their_share


def test_the_readme_expression_equals_micrograd():
    engine = pytest.importorskip("micrograd.engine", reason="micrograd is not installed")
    found = []
    for kind in (Value, engine.Value):
        a, b, g = readme_expression(kind)
        g.backward()
        found.append((g.data, a.grad, b.grad))
    assert found[0] == pytest.approx(found[1], rel=1e-14)
