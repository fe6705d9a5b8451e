"""Pictures of folded networks: a box per neuron or layer."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from autograd import Parameter, Value, dot, draw
from nn import MLP, Layer, Module
from tests.autograd.seeing.drawing.pictures import SVG, Picture, differentiated, example, labelled


class Net:
    """A little network of tanh neurons with weights that are known."""

    def __init__(self, *sizes: int, fused: bool = True) -> None:
        self.model = MLP(sizes[0], list(sizes[1:]), activation=["tanh"] * (len(sizes) - 1), fused=fused)
        self.w: dict[tuple[int, int, int], Parameter] = {}
        self.b: dict[tuple[int, int], Value] = {}
        for k, layer in enumerate(self.model.layers, 1):
            for j, neuron in enumerate(layer.neurons, 1):
                neuron.b.data = 0.1 * j
                self.b[j, k] = neuron.b
                for i, w in enumerate(neuron.w, 1):
                    w.data = math.sin(i + 2 * j + 3 * k)
                    self.w[i, j, k] = w

    def __call__(self, *numbers: float) -> list[Value]:
        outputs = self.model(numbers)
        return outputs if isinstance(outputs, list) else [outputs]


def loss_of(*outputs: Value) -> Value:
    squares = [(a - 1) ** 2 for a in outputs]
    return differentiated(labelled(sum(squares[1:], squares[0]), "L"))


@pytest.mark.parametrize("fused", [True, False])
def test_collapsed_by_neuron_each_neuron_is_one_box(fused: bool) -> None:
    picture = Picture(draw(loss_of(*Net(2, 2, 1, fused=fused)(0.5, -1.0)), collapse="neuron"))
    assert {part.texts[0] for part in picture.of("neuron")} == {"a"}
    assert len(picture.of("neuron")) == 3
    assert [part.texts[0] for part in picture.of("input")] == ["x", "x"]
    assert (
        len([part for part in picture.of("value") if "neuron" not in part.classes]) == 2 + 4
    )  # x; a−1, L, 1, 2


@pytest.mark.parametrize("fused", [True, False])
def test_a_neuron_shows_its_bias_z_a_and_the_gradient_of_z(fused: bool) -> None:
    net = Net(2, 1, fused=fused)
    (a,) = net(0.5, -1.0)
    z = a.inputs[0]
    loss_of(a)
    (neuron,) = Picture(draw(a, collapse="neuron")).of("neuron")
    facts = dict(zip(neuron.texts[4::2], neuron.texts[5::2], strict=True))
    assert neuron.texts[:4] == ["a", "(1)", "1", "neuron"]
    assert facts == {
        "b": "0.1",
        "z": f"{z.data:.4g}".replace("-", "−"),
        "a": f"{a.data:.4g}".replace("-", "−"),
        "gradient of z": f"{z.grad:.4g}".replace("-", "−"),
    }


@pytest.mark.parametrize("fused", [True, False])
def test_arrows_between_neurons_are_the_weights(fused: bool) -> None:
    net = Net(2, 2, 1, fused=fused)
    picture = Picture(draw(loss_of(*net(0.5, -1.0)), collapse="neuron"))
    for (i, j, layer), w in net.w.items():
        arrow = picture.parts[f"layer{layer - 1}_{i}-layer{layer}_{j}"]
        name = f"w{i}{j}".translate(str.maketrans("12", "₁₂")) + f"⁽{'⁰¹²'[layer]}⁾"
        assert arrow.texts[0] == f"{name} {w.data:.4g}".replace("-", "−")
        assert arrow.texts[1].replace("−", "-") == f"{w.grad:+.4g}"
        assert ("positive" if w.grad > 0 else "negative") in arrow.classes


def test_many_weights_are_left_unwritten_but_can_be_pointed_at() -> None:
    picture = Picture(draw(loss_of(*Net(4, 3, 1)(1.0, 2.0, 3.0, 4.0)), collapse="neuron"))
    arrow = picture.parts["layer0_4-layer1_2"]
    assert arrow.texts == []
    assert arrow.tooltip.startswith("w₄₂⁽¹⁾ = ")
    assert any("there are too many to label" in text for text in picture.caption)


def test_many_weights_can_be_seen_through() -> None:
    many = draw(loss_of(*Net(4, 3, 1)(1.0, 2.0, 3.0, 4.0)), collapse="neuron").source
    few = draw(loss_of(*Net(2, 2, 1)(1.0, 2.0)), collapse="neuron").source
    assert re.search(r'color="#[0-9A-F]{6}80"', many)
    assert not re.search(r'color="#[0-9A-F]{6}80"', few)


def test_neurons_stand_in_order() -> None:
    picture = Picture(draw(loss_of(*Net(3, 4, 2)(1.0, 2.0, 3.0)), collapse="neuron"))
    for layer, n in ((0, 3), (1, 4), (2, 2)):
        heights = [
            float(next(picture.parts[f"layer{layer}_{j}"].element.iter(f"{SVG}text")).get("y", "0"))
            for j in range(1, n + 1)
        ]
        assert heights == sorted(heights)


def test_collapsed_by_layer_each_layer_is_one_box() -> None:
    net = Net(3, 4, 2)
    picture = Picture(draw(loss_of(*net(1.0, 2.0, 3.0)), collapse="layer"))
    assert len(picture.of("layer")) == 2
    first, second = picture.parts["layer1_0"], picture.parts["layer2_0"]
    assert first.texts[:2] == ["layer 1", "4 neurons"]
    assert second.texts[:2] == ["layer 2", "2 neurons"]
    assert first.texts[6:10:2] == ["12 weights", "4 biases"]
    weights, biases = [w for (*_, layer), w in net.w.items() if layer == 2], [net.b[1, 2], net.b[2, 2]]
    size = {
        letter: [f"{math.hypot(*numbers):.4g}" for numbers in ([p.data for p in of], [p.grad for p in of])]
        for letter, of in (("w", weights), ("b", biases))
    }
    assert second.texts[6:] == [
        "8 weights", f"|w| {size['w'][0]}, |gradient| {size['w'][1]}",
        "2 biases", f"|b| {size['b'][0]}, |gradient| {size['b'][1]}",
    ]  # fmt: skip
    assert picture.parts["layer0_0-layer1_0"].texts == ["12 weights"]
    assert picture.parts["layer1_0-layer2_0"].texts == ["8 weights"]
    assert picture.box("inputs").texts == ["inputs", "3", "x", "1 … 3"]


def test_several_samples_are_one_network() -> None:
    net = Net(2, 2, 1)
    picture = Picture(draw(loss_of(*net(1.0, 2.0), *net(3.0, 4.0), *net(5.0, 6.0)), collapse="neuron"))
    assert len(picture.of("neuron")) == 3
    x = picture.parts["layer0_1"]
    assert x.texts[x.texts.index("value") + 1] == "1 … 5"
    assert picture.parts["layer1_1"].texts[-2:] == ["used", "× 3"]


def test_before_backward_a_collapsed_network_has_no_gradients() -> None:
    (a,) = Net(2, 1)(0.5, -1.0)
    picture = Picture(draw(a, collapse="neuron"))
    assert picture.parts["layer1_1"].texts[-2:] == ["gradient of z", "–"]
    assert any("call backward()" in text for text in picture.caption)
    assert Picture(draw(a, collapse="layer")).parts["layer1_0"].texts[-1].endswith("|gradient| –")


def test_indices_from_ten_up_are_told_apart_by_their_comma() -> None:
    net = Net(11, 1)
    picture = Picture(draw(loss_of(*net(*map(float, range(11)))), collapse="neuron"))
    assert picture.parts["layer0_11-layer1_1"].tooltip.startswith("w₁₁,₁⁽¹⁾")


def test_a_penalty_on_the_weights_stays_outside_the_neurons() -> None:
    net = Net(2, 1)
    (a,) = net(0.5, -1.0)
    weights = list(net.w.values())
    picture = Picture(draw(labelled(a + dot(weights, weights), "L"), collapse="neuron"))
    assert len(picture.of("neuron")) == 1
    assert [part.texts for part in picture.of("op")] == [["w·x"], ["+"]]


class Softmax(Layer):
    """A layer whose neurons share the sum of their exponentials."""

    def __call__(self, x: Any) -> Any:
        hidden = self.fire(tuple(x))
        total = sum((z.exp() for z in hidden), Value(0.0).detach())
        return [z.exp() / total for z in hidden]


def test_what_several_neurons_share_stays_outside_them_but_inside_their_layer() -> None:
    outputs = Softmax(2, 2, "linear", seed=0)([Value(0.5, "x1"), Value(-1.0, "x2")])
    loss = labelled(outputs[0] * outputs[1], "L")
    by_neuron = Picture(draw(loss, collapse="neuron"))
    assert len(by_neuron.of("neuron")) == 2
    assert len(by_neuron.of("operation")) > 0
    assert len(Picture(draw(loss, collapse="layer")).of("operation")) == 0


def test_a_bias_shared_by_a_layer_belongs_to_no_one_neuron() -> None:
    layer = Layer(1, 2, "linear", seed=0)
    layer.neurons[0].b = layer.neurons[1].b = Parameter(0.3, "b^1")
    z = layer([1.0])
    picture = Picture(draw(labelled(z[0] * z[1], "L"), collapse="neuron"))
    assert picture.box("b").texts[:2] == ["b", "(1)"]
    assert len(picture.of("neuron")) == 2


def test_a_graph_without_modules_cannot_be_collapsed() -> None:
    with pytest.raises(ValueError, match=re.escape("nothing to collapse by neuron")):
        draw(example(), collapse="neuron")


def test_a_collapsed_network_over_the_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="the graph, folded, has 9 nodes and 10 edges"):
        draw(loss_of(*Net(2, 2, 1)(0.5, -1.0)), collapse="neuron", limit=8)


def test_so_many_arrows_to_a_loss_that_their_words_would_cross_say_nothing_until_pointed_at() -> None:
    picture = Picture(draw(loss_of(*Net(2, 8)(0.5, -1.0)), collapse="neuron"))
    leaving = [
        part for id, part in picture.parts.items() if id.startswith("layer1_") and "edge" in part.classes
    ]
    assert len(leaving) == 8
    assert not any("∂" in text for part in leaving for text in part.texts)


def test_a_neuron_beside_other_modules_says_which_layer_and_use_it_is_of() -> None:
    class Twice(Module):
        def __init__(self) -> None:
            self.tower = MLP(2, [2, 2], seed=0)

        def forward(self, a: Any, b: Any) -> Value:
            return dot(self.tower(a), self.tower(b))

    output = Twice()([0.5, 1.0], [1.0, -1.0])
    kinds = [part.texts[3] for part in Picture(draw(output, opened="tower.layers.0")).of("neuron")]
    assert kinds == ["tower · layer 1"] * 2
    opened = Picture(draw(output, opened=["tower[2]", "tower.layers.0"]))
    assert [part.texts[3] for part in opened.of("neuron")] == ["tower · use 2 · layer 1"] * 2
