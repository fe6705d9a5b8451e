"""Steps in three sizes, and the order in which they come."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, topological_order, walk
from autograd.notation.numbers import number
from autograd.pure_reverse import upstreams
from autograd.seeing.facts.sizes import SIZES, Size
from autograd.seeing.walk import Walk
from nn import MLP, LSTMCell, Recurrent, losses
from nn.transformer import Transformer
from tests.strategies import Recipe, recipes


def network() -> Value:
    model = MLP(2, [2, 1], seed=0)
    return (model([Value(1.0, "x1"), Value(-2.0, "x2")]) - 1) ** 2


def language_model() -> Value:
    scores = Transformer(5, 4, 2, 2, 6, seed=0)([0, 1, 2])
    return losses.cross_entropy(scores[-1], 3)


def sequence() -> Value:
    return Recurrent(LSTMCell(1, 2, seed=0), 1)([[0.1], [0.2], [0.3]])


def sentences(steps: Walk) -> list[str]:
    return [step.sentence for step in steps]


# ------------------------------------------------------------------------------------------ order


def test_a_network_begins_with_what_is_given_and_goes_layer_by_layer() -> None:
    lines = [step.line for step in walk(network()) if step.phase == "forward"]
    assert lines[0].startswith("x₁ = 1, x₂ = −2, w₁₁⁽¹⁾ = ")
    assert [line.split(" = ")[0] for line in lines[1:]] == [
        "z₁⁽¹⁾", "a₁⁽¹⁾", "z₂⁽¹⁾", "a₂⁽¹⁾", "z₁⁽²⁾", "v₁", "y",
    ]  # fmt: skip


def test_the_neurons_of_a_layer_come_in_their_order_whatever_the_loss_takes_first() -> None:
    model = MLP(2, [3], seed=0)
    lines = [step.symbols for step in walk(losses.cross_entropy(model([1.0, 2.0]), 2))][1:4]
    assert [line.split(" = ")[0] for line in lines] == ["z₁⁽¹⁾", "z₂⁽¹⁾", "z₃⁽¹⁾"]


def test_without_modules_the_order_is_that_of_the_columns() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    deep = (a * b).tanh()
    deep.label = "deep"
    shallow = a - b
    shallow.label = "shallow"
    symbols = [step.symbols for step in walk(deep * shallow)][1:5]
    assert symbols == ["v₁ = a × b", "shallow = a − b", "deep = tanh(v₁)", "y = deep × shallow"]


@pytest.mark.parametrize("make", [network, language_model, sequence])
def test_gradients_are_the_engine_s_to_the_last_bit(make: Callable[[], Value]) -> None:
    output = make()
    steps, right = walk(output), upstreams(output)
    last = {step.node: step.after for step in steps if step.phase == "reverse"}
    for node, v in zip(steps.trace.nodes, topological_order(output), strict=True):
        if node.id in last:
            assert last[node.id] == right[v]


# ------------------------------------------------------------------------------------------ sizes


def test_the_sizes_of_a_small_network() -> None:
    steps = walk(network())
    assert [len(steps.by(size)) for size in SIZES] == [28, 10, 8]
    told = sentences(steps.by("layer"))
    assert told[1] == "Layer 1: a₁⁽¹⁾ and a₂⁽¹⁾ are computed from x₁ and x₂, with 4 weights and 2 biases."
    assert told[3] == "After the model: y is computed from z₁⁽²⁾."
    assert told[7].startswith("Layer 1: what has arrived at a₂⁽¹⁾ and a₁⁽¹⁾ goes on along 12 edges")
    assert told[7].endswith("It reaches x₁ and x₂, and 4 weights and 2 biases.")
    assert sentences(steps.by("neuron"))[1].startswith("Neuron 1 of layer 1: a₁⁽¹⁾ is computed from")


def test_a_large_network_is_a_handful_of_steps() -> None:
    model = MLP(64, [32, 10], seed=0)
    assert len(walk(losses.cross_entropy(model([0.1] * 64), 3), by="layer")) == 8


def test_a_language_model_goes_by_position_and_block() -> None:
    titles = [sentence.split(":")[0] for sentence in sentences(walk(language_model(), by="layer"))]
    assert {"Embedding · use 3", "Block 1", "Block 2", "Output", "After the model"} <= set(titles)
    assert len(titles) < 30


def test_a_recurrent_network_goes_by_steps_in_time() -> None:
    titles = [sentence.split(":")[0] for sentence in sentences(walk(sequence(), by="layer"))]
    assert {"Cell · use 1", "Cell · use 2", "Cell · use 3"} <= set(titles)


def test_another_size_is_at_the_same_place_and_changes_nothing() -> None:
    steps = walk(network())
    steps.goto(6)  # in the midst of what is layer 2 and the loss
    by_layer = steps.by("layer")
    assert (by_layer.size, by_layer.here) == ("layer", by_layer[3])
    assert (steps.size, steps.here) == ("edge", steps[6])
    assert by_layer.by("edge").here == steps[7]
    assert by_layer.what_if(x1=0.0).size == "layer"


def test_what_is_no_size_is_refused() -> None:
    with pytest.raises(ValueError, match=r"by .edge., .neuron. or .layer.; got 'layers'.*'layer'"):
        walk(network(), by="layers")  # type: ignore[arg-type]


@given(recipes(), st.sampled_from(SIZES))
def test_every_size_tells_the_same_story(recipe: Recipe, size: Size) -> None:
    output = recipe.compute([Value(x) for x in recipe.numbers])
    if output.role == "constant":
        return
    steps = walk(output).by(size)
    facts = steps.trace
    names = {node.id: node for node in facts.nodes}
    inputs = defaultdict(list)
    for edge in facts.edges:
        inputs[edge.target].append(edge.source)
    known: set[str] = set()
    begun: set[str] = set()
    for step in steps:
        if step.phase == "forward":
            for node in step.nodes:
                assert known.issuperset(inputs[node])
                known.add(node)
            continue
        for node in step.nodes:
            sign = f"∂{names[facts.output].label}/∂{names[node].label}"
            told = re.search(rf"{re.escape(sign)} (=|\+=) ([^,…]*)", step.line)
            if step.kind not in SIZES or not names[node].label or told is None:
                continue
            if told[1] == "=":
                assert re.split(" [=≈] ", told[2])[-1] == number(names[node].gradient)
                assert (node in begun) == (" + " in told[2])  # what came before, and what comes now
        begun.update(step.nodes)
    assert known == set(names)
