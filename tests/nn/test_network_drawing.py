"""Networks, drawn: their labels are those by which a drawing knows neurons and layers."""

from __future__ import annotations

import re

import pytest

from autograd import draw, gradient_path
from nn import MLP


def boxes(source: str, kind: str) -> int:
    return len(re.findall(rf"class=\"?{kind}\b", source))


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
def test_a_network_is_drawn_with_one_box_a_neuron_and_nothing_beside(fused: bool, activation: str) -> None:
    model = MLP(3, [4, 2, 1], activation=activation, fused=fused, seed=1)
    source = draw(model([1.0, 2.0, 3.0]), collapse="neuron").source
    assert boxes(source, "neuron") == 4 + 2 + 1
    assert source.count('class="value input"') == 3
    assert boxes(source, "op") == 0


@pytest.mark.parametrize("fused", [True, False])
def test_every_weight_is_an_arrow_between_neurons(fused: bool) -> None:
    model = MLP(3, [2, 1], fused=fused, seed=1)
    source = draw(model([1.0, 2.0, 3.0]), collapse="neuron").source
    arrows = {(tail, head) for tail, head in re.findall(r"(layer\d_\d)(?::e)? -> (layer\d_\d).* id=", source)}
    weights = [p.label for p in model.parameters() if p.label.startswith("w")]
    assert arrows == {
        (f"layer{int(layer) - 1}_{i}", f"layer{layer}_{j}")
        for _, i, j, _, layer in (tuple(w) for w in weights)
    }


def test_a_network_is_drawn_with_one_box_a_layer() -> None:
    model = MLP(3, [4, 2, 1], seed=1)
    source = draw((model([1.0, 2.0, 3.0]) - 1) ** 2, collapse="layer").source
    assert boxes(source, "layer") == 3


def test_the_path_of_each_weight_can_be_drawn() -> None:
    model = MLP(2, [2, 2, 1], seed=1)
    loss = (model([1.0, -2.0]) - 1) ** 2
    loss.label = "L"
    loss.backward()
    for p in model.parameters():
        path = gradient_path(loss, p)
        assert path.total == p.grad
        assert path.in_words() in path.draw().source.replace("&#160;", " ")
    assert gradient_path(loss, model.parameter("w11^1")).count == 2
    assert gradient_path(loss, model.parameter("w21^3")).count == 1
