"""The report's drawings: which weights they are of, and how that is said."""

import re

import pytest

from nn import MLP, losses
from nn.command.report import pictures


@pytest.mark.parametrize("sizes", [[1], [8, 4, 1]])
@pytest.mark.parametrize("activation", ["tanh", "prelu"])
def test_the_words_why_count_every_parameter_once(sizes, activation):
    model = MLP(2, sizes, activation, seed=0)
    chosen, why = pictures.chosen_weights(losses.mse(model([0.5, -1.0]), 1.0), model, [])
    counts = [int(n) for n in re.findall(r"\d+", why)]
    assert sum(counts[-2:]) == len(model.parameters())
    assert counts[-1] == sum(sizes)  # one bias per neuron
    assert counts[:-2] in ([], [len(chosen)])
