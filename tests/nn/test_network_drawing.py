"""Networks, drawn: a box per neuron or layer."""

from __future__ import annotations

import math
import re

import pytest

from autograd import Parameter, Value, dot, draw, gradient_path, topological_order, walk
from autograd.seeing.drawing.renderer import WIDEST
from autograd.seeing.facts.box_content import box_of_group
from autograd.seeing.facts.folding.folded import fold
from autograd.seeing.facts.folding.group import ITSELF
from autograd.seeing.facts.names import labels_of
from autograd.seeing.facts.trace import trace
from autograd.seeing.style import narrowest
from nn import MLP, Module, losses
from tests.networks import Residual


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


def test_neurons_of_one_name_are_told_apart_by_their_layers() -> None:
    source = draw(Residual(12, 3)([0.5, -1.0]), collapse="neuron").source
    assert boxes(source, "neuron") == 12 * 2 * 3 + 3 + 1
    for layer in ("stem", "block 1 · inner", "block 12 · outer"):
        assert source.count(f">{layer.replace(' ', '&#160;')}<") == 3, layer
    source = draw(MLP(3, [4, 2, 1], seed=1)([1.0, 2.0, 3.0]), collapse="neuron").source
    assert source.count(">neuron<") == 7


@pytest.mark.parametrize("sizes", [[4, 4, 3, 1], [8, 8, 1], [16, 16, 1], [12, 12, 12, 1]])
def test_the_neurons_of_a_network_are_no_wider_than_a_page(sizes: list[int]) -> None:
    y = MLP(3, sizes, "tanh", seed=0)([0.5, -0.3, 1.0])
    y.backward()
    assert narrowest(draw(y, collapse="neuron").svg()) <= WIDEST


@pytest.mark.parametrize(("model", "bent"), [(Residual(2, 3), True), (MLP(2, [9, 9, 9, 1], seed=0), False)])
def test_arrows_keep_clear_of_the_boxes_that_they_lead_past(model: Module, bent: bool) -> None:
    source = draw(model([0.5, -1.0]), collapse="neuron").source
    assert ("splines=line" not in source) is bent


def test_arrows_that_lead_past_boxes_out_of_the_network_keep_clear_of_them() -> None:
    x = [Value(v) for v in (0.5, -1.0, 0.3, 1.2, 0.8, -0.4, 0.6)]
    model = MLP(7, [3, 7], seed=0)
    assert "splines=line" in draw(losses.mse(model(x), [1.0] * 7), collapse="neuron").source
    assert "splines=line" not in draw(losses.mse(model(x), x), collapse="neuron").source


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
        shown = re.sub(r"<[^>]*>", " ", path.draw().source.replace("&#160;", " "))
        assert path.in_words() in " ".join(shown.split())
    assert gradient_path(loss, model.parameter("w11^1")).count == 2
    assert gradient_path(loss, model.parameter("w21^3")).count == 1


def test_what_flows_into_several_logits_is_a_size_and_not_a_sum_of_zero() -> None:
    model = MLP(2, [3, 3], activation="tanh", seed=0)
    loss = losses.cross_entropy(model([0.1, 0.2]), 1)
    loss.backward()
    facts = fold(trace(loss), "layer")
    into_the_loss = [link for link in facts.links if link.source == "layer2_0"]
    assert into_the_loss
    for link in into_the_loss:
        flows = [edge.contribution or 0.0 for edge in link.edges]
        assert sum(flows) == pytest.approx(0.0, abs=1e-12)  # each logit's share, taken from the true one's
        assert link.gradient() == pytest.approx(math.hypot(*flows))
        assert not link.has_sign()
    assert 'class="edge use zero"' not in draw(loss, collapse="layer").pipe(encoding="utf-8")


def test_tall_layers_are_drawn_in_one_line_a_neuron() -> None:
    svg = draw(MLP(2, [16, 16, 1], seed=0)([0.1, 0.2]), collapse="neuron").pipe(encoding="utf-8")
    found = re.search(r'<svg width="(\d+)pt" height="(\d+)pt"', svg)
    assert found
    width, height = map(int, found.groups())
    assert height < 1.5 * width
    assert "gradient of z" in svg  # in what a neuron says when pointed at


def test_a_legend_says_what_the_signs_in_boxes_mean() -> None:
    plain = losses.mse(MLP(2, [2, 1], seed=0)([1.0, 2.0]), 0.0)
    skipping = losses.mse(Residual(2)([0.5, -1.0]), 0.0)
    size, skip = "the size of all of them", "what goes in is added"
    cases = [(plain, "layer", [True, False]), (plain, "neuron", [False, False])]
    for output, by, told in (*cases, (skipping, "module", [True, True])):
        source = draw(output, collapse=by).source.replace("<BR/>", " ").replace("&#160;", " ")
        assert [words in source for words in (size, skip)] == told


def test_what_is_called_so_in_a_picture_is_called_so_in_a_walk_and_a_path() -> None:
    output = losses.mse(Residual(3)([0.5, -1.0]), 0.0)
    titles = [group.title for group in fold(trace(output), "layer").groups if "block" in group.title]
    labels = {node.label for node in walk(output).trace.nodes}
    for title in titles:
        path = title.removesuffix(ITSELF).replace(" · ", ".") + "."
        assert any(label.startswith(path) for label in labels), title
    weight = "block 2.inner.w11^1"
    assert weight in labels
    w = next(v for v in topological_order(output) if labels_of(None, output).get(v) == weight)
    assert "block 2.inner.w₁₁⁽¹⁾" in repr(gradient_path(output, w))
    assert walk(output).what_if({weight: 7.0}).trace.nodes != walk(output).trace.nodes


def test_a_box_tells_the_path_by_which_it_is_opened_where_its_name_is_another() -> None:
    output = losses.mse(Residual(3)([0.5, -1.0]), 0.0)
    for group in fold(trace(output), opened=["blocks.1"]).groups:
        if group.title.startswith("block ") and " · " not in group.title:
            kind = box_of_group(group, False).kind
            assert kind.endswith(f" · {group.path[-1]}")
            draw(output, opened=kind.rpartition(" · ")[2])


@pytest.mark.parametrize(
    ("name", "is_a_bias"),
    [("b", True), ("b2", True), ("b_out", True), ("decoder_bias", True), ("biases", True), ("bias1", True),
     ("W", False), ("base", False), ("blend", False), ("biased", False), ("w_b2", True)],
)  # fmt: skip
def test_biases_go_by_their_name_in_pictures_and_penalties_alike(name: str, is_a_bias: bool) -> None:
    class Affine(Module):
        def __init__(self) -> None:
            setattr(self, name, [Parameter(0.5)])

        def forward(self, x: Value) -> Value:
            return getattr(self, name)[0] + x * 2.0 + x * x

    model = Affine()
    facts = trace(model(Value(3.0)))
    assert len(facts.biases()) == is_a_bias
    assert len(model.weights()) == (not is_a_bias)


def test_a_dot_product_has_w_only_where_there_are_weights() -> None:
    a, b, w = Value(1.0), Value(2.0), Parameter(3.0)
    assert [trace(dot(xs, [b])).nodes[-1].symbol for xs in ([a], [w])] == ["a·b", "w·x"]
