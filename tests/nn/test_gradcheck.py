"""Networks under gradcheck: one line, every parameter."""

from __future__ import annotations

import random

import pytest

from autograd.testing import GradientError, gradcheck
from nn import MLP, losses

X, Y = [[0.1, -0.2, 0.3, 0.4], [1.0, 0.5, -1.5, 2.0]], [1.0, -1.0]


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
def test_every_parameter_of_a_small_network_is_certified(activation: str) -> None:
    model = MLP(4, [4, 3, 3, 1], activation=activation, seed=0)
    certificate = gradcheck(lambda: losses.mse([model(x) for x in X], Y), wrt=model)
    assert [v.name for v in certificate.verdicts] == [p.label for p in model.parameters()]
    assert {v.verdict for v in certificate.verdicts} == {"correct"}


def test_a_larger_network_is_checked_as_a_whole() -> None:
    chance = random.Random(0)
    x = [chance.random() for _ in range(64)]
    model = MLP(64, [32, 10], seed=0)
    certificate = gradcheck(lambda: losses.cross_entropy(model(x), 3), wrt=model)
    assert len(certificate.verdicts) == 64 * 32 + 32 + 32 * 10 + 10
    assert {v.verdict for v in certificate.verdicts} == {"correct"}


def test_a_cost_that_cuts_the_graph_is_found_and_the_network_left_as_it_was() -> None:
    model = MLP(2, [3, 1], activation="tanh", seed=0)
    before = model.state_dict()
    with pytest.raises(GradientError, match="cut graph"):
        gradcheck(lambda: losses.mse(model([1.0, 2.0]), 0.5) * model.parameters()[-1].data, wrt=model)
    assert model.state_dict() == before


def test_a_network_is_a_function_of_its_inputs_as_well() -> None:
    certificate = gradcheck(MLP(2, [3, 1], activation="tanh", seed=0), [1.0, 2.0])
    assert [(v.name, v.verdict) for v in certificate.verdicts] == [("x[0]", "correct"), ("x[1]", "correct")]
